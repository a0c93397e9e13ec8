"""When a statement holds, from its circumstances of time: "CEO from 2011 to 2020", 自2010年起.

An extractor may leave the preposition out of a circumstance ("2019" of "since 2019"), or miss a span that stands right
behind the statement. So the words around are read with it, as far as all of them together name a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kg_builder.times import TimeSpan, parse_time
from kg_builder.types import Extraction

__all__ = ["validity"]

_LEFT, _RIGHT = 24, 32  # characters around a circumstance that may belong to it
_BEFORE = re.compile(
    r"(?:\b(?:since|from|until|till|between|before|after|to|and|through|onwards?|of)|[-–—自从至到由截止直])\s*\Z", re.I
)
_AFTER = re.compile(r"\s*(?:(?:to|until|till|through|and|onwards?)\b|[-–—至到起止以之后前])", re.I)
_SPAN_BEHIND = re.compile(r"[\s,，(（]*(?=(?:from|since|until|till|between)\s)", re.I)
_WORDS = re.compile(r"\S+")
_HAN = re.compile(r"[㐀-䶿一-鿿]")


def validity(extraction: Extraction) -> tuple[str | None, str | None]:
    """The first and the last day on which the statement holds, in ISO 8601; None where that is open or not said.

    Several circumstances of time hold together: the latest start and the earliest end. Where those exclude each other,
    nothing is known; nor of a statement one end of which is a time, for that says when.
    """
    if "Time" in (extraction.head.type, extraction.tail.type):
        return None, None
    spans = [span for span in _spans(extraction) if span is not None]
    start = max((span.start for span in spans if span.start), default=None)
    end = min((span.end for span in spans if span.end), default=None)
    return (None, None) if start and end and start > end else (start, end)


def _spans(extraction: Extraction) -> Iterator[TimeSpan | None]:
    segment = extraction.segment
    text, shift = (segment.text, segment.start) if segment is not None else ("", 0)
    dated = False
    for qualifier in extraction.qualifiers:
        if qualifier.role != "time":
            continue
        dated = True
        span = parse_time(qualifier.text)
        if text and qualifier.start is not None and qualifier.end is not None:
            span = _around(text, qualifier.start - shift, qualifier.end - shift) or span
        yield span
    if not dated and text:
        yield _behind(text, max(_ends(extraction)) - shift)


def _ends(extraction: Extraction) -> Iterator[int]:
    for part in (extraction.head, extraction.relation, extraction.tail):
        if part.end is not None:
            yield part.end
    for argument in (extraction.head_argument, extraction.tail_argument):
        if argument is not None and argument.end is not None:
            yield argument.end


def _around(text: str, start: int, end: int) -> TimeSpan | None:
    """The longest run of words about ``text[start:end]`` that names one time."""
    if not 0 <= start < end <= len(text):
        return None
    left, right = text[max(start - _LEFT, 0) : start], text[end : end + _RIGHT]
    starts = _cuts(left, leading=True) if _BEFORE.search(left) else [0]
    ends = _cuts(right, leading=False) if _AFTER.match(right) or len(starts) > 1 else [0]
    sizes = sorted(((a, b) for a in starts for b in ends), key=lambda size: (-sum(size), size))
    for before, after in sizes:
        if before or after:
            span = parse_time(text[start - before : end + after])
            if span is not None:
                return span
    return None


def _cuts(text: str, *, leading: bool) -> list[int]:
    """How many characters of a side to take: up to each word, in Chinese up to each character; 0 is among them."""
    if _HAN.search(text):
        return list(range(min(len(text), 16) + 1))
    if leading:
        return [0, *(len(text) - word.start() for word in _WORDS.finditer(text))]
    return [0, *(word.end() for word in _WORDS.finditer(text))]


def _behind(text: str, at: int) -> TimeSpan | None:
    """A span of time right behind a statement: "CEO of Acme from 2011 to 2020"."""
    found = _SPAN_BEHIND.match(text, at)
    if found is None:
        return None
    rest = text[found.end() : found.end() + 60]
    for word in reversed(list(_WORDS.finditer(rest))):
        span = parse_time(rest[: word.end()])
        if span is not None:
            return span
    return None
