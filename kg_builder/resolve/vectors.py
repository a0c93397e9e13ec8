"""Names as vectors of an embedding model: how alike two are, and which are nearest to which.

Vectors have length 1, and their components are whole multiples of 1/2047. So the dot product of two is a whole number
below 2^24, which single precision adds up exactly, in whatever order a library does so: what is nearest depends on the
names alone, never on the shape of a matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ALIKE", "LEAST", "MOST_NAMES", "NEIGHBOURS", "alike", "least_score", "nearest", "quantised", "score"]

ALIKE = "vectors alike"
NEIGHBOURS = 8
"""The nearest names of a name that it is compared with."""
LEAST = 0.5
"""The cosine below which vectors say nothing."""
MOST_NAMES = 100_000
"""In a graph of more names vectors find no candidates: every name is held against every other."""

_SCALE = 2047
_CELLS = 1 << 23  # of a block of products


def quantised(made: NDArray[Any]) -> NDArray[Any]:
    """Vectors of any length, ``(names, dimensions)``, as 16-bit whole numbers of length 2047; those of length 0 stay
    so."""
    import numpy as np

    wide = made.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.rint(wide / np.where(length > 0, length, 1.0) * _SCALE).astype(np.int16)


def score(a: NDArray[Any], b: NDArray[Any]) -> int:
    """The dot product of two quantised vectors."""
    import numpy as np

    return int(np.dot(a.astype(np.int64), b.astype(np.int64)))


def least_score() -> int:
    """The dot product below which vectors say nothing."""
    return round(LEAST * _SCALE * _SCALE)


def alike(dot: int) -> float:
    """How alike two names are, from 0 for a cosine of 0.5 and less to 1."""
    cosine = dot / (_SCALE * _SCALE)
    return round(min(max((cosine - LEAST) / (1 - LEAST), 0.0), 1.0), 4)


def nearest(matrix: NDArray[Any], rows: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
    """For each of `rows` its nearest others, as pairs of dot product and row, the nearest first; of two that are
    equally near the one with the lower number.

    `matrix` has quantised vectors as single precision, ``(names, dimensions)``.
    """
    import numpy as np

    count = len(matrix)
    step = max(1, _CELLS // max(count, 1))
    behind = max(count - NEIGHBOURS, 0)
    for start in range(0, len(rows), step):
        some = list(rows[start : start + step])
        dots = matrix[some] @ matrix.T
        dots[np.arange(len(some)), some] = -np.inf
        least = np.maximum(np.partition(dots, behind, axis=1)[:, behind], least_score()) if count else ()
        for row in range(len(some)):
            columns = np.flatnonzero(dots[row] >= least[row]).tolist()  # more than enough where some are equally near
            best = sorted((-int(dots[row, column]), column) for column in columns)[:NEIGHBOURS]
            yield [(-score, column) for score, column in best]
