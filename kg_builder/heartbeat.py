"""A sign of life from inside long work, for whoever watches over it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

__all__ = ["SEVERAL", "beat", "kept_alive", "listen", "still"]

SEVERAL = -1
"""The place of work on several segments at a time."""

_EVERY_S = 1.0
_TICK_S = 5.0

_listener: Callable[[int], None] | None = None
_last: tuple[int, float] | None = None


def beat(place: int) -> None:
    """Say that work begins at `place`: the index of a segment."""
    global _last
    if _listener is not None:
        _last = place, time.monotonic()
        _listener(place)


def still() -> None:
    """Say that the work goes on where it began; told once a second at most."""
    if _last is not None and time.monotonic() - _last[1] > _EVERY_S:
        beat(_last[0])


@contextlib.contextmanager
def kept_alive() -> Iterator[None]:
    """Inside, a thread says that the work goes on: for a call that takes long and says nothing, as loading a model."""
    done = threading.Event()

    def tell() -> None:
        while not done.wait(_TICK_S):
            still()

    thread = threading.Thread(target=tell, name="kg-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def listen(listener: Callable[[int], None]) -> None:
    """Have `listener` told of every place from now on."""
    global _listener
    _listener = listener
