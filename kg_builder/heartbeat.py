"""A sign of life from inside long work, for whoever watches over it."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["beat", "listen"]

_listener: Callable[[int], None] | None = None


def beat(place: int) -> None:
    """Say that work begins at `place`: the index of a segment."""
    if _listener is not None:
        _listener(place)


def listen(listener: Callable[[int], None]) -> None:
    """Have `listener` told of every place from now on."""
    global _listener
    _listener = listener
