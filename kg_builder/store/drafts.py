"""Contributions made ready to be written: checked, sorted by segment, and in groups for one transaction each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kg_builder.errors import StoreError
from kg_builder.store.rows import Row, document_row
from kg_builder.types import Contribution, Document, Name, Segment, Statement

__all__ = ["Addition", "Draft", "groups"]


@dataclass(slots=True)
class Addition:
    """Segments with the statements found in them.

    ``reviews`` has what people said of statements, ``decided`` the decision that a statement follows from which nobody
    extracted: both by the ids of extractions.
    """

    segments: Sequence[Segment] = ()
    statements: list[tuple[Statement, str]] = field(default_factory=list)  # with the ids of their segments
    mentions: dict[tuple[str, str, int, int], str] = field(default_factory=dict)
    names: dict[str, Name] = field(default_factory=dict)
    reviews: dict[str, str] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, segments: Sequence[Segment], found: Mapping[str, list[Statement]]) -> Addition:
        """The segments with their statements; a mention that several statements share counts once."""
        made = cls(segments)
        for segment in segments:
            for statement in found.get(segment.id, ()):
                made.add(statement, segment.id)
        return made

    def add(self, statement: Statement, segment_id: str) -> None:
        """One more statement of a segment."""
        self.statements.append((statement, segment_id))
        x = statement.extraction
        for name, mention in ((statement.head, x.head), (statement.tail, x.tail)):
            self.names[name.id] = name
            self.mentions[name.id, segment_id, mention.start, mention.end] = mention.surface


@dataclass(frozen=True, slots=True)
class Draft:
    """A contribution made ready: ``properties`` are its document's when all is there, ``found`` is by segment."""

    contribution: Contribution
    properties: Row
    found: dict[str, list[Statement]]

    @classmethod
    def of(cls, contribution: Contribution, properties: Row) -> Draft:
        """Check a contribution, and sort it.

        Raises:
            StoreError: when an extraction is not of one of its segments.
        """
        return cls(contribution, document_row(contribution.document, **properties), _by_segment(contribution))

    @classmethod
    def as_it_was(cls, contribution: Contribution, properties: Row) -> Draft:
        """The same for a document that comes from another store, with all its properties."""
        return cls(contribution, properties, _by_segment(contribution))

    @property
    def document(self) -> Document:
        """The document."""
        return self.contribution.document

    @property
    def size(self) -> int:
        """How many extractions there are."""
        return sum(map(len, self.found.values()))


def groups(drafts: Sequence[Draft], limit: int) -> Iterator[list[Draft]]:
    """Drafts in order, in groups for one transaction each: of at most `limit` extractions, and no document twice."""
    group: list[Draft] = []
    for draft in drafts:
        full = sum(each.size for each in group) + draft.size > limit
        if group and (full or any(each.document.id == draft.document.id for each in group)):
            yield group
            group = []
        group.append(draft)
    if group:
        yield group


def _by_segment(contribution: Contribution) -> dict[str, list[Statement]]:
    """Statements by segment, each extraction once (of equal ones the surest)."""
    known = {segment.id for segment in contribution.segments}
    best: dict[str, Statement] = {}
    for statement in contribution.statements:
        x = statement.extraction
        if x.segment is None or x.segment.id not in known:
            raise StoreError(
                f"expected extractions of segments of {contribution.document.uri!r}, found one of {x.segment!r}."
            )
        other = best.get(x.id)
        if other is None or other.extraction.confidence < x.confidence:
            best[x.id] = statement
    found: dict[str, list[Statement]] = {}
    for statement in best.values():
        found.setdefault(statement.extraction.segment.id, []).append(statement)  # type: ignore[union-attr]
    return found
