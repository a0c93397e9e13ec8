"""Processes that have this one's imports already: to import anew would take longer than all that they do."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any


@contextmanager
def forked(
    work: Callable[..., Any], *arguments: Any, environment: Mapping[str, str] | None = None
) -> Iterator[BaseProcess]:
    """`work` in a process of its own, which does not outlive the block; its status is what `work` gives, or 0."""

    def begin() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.update(environment or {})
        if accelerate := sys.modules.get("accelerate.state"):  # as in a process that knows of no run yet
            accelerate.AcceleratorState._reset_state(reset_partial_state=True)
        found = work(*arguments)
        raise SystemExit(found if isinstance(found, int) else 0)

    process = multiprocessing.get_context("fork").Process(target=begin)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def command(*arguments: object) -> None:
    """``kg-finetune`` with these arguments, which ends the process."""
    from finetune.cli import main

    sys.argv = ["kg-finetune", *map(str, arguments)]
    main()
