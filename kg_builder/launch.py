"""Starts the UI, a package of its own that this one never imports."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kg_builder.errors import ConfigError

__all__ = ["run_ui"]


def run_ui(store: str, options: Sequence[str], *, port: int | None) -> int:
    """Serve the UI on `store` until it is stopped, and give its exit status. `options` are further ones of its server.

    Raises:
        ConfigError: the UI is not installed.
    """
    if importlib.util.find_spec("ui") is None:
        raise ConfigError("expected the package 'ui' beside 'kg_builder', found none; install kg-builder again")
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-P", "-m", "ui.serve", "--store", store, *options]
    if port is not None:
        command += ["--port", str(port)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())  # whoever ends us means the UI
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the UI got the signal too and is on its way out
