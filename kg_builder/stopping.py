"""Stopping a long run without losing what is under way: by Ctrl-C, by a signal, or when its time is up."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from kg_builder.errors import ConfigError

__all__ = ["Stop", "parse_duration", "stopping"]

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Stop(threading.Event):
    """Set when a run is to begin nothing more. ``interrupted`` says whether a person (or the system) wanted that."""

    interrupted = False


@contextmanager
def stopping(*, budget_s: float | None = None, on_message: Callable[[str], None]) -> Iterator[Stop]:
    """An event that the first Ctrl-C (or SIGTERM) sets, or the end of the time allowed; a second Ctrl-C stops at once.

    To be entered in the main thread. Afterwards signals mean again what they did.
    """
    stop = Stop()

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.interrupted:
            raise KeyboardInterrupt
        stop.interrupted = True
        stop.set()
        on_message("finishing what is under way; again to stop at once (nothing that was read is lost either way)")

    def end() -> None:
        stop.set()
        on_message("the time allowed is up; finishing what is under way")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    timer = threading.Timer(budget_s, end) if budget_s is not None else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield stop
    finally:
        if timer:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def parse_duration(text: str) -> float:
    """Seconds, from ``90``, ``90s``, ``15m``, ``2h`` or ``1.5d``.

    Raises:
        ConfigError: it is none of these, or not more than nothing.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip().lower())
    if not match or not float(match[1]):
        raise ConfigError(f"expected a time such as 90s, 15m or 2h, found {text!r}")
    return float(match[1]) * _UNITS[match[2]]
