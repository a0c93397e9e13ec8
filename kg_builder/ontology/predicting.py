"""What the learnt part of an ontology sees in a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kg_builder.ontology.forms import Forms
from kg_builder.ontology.lexical import Lexical
from kg_builder.ontology.reader import Reading, Seen, pairs_of, read
from kg_builder.ontology.records import Ontology
from kg_builder.ontology.spans import surface
from kg_builder.ontology.weights import unpack
from kg_builder.types import Extraction

__all__ = ["Predictor", "Proposal"]


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
        self._lexical = lexical
        self._seen: Seen = said.get("seen", {})
        self._known = np.array([name in ontology.relations for name in self._weights.relations], dtype=bool)
        self.forms = Forms(said.get("forms"))
        self.examples: dict[str, int] = said.get("examples", {})

    def proposals(self, text: str, extractions: Sequence[Extraction], *, least: float) -> list[Proposal]:
        """The triples at least that likely, best first: of those that overlap in one place, the best."""
        reading = read(text, extractions, self._lexical, self._seen)
        if not reading.spans:
            return []
        heads, tails, odds = self._odds(reading)
        kept: list[Proposal] = []
        taken: dict[int, list[tuple[int, int]]] = {}
        rows, columns = np.nonzero((odds >= least) & self._known)
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
        pairs = pairs_of(reading, head.max(axis=1, initial=-9.0), tail.max(axis=1, initial=-9.0))
        if not len(pairs.heads):
            return pairs.heads, pairs.tails, np.zeros((0, len(w.relations)), np.float32)
        sentence = w.score("sentence", w.rows("sentence", reading.sentence_features))
        made = head[pairs.heads] + tail[pairs.tails] + sentence[reading.sentence_of[pairs.tails]] + w.bias
        made = made + w.score("pair", w.rows("pair", pairs.features))
        return pairs.heads, pairs.tails, 1.0 / (1.0 + np.exp(-np.clip(made, -30, 30)))

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
