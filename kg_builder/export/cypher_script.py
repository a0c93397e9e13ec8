"""A Cypher script that rebuilds entities and facts: on an empty database, or again on the same one without any change.

Every line is one statement, since no literal holds a line break; ``cypher-shell -f x.cypher`` runs it, and so does any
program that sends it line by line. Evidence is left out: it comes with the documents, not with the facts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TextIO

from kg_builder.export.hex_escape import NOT_SCALAR, hex_escape
from kg_builder.store.dialect import quote_identifier
from kg_builder.store.naming import type_label
from kg_builder.store.records import StoredEdge, StoredEntity
from kg_builder.values import VALUE_PROPERTIES

if TYPE_CHECKING:
    from kg_builder.export import GraphSource

__all__ = ["write_cypher"]

_ROWS_PER_STATEMENT = 200
_ROWS_WAITING = 20_000  # over all labels: what bounds the memory where a graph has very many of them


def write_cypher(store: GraphSource, file: TextIO) -> int:
    """Writes the script; a statement holds many rows, all of one label or relationship type."""
    file.write("CREATE CONSTRAINT entity_id IF NOT EXISTS FOR (e:Entity) REQUIRE e.id IS UNIQUE;\n")
    entities = _Batches(file, _ENTITIES)
    for entity in store.entities():
        entities.add(quote_identifier(type_label(entity.type)), _entity_row(entity))
    entities.flush()
    edges = _Batches(file, _EDGES)
    count = 0
    for edge in store.edges(with_evidence=False):
        edges.add(quote_identifier(edge.type), _edge_row(edge))
        count += 1
    edges.flush()
    return count


_ENTITIES = (
    "UNWIND [%s] AS row MERGE (e:Entity:%s {id: row.id}) "
    "SET e.name = row.name, e.type = row.type, e.aliases = row.aliases, e.mentions = row.mentions"
    + "".join(f", e.{key} = row.{key}" for key in VALUE_PROPERTIES)
    + ";\n"
)
_EDGES = (
    "UNWIND [%s] AS row MATCH (head:Entity {id: row.head}) MATCH (tail:Entity {id: row.tail}) "
    "MERGE (head)-[r:%s {relation: row.relation}]->(tail) SET r.support = row.support, r.confidence = row.confidence, "
    "r.valid_from = row.valid_from, r.valid_to = row.valid_to;\n"
)


class _Batches:
    """Collects rows by identifier and writes a statement when enough have come; the order rests on the rows alone."""

    def __init__(self, file: TextIO, statement: str) -> None:
        self._file = file
        self._statement = statement
        self._rows: dict[str, list[str]] = {}
        self._waiting = 0

    def add(self, identifier: str, row: str) -> None:
        """Takes a row, and writes what is full."""
        rows = self._rows.setdefault(identifier, [])
        rows.append(row)
        self._waiting += 1
        if len(rows) >= _ROWS_PER_STATEMENT:
            self._write(identifier)
        elif self._waiting >= _ROWS_WAITING:
            self.flush()

    def flush(self) -> None:
        """Writes all that is waiting."""
        for identifier in sorted(self._rows):
            self._write(identifier)

    def _write(self, identifier: str) -> None:
        rows = self._rows.pop(identifier)
        self._waiting -= len(rows)
        self._file.write(self._statement % (", ".join(rows), identifier))


def _entity_row(entity: StoredEntity) -> str:
    aliases = ", ".join(_string(alias) for alias in entity.aliases)
    has = entity.value.properties() if entity.value is not None else {}
    values = "".join(f", {key}: {_string(v) if isinstance(v, str) else repr(v)}" for key, v in has.items())
    return (
        f"{{id: {_string(entity.id)}, name: {_string(entity.name)}, type: {_string(entity.type)}, "
        f"aliases: [{aliases}], mentions: {entity.mentions}{values}}}"
    )


def _edge_row(edge: StoredEdge) -> str:
    span = (("valid_from", edge.valid_from), ("valid_to", edge.valid_to))
    times = "".join(f", {key}: {_string(day)}" for key, day in span if day)
    return (
        f"{{head: {_string(edge.head.id)}, tail: {_string(edge.tail.id)}, relation: {_string(edge.relation)}, "
        f"support: {edge.support}, confidence: {edge.confidence!r}{times}}}"
    )


_ESCAPED = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNSAFE = re.compile(r"[\\'\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _string(text: str) -> str:
    """`text` as a Cypher string literal on one line."""
    literal = _UNSAFE.sub(lambda m: _ESCAPED.get(m[0]) or f"\\u{ord(m[0]):04x}", hex_escape(text, NOT_SCALAR))
    return f"'{literal}'"
