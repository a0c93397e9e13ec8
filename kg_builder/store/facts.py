"""The edges between entities: a projection of the evidence, kept right within each transaction.

Where evidence is only added, an edge is made or its support grows. Where evidence goes or moves, the edge is counted
again from what is left: exact, and the same however often it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kg_builder.relation_lexicon import is_symmetric
from kg_builder.store import cypher
from kg_builder.store.connection import Run
from kg_builder.store.rows import Row, batches, edge_key
from kg_builder.store.tokens import Tokens

__all__ = ["Edges", "Fact", "Weight", "fact_of"]

_LIGHT_FOR_NEW = 1000
"""Neighbours of a node that gets a new relationship: ArcadeDB's procedure looks for an equal one first, at half a
microsecond each. With more, there is a statement for each type."""
_BUSY = 3000
"""Neighbours of both ends of a fact from which it is remembered where it is, as looking for it takes longer."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What an edge says, by the ids of its ends."""

    subject: str
    relation: str
    object: str

    @property
    def key(self) -> str:
        """By which its evidence is found."""
        return edge_key(self.subject, self.relation, self.object)


@dataclass(frozen=True, slots=True)
class Weight:
    """What the evidence of a fact adds up to.

    ``low`` and ``high`` bound the smallest span of time that has all those of its evidence: days in ISO 8601, or ``""``
    and ``"~"`` (before and after all days) where some of it leaves a side open. None: none of it has a time.
    """

    support: int = 0
    confidence: float = 0.0
    low: str | None = None
    high: str | None = None

    @classmethod
    def of(cls, confidence: float, valid_from: str | None, valid_to: str | None) -> Weight:
        """Of a single piece of evidence."""
        if valid_from is None and valid_to is None:
            return cls(1, confidence)
        return cls(1, confidence, valid_from or "", valid_to or "~")

    def __add__(self, other: Weight) -> Weight:
        low = min((low for low in (self.low, other.low) if low is not None), default=None)
        high = max((high for high in (self.high, other.high) if high is not None), default=None)
        return Weight(self.support + other.support, max(self.confidence, other.confidence), low, high)

    @property
    def span(self) -> tuple[str | None, str | None]:
        """The first and the last day, None where that is open or not known."""
        return self.low or None, None if self.high == "~" else self.high

    def row(self) -> Row:
        """The properties of an edge, those left out that it does not have."""
        named = zip(cypher.FACT, (self.support, self.confidence, *self.span), strict=True)
        return {key: value for key, value in named if value is not None}


def fact_of(row: Mapping[str, Any]) -> Fact:
    """The fact that an extraction states, from its ends as the sentence has them.

    A symmetric one goes from the smaller id to the larger, so that "A married B" and "B married A" are one edge. Ids
    of entities and not of names decide, since names of two entities may be in order the one way and the other.
    """
    ends = (row["tail"], row["head"]) if row["inverted"] else (row["head"], row["tail"])
    if ends[0] > ends[1] and (row["symmetric"] or is_symmetric(row["relation"])):
        ends = (ends[1], ends[0])
    return Fact(ends[0], row["relation"], ends[1])


def _refs_of(row: Mapping[str, Any]) -> dict[str, str]:
    return {row["head"]: row["head_ref"], row["tail"]: row["tail_ref"]}


class Edges:
    """The edges that one transaction touches.

    Entities have an id, which may change, and a reference (the server's own id of their node), which does not.
    """

    def __init__(self, run: Run, tokens: Tokens) -> None:
        self._run = run
        self._tokens = tokens
        self._weight: dict[str, int] = {}
        self._refs: dict[str, str] = {}
        self._lessened: dict[str, Fact] = {}
        self._followed: dict[str, Fact] = {}
        self._added: dict[str, tuple[Fact, Weight]] = {}
        self._existing: set[str] = set()

    def weigh(self, ref: str, neighbours: int) -> None:
        """Learn how many neighbours an entity has, about: edges are looked for from the smaller end."""
        self._weight[ref] = neighbours

    def locate(self, refs: Mapping[str, str]) -> None:
        """Learn the references of entities by the ids that they have from now on."""
        self._refs.update(refs)

    def ref(self, entity: str) -> str:
        """The reference of an entity that `locate` was told of."""
        return self._refs[entity]

    def lessened(self, row: Mapping[str, Any]) -> None:
        """The extraction of `row`, evidence of a fact, goes away in this transaction."""
        fact = fact_of(row)
        self._lessened[fact.key] = fact
        self._refs.update(_refs_of(row))

    def follow(self, disturbed: list[str], entity_of: Mapping[str, str]) -> None:
        """Take the edges of entities away that are about to move or be renumbered, and give their evidence its new key.

        To be called before the entities change; `project` makes the edges anew. `entity_of` tells each name's new
        entity.
        """
        old: dict[str, Fact] = {}
        rekeyed: dict[str, str] = {}
        for statement in (cypher.FACTS_OF_HEADS, cypher.FACTS_OF_TAILS):
            for row in self._run(statement, ids=disturbed):
                ends = {side: entity_of.get(row[f"{side}_name"], row[side]) for side in ("head", "tail")}
                now = fact_of({**row, **ends})
                old[row["edge"]] = fact_of(row)
                self._followed[now.key] = now
                self._refs.update(_refs_of(row))
                if now.key != row["edge"]:
                    rekeyed[row["ref"]] = now.key
        far = set(disturbed)
        for key, fact in list(self._lessened.items()):
            if fact.subject in far or fact.object in far:
                old[key] = self._lessened.pop(key)
        self._delete(old.values())
        for batch in batches({"ref": ref, "set": {"edge": key}} for ref, key in rekeyed.items()):
            self._run(cypher.UPDATE_NODES, rows=batch)

    def more(self, fact: Fact, confidence: float, valid_from: str | None = None, valid_to: str | None = None) -> None:
        """Evidence of `fact` comes in this transaction, perhaps with the first and the last day on which it holds."""
        _, weight = self._added.get(fact.key, (fact, Weight()))
        self._added[fact.key] = (fact, weight + Weight.of(confidence, valid_from, valid_to))

    def look_up(self) -> None:
        """Learn which of the facts that get evidence have some already. To be called before new evidence is written."""
        keys = [{"key": key} for key in self._added if key not in self._lessened and key not in self._followed]
        for batch in batches(keys):
            self._existing.update(r["key"] for r in self._run(cypher.EVIDENCED, keys=[row["key"] for row in batch]))
        for key in self._existing:  # an edge does not tell whether an open side is said or unknown: it is counted again
            fact, weight = self._added[key]
            if weight.low is not None:
                self._followed[key] = fact

    def project(self) -> None:
        """Bring the edges in line with the evidence. To be called when all evidence is as it will be."""
        recounted = {**self._lessened, **self._followed}
        self._delete(recounted.values())
        counts: dict[str, Weight] = {}
        for batch in batches({"key": key} for key in recounted):
            for row in self._run(cypher.SUPPORT, keys=[each["key"] for each in batch]):
                counts[row["key"]] = Weight(row["support"], row["confidence"], row["low"], row["high"])
        made = [(recounted[key], weight) for key, weight in counts.items()]
        made += [x for key, x in self._added.items() if key not in recounted and key not in self._existing]
        grown = [x for key, x in self._added.items() if key not in recounted and key in self._existing]
        self._tokens.have_types(self._tokens.relationship(fact.relation) for fact, _ in made)
        self._each_type(made, cypher.Typed.create, new=True)
        self._each_type(self._grow_remembered(grown), cypher.Typed.add_support)

    def _grow_remembered(self, facts: Sequence[tuple[Fact, Weight]]) -> list[tuple[Fact, Weight]]:
        """Add support to facts between busy entities, and remember where they are; gives the others back."""
        if not self._tokens.has_functions:
            return list(facts)
        busy: list[tuple[Fact, Weight]] = []
        others: list[tuple[Fact, Weight]] = []
        for each in facts:
            ends = (self._weight.get(self._refs[end], 0) for end in (each[0].subject, each[0].object))
            (busy if min(ends) > _BUSY else others).append(each)
        known: set[str] = set()
        for batch in batches(self._row(*each) for each in busy):
            known.update(row["id"] for row in self._run(cypher.GROW_REMEMBERED, rows=batch))
        left = [each for each in busy if _remembered(each[0]) not in known]
        for told in self._each_type(left, cypher.Typed.add_support_and_tell):
            self._run(cypher.REMEMBER_FACTS, rows=told)
        return others

    def _delete(self, facts: Iterable[Fact]) -> None:
        self._each_type([(fact, Weight()) for fact in facts], cypher.Typed.delete)

    def _each_type(
        self,
        facts: Iterable[tuple[Fact, Weight]],
        statement: Callable[[cypher.Typed], str],
        *,
        new: bool = False,
    ) -> list[list[Row]]:
        """Run a statement on facts: one for all whose types may come with the rows, one for each other type; gives
        what each told.
        """
        dialect = self._tokens.dialect
        groups: dict[tuple[str, bool], list[Row]] = {}
        for fact, weight in facts:
            subject, object_ = self._refs[fact.subject], self._refs[fact.object]
            weights = self._weight.get(subject, 0), self._weight.get(object_, 0)
            from_subject = new or weights[0] <= weights[1]
            type_ = self._tokens.relationship(fact.relation)
            near = weights[0] if from_subject else weights[1]
            with_row = (new and dialect.dynamic_types) or near <= (_LIGHT_FOR_NEW if new else dialect.light)
            groups.setdefault(("" if with_row else type_, from_subject), []).append(self._row(fact, weight))
        told = []
        for (type_, from_subject), rows in sorted(groups.items(), key=lambda group: group[0]):
            text = statement(cypher.Typed(dialect, type_ or None, from_subject))
            told += [self._run(text, rows=batch) for batch in batches(rows)]
        return told

    def _row(self, fact: Fact, weight: Weight) -> Row:
        return {
            "id": _remembered(fact),
            "subject": self._refs[fact.subject],
            "relation": fact.relation,
            "object": self._refs[fact.object],
            "type": self._tokens.relationship(fact.relation),
            "set": weight.row(),
        }


def _remembered(fact: Fact) -> str:
    """The id of the node that remembers where a fact between busy entities is."""
    return f"fact:{fact.key}"
