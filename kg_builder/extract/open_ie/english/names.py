"""Names from the scores of BIO tags."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_names", "bio_transitions"]


def bio_transitions(tags: list[str]) -> NDArray[np.float32]:
    """``[from, to]``: 0 where the step may be, a large negative number where an I would follow another kind's name."""
    allowed = np.zeros((len(tags), len(tags)), dtype=np.float32)
    for j, to in enumerate(tags):
        if to.startswith("I-"):
            for i, before in enumerate(tags):
                if before[2:] != to[2:]:
                    allowed[i, j] = -1e4
    return allowed


def best_names(scores: NDArray[np.float32], transitions: NDArray[np.float32]) -> list[int]:
    """The best lawful sequence of BIO tags; without any name at all, at no cost."""
    best = scores.argmax(axis=1)
    path: list[int] = best.tolist()
    if not best.any() or all(transitions[a, b] == 0 for a, b in zip([0, *path], path, strict=False)):
        return path
    total = scores[0] + transitions[0]
    back = []
    for row in scores[1:]:
        ways = total[:, None] + transitions
        back.append(ways.argmax(axis=0))
        total = ways.max(axis=0) + row
    last = int(total.argmax())
    found = [last]
    for step in reversed(back):
        last = int(step[last])
        found.append(last)
    return found[::-1]
