"""Texts that repeat others: the same but for space, case and punctuation, or nearly the same.

Candidates come from MinHash signatures of character shingles in bands (Broder 1997; Indyk and Motwani 1998), and are
then compared exactly, by the Jaccard index of their shingles. Two texts of an index of .8 are found with a probability
of 99.98 %, as 1 - (1 - .8^4)^16 says. A signature takes 64 bytes, and only texts that share a band with another are
looked at again, so that no text need be in memory.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

__all__ = ["NEAR", "Repeat", "evened", "find_repeats", "likeness"]

NEAR = 0.8
"""From this Jaccard index on, two texts are nearly the same."""

_BANDS = 16
_ROWS = 4
_MOST_COMPARED = 64  # texts of a band that a further one is compared with
_WORDS = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af]")
_CHANCE = np.random.default_rng(20)
_FACTORS = _CHANCE.integers(1, 1 << 63, _BANDS * _ROWS, dtype=np.uint64) | np.uint64(1)
_SHIFTS = _CHANCE.integers(0, 1 << 63, _BANDS * _ROWS, dtype=np.uint64)
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Repeat:
    """What a text repeats: the text of place ``of``, exactly (but for space, case and punctuation) or nearly."""

    of: int
    exact: bool


def evened(text: str) -> str:
    """`text` without space, case, width and punctuation: what equal texts share."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(_WORDS.findall(plain)) or plain.strip()


def likeness(a: str, b: str) -> float:
    """The Jaccard index of two texts' shingles."""
    one, other = _shingles(evened(a)), _shingles(evened(b))
    return len(one & other) / len(one | other) if one or other else 0.0


def find_repeats(
    texts: Sequence[str], *, held_out: int = 0, among: bool = True, near: float = NEAR
) -> dict[int, Repeat]:
    """The texts that repeat an earlier one, by place.

    The first `held_out` texts are no repeats of anything, and what repeats one of them is told so before all else.
    Without `among` only they are compared with. A `near` over 1 finds exact repeats alone. Empty texts repeat nothing.
    """
    signatures = np.zeros((len(texts), _BANDS), dtype=np.uint32)
    digests = np.zeros(len(texts), dtype=np.uint64)
    for place, text in enumerate(texts):
        if key := evened(text):
            digests[place] = int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big") or 1
            if near <= 1:
                signatures[place] = _signature(key)
    _, first, inverse = np.unique(digests, return_index=True, return_inverse=True)
    first = first[inverse]
    found = {
        int(place): Repeat(int(first[place]), exact=True)
        for place in np.flatnonzero((first != np.arange(len(texts))) & (digests != 0))
        if place >= held_out and (among or first[place] < held_out)
    }
    if near <= 1:
        found |= _near_repeats(texts, signatures, found, held_out, among, near)
    return found


def _near_repeats(
    texts: Sequence[str],
    signatures: np.ndarray[Any, np.dtype[np.uint32]],
    exact: dict[int, Repeat],
    held_out: int,
    among: bool,
    near: float,
) -> dict[int, Repeat]:
    shared = np.zeros(signatures.shape, dtype=bool)
    for band in range(_BANDS):
        _, inverse, counts = np.unique(signatures[:, band], return_inverse=True, return_counts=True)
        shared[:, band] = (counts[inverse] > 1) & (signatures[:, band] != 0)
    found: dict[int, Repeat] = {}
    buckets: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place in map(int, np.flatnonzero(shared.any(axis=1))):
        if place in exact:
            continue
        keys = [(int(band), int(signatures[place, band])) for band in np.flatnonzero(shared[place])]
        if place >= held_out:
            candidates = sorted({other for key in keys for other in buckets[key]})
            text = texts[place]
            of = next((other for other in candidates if likeness(text, texts[other]) >= near), None)
            if of is not None:
                found[place] = Repeat(of, exact=False)
                continue
            if not among:
                continue
        for key in keys:
            if len(buckets[key]) < _MOST_COMPARED or place < held_out:
                buckets[key].append(place)
    return found


@lru_cache(maxsize=1 << 9)
def _shingles(key: str) -> frozenset[str]:
    """Pieces of five characters; of two where the text is Chinese, in which a character says as much as a syllable."""
    size = 2 if len(_HAN.findall(key)) > 0.3 * len(key) else 5
    return frozenset(key[i : i + size] for i in range(max(1, len(key) - size + 1)))


def _signature(key: str) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """The least hash of the shingles under each function, and of these a hash for each band; never 0."""
    hashes = np.fromiter((zlib.crc32(s.encode("utf-8", "replace")) for s in _shingles(key)), dtype=np.uint64)
    least = ((hashes[:, None] * _FACTORS + _SHIFTS) >> np.uint64(32)).min(axis=0)
    bands = (least.reshape(_BANDS, _ROWS) * _MIX).sum(axis=1, dtype=np.uint64)
    made: np.ndarray[Any, np.dtype[np.uint32]] = np.maximum((bands >> np.uint64(32)).astype(np.uint32), 1)
    return made
