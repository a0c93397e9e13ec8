"""A document's segments as HTML: mentions as links to their entities, statements marked, words that are sought."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from kg_builder.store.records import StoredEvidence, StoredSegment
from ui.colors import type_color
from ui.links import here, link_html, there
from ui.marks import Mark, evidence_marks
from ui.style import type_label
from ui.text_reads import TextMention

__all__ = ["Found", "Shown", "find_in", "text_html"]

_RANK = {"head": 0, "tail": 0, "relation": 1}
_SNIPPET = 60


@dataclass(frozen=True, slots=True)
class Found:
    """A place where the searched words stand: offsets in the segment, and some of the text around."""

    segment_index: int
    start: int
    end: int
    before: str
    words: str
    after: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What is marked in a text. ``statements`` are those to mark; ``focus`` the one to stand out, if any."""

    statements: Sequence[StoredEvidence]
    mentions: Sequence[TextMention]
    inverted: Collection[str]
    focus: str = ""
    found: str = ""


def pattern_of(text: str) -> re.Pattern[str] | None:
    """What finds `text` whatever its case and however its words are spaced; None for nothing."""
    words = text.split()
    return re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE) if words else None


def find_in(segments: Iterable[StoredSegment], text: str, *, limit: int) -> tuple[list[Found], int]:
    """The first places that hold `text`, and how many there are in all."""
    pattern = pattern_of(text)
    if pattern is None:
        return [], 0
    found: list[Found] = []
    count = 0
    for segment in segments:
        for match in pattern.finditer(segment.text):
            count += 1
            if len(found) < limit:
                start, end = match.span()
                before = segment.text[max(0, start - _SNIPPET) : start]
                found.append(
                    Found(segment.index, start, end, before, match.group(), segment.text[end : end + _SNIPPET])
                )
    return found, count


@dataclass(frozen=True, slots=True)
class _Piece:
    mention: TextMention | None
    mark: Mark | None
    statement: str
    found: bool


def text_html(segment: StoredSegment, shown: Shown, document_id: str) -> str:
    """A whole segment. Its words and the names in it are escaped; the only links are our own."""
    text = segment.text
    marks = [
        (mark, item.extraction_id)
        for item in shown.statements
        if item.segment_id == segment.id
        for mark in evidence_marks(item, inverted=item.extraction_id in shown.inverted)
        if mark.role != "qualifier"
    ]
    mentions = [
        (max(m.start - segment.start, 0), min(m.end - segment.start, len(text)), m)
        for m in shown.mentions
        if m.segment_id == segment.id
    ]
    pattern = pattern_of(shown.found)
    found = [match.span() for match in pattern.finditer(text)] if pattern is not None else []
    spans = [(m.start, m.end) for m, _ in marks] + [(start, end) for start, end, _ in mentions] + found
    cuts = sorted({0, len(text), *(min(max(at, 0), len(text)) for span in spans for at in span)})
    pieces: list[tuple[str, _Piece]] = []
    for left, right in pairwise(cuts):
        piece = _piece(left, right, marks, mentions, found, shown.focus)
        if pieces and pieces[-1][1] == piece:
            pieces[-1] = (pieces[-1][0] + text[left:right], piece)
        else:
            pieces.append((text[left:right], piece))
    first = next((at for at, (_, piece) in enumerate(pieces) if shown.focus and piece.statement == shown.focus), -1)
    return "".join(
        _html(words, piece, document_id, segment.index, shown.focus, place=f"s{shown.focus}" if at == first else "")
        for at, (words, piece) in enumerate(pieces)
    )


def _piece(
    left: int,
    right: int,
    marks: Sequence[tuple[Mark, str]],
    mentions: Sequence[tuple[int, int, TextMention]],
    found: Sequence[tuple[int, int]],
    focus: str,
) -> _Piece:
    over = [(m, id_) for m, id_ in marks if m.start <= left and m.end >= right]
    best = min(
        over, key=lambda each: (each[1] != focus, _RANK.get(each[0].role, 9), each[0].end - each[0].start), default=None
    )
    named = [each for each in mentions if each[0] <= left and each[1] >= right]
    mention = min(named, key=lambda each: (each[1] - each[0], each[2].entity_id), default=None)
    return _Piece(
        mention[2] if mention else None,
        best[0] if best else None,
        best[1] if best else "",
        any(start <= left and end >= right for start, end in found),
    )


def _html(words: str, piece: _Piece, document_id: str, index: int, focus: str, *, place: str) -> str:
    inner = escape(words).replace("\n", "<br>")
    if piece.found:
        inner = f'<span class="kg-found">{inner}</span>'
    if piece.mark is not None:
        classes = f"kg-{piece.mark.role}" + (" kg-focus" if piece.statement == focus else "")
        inner = f'<mark class="{classes}">{inner}</mark>'
    mention = piece.mention
    if mention is not None:
        title = f"{mention.name} · {type_label(mention.type)}"
        color = f'<i class="kg-underline" style="border-color:{type_color(mention.type)}">{inner}</i>'
        return link_html(there("explore", entity=mention.entity_id), color, classes="kg-mention", title=title, at=place)
    if piece.mark is not None and piece.statement:
        address = here(document=document_id, segment=str(index + 1), part="", statement=piece.statement)
        return link_html(address, inner, classes="kg-to-statement", at=place)
    return inner
