"""Waiting for a store that has gone away, or has no room, instead of giving a run up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from kg_builder.errors import NoRoomError, StoreError, UnreachableError
from kg_builder.telemetry import emit

__all__ = ["patiently"]

T = TypeVar("T")


def patiently(
    act: Callable[[], T],
    patience_s: float,
    on_message: Callable[[str], None],
    errors: tuple[type[StoreError], ...] = (UnreachableError, NoRoomError),
) -> T:
    """Do something with a store, again and again while it fails with one of `errors`, at most for `patience_s` seconds.

    What is done so must bear to be done twice. The seconds count from the first failure on, so that what takes long is
    tried again, too. The pause grows from one second to five.

    Raises:
        StoreError: the last one, when time is up; or at once, when it is none of `errors`.
    """
    deadline, pause = 0.0, 1.0
    while True:
        try:
            return act()
        except errors as exc:
            deadline = deadline or time.monotonic() + patience_s
            left = deadline - time.monotonic()
            if left <= 0:
                raise
            why = "is full" if isinstance(exc, NoRoomError) else "has gone away"
            on_message(f"the store {why}; waiting for it for {left:.0f} s more ({exc})")
            emit("waiting", str(exc), level=logging.WARNING, seconds_left=round(left, 1))
        time.sleep(min(pause, left))
        pause = min(2 * pause, 5.0)
