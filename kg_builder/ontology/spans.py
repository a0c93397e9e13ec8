"""The spans of a text that may be arguments of a relation, and what can be seen of them.

Mentions of the extractor, names, titles, dates, numbers, short runs of content words, and whatever the examples call
something. Far more than there are arguments: the learnt weights choose.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kg_builder.ontology.phrases import HAN, folded
from kg_builder.sentences import split_sentences
from kg_builder.types import Extraction

__all__ = ["MOST_TOKENS", "Candidate", "Text", "candidates", "is_name", "read_text", "surface"]

MOST_TOKENS = 16
"""Of a span."""
_MOST_SPANS = 160  # of a sentence

_TOKEN = re.compile(
    r"[㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af]|\d+(?:[.,]\d+)*(?:st|nd|rd|th|s)?\b"
    r"|['’]s\b|[^\W_㐀-䶿一-鿿豈-\ufaff]+(?:(?:['’](?!s\b)|[-.&])[^\W_㐀-䶿一-鿿豈-\ufaff]+)*|\S"
)
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(
    rf"\b(?:(?:{_MONTHS})\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTHS}),?\s+\d{{4}}"
    rf"|(?:{_MONTHS}),?\s+\d{{4}}|\d{{4}}-\d\d-\d\d)\b"
    r"|[12]\d{3}年(?:\d{1,2}月(?:\d{1,2}[日号])?)?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\d.,])[12]\d{3}(?![\d.,]*\d)")
_NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:[.,]\d+)*(?![\w]*\d)")
_TITLE = re.compile(
    r"《([^《》\n]{1,80})》|“([^“”\n]{1,80})”|\"([^\"\n]{1,80})\"|「([^「」\n]{1,80})」|\(([^()\n]{1,60})\)"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_INSIDE = _words(
    """of the and in for on de la le les du del des di da von van den der al el y & ' ’ : - – — . , ! ? / to a an at
    with from by vs und et s ’s 's no"""
)
_STOP = _words(
    """a an the of in on at to by for from with as into is are was were be been being has have had its his her their
    or and it this that which who whom whose also he she they i we you not but if than then there when where while
    after before during since until over under between about so such one both each"""
)
_STOP_ZH = frozenset("的是于在由和与及为了被等并也将而以从到对其该此则即都又就使让给向跟之一有曾任")


@dataclass(slots=True)
class Text:
    """A text cut into tokens; ``sentence`` numbers the sentence of each."""

    text: str
    tokens: list[str]
    starts: list[int]
    ends: list[int]
    sentence: list[int]
    low: list[str] = field(default_factory=list)

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The tokens that stand exactly from `start` to `end` (characters), or None where those cut a token."""
        first = bisect_right(self.starts, start) - 1
        last = bisect_right(self.starts, end - 1) - 1
        if first < 0 or self.starts[first] != start or self.ends[last] != end:
            return None
        return first, last + 1


@dataclass(slots=True, frozen=True)
class Candidate:
    """Tokens from ``first`` up to ``last`` (not included); ``kind`` is how it was found, ``type`` its extractor's."""

    first: int
    last: int
    kind: str
    type: str = ""


def read_text(text: str) -> Text:
    """`text` cut into words, numbers, single Chinese characters and signs."""
    found = [(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(text)]
    stops = [stop for _, stop in split_sentences(text)] or [len(text)]
    tokens = [token for token, _, _ in found]
    return Text(
        text,
        tokens,
        [start for _, start, _ in found],
        [end for _, _, end in found],
        [bisect_right(stops, start) for _, start, _ in found],
        [token.lower() for token in tokens],
    )


def candidates(
    text: Text,
    extractions: Sequence[Extraction],
    known: Callable[[str], bool],
    certain: Iterable[tuple[int, int]] = (),
) -> list[Candidate]:
    """The spans of `text` that may be arguments, in reading order.

    `known` says whether the examples have a folded name; `certain` spans are candidates whatever they look like.
    """
    found: dict[tuple[int, int], Candidate] = {}

    def add(span: tuple[int, int] | None, kind: str, type_: str = "") -> None:
        if span is None or not 0 < span[1] - span[0] <= MOST_TOKENS:
            return
        before = found.get(span)
        if before is None or (type_ and not before.type):
            found[span] = Candidate(*span, before.kind if before else kind, type_)

    for match in _DATE.finditer(text.text):
        add(text.span(*match.span()), "date")
    for match in _YEAR.finditer(text.text):
        add(text.span(*match.span()), "year")
    for match in _NUMBER.finditer(text.text):
        add(text.span(*match.span()), "number")
    for match in _TITLE.finditer(text.text):
        group = next(i for i in range(1, 6) if match.group(i) is not None)
        add(text.span(*match.span(group)), "title" if group < 5 else "bracket")
    for extraction in extractions:
        for mention in (extraction.head, extraction.tail):
            add(text.span(mention.start, mention.end), "mention", mention.type)
    for span in _known(text, known):
        add(span, "known")
    for span in _topics(text):
        add(span, "topic")
    for span in _names(text):
        add(span, "name")
    for span in _runs(text):
        add(span, "words")
    for span in certain:
        add(span, "name" if is_name(text.tokens[span[0]]) else "words")
    return _capped(sorted(found.values(), key=lambda c: (c.first, c.last)), text)


def _capped(found: list[Candidate], text: Text) -> list[Candidate]:
    """At most so many of a sentence: the likeliest kinds first."""
    ranks = ("known", "mention", "date", "title", "year", "topic", "number", "name", "bracket", "words")
    by_sentence: dict[int, list[Candidate]] = {}
    for candidate in found:
        by_sentence.setdefault(text.sentence[candidate.first], []).append(candidate)
    kept: list[Candidate] = []
    for each in by_sentence.values():
        if len(each) > _MOST_SPANS:
            each = sorted(each, key=lambda c: (ranks.index(c.kind), c.last - c.first, c.first))[:_MOST_SPANS]
            each.sort(key=lambda c: (c.first, c.last))
        kept += each
    return kept


def _known(text: Text, known: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    keys = [folded(token) for token in text.tokens]
    for first, key in enumerate(keys):
        if not key:
            continue
        joined = ""
        for last in range(first, min(first + MOST_TOKENS, len(keys))):
            joined += keys[last]
            if keys[last] and known(joined):
                yield first, last + 1


def _topics(text: Text) -> Iterator[tuple[int, int]]:
    """What a sentence begins with, up to its first verb of being, bracket or comma: titles in lower case, too."""
    first, found, count = 0, 0, len(text.tokens)
    for at in range(count):
        if at and text.sentence[at] != text.sentence[at - 1]:
            first, found = at, 0
        if at > first and found < 3 and (text.low[at] in _TOPIC_ENDS or text.tokens[at] in "(（,，是"):
            found += 1
            yield first, at
            if text.low[first] in ("the", "a", "an", '"', "“", "《") and at > first + 1:
                yield first + 1, at


_TOPIC_ENDS = frozenset({"is", "was", "are", "were", "has", "had", "'s", "’s", "("})


def _names(text: Text) -> Iterator[tuple[int, int]]:
    """Runs of capitalised words and what joins them, and the parts of such runs."""
    count, at = len(text.tokens), 0
    while at < count:
        if not is_name(text.tokens[at]):
            at += 1
            continue
        pieces: list[tuple[int, int]] = []
        end, begin = at, at
        while True:
            while end < count and is_name(text.tokens[end]) and text.sentence[end] == text.sentence[at]:
                end += 1
            pieces.append((begin, end))
            ahead = end
            while ahead < count and ahead - end < 3 and text.low[ahead] in _INSIDE:
                ahead += 1
            if (
                ahead == end
                or ahead >= count
                or not is_name(text.tokens[ahead])
                or text.sentence[ahead] != text.sentence[at]
            ):
                break
            begin = end = ahead
        yield from _parts(text, pieces)
        at = max(end, at + 1)


def _parts(text: Text, pieces: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for i, (begin, _) in enumerate(pieces):
        for _, end in pieces[i : i + 5]:
            yield begin, end
            for cut in range(begin + 1, min(end, begin + 4)):
                yield cut, end
            if end < len(text.tokens) and text.tokens[end] in ".!?":
                yield begin, end + 1
    for begin, end in pieces:
        for cut in range(begin + 1, end):
            yield begin, cut


def is_name(token: str) -> bool:
    """Whether a token looks like a part of a name: a capital in front or within, or a figure."""
    return token[0].isupper() or token[0].isdigit() or (len(token) > 1 and token[1].isupper() and token[0].islower())


def _runs(text: Text) -> Iterator[tuple[int, int]]:
    """Short runs of content words; of Chinese characters, what stands between two particles or signs."""
    count = len(text.tokens)
    for first in range(count):
        token = text.tokens[first]
        if HAN.match(token):
            if first and HAN.match(text.tokens[first - 1]) and text.tokens[first - 1] not in _STOP_ZH:
                continue
            last = first
            while last < count and HAN.match(text.tokens[last]) and text.tokens[last] not in _STOP_ZH:
                last += 1
                if last - first > 1:
                    yield first, last
            for cut in range(first + 1, last - 1):
                yield cut, last
            continue
        if not token[0].isalpha() or text.low[first] in _STOP:
            continue
        for last in range(first + 1, min(first + 4, count) + 1):
            word = text.tokens[last - 1]
            if text.low[last - 1] in _STOP or not (word[0].isalnum() or word == "-"):
                break
            if word != "-":
                yield first, last


def surface(text: Text, candidate: Candidate) -> str:
    """The candidate's words, verbatim."""
    return text.text[text.starts[candidate.first] : text.ends[candidate.last - 1]]
