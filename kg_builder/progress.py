"""Progress of a run on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg_builder.reports import Progress

__all__ = ["describe", "duration", "report_progress"]

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

    form = "{percentage:3.0f}% |{bar}| {postfix[said]}"
    with tqdm(total=1.0, bar_format=form, dynamic_ncols=True, postfix={"said": ""}) as bar:

        def show(progress: Progress) -> None:
            done, total = progress.done_bytes, progress.total_bytes
            bar.n = (done / total) if total else progress.done / progress.total
            bar.postfix["said"] = describe(progress)
            bar.update(0)  # draws, but no more often than a person can read
            if progress.done == progress.total:
                bar.refresh()

        yield show


def _line_printer() -> Callable[[Progress], None]:
    last = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < SECONDS_BETWEEN_LINES and progress.done < progress.total:
            return
        last = now
        print(describe(progress), file=sys.stderr, flush=True)  # noqa: T201 - this is what the module is for

    return show


def describe(progress: Progress) -> str:
    """A run on one line: files done, failures so far, pace, and the time left."""
    left = progress.seconds_left
    said = [
        f"{progress.done:,}/{progress.total:,} files",
        f"{progress.failed:,} failed",
        f"{progress.files_per_s:.1f} files/s",
        f"{progress.segments_per_s:.1f} segments/s",
    ]
    if left is not None:
        said.append(f"about {duration(left)} left")
    return ", ".join(said)


def duration(seconds: float) -> str:
    """A time as people say it: ``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60:,} h {minutes % 60} min"
