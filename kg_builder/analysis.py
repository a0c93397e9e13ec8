"""Statistics of the graph: what `kg stats` and the overview page show.

Counting and PageRank run on arrays of edge ends (16 bytes an edge), components and communities in networkx.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from kg_builder.store.records import Counts, GraphEdge, StoredEntity

__all__ = ["Community", "DegreeDistribution", "GraphStatistics", "RankedEntity", "StatisticsSource", "graph_statistics"]

_Integers = NDArray[np.int64]
_Floats = NDArray[np.float64]


class StatisticsSource(Protocol):
    """What the statistics read: any `GraphStore`."""

    def counts(self) -> Counts:
        """How much there is of everything."""

    def types(self) -> list[tuple[str, int]]:
        """Entity types with their numbers, most frequent first."""

    def relations(self) -> list[tuple[str, str, int]]:
        """Relations with their relationship types and numbers of edges, most frequent first."""

    def left_out(self) -> dict[str, int]:
        """Statements that extractors held back, by reason."""

    def graph_edges(self) -> Iterator[GraphEdge]:
        """All edges by the ids of their ends."""

    def entity(self, id: str) -> StoredEntity | None:
        """One entity."""


@dataclass(frozen=True, slots=True)
class RankedEntity:
    """An entity with its PageRank (all ranks of a graph add up to 1) and its number of edges."""

    id: str
    name: str
    type: str
    pagerank: float
    degree: int


@dataclass(frozen=True, slots=True)
class DegreeDistribution:
    """Edges per entity, in and out together; a self-loop counts twice, an entity without facts 0."""

    min: int
    median: float
    mean: float
    max: int


@dataclass(frozen=True, slots=True)
class Community:
    """A densely connected group of two and more entities, with its most central members."""

    size: int
    top: tuple[RankedEntity, ...]


@dataclass(frozen=True, slots=True)
class GraphStatistics:
    """Figures on a whole graph.

    ``held_back`` counts by reason what extractors saw and did not give. ``density`` is the share of ordered pairs of
    different entities that have an edge.

    ``communities`` are the largest; ``communities_sampled`` says that they were looked for among the most central
    entities only (``communities_entities`` of them), because the graph is too large to do it on the whole.
    """

    documents: int
    segments: int
    extractions: int
    held_back: dict[str, int]
    entities: int
    edges: int
    entities_by_type: dict[str, int]
    edges_by_relation: dict[str, int]
    relations: int
    degree: DegreeDistribution
    isolated: int
    self_loops: int
    density: float
    components: int
    largest_component: int
    top_entities: tuple[RankedEntity, ...]
    communities: tuple[Community, ...]
    community_count: int
    communities_entities: int
    communities_sampled: bool

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, ready for JSON; of a community's top entities the names and the ids."""
        values = asdict(self) | {"top_entities": [asdict(one) for one in self.top_entities]}
        values["communities"] = [
            {"size": found.size, "top": [one.name for one in found.top], "top_ids": [one.id for one in found.top]}
            for found in self.communities
        ]
        return values


def graph_statistics(
    store: StatisticsSource, *, top: int = 10, seed: int = 7, max_community_edges: int = 500_000
) -> GraphStatistics:
    """The figures of a whole graph; lists (relations, entities, communities) hold the `top` first of their kind.

    Components count entities without any edge too. Communities are Louvain's (Blondel et al. 2008, arXiv:0803.0476),
    weighted by support, on at most `max_community_edges` edges. Equal graphs and seeds give equal figures.
    """
    counts = store.counts()
    graph = _Graph.read(store.graph_edges())
    entities = max(counts.entities, len(graph.ids))  # the store may be written to between the two questions
    isolated = entities - len(graph.ids)
    degree = np.bincount(graph.heads, minlength=len(graph.ids)) + np.bincount(graph.tails, minlength=len(graph.ids))
    rank = _pagerank(graph.heads, graph.tails, len(graph.ids), isolated)
    components = _component_sizes(graph)
    groups, looked_at = _communities(graph, rank, seed=seed, max_edges=max_community_edges)

    def ranked(nodes: Iterable[int]) -> tuple[RankedEntity, ...]:
        best = sorted(nodes, key=lambda node: (-rank[node], node))[:top]
        return tuple(_ranked(store, graph.ids[node], float(rank[node]), int(degree[node])) for node in best)

    relations = store.relations()
    return GraphStatistics(
        documents=counts.documents,
        segments=counts.segments,
        extractions=counts.extractions,
        held_back=store.left_out(),
        entities=entities,
        edges=len(graph.heads),
        entities_by_type=dict(store.types()),
        edges_by_relation=_most_frequent(relations, top),
        relations=len({relation for relation, _, _ in relations}),
        degree=_distribution(degree, isolated),
        isolated=isolated,
        self_loops=int(np.count_nonzero(graph.heads == graph.tails)),
        density=_density(graph, entities),
        components=len(components) + isolated,
        largest_component=max(components, default=min(1, isolated)),
        top_entities=ranked(_candidates(rank, top)),
        communities=tuple(Community(size=len(group), top=ranked(group)) for group in groups[:top]),
        community_count=len(groups),
        communities_entities=looked_at,
        communities_sampled=looked_at < len(graph.ids),
    )


@dataclass(frozen=True, slots=True)
class _Graph:
    """Edges as two arrays of positions in `ids`, with the support of each: all sorted, whatever order they came in."""

    ids: list[str]
    heads: _Integers
    tails: _Integers
    supports: _Integers

    @staticmethod
    def read(edges: Iterable[GraphEdge]) -> _Graph:
        met: dict[str, int] = {}
        ends, weights = (array("q"), array("q")), array("q")
        for edge in edges:
            ends[0].append(met.setdefault(edge.head_id, len(met)))
            ends[1].append(met.setdefault(edge.tail_id, len(met)))
            weights.append(edge.support)
        ids = sorted(met)
        place = np.empty(len(met), dtype=np.int64)
        place[[met[id] for id in ids]] = np.arange(len(met))
        heads, tails = (place[np.frombuffer(end, dtype=np.int64)] for end in ends)
        supports = np.frombuffer(weights, dtype=np.int64)
        order = np.lexsort((supports, tails, heads))
        return _Graph(ids, heads[order], tails[order], supports[order])


def _pagerank(heads: _Integers, tails: _Integers, nodes: int, isolated: int, *, damping: float = 0.85) -> _Floats:
    """PageRank by power iteration (Page et al. 1999) to nine digits; parallel edges count each, isolated entities too.

    All isolated entities rank alike, so one number stands for them. (networkx's own PageRank needs scipy, which nothing
    else here does.)
    """
    total = nodes + isolated
    if nodes == 0:
        return np.zeros(0)
    out = np.bincount(heads, minlength=nodes)
    share = 1.0 / np.maximum(out, 1)
    rank, alone = np.full(nodes, 1.0 / total), 1.0 / total
    for _ in range(200):
        dangling = rank[out == 0].sum() + isolated * alone
        base = (1.0 - damping + damping * dangling) / total
        new = base + damping * np.bincount(tails, weights=(rank * share)[heads], minlength=nodes)
        change = np.abs(new - rank).sum() + isolated * abs(base - alone)
        rank, alone = new, base
        if change < 1e-10:
            break
    return np.round(rank, 12)  # so that entities in equal places tie exactly


def _component_sizes(graph: _Graph) -> list[int]:
    """Sizes of the weakly connected components that have an edge: networkx's union-find needs no graph object."""
    forest = nx.utils.UnionFind(range(len(graph.ids)))
    for head, tail in zip(graph.heads.tolist(), graph.tails.tolist(), strict=True):
        forest.union(head, tail)
    return list(Counter(forest[node] for node in range(len(graph.ids))).values())


def _communities(graph: _Graph, rank: _Floats, *, seed: int, max_edges: int) -> tuple[list[list[int]], int]:
    """Groups of two and more positions, largest first, with the number of entities looked at."""
    inside = _within_budget(graph, rank, max_edges)
    undirected = nx.Graph()
    undirected.add_nodes_from(np.flatnonzero(inside).tolist())
    kept = inside[graph.heads] & inside[graph.tails] & (graph.heads != graph.tails)
    pairs = np.sort(np.stack((graph.heads[kept], graph.tails[kept])), axis=0)
    weights: Counter[tuple[int, int]] = Counter()
    for head, tail, support in zip(*pairs.tolist(), graph.supports[kept].tolist(), strict=True):
        weights[head, tail] += support
    undirected.add_weighted_edges_from((head, tail, weight) for (head, tail), weight in weights.items())
    found = nx.community.louvain_communities(undirected, seed=seed) if weights else []
    groups = [sorted(group) for group in found if len(group) > 1]
    return sorted(groups, key=lambda group: (-len(group), group[0])), undirected.number_of_nodes()


def _within_budget(graph: _Graph, rank: _Floats, max_edges: int) -> NDArray[np.bool_]:
    """True for the most central entities that together have at most `max_edges` edges among themselves."""
    nodes = len(graph.ids)
    if len(graph.heads) <= max_edges:
        return np.ones(nodes, dtype=bool)
    order = np.argsort(-rank, kind="stable")
    place = np.empty(nodes, dtype=np.int64)
    place[order] = np.arange(nodes)
    # An edge is among the first k entities where its later end is: sort the edges by that end's place.
    later = np.sort(np.maximum(place[graph.heads], place[graph.tails]))
    return np.asarray(place < later[max_edges])


def _candidates(rank: _Floats, top: int) -> list[int]:
    """Positions that may belong to the `top` highest ranks, all that tie with the last of them included."""
    if top < 1 or len(rank) <= top:
        return list(range(len(rank)))
    threshold = np.partition(rank, len(rank) - top)[len(rank) - top]
    return np.flatnonzero(rank >= threshold).tolist()


def _ranked(store: StatisticsSource, id: str, pagerank: float, degree: int) -> RankedEntity:
    entity = store.entity(id)
    name, type = (entity.name, entity.type) if entity else ("", "")  # removed while the statistics were made
    return RankedEntity(id=id, name=name, type=type, pagerank=pagerank, degree=degree)


def _distribution(degree: _Integers, isolated: int) -> DegreeDistribution:
    every = np.concatenate((degree, np.zeros(isolated, dtype=np.int64)))
    if len(every) == 0:
        return DegreeDistribution(min=0, median=0.0, mean=0.0, max=0)
    return DegreeDistribution(
        min=int(every.min()), median=float(np.median(every)), mean=float(every.mean()), max=int(every.max())
    )


def _density(graph: _Graph, entities: int) -> float:
    if entities < 2:
        return 0.0
    different = graph.heads != graph.tails
    pairs = np.unique(graph.heads[different] * len(graph.ids) + graph.tails[different])
    return len(pairs) / (entities * (entities - 1))


def _most_frequent(relations: Sequence[tuple[str, str, int]], top: int) -> dict[str, int]:
    frequency: Counter[str] = Counter()
    for relation, _, edges in relations:
        frequency[relation] += edges
    return dict(sorted(frequency.items(), key=lambda item: (-item[1], item[0]))[:top])
