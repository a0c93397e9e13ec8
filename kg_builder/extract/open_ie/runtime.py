"""How the pipelines start what they run on: onnxruntime and spaCy, each loaded late and as lean as it can be."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["MODELS", "load_spacy", "open_session"]

MODELS = Path(__file__).parents[2] / "models"
"""Where the shipped models and word lists are, a folder for each language."""


def open_session(path: Path, *, threads: int = 1) -> Any:
    """An onnxruntime session on the CPU that stays silent and reports nothing to anyone."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@cache
def load_spacy() -> ModuleType:
    """spaCy, without the deep-learning frameworks that it would load where they are installed.

    Of spaCy only the tokenizer and the ``Doc`` are used here, and torch alone costs seconds and half a gigabyte in
    every worker. A process that has torch or spaCy already is left as it is.
    """
    import importlib

    hidden = [name for name in ("torch", "tensorflow", "mxnet", "cupy") if name not in sys.modules]
    if "thinc" in sys.modules:
        hidden = []
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # what makes an import fail, as if it were not installed
    try:
        return importlib.import_module("spacy")
    finally:
        for name in hidden:
            del sys.modules[name]
