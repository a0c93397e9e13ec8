"""What a statement may name: the store's own labels, relationship types and properties, most frequent first.

At any size this answers at once: frequencies come from a sample of the facts, names from the server's own lists.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from kg_builder.errors import QueryError
from kg_builder.store import cypher
from kg_builder.values import VALUE_PROPERTIES
from ui import data

__all__ = ["Pattern", "patterns", "schema"]

_SAMPLE = 20_000
_MOST_NAMES = 5_000  # of one kind: what the editor gets
_PROPERTIES = {
    "Entity": ("id", *cypher.ENTITY),
    "Document": (
        *("id", "uri", "title", "sha256", "language", "state", "reason", "detail", "recipe", "ingested_at"),
        *("size_bytes", "segments", "extractions", "quarantined", "left_out"),
    ),
    "Segment": ("id", *cypher.SEGMENT),
    "Extraction": ("id", *cypher.EXTRACTION),
    "Name": ("id", *cypher.NAME),
    "→": ("relation", *cypher.FACT),
}
_HIDDEN = ("Store",)
_RARE = frozenset(VALUE_PROPERTIES)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A kind of fact that the graph has: types of its ends, its relation, and the relationship's type in Cypher."""

    head_type: str
    relation: str
    tail_type: str
    type: str
    count: int


@dataclass(frozen=True, slots=True)
class _Sample:
    types: tuple[tuple[str, int], ...]
    patterns: tuple[Pattern, ...]


@data.cached
def _sample(version: str) -> _Sample:
    found = data.store().query(
        "MATCH (h:Entity)-[f]->(t:Entity) WITH h, f, t LIMIT $sample "
        "RETURN h.type AS head, type(f) AS type, f.relation AS relation, t.type AS tail, count(*) AS n",
        {"sample": _SAMPLE},
        max_rows=_SAMPLE,
    )
    types: Counter[str] = Counter()
    kinds: list[Pattern] = []
    for head, type_, relation, tail, n in found.rows:
        types[type_] += n
        if all(isinstance(each, str) for each in (head, relation, tail)):
            kinds.append(Pattern(head, relation, tail, type_, n))
    kinds.sort(key=lambda each: (-each.count, each.head_type, each.relation, each.tail_type))
    return _Sample(tuple(types.most_common()), tuple(kinds[:200]))


def patterns() -> tuple[Pattern, ...]:
    """Kinds of facts, the frequent first; from a sample where the graph is large."""
    return _sample(data.version()).patterns


@data.cached
def _names(version: str, call: str) -> tuple[str, ...]:
    try:
        found = data.store().query(call, max_rows=_MOST_NAMES)
    except QueryError:  # completion can do without a list that a server does not give
        return ()
    return tuple(str(row[0]) for row in found.rows)


@data.cached
def _schema(version: str) -> dict[str, Any]:
    counted = dict(data.types())
    labels = [name for name in _names(version, cypher.LABELS) if name not in _HIDDEN]
    types = dict(_sample(version).types)
    for name in _names(version, cypher.RELATIONSHIP_TYPES):
        types.setdefault(name, 0)
    return {
        "labels": sorted(([name, counted.get(name, 0)] for name in labels), key=lambda each: (-each[1], each[0])),
        "types": [[name, n] for name, n in types.items()][:_MOST_NAMES],
        "properties": _properties(),
    }


def schema() -> dict[str, Any]:
    """Labels and types with their numbers (0: not counted), and properties with the labels that have them."""
    return _schema(data.version())


def _properties() -> list[list[Any]]:
    owners: dict[str, list[str]] = {}
    for label, names in _PROPERTIES.items():
        for name in names:
            owners.setdefault(name, []).append(label)
    return [[name, labels] for name, labels in sorted(owners.items(), key=lambda each: (each[0] in _RARE, each[0]))]
