"""What a run tells of itself: while it is under way, and at its end."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from kg_builder.store.records import DocumentState

__all__ = ["FileProblem", "IngestReport", "Progress", "Step", "missing"]


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file that is not in the graph, with the reason."""

    uri: str
    state: DocumentState
    reason: str
    message: str


def missing(parts: Sequence[str]) -> str:
    """One line on the parts of a document that are missing."""
    return f"missing: {parts[0]}" + (f" (and {len(parts) - 1:,} more)" if len(parts) > 1 else "")


_TELLING_SHARE, _TELLING_S = 0.03, 120.0
"""So much of a run, or so many seconds of it, must be over before its pace says how long the rest takes."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``stage`` is what has just happened to ``uri``.

    The bytes are those of the files that seemed to be work when the run began: a file whose size is the one that the
    store knows is likely to be unchanged, and counts for nothing.
    """

    done: int
    total: int
    stage: Literal["loaded", "unchanged", "failed", "skipped"]
    uri: str
    failed: int
    done_bytes: int = 0
    total_bytes: int = 0
    segments: int = 0
    seconds: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """What is left at the pace so far, by bytes where there are any; None while nothing can be told.

        Models and servers take seconds to start: the first files of a run say little about the others.
        """
        if self.done == self.total:
            return 0.0
        done, total = (self.done_bytes, self.total_bytes) if self.total_bytes else (self.done, self.total)
        if not done or (done < _TELLING_SHARE * total and self.seconds < _TELLING_S):
            return None
        return self.seconds * (total - done) / done

    @property
    def files_per_s(self) -> float:
        """Files done in a second."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def segments_per_s(self) -> float:
        """Segments written in a second."""
        return self.segments / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """How far one part of a long piece of work is: ``doing`` says which, ``unit`` what is counted.

    ``total`` is 0 where nobody knows how much there is. ``seconds`` are those since the part began.
    """

    doing: str
    done: int
    total: int
    unit: str
    seconds: float = 0.0

    @property
    def per_s(self) -> float:
        """How many are done in a second."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """What is left at the pace so far; None while nothing can be told."""
        return (self.total - self.done) / self.per_s if self.per_s and self.total else None


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What a run did. ``found == loaded + unchanged + failed + skipped + not_begun``: every file is accounted for.

    So is what the extractor gave: ``extracted == extractions + quarantined + sum(rejected.values())``. Extractions are
    in the graph; quarantined ones could not be anchored in their text; rejected ones say nothing usable
    (``empty-head``, ``empty-relation``, ``empty-tail``) or the same as another at the same place (``repeated``).

    ``left_out`` is what the extractor held back in the documents that were loaded, by reason
    (``unresolved`` pronouns, ``unsure``, ``says-too-little`` …); it is no part of that sum.

    ``partial`` of the loaded ones are in the graph but for segments that the extractor failed on. ``not_begun`` is 0
    unless the run was stopped. ``renamed`` has pairs of the old and the new uri. Of the ``segments``, ``reused`` had
    been extracted before; ``unkept`` could not be put into the cache. ``merged`` entities came together from several
    names by resolution. Tokens are those that this run used, ``cost``
    what they cost at the prices given; ``bytes`` are those of the loaded files.
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
    extracted: int
    extractions: int
    facts: int
    quarantined: int
    rejected: dict[str, int]
    left_out: dict[str, int]
    reused: int
    unkept: int
    input_tokens: int
    output_tokens: int
    cost: float
    merged: int
    bytes: int
    seconds: float
    problems: tuple[FileProblem, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON-like values."""
        return dataclasses.asdict(self)
