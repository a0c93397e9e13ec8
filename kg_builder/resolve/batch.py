"""Names to entities in one go, all in memory: what an import, a benchmark or a small graph needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from kg_builder.resolve.blocking import BROAD, block_keys
from kg_builder.resolve.grouping import DEFAULT, group
from kg_builder.resolve.records import Link, Profile
from kg_builder.resolve.scoring import link
from kg_builder.resolve.views import view_of

__all__ = ["candidates", "open_pairs", "resolve_names"]

_MOST_IN_BLOCK = 40
_MOST_IN_BROAD_BLOCK = 12
_SHORT = frozenset("az")  # kinds of blocks where a short form meets what it may stand for
_CLOSED = 10  # likely links of one name whose other ends are compared, too
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
    by_id = {profile.id: profile for profile in profiles}
    likely: dict[tuple[str, str], Link] = {}
    for a, b in candidates(by_id):
        found = link(by_id[a], by_id[b])
        if found.probability >= _KEPT * threshold / DEFAULT:
            likely[a, b] = found
    for a, b in open_pairs(likely.values(), threshold=threshold):
        likely[a, b] = link(by_id[a], by_id[b])
    links = [likely[pair] for pair in sorted(likely)]
    types = {name: profile.name.type for name, profile in by_id.items()}
    return group(types, links, must=must, never=never, threshold=threshold), links


def candidates(profiles: Mapping[str, Profile]) -> Iterator[tuple[str, str]]:
    """The pairs of ids that share a block, each once, the smaller id first.

    A block of more than 40 names, or of more than 12 of a kind that different names often share, is refined: only those
    of its names are compared that share a document or a neighbour, too, as far as that leaves no more of them. Two long
    names are not compared for having the same initials alone.
    """
    names = sorted(profiles)
    blocks: dict[str, list[int]] = {}
    is_long = []
    for place, name in enumerate(names):
        for key in block_keys(profiles[name]):
            blocks.setdefault(key, []).append(place)
        is_long.append(_is_long(profiles[name].name.plain))
    apart = [members for key, members in blocks.items() if 2 <= len(members) <= _most(key) and key[0] not in _SHORT]
    first_short = len(apart)
    small = apart + [members for key, members in blocks.items() if 2 <= len(members) <= _most(key) and key[0] in _SHORT]
    large = [(_most(key), members) for key, members in blocks.items() if len(members) > _most(key)]
    del blocks
    blocks_of: dict[int, list[int]] = {}
    for number, members in enumerate(small):
        for place in members:
            blocks_of.setdefault(place, []).append(number)
    for number, members in enumerate(small):
        for i, a in enumerate(members):
            for b in members[i + 1 :]:
                if number >= first_short and is_long[a] and is_long[b]:
                    continue
                if _first_common(blocks_of[a], blocks_of[b]) == number:
                    yield names[a], names[b]
    seen: set[tuple[int, int]] = set()
    for most, members in large:
        for few in _refined(members, names, profiles, most):
            for i, a in enumerate(few):
                for b in few[i + 1 :]:
                    if (a, b) not in seen and _first_common(blocks_of.get(a, []), blocks_of.get(b, [])) < 0:
                        seen.add((a, b))
                        yield names[a], names[b]


def _is_long(key: str) -> bool:
    """Whether a name is more than an acronym or a Chinese short form."""
    view = view_of(key)
    return len(view.loose) > 4 if view.han else len(view.words) > 1


def _first_common(one: list[int], other: list[int]) -> int:
    """The first number of a list that is in another, or -1."""
    return next((number for number in one if number in other), -1)


def _most(key: str) -> int:
    return _MOST_IN_BROAD_BLOCK if key[0] in BROAD else _MOST_IN_BLOCK


def _refined(members: list[int], names: list[str], profiles: Mapping[str, Profile], most: int) -> Iterator[list[int]]:
    """Those of a large block that share a neighbour or a document; what is still large is left out."""
    sharing: tuple[dict[str, list[int]], ...] = defaultdict(list), defaultdict(list)
    for place in members:
        profile = profiles[names[place]]
        for parts, contexts in zip(sharing, (profile.neighbours, profile.documents), strict=True):
            for context in contexts:
                parts[context].append(place)
    for parts in sharing:
        for part in parts.values():
            if 2 <= len(part) <= most:
                yield part


def open_pairs(links: Iterable[Link], *, threshold: float = DEFAULT) -> list[tuple[str, str]]:
    """The pairs that no link is about, though both their names have a likely one to the same third: "John Peel" and
    "Robert Peel", where "Peel" could be either. Whether the two are one decides what the third is.
    """
    near: dict[str, list[tuple[float, str]]] = {}
    known = set()
    for each in links:
        known.add((each.a, each.b))
        if each.probability >= threshold:
            near.setdefault(each.a, []).append((-each.probability, each.b))
            near.setdefault(each.b, []).append((-each.probability, each.a))
    found: set[tuple[str, str]] = set()
    for ends in near.values():
        few = sorted(name for _, name in sorted(ends)[:_CLOSED])
        found.update((a, b) for i, a in enumerate(few) for b in few[i + 1 :] if (a, b) not in known)
    return sorted(found)
