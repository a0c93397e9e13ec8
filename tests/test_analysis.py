"""Statistics of the graph, on graphs small enough to count by hand and against networkx on random ones."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, pairwise

import networkx as nx
import pytest

from kg_builder.analysis import GraphStatistics, graph_statistics
from kg_builder.store.records import Counts, GraphEdge, StoredEntity

Edge = tuple[str, str, str]


class Graph:
    """Edges (head, relation, tail) and entities without edges, in the words of a store."""

    def __init__(self, edges: list[Edge], alone: tuple[str, ...] = ()) -> None:
        self.triples = edges
        self.names = {name for head, _, tail in edges for name in (head, tail)} | set(alone)

    def counts(self) -> Counts:
        return Counts(2, 5, len(self.names), len(self.triples), len(self.triples) + 1, len(self.names))

    def types(self) -> list[tuple[str, int]]:
        return [("Person", len(self.names))] if self.names else []

    def left_out(self) -> dict[str, int]:
        return {"unsure": 3}

    def relations(self) -> list[tuple[str, str, int]]:
        found = Counter(relation for _, relation, _ in self.triples)
        return [(relation, relation.upper(), edges) for relation, edges in found.most_common()]

    def graph_edges(self) -> Iterator[GraphEdge]:
        for head, relation, tail in self.triples:
            yield GraphEdge(head, relation, relation.upper(), tail, 1, 0.5)

    def entity(self, id: str) -> StoredEntity | None:
        return StoredEntity(id, f"name of {id}", "Person") if id in self.names else None


def test_figures_of_a_graph_counted_by_hand() -> None:
    edges = [("a", "knows", "b"), ("b", "knows", "a"), ("a", "likes", "b"), ("a", "knows", "a"), ("c", "knows", "d")]
    found = graph_statistics(Graph(edges, alone=("e",)))
    assert (found.documents, found.segments, found.extractions) == (2, 5, 6)
    assert (found.entities, found.edges, found.relations) == (5, 5, 2)
    assert found.entities_by_type == {"Person": 5}
    assert found.held_back == {"unsure": 3}
    assert found.edges_by_relation == {"knows": 4, "likes": 1}
    assert (found.components, found.largest_component, found.isolated, found.self_loops) == (3, 2, 1, 1)
    # degrees: a 3 edges and a loop = 5, b 3, c 1, d 1, e 0
    assert (found.degree.min, found.degree.median, found.degree.mean, found.degree.max) == (0, 1.0, 2.0, 5)
    assert found.density == 3 / 20  # a-b, b-a, c-d of 5 * 4 ordered pairs


def test_an_empty_graph_has_figures_too() -> None:
    found = graph_statistics(Graph([]))
    assert (found.entities, found.edges, found.components, found.largest_component) == (0, 0, 0, 0)
    assert (found.density, found.degree.max, found.top_entities, found.communities) == (0.0, 0, (), ())
    assert not found.communities_sampled


def test_entities_without_any_edge_are_components_of_their_own() -> None:
    found = graph_statistics(Graph([], alone=("a", "b")))
    assert (found.components, found.largest_component, found.isolated) == (2, 1, 2)
    assert found.communities == ()


def test_a_graph_of_one_loop() -> None:
    found = graph_statistics(Graph([("a", "is", "a")]))
    assert (found.components, found.self_loops, found.density, found.degree.max) == (1, 1, 0.0, 2)
    assert [(one.id, one.pagerank) for one in found.top_entities] == [("a", 1.0)]
    assert found.communities == ()


def test_pagerank_equals_that_of_networkx() -> None:
    from networkx.algorithms.link_analysis.pagerank_alg import _pagerank_python

    chance = random.Random(3)
    edges = sorted({(str(chance.randrange(60)), "r", str(int(chance.random() ** 3 * 60))) for _ in range(200)})
    alone = ("x", "y", "z")
    graph = nx.DiGraph([(head, tail) for head, _, tail in edges])
    graph.add_nodes_from(alone)
    expected = _pagerank_python(graph, tol=1e-12, max_iter=500)
    found = graph_statistics(Graph(edges, alone), top=60)
    assert len(found.top_entities) > 50
    for one in found.top_entities:
        assert one.pagerank == pytest.approx(expected[one.id], abs=1e-9)
    ranks = [one.pagerank for one in found.top_entities]
    assert ranks == sorted(ranks, reverse=True)
    assert found.top_entities[0].name == f"name of {found.top_entities[0].id}"


def test_components_equal_those_of_networkx() -> None:
    chance = random.Random(5)
    edges = [(str(chance.randrange(300)), "r", str(chance.randrange(300))) for _ in range(180)]
    sizes = [len(part) for part in nx.weakly_connected_components(nx.DiGraph([(a, b) for a, _, b in edges]))]
    found = graph_statistics(Graph(edges))
    assert (found.components, found.largest_component) == (len(sizes), max(sizes))


def three_cliques() -> list[Edge]:
    groups = [[f"{letter}{number}" for number in range(size)] for letter, size in (("a", 5), ("b", 6), ("c", 7))]
    inside = [(one, "knows", other) for group in groups for one, other in combinations(group, 2)]
    return inside + [(one[0], "knows", other[0]) for one, other in pairwise(groups)]


def test_communities_are_the_dense_groups() -> None:
    found = graph_statistics(Graph(three_cliques()), top=3)
    assert [community.size for community in found.communities] == [7, 6, 5]
    assert [{one.id[0] for one in community.top} for community in found.communities] == [{"c"}, {"b"}, {"a"}]
    assert all(len(community.top) == 3 for community in found.communities)
    assert (found.community_count, found.communities_entities, found.communities_sampled) == (3, 18, False)


def test_the_order_in_which_a_store_lists_edges_changes_nothing() -> None:
    edges = [*three_cliques(), ("a1", "likes", "b1"), ("c2", "likes", "a1")]
    expected = graph_statistics(Graph(edges))
    for seed in range(5):
        random.Random(seed).shuffle(edges)
        found = graph_statistics(Graph(edges))
        assert found.top_entities == expected.top_entities
        assert found.communities == expected.communities


def test_a_graph_over_the_budget_is_sampled_and_says_so() -> None:
    hub = [(f"leaf{number}", "knows", "hub") for number in range(50)]
    found = graph_statistics(Graph(three_cliques() + hub), max_community_edges=60)
    assert found.communities_sampled
    assert 0 < found.communities_entities < 69
    assert found.edges == len(three_cliques()) + 50
    assert found.components == 2  # everything else still counts the whole graph


def test_equal_ranks_are_ordered_by_id() -> None:
    ring = [("c", "r", "a"), ("a", "r", "b"), ("b", "r", "d"), ("d", "r", "c")]
    found = graph_statistics(Graph(ring), top=2)
    assert [one.id for one in found.top_entities] == ["a", "b"]


def test_statistics_become_json() -> None:
    found = graph_statistics(Graph(three_cliques(), alone=("北京",)))
    again = json.loads(json.dumps(found.to_dict(), ensure_ascii=False))
    assert again == found.to_dict()
    assert again["degree"]["min"] == 0
    assert again["top_entities"][0]["name"] == found.top_entities[0].name
    assert again["communities"][0]["top"][0].startswith("name of c")
    assert again["communities"][0]["top_ids"][0].startswith("c")
    assert set(again) == set(GraphStatistics.__dataclass_fields__)
