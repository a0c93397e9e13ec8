"""What a store gives back: plain records, free of any driver's types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kg_builder.store.supporting import supports
from kg_builder.types import Modality, Polarity, Qualifier
from kg_builder.values import Value

__all__ = [
    "Counts",
    "DocumentState",
    "End",
    "GraphEdge",
    "PlanStep",
    "QueryResult",
    "StoredDocument",
    "StoredEdge",
    "StoredEntity",
    "StoredEvidence",
    "StoredSegment",
    "Subgraph",
]

DocumentState = Literal["complete", "partial", "failed", "skipped"]
"""``complete``: its whole contribution is in the graph. ``partial``: all but some segments or pages. ``failed``:
could not be read or extracted, see its reason (whatever an earlier version contributed stays until it can be
replaced). ``skipped``: left out on purpose (an unknown format, for instance)."""


End = Literal["head", "tail", "either"]
"""Of a fact: the entity that it is about, the one that it leads to, or both in turn."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as the graph knows it. ``reason`` and ``detail`` say why a document failed or was skipped."""

    id: str
    uri: str
    sha256: str
    title: str
    language: str
    state: DocumentState
    ingested_at: str  # ISO 8601, UTC
    size_bytes: int = 0
    segments: int = 0
    extractions: int = 0
    quarantined: int = 0
    reason: str = ""
    detail: str = ""
    recipe: str = ""  # what it was made with (extractor, prompt, ontology): another recipe means work to do
    left_out: Mapping[str, int] = field(default_factory=dict, hash=False)  # statements held back, by reason

    @property
    def is_settled(self) -> bool:
        """Whether reading the same bytes again would give the same: pages that cannot be read stay so."""
        return self.state == "complete" or (self.state == "partial" and self.reason == "pages")


@dataclass(frozen=True, slots=True)
class StoredEntity:
    """A cluster of names. ``name`` is its most frequent surface, ``aliases`` the others, sorted.

    ``value`` is what a time or a quantity stands for, where it can be read.
    """

    id: str
    name: str
    type: str
    aliases: tuple[str, ...] = ()
    mentions: int = 0
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """One extraction with the sentence around it. Offsets are absolute in the document; None where words are
    implied.
    """

    extraction_id: str
    document_uri: str
    document_title: str
    segment_id: str
    segment_index: int
    segment_start: int
    segment_end: int
    page: int | None
    text: str  # the segment, verbatim: text[head_start - segment_start : head_end - segment_start] == head
    head: str
    head_start: int
    head_end: int
    relation: str
    relation_start: int | None
    relation_end: int | None
    tail: str
    tail_start: int
    tail_end: int
    confidence: float
    polarity: Polarity
    modality: Modality
    extractor: str
    qualifiers: tuple[Qualifier, ...] = ()
    valid_from: str | None = None  # the first and the last day of which it is said, in ISO 8601; None: open or not said
    valid_to: str | None = None
    review: Literal["", "accept", "reject", "edit"] = ""  # what a person said of it; "edit": another took its place
    decision: str = ""  # the id of the decision that it follows from, where a person put it in the place of another
    head_type: str = ""  # as it was extracted, which need not be the type of the entity
    tail_type: str = ""

    @property
    def is_fact(self) -> bool:
        """Whether it supports an edge: the text asserts it, and nobody has rejected or replaced it."""
        return supports(self.polarity, self.modality, self.review)


@dataclass(frozen=True, slots=True)
class StoredEdge:
    """One fact: at most one edge per (head, relation, tail). ``type`` is the relationship's type in Cypher.

    ``valid_from`` and ``valid_to`` bound the time of which its evidence speaks: days in ISO 8601, None where that is
    open or not said.
    """

    head: StoredEntity
    relation: str
    type: str
    tail: StoredEntity
    support: int
    confidence: float
    evidence: tuple[StoredEvidence, ...] = ()
    valid_from: str | None = None
    valid_to: str | None = None


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A segment of a document, verbatim."""

    id: str
    document_uri: str
    index: int
    start: int
    end: int
    page: int | None
    text: str
    section: str = ""  # the headings above it, outermost first, joined by " > "


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """An edge by its ends' ids: what drawing and analysis need."""

    head_id: str
    relation: str
    type: str
    tail_id: str
    support: int
    confidence: float
    valid_from: str | None = None  # as of `StoredEdge`
    valid_to: str | None = None


@dataclass(frozen=True, slots=True)
class Subgraph:
    """A part of the graph.

    ``truncated`` says that a limit left something out, ``sampled`` that of some very busy entities not all edges were
    looked at, so that what was left out may be better supported than what is here.
    """

    entities: tuple[StoredEntity, ...]
    edges: tuple[GraphEdge, ...]
    truncated: bool = False
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a store holds."""

    documents: int
    segments: int
    entities: int
    edges: int
    extractions: int
    names: int
    documents_by_state: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanStep:
    """An operator of the plan by which a server runs a statement, with those that it takes its rows from.

    What a server does not tell is None. ``accesses`` counts those to the database. Numbers other than
    ``estimated_rows`` are there only where the statement was profiled.
    """

    operator: str
    details: str = ""
    estimated_rows: float | None = None
    rows: int | None = None
    accesses: int | None = None
    seconds: float | None = None
    children: tuple[PlanStep, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Rows of a Cypher statement, in JSON-like values.

    Nodes are ``{"_node": id, "_labels": [...], **properties}``, relationships ``{"_relationship": id, "_type": ...,
    "_start": id, "_end": id, **properties}``, paths ``{"_path": [node, relationship, node …]}``. ``plan`` is there
    where it was asked for.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool = False
    seconds: float = 0.0
    plan: PlanStep | None = None
