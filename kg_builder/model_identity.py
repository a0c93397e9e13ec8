"""By which a model is known: what is kept of its answers must not be taken for those of another one."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from kg_builder.types import digest

__all__ = ["hashes_path", "model_identity"]

_LARGE = 32 << 20  # bytes; what is smaller is hashed each time
_DESCRIBING = (".md", ".png", ".log")


def hashes_path() -> Path:
    """Where the hashes of large files are remembered."""
    from platformdirs import user_cache_path

    return user_cache_path("kg-builder", appauthor=False) / "model-hashes.sqlite"


def model_identity(name: str) -> str:
    """Changes with the name, size or any byte of any file that lies in a model's folder, but for hidden files and those
    that only describe it (``.md``, ``.png``, ``.log``); what is no folder, as a model of the hub, is known by its name.

    The hash of a large file is remembered in the user's cache folder, and holds as long as its path, size, inode and
    times of change are the same.
    """
    folder = Path(name)
    if not folder.is_dir():
        return name
    parts: list[object] = []
    for file in sorted(folder.iterdir()):
        if file.is_file() and not file.name.startswith(".") and file.suffix.lower() not in _DESCRIBING:
            size = file.stat().st_size
            parts += (file.name, size, _hash(file) if size < _LARGE else _remembered_hash(file))
    return digest(*parts)


def _remembered_hash(file: Path) -> str:
    found = file.stat()
    # The time of the inode's change as well: that of the content can be set, as copying with times does.
    key = (str(file.resolve()), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
    try:
        path = hashes_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as known:
            known.execute("CREATE TABLE IF NOT EXISTS hashes (path TEXT PRIMARY KEY, state TEXT, hash TEXT)")
            state = repr(key[1:])
            row = known.execute("SELECT hash FROM hashes WHERE path = ? AND state = ?", (key[0], state)).fetchone()
            if row is not None:
                return str(row[0])
            made = _hash(file)
            known.execute("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?)", (key[0], state, made))
            return made
    except (OSError, sqlite3.Error):
        return _hash(file)  # better slow than not at all


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
