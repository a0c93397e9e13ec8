"""CSV in the form of ``neo4j-admin database import``: one file of nodes, one of relationships.

    neo4j-admin database import full --multiline-fields=true \\
        --nodes=x.nodes.csv --relationships=x.relationships.csv

That program splits lists at every ``;`` and knows no escape for it, so a ``;`` inside an alias or a type is written
``_x003B_`` (see `kg_builder.export.hex_escape`). Values are verbatim otherwise: a name like ``=1+1`` stays one, so a
spreadsheet must be told to read the columns as text.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, TextIO

from kg_builder.export.hex_escape import NOT_SCALAR, hex_escape
from kg_builder.store.naming import type_label
from kg_builder.values import VALUE_PROPERTIES

if TYPE_CHECKING:
    from kg_builder.export import GraphSource

__all__ = ["write_nodes", "write_relationships"]

_NOT_IN_LIST = re.compile(f";|{NOT_SCALAR.pattern}")


def write_nodes(store: GraphSource, file: TextIO) -> int:
    """Writes the nodes; gives 0, for it writes no edges."""
    writer = csv.writer(file, lineterminator="\n")
    values = [f"{key}:double" if key == "value_number" else key for key in VALUE_PROPERTIES]
    writer.writerow(("id:ID", "name", "type", "aliases:string[]", "mentions:long", *values, ":LABEL"))
    for entity in store.entities():
        labels = ("Entity", type_label(entity.type))
        texts = (_value(entity.id), _value(entity.name), _value(entity.type))
        has = entity.value.properties() if entity.value is not None else {}
        value = (_value(str(has[key])) if key in has else "" for key in VALUE_PROPERTIES)
        writer.writerow((*texts, _list(entity.aliases), entity.mentions, *value, _list(labels)))
    return 0


def write_relationships(store: GraphSource, file: TextIO) -> int:
    """Writes the relationships."""
    writer = csv.writer(file, lineterminator="\n")
    times = ("valid_from", "valid_to")
    writer.writerow((":START_ID", ":END_ID", ":TYPE", "relation", "support:long", "confidence:double", *times))
    count = 0
    for edge in store.edges(with_evidence=False):
        texts = (_value(edge.head.id), _value(edge.tail.id), _value(edge.type), _value(edge.relation))
        span = (edge.valid_from or "", edge.valid_to or "")
        writer.writerow((*texts, edge.support, repr(edge.confidence), *span))
        count += 1
    return count


def _value(text: str) -> str:
    return hex_escape(text, NOT_SCALAR)


def _list(items: tuple[str, ...]) -> str:
    return ";".join(hex_escape(item, _NOT_IN_LIST) for item in items)
