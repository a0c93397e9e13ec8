"""What the explore page reads from the store, kept until the graph changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from kg_builder.store.records import GraphEdge, StoredEntity, Subgraph
from ui import data
from ui.exploring.state import View
from ui.graph import Packed, pack, subgraph_elements
from ui.i18n import UiLanguage
from ui.session import current_language

__all__ = [
    "EntityDocument",
    "MentionInText",
    "dated_edges",
    "documents_of",
    "drawing",
    "edges_of",
    "mentions_of",
    "part_of",
    "relation_counts",
]

P = ParamSpec("P")
T = TypeVar("T")

_DOCUMENTS = 200
_LONGEST_PATH = 6


def _cached(function: Callable[P, T]) -> Callable[P, T]:
    """As `data.cached`, but fewer answers: drawings are large."""
    kept: Callable[P, T] = st.cache_data(ttl=3600, max_entries=60, show_spinner=False)(function)
    return kept


@_cached
def _part(version: str, values: tuple[Any, ...]) -> Subgraph:
    view = View(*values)
    store = data.store()
    filters: dict[str, Any] = {
        "min_confidence": view.confidence,
        "relations": list(view.relations) or None,
        "without": list(view.without) or None,
        "types": list(view.types) or None,
        "since": view.since or None,
        "until": view.until or None,
    }
    if not view.entities:
        return store.most_mentioned(entities=view.sample, limit=3 * view.sample, **filters)
    around = list(view.entities)
    parts = []
    if view.to:
        parts.append(store.path(around[0], view.to, max_length=_LONGEST_PATH))
        around = around[1:]
    if around:
        parts.append(
            store.neighbourhood(
                around,
                depth=view.depth,
                limit=min(view.most * len(around), 30_000),
                documents=list(view.documents) or None,
                **filters,
            )
        )
    return _together(parts)


def _together(parts: Iterable[Subgraph]) -> Subgraph:
    entities: dict[str, StoredEntity] = {}
    edges: dict[tuple[str, str, str], GraphEdge] = {}
    truncated = sampled = False
    for part in parts:
        entities.update((entity.id, entity) for entity in part.entities)
        edges.update(((edge.head_id, edge.relation, edge.tail_id), edge) for edge in part.edges)
        truncated, sampled = truncated or part.truncated, sampled or part.sampled
    return Subgraph(tuple(entities.values()), tuple(edges.values()), truncated, sampled)


def part_of(view: View) -> Subgraph:
    """The part of the graph that a view shows."""
    return _part(data.version(), astuple(view))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A view, ready to draw, and how much it is."""

    packed: Packed
    nodes: int
    edges: int
    truncated: bool
    sampled: bool


@_cached
def _drawing(version: str, values: tuple[Any, ...], language: UiLanguage) -> Drawing:
    view = View(*values)
    part = _part(version, values)
    roots = [*view.entities, view.to] if view.to else list(view.entities)
    nodes, edges = subgraph_elements(part, roots)
    return Drawing(pack(nodes, edges), len(nodes), len(edges), part.truncated, part.sampled)


def drawing(view: View) -> Drawing:
    """What to draw of a view; its words are those of the current language."""
    return _drawing(data.version(), astuple(view), current_language())


# ---------------------------------------------------------------- one entity
@_cached
def _relation_counts(version: str, entity_id: str) -> list[tuple[str, bool, int]]:
    rows: list[tuple[str, bool, int]] = []
    for outgoing, pattern in ((True, "(e)-[f]->(:Entity)"), (False, "(e)<-[f]-(:Entity)")):
        found = data.store().query(
            f"MATCH (e:Entity {{id: $id}}) MATCH {pattern} RETURN f.relation AS relation, count(f) AS n",
            {"id": entity_id},
            max_rows=5000,
        )
        rows += [(relation, outgoing, n) for relation, n in found.rows]
    return sorted(rows, key=lambda row: (-row[2], row[0], not row[1]))


def relation_counts(entity_id: str) -> list[tuple[str, bool, int]]:
    """(relation, whether the entity is the head, number of facts), most frequent first."""
    return _relation_counts(data.version(), entity_id)


@_cached
def _edges_of(version: str, entity_id: str, relations: tuple[str, ...], limit: int) -> Subgraph:
    return data.store().neighbourhood([entity_id], relations=list(relations) or None, limit=limit)


def edges_of(entity_id: str, *, relations: tuple[str, ...] = (), limit: int) -> Subgraph:
    """The entity's facts (of some relations), best supported first."""
    return _edges_of(data.version(), entity_id, relations, limit)


@_cached
def _dated_edges(version: str, entity_id: str, limit: int) -> Subgraph:
    return data.store().neighbourhood([entity_id], since="", limit=limit)  # every day is after no day at all


def dated_edges(entity_id: str, *, limit: int) -> Subgraph:
    """Those of the entity's facts of which the texts say when."""
    return _dated_edges(data.version(), entity_id, limit)


@dataclass(frozen=True, slots=True)
class EntityDocument:
    """A document that mentions an entity, and how often."""

    id: str
    uri: str
    title: str
    mentions: int


@_cached
def _documents_of(version: str, entity_id: str) -> list[EntityDocument]:
    found = data.store().query(
        "MATCH (e:Entity {id: $id})-[m:MENTIONED_IN]->(s:Segment) MATCH (s)-[:PART_OF]->(d:Document) "
        "RETURN d.id AS id, d.uri AS uri, d.title AS title, count(m) AS n ORDER BY n DESC, uri LIMIT $limit",
        {"id": entity_id, "limit": _DOCUMENTS},
    )
    return [EntityDocument(id_, uri, title or "", n) for id_, uri, title, n in found.rows]


def documents_of(entity_id: str) -> list[EntityDocument]:
    """The documents that mention the entity, the most often first."""
    return _documents_of(data.version(), entity_id)


@dataclass(frozen=True, slots=True)
class MentionInText:
    """One mention of an entity with the segment around it; ``start`` and ``end`` count from the segment's start."""

    start: int
    end: int
    text: str
    index: int
    page: int | None
    document_id: str
    document: str


@_cached
def _mentions_of(version: str, entity_id: str, document: str, limit: int) -> list[MentionInText]:
    found = data.store().query(
        "MATCH (e:Entity {id: $id})-[m:MENTIONED_IN]->(s:Segment) MATCH (s)-[:PART_OF]->(d:Document) "
        "WHERE ($document = '' OR d.id = $document) "
        "RETURN m.start AS start, m.end AS end, s.text AS text, s.start AS at, s.index AS index, s.page AS page, "
        "d.id AS document, d.title AS title, d.uri AS uri ORDER BY uri, start LIMIT $limit",
        {"id": entity_id, "document": document, "limit": limit},
    )
    return [
        MentionInText(start - at, end - at, text, index, page, id_, title or uri)
        for start, end, text, at, index, page, id_, title, uri in found.rows
    ]


def mentions_of(entity_id: str, *, document: str = "", limit: int) -> list[MentionInText]:
    """Mentions of the entity in the order of the texts (of one document)."""
    return _mentions_of(data.version(), entity_id, document, limit)
