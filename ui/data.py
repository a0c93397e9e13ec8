"""What the pages read from the store, cached until the graph changes.

Every answer is kept under the version of the graph, which each write raises, so that new data shows at once and nothing
is asked twice. The version itself is looked up at most once a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import streamlit as st

from kg_builder.store.reading import evidence_of, place
from kg_builder.store.records import (
    Counts,
    QueryResult,
    StoredDocument,
    StoredEntity,
    StoredEvidence,
    StoredSegment,
    Subgraph,
)
from ui import connecting

if TYPE_CHECKING:
    from kg_builder.store import GraphStore

P = ParamSpec("P")
T = TypeVar("T")

SAMPLED_EDGES = 50_000
"""The edges that are sorted by their support at most: all of a large graph would take seconds."""

_MOST_STATEMENTS = 5000
_KEEP_S = 3600


def _cached(function: Callable[P, T]) -> Callable[P, T]:
    """Keep the function's answers; its first argument is the graph's version."""
    kept: Callable[P, T] = st.cache_data(ttl=_KEEP_S, max_entries=200, show_spinner=False)(function)
    return kept


cached = _cached
"""The same for modules that read more from the store: `cached(function)(version(), ...)`."""


def _kept_open(function: Callable[P, T]) -> Callable[P, T]:
    """Make the function's result once for the whole server process."""
    kept: Callable[P, T] = st.cache_resource(show_spinner=False)(function)
    return kept


@_kept_open
def store() -> GraphStore:
    """The one connection of this server process, for reading only. Raises StoreError where there is no store."""
    return connecting.open_current(read_only=True)


@_kept_open
def writable_store() -> GraphStore:
    """A connection that may write: for decisions of the review page, unless the server was started read-only, and for
    statements of the query page where `writes_allowed`.
    """
    return connecting.open_current(read_only=False)


def writes_allowed() -> bool:
    """True where the server was started with leave to write."""
    return os.environ.get("KGUI_ALLOW_WRITES") == "1"


def forget() -> None:
    """Drop every cached answer and the connection itself, after the store went away."""
    st.cache_data.clear()
    st.cache_resource.clear()


def changed() -> None:
    """Have the next look at the graph's version be a new one: after something was written."""
    _version.clear()


def version() -> str:
    """A text that changes when the graph does, or another store is shown; looked up again after a second."""
    looked_up: str = _version(connecting.current_uri())
    return looked_up


@st.cache_data(ttl=1, show_spinner=False)  # type: ignore[untyped-decorator]
def _version(uri: str) -> str:
    rows = store().query("MATCH (s:Store {id: 'graph'}) RETURN s.version AS version", max_rows=1).rows
    return f"{uri} {rows}"


@_cached
def _counts(version: str) -> Counts:
    return store().counts()


def counts() -> Counts:
    """How much the store holds."""
    return _counts(version())


@_cached
def _documents(version: str) -> list[StoredDocument]:
    return list(store().documents())


def documents() -> list[StoredDocument]:
    """Every document, sorted by uri."""
    return _documents(version())


@_cached
def _types(version: str) -> list[tuple[str, int]]:
    return store().types()


def types() -> list[tuple[str, int]]:
    """Entity types with their number of entities, most frequent first."""
    return _types(version())


@_cached
def _relations(version: str) -> list[tuple[str, str, int]]:
    return store().relations()


def relations() -> list[tuple[str, str, int]]:
    """(relation, type in Cypher, number of edges), most frequent first."""
    return _relations(version())


@_cached
def _top_entities(version: str, limit: int, without: str) -> list[StoredEntity]:
    found = store().query(
        "MATCH (e:Entity) WHERE e.type <> $without "
        "RETURN e.id, e.name, e.type, e.mentions ORDER BY e.mentions DESC, e.name LIMIT $limit",
        {"limit": limit, "without": without},
    )
    return [StoredEntity(row[0], row[1], row[2], mentions=row[3] or 0) for row in found.rows]


def top_entities(limit: int, *, without: str = "") -> list[StoredEntity]:
    """The most mentioned entities (but for those of one type), without their aliases."""
    return _top_entities(version(), limit, without)


@_cached
def _confidence_histogram(version: str, sample: bool) -> list[tuple[int, int]]:
    some = "WHERE x.id < '1' " if sample else ""
    found = store().query(
        f"MATCH (x:Extraction) {some}WITH toInteger(x.confidence * 20) AS bin RETURN bin, count(*) AS n ORDER BY bin",
        max_rows=50,
    )
    merged: dict[int, int] = {}
    for bin_, n in found.rows:
        merged[min(int(bin_), 19)] = merged.get(min(int(bin_), 19), 0) + n
    return sorted(merged.items())


def confidence_histogram(*, sample: bool = False) -> list[tuple[int, int]]:
    """(bin, statements) for twenty bins of 0.05; a confidence of 1 is in the last.

    A `sample` is one statement in sixteen, by its id, which is a digest and so as good as drawn by lot.
    """
    return _confidence_histogram(version(), sample)


@_cached
def _growth(version: str, most: int) -> list[tuple[str, int, int]]:
    statements = 0
    points: dict[str, tuple[int, int]] = {}
    for number, each in enumerate(sorted(documents(), key=lambda document: document.ingested_at), 1):
        statements += each.extractions
        points[each.ingested_at] = number, statements
    moments = list(points)
    step = max(1, -(-len(moments) // most))
    kept = [*moments[step - 1 : -1 : step], *moments[-1:]]
    return [(moment, *points[moment]) for moment in kept]


def growth(*, most: int = 200) -> list[tuple[str, int, int]]:
    """(moment in ISO 8601, documents, statements) that the graph had from then on, as they were last read."""
    return _growth(version(), most)


@dataclass(frozen=True, slots=True)
class TopEdge:
    """An edge with its ends' names, for lists."""

    head_id: str
    head: str
    type: str
    relation: str
    tail_id: str
    tail: str
    support: int
    confidence: float


@_cached
def _top_edges(version: str, limit: int) -> list[TopEdge]:
    found = store().query(
        "MATCH (a:Entity)-[r]->(b:Entity) WITH a, r, b LIMIT $sample WHERE r.support IS NOT NULL "
        "RETURN a.id, a.name, type(r), r.relation, b.id, b.name, r.support, r.confidence "
        "ORDER BY r.support DESC, r.confidence DESC, a.name, b.name LIMIT $limit",
        {"limit": limit, "sample": SAMPLED_EDGES},
    )
    return [TopEdge(*row) for row in found.rows]


def top_edges(limit: int) -> list[TopEdge]:
    """The facts with the most support, of a sample of them where there are more than `SAMPLED_EDGES`."""
    return _top_edges(version(), limit)


@_cached
def _search(version: str, text: str, limit: int) -> list[StoredEntity]:
    return store().search(text, limit=limit)


def search(text: str, *, limit: int = 12) -> list[StoredEntity]:
    """Entities by name or alias, best first."""
    return _search(version(), text, limit)


@_cached
def _entity(version: str, entity_id: str) -> StoredEntity | None:
    return store().entity(entity_id)


def entity(entity_id: str) -> StoredEntity | None:
    """One entity, or None."""
    return _entity(version(), entity_id)


@_cached
def _neighbourhood(
    version: str,
    ids: tuple[str, ...],
    depth: int,
    limit: int,
    min_confidence: float,
    relations: tuple[str, ...],
    types: tuple[str, ...],
) -> Subgraph:
    return store().neighbourhood(
        list(ids),
        depth=depth,
        limit=limit,
        min_confidence=min_confidence,
        relations=list(relations) or None,
        types=list(types) or None,
    )


def neighbourhood(
    ids: tuple[str, ...],
    *,
    depth: int = 1,
    limit: int = 200,
    min_confidence: float = 0.0,
    relations: tuple[str, ...] = (),
    types: tuple[str, ...] = (),
) -> Subgraph:
    """What stands around `ids`."""
    return _neighbourhood(version(), ids, depth, limit, min_confidence, relations, types)


@_cached
def _evidence(version: str, head_id: str, relation: str, tail_id: str, limit: int) -> list[StoredEvidence]:
    return store().evidence(head_id, relation, tail_id, limit=limit)


def evidence(head_id: str, relation: str, tail_id: str, *, limit: int = 50) -> list[StoredEvidence]:
    """The statements behind one edge."""
    return _evidence(version(), head_id, relation, tail_id, limit)


@_cached
def _statements(version: str, entity_id: str, limit: int) -> list[StoredEvidence]:
    return store().statements(entity_id, limit=limit)


def statements(entity_id: str, *, limit: int = 200) -> list[StoredEvidence]:
    """Every statement on an entity, the non-facts too."""
    return _statements(version(), entity_id, limit)


@_cached
def _segments(version: str, uri: str) -> list[StoredSegment]:
    return store().segments(uri)


def segments(uri: str) -> list[StoredSegment]:
    """A document's segments, in order."""
    return _segments(version(), uri)


@_cached
def _segment_statements(version: str, ids: tuple[str, ...]) -> list[StoredEvidence]:
    found = store().query(
        "UNWIND $ids AS id MATCH (s:Segment {id: id})-[:PART_OF]->(d:Document) MATCH (s)<-[:FROM]-(x:Extraction) "
        "RETURN properties(x) AS x, properties(s) AS s, d.uri AS uri, d.title AS title",
        {"ids": list(ids)},
        max_rows=_MOST_STATEMENTS,
    )
    items = [evidence_of(dict(zip(found.columns, row, strict=True))) for row in found.rows]
    return sorted(items, key=place)


def segment_statements(ids: tuple[str, ...]) -> list[StoredEvidence]:
    """Every statement found in these segments, in reading order."""
    return _segment_statements(version(), ids)


@_cached
def _inverted(version: str, ids: tuple[str, ...]) -> frozenset[str]:
    found = store().query(
        "UNWIND $ids AS id MATCH (x:Extraction {id: id}) WHERE x.inverted RETURN x.id",
        {"ids": list(ids)},
        max_rows=len(ids) + 1,
    )
    return frozenset(row[0] for row in found.rows)


def inverted(ids: tuple[str, ...]) -> frozenset[str]:
    """Those of the extractions whose fact reads from the statement's tail to its head, as in a passive sentence."""
    return _inverted(version(), ids) if ids else frozenset()


@_cached
def _query(version: str, cypher: str, parameters: dict[str, Any], max_rows: int, timeout_s: float) -> QueryResult:
    return store().query(cypher, parameters, max_rows=max_rows, timeout_s=timeout_s)


def query(cypher: str, parameters: dict[str, Any], *, max_rows: int, timeout_s: float) -> QueryResult:
    """Rows of a Cypher statement that only reads. Raises ReadOnlyError, QueryError."""
    return _query(version(), cypher, parameters, max_rows, timeout_s)
