"""Looking for what should never be in a graph."""

from __future__ import annotations

from kg_builder.store import cypher
from kg_builder.store.connection import Connection

__all__ = ["check_graph"]


def check_graph(connection: Connection) -> list[str]:
    """What is wrong, one sentence for each kind of defect with how often and an example; empty when nothing is."""
    found = _missing_schema(connection)
    for what, statement in cypher.INVARIANTS.items():
        rows = connection.read(statement)
        if rows:
            found.append(f"{what}: {len(rows)}, for example {rows[0]['id']!r}")
    return found


def _missing_schema(connection: Connection) -> list[str]:
    there = {
        (label, key)
        for row in connection.read(cypher.SHOW_INDEXES)
        for label in row["labelsOrTypes"] or ()
        for key in row["properties"] or ()
    }
    wanted = {*cypher.UNIQUE, *cypher.INDEXED}
    return [
        f"no index on {label}.{key}; open the store for writing to make it" for label, key in sorted(wanted - there)
    ]
