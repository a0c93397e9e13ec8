"""The relations of a graph, and which of the long tail may be one: proposals for a person to judge.

Two relations are proposed as one where they join the same pairs of entities, or share their words and the types of
their ends. Groups are stars: every member is like the group's first relation, so that likeness never runs on from one
member to the next. Nothing is merged.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from kg_builder.relation_lexicon import KnownRelation, known_relation
from kg_builder.relation_types import PREPOSITIONS
from kg_builder.store import GraphStore

__all__ = ["Cluster", "Likeness", "RelationFound", "found_relations", "relation_clusters"]

_HAN = re.compile(r"[㐀-䶿一-鿿豈-\ufaff]")
_LITTLE = PREPOSITIONS | {
    "be",
    "have",
    "do",
    "get",
    "make",
    "take",
    "the",
    "a",
    "and",
    "up",
    "out",
    "go",
    "come",
    "not",
}
_LIKE_WORDS = 0.5  # shared words of all words, from which words count as evidence
_LIKE_ENDS = 0.5  # cosine of the types of the ends
_ALONE = 0.66  # shared words that are enough without a shared pair
_FEW_PAIRS = 2  # shared pairs that are enough without shared words
_GENERIC = frozenset({"be", "have", "do", "be in", "是", "有", "为"})
_BUSY = 200  # relations that share a word (or join a pair) say nothing of each other
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class RelationFound:
    """A relation of the graph: its relationship type, how many facts have it, and what the lexicon knows of it."""

    relation: str
    type: str
    facts: int
    known: KnownRelation | None


@dataclass(frozen=True, slots=True)
class Likeness:
    """A relation that may say what the first of its group says, and why.

    ``shared`` is how many pairs of entities both join; ``turned``: most of these the other way round. ``words`` are
    those in common. ``examples`` are names of pairs that both join.
    """

    relation: str
    facts: int
    shared: int
    turned: bool
    words: tuple[str, ...]
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Relations that may be one; ``known`` where the first is one of the lexicon."""

    relation: str
    facts: int
    known: bool
    members: tuple[Likeness, ...]


def found_relations(graph: GraphStore) -> list[RelationFound]:
    """The relations of a graph, most frequent first."""
    return [RelationFound(name, type_, n, known_relation(name)) for name, type_, n in graph.relations()]


@dataclass(slots=True)
class _Profile:
    name: str
    facts: int = 0
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    words: frozenset[str] = frozenset()


def relation_clusters(graph: GraphStore, *, least: int = 1) -> list[Cluster]:
    """Groups of relations that may be one, the largest first; only those with `least` facts are looked at.

    Memory grows with the edges of the graph: two ids and a relation for each.
    """
    types = {entity.id: entity.type for entity in graph.entities()}
    profiles: dict[str, _Profile] = {}
    pairs: dict[tuple[str, str], set[str]] = {}
    for edge in graph.graph_edges():
        profile = profiles.setdefault(edge.relation, _Profile(edge.relation))
        profile.facts += 1
        profile.ends[types.get(edge.head_id, ""), types.get(edge.tail_id, "")] += 1
        pairs.setdefault((edge.head_id, edge.tail_id), set()).add(edge.relation)
    profiles = {name: each for name, each in profiles.items() if each.facts >= least}
    for profile in profiles.values():
        profile.words = _words(profile.name)
    shared, turned = _shared_pairs(pairs, profiles)
    near = _neighbours(profiles, [*shared, *turned])
    # What joins nearly everything says nothing of what else joins it.
    order = sorted(
        (each for each in profiles.values() if each.name not in _GENERIC),
        key=lambda each: (known_relation(each.name) is None, -each.facts, each.name),
    )
    clusters: list[Cluster] = []
    taken: set[str] = set()
    for centre in order:
        if centre.name in taken:
            continue
        members = []
        for name in sorted(near.get(centre.name, ())):
            if name in taken or known_relation(name) is not None:
                continue
            like = _likeness(centre, profiles[name], shared, turned)
            if like is not None:
                members.append(like)
        if members:
            taken |= {centre.name, *(each.relation for each in members)}
            members.sort(key=lambda each: (-each.shared, -len(each.words), -each.facts, each.relation))
            known = known_relation(centre.name) is not None
            clusters.append(Cluster(centre.name, centre.facts, known, tuple(members)))
    clusters.sort(key=lambda each: (-each.facts - sum(m.facts for m in each.members), each.relation))
    return _with_examples(graph, clusters, pairs)


def _words(name: str) -> frozenset[str]:
    """Words that carry meaning; of Chinese, pairs of characters."""
    if _HAN.search(name):
        text = re.sub(r"[\s于在向自给到为是]", "", name)
        return frozenset(text[i : i + 2] for i in range(len(text) - 1)) or frozenset([text])
    return frozenset(word for word in name.casefold().split() if word not in _LITTLE)


def _prepositions(name: str) -> frozenset[str]:
    """Those of a relation: "rise from" and "rise to" share their word and are no likeness."""
    return PREPOSITIONS.intersection(name.casefold().split())


Shared = Counter[tuple[str, str]]


def _shared_pairs(pairs: dict[tuple[str, str], set[str]], profiles: dict[str, _Profile]) -> tuple[Shared, Shared]:
    """How many pairs two relations (in alphabetical order) both join, the same way and the opposite one."""
    shared: Shared = Counter()
    turned: Shared = Counter()
    for (head, tail), relations in pairs.items():
        mine = sorted(relation for relation in relations if relation in profiles)
        if len(mine) > 1 and len(mine) < _BUSY:
            shared.update((a, b) for i, a in enumerate(mine) for b in mine[i + 1 :])
        if head < tail and (back := pairs.get((tail, head))):
            turned.update((min(a, b), max(a, b)) for a in mine for b in back if a != b and b in profiles)
    return shared, turned


def _neighbours(profiles: dict[str, _Profile], joined: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    near: dict[str, set[str]] = {}
    for a, b in joined:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    by_word: dict[str, list[str]] = {}
    for profile in profiles.values():
        for word in profile.words:
            by_word.setdefault(word, []).append(profile.name)
    for names in by_word.values():
        if len(names) < _BUSY:
            for name in names:
                near.setdefault(name, set()).update(other for other in names if other != name)
    return near


def _likeness(one: _Profile, two: _Profile, shared: Shared, turned: Shared) -> Likeness | None:
    key = (min(one.name, two.name), max(one.name, two.name))
    same, other = shared[key], turned[key]
    common = one.words & two.words
    words = len(common) / len(one.words | two.words) if common else 0.0
    ends = _cosine(one.ends, two.ends)
    pairs = same + other
    alone = words >= _ALONE and ends >= _LIKE_ENDS and _prepositions(one.name) == _prepositions(two.name)
    enough = pairs >= _FEW_PAIRS or (pairs and words >= _LIKE_WORDS) or alone
    return Likeness(two.name, two.facts, pairs, other > same, tuple(sorted(common))) if enough else None


def _cosine(one: Counter[tuple[str, str]], two: Counter[tuple[str, str]]) -> float:
    dot = sum(n * two[key] for key, n in one.items())
    return dot / math.sqrt(sum(n * n for n in one.values()) * sum(n * n for n in two.values())) if dot else 0.0


def _with_examples(graph: GraphStore, clusters: list[Cluster], pairs: dict[tuple[str, str], set[str]]) -> list[Cluster]:
    """The clusters with names of pairs that two relations both join."""
    wanted: dict[tuple[str, str], list[tuple[str, str]]] = {
        (cluster.relation, member.relation): [] for cluster in clusters for member in cluster.members if member.shared
    }
    by_member: dict[str, list[tuple[str, str]]] = {}
    for key in wanted:
        by_member.setdefault(key[1], []).append(key)
    for (head, tail), relations in pairs.items():
        there = relations | pairs.get((tail, head), set())
        for name in relations:
            for key in by_member.get(name, ()):
                if key[0] in there:
                    wanted[key].append((head, tail))
    chosen = {key: sorted(found)[:_EXAMPLES] for key, found in wanted.items()}
    ids = {id_ for found in chosen.values() for pair in found for id_ in pair}
    names = {entity.id: entity.name for entity in graph.entities_by_id(ids)} if ids else {}
    made = []
    for cluster in clusters:
        members = []
        for m in cluster.members:
            found = chosen.get((cluster.relation, m.relation), [])
            examples = tuple((names.get(head, head), names.get(tail, tail)) for head, tail in found)
            members.append(Likeness(m.relation, m.facts, m.shared, m.turned, m.words, examples))
        made.append(Cluster(cluster.relation, cluster.facts, cluster.known, tuple(members)))
    return made
