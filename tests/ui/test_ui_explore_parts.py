"""The explore page without a browser: what an address may say, undo, kept views, what travels to the browser."""

from __future__ import annotations

import csv
import io
import json

import pytest

from kg_builder.export.part import PartSource, write_facts
from kg_builder.store.records import GraphEdge, StoredEntity, Subgraph
from ui.exploring.history import ViewHistory
from ui.exploring.state import day
from ui.graph import edge_payload, node_payload, pack


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2014", "2014-01-01", "2014-12-31"),
        ("2012-02", "2012-02-01", "2012-02-29"),
        ("2014-03-12", "2014-03-12", "2014-03-12"),
        ("2014-13", None, None),
        ("2013-02-29", None, None),
        ("0000", None, None),
        ("14", None, None),
        ("2014'); DROP", None, None),
    ],
)
def test_a_time_is_a_year_a_month_or_a_day(text: str, first: str | None, last: str | None) -> None:
    assert (day(text), day(text, last=True)) == (first, last)


def test_undo_goes_back_and_something_new_forgets_what_was_undone() -> None:
    a, b, c, d = ((("entity", (name,)),) for name in "abcd")
    views = ViewHistory()
    for each in (a, a, b, c):
        views.note(each)
    assert (views.earlier, views.later) == (b, None)
    views.note(b)  # by the button or by the browser's back
    assert (views.earlier, views.later) == (a, c)
    views.note(d)
    assert (views.earlier, views.later) == (b, None)
    for number in range(300):
        views.note((("entity", (str(number),)),))
    assert len(views.views) == 100


def test_what_travels_names_each_type_and_relation_once_and_leaves_loose_edges_out() -> None:
    nodes = [node_payload(i, f"Name {i}", "Person", mentions=1, root=i == "a", tip=[]) for i in ("a", "b")]
    edges = [
        edge_payload("a~b~know", "a", "b", "know", support=2, confidence=0.5, valid_from="2014-01-01"),
        edge_payload("other", "b", "a", "know", support=1, confidence=1.0),
        edge_payload("a~gone~know", "a", "gone", "know", support=1, confidence=1.0),
    ]
    packed = pack(nodes, edges)
    graph = json.loads(packed.data)
    assert graph["relations"] == ["know"] and [kind[0] for kind in graph["types"]] == ["Person"]
    assert graph["nodes"]["root"] == [0]
    assert (graph["edges"]["source"], graph["edges"]["target"]) == ([0, 1], [1, 0])
    assert graph["edges"]["id"] == {"1": "other"}  # the first follows from its ends and relation
    assert graph["edges"]["from"] == {"0": "2014-01-01"}
    assert pack(nodes, edges).digest == packed.digest != pack(nodes, edges[:1]).digest


def test_a_part_of_the_graph_is_written_in_the_order_of_the_whole() -> None:
    ann, bob = StoredEntity("1", 'Bob, or "B"', "Person"), StoredEntity("2", "Ann", "Person")
    edges = (GraphEdge("1", "know", "KNOW", "2", 1, 0.5), GraphEdge("2", "like", "LIKE", "1", 2, 0.9, "2014-01-01"))
    source = PartSource(Subgraph((ann, bob), (*edges, GraphEdge("2", "know", "KNOW", "gone", 1, 1.0))))
    assert [entity.name for entity in source.entities()] == ["Ann", 'Bob, or "B"']
    out = io.StringIO()
    assert write_facts(source, out) == 2
    assert out.getvalue().splitlines() == [
        "head_id,head_name,head_type,relation,tail_id,tail_name,tail_type,support,confidence,valid_from,valid_to",
        '2,Ann,Person,like,1,"Bob, or ""B""",Person,2,0.9,2014-01-01,',
        '1,"Bob, or ""B""",Person,know,2,Ann,Person,1,0.5,,',
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_name_is_no_formula_in_a_spreadsheet(name: str) -> None:
    one, other = StoredEntity("1", name, "Person"), StoredEntity("2", "Ann", "Person")
    out = io.StringIO()
    write_facts(PartSource(Subgraph((one, other), (GraphEdge("1", "know", "KNOW", "2", 1, 0.5),))), out)
    (row,) = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert (row["head_name"], row["tail_name"]) == (f"'{name}", "Ann")
