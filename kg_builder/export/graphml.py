"""GraphML: entities and edges with their types and properties, parallel edges kept.

What XML cannot hold is written as ``_xHHHH_`` (see `kg_builder.export.hex_escape`); aliases are a JSON list in a
string, since GraphML has no lists. Evidence is left to the formats that have room for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO
from xml.sax.saxutils import escape, quoteattr

from kg_builder.export.hex_escape import NOT_XML, hex_escape
from kg_builder.export.jsonl import to_json
from kg_builder.store.records import StoredEdge, StoredEntity
from kg_builder.types import digest
from kg_builder.values import VALUE_PROPERTIES

if TYPE_CHECKING:
    from kg_builder.export import GraphSource

__all__ = ["write_graphml"]

# (id of the key, what it belongs to, name of the property, type)
_KEYS = (
    ("name", "node", "name", "string"),
    ("type", "node", "type", "string"),
    ("aliases", "node", "aliases", "string"),
    ("mentions", "node", "mentions", "long"),
    *((key, "node", key, "double" if key == "value_number" else "string") for key in VALUE_PROPERTIES),
    ("relationship", "edge", "type", "string"),
    ("relation", "edge", "relation", "string"),
    ("support", "edge", "support", "long"),
    ("confidence", "edge", "confidence", "double"),
    ("valid_from", "edge", "valid_from", "string"),
    ("valid_to", "edge", "valid_to", "string"),
)


def write_graphml(store: GraphSource, file: TextIO) -> int:
    """Writes one directed graph; every edge carries an id, by which networkx tells parallel edges apart."""
    file.write(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">\n'
    )
    for key, kind, name, type in _KEYS:
        file.write(f'<key id="{key}" for="{kind}" attr.name="{name}" attr.type="{type}"/>\n')
    file.write('<graph id="G" edgedefault="directed">\n')
    for entity in store.entities():
        file.write(_node(entity))
    count = 0
    for edge in store.edges(with_evidence=False):
        file.write(_edge(edge))
        count += 1
    file.write("</graph>\n</graphml>\n")
    return count


def _node(entity: StoredEntity) -> str:
    return (
        f"<node id={_attribute(entity.id)}>{_data('name', entity.name)}{_data('type', entity.type)}"
        f"{_data('aliases', to_json(list(entity.aliases)))}{_data('mentions', str(entity.mentions))}"
        f"{_value(entity)}</node>\n"
    )


def _edge(edge: StoredEdge) -> str:
    id = digest("edge", edge.head.id, edge.relation, edge.tail.id)
    return (
        f'<edge id="{id}" source={_attribute(edge.head.id)} target={_attribute(edge.tail.id)}>'
        f"{_data('relationship', edge.type)}{_data('relation', edge.relation)}"
        f"{_data('support', str(edge.support))}{_data('confidence', repr(edge.confidence))}"
        f"{_data('valid_from', edge.valid_from) if edge.valid_from else ''}"
        f"{_data('valid_to', edge.valid_to) if edge.valid_to else ''}</edge>\n"
    )


def _value(entity: StoredEntity) -> str:
    properties = entity.value.properties() if entity.value is not None else {}
    return "".join(_data(key, str(value)) for key, value in properties.items())


def _data(key: str, text: str) -> str:
    # A bare carriage return would reach the reader as a line feed (XML 1.0, section 2.11); a reference survives.
    content = escape(hex_escape(text, NOT_XML), {"\r": "&#13;"})
    return f'<data key="{key}">{content}</data>'


def _attribute(text: str) -> str:
    return quoteattr(hex_escape(text, NOT_XML))
