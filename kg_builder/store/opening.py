"""Which store a uri means: a folder with an embedded server of its own, or a server that speaks Bolt."""

from __future__ import annotations

import os
from pathlib import Path

from kg_builder.errors import StoreError
from kg_builder.store.connection import Connection, Credentials
from kg_builder.store.embedded import EmbeddedServer
from kg_builder.store.graph import GraphStore

__all__ = ["open_store"]

_EMBEDDED = "embedded:"


def open_store(
    uri: str | None = None,
    *,
    create: bool = True,
    read_only: bool = False,
    credentials: Credentials | None = None,
) -> GraphStore:
    """The store at `uri`: ``embedded:PATH``, ``bolt://…`` or ``neo4j://…`` (None: ``KG_STORE``, else one of the
    user's own).

    A server's `credentials` come from ``NEO4J_USERNAME``, ``NEO4J_PASSWORD`` and ``NEO4J_DATABASE`` unless given.

    Raises:
        StoreError: when it cannot be opened, or (with `create` false) an embedded one does not exist.
    """
    uri = uri or os.environ.get("KG_STORE") or _default_uri()
    if not uri.startswith(_EMBEDDED):
        return GraphStore(uri, Connection(uri, read_only=read_only, credentials=credentials))
    path = uri.removeprefix(_EMBEDDED)
    if not path:
        raise StoreError("expected a folder, as in embedded:PATH, found none.")
    embedded = EmbeddedServer(Path(path), create=create and not read_only)
    try:
        return GraphStore(uri, Connection(uri, embedded=embedded, read_only=read_only))
    except BaseException:
        embedded.close()
        raise


def _default_uri() -> str:
    from platformdirs import user_data_path

    return f"{_EMBEDDED}{user_data_path('kg-builder') / 'graph'}"
