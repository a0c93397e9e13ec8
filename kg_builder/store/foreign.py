"""Reading a graph that is not ours: another Neo4j, or whatever speaks Bolt. Nothing is written there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from kg_builder.driver import load_driver
from kg_builder.errors import StoreError
from kg_builder.store.connection import redacted, translated

__all__ = ["ALL_TRIPLES", "foreign_rows", "is_server"]

_NAME = "coalesce({0}.name, {0}.title, {0}.label, {0}.id)"
ALL_TRIPLES = (
    f"MATCH (h)-[r]->(t) RETURN {_NAME.format('h')} AS head, type(r) AS relation, {_NAME.format('t')} AS tail, "
    "labels(h) AS head_labels, labels(t) AS tail_labels"
)
"""Every relationship between two nodes, with what the nodes are called and their labels."""
_OURS = "MATCH (g:Store {id: 'graph'}) RETURN g.version AS version"
_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
_FETCH = 2000


def is_server(text: str) -> bool:
    """Whether `text` is the address of a server."""
    return "://" in text and text.partition("://")[0] in _SCHEMES


def foreign_rows(address: str, cypher: str = ALL_TRIPLES) -> Iterator[dict[str, Any]]:
    """The rows of a statement on a server, by column; they are fetched as they are asked for.

    Credentials are ``KG_IMPORT_USERNAME``, ``KG_IMPORT_PASSWORD`` and ``KG_IMPORT_DATABASE``, else those of the store
    (``NEO4J_USERNAME`` …).

    Raises:
        StoreError: nothing answers, the statement is refused (it may only read), or the graph there is one of ours.
    """
    load_driver()
    from neo4j import READ_ACCESS, GraphDatabase

    if "@" in urlsplit(address).netloc:
        raise StoreError(
            f"expected no credentials in the address {redacted(address)!r}; set KG_IMPORT_USERNAME and "
            "KG_IMPORT_PASSWORD instead."
        )
    user = _setting("USERNAME") or "neo4j"
    password = _setting("PASSWORD")
    with (
        translated(f"the server {address!r}"),
        GraphDatabase.driver(
            address,
            auth=(user, password) if password is not None else None,
            connection_timeout=10.0,
            notifications_min_severity="OFF",
            user_agent="kg-builder",
        ) as driver,
        driver.session(
            database=_setting("DATABASE") or None, default_access_mode=READ_ACCESS, fetch_size=_FETCH
        ) as session,
    ):
        if cypher == ALL_TRIPLES and list(session.run(_OURS)):
            raise StoreError(
                f"expected a graph made by something else at {address!r}, found one of kg-builder; `kg backup` and "
                "`kg restore` bring it here with its evidence."
            )
        result = session.run(cypher)
        keys = result.keys()
        for record in result:
            yield dict(zip(keys, record.values(), strict=True))


def _setting(name: str) -> str | None:
    return os.environ.get(f"KG_IMPORT_{name}", os.environ.get(f"NEO4J_{name}"))
