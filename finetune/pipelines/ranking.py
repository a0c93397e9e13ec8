"""Linear rankers with a softmax over the candidates of one question, of which one or more may be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

__all__ = ["Example", "fit"]


@dataclass(frozen=True, slots=True)
class Example:
    """A question: the features of its candidates, by name, and which of them may be right."""

    features: Sequence[Mapping[str, float]]
    right: Sequence[bool]


def fit(examples: Sequence[Example], *, decay: float, seen: int = 1) -> dict[str, float]:
    """Weights that make right candidates likely, by L-BFGS; the same for the same examples.

    A feature that fewer than `seen` candidates have gets none. `decay` is the weight of the squares of all weights
    beside the mean loss of an example, in nats.
    """
    names = _vocabulary(examples, seen)
    matrix, right, first = _table(examples, {name: k for k, name in enumerate(names)})
    sizes = np.diff(np.append(first, len(right)))
    of = np.repeat(np.arange(len(examples)), sizes)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = matrix @ weights
        odds = np.exp(scores - np.maximum.reduceat(scores, first)[of])
        good = np.where(right, odds, 0.0)
        total, sure = np.add.reduceat(odds, first), np.add.reduceat(good, first)
        gradient = matrix.T @ (odds / total[of] - good / sure[of]) / len(examples)
        value = -np.log(sure / total).mean()
        return float(value + decay * (weights**2).sum()), gradient + 2 * decay * weights

    minimize = import_module("scipy.optimize").minimize
    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return {name: round(float(weight), 4) for name, weight in zip(names, found.x, strict=True)}


def _vocabulary(examples: Sequence[Example], seen: int) -> list[str]:
    counts: dict[str, int] = {}
    for example in examples:
        for row in example.features:
            for name in row:
                counts[name] = counts.get(name, 0) + 1
    return [name for name, count in counts.items() if count >= seen]


def _table(
    examples: Sequence[Example], column: Mapping[str, int]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.intp]]:
    """Features (candidates, names), which candidates are right, and where each example begins."""
    rows = [row for example in examples for row in example.features]
    matrix = np.zeros((len(rows), len(column)))
    for k, row in enumerate(rows):
        for name, value in row.items():
            if name in column:
                matrix[k, column[name]] = value
    right = np.array([good for example in examples for good in example.right], dtype=np.bool_)
    first = np.cumsum([0, *(len(example.features) for example in examples)])[:-1]
    return matrix, right, first
