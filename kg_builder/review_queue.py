"""What is worth a person's look, the most worthwhile first: what is unsure and much depends on.

The score of an item is its uncertainty times its effect, both from 0 to 1. The effect is log10(1 + w) / 3, at most 1:
``w`` is the support of a fact and the mentions of its less mentioned end together; of two entities, the mentions of the
less mentioned one. The uncertainty is

- ``unsure``, a fact whose surest evidence is not sure: 1 - confidence;
- ``duplicate``, two entities that nearly are one: 1 - |2p - 1|, where p is the probability that they are; 1 where their
  letters only look alike, since nothing else tells of that;
- ``conflict``, two facts that cannot both hold: 1 for a contradiction, 0.6 where the texts do not say when;
- ``ontology``, a fact whose ends are not of the types that the ontology wants: 1.

What was decided does not come again. Of a graph of more than 10,000 entities a share is looked at, the same until
another is asked for: ids are digests, so those of a range are a fair sample.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kg_builder.conflicts import Conflict, Side, find_conflicts, functional_rules, rules_of_ontology
from kg_builder.resolve.scripts import LOOK_ALIKE
from kg_builder.store.reading import id_slices
from kg_builder.types import digest

if TYPE_CHECKING:
    from kg_builder.store import GraphStore, StoredEntity, StoredEvidence

__all__ = ["KINDS", "QueueFact", "QueueItem", "QueueKind", "queue_parts", "review_queue"]

QueueKind = Literal["unsure", "duplicate", "conflict", "ontology"]
KINDS: tuple[QueueKind, ...] = ("unsure", "duplicate", "conflict", "ontology")

UNSURE = 0.75
"""The confidence from which a fact needs no look."""

_SLICE = 2000  # entities that one statement looks at, about
_SLICES = 5  # at most, for one queue
_EVIDENCE = 3
_LIKELY = (0.15, 0.85)  # probabilities of which one does not know
_PAIRS = 1000
_DOUBT = {"contradiction": 1.0, "undated": 0.6}

_FACTS = (
    "MATCH (h:Entity) WHERE h.id >= $low AND h.id < $high MATCH (h)-[f]->(t:Entity) WHERE {where} "
    "WITH h, f, t, f.support + CASE WHEN h.mentions < t.mentions THEN h.mentions ELSE t.mentions END AS weight "
    "RETURN h.id AS head, h.type AS head_type, f.relation AS relation, t.id AS tail, t.type AS tail_type, "
    "f.support AS support, f.confidence AS confidence, weight ORDER BY (1.0 - f.confidence) * weight DESC LIMIT $most"
)


@dataclass(frozen=True, slots=True)
class QueueFact:
    """A fact with the sentences that say so and that nobody has decided on, the surest first, a few of them."""

    head: StoredEntity
    relation: str
    tail: StoredEntity
    support: int
    confidence: float
    evidence: tuple[StoredEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueItem:
    """Something to look at: one fact, or two of a conflict, or two ``entities``.

    ``reason`` is a word: ``unsure``; the kind of a conflict; ``head`` or ``tail``, whichever has another type than the
    ontology wants; or what carried the link between two names.
    """

    kind: QueueKind
    score: float
    uncertainty: float
    effect: float
    reason: str
    facts: tuple[QueueFact, ...] = ()
    entities: tuple[StoredEntity, ...] = ()

    @property
    def id(self) -> str:
        """The same for the same question."""
        facts = (part for fact in self.facts for part in (fact.head.id, fact.relation, fact.tail.id))
        return digest("queue", self.kind, *facts, *(entity.id for entity in self.entities))[:12]


def review_queue(
    store: GraphStore,
    *,
    kinds: Iterable[QueueKind] | None = None,
    limit: int = 50,
    ontology: Path | None = None,
    part: int = 0,
) -> list[QueueItem]:
    """What to look at first, at most `limit` of each kind.

    Args:
        kinds: None: all; ``ontology`` gives nothing without one.
        ontology: its file, for what should be unique too.
        part: which share of a large graph to look at, from 0; `queue_parts` says how many there are.

    Raises:
        KGError: the file is no ontology.
    """
    wanted = KINDS if kinds is None else tuple(kinds)
    makers = {
        "unsure": lambda: _unsure(store, limit, part),
        "duplicate": lambda: _duplicates(store, limit),
        "conflict": lambda: _conflicts(store, limit, ontology, part),
        "ontology": lambda: _violations(store, limit, ontology, part) if ontology else [],
    }
    found = [item for kind in KINDS if kind in wanted for item in makers[kind]()]
    return sorted(found, key=lambda item: (-item.score, item.kind, item.id))


def queue_parts(store: GraphStore) -> int:
    """In how many shares a graph is looked at; one share is all of a small one."""
    slices = store.counts().entities // _SLICE + 1
    return -(-slices // _SLICES)


# ---------------------------------------------------------------- facts
def _unsure(store: GraphStore, limit: int, part: int) -> list[QueueItem]:
    rows = _facts(store, "f.confidence < $below", part, {"below": UNSURE})
    return list(islice(_of_facts(store, "unsure", ((row, 1 - row["confidence"], "unsure") for row in rows)), limit))


def _violations(store: GraphStore, limit: int, path: Path, part: int) -> list[QueueItem]:
    from kg_builder.ontology import read_ontology
    from kg_builder.relation_types import given_relation

    ontology = read_ontology(path)
    wanted = {given_relation(name): each for name, each in ontology.relations.items() if each.domain or each.range}
    if not wanted:
        return []
    found = []
    for row in _facts(store, "f.relation IN $relations", part, {"relations": sorted(wanted)}):
        relation = wanted[row["relation"]]
        for side, types in (("head", relation.domain), ("tail", relation.range)):
            known = all(each in ontology.types for each in types)  # of dates and the like it does not say what they are
            if types and known and not any(ontology.is_a(row[f"{side}_type"], each) for each in types):
                found.append((row, 1.0, side))
                break
    return list(islice(_of_facts(store, "ontology", found), limit))


def _facts(store: GraphStore, where: str, part: int, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Facts of a share of the graph."""
    slices = list(id_slices(store.counts().entities // _SLICE + 1))
    first = part * _SLICES % max(len(slices), 1)
    for low, high in slices[first : first + _SLICES]:
        bounds = {"low": low, "high": high, "most": _PAIRS}
        found = store.query(_FACTS.format(where=where), {**parameters, **bounds}, max_rows=_PAIRS)
        yield from (dict(zip(found.columns, row, strict=True)) for row in found.rows)


def _of_facts(
    store: GraphStore, kind: QueueKind, rows: Iterable[tuple[Mapping[str, Any], float, str]]
) -> Iterator[QueueItem]:
    """Items of facts that nobody has decided on, the best first."""
    scored = [(_effect(row["weight"]) * doubt, doubt, reason, row) for row, doubt, reason in rows]
    scored.sort(key=lambda each: (-each[0], each[3]["head"], each[3]["relation"], each[3]["tail"]))
    left = iter(scored)
    while some := list(islice(left, 50)):
        ends = {row[side] for *_, row in some for side in ("head", "tail")}
        entities = {each.id: each for each in store.entities_by_id(ends)}
        for score, doubt, reason, row in some:
            if row["head"] not in entities or row["tail"] not in entities:
                continue
            evidence = store.evidence(row["head"], row["relation"], row["tail"], limit=_EVIDENCE)
            if not evidence or any(map(_is_decided, evidence)):
                continue
            fact = QueueFact(
                entities[row["head"]],
                row["relation"],
                entities[row["tail"]],
                row["support"],
                row["confidence"],
                tuple(evidence),
            )
            yield QueueItem(kind, score, doubt, _effect(row["weight"]), reason, (fact,))


def _is_decided(evidence: StoredEvidence) -> bool:
    return bool(evidence.review or evidence.decision)


def _effect(weight: float) -> float:
    return min(1.0, math.log10(1 + weight) / 3)


# ---------------------------------------------------------------- conflicts
def _conflicts(store: GraphStore, limit: int, ontology: Path | None, part: int) -> list[QueueItem]:
    rules = functional_rules() + (rules_of_ontology(ontology) if ontology else [])
    found = []
    for conflict in find_conflicts(store, rules=rules, evidence=0, portions=(part * _SLICES, _SLICES)):
        if doubt := _DOUBT.get(conflict.kind):
            others = (side.entity.mentions for side in conflict.sides)
            effect = _effect(conflict.support + min(conflict.entity.mentions, *others))
            found.append((doubt * effect, doubt, effect, conflict))
    found.sort(key=lambda each: (-each[0], each[3].entity.id, each[3].relation))
    items = (_of_conflict(store, *each) for each in found)
    return list(islice((item for item in items if item is not None), limit))


def _of_conflict(store: GraphStore, score: float, doubt: float, effect: float, conflict: Conflict) -> QueueItem | None:
    """A conflict to look at; None where people have said that both sides are right."""
    facts = [_side(store, conflict, side) for side in conflict.sides]
    if all(any(map(_is_decided, fact.evidence)) for fact in facts):
        return None
    left = (replace(f, evidence=tuple(e for e in f.evidence if not _is_decided(e))) for f in facts)
    return QueueItem("conflict", score, doubt, effect, conflict.kind, tuple(left))


def _side(store: GraphStore, conflict: Conflict, side: Side) -> QueueFact:
    head, tail = conflict.ends_of(side)
    evidence = store.evidence(head.id, conflict.relation, tail.id, limit=_EVIDENCE)
    return QueueFact(head, conflict.relation, tail, side.support, side.confidence, tuple(evidence))


# ---------------------------------------------------------------- duplicates
def _duplicates(store: GraphStore, limit: int) -> list[QueueItem]:
    """Pairs of entities, by the links that the last resolution has worked out; none where its index is not here."""
    pairs = _nearly_one(store)
    places = store.places({name for pair in pairs for name in pair[:2]})
    apart = _decided_apart(store)
    found: dict[tuple[str, str], tuple[float, str]] = {}
    for a, b, probability, rule in pairs:
        if a in places and b in places and places[a] != places[b]:
            ends = (min(places[a], places[b]), max(places[a], places[b]))
            if ends not in apart and probability > found.get(ends, (0.0, ""))[0]:
                found[ends] = (probability, rule)
    entities = {each.id: each for each in store.entities_by_id({id_ for pair in found for id_ in pair})}
    items = []
    for (a, b), (probability, rule) in found.items():
        if a in entities and b in entities:
            both = sorted((entities[a], entities[b]), key=lambda each: (-each.mentions, each.id))
            doubt = 1.0 if rule == LOOK_ALIKE else 1 - abs(2 * probability - 1)
            effect = _effect(both[1].mentions)
            items.append(QueueItem("duplicate", doubt * effect, doubt, effect, rule, (), tuple(both)))
    return sorted(items, key=lambda item: (-item.score, item.id))[:limit]


def _nearly_one(store: GraphStore) -> list[tuple[str, str, float, str]]:
    from kg_builder.resolving import index_path

    path = index_path(store.uri)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.5)) as database:
            return database.execute(
                "SELECT a.id, b.id, probability, rule FROM link "
                "JOIN name a ON a.n = link.a JOIN name b ON b.n = link.b "
                "WHERE probability BETWEEN ? AND ? OR rule = ? "
                "ORDER BY rule <> ?, abs(probability - 0.5), a.id, b.id LIMIT ?",
                (*_LIKELY, LOOK_ALIKE, LOOK_ALIKE, _PAIRS),
            ).fetchall()
    except sqlite3.Error:  # there is none, or a run has it for itself
        return []


def _decided_apart(store: GraphStore) -> set[tuple[str, str]]:
    """The pairs of entities that people have said are not one."""
    never = [each for each in store.resolution.decisions() if each.kind == "never-merge"]
    pairs = [(each.a.id, each.b.id) for each in never if each.b is not None]
    places = store.places({name for pair in pairs for name in pair})
    found = ((places[a], places[b]) for a, b in pairs if a in places and b in places)
    return {(min(pair), max(pair)) for pair in found}
