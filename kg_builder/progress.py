"""Progress of a run, a backup or a restore on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg_builder.reports import Progress, Step

__all__ = ["describe", "describe_step", "duration", "report_progress", "report_steps"]

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def report_progress(*, quiet: bool = False) -> Iterator[Callable[[Progress], None] | None]:
    """A callback that shows each step of a run on stderr; None when `quiet`."""
    if quiet:
        yield None
    else:
        with _display() as display:

            def show(progress: Progress) -> None:
                done, total = progress.done_bytes, progress.total_bytes
                share = (done / total) if total else progress.done / progress.total
                display(describe(progress), share, progress.done == progress.total)

            yield show


@contextmanager
def report_steps(*, quiet: bool = False) -> Iterator[Callable[[Step], None] | None]:
    """A callback that shows how far each part of a backup or a restore is; None when `quiet`."""
    if quiet:
        yield None
    else:
        with _display() as display:

            def show(step: Step) -> None:
                # What was over in a moment needs no line of its own.
                last = step.done == step.total and (step.seconds >= SECONDS_BETWEEN_LINES or sys.stderr.isatty())
                display(describe_step(step), step.done / step.total if step.total else 0.0, last)

            yield show


Display = Callable[[str, float, bool], None]
"""Shows a line, how much of all is done (0 to 1), and, if it is the last of its kind, at once."""


@contextmanager
def _display() -> Iterator[Display]:
    if sys.stderr.isatty():
        yield from _bar()
    else:
        yield _line_printer()


def _bar() -> Iterator[Display]:
    from tqdm import tqdm

    with tqdm(total=1.0, bar_format="{percentage:3.0f}% |{bar}| {desc}", dynamic_ncols=True) as bar:

        def show(line: str, share: float, last: bool) -> None:
            bar.n = share
            bar.set_description_str(line, refresh=False)
            bar.update(0)  # draws, but no more often than a person can read
            if last:
                bar.refresh()

        yield show


def _line_printer() -> Display:
    before = time.monotonic()

    def show(line: str, share: float, last: bool) -> None:
        nonlocal before
        now = time.monotonic()
        if now - before < SECONDS_BETWEEN_LINES and not last:
            return
        before = now
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is what the module is for

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


def describe_step(step: Step) -> str:
    """A part of a backup or a restore on one line: what is being done, how far it is, pace, and the time left."""
    if not step.total:
        return step.doing
    said = [f"{step.doing} {step.done:,} of {step.total:,} {step.unit}", f"{step.per_s:,.1f} {step.unit}/s"]
    if step.seconds_left:
        said.append(f"about {duration(step.seconds_left)} left")
    return ", ".join(said)


def duration(seconds: float) -> str:
    """A time as people say it: ``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60:,} h {minutes % 60} min"
