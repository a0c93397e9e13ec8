"""The pairs of names that share a block, for many names at once: with numbers in arrays that are sorted.

What is looked up in a table of millions lies anywhere in memory; what is sorted lies side by side.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from kg_builder.resolve.blocking import BROAD, block_keys
from kg_builder.resolve.records import Profile
from kg_builder.resolve.views import view_of

__all__ = ["places_of_pairs"]

_MOST_IN_BLOCK = 40
_MOST_IN_BROAD_BLOCK = 12
_SHORT = frozenset("az")  # kinds of blocks where a short form meets what it may stand for
_BROAD_FLAG, _SHORT_FLAG = 1, 2
_FLAGS = {chr(i): _BROAD_FLAG * (chr(i) in BROAD) | _SHORT_FLAG * (chr(i) in _SHORT) for i in range(128)}
_PRIME = 2236067977499789801
"""Far from a power of two: divided by one that is near, keys that differ in two letters only often have one rest."""
_AT_ONCE = 1 << 20  # contexts of names in large blocks that are sorted together

_Numbers = NDArray[np.int64]
_NONE = np.zeros(0, np.int64)


def places_of_pairs(profiles: Sequence[Profile]) -> tuple[_Numbers, _Numbers]:
    """The places of the names that `batch.candidates` pairs, each pair once: the smaller ones, and the others. Pairs
    that share a large block follow each other, so that what is compared has just been looked at.
    """
    names = len(profiles)
    blocks, places, is_long = _blocks_of(profiles)
    starts, sizes = _runs(blocks)
    flags = blocks[starts]
    most = np.where(flags & _BROAD_FLAG, _MOST_IN_BROAD_BLOCK, _MOST_IN_BLOCK)
    small = (sizes > 1) & (sizes <= most)
    short = small & (flags & _SHORT_FLAG > 0)
    large = sizes > most
    apart = np.unique(_pairs(places, starts[small & ~short], sizes[small & ~short], names))
    shortened = np.unique(_pairs(places, starts[short], sizes[short], names))
    refined = _refined(places, starts[large], sizes[large], most[large], profiles)
    refined = refined[~_among(apart, refined) & ~_among(shortened, refined)]
    shortened = shortened[~(is_long[shortened // max(1, names)] & is_long[shortened % max(1, names)])]
    found = np.concatenate([refined, np.union1d(apart, shortened)])
    return found // max(1, names), found % max(1, names)


def _blocks_of(profiles: Iterable[Profile]) -> tuple[_Numbers, _Numbers, NDArray[np.bool_]]:
    """The blocks of all names as numbers, sorted, the places of the names in each, sorted too, and which are long."""
    numbers, counts, is_long = array("q"), array("q"), bytearray()
    for profile in profiles:
        keys = block_keys(profile)
        numbers.extend([_number(key) for key in keys])
        counts.append(len(keys))
        is_long.append(_is_long(profile.name.plain))
    blocks = _as_numbers(numbers)
    order = np.argsort(blocks, kind="stable")
    places = np.repeat(np.arange(len(counts)), _as_numbers(counts))
    return blocks[order], places[order], np.frombuffer(bytes(is_long), np.bool_)


def _number(key: str) -> int:
    """A number for the key of a block: 61 bits, the same on every machine, and two that tell its kind.

    Among the ten million keys of a million names two have one number in one graph of 50,000; all that follows is that
    names are compared that share nothing.
    """
    whole = int.from_bytes(key.encode("utf-8", "surrogatepass"), "little")
    return whole % _PRIME << 2 | _FLAGS[key[0]]


def _is_long(key: str) -> bool:
    """Whether a name is more than an acronym or a Chinese short form."""
    view = view_of(key)
    return len(view.loose) > 4 if view.han else len(view.words) > 1


def _as_numbers(numbers: array[int]) -> _Numbers:
    return np.frombuffer(numbers, np.int64) if numbers else _NONE


def _runs(numbers: _Numbers) -> tuple[_Numbers, _Numbers]:
    """Where each of some sorted numbers begins, and how often it is there."""
    starts = np.flatnonzero(np.concatenate([numbers[:1] == numbers[:1], numbers[1:] != numbers[:-1]]))
    return starts, np.diff(starts, append=len(numbers))


def _pairs(places: _Numbers, starts: _Numbers, sizes: _Numbers, names: int) -> _Numbers:
    """All pairs within runs of sorted places, run by run: the smaller one times `names` plus the other."""
    members = _ranges(starts, sizes)
    behind = np.repeat(starts + sizes, sizes) - members - 1
    return np.repeat(places[members], behind) * names + places[_ranges(members + 1, behind)]


def _among(ones: _Numbers, others: _Numbers) -> NDArray[np.bool_]:
    """Which of `others` are among the sorted `ones`."""
    if not len(ones):
        return np.zeros(len(others), np.bool_)
    nearest: _Numbers = ones[np.minimum(np.searchsorted(ones, others), len(ones) - 1)]
    return np.equal(nearest, others)


def _refined(
    places: _Numbers, starts: _Numbers, sizes: _Numbers, most: _Numbers, profiles: Sequence[Profile]
) -> _Numbers:
    """The pairs of names in one large block that share a neighbour or a document with few enough names of it."""
    if not len(starts):
        return _NONE
    contexts, counts = _contexts_of(profiles)
    firsts = np.cumsum(counts) - counts
    kinds = int(contexts.max(initial=0)) + 1
    found = [_NONE]
    for blocks in _portions(np.add.reduceat(counts[places[_ranges(starts, sizes)]], np.cumsum(sizes) - sizes)):
        members = places[_ranges(starts[blocks], sizes[blocks])]
        each = counts[members]
        block = np.repeat(np.repeat(np.arange(blocks.start, blocks.stop), sizes[blocks]), each)
        shared = block * kinds + contexts[_ranges(firsts[members], each)]
        order = np.argsort(shared, kind="stable")
        begin, length = _runs(shared[order])
        few = (length > 1) & (length <= most[block[order][begin]])
        found.append(_pairs(np.repeat(members, each)[order], begin[few], length[few], len(profiles)))
    return _each_once(np.concatenate(found))


def _portions(sizes: _Numbers) -> Iterator[slice]:
    """Slices of some parts that together are not much larger than what is sorted at once."""
    ends = np.searchsorted(np.cumsum(sizes), np.arange(_AT_ONCE, sizes.sum() + _AT_ONCE, _AT_ONCE), side="right")
    begin = 0
    for end in np.unique(np.append(ends, len(sizes))).tolist():
        if end > begin:
            yield slice(begin, end)
            begin = end


def _each_once(numbers: _Numbers) -> _Numbers:
    """Numbers without those that were there before, in their order."""
    return numbers[np.sort(np.unique(numbers, return_index=True)[1])]


def _ranges(starts: _Numbers, counts: _Numbers) -> _Numbers:
    """The numbers from each start on, as many as its count, one range behind the other."""
    return np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())


def _contexts_of(profiles: Sequence[Profile]) -> tuple[_Numbers, _Numbers]:
    """The neighbours and documents of all names as numbers, those of one name behind those of another, and how many
    each has."""
    numbers, counts = array("q"), array("q")
    known: dict[str, int] = {}
    documents: dict[str, int] = {}
    for profile in profiles:
        numbers.extend([2 * known.setdefault(each, len(known)) for each in profile.neighbours])
        numbers.extend([2 * documents.setdefault(each, len(documents)) + 1 for each in profile.documents])
        counts.append(len(profile.neighbours) + len(profile.documents))
    return _as_numbers(numbers), _as_numbers(counts)
