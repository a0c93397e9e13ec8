"""Fits the weights of `kg_builder.ontology.weights` to examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from kg_builder.ontology.examples import Example
from kg_builder.ontology.prior import Prior
from kg_builder.ontology.reader import Pairs, Reading, pairs_of
from kg_builder.ontology.understanding import Understanding
from kg_builder.ontology.weights import PARTS, Features, Ints, Weights
from kg_builder.types import Extraction

__all__ = ["SEED", "Case", "fitted"]

# Tried on two ontologies of Text2KGBench (Wikidata half): six rounds of pairs, or a ridge of .001 with them, give .55
# and .54 (F1, texts held out), these .57; a rate of .25 learns by heart.
_SPAN_ROUNDS, _PAIR_ROUNDS = 3, 3
_RATE = 0.1
_RIDGE = 1e-5
SEED = 20


class Rows:
    """The weights that rows of features stand for, and which rows each weight has a part in."""

    def __init__(self, numbers: Ints, unknown: int) -> None:
        self.numbers = numbers
        flat = self.numbers.ravel()
        order = np.argsort(flat, kind="stable")
        order = order[flat[order] != unknown]
        self.touched, self.begins = np.unique(flat[order], return_index=True)
        self.order = (order // max(1, numbers.shape[1])).astype(np.int32)


@dataclass(slots=True)
class Case:
    """An example made ready: where its triples stand."""

    example: Example
    extractions: Sequence[Extraction]
    triples: list[tuple[int, list[tuple[int, int]], list[tuple[int, int]]]]  # relation, head spans, tail spans
    own: dict[str, dict[str, int]]
    reading: Reading | None = None
    head_rows: Rows | None = None
    tail_rows: Rows | None = None
    sentence_rows: Rows | None = None
    pairs: Pairs | None = None
    pair_rows: Rows | None = None
    right: list[tuple[int, np.ndarray]] = field(default_factory=list)  # a triple's relation, and its pairs
    fits: np.ndarray | None = None
    base: np.ndarray | None = None


def fitted(
    relations: Sequence[str],
    cases: list[Case],
    elsewhere: float,
    prior: Prior,
    view: Callable[[Case], Understanding],
    on_progress: Callable[[str], None] | None,
) -> Weights:
    """Weights that tell the triples of `cases` from all other pairs, on top of what `prior` says.

    `elsewhere` is how much a text counts against a relation of which its example lists nothing; `view` gives what the
    ontology says of a case's relations.
    """
    readings = [case.reading for case in cases if case.reading is not None]
    spans = _common([reading.span_features for reading in readings])
    ids = {"head": spans, "tail": spans, "pair": np.zeros(0, np.int64)}
    ids["sentence"] = _common([reading.sentence_features for reading in readings])
    weights = Weights.zero(relations, ids)
    for case in cases:
        assert case.reading is not None
        case.head_rows = _rows(weights, "head", case.reading.span_features)
        case.tail_rows = case.head_rows
        case.sentence_rows = _rows(weights, "sentence", case.reading.sentence_features)
    random = np.random.default_rng(SEED)
    trainer = _Trainer(weights, prior, elsewhere)
    for turn in range(_SPAN_ROUNDS):
        if on_progress:
            on_progress(f"spans, round {turn + 1} of {_SPAN_ROUNDS}")
        for at in random.permutation(len(cases)):
            trainer.spans(cases[at])
    for case in cases:
        _pair_up(case, weights, prior)
        assert case.reading is not None and case.pairs is not None
        case.fits = view(case).fits(case.reading, case.pairs)
        case.base = prior.pairs(case.reading, case.pairs, case.fits)
    weights.ids["pair"] = _common([case.pairs.features for case in cases if case.pairs is not None])
    weights.values["pair"] = np.zeros((len(weights.ids["pair"]) + 1, len(relations) + 1), np.float32)
    for case in cases:
        assert case.pairs is not None
        case.pair_rows = _rows(weights, "pair", case.pairs.features)
    trainer = _Trainer(weights, prior, elsewhere)
    for turn in range(_PAIR_ROUNDS):
        if on_progress:
            on_progress(f"pairs, round {turn + 1} of {_PAIR_ROUNDS}")
        for at in random.permutation(len(cases)):
            trainer.pairs(cases[at])
    return weights


def _rows(weights: Weights, part: str, features: Features) -> Rows:
    return Rows(weights.rows(part, features), len(weights.ids[part]))


def _common(features: Sequence[Features]) -> Ints:
    """The features that more than one text has, sorted: what one has alone would only be learnt by heart."""
    if not features:
        return np.zeros(0, np.int64)
    ids, counts = np.unique(np.concatenate([np.unique(f.ids) for f in features]), return_counts=True)
    return ids[(counts > 1) & (ids >= 0)]


def _pair_up(case: Case, weights: Weights, prior: Prior) -> None:
    """Choose the pairs to learn from, and say which of them are right."""
    reading = case.reading
    assert reading is not None and case.head_rows is not None and case.tail_rows is not None
    number = {(c.first, c.last): i for i, c in enumerate(reading.spans)}
    right: list[tuple[int, list[tuple[int, int]]]] = []
    for relation, heads, tails in case.triples:
        places = [(number[h], number[t]) for h in heads for t in tails if h in number and t in number and h != t]
        if places:
            right.append((relation, places))
    scores = weights.score("head", case.head_rows.numbers) + prior.spans("head", reading)
    heads_scores = scores.max(axis=1, initial=-99.0)
    scores = weights.score("tail", case.tail_rows.numbers) + prior.spans("tail", reading)
    tail_scores = scores.max(axis=1, initial=-99.0)
    case.pairs = pairs_of(reading, heads_scores, tail_scores, [pair for _, places in right for pair in places])
    at = {(int(h), int(t)): i for i, (h, t) in enumerate(zip(case.pairs.heads, case.pairs.tails, strict=True))}
    case.right = [(relation, np.array([at[pair] for pair in places])) for relation, places in right]


class _Trainer:
    def __init__(self, weights: Weights, prior: Prior, elsewhere: float) -> None:
        self._weights, self._prior = weights, prior
        self._elsewhere = elsewhere
        self._squares = {part: np.full_like(weights.values[part], 1e-2) for part in PARTS}
        self._bias_squares = np.full_like(weights.bias, 1e-2)
        self._fit_squares = np.full_like(weights.fit, 1e-2)

    def spans(self, case: Case) -> None:
        """A step for the spans of a text: which are heads, which tails, of what."""
        reading = case.reading
        assert reading is not None and case.head_rows is not None and case.tail_rows is not None
        number = {(c.first, c.last): i for i, c in enumerate(reading.spans)}
        heads = [(relation, places) for relation, places, _ in case.triples]
        tails = [(relation, places) for relation, _, places in case.triples]
        for part, rows, ends in (("head", case.head_rows, heads), ("tail", case.tail_rows, tails)):
            right = [(r, np.array([number[p] for p in e if p in number], dtype=np.int64)) for r, e in ends]
            base = self._prior.spans(part, reading) + self._prior.bias
            made = self._weights.score(part, rows.numbers) + self._weights.bias + base
            self._step(part, rows, _slope(made, right, self._elsewhere))

    def pairs(self, case: Case) -> None:
        """A step for the pairs of a text."""
        w, reading, pairs = self._weights, case.reading, case.pairs
        if reading is None or pairs is None or not len(pairs.heads):
            return
        assert case.head_rows is not None and case.tail_rows is not None and case.sentence_rows is not None
        assert case.pair_rows is not None and case.fits is not None and case.base is not None
        sentences = reading.sentence_of[pairs.tails]
        made = (
            w.score("head", case.head_rows.numbers)[pairs.heads]
            + w.score("tail", case.tail_rows.numbers)[pairs.tails]
            + w.score("pair", case.pair_rows.numbers)
            + w.score("sentence", case.sentence_rows.numbers)[sentences]
            + case.fits @ w.fit
            + w.bias
            + case.base
        )
        missing = {triple[0] for triple in case.triples} - {relation for relation, _ in case.right}
        error = _slope(
            made, [*case.right, *((relation, np.zeros(0, np.int64)) for relation in missing)], self._elsewhere
        )
        self._step("pair", case.pair_rows, error)
        self._step("head", case.head_rows, _summed(error, pairs.heads, len(reading.spans)))
        self._step("tail", case.tail_rows, _summed(error, pairs.tails, len(reading.spans)))
        self._step("sentence", case.sentence_rows, _summed(error, sentences, len(case.sentence_rows.numbers)))
        fit = np.einsum("pr,prk->k", error, case.fits)
        self._fit_squares += fit**2
        w.fit -= _RATE * fit / np.sqrt(self._fit_squares)
        slope = error.sum(axis=0)
        self._bias_squares += slope**2
        w.bias -= _RATE * slope / np.sqrt(self._bias_squares)

    def _step(self, part: str, rows: Rows, error: np.ndarray) -> None:
        values, squares = self._weights.values[part], self._squares[part]
        if not len(rows.touched):
            return
        error = np.concatenate([error, error.sum(axis=1, keepdims=True)], axis=1)
        slope = np.add.reduceat(error[rows.order], rows.begins, axis=0)
        slope += _RIDGE * values[rows.touched]
        squares[rows.touched] += slope**2
        values[rows.touched] -= _RATE * slope / np.sqrt(squares[rows.touched])


def _summed(error: np.ndarray, groups: Ints, count: int) -> np.ndarray:
    made = np.zeros((count, error.shape[1]), np.float32)
    np.add.at(made, groups, error)
    return made


def _slope(scores: np.ndarray, right: Sequence[tuple[int, np.ndarray]], elsewhere: float) -> np.ndarray:
    """How the loss changes with each score: (rows, relations).

    For each relation one of the rows is right, or none (whose score is 0): a softmax over all of them. `right` has for
    each triple its relation and the rows that would be right, between which the weights may choose; no rows: the text
    says it in words that are no candidates, so that nothing is to be learnt of the relation. Texts that list no triple
    of a relation count as having none, but only as much as `elsewhere`.
    """
    most = np.maximum(scores.max(axis=0), 0.0)
    powers = np.exp(scores - most)
    odds = powers / (powers.sum(axis=0) + np.exp(-most))
    made = odds * elsewhere
    by_relation: dict[int, list[np.ndarray]] = {}
    for relation, rows in right:
        by_relation.setdefault(relation, []).append(rows)
    for relation, all_rows in by_relation.items():
        listed = [rows for rows in all_rows if len(rows)]
        made[:, relation] = odds[:, relation] if listed else 0.0
        for rows in listed:
            share = powers[rows, relation] + 1e-9
            made[rows, relation] -= share / (share.sum() * len(listed))
    slopes: np.ndarray = made.astype(np.float32)
    return slopes
