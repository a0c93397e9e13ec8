"""What a run tells of itself: while it is under way, and at its end."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from kg_builder.store.records import DocumentState

__all__ = ["FileProblem", "IngestReport", "Progress"]


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file that is not in the graph, with the reason."""

    uri: str
    state: DocumentState
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``stage`` is what has just happened to ``uri``."""

    done: int
    total: int
    stage: Literal["loaded", "unchanged", "failed", "skipped"]
    uri: str
    failed: int


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What a run did. ``found == loaded + unchanged + failed + skipped + not_begun``: every file is accounted for.

    ``partial`` of the loaded ones are in the graph but for segments that the extractor failed on. ``not_begun`` is 0
    unless the run was stopped. ``renamed`` has pairs of the old and the new uri. Of the ``segments``, ``reused`` had
    been extracted before; ``unkept`` could not be put into the cache.
    """

    found: int
    loaded: int
    partial: int
    unchanged: int
    failed: int
    skipped: int
    not_begun: int
    renamed: tuple[tuple[str, str], ...]
    pruned: int
    missing: tuple[str, ...]
    segments: int
    segments_by_language: dict[str, int]
    extractions: int
    facts: int
    quarantined: int
    reused: int
    unkept: int
    seconds: float
    problems: tuple[FileProblem, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON-like values."""
        return dataclasses.asdict(self)
