"""What is to change in a graph for some names to be where they belong; nothing here touches a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kg_builder.resolve.records import Link
from kg_builder.resolving_decisions import Decided
from kg_builder.store.resolution import NamePlace
from kg_builder.store.touching import Move, scores_text
from kg_builder.types import Name

__all__ = ["Change", "Plan", "needed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One entity that comes together from several, or loses names.

    ``names`` are those of the entity as it will be, ``confidence`` is the probability of the weakest link that is
    needed for it (1 where decisions or keys say so), ``rules`` are what carried the links.
    """

    kind: str  # merge or split
    names: tuple[str, ...]
    type: str
    confidence: float
    rules: tuple[str, ...] = ()


@dataclass(slots=True)
class Plan:
    """Some components: their names by id, the entities that they are to be, and the links that those need."""

    names: dict[str, Name] = field(default_factory=dict)
    groups: list[tuple[str, ...]] = field(default_factory=list)
    by_rule: set[frozenset[str]] = field(default_factory=set)
    links: list[Link] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def move(self, placed: Mapping[str, NamePlace], decided: Decided, linked: Sequence[Link]) -> Move:
        """What has to change in the graph."""
        move = Move()
        for group, target in self._targets(placed):
            by_hand = frozenset(group) not in self.by_rule
            for id_ in group:
                at = placed[id_]
                if at.entity != target:
                    move.entity_of[id_] = target
                if at.assigned != by_hand:
                    (move.assigned if by_hand else move.released).add(id_)
                if at.shown != decided.shown.get(id_):
                    move.shown[id_] = decided.shown.get(id_)
                if at.typed != decided.typed.get(id_):
                    move.typed[id_] = decided.typed.get(id_)
        wanted = {(link.a, link.b): link for link in self.links if link.a in placed and link.b in placed}
        there = {(link.a, link.b): link for link in linked}
        move.unlinked = [pair for pair, link in there.items() if not _same(link, wanted.get(pair))]
        move.linked = [link for pair, link in sorted(wanted.items()) if not _same(link, there.get(pair))]
        return move

    def _targets(self, placed: Mapping[str, NamePlace]) -> Iterator[tuple[tuple[str, ...], str]]:
        """Each entity to be, with the entity of the graph that it grows from: as little as possible is moved."""
        groups = [tuple(id_ for id_ in group if id_ in placed) for group in self.groups]
        claims: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
        for group in filter(None, groups):
            for entity, count in Counter(placed[id_].entity for id_ in group).items():
                claims.setdefault(entity, []).append((-count, group))
        kept: dict[tuple[str, ...], list[tuple[int, str]]] = {}
        mentions = {each.entity: each.mentions for each in placed.values()}
        for entity, claimants in claims.items():
            kept.setdefault(min(claimants)[1], []).append((-mentions[entity], entity))
        for group in filter(None, groups):
            yield group, min(kept[group])[1] if group in kept else f"new:{min(group)}"

    def changes(self, placed: Mapping[str, NamePlace]) -> list[Change]:
        """The same for people."""
        groups_of: dict[str, set[tuple[str, ...]]] = {}
        for group in self.groups:
            for id_ in group:
                if id_ in placed:
                    groups_of.setdefault(placed[id_].entity, set()).add(group)
        by_name: dict[str, list[Link]] = {}
        for link in self.links:
            by_name.setdefault(link.a, []).append(link)
        found = []
        for group in self.groups:
            entities = {placed[id_].entity for id_ in group if id_ in placed}
            joined = len(entities) > 1
            parted = any(len(groups_of[entity]) > 1 for entity in entities)
            if not joined and not parted:
                continue
            links = [link for id_ in group for link in by_name.get(id_, ())]
            surfaces = sorted({placed[id_].surface for id_ in group if id_ in placed})
            types = Counter(self.names[id_].type for id_ in group)
            sure = min((link.probability for link in links), default=1.0)
            rules = tuple(sorted({link.rule for link in links}))
            found.append(
                Change("merge" if joined else "split", tuple(surfaces), types.most_common(1)[0][0], sure, rules)
            )
        return found


def needed(group: Sequence[str], links: Iterable[Link], threshold: float) -> list[Link]:
    """The most likely links that hold an entity together: as many as it has names, but one."""
    root = {name: name for name in group}

    def root_of(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    found: list[Link] = []
    within = [link for link in links if link.a in root and link.b in root and link.probability > threshold]
    for link in sorted(within, key=lambda each: (-round(each.probability, 9), each.a, each.b)):
        one, other = root_of(link.a), root_of(link.b)
        if one != other:
            root[other] = one
            found.append(link)
    return found


def _same(one: Link, other: Link | None) -> bool:
    return (
        other is not None
        and abs(one.probability - other.probability) < 1e-6
        and (one.rule, scores_text(one.scores)) == (other.rule, scores_text(other.scores))
    )
