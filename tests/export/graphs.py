"""Graphs with hostile names, in the words of a store, and how what was exported is compared with them."""

import csv
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rdflib

from kg_builder.export.hex_escape import hex_unescape
from kg_builder.store import StoredEdge, StoredEntity, StoredEvidence
from kg_builder.types import (
    Qualifier,
    digest,
)

HOSTILE = [
    "Ada Lovelace",
    "back`tick``s",
    "double \"quotes\" and 'single'",
    "back\\slash\\",
    "ends with a backslash\\",
    "\\u0027 OR 1=1 //",
    "line\nbreak\r\nand return\rand tab\t.",
    "NUL \x00 bell \x07 escape \x1b delete \x7f",
    "next line \x85 separators \u2028 \u2029 BOM \ufeff",
    "</node><script>alert(1)</script> & ]]> <!-- -->",
    "'}) DETACH DELETE n //",
    "北京大学",
    "東京タワー",
    "上海 University",
    "👩‍🚀 emoji 🚀",
    "עברית \u202eRTL\u202c العربية",
    "=cmd|' /C calc'!A0",
    "semi;colon,comma|pipe",
    "_x0041_ literally",
    "\ufffe not a character \uffff",
    "lone \ud800 surrogate",
    "  spaces  ",
    "${jndi} %s %(x)s {0}",
    "é vs e\u0301",
]


class Graph:
    """Entities and edges in the words of a store."""

    def __init__(self, entities: list[StoredEntity], edges: list[StoredEdge]) -> None:
        self._entities, self._edges = entities, edges

    def entities(self, *, type: str | None = None) -> Iterator[StoredEntity]:
        return (entity for entity in self._entities if type in (None, entity.type))

    def edges(self, *, with_evidence: bool = True) -> Iterator[StoredEdge]:
        return iter(self._edges)


def entity(name: str, type: str = "Person", aliases: tuple[str, ...] = ()) -> StoredEntity:
    return StoredEntity(digest("name", name, type), name, type, aliases, mentions=3)


def evidence(head: str, relation: str, tail: str) -> StoredEvidence:
    text = f"Before. {head} {relation} {tail}. After."
    start, relation_start = 100 + text.index(head), 100 + len("Before. ") + len(head) + 1
    tail_start = relation_start + len(relation) + 1
    return StoredEvidence(
        extraction_id=digest("extraction", head, relation, tail),
        document_uri=f"file:///a folder/{head}.txt",
        document_title=f"On {head}",
        segment_id=digest("segment", text),
        segment_index=2,
        segment_start=100,
        segment_end=100 + len(text),
        page=4,
        text=text,
        head=head,
        head_start=start,
        head_end=start + len(head),
        relation=relation,
        relation_start=relation_start,
        relation_end=relation_start + len(relation),
        tail=tail,
        tail_start=tail_start,
        tail_end=tail_start + len(tail),
        confidence=0.875,
        polarity="positive",
        modality="asserted",
        extractor="open_ie",
        qualifiers=(Qualifier("time", "in 1843", 5, 12),),
    )


def hostile_graph() -> Graph:
    """Every hostile name as a name, an alias and a relation; parallel edges, a loop, an entity without edges."""
    people = [entity(name, aliases=(f"{name} 2", name[::-1])) for name in HOSTILE]
    extra = [entity("Acme; Inc.", "Company;Ltd`"), entity("nobody knows me")]
    edges = [
        StoredEdge(head, relation, f"T_{number}", tail, 1, 1.0, (evidence(head.name, relation, tail.name),))
        for number, (head, relation, tail) in enumerate(
            zip(people, reversed(HOSTILE), [*people[1:], people[0]], strict=True)
        )
    ]
    twice = (evidence("Ada Lovelace", "works for", "Acme; Inc."), evidence("Ada", "works for", "Acme"))
    edges.append(StoredEdge(people[0], "works for", "WORKS_FOR", extra[0], 2, 0.9375, twice))
    edges.append(StoredEdge(people[0], "创办", "创办", extra[0], 1, 0.5, twice[:1]))
    edges.append(StoredEdge(people[0], "knows", "KNOWS", people[0], 1, 1e-7, ()))
    return Graph(people + extra, edges)


def described(graph: Graph) -> dict[str, tuple[str, str, list[str], int]]:
    return {one.id: (one.name, one.type, list(one.aliases), one.mentions) for one in graph.entities()}


def facts(graph: Graph) -> set[tuple[str, str, str, str, int, float]]:
    return {(e.head.id, e.relation, e.type, e.tail.id, e.support, e.confidence) for e in graph.edges()}


def restored(value: Any) -> Any:
    if isinstance(value, list):
        return [hex_unescape(one) for one in value]
    return hex_unescape(value) if isinstance(value, str) else value


KG = rdflib.Namespace("urn:kg:schema/")


def parse_rdf(path: Path, monkeypatch: pytest.MonkeyPatch) -> rdflib.Graph:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("RDF must be readable without a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return rdflib.Graph().parse(path, format="turtle" if path.suffix == ".ttl" else "json-ld")


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))
