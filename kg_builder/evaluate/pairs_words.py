"""Which words tell records apart: "upgrade" on one side only says more than "the" does.

Logistic regression over the words that only one record of a pair has, and over those that both have. What it says of
the pairs it was learnt from is said by parts that did not see them, so that a model on top of it is not deceived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg_builder.evaluate.pairs_features import Record, words_of

__all__ = ["WordEvidence", "fit_words"]

_FOLDS = 5
_LEAST_PAIRS = 3
_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class WordEvidence:
    """Log-odds by word: of one that only one side has, and of one that both have."""

    weights: dict[str, float]
    start: float

    def log_odds(self, one: Record, other: Record) -> float:
        """What the words of a pair add up to."""
        return self.start + sum(value * self.weights.get(name, 0.0) for name, value in _evidence(one, other))


def fit_words(
    pairs: Sequence[tuple[Record, Record]], labels: NDArray[np.bool_], *, seed: int = 0
) -> tuple[WordEvidence, NDArray[np.float64]]:
    """The evidence learnt from all pairs, and for each pair the log-odds from those of the other folds."""
    found = [_evidence(one, other) for one, other in pairs]
    order = np.random.default_rng(seed).permutation(len(pairs))
    held_out = np.zeros(len(pairs))
    for fold in range(_FOLDS):
        out = set(order[fold::_FOLDS].tolist())
        kept = [i for i in range(len(pairs)) if i not in out]
        model = _fit([found[i] for i in kept], labels[kept])
        for i in out:
            held_out[i] = model.start + sum(value * model.weights.get(name, 0.0) for name, value in found[i])
    return _fit(found, labels), held_out


def _evidence(one: Record, other: Record) -> list[tuple[str, float]]:
    here, there = ({word for text in record.values() for word in words_of(text)} for record in (one, other))
    apart, shared = sorted(here ^ there), sorted(here & there)
    return [(f"-{word}", 1 / (3 + len(apart)) ** 0.5) for word in apart] + [
        (f"+{word}", 1 / (3 + len(shared)) ** 0.5) for word in shared
    ]


def _fit(rows: Sequence[Sequence[tuple[str, float]]], labels: NDArray[np.bool_]) -> WordEvidence:
    """Full-batch logistic regression with a quadratic penalty, by accelerated gradients over sparse rows."""
    counts: dict[str, int] = {}
    for row in rows:
        for name, _ in row:
            counts[name] = counts.get(name, 0) + 1
    names = {name: i for i, name in enumerate(sorted(n for n, count in counts.items() if count >= _LEAST_PAIRS))}
    at, which, values = [], [], []
    for i, row in enumerate(rows):
        for name, value in row:
            if name in names:
                at.append(i)
                which.append(names[name])
                values.append(value)
    place, column, value_of = np.array(at, dtype=np.int64), np.array(which, dtype=np.int64), np.array(values)
    wanted = labels.astype(np.float64)
    chance = min(max(float(wanted.mean()) if len(wanted) else 0.5, 1e-3), 1 - 1e-3)
    start = float(np.log(chance / (1 - chance)))
    weights = np.zeros(len(names))
    ahead, last = weights.copy(), weights.copy()
    step = 2.0
    for turn in range(_ROUNDS if len(names) else 0):
        odds = start + np.bincount(place, weights=value_of * ahead[column], minlength=len(rows))
        error = 1 / (1 + np.exp(-odds)) - wanted
        slope = np.bincount(column, weights=value_of * error[place], minlength=len(names)) + 0.05 * ahead
        weights = ahead - step * slope / max(1.0, float(np.abs(slope).max()))
        ahead = weights + turn / (turn + 3) * (weights - last)
        last = weights
    return WordEvidence({name: float(weights[i]) for name, i in names.items()}, start)
