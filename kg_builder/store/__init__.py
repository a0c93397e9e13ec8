"""The graph database behind one interface."""

from __future__ import annotations

from kg_builder.store.connection import Credentials
from kg_builder.store.graph import GraphStore
from kg_builder.store.opening import open_store
from kg_builder.store.records import (
    Counts,
    DocumentState,
    GraphEdge,
    PlanStep,
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
    "Credentials",
    "DocumentState",
    "GraphEdge",
    "GraphStore",
    "PlanStep",
    "QueryResult",
    "StoredDocument",
    "StoredEdge",
    "StoredEntity",
    "StoredEvidence",
    "StoredSegment",
    "Subgraph",
    "open_store",
]
