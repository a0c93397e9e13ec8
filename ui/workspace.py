"""The folder in which the interface keeps what is no part of a graph, and what this server lets people do.

Uploads, runs, saved views and queries lie there, readable by their owner alone. The person who starts the server
decides with ``KGUI_WORKSPACE`` where it is, with ``KGUI_ROOTS`` which folders may be read in, and with
``KGUI_READ_ONLY`` that nothing may be changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kg_builder.errors import ConfigError
from kg_builder.files import replacing_text

__all__ = ["allowed_roots", "keep_json", "kept_json", "read_only", "safe_name", "store_folder", "workspace"]

_LONGEST_NAME = 120
_LONGEST_NAME_BYTES = 200  # file systems take 255, and a name may get something added
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
_REMEDY = "name another with KGUI_WORKSPACE"
_INVISIBLE = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
"""Unicode categories of controls, changes of direction, surrogates and line ends: none belongs in a file's name."""


def workspace() -> Path:
    """The interface's own folder, made if need be.

    Raises:
        ConfigError: it cannot be made, nor can one beside the system's temporary files.
    """
    named = os.environ.get("KGUI_WORKSPACE")
    if named:
        return _private(Path(named).expanduser().resolve())
    import platformdirs

    try:
        return _private((platformdirs.user_data_path("kg-builder", appauthor=False) / "ui").resolve())
    except ConfigError:  # a container whose file system may only be read
        return _private(Path(tempfile.gettempdir()) / f"kg-builder-ui-{os.getuid()}")


def read_only() -> bool:
    """True where the server was started with ``--read-only``: pages show, and change nothing."""
    return os.environ.get("KGUI_READ_ONLY") == "1"


def allowed_roots() -> tuple[Path, ...]:
    """The folders that may be read in, fully resolved; the uploads are always among them."""
    named = [each for each in os.environ.get("KGUI_ROOTS", "").split(os.pathsep) if each]
    roots = [Path(each).expanduser().resolve() for each in named] or [Path.cwd().resolve()]
    return tuple(dict.fromkeys([*roots, _private(workspace() / "uploads")]))


def store_folder(store_uri: str) -> Path:
    """Where things are kept that belong to one store, made if need be."""
    return _private(workspace() / "stores" / _digest_of_store(store_uri))


def safe_name(name: str) -> str:
    """`name` as the name of a file on any system: without folders, controls or leading dots, and never empty."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    visible = "".join(each for each in last if unicodedata.category(each) not in _INVISIBLE)
    plain = "".join("_" if each in '<>:"|?*' else each for each in visible).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, suffix = plain, ""
    suffix = dot + suffix if suffix else ""
    if stem.partition(".")[0].strip().lower() in _DEVICES:
        stem = f"_{stem}"
    while len(stem) + len(suffix) > _LONGEST_NAME or len((stem + suffix).encode()) > _LONGEST_NAME_BYTES:
        stem = stem[:-1]
    return (stem.rstrip(" .") or "file") + suffix


def keep_json(path: Path, value: Any) -> None:
    """Write `value` to `path`, wholly or not at all."""
    with replacing_text(path) as file:
        json.dump(value, file, indent=1)  # ASCII: a file's name may hold what UTF-8 does not


def kept_json(path: Path, default: Any, *, to_change: bool = False) -> Any:
    """What was kept at `path`; `default` where there is nothing. A damaged file is set aside under ``.broken``.

    Args:
        to_change: it is read to be written anew.

    Raises:
        OSError: it is there and cannot be read just now; only with ``to_change``, otherwise that gives `default`.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default
    except OSError:
        if to_change:
            raise
        return default
    except (ValueError, RecursionError):
        with contextlib.suppress(OSError):  # another process has set it aside, or the folder may not be written
            path.replace(path.with_name(f"{path.name}.broken"))
        return default


def _private(folder: Path) -> Path:
    """A folder of our own that we can write, made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ours = folder.lstat().st_uid == os.getuid() and not folder.is_symlink()
    except OSError as exc:
        raise ConfigError(f"expected to make the folder {str(folder)!r}, but {exc.strerror}; {_REMEDY}") from exc
    if not ours or not os.access(folder, os.W_OK):
        raise ConfigError(f"expected a folder of our own that can be written at {str(folder)!r}, found none; {_REMEDY}")
    return folder


def _digest_of_store(uri: str) -> str:
    """The same for all ways to write one store's address."""
    scheme, _, place = uri.partition(":")
    if scheme == "embedded":
        uri = f"embedded:{Path(place).expanduser().resolve()}"
    else:
        parts = urlsplit(uri)
        uri = parts._replace(netloc=parts.netloc.rpartition("@")[2].lower(), path=parts.path.rstrip("/")).geturl()
    return hashlib.sha256(uri.encode("utf-8", "surrogateescape")).hexdigest()[:16]
