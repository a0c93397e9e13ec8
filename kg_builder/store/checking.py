"""Looking for what should never be in a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kg_builder.store import cypher, keeping_cypher, resolving_cypher
from kg_builder.store.connection import Connection
from kg_builder.store.facts import Weight
from kg_builder.store.mending_reviews import wrong_decisions, wrong_reviews
from kg_builder.store.reading import Reader
from kg_builder.store.rows import edge_key

__all__ = ["check_graph", "missing_schema"]

_ROUNDING = 1e-9


def check_graph(connection: Connection, reader: Reader) -> list[str]:
    """What is wrong, one sentence for each kind of defect with how often and an example; empty when nothing is."""
    found = missing_schema(connection)
    for what, (statement, count) in {**cypher.INVARIANTS, **resolving_cypher.INVARIANTS}.items():
        found += _told(what, (row["id"] for row in reader.sliced(statement, count)))
    counted: dict[str, int] = {"support": 0}
    wrong: dict[str, list[str]] = {}
    for rows in reader.slices(cypher.FACTS, cypher.COUNT_ENTITIES):
        _check_edges(connection, rows, counted, lambda what, example: wrong.setdefault(what, []).append(example))
    for what, examples in wrong.items():
        found += _told(what, iter(examples))
    for what, statement in keeping_cypher.MORE_INVARIANTS.items():
        found += _told(what, (row["id"] for row in reader.sliced(statement, cypher.COUNT_DOCUMENTS)))
    found += _told("decisions on statements that do not say what was decided", iter(wrong_decisions(connection)))
    found += _told("statements whose review is not what was decided", wrong_reviews(connection))
    facts = connection.read(cypher.COUNT_FACT_EXTRACTIONS)[0]["n"]
    if facts != counted["support"] and not wrong:
        found.append(f"extractions of facts without an edge: {facts - counted['support']}")
    return found


def _told(what: str, examples: Iterator[str]) -> list[str]:
    first = next(examples, None)
    if first is None:
        return []
    return [f"{what}: {1 + sum(1 for _ in examples)}, for example {first!r}"]


def _check_edges(
    connection: Connection, rows: list[Any], counted: dict[str, int], complain: Callable[[str, str], None]
) -> None:
    """Compare the edges of some entities with their evidence."""
    keys = [edge_key(row["head"], row["relation"], row["tail"]) for row in rows]
    evidence = {row["key"]: row for row in connection.read(cypher.SUPPORT, keys=sorted(set(keys)))}
    seen: set[str] = set()
    for key, row in zip(keys, rows, strict=True):
        name = f"{row['head']} {row['relation']} {row['tail']}"
        if key in seen:
            complain("edges that are there twice", name)
            continue
        seen.add(key)
        counted["support"] += row["support"] or 0
        there = evidence.get(key)
        if there is None:
            complain("edges without evidence", name)
        elif there["support"] != row["support"]:
            complain(
                "edges whose support is not the number of their evidence",
                f"{name} (supported {row['support']} times, evidence {there['support']})",
            )
        elif abs(there["confidence"] - row["confidence"]) > _ROUNDING:
            complain("edges whose confidence is not the best of their evidence", name)
        elif Weight(1, 1.0, there["low"], there["high"]).span != (row["valid_from"], row["valid_to"]):
            complain("edges whose time is not that of their evidence", name)


def missing_schema(connection: Connection) -> list[str]:
    """Indexes that are not there."""
    there = {
        (label, key)
        for row in connection.read(cypher.SHOW_INDEXES)
        for label in row["labelsOrTypes"] or ()
        for key in row["properties"] or ()
    }
    missing = sorted({*cypher.UNIQUE, *cypher.INDEXED} - there)
    return [f"no index on {label}.{key}; open the store for writing to make it" for label, key in missing]
