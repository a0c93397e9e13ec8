"""From triples that a language model wrote to extractions: heads and tails are found in the text they were read from.

A name is looked for as it is written; where that stands nowhere, without regard to case, width and kinds of quotes and
white space. Of several places the pair is taken that stands closest together, with the relation's words if the text has
them. What stands nowhere is left out and counted, never stored as a fact.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from kg_builder.extract.open_ie.spans import Place, Reading, read_spans
from kg_builder.sentences import split_sentences
from kg_builder.types import Extraction, Language, Mention, Relation, Triple

__all__ = ["UNSPACED", "UNSTATED_CONFIDENCE", "anchored"]

UNSTATED_CONFIDENCE = 0.7
"""Of a triple whose model does not say how sure it is."""

_NEAR = 80  # characters beside head and tail in which the relation's words may stand
_MOST_PLACES = 200  # of one name that are looked at
_ENDING = 2  # letters by which a word of the text may be longer than the name: "engine" in "engines"

_SAME = str.maketrans("‘’‛´`“”„‟«»‐‑‒–—―−", "'" * 5 + '"' * 6 + "-" * 7)
UNSPACED = (
    r"[\u3040-\u30ff㐀-䶿一-鿿豈-\ufaff\uff66-\uff9d\U00020000-\U000323af"
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)
"""A character of a script that puts no space between words: Chinese, kana, Thai, Lao, Burmese, Khmer."""

_UNSPACED = re.compile(UNSPACED)


def anchored(
    text: str,
    triples: Sequence[Triple],
    *,
    extractor: str,
    language: Language,
    confidences: Sequence[float] | None = None,
    relations: Collection[str] = (),
    on_left_out: Callable[[Triple, str], None] | None = None,
) -> tuple[list[Extraction], Counter[str]]:
    """The triples that stand in `text` as extractions with offsets into it, in reading order, and how many were left
    out, by reason: ``head-not-in-text``, ``tail-not-in-text``, ``head-is-tail``, ``repeated``, ``relation-not-asked``.

    Types, polarity and modality are what the offline parsers see in the sentence (`open_ie.spans`): models load with
    the first triple. In other languages than English and Chinese all types are ``Other``, and all is asserted.

    Args:
        confidences: one for each triple, from 0 to 1; None: the model does not say (`UNSTATED_CONFIDENCE`).
        relations: the only relations that were asked for, those of an ontology: each is ``given`` then. Empty: any.
        on_left_out: told of each triple that is left out, with the reason.
    """
    left_out: Counter[str] = Counter()
    where = _Text(text)
    found: list[Extraction] = []
    seen: set[Triple] = set()
    reading: Reading | None = None
    sure = confidences if confidences is not None else [UNSTATED_CONFIDENCE] * len(triples)
    for triple, confidence in zip(triples, sure, strict=True):
        places = _placed(where, triple, seen, relations)
        if isinstance(places, str):
            left_out[places] += 1
            if on_left_out is not None:
                on_left_out(triple, places)
            continue
        seen.add(triple)
        head, relation, tail = places
        reading = reading or read_spans(text, language)
        polarity, modality = reading.standing(head, relation, tail)
        found.append(
            Extraction(
                Mention(text[slice(*head)], *head, reading.type_of(head)),
                _relation(text, triple.relation, relation, given=bool(relations)),
                Mention(text[slice(*tail)], *tail, reading.type_of(tail)),
                round(min(1.0, max(0.0, confidence)), 6),
                extractor,
                polarity=polarity,
                modality=modality,
            )
        )
    found.sort(key=lambda x: (min(x.head.start, x.tail.start), max(x.head.start, x.tail.start)))
    return found, left_out


def _placed(
    where: _Text, triple: Triple, seen: Collection[Triple], relations: Collection[str]
) -> tuple[Place, Place | None, Place] | str:
    """Where head, relation and tail stand, or why the triple is left out."""
    if triple in seen:
        return "repeated"
    if relations and triple.relation not in relations:
        return "relation-not-asked"
    heads = where.places(triple.head)
    if not heads:
        return "head-not-in-text"
    tails = where.places(triple.tail)
    if not tails:
        return "tail-not-in-text"
    return _closest(where, heads, where.places(triple.relation, cut=False), tails) or "head-is-tail"


def _relation(text: str, name: str, place: Place | None, *, given: bool) -> Relation:
    surface = text[slice(*place)] if place else name
    start, end = place or (None, None)
    return Relation(surface, start, end, name, given=True) if given else Relation(surface, start, end)


def _closest(
    where: _Text, heads: Sequence[Place], words: Sequence[Place], tails: Sequence[Place]
) -> tuple[Place, Place | None, Place] | None:
    """The places of a triple that take the least of the text together; in one sentence rather than in two, side by side
    rather than one inside the other, head before tail where it makes no difference. None where head and tail are the
    same words."""
    best: tuple[tuple[bool, bool, int, bool, int], tuple[Place, Place | None, Place]] | None = None
    starts = [start for start, _ in tails]
    for head in heads:
        at = bisect_left(starts, head[0])
        for tail in tails[max(0, at - 2) : at + 3]:
            if tail == head:
                continue
            nested = head[0] < tail[1] and tail[0] < head[1]
            first, last = min(head[0], tail[0]), max(head[1], tail[1])
            relation = _between(where, head, words, tail)
            if relation is not None:
                first, last = min(first, relation[0]), max(last, relation[1])
            cost = last - first + (0 if relation or not words else _NEAR)
            apart = where.sentence(head) != where.sentence(tail)
            rank = (nested, apart, cost, tail[0] < head[0], head[0])
            if best is None or rank < best[0]:
                best = rank, (head, relation, tail)
    return best[1] if best else None


def _between(where: _Text, head: Place, words: Sequence[Place], tail: Place) -> Place | None:
    """The place of the relation's words that is nearest to the middle of head and tail, if one is near at all, in the
    sentence of either."""
    sentences = (where.sentence(head), where.sentence(tail))
    first, last = min(head[0], tail[0]), max(head[1], tail[1])
    middle = (min(head[1], tail[1]) + max(head[0], tail[0])) / 2
    apart = (
        place
        for place in words
        if all(place[1] <= end[0] or end[1] <= place[0] for end in (head, tail))
        and first - _NEAR <= place[0]
        and place[1] <= last + _NEAR
        and where.sentence(place) in sentences
    )
    return min(apart, key=lambda place: abs((place[0] + place[1]) / 2 - middle), default=None)


@dataclass
class _Text:
    """A text in which names are looked up."""

    text: str

    def places(self, name: str, *, cut: bool = True) -> list[Place]:
        """Where `name` stands, in order; as a whole word if it does anywhere, else with `cut` where only an ending is
        missing."""
        for looked_up in (self._verbatim, self._loosely):
            found = looked_up(name)
            whole = [place for place in found if self._surplus(place) == 0]
            if whole:
                return whole[:_MOST_PLACES]
            inflected = [place for place in found if 0 <= self._surplus(place) <= _ENDING] if cut else []
            if inflected:
                return inflected[:_MOST_PLACES]
        return []

    def sentence(self, place: Place) -> int:
        """The number of the sentence that a place begins in."""
        return bisect_right(self._stops, place[0])

    @cached_property
    def _stops(self) -> list[int]:
        return [stop for _, stop in split_sentences(self.text)]

    def _verbatim(self, name: str) -> list[Place]:
        return [(at, at + len(name)) for at in _occurrences(self.text, name)]

    def _loosely(self, name: str) -> list[Place]:
        folded, _ = _folded(name)
        text, origin = self._folded
        found = []
        for at in _occurrences(text, folded.strip()):
            first, last = origin[at], origin[at + len(folded.strip()) - 1]
            found.append((first, self._end_of(last)))
        return list(dict.fromkeys(found))

    @cached_property
    def _folded(self) -> tuple[str, list[int]]:
        return _folded(self.text)

    def _end_of(self, last: int) -> int:
        """The offset after the character at `last`, marks that belong to it included."""
        end = last + 1
        while end < len(self.text) and unicodedata.combining(self.text[end]):
            end += 1
        return end

    def _surplus(self, place: Place) -> int:
        """How many more letters the word has that the place ends in; -1 where it begins within a word."""
        start, end = place
        if start and _joined(self.text[start - 1], self.text[start]):
            return -1
        surplus = 0
        while end + surplus < len(self.text) and _joined(self.text[end - 1 + surplus], self.text[end + surplus]):
            surplus += 1
            if surplus > _ENDING:
                break
        return surplus


def _joined(first: str, second: str) -> bool:
    """Whether two characters that stand side by side are of one word, in a script that parts words by spaces."""
    return first.isalnum() and second.isalnum() and not _UNSPACED.match(first) and not _UNSPACED.match(second)


def _occurrences(text: str, name: str) -> Iterator[int]:
    at = text.find(name) if name else -1
    while at >= 0:
        yield at
        at = text.find(name, at + 1)


def _folded(text: str) -> tuple[str, list[int]]:
    """`text` without regard to case, width, kinds of quotes and dashes, and white space; and where each character
    comes from. Between Chinese characters there is no white space, elsewhere each run of it is one space."""
    made: list[str] = []
    origin: list[int] = []
    for at, character in enumerate(text):
        same = unicodedata.normalize("NFKD", character.translate(_SAME)).casefold()
        for each in same or character:
            if each.isspace():
                if not made or made[-1] == " ":
                    continue
                each = " "
            elif made and made[-1] == " " and len(made) > 1 and _UNSPACED.match(each) and _UNSPACED.match(made[-2]):
                made.pop()
                origin.pop()
            made.append(each)
            origin.append(at)
    return "".join(made), origin
