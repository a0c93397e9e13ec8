"""Everything that is read from the graph."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any

from kg_builder.store import cypher
from kg_builder.store.connection import Connection
from kg_builder.store.naming import fold, relation_type
from kg_builder.store.records import (
    Counts,
    End,
    GraphEdge,
    StoredDocument,
    StoredEdge,
    StoredEntity,
    StoredEvidence,
    StoredSegment,
)
from kg_builder.store.rows import edge_key
from kg_builder.store.sorting import in_order
from kg_builder.store.tokens import Tokens
from kg_builder.types import Qualifier
from kg_builder.values import VALUE_PROPERTIES, Value

__all__ = ["Reader"]

_SLICE = 2000  # nodes that one statement should give, about: no statement runs long, whatever the size of the graph
_EVIDENCE_EDGES = 200


class Reader:
    """Reads of one connection, as records."""

    def __init__(self, connection: Connection, tokens: Tokens) -> None:
        self._connection = connection
        self._tokens = tokens
        self._read = connection.read

    # ------------------------------------------------------------ documents
    def document(self, document_id: str) -> StoredDocument | None:
        """One document by id."""
        rows = self._read(cypher.DOCUMENT, id=document_id)
        return _document(rows[0]["d"]) if rows else None

    def documents(self) -> Iterator[StoredDocument]:
        """All documents by uri."""
        found = (_document(row["d"]) for row in self.sliced(cypher.DOCUMENTS, cypher.COUNT_DOCUMENTS))
        return in_order((((each.uri,), each) for each in found), width=1)

    def uris(self, prefix: str) -> list[str]:
        """The uris of all documents that begin so, sorted."""
        return sorted(row["uri"] for row in self._read(cypher.URIS, prefix=prefix))

    def places(self, names: Iterable[str]) -> dict[str, str]:
        """The entity of each name, both by id; names that are not there are left out."""
        rows = self._read(cypher.PLACES, ids=sorted(set(names)))
        return {row["name"]: row["entity"] for row in rows}

    def segments(self, document_id: str, uri: str) -> list[StoredSegment]:
        """The segments of a document in reading order."""
        rows = self._read(cypher.SEGMENTS, id=document_id)
        found = [_segment(r, uri) for r in rows]
        return sorted(found, key=lambda segment: (segment.index, segment.start, segment.id))

    # ------------------------------------------------------------ entities and edges
    def entity(self, entity_id: str) -> StoredEntity | None:
        """One entity by id."""
        rows = self._read(cypher.ENTITIES_BY_ID, ids=[entity_id])
        return entity_of(rows[0]) if rows else None

    def entities_by_id(self, ids: Iterable[str]) -> list[StoredEntity]:
        """Those that exist, sorted by name, type and id."""
        found = [entity_of(row) for row in self._read(cypher.ENTITIES_BY_ID, ids=sorted(set(ids)))]
        return sorted(found, key=lambda each: (each.name, each.type, each.id))

    def entities(self, type_: str | None) -> Iterator[StoredEntity]:
        """All entities (of a type) by name, type and id."""
        rows = self.sliced(cypher.ENTITIES, cypher.COUNT_ENTITIES)
        found = (entity_of(row) for row in rows if type_ is None or row["type"] == type_)
        return in_order((((each.name, each.type, each.id), each) for each in found), width=3)

    def graph_edges(self) -> Iterator[GraphEdge]:
        """All edges, by their ends' ids, in no particular order."""
        for row in self.sliced(cypher.FACTS, cypher.COUNT_ENTITIES):
            yield graph_edge(row)

    def facts_of(self, relations: Sequence[str], *, end: End = "head") -> Iterator[list[tuple[str, str, Any]]]:
        """The edges of some relations, portion by portion: all those that have one entity at that end are in one."""
        nodes = self._read(cypher.COUNT_ENTITIES)[0]["n"]
        types = self._tokens.possible(relations)
        ends = [("head", "tail"), ("tail", "head")]
        wanted = [(near, far) for near, far in ends if end in (near, "either")]
        for low, high in id_slices(nodes // _SLICE + 1):
            found = []
            for near, far in wanted:
                statement = cypher.facts_of(types, by_tail=near == "tail")
                rows = self._read(statement, low=low, high=high, relations=list(relations))
                found += [(row[near], row[far], row) for row in rows]
            yield found

    def edges(self, *, with_evidence: bool) -> Iterator[StoredEdge]:
        """All edges by head's name, relation, tail's name and ids; evidence by document and place."""
        rows = self.sliced(cypher.FACTS_WITH_ENDS, cypher.COUNT_ENTITIES)
        keyed = (
            ((r["head_name"], r["relation"], r["tail_name"], r["head"], r["tail"]), tuple(r.values())) for r in rows
        )
        names = (
            "head",
            "head_name",
            "relation",
            "support",
            "confidence",
            "tail",
            "tail_name",
            "valid_from",
            "valid_to",
        )
        ordered = (dict(zip(names, values, strict=True)) for values in in_order(keyed, width=5))
        while portion := list(islice(ordered, _EVIDENCE_EDGES)):
            ends = {e.id: e for e in self.entities_by_id(x for r in portion for x in (r["head"], r["tail"]))}
            evidence = self._evidence_of(portion) if with_evidence else {}
            for row in portion:
                if row["head"] in ends and row["tail"] in ends:
                    found = evidence.get(edge_key(row["head"], row["relation"], row["tail"]), [])
                    yield _edge(row, ends, found)

    def _evidence_of(self, portion: Iterable[dict[str, Any]]) -> dict[str, list[StoredEvidence]]:
        keys = [edge_key(row["head"], row["relation"], row["tail"]) for row in portion]
        found: dict[str, list[StoredEvidence]] = {}
        for row in self._read(cypher.EVIDENCE, keys=keys):
            found.setdefault(row["edge"], []).append(evidence_of(row))
        return {key: sorted(each, key=place) for key, each in found.items()}

    def evidence(self, head_id: str, relation: str, tail_id: str, limit: int) -> list[StoredEvidence]:
        """What supports an edge, the surest first."""
        keys = [edge_key(head_id, relation, tail_id)]
        found = [evidence_of(row) for row in self._read(cypher.EVIDENCE_LIMITED, keys=keys, limit=limit)]
        return sorted(found, key=lambda each: (-each.confidence, place(each)))

    def statements(self, entity_id: str, limit: int) -> list[StoredEvidence]:
        """All that is said of an entity, facts or not, by document and place."""
        rows = self._read(cypher.STATEMENTS, id=entity_id, limit=limit)
        return sorted({evidence_of(row) for row in rows}, key=place)[:limit]

    # ------------------------------------------------------------ search and counts
    def search(self, text: str, type_: str | None, limit: int) -> list[StoredEntity]:
        """Entities by a name, an alias or a part of one: equal first, then by beginning, then the rest, by mentions."""
        wanted = fold(text)
        if not wanted or limit < 1:
            return []
        rows: dict[str, Any] = {}
        for rank, statements in enumerate(cypher.SEARCHES):
            for statement in statements:
                found = self._read(statement, text=wanted, type=type_, limit=limit)
                rows.update((row["id"], row) for row in found)
            if sum(1 for row in rows.values() if _rank(row, wanted) <= rank) >= limit:
                break
        best = sorted(rows.values(), key=lambda r: (_rank(r, wanted), -r["mentions"], r["name"], r["id"]))
        return [entity_of(row) for row in best[:limit]]

    def counts(self) -> Counts:
        """How much the store holds."""
        states: dict[str, int] = {}
        for row in self._read(cypher.COUNT_BY_STATE):
            state = "failed" if row["state"] == "writing" else row["state"]
            states[state] = states.get(state, 0) + row["n"]
        one = {name: self._read(statement)[0]["n"] for name, statement in cypher.COUNTS.items()}
        edges = self._count_edges(one)
        return Counts(
            documents=sum(states.values()), edges=edges, documents_by_state=dict(sorted(states.items())), **one
        )

    def _count_edges(self, nodes: Mapping[str, int]) -> int:
        """How many facts there are, without looking at any where the server keeps the numbers of its types."""
        if not self._connection.has_functions:
            count: int = self._read(cypher.COUNT_EDGES)[0]["n"]
            return count
        by_type = {row["name"]: row["records"] for row in _rows(self._read(cypher.RECORDS))}
        ties: int = sum(nodes[what] for type_, what in cypher.TIES.items() if type_ in by_type)
        all_: int = sum(n for type_, n in by_type.items() if type_ not in cypher.OTHER_TIES)
        return all_ - ties

    def types(self) -> list[tuple[str, int]]:
        """Types of entities with how many there are, most frequent first."""
        rows = [(row["type"], row["n"]) for row in self._read(cypher.COUNT_BY_TYPE)]
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def left_out(self) -> dict[str, int]:
        """How many statements were held back in all documents, by reason."""
        total: Counter[str] = Counter()
        for row in self._read(cypher.LEFT_OUT):
            total.update(json.loads(row["left_out"]))
        return dict(sorted(total.items()))

    def relations(self) -> list[tuple[str, str, int]]:
        """Relations with their relationship types and how many edges there are, most frequent first."""
        total: dict[str, int] = {}
        for row in self._relations_by_type() if self._connection.has_functions else self._relations_by_head():
            total[row["relation"]] = total.get(row["relation"], 0) + row["n"]
        rows = [(relation, relation_type(relation), n) for relation, n in total.items()]
        return sorted(rows, key=lambda row: (-row[2], row[0]))

    def _relations_by_head(self) -> Iterator[Any]:
        return self.sliced(cypher.COUNT_BY_RELATION, cypher.COUNT_ENTITIES)

    def _relations_by_type(self) -> Iterator[Any]:
        types = [row["name"] for row in _rows(self._read(cypher.RECORDS)) if row["records"]]
        wanted = sorted(set(types) - cypher.OTHER_TIES)
        yield from (row for row in _rows(self._read(cypher.RELATIONS_OF_TYPES, types=wanted)) if row["relation"])

    def sliced(self, statement: str, count: str) -> Iterator[Any]:
        """The rows of a statement on all nodes of a label, asked for a slice of their ids at a time."""
        for rows in self.slices(statement, count):
            yield from rows

    def slices(self, statement: str, count: str) -> Iterator[list[Any]]:
        """The same, slice by slice; `count` is the statement that counts the nodes."""
        nodes = self._read(count)[0]["n"]
        for low, high in id_slices(nodes // _SLICE + 1):
            yield self._read(statement, low=low, high=high)


def id_slices(count: int) -> Iterator[tuple[str, str]]:
    """`count` ranges of ids that together hold them all: ids are digests, evenly spread hexadecimal numbers."""
    bounds = ["", *(f"{(i << 32) // count:08x}" for i in range(1, count)), "g"]
    return pairwise(bounds)


def _rows(told: Any) -> list[Any]:
    """The rows that calls of a function of the embedded server gave: of a single one it makes no list."""
    found = (each["found"] for each in told)
    return [row for rows in found for row in (rows if isinstance(rows, list) else [rows] if rows else [])]


def _rank(row: Any, wanted: str) -> int:
    """How well an entity answers a search: 0 equal, 1 begins so, 2 holds it."""
    names = row["search"].split("\n")[1:]
    if wanted in names:
        return 0
    return 1 if any(name.startswith(wanted) for name in names) else 2


def place(each: StoredEvidence) -> tuple[Any, ...]:
    """The order of evidence: by document, then as one reads."""
    return (each.document_uri, each.segment_index, each.head_start, each.tail_start, each.extraction_id)


def _document(properties: dict[str, Any]) -> StoredDocument:
    p = dict(properties)
    if p.get("state") == "writing":
        p["state"], p["reason"] = "failed", "interrupted"
        p["detail"] = "writing was interrupted; ingest it again"
    return StoredDocument(
        id=p["id"],
        uri=p.get("uri", ""),
        sha256=p.get("sha256", ""),
        title=p.get("title", ""),
        language=p.get("language", "other"),
        state=p.get("state", "failed"),
        ingested_at=p.get("ingested_at", ""),
        size_bytes=p.get("size_bytes", 0),
        segments=p.get("segments", 0),
        extractions=p.get("extractions", 0),
        quarantined=p.get("quarantined", 0),
        reason=p.get("reason", ""),
        detail=p.get("detail", ""),
        recipe=p.get("recipe", ""),
        left_out=json.loads(p.get("left_out") or "{}"),
    )


def _segment(row: Any, uri: str) -> StoredSegment:
    return StoredSegment(
        *(row["id"], uri, row["index"], row["start"], row["end"], row["page"], row["text"]),
        section=row["section"] or "",
    )


def entity_of(row: Any) -> StoredEntity:
    """An entity from a row of `cypher.ENTITY`."""
    value = Value(*(row[key] for key in VALUE_PROPERTIES)) if row["value_kind"] else None
    return StoredEntity(row["id"], row["name"], row["type"], tuple(row["aliases"] or ()), row["mentions"], value)


def graph_edge(row: Any) -> GraphEdge:
    """An edge from a row of `cypher.FACT`."""
    relation = row["relation"]
    return GraphEdge(
        row["head"],
        relation,
        relation_type(relation),
        row["tail"],
        row["support"],
        row["confidence"],
        row["valid_from"],
        row["valid_to"],
    )


def _edge(row: dict[str, Any], ends: dict[str, StoredEntity], evidence: Sequence[StoredEvidence]) -> StoredEdge:
    return StoredEdge(
        head=ends[row["head"]],
        relation=row["relation"],
        type=relation_type(row["relation"]),
        tail=ends[row["tail"]],
        support=row["support"],
        confidence=row["confidence"],
        evidence=tuple(evidence),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )


def evidence_of(row: Any) -> StoredEvidence:
    """Evidence from a row with an extraction, its segment and its document."""
    x, s = row["x"], row["s"]
    return StoredEvidence(
        extraction_id=x["id"],
        document_uri=row["uri"],
        document_title=row["title"],
        segment_id=s["id"],
        segment_index=s["index"],
        segment_start=s["start"],
        segment_end=s["end"],
        page=s.get("page"),
        text=s["text"],
        head=x["head"],
        head_start=x["head_start"],
        head_end=x["head_end"],
        relation=x["surface"],
        relation_start=x.get("relation_start"),
        relation_end=x.get("relation_end"),
        tail=x["tail"],
        tail_start=x["tail_start"],
        tail_end=x["tail_end"],
        confidence=x["confidence"],
        polarity=x["polarity"],
        modality=x["modality"],
        extractor=x["extractor"],
        qualifiers=tuple(Qualifier(**each) for each in json.loads(x.get("qualifiers") or "[]")),
        valid_from=x.get("valid_from"),
        valid_to=x.get("valid_to"),
        review=x.get("review") or "",
        decision=x.get("decision") or "",
        head_type=x.get("head_type") or "",
        tail_type=x.get("tail_type") or "",
    )
