"""Gradient-boosted trees for two classes, in numpy: small, deterministic, seconds for thousands of rows.

Newton boosting on the logistic loss over histograms of binned features (Friedman 2001; Chen and Guestrin 2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Forest", "fit_forest"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BINS = 48


@dataclass(frozen=True, slots=True)
class _Tree:
    """A complete binary tree, breadth first: node ``i`` has children ``2i+1`` and ``2i+2``; a feature of -1 ends it."""

    feature: Ints
    cut: Ints
    value: Floats


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees whose values add up to log-odds; ``edges`` are the upper ends of each feature's bins."""

    edges: tuple[Floats, ...]
    start: float
    trees: tuple[_Tree, ...]

    def log_odds(self, rows: Floats) -> Floats:
        """The log-odds of class 1 for each row of features, shape ``(rows, features)`` -> ``(rows,)``."""
        binned = _binned(rows, self.edges)
        total = np.full(len(rows), self.start)
        for tree in self.trees:
            total += tree.value[_leaves(binned, tree.feature, tree.cut)]
        return total


def fit_forest(
    rows: Floats,
    labels: NDArray[np.bool_],
    *,
    trees: int = 200,
    depth: int = 5,
    rate: float = 0.08,
    seed: int = 0,
    row_share: float = 0.8,
    column_share: float = 0.4,
    least_rows: float = 2.0,
    smoothing: float = 2.0,
) -> Forest:
    """Learn from ``rows`` (rows, features; NaN sorts below everything) with their classes.

    Every tree sees `row_share` of the rows and `column_share` of the features, drawn with `seed`. A leaf has at least
    the weight of `least_rows` rows of even odds, and is drawn towards 0 by `smoothing`.
    """
    random = np.random.default_rng(seed)
    edges = tuple(_edges(rows[:, i]) for i in range(rows.shape[1]))
    binned = _binned(rows, edges)
    rate_of_ones = min(max(float(labels.mean()), 1e-3), 1 - 1e-3)
    start = float(np.log(rate_of_ones / (1 - rate_of_ones)))
    odds = np.full(len(rows), start)
    wanted = labels.astype(np.float64)
    columns = max(1, round(column_share * rows.shape[1]))
    grown = []
    for _ in range(trees):
        chance = 1 / (1 + np.exp(-odds))
        slope, bend = chance - wanted, np.maximum(chance * (1 - chance), 1e-9)
        drawn = random.random(len(rows)) < row_share
        chosen = np.sort(random.choice(rows.shape[1], columns, replace=False))
        tree = _grow(
            binned[np.ix_(drawn, chosen)], slope[drawn], bend[drawn], chosen,
            depth=depth, rate=rate, least=least_rows / 4, smoothing=smoothing,
        )  # fmt: skip
        odds += tree.value[_leaves(binned, tree.feature, tree.cut)]
        grown.append(tree)
    return Forest(edges, start, tuple(grown))


def _edges(column: Floats) -> Floats:
    """Where the values of a feature are cut into bins, about equally full ones."""
    values = np.unique(column[~np.isnan(column)])
    if len(values) > _BINS - 2:
        values = np.unique(np.quantile(column[~np.isnan(column)], np.linspace(0, 1, _BINS - 1)))
    return (values[:-1] + values[1:]) / 2 if len(values) > 1 else np.array([])


def _binned(rows: Floats, edges: tuple[Floats, ...]) -> Ints:
    """The bin of every value; 0 for what is missing."""
    found = np.empty(rows.shape, dtype=np.int64)
    for i, cuts in enumerate(edges):
        found[:, i] = np.where(np.isnan(rows[:, i]), 0, 1 + np.searchsorted(cuts, rows[:, i], side="left"))
    return found


def _grow(
    binned: Ints, slope: Floats, bend: Floats, columns: Ints, *, depth: int, rate: float, least: float, smoothing: float
) -> _Tree:
    """One tree, level by level: at each node the cut that lowers the loss most."""
    size = 2 ** (depth + 1) - 1
    feature, cut, value = np.full(size, -1), np.zeros(size, dtype=np.int64), np.zeros(size)
    node = np.zeros(len(binned), dtype=np.int64)
    width = binned.shape[1]
    places = np.arange(width) * _BINS + binned
    for level in range(depth + 1):
        first, count = 2**level - 1, 2**level
        live = node >= first
        here = node[live] - first
        sums: list[Floats] = [
            np.bincount(here, weights=w[live], minlength=count).astype(np.float64) for w in (slope, bend)
        ]
        value[first : first + count] = -rate * sums[0] / (sums[1] + smoothing)
        if level == depth or not live.any():
            break
        flat = (here[:, None] * (width * _BINS) + places[live]).ravel()
        shape = (count, width, _BINS)
        left: list[Floats] = [
            np.bincount(flat, weights=np.repeat(w[live], width), minlength=count * width * _BINS)
            .reshape(shape)
            .cumsum(axis=2)[:, :, :-1]
            for w in (slope, bend)
        ]
        right: list[Floats] = [total[:, None, None] - side for total, side in zip(sums, left, strict=True)]
        whole = _score(sums[0], sums[1], smoothing)
        gain = _score(left[0], left[1], smoothing) + _score(right[0], right[1], smoothing) - whole[:, None, None]
        gain[(left[1] < least) | (right[1] < least)] = 0
        best = gain.reshape(count, -1).argmax(axis=1)
        worth = gain.reshape(count, -1)[np.arange(count), best] > 1e-6
        feature[first : first + count] = np.where(worth, columns[best // (_BINS - 1)], -1)
        cut[first : first + count] = best % (_BINS - 1)
        at = here
        goes = binned[live, (best // (_BINS - 1))[at]] > cut[first + at]
        node[live] = np.where(worth[at], 2 * node[live] + 1 + goes, -1)
    return _Tree(feature, cut, value)


def _sums(groups: Ints, weights: Floats, count: int) -> Floats:
    return np.bincount(groups, weights=weights, minlength=count).astype(np.float64)


def _score(slope: Floats, bend: Floats, smoothing: float) -> Floats:
    return np.asarray(slope * slope / (bend + smoothing))


def _leaves(binned: Ints, feature: Ints, cut: Ints) -> Ints:
    """The node in which every row ends."""
    node = np.zeros(len(binned), dtype=np.int64)
    every: Any = np.arange(len(binned))
    while True:
        asked = feature[node]
        goes_on = asked >= 0
        if not goes_on.any():
            return node
        right = binned[every, np.maximum(asked, 0)] > cut[node]
        node = np.where(goes_on, 2 * node + 1 + right, node)
