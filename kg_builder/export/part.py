"""A part of the graph as something that an export can write."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from kg_builder.store.records import StoredEdge, StoredEntity, Subgraph

__all__ = ["PartSource", "write_facts"]


class PartSource:
    """Lists what a `Subgraph` holds, in the order of the whole graph's exports; its edges come without evidence."""

    def __init__(self, part: Subgraph) -> None:
        self._part = part
        self._by_id = {entity.id: entity for entity in part.entities}

    def entities(self, *, type: str | None = None) -> Iterator[StoredEntity]:
        """All entities (of a type), by name, type and id."""
        found = (each for each in self._part.entities if type is None or each.type == type)
        yield from sorted(found, key=lambda each: (each.name, each.type, each.id))

    def edges(self, *, with_evidence: bool = True) -> Iterator[StoredEdge]:
        """All edges whose ends are there, by head's name, relation, tail's name and ids."""
        found = [
            StoredEdge(
                head=self._by_id[edge.head_id],
                relation=edge.relation,
                type=edge.type,
                tail=self._by_id[edge.tail_id],
                support=edge.support,
                confidence=edge.confidence,
                valid_from=edge.valid_from,
                valid_to=edge.valid_to,
            )
            for edge in self._part.edges
            if edge.head_id in self._by_id and edge.tail_id in self._by_id
        ]
        yield from sorted(found, key=lambda e: (e.head.name, e.relation, e.tail.name, e.head.id, e.tail.id))


def write_facts(source: PartSource, file: TextIO) -> int:
    """Writes one row for each edge, with the names and types of its ends, for a spreadsheet; gives their number."""
    writer = csv.writer(file, lineterminator="\n")
    ends = ("id", "name", "type")
    columns = [f"head_{each}" for each in ends] + ["relation"] + [f"tail_{each}" for each in ends]
    writer.writerow([*columns, "support", "confidence", "valid_from", "valid_to"])
    count = 0
    for edge in source.edges():
        head, tail = edge.head, edge.tail
        names = map(_inert, (head.id, head.name, head.type, edge.relation, tail.id, tail.name, tail.type))
        span = (edge.valid_from or "", edge.valid_to or "")
        writer.writerow((*names, edge.support, repr(edge.confidence), *span))
        count += 1
    return count


def _inert(cell: str) -> str:
    """`cell` as a spreadsheet takes it for text: what begins like a formula is one, to most of them."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell
