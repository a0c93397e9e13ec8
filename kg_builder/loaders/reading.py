"""The bytes of a file, read once, and the proof that they are one version of it."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from pathlib import Path

from kg_builder.errors import LoadError
from kg_builder.loaders.limits import Limits
from kg_builder.loaders.locating import shown

__all__ = ["read_once", "sha256_of"]


def read_once(path: Path, *, limits: Limits) -> bytes:
    """All bytes of `path`, unchanged while they were read.

    Raises:
        LoadError: ``vanished``, ``changed``, ``permission``, ``not-a-file``, ``too-large``, ``empty``, ``unreadable``.
    """
    try:
        with _open(path) as file:
            before = os.fstat(file.fileno())
            if before.st_size > limits.max_bytes:
                raise LoadError(
                    f"expected at most {limits.max_bytes:,} bytes, found {before.st_size:,} in {shown(path)}; "
                    "split the file, or raise the limit",
                    reason="too-large",
                )
            data = file.read(before.st_size + 1)  # one more, to notice that it grows
        after = path.stat()
    except OSError as exc:
        raise _problem(path, exc) from exc
    if len(data) != before.st_size or _version(before) != _version(after):
        raise LoadError(
            f"expected {shown(path)} to stay as it is while it is read, found that it changed; try again later",
            reason="changed",
        )
    if not data.strip():
        raise LoadError(f"expected text, found an empty file: {shown(path)}", reason="empty")
    return data


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file's bytes in hex, without holding them in memory.

    Raises:
        LoadError: ``vanished``, ``permission``, ``not-a-file`` or ``unreadable``.
    """
    try:
        with _open(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise _problem(path, exc) from exc


def _open(path: Path) -> io.BufferedReader:
    # Without O_NONBLOCK, opening a named pipe waits for a writer that may never come.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise LoadError(f"expected a file, found a folder, pipe or device: {shown(path)}", reason="not-a-file")
    return io.BufferedReader(io.FileIO(descriptor))


def _version(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _problem(path: Path, exc: OSError) -> LoadError:
    if isinstance(exc, FileNotFoundError | NotADirectoryError):
        return LoadError(f"expected a file, found nothing at {shown(path)}: it was moved or deleted", reason="vanished")
    if isinstance(exc, PermissionError):
        return LoadError(f"expected to be allowed to read {shown(path)}, found: {exc.strerror}", reason="permission")
    return LoadError(f"expected to read {shown(path)}, found: {exc.strerror or exc!r}", reason="unreadable")
