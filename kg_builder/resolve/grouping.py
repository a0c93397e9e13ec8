"""From links between names to entities, so that one wrong link does not glue two large ones together.

Names that are connected at all form a component, and a component is decided by its own names and links alone. Inside,
clusters are merged greedily, as in correlation clustering by average linkage (Bansal, Blum and Chawla 2004): two become
one while the links between them, those against it too, speak for it on the whole, and while they reach half of the
names of the smaller one. Likely links come first, and among them those whose ends have their other links in common, so
that a link between two entities is looked at when both are whole.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kg_builder.resolve.features import LESS, OTHER
from kg_builder.resolve.records import Link

__all__ = ["DEFAULT", "components", "contradictions", "group", "open_pairs"]

DEFAULT = 0.5
"""The probability from which two names are one."""

_MOST = 6.0  # log-odds; one link counts no more than this
_CLOSED = 10  # likely links of one name whose other ends are compared, too
_RIVALS = 16  # the most likely links of one name, which are held against each other
_CLEARLY_TWO = -1.0  # log-odds
_SAYS_NOTHING = "other-script"  # that a Chinese and an English name differ in spelling does not make them two


def group(
    types: Mapping[str, str],
    links: Iterable[Link],
    *,
    must: Collection[tuple[str, str]] = (),
    never: Collection[tuple[str, str]] = (),
    threshold: float = DEFAULT,
) -> list[tuple[str, ...]]:
    """The entities among the names whose types `types` gives by id: sorted tuples of ids, sorted.

    Links below `threshold` count as evidence against; pairs without a link say nothing. Two names of `must` are one
    entity whatever links, types and clusters say, two of `never` are not, nor are two named types ("Other" is none).
    Links and pairs about names that `types` does not have are left out. The order of the input does not matter.
    """
    weights: dict[tuple[str, str], float] = {}
    less: dict[tuple[str, str], float] = {}
    shift = _log_odds(threshold)
    for link in links:
        if link.a in types and link.b in types and link.a != link.b:
            pair = (link.a, link.b) if link.a < link.b else (link.b, link.a)
            weight = max(-_MOST, min(_MOST, _log_odds(link.probability) - shift))
            if weight < 0 and link.rule == _SAYS_NOTHING:
                weight = 0.0
            if weight >= weights.get(pair, -_MOST):
                weights[pair] = weight
                less[pair] = link.scores.get(LESS, 0.0) * (1 if link.a < link.b else -1)
    together = _pairs(must, types)
    apart = _pairs(never, types) - together
    found: list[tuple[str, ...]] = []
    near = _Near(weights, less)
    for names in components(types, [pair for pair, weight in weights.items() if weight > 0] + sorted(together)):
        if len(names) == 1:
            found.append(tuple(names))
        else:
            found.extend(_partition(names, types, near, together, apart, shift))
    return sorted(found)


def components(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The connected components of a graph, each sorted, in the order of their first name."""
    joined = list(pairs)
    parent = {name: name for pair in joined for name in pair}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for a, b in joined:
        one, other = sorted((root(a), root(b)))
        parent[other] = one
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        if name in parent:
            found.setdefault(root(name), []).append(name)
        else:
            found[name] = [name]
    return list(found.values())


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


def contradictions(
    must: Iterable[tuple[str, str]], never: Iterable[tuple[str, str]]
) -> list[tuple[tuple[str, str], list[tuple[str, str]]]]:
    """The pairs of `never` that pairs of `must` make one all the same, each with a chain of `must` that does so."""
    near: dict[str, set[str]] = {}
    for a, b in must:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    found = []
    for a, b in sorted(set(never)):
        came_from = {a: a}
        queue = [a]
        for name in queue:
            for other in sorted(near.get(name, ())):
                if other not in came_from:
                    came_from[other] = name
                    queue.append(other)
        if b in came_from and a != b:
            chain = []
            while b != a:
                chain.append((came_from[b], b))
                b = came_from[b]
            found.append(((a, chain[0][1]), chain[::-1]))
    return found


def _pairs(pairs: Collection[tuple[str, str]], types: Mapping[str, str]) -> set[tuple[str, str]]:
    return {(a, b) if a < b else (b, a) for a, b in pairs if a != b and a in types and b in types}


class _Near:
    """The links of each name: their weights, and for which of them it is the name that says less."""

    def __init__(self, weights: Mapping[tuple[str, str], float], less: Mapping[tuple[str, str], float]) -> None:
        self.weights: dict[str, dict[str, float]] = {}
        self._less = less
        self._likely: dict[str, set[str]] = {}
        self._wholes: dict[str, set[str]] = {}
        self._rivals: dict[str, list[tuple[float, str]]] = {}
        for (a, b), weight in weights.items():
            self.weights.setdefault(a, {})[b] = weight
            self.weights.setdefault(b, {})[a] = weight

    def of(self, name: str) -> Mapping[str, float]:
        return self.weights.get(name, {})

    def says_less(self, name: str, other: str) -> float:
        """1 if `name` says less than `other`, -1 if it says more, 0 if neither."""
        return self._less.get((name, other), 0.0) if name < other else -self._less.get((other, name), 0.0)

    def likely(self, name: str) -> set[str]:
        """`name` and the names it is likely one with."""
        if name not in self._likely:
            self._likely[name] = {name} | {other for other, weight in self.of(name).items() if weight > 0}
        return self._likely[name]

    def share(self, a: str, b: str) -> float:
        """How much of what one of two names is likely one with is shared by the other: all, for a hub's variants."""
        one, other = sorted((self.likely(a), self.likely(b)), key=len)
        return sum(name in other for name in one) / len(one)

    def wholes(self, name: str) -> set[str]:
        """The names that `name` may be a part of."""
        if name not in self._wholes:
            self._wholes[name] = {end for end in self.likely(name) if self.says_less(name, end) > 0}
        return self._wholes[name]

    def rivals(self, name: str) -> list[tuple[float, str]]:
        """The names that `name` is most likely one with, but for its parts, with their weights."""
        if name not in self._rivals:
            ends = [(w, end) for end, w in self.of(name).items() if self.says_less(name, end) >= 0]
            self._rivals[name] = heapq.nlargest(_RIVALS, ends)
        return self._rivals[name]


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))


@dataclass(slots=True)
class _Between:
    """The links between two clusters: what they add up to, and which names of either a link speaks for."""

    total: float
    embedded: float
    count: int
    reached: set[str]
    forbidden: bool = False

    def add(self, other: _Between) -> None:
        self.total += other.total
        self.embedded += other.embedded
        self.count += other.count
        self.forbidden |= other.forbidden
        if len(other.reached) > len(self.reached):
            self.reached, other.reached = other.reached, self.reached
        self.reached |= other.reached

    @property
    def priority(self) -> float:
        """The mean of the embedded links, negated for a heap; rounded, as sums depend on the order of their terms."""
        return -round(self.embedded / self.count, 9)


class _Clusters:
    """The clusters of one component while they are merged. A cluster is known by one of its names."""

    def __init__(self, names: Sequence[str], types: Mapping[str, str]) -> None:
        self.members: dict[str, list[str]] = {name: [name] for name in names}
        self.first = {name: name for name in names}
        self.types = {name: {types[name]} - {OTHER} for name in names}
        self.between: dict[str, dict[str, _Between]] = {name: {} for name in names}
        self.waiting: dict[str, set[str]] = {}
        self.heap: list[tuple[float, str, str, str, str]] = []

    def connect(self, a: str, b: str, weight: float, *, share: float = 1.0, forbidden: bool = False) -> None:
        cell = _Between(weight, weight * share, 1, {a, b} if weight > 0 else set(), forbidden)
        self.between[a][b] = self.between[b][a] = cell

    def offer(self, a: str, b: str) -> None:
        """Put two clusters on the list of those that could be merged, if links and types speak for it."""
        cell = self.between[a][b]
        if cell.total > 0 and not cell.forbidden and self._types_agree(a, b):
            one, other = sorted((a, b), key=self.first.__getitem__)
            heapq.heappush(self.heap, (cell.priority, self.first[one], self.first[other], one, other))

    def run(self) -> list[tuple[str, ...]]:
        """Merge while anything speaks for it; gives the clusters."""
        while self.heap:
            priority, _, _, a, b = heapq.heappop(self.heap)
            cell = self.between.get(a, {}).get(b)
            if cell is None or cell.priority != priority or cell.total <= 0 or cell.forbidden:
                continue
            if not self._types_agree(a, b):
                continue
            small = min(a, b, key=lambda name: (len(self.members[name]), self.first[name]))
            names = self.members[small]
            if 2 * sum(name in cell.reached for name in names) >= len(names):
                self.merge(a, b)
            else:  # it is asked again when the smaller one has changed
                self.waiting.setdefault(small, set()).add(b if small == a else a)
        return [tuple(sorted(members)) for members in self.members.values()]

    def _types_agree(self, a: str, b: str) -> bool:
        return self.types[a] <= self.types[b] or self.types[b] <= self.types[a]

    def merge(self, a: str, b: str) -> str:
        """Make one cluster of two, under the name of the one with more links, so that a hub is cheap to add to."""
        kept, gone = sorted((a, b), key=lambda name: (-len(self.between[name]), self.first[name]))
        cells, others = self.between[kept], self.between.pop(gone)
        cells.pop(gone, None)
        others.pop(kept, None)
        self.types[kept] |= self.types.pop(gone)
        self.first[kept] = min(self.first[kept], self.first.pop(gone))
        members = sorted((self.members[kept], self.members.pop(gone)), key=len)
        members[1].extend(members[0])
        self.members[kept] = members[1]
        for name, cell in others.items():
            if name in cells:
                cells[name].add(cell)
            else:
                cells[name] = cell
            self.between[name].pop(gone)
            self.between[name][kept] = cells[name]
        asked_again = self.waiting.pop(kept, set()) | self.waiting.pop(gone, set())
        for name in others.keys() | {name for name in asked_again if name in cells}:
            self.offer(kept, name)
        return kept


def _partition(
    names: Sequence[str],
    types: Mapping[str, str],
    near: _Near,
    together: Collection[tuple[str, str]],
    apart: Collection[tuple[str, str]],
    shift: float,
) -> list[tuple[str, ...]]:
    """The clusters of one component."""
    here = set(names)
    clusters = _Clusters(names, types)
    for a in names:
        for b, weight in near.of(a).items():
            if a < b and b in here:
                if weight < 0 and near.wholes(a) & near.wholes(b):
                    weight = 0.0  # "Karla" is not "Homolka", yet both may be parts of one name
                elif weight > 0:
                    weight = min(_against_rivals(*pair, types, near, apart, shift) for pair in ((a, b), (b, a)))
                clusters.connect(a, b, weight, share=near.share(a, b) if weight > 0 else 1.0)
    for a, b in apart:
        if a in here and b in here:
            cell = clusters.between[a].get(b)
            clusters.connect(a, b, min(0.0, cell.total if cell else 0.0), forbidden=True)
    at = {name: name for name in names}
    for a, b in sorted(together):
        if a in here and b in here:
            one, other = _cluster_of(a, at), _cluster_of(b, at)
            if one != other:
                kept = clusters.merge(one, other)
                at[other if kept == one else one] = kept
    for a in sorted(clusters.between):
        for b in sorted(clusters.between[a]):
            if clusters.first[a] < clusters.first[b]:
                clusters.offer(a, b)
    return clusters.run()


def _cluster_of(name: str, at: Mapping[str, str]) -> str:
    while at[name] != name:
        name = at[name]
    return name


def _against_rivals(
    name: str, candidate: str, types: Mapping[str, str], near: _Near, apart: Collection[tuple[str, str]], shift: float
) -> float:
    """The weight of a link once the other candidates of `name` are considered that cannot be the same one.

    "Peel" may be John or Robert Peel, but not both: with odds x and y for the two, the odds of the first are
    x / (1 + y), so that of two equally likely ones neither is taken, and much better evidence wins. Two longer names
    that no link is about are two.
    """
    weight = near.of(name)[candidate]
    if near.says_less(name, candidate) < 0:  # a whole may have several parts
        return weight
    for rival_weight, rival in near.rivals(name):
        unknown = near.says_less(name, rival) > 0 and rival not in near.of(candidate)
        if rival != candidate and (unknown or _are_two(candidate, rival, types, near, apart)):
            return weight - math.log1p(math.exp(rival_weight + shift))
    return weight


def _are_two(a: str, b: str, types: Mapping[str, str], near: _Near, apart: Collection[tuple[str, str]]) -> bool:
    """Whether two names surely are two: by decision, by type, or since a link says so clearly."""
    if ((a, b) if a < b else (b, a)) in apart or near.of(a).get(b, 0.0) < _CLEARLY_TWO:
        return True
    return types[a] != types[b] and OTHER not in (types[a], types[b])
