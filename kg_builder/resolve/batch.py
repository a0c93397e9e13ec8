"""Names to entities in one go, all in memory: what an import, a benchmark or a small graph needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kg_builder.resolve.features import OTHER, Look, look_at
from kg_builder.resolve.grouping import DEFAULT, group, open_pairs
from kg_builder.resolve.pairing import places_of_pairs
from kg_builder.resolve.records import Link, Profile
from kg_builder.resolve.scoring import likely_link, link_of

__all__ = ["candidates", "resolve_names"]

_AT_ONCE = 1 << 14  # pairs taken out of arrays
_KEPT = 0.2  # a link less likely than this is kept only where it may speak against a cluster


def resolve_names(
    profiles: Iterable[Profile],
    *,
    must: Collection[tuple[str, str]] = (),
    never: Collection[tuple[str, str]] = (),
    threshold: float = DEFAULT,
) -> tuple[list[tuple[str, ...]], list[Link]]:
    """The entities among names, and the links between names that share a block.

    `must` and `never` are pairs of ids that a person decided on. The order of `profiles` does not matter; of two with
    one id the last counts.
    """
    looks = {profile.id: look_at(profile) for profile in profiles}
    least = _KEPT * threshold / DEFAULT
    likely = {(each.a, each.b): each for each in _likely_links(list(looks.values()), least)}
    for a, b in open_pairs(likely.values(), threshold=threshold):
        likely[a, b] = link_of(looks[a], looks[b])
    links = [likely[pair] for pair in sorted(likely)]
    types = {name: look.type for name, look in looks.items()}
    return group(types, links, must=must, never=never, threshold=threshold), links


def candidates(profiles: Mapping[str, Profile]) -> Iterator[tuple[str, str]]:
    """The pairs of ids that share a block, each once, the smaller id first.

    A block of more than 40 names, or of more than 12 of a kind that different names often share, is refined: only those
    of its names are compared that share a document or a neighbour, too, as far as that leaves no more of them. Two long
    names are not compared for having the same initials alone.
    """
    names = sorted(profiles)
    for a, b in _one_by_one(*places_of_pairs([profiles[name] for name in names])):
        yield names[a], names[b]


def _likely_links(looks: Sequence[Look], least: float) -> Iterator[Link]:
    """The links of a probability of `least` or more between names that share a block."""
    ones, others = places_of_pairs([look.profile for look in looks])
    if least > 0:
        numbers = {OTHER: 0}
        types = np.array([numbers.setdefault(look.type, len(numbers)) for look in looks], np.int64)
        agree = (types[ones] == types[others]) | (types[ones] == 0) | (types[others] == 0)
        ones, others = ones[agree], others[agree]
    for a, b in _one_by_one(ones, others):
        if found := likely_link(looks[a], looks[b], least):
            yield found


def _one_by_one(ones: NDArray[np.int64], others: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Pairs out of two arrays, a portion of which are numbers of Python at a time."""
    for begin in range(0, len(ones), _AT_ONCE):
        yield from zip(ones[begin : begin + _AT_ONCE].tolist(), others[begin : begin + _AT_ONCE].tolist(), strict=True)
