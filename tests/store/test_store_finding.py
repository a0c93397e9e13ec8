"""Finding entities, edges, paths and evidence, on every server."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import get_args

import pytest
from making import ACME, ANN, contribute, ids, write

from kg_builder.normalize import relation_type
from kg_builder.store import GraphStore, exploring
from kg_builder.store.records import End
from kg_builder.types import Name, Qualifier, digest


def test_search_gives_equal_names_first_then_beginnings_then_parts_by_mentions(any_store: GraphStore) -> None:
    write(
        any_store,
        "a.txt",
        "York:Place | is | old",
        "New York:Place | is | big",
        "New York:Place | is | new",
        "Yorkshire:Place | is | green",
        "Yorkshire:Place | has | sheep",
        "IBM:Organization | is in | new york:Place",
    )
    assert [e.name for e in any_store.search("york")] == ["York", "Yorkshire", "New York"]
    assert [e.name for e in any_store.search("YORK", limit=1)] == ["York"]
    assert [e.name for e in any_store.search("york", type="Organization")] == []
    assert [e.name for e in any_store.search("ＩＢＭ")] == ["IBM"]
    assert any_store.search("   ") == []
    assert any_store.search("nowhere") == []


def test_search_finds_chinese_by_a_part_and_entities_by_an_alias(any_store: GraphStore) -> None:
    write(any_store, "a.txt", "北京大学:Organization | 位于 | 北京:Place", "上海大学:Organization | 位于 | 上海:Place")
    assert [e.name for e in any_store.search("大学")] == ["上海大学", "北京大学"]
    assert [e.name for e in any_store.search("北京")] == ["北京", "北京大学"]
    assert [e.name for e in any_store.search("京大")] == ["北京大学"]
    any_store.assign({Name("北京", "Place").id: ids(any_store)["上海"]})
    assert len(any_store.search("北京")) == 2


def chain(store: GraphStore) -> dict[str, str]:
    write(store, "a.txt", "A | r | B", "B | r | C", "D | r | C", "D | s | E", "A | s | B @ 0.2", "Z | r | Y")
    return ids(store)


def test_neighbourhood_goes_to_its_depth_and_says_when_it_is_cut(any_store: GraphStore) -> None:
    by_name = chain(any_store)
    name_of = {id_: name for name, id_ in by_name.items()}

    def edges(**options: object) -> set[tuple[str, str, str]]:
        found = any_store.neighbourhood([by_name["A"]], **options)  # type: ignore[arg-type]
        assert {e.id for e in found.entities} >= {x for e in found.edges for x in (e.head_id, e.tail_id)}
        return {(name_of[e.head_id], e.relation, name_of[e.tail_id]) for e in found.edges}

    assert edges() == {("A", "r", "B"), ("A", "s", "B")}
    assert edges(depth=2) == {("A", "r", "B"), ("A", "s", "B"), ("B", "r", "C")}
    assert edges(depth=9) == {("A", "r", "B"), ("A", "s", "B"), ("B", "r", "C"), ("D", "r", "C"), ("D", "s", "E")}
    assert edges(min_confidence=0.5) == {("A", "r", "B")}
    assert edges(relations=["s"]) == {("A", "s", "B")}
    assert edges(types=["Person"]) == set()
    cut = any_store.neighbourhood([by_name["A"]], depth=3, limit=2)
    assert cut.truncated
    assert len(cut.edges) == 2
    assert not any_store.neighbourhood([by_name["A"]], depth=9).truncated
    assert any_store.neighbourhood(["0" * 32]).entities == ()


def test_neighbourhood_keeps_to_documents_and_leaves_relations_out(any_store: GraphStore) -> None:
    write(any_store, "a.txt", "A | r | B", "A | s | B", "B | <t | C:Person", "D | r | E")
    write(any_store, "b.txt", "A | r | B", "A | u | D", "E | r | F")
    by_name = ids(any_store)
    name_of = {id_: name for name, id_ in by_name.items()}
    a, b = digest("document", "a.txt"), digest("document", "b.txt")

    def edges(**options: object) -> set[tuple[str, str, str, int]]:
        found = any_store.neighbourhood([by_name["A"]], **options)  # type: ignore[arg-type]
        return {(name_of[e.head_id], e.relation, name_of[e.tail_id], e.support) for e in found.edges}

    assert edges(without=["r"]) == {("A", "s", "B", 1), ("A", "u", "D", 1)}
    assert edges(documents=[b]) == {("A", "r", "B", 2), ("A", "u", "D", 1)}  # the support is that of all documents
    # A step goes on by what these documents state alone: that D is connected with E is stated elsewhere.
    assert edges(documents=[b], depth=4) == edges(documents=[b])
    passive = ("C", "t", "B", 1)
    assert edges(documents=[a], depth=2) == {("A", "r", "B", 2), ("A", "s", "B", 1), passive}
    assert edges(documents=[a], depth=2, types=["Other"]) == {("A", "r", "B", 2), ("A", "s", "B", 1)}
    assert edges(documents=[a], relations=["s"]) == {("A", "s", "B", 1)}
    assert len(edges(documents=[a, b], depth=9)) == 6
    assert edges(documents=[]) == set()
    assert any_store.neighbourhood([by_name["A"]], documents=[a], limit=1).truncated


def test_neighbourhood_keeps_to_a_time_in_which_facts_hold(any_store: GraphStore) -> None:
    made = contribute("a.txt", ["A | r | B", "A | r | C", "A | r | D", "A | r | E"])
    times = ["from 2010 to 2012", "since March 2014", "until June 2009", ""]
    statements = tuple(
        replace(each, extraction=replace(each.extraction, qualifiers=(Qualifier("time", time, None, None),)))
        for each, time in zip(made.statements, times, strict=True)
    )
    any_store.write(replace(made, statements=statements), size_bytes=1, recipe="test")
    by_name = ids(any_store)
    name_of = {id_: name for name, id_ in by_name.items()}

    def names(**options: object) -> str:
        found = any_store.neighbourhood([by_name["A"]], **options)  # type: ignore[arg-type]
        return "".join(sorted(name_of[e.tail_id] for e in found.edges))

    for documents in (None, [digest("document", "a.txt")]):
        assert names(documents=documents) == "BCDE"
        assert names(documents=documents, since="2011-01-01") == "BC"
        assert names(documents=documents, since="2012-12-31") == "BC"
        assert names(documents=documents, since="2013-01-01") == "C"
        assert names(documents=documents, until="2009-12-31") == "D"
        assert names(documents=documents, since="2009-06-01", until="2010-01-01") == "BD"
        assert names(documents=documents, until="2099") == "BCD"
    dated = next(e for e in any_store.neighbourhood([by_name["A"]]).edges if name_of[e.tail_id] == "B")
    assert (dated.valid_from, dated.valid_to) == ("2010-01-01", "2012-12-31")


def test_the_most_mentioned_come_with_the_edges_among_them(any_store: GraphStore) -> None:
    by_name = chain(any_store)
    name_of = {id_: name for name, id_ in by_name.items()}

    def edges(**options: object) -> list[tuple[str, str, str]]:
        found = any_store.most_mentioned(**options)  # type: ignore[arg-type]
        ends = {x for e in found.edges for x in (e.head_id, e.tail_id)}
        assert {e.id for e in found.entities} == ends
        return [(name_of[e.head_id], e.relation, name_of[e.tail_id]) for e in found.edges]

    assert len(edges()) == 6
    assert edges(entities=1) == []
    assert sorted(edges(entities=2)) == [("A", "r", "B"), ("A", "s", "B")] or len(edges(entities=2)) <= 1
    assert edges(without=["r"], min_confidence=0.5) == [("D", "s", "E")]
    assert any_store.most_mentioned(limit=2).truncated
    assert not any_store.most_mentioned(limit=6).truncated


def test_path_is_a_shortest_one_whatever_the_directions(any_store: GraphStore) -> None:
    by_name = chain(any_store)
    found = any_store.path(by_name["A"], by_name["E"])
    assert [e.name for e in found.entities] == ["A", "B", "C", "D", "E"]
    assert sorted(e.relation for e in found.edges) == ["r", "r", "r", "s", "s"]
    assert any_store.path(by_name["A"], by_name["Z"]).entities == ()
    assert any_store.path(by_name["A"], by_name["E"], max_length=3).entities == ()
    assert [e.name for e in any_store.path(by_name["A"], by_name["A"]).entities] == ["A"]
    assert any_store.path(by_name["A"], "0" * 32).entities == ()


def test_evidence_of_an_edge_comes_surest_first_and_within_its_limit(any_store: GraphStore) -> None:
    write(any_store, "a.txt", *[f"{ANN} | works for | {ACME} @ 0.{n}" for n in range(1, 8)])
    by_name = ids(any_store)
    found = any_store.evidence(by_name["Ann"], "works for", by_name["Acme Corp"], limit=3)
    assert [e.confidence for e in found] == [0.7, 0.6, 0.5]
    assert any_store.evidence(by_name["Ann"], "NOTHING", by_name["Acme Corp"]) == []


def test_counts_types_and_relations(any_store: GraphStore) -> None:
    chain(any_store)
    counts = any_store.counts()
    assert (counts.documents, counts.entities, counts.edges, counts.extractions, counts.names) == (1, 7, 6, 6, 7)
    assert any_store.types() == [("Other", 7)]
    assert any_store.relations() == [("r", relation_type("r"), 4), ("s", relation_type("s"), 2)]
    assert len(list(any_store.graph_edges())) == 6


def test_facts_named_as_the_graph_s_own_ties_are_counted_as_facts_alone(any_store: GraphStore) -> None:
    relations = ("part_of", "mentioned_in", "linked_", "head_", "names_", "from_", "收藏于", "r")
    write(any_store, "a.txt", *[f"A | {relation} | B{n}" for n, relation in enumerate(relations)])
    write(any_store, "b.txt", "A | r | C", "A | part_of | B0", "A | !part_of | D")
    found = {(edge.relation, edge.tail.name) for edge in any_store.edges(with_evidence=False)}
    assert len(found) == len(relations) + 1
    assert any_store.counts().edges == len(found)
    assert {relation: n for relation, _, n in any_store.relations()} == Counter(relation for relation, _ in found)
    assert any_store.check() == []


def test_facts_of_relations_come_by_either_end(any_store: GraphStore) -> None:
    write(
        any_store, "a.txt", "A | capital of | B", "C | capital of | B", "A | part_of | B", "D | r | B", "A | 收藏于 | E"
    )
    by_name = ids(any_store)
    wanted = ["capital of", "part_of", "收藏于", "never seen"]
    stated = {
        (by_name["A"], "capital of", by_name["B"]),
        (by_name["C"], "capital of", by_name["B"]),
        (by_name["A"], "part_of", by_name["B"]),
        (by_name["A"], "收藏于", by_name["E"]),
    }
    for end in get_args(End):
        found = [each for portion in any_store.facts_of(wanted, end=end) for each in portion]
        assert {(row["head"], row["relation"], row["tail"]) for _, _, row in found} == stated
        assert {(near, far) for near, far, _ in found} == {
            pair
            for head, _, tail in stated
            for near, pair in (("head", (head, tail)), ("tail", (tail, head)))
            if end in (near, "either")
        }


def test_of_very_busy_entities_some_facts_are_looked_at(any_store: GraphStore, monkeypatch: pytest.MonkeyPatch) -> None:
    write(any_store, "a.txt", *[f"A | r | B{n}" for n in range(12)], *[f"C{n} | r | A" for n in range(3)])
    monkeypatch.setattr(exploring, "_LEAST_OF_EACH", 5)
    by_name = ids(any_store)
    assert not any_store.neighbourhood([by_name["A"]]).sampled
    assert len(any_store.most_mentioned().edges) == 15
    for name in ("_MENTIONS", "_MENTIONS_TOGETHER"):
        monkeypatch.setattr(exploring, name, 4)
    found = any_store.neighbourhood([by_name["A"]])
    assert (len(found.edges), found.sampled, found.truncated) == (5 + 3, True, True)
    assert len({edge.tail_id for edge in found.edges}) == 6
    most = any_store.most_mentioned()
    assert (len(most.edges), most.sampled) == (5 + 3, True)


def test_entities_and_edges_come_in_the_order_of_code_points(any_store: GraphStore) -> None:
    names = ["a", "B", "ä", "中", "\uff5e", "😀", "Z", "\ue000"]
    write(any_store, "a.txt", *[f"{name} | is | thing" for name in names])
    assert [e.name for e in any_store.entities()] == sorted([*names, "thing"])
    assert [e.head.name for e in any_store.edges()] == sorted(names)
    assert [e.name for e in any_store.entities(type="Person")] == []
