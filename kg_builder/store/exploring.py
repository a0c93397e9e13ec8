"""Parts of the graph around entities and between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from kg_builder.store import cypher, exploring_cypher
from kg_builder.store.connection import Connection
from kg_builder.store.facts import Weight
from kg_builder.store.naming import relation_type
from kg_builder.store.reading import Reader, graph_edge
from kg_builder.store.records import GraphEdge, Subgraph

__all__ = ["EdgeFilter", "Explorer"]

_FRONTIER = (
    20_000  # neighbours that one step of a search for a path looks at; past it, the answer says it is not complete
)
_OF_DOCUMENTS = 50_000  # statements of chosen documents that are looked at; past it, the same
_ASKED = 500  # entities or facts asked for at once
_MENTIONS = 30_000  # of entities together; past it, only so many of their facts are looked at, the same number of each
_MENTIONS_TOGETHER = 100_000  # the same of the most mentioned ones
_LEAST_OF_EACH = 100


@dataclass(frozen=True, slots=True)
class EdgeFilter:
    """Which edges are wanted; None lets all through.

    ``without`` names relations that are not; ``types`` are those of the entity that an edge leads to. ``documents``
    (ids) keeps what one of them states; ``since`` and ``until`` (days in ISO 8601) what holds at some time between,
    without what says no time.
    """

    min_confidence: float = 0.0
    relations: Sequence[str] | None = None
    without: Sequence[str] | None = None
    types: Sequence[str] | None = None
    documents: Sequence[str] | None = None
    since: str | None = None
    until: str | None = None

    def parameters(self) -> dict[str, Any]:
        """As the statements take it."""
        return {
            "confidence": self.min_confidence,
            "relations": _listed(self.relations),
            "without": _listed(self.without),
            "types": _listed(self.types),
            "since": self.since,
            "until": self.until,
        }

    def keeps(self, edge: GraphEdge) -> bool:
        """The same test on an edge that is here already, but for types and documents."""
        dated = edge.valid_from is not None or edge.valid_to is not None
        return (
            edge.confidence >= self.min_confidence
            and (self.relations is None or edge.relation in self.relations)
            and (self.without is None or edge.relation not in self.without)
            and (self.since is None or (dated and (edge.valid_to is None or edge.valid_to >= self.since)))
            and (self.until is None or (dated and (edge.valid_from is None or edge.valid_from <= self.until)))
        )


class Explorer:
    """Walks over the edges, breadth first."""

    def __init__(self, connection: Connection, reader: Reader) -> None:
        self._read = connection.read
        self._reader = reader

    def neighbourhood(self, ids: Sequence[str], *, depth: int, limit: int, wanted: EdgeFilter) -> Subgraph:
        """The edges within `depth` steps of entities, best supported first, at most `limit`."""
        known = {entity.id for entity in self._reader.entities_by_id(ids)}
        stated, cut = self._by_documents(wanted) if wanted.documents is not None else (None, False)
        frontier, edges, full, sampled = sorted(known), dict[tuple[str, str, str], GraphEdge](), False, False
        for _ in range(depth):
            found, some = (stated(frontier), False) if stated else self._by_edges(frontier, limit, wanted)
            sampled = sampled or some
            for edge in sorted(found, key=_best_first):
                key = (edge.head_id, edge.relation, edge.tail_id)
                if key not in edges and len(edges) >= limit:
                    full = True
                    break
                edges.setdefault(key, edge)
            reached = {end for edge in edges.values() for end in (edge.head_id, edge.tail_id)}
            frontier = sorted(reached - known)
            known |= reached
            if full or not frontier:
                break
        return self._subgraph(known, edges.values(), truncated=full or cut or sampled, sampled=sampled)

    def _by_edges(self, frontier: Sequence[str], limit: int, wanted: EdgeFilter) -> tuple[list[GraphEdge], bool]:
        """Edges of some entities, and whether not all of theirs were looked at."""
        some = _of_each((entity.mentions for entity in self._reader.entities_by_id(frontier)), _MENTIONS)
        found: list[GraphEdge] = []
        for out in (True, False):
            statement = exploring_cypher.neighbours(out=out, some=some is not None)
            rows = self._read(statement, ids=frontier, limit=limit + 1, some=some, **wanted.parameters())
            found += map(graph_edge, rows)
        return found, some is not None

    def _by_documents(self, wanted: EdgeFilter) -> tuple[Callable[[Sequence[str]], list[GraphEdge]], bool]:
        """What gives the edges of some entities that chosen documents state, and whether some were left out."""
        stated = self._read(
            exploring_cypher.FACTS_OF_DOCUMENTS, documents=list(wanted.documents or ()), limit=_OF_DOCUMENTS + 1
        )
        at: dict[str, dict[str, tuple[str, str, str]]] = {}
        for row in stated[:_OF_DOCUMENTS]:
            ends = [(row["head"], row["head_type"]), (row["tail"], row["tail_type"])]
            (head, _), (tail, _) = reversed(ends) if row["inverted"] else ends
            for (near, _), (_, far_type) in (ends, ends[::-1]):
                if wanted.types is None or far_type in wanted.types:
                    at.setdefault(near, {})[row["edge"]] = (head, row["relation"], tail)

        def step(frontier: Sequence[str]) -> list[GraphEdge]:
            near = {key: fact for id in frontier for key, fact in at.get(id, {}).items()}
            found = []
            for keys in _portions(sorted(near)):
                for row in self._read(cypher.SUPPORT, keys=keys):
                    head, relation, tail = near[row["key"]]
                    weight = Weight(row["support"], row["confidence"], row["low"], row["high"])
                    found.append(
                        GraphEdge(
                            head,
                            relation,
                            relation_type(relation),
                            tail,
                            weight.support,
                            weight.confidence,
                            *weight.span,
                        )
                    )
            return [edge for edge in found if wanted.keeps(edge)]

        return step, len(stated) > _OF_DOCUMENTS

    def most_mentioned(self, *, entities: int, limit: int, wanted: EdgeFilter) -> Subgraph:
        """The edges among the most mentioned entities, best supported first, at most `limit`.

        Entities without such an edge are left out. ``wanted`` filters by all but documents.
        """
        rows = self._read(exploring_cypher.MOST_MENTIONED, types=_listed(wanted.types), limit=entities)
        chosen = {row["id"] for row in rows}
        least = min((row["mentions"] for row in rows), default=0)
        some = _of_each((row["mentions"] for row in rows), _MENTIONS_TOGETHER)
        statement = exploring_cypher.facts_between_mentioned(some=some is not None)
        found: list[GraphEdge] = []
        for ids in _portions(sorted(chosen)):
            rows = self._read(statement, ids=ids, least=least, limit=limit + 1, some=some, **wanted.parameters())
            found += [edge for edge in map(graph_edge, rows) if edge.tail_id in chosen]
        best = sorted(found, key=_best_first)[:limit]
        ends = {end for edge in best for end in (edge.head_id, edge.tail_id)}
        sampled = some is not None
        return self._subgraph(ends, best, truncated=len(found) > limit or sampled, sampled=sampled)

    def path(self, a: str, b: str, *, max_length: int) -> Subgraph:
        """A shortest path between two entities, whatever the directions of its edges; empty when there is none."""
        ends = {entity.id for entity in self._reader.entities_by_id([a, b])}
        if len(ends) < len({a, b}):
            return Subgraph((), ())
        seen: tuple[dict[str, str | None], dict[str, str | None]] = ({a: None}, {b: None})
        frontiers, truncated = [[a], [b]], False
        for _ in range(max_length):
            meeting = seen[0].keys() & seen[1].keys()
            if meeting or not all(frontiers):
                break
            side = 0 if len(frontiers[0]) <= len(frontiers[1]) else 1
            rows = self._read(exploring_cypher.ADJACENT, ids=frontiers[side], limit=_FRONTIER + 1)
            truncated = truncated or len(rows) > _FRONTIER
            reached: dict[str, str] = {}
            for came_from, other in sorted((row["id"], row["other"]) for row in rows):
                if other not in seen[side]:
                    reached.setdefault(other, came_from)
            seen[side].update(reached)
            frontiers[side] = sorted(reached)
        meeting = seen[0].keys() & seen[1].keys()
        if not meeting:
            return Subgraph((), (), truncated=truncated)
        steps = _steps(seen, min(meeting))
        between = {frozenset(pair) for pair in pairwise(steps)}
        edges = [
            edge
            for edge in map(graph_edge, self._read(exploring_cypher.FACTS_AMONG, ids=steps))
            if frozenset((edge.head_id, edge.tail_id)) in between
        ]
        return self._subgraph(steps, edges, truncated=truncated)

    def _subgraph(
        self, ids: Iterable[str], edges: Iterable[GraphEdge], *, truncated: bool, sampled: bool = False
    ) -> Subgraph:
        ordered = sorted(edges, key=lambda e: (e.head_id, e.relation, e.tail_id))
        return Subgraph(tuple(self._reader.entities_by_id(ids)), tuple(ordered), truncated, sampled)


def _of_each(mentions: Iterable[int], most: int) -> int | None:
    """How many facts to look at of each of some entities; None: all, which are not many more than their mentions."""
    numbers = list(mentions)
    return max(_LEAST_OF_EACH, most // len(numbers)) if sum(numbers) > most else None


def _portions(items: list[str]) -> Iterator[list[str]]:
    return (items[at : at + _ASKED] for at in range(0, len(items), _ASKED))


def _listed(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)


def _best_first(edge: GraphEdge) -> tuple[object, ...]:
    return (-edge.support, -edge.confidence, edge.head_id, edge.relation, edge.tail_id)


def _steps(seen: tuple[dict[str, str | None], dict[str, str | None]], meeting: str) -> list[str]:
    """The entities from one end to the other."""
    halves: list[list[str]] = []
    for half in seen:
        walk: list[str] = []
        at: str | None = meeting
        while at is not None:
            walk.append(at)
            at = half[at]
        halves.append(walk)
    return halves[0][::-1] + halves[1][1:]
