"""Parts of the graph around entities and between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from kg_builder.store import cypher
from kg_builder.store.connection import Connection
from kg_builder.store.reading import Reader, graph_edge
from kg_builder.store.records import GraphEdge, Subgraph

__all__ = ["Explorer"]

_FRONTIER = (
    20_000  # neighbours that one step of a search for a path looks at; past it, the answer says it is not complete
)


class Explorer:
    """Walks over the edges, breadth first."""

    def __init__(self, connection: Connection, reader: Reader) -> None:
        self._read = connection.read
        self._reader = reader

    def neighbourhood(
        self,
        ids: Sequence[str],
        *,
        depth: int,
        limit: int,
        min_confidence: float,
        relations: Sequence[str] | None,
        types: Sequence[str] | None,
    ) -> Subgraph:
        """The edges within `depth` steps of entities, best supported first, at most `limit`."""
        known = {entity.id for entity in self._reader.entities_by_id(ids)}
        frontier, edges, truncated = sorted(known), dict[tuple[str, str, str], GraphEdge](), False
        for _ in range(depth):
            found: list[GraphEdge] = []
            for statement in (cypher.NEIGHBOURS_OUT, cypher.NEIGHBOURS_IN):
                rows = self._read(
                    statement,
                    ids=frontier,
                    confidence=min_confidence,
                    relations=list(relations) if relations is not None else None,
                    types=list(types) if types is not None else None,
                    limit=limit + 1,
                )
                found += map(graph_edge, rows)
            for edge in sorted(found, key=_best_first):
                key = (edge.head_id, edge.relation, edge.tail_id)
                if key not in edges and len(edges) >= limit:
                    truncated = True
                    break
                edges.setdefault(key, edge)
            reached = {end for edge in edges.values() for end in (edge.head_id, edge.tail_id)}
            frontier = sorted(reached - known)
            known |= reached
            if truncated or not frontier:
                break
        return self._subgraph(known, edges.values(), truncated=truncated)

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
            rows = self._read(cypher.ADJACENT, ids=frontiers[side], limit=_FRONTIER + 1)
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
            for edge in map(graph_edge, self._read(cypher.FACTS_AMONG, ids=steps))
            if frozenset((edge.head_id, edge.tail_id)) in between
        ]
        return self._subgraph(steps, edges, truncated=truncated)

    def _subgraph(self, ids: Iterable[str], edges: Iterable[GraphEdge], *, truncated: bool) -> Subgraph:
        ordered = sorted(edges, key=lambda e: (e.head_id, e.relation, e.tail_id))
        return Subgraph(tuple(self._reader.entities_by_id(ids)), tuple(ordered), truncated)


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
