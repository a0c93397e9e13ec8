from __future__ import annotations

import itertools

import numpy as np
import pytest

from kg_builder.extract.open_ie.trees import best_heads, is_tree


@pytest.mark.parametrize("seed", range(40))
def test_best_heads_equal_exhaustive_search(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    scores = rng.normal(size=(n, n + 1)).astype(np.float32)
    for word in range(n):
        scores[word, word + 1] = -1e9
    trees = [np.array(h) for h in itertools.product(range(n + 1), repeat=n)]
    best = max((t for t in trees if is_tree(t)), key=lambda t: scores[np.arange(n), t].sum())
    found = best_heads(scores)
    assert is_tree(found)
    assert scores[np.arange(n), found].sum() == pytest.approx(scores[np.arange(n), best].sum(), abs=1e-4)


def test_two_roots_and_cycles_are_no_trees() -> None:
    assert is_tree(np.array([0, 1, 2]))
    assert not is_tree(np.array([0, 0]))
    assert not is_tree(np.array([2, 1, 0]))
