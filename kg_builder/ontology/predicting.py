"""What the learnt part of an ontology sees in a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kg_builder.errors import OntologyError
from kg_builder.ontology.forms import Forms
from kg_builder.ontology.lexical import Lexical
from kg_builder.ontology.prior import load_prior
from kg_builder.ontology.reader import Pairs, Reading, Seen, pairs_of, read
from kg_builder.ontology.records import Ontology
from kg_builder.ontology.spans import surface
from kg_builder.ontology.understanding import Understanding
from kg_builder.ontology.weights import unpack
from kg_builder.sentences import split_sentences
from kg_builder.types import Extraction

__all__ = ["Predictor", "Proposal"]

_WINDOW = 1500  # characters
_SURE, _UNLISTED = 0.25, 0.1
_LEAST = 2
"""The fewest examples of a relation that say anything beyond what its words do."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A triple seen in a text: places of its head and tail (characters), and how likely it is."""

    relation: str
    head: tuple[int, int]
    tail: tuple[int, int]
    head_type: str
    tail_type: str
    confidence: float


class Predictor:
    """The learnt part of `ontology`, ready for texts."""

    def __init__(self, ontology: Ontology, lexical: Lexical) -> None:
        """Reads the learnt part.

        Raises:
            OntologyError: it cannot be read.
        """
        self._weights, said = unpack(ontology.learnt)
        self._prior = load_prior()
        if said.get("prior") != self._prior.digest:
            raise OntologyError(
                "the [learnt] part of this ontology was made by another version of kg-builder; "
                "make it again with `kg ontology learn`"
            )
        self._lexical = lexical
        self._understanding = Understanding(ontology, self._weights.relations)
        self._seen: Seen = said.get("seen", {})
        self._single = {name for name, r in ontology.relations.items() if r.functional} | set(said.get("single", []))
        # Where examples list one triple of several that are true, what is likely true is less likely listed.
        self.least = _SURE - _UNLISTED * (1.0 - float(said.get("complete", 1.0)))
        self.forms = Forms(said.get("forms"))
        self.examples: dict[str, int] = said.get("examples", {})
        shown = [
            name in ontology.relations and self.examples.get(name, 0) >= _LEAST for name in self._weights.relations
        ]
        self._known = np.array(shown, dtype=bool)

    def proposals(self, text: str, extractions: Sequence[Extraction]) -> list[Proposal]:
        """The triples that are likely enough (``least``), best first: of those that overlap in one place, the best."""
        found: list[Proposal] = []
        for start, end in _windows(text):
            inside = [x for x in extractions if all(start <= m.start and m.end <= end for m in (x.head, x.tail))]
            moved = [
                replace(
                    x,
                    head=replace(x.head, start=x.head.start - start, end=x.head.end - start),
                    tail=replace(x.tail, start=x.tail.start - start, end=x.tail.end - start),
                )
                for x in inside
            ]
            for made in self._in_window(text[start:end], moved if start else inside):
                places = [(place[0] + start, place[1] + start) for place in (made.head, made.tail)]
                found.append(replace(made, head=places[0], tail=places[1]))
        return found

    def _in_window(self, text: str, extractions: Sequence[Extraction]) -> list[Proposal]:
        reading = read(text, extractions, self._lexical, self._seen)
        if not reading.spans:
            return []
        heads, tails, odds = self._odds(reading)
        kept: list[Proposal] = []
        taken: dict[int, list[tuple[int, int]]] = {}
        rows, columns = np.nonzero((odds >= self.least) & self._known)
        for at in np.argsort(-odds[rows, columns], kind="stable"):
            row, column = rows[at], columns[at]
            pair = int(heads[row]), int(tails[row])
            if not _collides(reading, pair, taken.get(column, ())):
                taken.setdefault(column, []).append(pair)
                kept.append(self._proposal(reading, pair, int(column), float(odds[row, column])))
        return kept

    def _odds(self, reading: Reading) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        w = self._weights
        head = w.score("head", w.rows("head", reading.span_features))
        tail = w.score("tail", w.rows("tail", reading.span_features))
        best_heads = (head + self._prior.spans("head", reading)).max(axis=1, initial=-99.0)
        best_tails = (tail + self._prior.spans("tail", reading)).max(axis=1, initial=-99.0)
        pairs = pairs_of(reading, best_heads, best_tails)
        if not len(pairs.heads):
            return pairs.heads, pairs.tails, np.zeros((0, len(w.relations)), np.float32)
        sentence = w.score("sentence", w.rows("sentence", reading.sentence_features))
        made = head[pairs.heads] + tail[pairs.tails] + sentence[reading.sentence_of[pairs.tails]] + w.bias
        made = made + w.score("pair", w.rows("pair", pairs.features))
        fits = self._understanding.fits(reading, pairs)
        made = made + fits @ w.fit + self._prior.pairs(reading, pairs, fits)
        return pairs.heads, pairs.tails, self._likely(reading, pairs, np.clip(made, -30, 30))

    def _likely(self, reading: Reading, pairs: Pairs, scores: np.ndarray) -> np.ndarray:
        """How likely each pair is, against there being none and against the pairs that it rules out.

        Those are the pairs with another head for words of the same tail, or with other words for the same two; of a
        relation that has one tail, or seldom more in the examples, also those with another tail.
        """
        powers = np.exp(scores)
        ends = np.array([(span.first, span.last) for span in reading.spans])
        heads, tails = ends[pairs.heads], ends[pairs.tails]
        one_tail = _overlaps(tails)
        one_head = _overlaps(heads)
        rivals = powers.copy()
        for column, name in enumerate(self._weights.relations):
            close = np.flatnonzero(scores[:, column] > -7.0)
            if len(close):
                against = one_tail[np.ix_(close, close)]
                if name in self._single:
                    against = against | one_head[np.ix_(close, close)]
                rivals[close, column] = against @ powers[close, column]
        made: np.ndarray = powers / (1.0 + rivals)
        return made

    def _proposal(self, reading: Reading, pair: tuple[int, int], column: int, odds: float) -> Proposal:
        text = reading.text
        head, tail = (reading.spans[i] for i in pair)
        return Proposal(
            self._weights.relations[column],
            (text.starts[head.first], text.ends[head.last - 1]),
            (text.starts[tail.first], text.ends[tail.last - 1]),
            head.type,
            tail.type,
            odds,
        )


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Whole sentences of a text, so many that work stays linear in its length; most texts are one window."""
    if len(text) <= _WINDOW:
        yield 0, len(text)
        return
    start = end = 0
    for first, last in split_sentences(text):
        if last - start > _WINDOW and end > start:
            yield start, end
            start = first
        while last - start > _WINDOW:  # a sentence that long is none
            yield start, start + _WINDOW
            start += _WINDOW
        end = last
    if end > start:
        yield start, end


def _overlaps(ends: np.ndarray) -> np.ndarray:
    """Which spans have a token in common: (spans, spans)."""
    made: np.ndarray = (ends[:, None, 0] < ends[None, :, 1]) & (ends[None, :, 0] < ends[:, None, 1])
    return made


def _collides(reading: Reading, pair: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    """Whether a better triple of the same relation has the same words, or words that overlap, on both sides."""
    return any(all(_same(reading, a, b) for a, b in zip(pair, other, strict=True)) for other in taken)


def _same(reading: Reading, a: int, b: int) -> bool:
    if a == b:
        return True
    one, two = reading.spans[a], reading.spans[b]
    if one.first < two.last and two.first < one.last:
        return True
    return surface(reading.text, one).casefold() == surface(reading.text, two).casefold()
