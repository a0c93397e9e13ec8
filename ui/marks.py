"""Sentences with their head, relation and tail marked, as HTML in which every word of a document is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from kg_builder.segment import split_sentences
from kg_builder.store.records import StoredEvidence

__all__ = ["Mark", "evidence_marks", "mark_text", "sentence_bounds", "sentence_html", "sentences_around"]

_RANK = {"head": 0, "tail": 0, "relation": 1, "qualifier": 2}


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked span of a text. ``role`` is head, relation, tail or qualifier; ``note`` shows on pointing at it."""

    start: int
    end: int
    role: str
    note: str = ""


def mark_text(text: str, marks: Iterable[Mark], *, start: int = 0, end: int | None = None) -> str:
    """``text[start:end]`` as HTML. Where spans overlap, head and tail win over relation, relation over qualifiers."""
    stop = len(text) if end is None else end
    clipped = [
        Mark(max(m.start, start), min(m.end, stop), m.role, m.note) for m in marks if m.start < stop and m.end > start
    ]
    cuts = sorted({start, stop, *(m.start for m in clipped), *(m.end for m in clipped)})
    pieces: list[tuple[str, Mark | None]] = []
    for left, right in pairwise(cuts):
        over = [m for m in clipped if m.start <= left and m.end >= right]
        best = min(over, key=lambda m: (_RANK.get(m.role, 9), m.end - m.start, m.start), default=None)
        if pieces and pieces[-1][1] == best:
            pieces[-1] = (pieces[-1][0] + text[left:right], best)
        else:
            pieces.append((text[left:right], best))
    return "".join(_piece(words, mark) for words, mark in pieces)


def _piece(words: str, mark: Mark | None) -> str:
    shown = escape(words).replace("\n", "<br>")
    if mark is None:
        return shown
    note = f' title="{escape(mark.note)}"' if mark.note else ""
    return f'<mark class="kg-{mark.role}"{note}>{shown}</mark>'


def evidence_marks(
    evidence: StoredEvidence, notes: dict[str, str] | None = None, *, inverted: bool = False
) -> list[Mark]:
    """The spans of one statement, counted from the start of its segment. Words that are only implied have none.

    ``inverted``: the fact reads from the statement's tail to its head ("A was bought by B" is B, buy, A), and so do the
    roles of the marks.
    """
    words = notes or {}
    first, second = ("tail", "head") if inverted else ("head", "tail")
    spans: list[tuple[int | None, int | None, str]] = [
        (evidence.head_start, evidence.head_end, first),
        (evidence.relation_start, evidence.relation_end, "relation"),
        (evidence.tail_start, evidence.tail_end, second),
        *((q.start, q.end, "qualifier") for q in evidence.qualifiers),
    ]
    by = evidence.segment_start
    return [
        Mark(start - by, end - by, role, words.get(role, ""))
        for start, end, role in spans
        if start is not None and end is not None
    ]


def sentence_bounds(text: str, marks: Sequence[Mark]) -> tuple[int, int]:
    """Where the sentence, or the sentences, that hold all marks start and end."""
    if not marks:
        return 0, len(text)
    first, last = min(m.start for m in marks), max(m.end for m in marks)
    sentences = split_sentences(text)
    start = max((s for s, _ in sentences if s <= first), default=0)
    end = min((e for _, e in sentences if e >= last), default=len(text))
    return start, end


def sentence_html(evidence: StoredEvidence, notes: dict[str, str] | None = None, *, inverted: bool = False) -> str:
    """The statement's sentence with its words marked."""
    marks = evidence_marks(evidence, notes, inverted=inverted)
    # Circumstances may lie far off; the sentence is the one that relates head and tail.
    core = [m for m in marks if m.role != "qualifier"]
    start, end = sentence_bounds(evidence.text, core)
    return mark_text(evidence.text, marks, start=start, end=end)


def sentences_around(evidence: StoredEvidence, before: str = "", after: str = "") -> tuple[str, str]:
    """The sentences before and after the statement's own. ``before`` and ``after`` are the texts of the neighbouring
    segments, for a sentence at its segment's edge.
    """
    core = [mark for mark in evidence_marks(evidence) if mark.role != "qualifier"]
    start, end = sentence_bounds(evidence.text, core)
    left, right = evidence.text[:start].strip() or before, evidence.text[end:].strip() or after
    earlier, later = split_sentences(left), split_sentences(right)
    return (
        left[earlier[-1][0] : earlier[-1][1]].strip() if earlier else left.strip(),
        right[later[0][0] : later[0][1]].strip() if later else right.strip(),
    )
