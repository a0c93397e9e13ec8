"""The edges between entities: a projection of the evidence, kept right within each transaction.

Where evidence is only added, an edge is made or its support grows. Where evidence goes or moves, the edge is counted again
from what is left: exact, and the same however often it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kg_builder.store import cypher
from kg_builder.store.clustering import Cluster
from kg_builder.store.connection import Run
from kg_builder.store.rows import Row, batches, edge_key
from kg_builder.store.tokens import Tokens

__all__ = ["Edges", "Fact", "fact_of"]


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


def fact_of(row: Mapping[str, Any]) -> Fact:
    """The fact that an extraction states, from its ends as the sentence has them."""
    ends = (row["tail"], row["head"]) if row["inverted"] else (row["head"], row["tail"])
    return Fact(ends[0], row["relation"], ends[1])


class Edges:
    """The edges that one transaction touches."""

    def __init__(self, run: Run, tokens: Tokens) -> None:
        self._run = run
        self._tokens = tokens
        self._weight: dict[str, int] = {}
        self._lessened: dict[str, Fact] = {}
        self._followed: dict[str, Fact] = {}
        self._added: dict[str, tuple[Fact, int, float]] = {}
        self._existing: set[str] = set()

    def weigh(self, planned: Iterable[Cluster]) -> None:
        """Learn how many neighbours entities have, about: edges are looked for from the smaller end."""
        for cluster in planned:
            self._weight[cluster.id] = cluster.mentions
            if cluster.node is not None:
                self._weight[cluster.node] = cluster.mentions

    def lessened(self, fact: Fact) -> None:
        """Evidence of `fact` goes away in this transaction."""
        self._lessened[fact.key] = fact

    def follow(self, disturbed: list[str], entity_of: Mapping[str, str]) -> None:
        """Take the edges of entities that are about to move or be renumbered away, and give their evidence its new key.

        To be called before the entities change; `project` makes the edges anew. `entity_of` tells each name's new entity.
        """
        old: dict[str, Fact] = {}
        rekeyed: list[Row] = []
        for row in self._run(cypher.FACTS_OF_ENTITIES, ids=disturbed):
            ends = {side: entity_of.get(row[f"{side}_name"], row[side]) for side in ("head", "tail")}
            now = fact_of({**ends, "relation": row["relation"], "inverted": row["inverted"]})
            old[row["edge"]] = fact_of(row)
            self._followed[now.key] = now
            if now.key != row["edge"]:
                rekeyed.append({"id": row["id"], "edge": now.key})
        far = set(disturbed)
        for key, fact in list(self._lessened.items()):
            if fact.subject in far or fact.object in far:
                old[key] = self._lessened.pop(key)
        self._delete(old.values())
        for batch in batches(rekeyed):
            self._run(cypher.REKEY_EXTRACTIONS, rows=batch)

    def more(self, fact: Fact, confidence: float) -> None:
        """Evidence of `fact` comes in this transaction."""
        key = fact.key
        _, support, best = self._added.get(key, (fact, 0, 0.0))
        self._added[key] = (fact, support + 1, max(best, confidence))

    def look_up(self) -> None:
        """Learn which of the facts that get evidence have some already. To be called before the new evidence is written."""
        keys = [{"key": key} for key in self._added if key not in self._lessened and key not in self._followed]
        for batch in batches(keys):
            self._existing.update(r["key"] for r in self._run(cypher.EVIDENCED, keys=[row["key"] for row in batch]))

    def project(self) -> None:
        """Bring the edges in line with the evidence. To be called when all evidence is as it will be."""
        recounted = {**self._lessened, **self._followed}
        self._delete(recounted.values())
        counts: dict[str, tuple[int, float]] = {}
        for batch in batches({"key": key} for key in recounted):
            for row in self._run(cypher.SUPPORT, keys=[each["key"] for each in batch]):
                counts[row["key"]] = (row["support"], row["confidence"])
        made = [(recounted[key], support, best) for key, (support, best) in counts.items()]
        made += [x for key, x in self._added.items() if key not in recounted and key not in self._existing]
        grown = [x for key, x in self._added.items() if key not in recounted and key in self._existing]
        self._each_type(made, lambda type_, _: cypher.create_facts(type_), sided=False)
        self._each_type(grown, lambda type_, side: cypher.add_support(type_, from_subject=side))

    def _delete(self, facts: Iterable[Fact]) -> None:
        rows = [(fact, 0, 0.0) for fact in facts]
        self._each_type(rows, lambda type_, side: cypher.delete_facts(type_, from_subject=side))

    def _each_type(
        self,
        facts: Iterable[tuple[Fact, int, float]],
        statement: Callable[[str | None, bool], str],
        *,
        sided: bool = True,
    ) -> None:
        """Run a statement on facts: one for all where types may come with the rows, else one for each type."""
        groups: dict[tuple[str, bool], list[Row]] = {}
        for fact, support, confidence in facts:
            type_ = self._tokens.relationship(fact.relation)
            side = not sided or self._weight.get(fact.subject, 0) <= self._weight.get(fact.object, 0)
            row = {
                "subject": fact.subject,
                "relation": fact.relation,
                "object": fact.object,
                "type": type_,
                "support": support,
                "confidence": confidence,
            }
            groups.setdefault(("" if self._tokens.dynamic else type_, side), []).append(row)
        for (type_, side), rows in sorted(groups.items(), key=lambda group: group[0]):
            for batch in batches(rows):
                self._run(statement(type_ or None, side), rows=batch)
