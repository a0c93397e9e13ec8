"""Files that are written whole or not at all: what was there before stays until the new one is complete and on disk."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TextIO

__all__ = ["FULL", "replacing", "replacing_text"]

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a disk that has no more room, or does not work, rather than of a place that was badly chosen."""

_LEFT_BEHIND_S = 60.0  # a draft so old that nobody has locked belongs to a process that was killed


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of `path` when the block ends well, and is gone when it does not.

    It is on disk before it has that name, so that neither a crash nor a power failure leaves half of it. It keeps the
    permissions of the file that it replaces; a link keeps pointing where it did. What a killed process left half
    written for the same `path` is removed first.

    Raises:
        OSError: it cannot be written, for example because the disk is full; what was there stays.
    """
    with _draft(path) as draft, draft.open("xb") as file:
        _own(file)
        yield file
        _sync(file)


@contextlib.contextmanager
def replacing_text(path: Path) -> Iterator[TextIO]:
    """The same for text, in UTF-8 with line feeds as they are given."""
    with _draft(path) as draft, draft.open("x", encoding="utf-8", newline="") as file:
        _own(file)
        yield file
        _sync(file)


@contextlib.contextmanager
def _draft(path: Path) -> Iterator[Path]:
    target = path.resolve()
    if target.is_dir():
        raise IsADirectoryError(None, "it is a folder", str(path))
    stem = f".kg-{hashlib.sha256(target.name.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}-"
    _tidy(target.parent, stem)
    draft = target.with_name(f"{stem}{secrets.token_hex(8)}.part")
    try:
        yield draft
        with contextlib.suppress(FileNotFoundError):
            draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # not every file system lets a folder be synchronized
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _own(file: IO[bytes] | TextIO) -> None:
    with contextlib.suppress(OSError):  # a file system without locks: then nothing is tidied there either
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sync(file: IO[bytes] | TextIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _tidy(folder: Path, stem: str) -> None:
    """Remove drafts that nobody is writing any longer."""
    for old in folder.glob(f"{stem}*.part"):
        with contextlib.suppress(OSError), old.open("rb") as file:  # of two drafts one may be at work
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - old.stat().st_mtime > _LEFT_BEHIND_S:
                old.unlink()
