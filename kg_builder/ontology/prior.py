"""What holds of arguments in any relation, learnt from many ontologies once: where examples begin.

Where names begin and end, which of them a sentence is about, how a relation's own words stand to its arguments. The
weights ship with the package (``kg_builder/ontology/MODEL_CARD.md``).
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

import numpy as np

from kg_builder.ontology.reader import Pairs, Reading
from kg_builder.ontology.weights import Floats, Weights, unpack

__all__ = ["Prior", "load_prior"]


class Prior:
    """Scores to start from, the same for every relation but for what its name, domain and range say."""

    def __init__(self, data: bytes) -> None:
        """Reads what `learning.learn_prior` made; nothing: no opinion on anything."""
        self._weights: Weights | None = unpack(data)[0] if data else None
        self.digest = hashlib.sha256(data).hexdigest()[:16]

    def spans(self, part: str, reading: Reading) -> Floats:
        """How good a head or tail (`part`) each span is: (spans, 1)."""
        w = self._weights
        if w is None:
            return np.zeros((len(reading.spans), 1), np.float32)
        made: Floats = w.score(part, w.rows(part, reading.span_features))
        return made

    def pairs(self, reading: Reading, pairs: Pairs, fits: Floats) -> Floats:
        """How good each pair is in each relation, from `Understanding.fits`: (pairs, relations)."""
        w = self._weights
        if w is None or not len(pairs.heads):
            return np.full(fits.shape[:2], _BIAS, np.float32)
        sentence = w.score("sentence", w.rows("sentence", reading.sentence_features))
        base = self.spans("head", reading)[pairs.heads] + self.spans("tail", reading)[pairs.tails]
        base = base + w.score("pair", w.rows("pair", pairs.features)) + sentence[reading.sentence_of[pairs.tails]]
        made: Floats = (base + w.bias + fits @ w.fit).astype(np.float32)
        return made

    @property
    def bias(self) -> float:
        """Where spans begin."""
        return _BIAS if self._weights is None else float(self._weights.bias[0])


_BIAS = -3.0


@cache
def load_prior() -> Prior:
    """The prior that ships with the package."""
    return Prior(files("kg_builder").joinpath("ontology", "prior.npz").read_bytes())
