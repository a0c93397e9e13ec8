"""Progress of a run on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg_builder.reports import Progress

__all__ = ["report_progress"]

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def report_progress(*, quiet: bool = False) -> Iterator[Callable[[Progress], None] | None]:
    """A callback that shows each step of a run on stderr; None when `quiet`."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        yield from _bar()
    else:
        yield _line_printer()


def _bar() -> Iterator[Callable[[Progress], None]]:
    from tqdm import tqdm

    with tqdm(unit="file", dynamic_ncols=True) as bar:

        def show(progress: Progress) -> None:
            bar.total = progress.total
            bar.set_postfix(failed=progress.failed, refresh=False)
            bar.update(progress.done - bar.n)

        yield show


def _line_printer() -> Callable[[Progress], None]:
    started = time.monotonic()
    last = started

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < SECONDS_BETWEEN_LINES and progress.done < progress.total:
            return
        last = now
        left = (now - started) / progress.done * (progress.total - progress.done)
        print(  # noqa: T201 - this is what the module is for
            f"{progress.done}/{progress.total} files, {progress.failed} failed, about {left:.0f} s left",
            file=sys.stderr,
            flush=True,
        )

    return show
