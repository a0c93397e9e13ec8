"""The best dependency tree under arc scores: greedy where that is a tree, else the maximum spanning tree.

Chu and Liu (1965), Edmonds (1967); one word alone hangs from the root, as Universal Dependencies asks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_heads", "is_tree"]

_NEVER = -1e9
_DEAR = 1e6  # more than the arcs of any sentence differ by, and less than what never may be


def is_tree(heads: NDArray[np.int64]) -> bool:
    """Whether `heads` (one per word, counted from 1, 0 the root) form a tree with exactly one word at the root."""
    n = len(heads)
    if int((heads == 0).sum()) != 1:
        return False
    seen = [0] * (n + 1)  # the walk that reached the word; 0: none yet
    for start in range(1, n + 1):
        word = start
        while word and not seen[word]:
            seen[word] = start
            word = int(heads[word - 1])
        if word and seen[word] == start:
            return False
    return True


def best_heads(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Heads, shape ``(words,)``, for arc scores, shape ``(words, words + 1)``; column 0 is the root."""
    heads: NDArray[np.int64] = scores.argmax(axis=1).astype(np.int64)
    if is_tree(heads):
        return heads
    n = scores.shape[0]
    full = np.full((n + 1, n + 1), _NEVER, dtype=np.float64)  # full[dependent, head]
    full[1:] = scores
    np.fill_diagonal(full, _NEVER)
    tree = _spanning_tree(full)
    if int((tree[1:] == 0).sum()) > 1:
        tree = _with_one_root(full)
    return tree[1:]


def _with_one_root(full: NDArray[np.float64]) -> NDArray[np.int64]:
    """The best tree with one word at the root: arcs from the root cost so much that a tree takes as few as it can."""
    dear = full.copy()
    dear[1:, 0] -= _DEAR
    return _spanning_tree(dear)


def _spanning_tree(full: NDArray[np.float64]) -> NDArray[np.int64]:
    """Maximum spanning tree over ``full[dependent, head]`` rooted in node 0; entry 0 of the result means nothing."""
    heads: NDArray[np.int64] = full.argmax(axis=1).astype(np.int64)
    heads[0] = -1
    cycle = _find_cycle(heads)
    if cycle is None:
        return heads
    n = len(heads)
    inside = set(cycle)
    outside = np.array([i for i in range(n) if i not in inside], dtype=np.int64)
    ring = np.array(cycle, dtype=np.int64)
    # The cycle becomes one node, the last of the smaller graph.
    size = len(outside) + 1
    small = np.full((size, size), _NEVER, dtype=np.float64)
    small[:-1, :-1] = full[outside[:, None], outside]
    small[:-1, -1] = full[outside[:, None], ring].max(axis=1)
    leaving = ring[full[outside[:, None], ring].argmax(axis=1)]
    gain = full[ring[:, None], outside] - full[ring, heads[ring]][:, None]
    small[-1, :-1] = gain.max(axis=0)
    entered = ring[gain.argmax(axis=0)]
    small[0, :] = _NEVER
    inner = _spanning_tree(small)
    result = heads.copy()
    for position, node in enumerate(outside):
        if node == 0:
            continue
        head = int(inner[position])
        result[node] = leaving[position] if head == size - 1 else outside[head]
    source = int(inner[-1])
    result[entered[source]] = outside[source]
    return result


def _find_cycle(heads: NDArray[np.int64]) -> list[int] | None:
    """The nodes of one cycle, or None."""
    state = [0] * len(heads)
    for start in range(1, len(heads)):
        path, node = [], start
        while node > 0 and not state[node]:
            state[node] = start
            path.append(node)
            node = int(heads[node])
        if node > 0 and state[node] == start and node in path:
            return path[path.index(node) :]
    return None
