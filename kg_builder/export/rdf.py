"""Turtle and JSON-LD: the same RDF 1.1 statements in two notations.

Every fact is one triple, and a ``rdf:Statement`` that carries its support, confidence and evidence. IRIs come from ids
(``urn:kg:entity:ID``) and from percent-encoded names (``urn:kg:relation/work%20for``). Names written in Han characters
are tagged ``@zh``; others have no tag, since their language cannot be told from a name. Characters that no
``xsd:string`` can hold are written as ``_xHHHH_`` (see `kg_builder.export.hex_escape`).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO
from urllib.parse import quote

from kg_builder.export.hex_escape import NOT_XML, hex_escape
from kg_builder.export.jsonl import to_json
from kg_builder.store.records import StoredEdge, StoredEntity, StoredEvidence
from kg_builder.types import digest

if TYPE_CHECKING:
    from kg_builder.export import GraphSource

__all__ = ["PREFIXES", "write_jsonld", "write_turtle"]

PREFIXES = {
    "dcterms": "http://purl.org/dc/terms/",
    "kg": "urn:kg:schema/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_KANA_HANGUL = re.compile("[\u3040-\u30ff\u1100-\u11ff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class _Iri:
    """A resource: a whole IRI, or a prefixed name such as ``kg:support``."""

    value: str


@dataclass(frozen=True, slots=True)
class _Literal:
    """A value: text, with a language or a datatype where it has one."""

    text: str
    language: str = ""
    datatype: str = ""


_Value = _Iri | _Literal | int


@dataclass(slots=True)
class _Resource:
    """A subject with its predicates (prefixed names or IRIs) and values."""

    iri: str
    types: tuple[str, ...]
    properties: list[tuple[str, _Value]] = field(default_factory=list)


class _Recent:
    """Remembers what was described lately, in bounded memory: describing something twice is harmless in RDF, a set."""

    def __init__(self, size: int = 50_000) -> None:
        self._size = size
        self._seen: OrderedDict[str, None] = OrderedDict()

    def first(self, key: str) -> bool:
        """True where `key` was not met lately."""
        if key in self._seen:
            return False
        if len(self._seen) >= self._size:
            self._seen.popitem(last=False)
        self._seen[key] = None
        return True


def write_turtle(store: GraphSource, file: TextIO) -> int:
    """Writes Turtle, a block for each resource."""
    for prefix, namespace in PREFIXES.items():
        file.write(f"@prefix {prefix}: <{namespace}> .\n")
    return _write(store, lambda resource: file.write("\n" + _to_turtle(resource)))


def write_jsonld(store: GraphSource, file: TextIO) -> int:
    """Writes JSON-LD 1.1 with its context inside, a line for each resource."""
    file.write('{"@context":' + to_json(PREFIXES) + ',\n"@graph":[')
    separators = iter(("\n",))
    count = _write(store, lambda resource: file.write(next(separators, ",\n") + _to_jsonld(resource)))
    file.write("\n]}\n")
    return count


def _write(store: GraphSource, emit: Callable[[_Resource], object]) -> int:
    described = _Recent()
    for entity in store.entities():
        emit(_entity(entity))
        if described.first(_type_iri(entity.type)):
            emit(_Resource(_type_iri(entity.type), ("rdfs:Class",), [("rdfs:label", _label(entity.type))]))
    count = 0
    for edge in store.edges():
        for resource in _fact(edge, described):
            emit(resource)
        count += 1
    return count


def _entity(entity: StoredEntity) -> _Resource:
    properties: list[tuple[str, _Value]] = [("rdfs:label", _label(entity.name))]
    properties += [("skos:altLabel", _label(alias)) for alias in entity.aliases]
    properties.append(("kg:mentions", entity.mentions))
    for key, value in (entity.value.properties() if entity.value is not None else {}).items():
        name = "kg:value" + key.removeprefix("value_").title()
        properties.append((name, _double(value) if isinstance(value, float) else _text(value)))
    return _Resource(_entity_iri(entity.id), ("kg:Entity", _type_iri(entity.type)), properties)


def _fact(edge: StoredEdge, described: _Recent) -> Iterator[_Resource]:
    head, tail, relation = _entity_iri(edge.head.id), _entity_iri(edge.tail.id), _named_iri("relation", edge.relation)
    if described.first(relation):
        names: list[tuple[str, _Value]] = [("rdfs:label", _label(edge.relation))]
        yield _Resource(relation, ("rdf:Property",), [*names, ("kg:relationshipType", _text(edge.type))])
    yield _Resource(head, (), [(relation, _Iri(tail))])
    properties: list[tuple[str, _Value]] = [
        ("rdf:subject", _Iri(head)),
        ("rdf:predicate", _Iri(relation)),
        ("rdf:object", _Iri(tail)),
        ("kg:support", edge.support),
        ("kg:confidence", _double(edge.confidence)),
        *_times(edge.valid_from, edge.valid_to),
    ]
    properties += [("kg:evidence", _Iri(_extraction_iri(one))) for one in edge.evidence]
    fact = "urn:kg:fact:" + digest("edge", edge.head.id, edge.relation, edge.tail.id)
    yield _Resource(fact, ("rdf:Statement",), properties)
    for one in edge.evidence:
        yield from _evidence(one, described)


def _times(valid_from: str | None, valid_to: str | None) -> list[tuple[str, _Value]]:
    days = (("kg:validFrom", valid_from), ("kg:validTo", valid_to))
    return [(name, _Literal(day, datatype="xsd:date")) for name, day in days if day]


def _evidence(one: StoredEvidence, described: _Recent) -> Iterator[_Resource]:
    document = "urn:kg:document:" + digest("document", one.document_uri)
    segment = "urn:kg:segment:" + quote(one.segment_id, safe="")
    if described.first(document):
        title: list[tuple[str, _Value]] = [("dcterms:title", _label(one.document_title))]
        yield _Resource(document, ("kg:Document",), [*title, ("dcterms:identifier", _text(one.document_uri))])
    if described.first(segment):
        place: list[tuple[str, _Value]] = [
            ("dcterms:isPartOf", _Iri(document)),
            ("kg:text", _text(one.text)),
            ("kg:start", one.segment_start),
            ("kg:end", one.segment_end),
        ]
        if one.page is not None:
            place.append(("kg:page", one.page))
        yield _Resource(segment, ("kg:Segment",), place)
    yield _extraction(one, segment)


def _extraction(one: StoredEvidence, segment: str) -> _Resource:
    spans = (
        ("head", one.head, one.head_start, one.head_end),
        ("relation", one.relation, one.relation_start, one.relation_end),
        ("tail", one.tail, one.tail_start, one.tail_end),
    )
    properties: list[tuple[str, _Value]] = [("kg:segment", _Iri(segment))]
    for role, surface, start, end in spans:
        properties.append((f"kg:{role}Surface", _text(surface)))
        if start is not None and end is not None:
            properties += [(f"kg:{role}Start", start), (f"kg:{role}End", end)]
    properties += [("kg:confidence", _double(one.confidence)), ("kg:extractor", _text(one.extractor))]
    properties += _times(one.valid_from, one.valid_to)
    for qualifier in one.qualifiers:
        properties.append((_named_iri("qualifier", qualifier.role), _text(qualifier.text)))
    return _Resource(_extraction_iri(one), ("kg:Extraction",), properties)


def _entity_iri(id: str) -> str:
    return "urn:kg:entity:" + quote(id, safe="")


def _extraction_iri(one: StoredEvidence) -> str:
    return "urn:kg:extraction:" + quote(one.extraction_id, safe="")


def _type_iri(type: str) -> str:
    return _named_iri("type", type)


def _named_iri(kind: str, name: str) -> str:
    return f"urn:kg:{kind}/" + quote(name, safe="", errors="surrogatepass")


def _text(text: str) -> _Literal:
    return _Literal(hex_escape(text, NOT_XML))


def _label(text: str) -> _Literal:
    chinese = _HAN.search(text) and not _KANA_HANGUL.search(text)
    return _Literal(hex_escape(text, NOT_XML), language="zh" if chinese else "")


def _double(number: float) -> _Literal:
    return _Literal(repr(number), datatype="xsd:double")


# --- Turtle

_TURTLE_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def _to_turtle(resource: _Resource) -> str:
    pairs = [("a", _turtle_iri(type)) for type in resource.types]
    pairs += [(_turtle_iri(name), _turtle_value(value)) for name, value in resource.properties]
    return f"{_turtle_iri(resource.iri)} " + " ;\n    ".join(f"{name} {value}" for name, value in pairs) + " .\n"


def _turtle_iri(iri: str) -> str:
    return iri if iri.partition(":")[0] in PREFIXES else f"<{iri}>"


def _turtle_value(value: _Value) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, _Iri):
        return _turtle_iri(value.value)
    literal = f'"{value.text.translate(_TURTLE_ESCAPES)}"'
    if value.language:
        return f"{literal}@{value.language}"
    return f"{literal}^^{value.datatype}" if value.datatype else literal


# --- JSON-LD


def _to_jsonld(resource: _Resource) -> str:
    node: dict[str, object] = {"@id": resource.iri}
    if resource.types:
        node["@type"] = list(resource.types)
    grouped: dict[str, list[object]] = {}
    for name, value in resource.properties:
        grouped.setdefault(name, []).append(_jsonld_value(value))
    return to_json(node | {name: values[0] if len(values) == 1 else values for name, values in grouped.items()})


def _jsonld_value(value: _Value) -> object:
    if isinstance(value, int):
        return value
    if isinstance(value, _Iri):
        return {"@id": value.value}
    if value.language:
        return {"@value": value.text, "@language": value.language}
    return {"@value": value.text, "@type": value.datatype} if value.datatype else value.text
