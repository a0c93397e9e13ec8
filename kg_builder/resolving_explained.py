"""Why two names are one entity, or are not, in words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from kg_builder.resolve import scoring
from kg_builder.resolve.explaining import explain
from kg_builder.resolve.grouping import DEFAULT
from kg_builder.resolve.records import Link, Profile
from kg_builder.resolving_aids import Aids, vectors_of
from kg_builder.resolving_by_hand import Referred, refer
from kg_builder.resolving_decisions import Decided, described
from kg_builder.resolving_judging import Band, Questions
from kg_builder.store.resolution import KnownAs, ResolutionState

if TYPE_CHECKING:
    from kg_builder.store import GraphStore

__all__ = ["Explanation", "explain_names"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether two names are one entity now, the ids of the entities, and why: sentences, one for each step."""

    one: bool
    entities: tuple[str, str]
    reasons: tuple[str, ...]


def explain_names(store: GraphStore, a: str, b: str, *, aids: Aids | None = None) -> Explanation:
    """Why `a` and `b` (names, or ids of entities) are one entity, or are not.

    Where vectors have a say in it, `aids` is to name those that the graph was resolved with.

    Raises:
        DecisionError: one of them is unknown or ambiguous.
    """
    one, other = refer(store, a), refer(store, b)
    decided = Decided(store.resolution.decisions())
    ends = one.entity, other.entity
    if ends[0] == ends[1]:
        return Explanation(True, ends, tuple(_why_one(store, one, other, decided)))
    return Explanation(False, ends, tuple(_why_two(store, one, other, decided, aids or Aids())))


def _why_one(store: GraphStore, one: Referred, other: Referred, decided: Decided) -> list[str]:
    """The steps from one name to the other, by the decisions, keys and links that hold their entity together."""
    if one.best.key == other.best.key:
        return [_one_key(one.best.key, {known.name.type for known in (*one.names, *other.names)})]
    members = {known.id: known for known in store.resolution.names_of([one.entity])}
    links = {(link.a, link.b): link for link in store.resolution.links(members)}
    steps: dict[str, dict[str, str]] = {id_: {} for id_ in members}
    for link in links.values():
        if link.a in members and link.b in members:
            steps[link.a][link.b] = steps[link.b][link.a] = "link"
    for id_, known in members.items():
        for mate in members:
            if mate != id_ and members[mate].name.key == known.name.key:
                steps[id_][mate] = "key"
            elif mate != id_ and decided.chain(id_, mate):
                steps[id_][mate] = "decision"
    path = _path(steps, one.best.id, other.best.id)
    if not path:
        return ["They were put together by hand or by an earlier run, and nothing that holds them together was kept."]
    state = store.resolution.state()
    profiles = {profile.id: profile for profile in store.resolution.profiles(path)}
    told = []
    for here, there in pairwise(path):
        kind = steps[here][there]
        if kind == "key":
            told.append(_one_key(members[here].name.key, {members[here].name.type, members[there].name.type}))
        elif kind == "decision":
            told += [described(each) + "." for each in decided.chain(here, there)]
        else:
            link = links.get((here, there)) or links[there, here]
            told.append(explain(profiles[link.a], profiles[link.b], link, threshold=state.threshold or DEFAULT))
    return told


def _path(steps: dict[str, dict[str, str]], start: str, end: str) -> list[str]:
    """A shortest way."""
    came_from = {start: start}
    queue = [start]
    for name in queue:
        for other in sorted(steps.get(name, ())):
            if other not in came_from:
                came_from[other] = name
                queue.append(other)
    if end not in came_from:
        return []
    path = [end]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]


def _why_two(store: GraphStore, one: Referred, other: Referred, decided: Decided, aids: Aids) -> list[str]:
    told = []
    for a in one.names:
        for b in other.names:
            pair = (a.id, b.id) if a.id < b.id else (b.id, a.id)
            if pair in decided.never:
                told.append(described(decided.never[pair]) + ".")
    told += [
        described(decided.split[known.id]) + "." for known in (*one.names, *other.names) if known.id in decided.split
    ]
    if told:
        return list(dict.fromkeys(told))
    state = store.resolution.state()
    threshold = state.threshold or DEFAULT
    profiles = _profile(store, one.names), _profile(store, other.names)
    link = _link(store, *profiles, state, aids)
    told.append(explain(*profiles, link, threshold=threshold))
    if (used := vectors_of(state)) and not aids.vectors:
        told.append(f"Vectors have a say in it too, those of {used[0]!r}; name them with resolve_vectors to see.")
    elif link.probability > threshold:
        if state.graph:
            told.append(
                "All the same they stay two: other names that go with either speak against it, or they fell into no "
                "common block and were never compared. `kg merge` makes them one."
            )
        else:
            told.append("The graph was never resolved; `kg resolve` does.")
    return told


def _link(store: GraphStore, a: Profile, b: Profile, state: ResolutionState, aids: Aids) -> Link:
    """What the last run took two names for, as far as `aids` has what it used."""
    vectors = aids.open_vectors(store) if aids.vectors and state.vectors else None
    link = scoring.link(a, b, vectors=vectors.alike(a, b) if vectors else 0.0)
    band = Band.from_text(state.judged)
    return Questions(store.answers, band).settled(link, a, b) if band else link


def _profile(store: GraphStore, names: tuple[KnownAs, ...]) -> Profile:
    best = min(names, key=lambda each: (each.name.type == "Other", -each.mentions, each.id))
    return next(store.resolution.profiles([best.id]))


def _one_key(key: str, types: set[str]) -> str:
    text = f"They have one key, {key!r}: to the graph they are one name."
    if len(types) > 1:
        named = ", ".join(sorted(types - {"Other"}))
        text += f" Where its type is not known it is taken for the one that is ({named})."
    return text
