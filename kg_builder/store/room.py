"""Room on the disk of an embedded store: required before anything is written, looked at when something has failed."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from kg_builder.errors import NoRoomError

__all__ = ["Room"]

DEFAULT_SPARE_MB = 128
"""Free space without which nothing is written: a transaction, and what the server does behind it, need less."""

_FULL_BYTES = 8 << 20  # with less, a failure is taken for one that the full disk has caused
_NO_ROOM = (b"No space left on device", b"Disk quota exceeded")
_LOG_TAIL = 1 << 18  # bytes


class Room:
    """The room that the store under ``path`` has."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def require(self) -> None:
        """See to it that there is room for what is to be written, before it is written.

        Raises:
            NoRoomError: there is not.
        """
        spare = int(os.environ.get("KG_EMBEDDED_SPARE_MB", DEFAULT_SPARE_MB)) << 20
        if self._free() < spare:
            raise self._error(spare)

    def lacking(self, *, by_log: bool = True, said: str = "") -> NoRoomError | None:
        """The error to tell of when the server has failed because there is no room; None when there is.

        What the server `said` to the statement knows of a disk that was full for a moment, and of quotas. Its log does,
        too; but it remembers them.
        """
        told = said.encode("utf-8", "replace")
        if by_log:
            with contextlib.suppress(OSError), (self.path / "server.log").open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL))
                told += log.read()
        if self._free() >= _FULL_BYTES and not any(words in told for words in _NO_ROOM):
            return None
        return self._error(_FULL_BYTES)

    def _error(self, needed: int) -> NoRoomError:
        free = self._free()
        found = f"{int(free) >> 20:,} MiB" if free < needed else "that it has been full, or that a quota is used up"
        return NoRoomError(
            f"expected at least {needed >> 20:,} MiB free on the disk of the store {str(self.path)!r}, found {found}; "
            "make room there. What was written stays, and nothing of it is done again"
        )

    def _free(self) -> float:
        """Bytes that are free; infinity where that cannot be known."""
        try:
            return shutil.disk_usage(self.path).free
        except OSError:
            return float("inf")
