"""Facts that cannot both hold at one time: one person with two birthplaces, one company with two chief executives.

Which relations are *functional* (a head has one tail) or have *one head* (a tail has one head) says the lexicon of
relations, for a few by their meaning, or an ontology; of a symmetric one both ends have one other. Both sides stay in
the graph with their evidence; what is found here is for a person to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from pathlib import Path
from typing import Any, Literal, get_args

from kg_builder.names import name_key
from kg_builder.relation_lexicon import known_relations
from kg_builder.store import GraphStore
from kg_builder.store.records import End, StoredEntity, StoredEvidence

__all__ = ["Conflict", "Rule", "Side", "find_conflicts", "functional_rules", "rules_of_ontology"]

Kind = Literal["contradiction", "supersession", "undated"]

_PART_OF = ("located in", "part of", "capital of", "belong to", "in", "be in")
_OF_FACT = ("support", "confidence", "valid_from", "valid_to")
_MOST_SIDES = 12  # of one entity and relation that are compared with each other; more is a relation misused


@dataclass(frozen=True, slots=True)
class Rule:
    """Which end has one other at most; "either" for a symmetric relation. ``changing``: one at a time."""

    relation: str
    end: End
    changing: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One of two facts: what it says of the entity, and the sentences that say so, the surest first.

    ``is_head``: this entity is the head of the fact. ``closed_on`` is the day on which a later fact ends this one,
    which names no end of its own.
    """

    entity: StoredEntity
    is_head: bool
    support: int
    confidence: float
    valid_from: str | None
    valid_to: str | None
    evidence: tuple[StoredEvidence, ...] = ()
    closed_on: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two facts of one entity under a relation that allows one at a time.

    ``contradiction``: they exclude each other. ``supersession``: one follows the other. ``undated``: one at a time, but
    the texts do not say when.
    """

    kind: Kind
    relation: str
    entity: StoredEntity
    end: End  # which end of both facts the entity is
    sides: tuple[Side, Side]  # of a supersession the earlier one first; else the better supported one

    @property
    def support(self) -> int:
        """How many statements back both sides."""
        return sum(side.support for side in self.sides)

    def ends_of(self, side: Side) -> tuple[StoredEntity, StoredEntity]:
        """Head and tail of the fact on that side."""
        return (side.entity, self.entity) if side.is_head else (self.entity, side.entity)


def functional_rules() -> list[Rule]:
    """Those of the lexicon, by meaning."""
    known = known_relations()
    rules = (_rules(each.name, each.functional, each.one_head, each.symmetric, each.changing) for each in known)
    return [rule for found in rules for rule in found]


def rules_of_ontology(path: Path) -> list[Rule]:
    """The functional and inverse functional relations of an ontology's file. All of them may change over time.

    Raises:
        KGError: the file is no ontology.
    """
    from kg_builder.ontology import read_ontology
    from kg_builder.relation_types import given_relation

    rules = (
        _rules(given_relation(name), each.functional, each.inverse_functional, each.symmetric, changing=True)
        for name, each in read_ontology(path).relations.items()
    )
    return [rule for found in rules for rule in found]


def _rules(relation: str, functional: bool, one_head: bool, symmetric: bool, changing: bool) -> Iterator[Rule]:
    if symmetric and (functional or one_head):
        yield Rule(relation, "either", changing)
        return
    if functional:
        yield Rule(relation, "head", changing)
    if one_head:
        yield Rule(relation, "tail", changing)


def find_conflicts(
    graph: GraphStore,
    *,
    rules: Sequence[Rule] | None = None,
    evidence: int = 3,
    portions: tuple[int, int] | None = None,
) -> list[Conflict]:
    """Pairs of facts that `rules` (None: those of the lexicon) do not allow at one time, best supported first.

    `portions` are the first of the portions of some thousand entities to look at, and how many; None: all.
    Values that agree as far as they go (2014 and 12 March 2014), and places of which one is part of the other, are no
    conflict. `evidence` is how many sentences to give for each side, at most. Memory grows with the conflicts.
    """
    rules = functional_rules() if rules is None else rules
    found: list[Conflict] = []
    for end in get_args(End):
        by_name = {rule.relation: rule for rule in rules if rule.end == end}
        if not by_name:
            continue
        facts = graph.facts_of(sorted(by_name), end=end)
        for portion in facts if portions is None else islice(facts, portions[0], sum(portions)):
            found += _of_portion(graph, portion, by_name, evidence)
    return sorted(found, key=lambda each: (-each.support, each.kind, each.relation, each.entity.name, each.entity.id))


def _of_portion(
    graph: GraphStore, facts: Iterable[tuple[str, str, Any]], rules: dict[str, Rule], evidence: int
) -> Iterator[Conflict]:
    groups: dict[tuple[str, str], list[tuple[str, Any]]] = {}
    for mine, other, row in facts:
        groups.setdefault((mine, row["relation"]), []).append((other, row))
    groups = {key: group for key, group in groups.items() if len(group) > 1}
    ids = {id_ for (id_, _), group in groups.items() for id_ in (id_, *(other for other, _ in group))}
    entities = {entity.id: entity for entity in graph.entities_by_id(ids)} if ids else {}
    for (id_, relation), group in groups.items():
        best: dict[str, Any] = {}
        for other, row in sorted(group, key=lambda fact: (-fact[1]["support"], -fact[1]["confidence"], fact[0])):
            best.setdefault(other, row)  # an open text may say it of a pair in both directions
        sides = [
            Side(entities[other], row["head"] == other, *(row[each] for each in _OF_FACT))
            for other, row in islice(best.items(), _MOST_SIDES)
            if other in entities
        ]
        if id_ not in entities:
            continue
        for one, two in combinations(sides, 2):
            kind, pair = _judged(rules[relation], one, two)
            if kind is None or _agree(graph, one.entity, two.entity):
                continue
            found = Conflict(kind, relation, entities[id_], rules[relation].end, pair)
            first, second = (_with_evidence(graph, found, side, evidence) for side in pair)
            yield replace(found, sides=(first, second))


def _judged(rule: Rule, one: Side, two: Side) -> tuple[Kind | None, tuple[Side, Side]]:
    """What two facts under one rule are to each other, and both in the order that goes with it."""
    if not rule.changing:
        return "contradiction", (one, two)
    dated = [side for side in (one, two) if side.valid_from or side.valid_to]
    if len(dated) < 2:
        return "undated", (one, two)
    for a, b in ((one, two), (two, one)):
        if a.valid_to and b.valid_from and a.valid_to < b.valid_from:
            return "supersession", (a, b)
        if a.valid_from and b.valid_from and a.valid_from < b.valid_from:
            # A year of hand-over is named on both sides: "until 2020", "since 2020".
            if a.valid_to is None or a.valid_to[:4] == b.valid_from[:4]:
                closed = b.valid_from if a.valid_to is None else None
                return "supersession", (replace(a, closed_on=closed), b)
            return "contradiction", (one, two)
        if a.valid_from is None and a.valid_to and b.valid_from and a.valid_to[:4] == b.valid_from[:4]:
            return "supersession", (a, b)
    if one.valid_from and two.valid_from:
        return "contradiction", (one, two)
    return "undated", (one, two)


def _agree(graph: GraphStore, one: StoredEntity, two: StoredEntity) -> bool:
    """Whether two entities may both be right: times that overlap, equal numbers, a place and the one that it is in."""
    if name_key(one.name) == name_key(two.name):
        return True  # one name under two types
    a, b = one.value, two.value
    if a is not None and b is not None:
        if a.kind == b.kind == "date":
            return (a.start or "") <= (b.end or "~") and (b.start or "") <= (a.end or "~")
        return (a.kind, a.number, a.unit) == (b.kind, b.number, b.unit)
    if "Time" in (one.type, two.type):
        return True  # one of them cannot be read: nothing is known
    if one.type == two.type == "Place" or "Other" in (one.type, two.type):
        short, long = sorted((one.name.casefold(), two.name.casefold()), key=len)
        if short in long:
            return True
    return _is_part(graph, one.id, two.id)


def _is_part(graph: GraphStore, one: str, two: str) -> bool:
    """Whether a fact or two say that one of two places is part of the other."""
    near = graph.neighbourhood([one, two], depth=1, limit=200, relations=_PART_OF)
    inside: dict[str, set[str]] = {}
    for edge in near.edges:
        inside.setdefault(edge.head_id, set()).add(edge.tail_id)
    above = {start: inside.get(start, set()) for start in (one, two)}
    two_up = {start: {far for place in above[start] for far in inside.get(place, ())} for start in (one, two)}
    return two in above[one] | two_up[one] or one in above[two] | two_up[two]


def _with_evidence(graph: GraphStore, conflict: Conflict, side: Side, limit: int) -> Side:
    if limit <= 0:
        return side
    head, tail = conflict.ends_of(side)
    return replace(side, evidence=tuple(graph.evidence(head.id, conflict.relation, tail.id, limit=limit)))
