"""Which store this server shows: the one it was started with, or another that a person connected it to.

That holds for the whole server process, all its tabs, until it ends. Passwords are in this process's memory alone and
go on to nobody but the commands that it starts, in their environment. The stores used before are remembered without
them.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kg_builder.config import default_store
from kg_builder.errors import ConfigError, StoreError
from kg_builder.store import Credentials, open_store
from kg_builder.store.connection import redacted
from kg_builder.store.embedded import holds_store
from ui.places import followed, is_allowed
from ui.workspace import allowed_roots, keep_json, kept_json, read_only, workspace

if TYPE_CHECKING:
    from kg_builder.store import GraphStore

__all__ = [
    "Recent",
    "connect",
    "credentials_of",
    "current_uri",
    "environment",
    "is_embedded",
    "is_missing",
    "open_current",
    "recent",
]

_EMBEDDED = "embedded:"
_BOLT_PORT = 7687
_REMEMBERED = 8
_TRIED_AGAIN_S = 1.5
"""A page asks for the store in several places: one that lets it wait for longer than this is waited for only once."""


@dataclass(frozen=True, slots=True)
class Recent:
    """A store that was used before."""

    uri: str
    user: str = ""
    database: str = ""
    used: float = 0.0


class _Current:
    """The store that is shown, and what is known of who one is at each server."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.uri = ""
        self.credentials: dict[str, Credentials] = {}
        self.failed: tuple[str, float, StoreError] | None = None  # the last try to open it, and when that ended


_current = _Current()


def current_uri() -> str:
    """The uri of the store that is shown, without secrets."""
    return redacted(_uri())


def open_current(*, read_only: bool) -> GraphStore:
    """The store that is shown. Raises StoreError where there is none, or none that answers."""
    uri = _uri()
    failed = _current.failed
    if failed is not None and failed[0] == uri and time.monotonic() - failed[1] < _TRIED_AGAIN_S:
        raise failed[2]
    began = time.monotonic()
    try:
        return open_store(uri, create=False, read_only=read_only, credentials=_current.credentials.get(uri))
    except StoreError as exc:
        if time.monotonic() - began > _TRIED_AGAIN_S:
            _current.failed = uri, time.monotonic(), exc
        raise


def is_embedded() -> bool:
    """Whether the store that is shown is one of our own, whose server starts by itself."""
    return _uri().startswith(_EMBEDDED)


def is_missing() -> bool:
    """Whether an embedded store is shown that has not been made yet."""
    return is_embedded() and not holds_store(_folder(_uri()))


def credentials_of(uri: str) -> Credentials | None:
    """Who one is at a server that was connected to while this process lives."""
    return _current.credentials.get(uri)


def environment(uri: str | None = None) -> dict[str, str]:
    """The variables by which a command reaches a store (None: the one that is shown). They hold secrets."""
    wanted = uri or _uri()
    known = _current.credentials.get(wanted)
    if known is None and (wanted.startswith(_EMBEDDED) or _is_meant_by_environment(wanted)):
        return {"KG_STORE": wanted}
    known = known or Credentials("neo4j", None)
    return {
        "KG_STORE": wanted,
        "NEO4J_USERNAME": known.user,
        "NEO4J_PASSWORD": known.password or "",  # an empty one hides that of the environment, which is for another
        "NEO4J_DATABASE": known.database,
    }


def connect(address: str, *, user: str = "", password: str = "", database: str = "") -> str:
    """Show another store from now on, and give its uri. An embedded one that is not there yet is made by ingesting.

    Args:
        address: a server's uri, ``embedded:PATH`` or a path inside the allowed roots.
        user: empty: the one used before in this process; at the server that this one was started on, that of the
            environment; else ``neo4j``.
        password: empty: found likewise, where the user is the same; else none. That of the environment goes to no
            server but the one that it is meant for, whoever asks.

    Raises:
        ConfigError: the server was started read-only, or the path is outside the roots.
        StoreError: nothing answers there, or the credentials are refused.
    """
    if read_only():
        raise ConfigError("expected a server that may change things, but it was started read-only")
    uri = _checked(address.strip())
    credentials = None
    if not uri.startswith(_EMBEDDED):
        known = _current.credentials.get(uri)
        if known is None and _is_meant_by_environment(uri):
            known = Credentials.of_environment()
        known = known or Credentials("neo4j", None)
        kept = known.password if user in ("", known.user) else None
        credentials = Credentials(user or known.user, password or kept, database or known.database)
    if not uri.startswith(_EMBEDDED) or holds_store(_folder(uri)):
        open_store(uri, create=False, read_only=True, credentials=credentials).close()
    with _current.lock:
        before = _uri()
        _current.uri = uri
        if credentials is not None:
            _current.credentials[uri] = credentials
    _remember(before)
    _remember(uri)
    return uri


def recent() -> list[Recent]:
    """The stores used before, the latest first."""
    return _recent(kept_json(workspace() / "stores.json", []))


def _recent(kept: Any) -> list[Recent]:
    found = []
    for each in kept if isinstance(kept, list) else []:
        try:
            used = Recent(str(each["uri"]), str(each["user"]), str(each["database"]), float(each["used"]))
        except (TypeError, KeyError, ValueError):
            continue
        found.append(used)
    return found


def _uri() -> str:
    """The store's uri; a folder by its whole path, so that its runs are known from wherever a server is started."""
    uri = _current.uri or os.environ.get("KG_STORE") or default_store()
    return f"{_EMBEDDED}{_folder(uri)}" if uri.startswith(_EMBEDDED) else uri


def _is_meant_by_environment(uri: str) -> bool:
    """Whether the environment's user and password are for the server of `uri`: that of the store it was started on."""
    return _server(uri) == _server(os.environ.get("KG_STORE") or default_store())


def _server(uri: str) -> tuple[str | None, int]:
    try:
        parts = urlsplit(uri)
        return parts.hostname, parts.port or _BOLT_PORT
    except ValueError:
        return uri, 0


def _folder(uri: str) -> Path:
    return Path(uri.removeprefix(_EMBEDDED)).expanduser().absolute()


def _checked(address: str) -> str:
    """`address` as a store's uri; a folder is one of an embedded store, and must be allowed."""
    if "://" in address:
        return address
    path = address.removeprefix(_EMBEDDED)
    if not path or "\0" in path:
        raise ConfigError(f"expected a folder, or a server's address such as bolt://localhost:7687, found {address!r}")
    folder = followed(path)
    known = {os.environ.get("KG_STORE") or "", default_store()}
    if not is_allowed(folder) and folder not in {
        _folder(each).resolve() for each in known if each.startswith(_EMBEDDED)
    }:
        shown = ", ".join(str(root) for root in allowed_roots())
        raise ConfigError(f"expected a folder inside {shown}, found {address!r}; `kg ui --root DIR` allows another")
    if not holds_store(folder) and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"expected a store, or an empty folder for a new one, found other files in {str(folder)!r}")
    return f"{_EMBEDDED}{folder}"


def _remember(uri: str) -> None:
    known = _current.credentials.get(uri) or Credentials("", None, "")
    latest = Recent(redacted(uri), known.user, known.database, time.time())
    path = workspace() / "stores.json"
    with contextlib.suppress(OSError):  # it is connected all the same
        others = [each for each in _recent(kept_json(path, [], to_change=True)) if each.uri != latest.uri]
        keep_json(path, [asdict(each) for each in [latest, *others][:_REMEMBERED]])
