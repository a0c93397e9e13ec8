"""Paths to uris and back, for every name that a file can have."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

__all__ = ["path_of", "shown", "to_uri", "uri_of"]


def uri_of(path: Path) -> str:
    """The absolute ``file://`` uri of `path`, links in it not resolved. Names that are not UTF-8 keep their bytes."""
    return "file://" + quote_from_bytes(os.fsencode(os.path.abspath(path)), safe="/")  # noqa: PTH100 - resolve() follows links


def path_of(uri: str) -> Path:
    """The path that a ``file://`` uri stands for; the inverse of `uri_of`.

    Raises:
        ValueError: not a uri of a local file.
    """
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise ValueError(f"expected the uri of a local file (file:///...), found {uri!r}")
    return Path(os.fsdecode(unquote_to_bytes(parts.path)))


def to_uri(name: str) -> str:
    """`name` itself where it is a ``file://`` uri, else the uri of the path that it names."""
    return name if name.startswith("file://") else uri_of(Path(name))


def shown(path: Path) -> str:
    """`path` for a message: quoted, on one line, printable whatever its name holds."""
    return repr(os.fspath(path))
