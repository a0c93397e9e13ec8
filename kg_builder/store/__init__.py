"""The graph database behind one interface."""

from __future__ import annotations

from kg_builder.store.graph import GraphStore, open_store
from kg_builder.store.records import (
    Counts,
    DocumentState,
    GraphEdge,
    QueryResult,
    StoredDocument,
    StoredEdge,
    StoredEntity,
    StoredEvidence,
    StoredSegment,
    Subgraph,
)

__all__ = [
    "Counts",
    "DocumentState",
    "GraphEdge",
    "GraphStore",
    "QueryResult",
    "StoredDocument",
    "StoredEdge",
    "StoredEntity",
    "StoredEvidence",
    "StoredSegment",
    "Subgraph",
    "open_store",
]
