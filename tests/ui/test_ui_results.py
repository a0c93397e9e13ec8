"""Rows of Cypher as a table, as CSV and JSON, and as a drawing."""

from __future__ import annotations

import csv
import io
import json

from kg_builder.store.records import QueryResult
from ui.graph import EdgeKey, edge_of
from ui.query_result import to_csv, to_drawing, to_frame, to_json

A = {"_node": "n1", "_labels": ["Entity", "Person"], "id": "a", "name": "Ada", "type": "Person", "mentions": 3}
B = {"_node": "n2", "_labels": ["Entity", "Place"], "id": "b", "name": "Bergen", "type": "Place"}
S = {"_node": "n3", "_labels": ["Segment"], "id": "s", "text": "Ada lives in Bergen."}
R = {"_relationship": "r1", "_type": "LIVE_IN", "_start": "n1", "_end": "n2", "relation": "live in", "support": 2}
M = {"_relationship": "r2", "_type": "MENTIONED_IN", "_start": "n1", "_end": "n3"}


def test_nodes_relationships_and_paths_are_drawn_once() -> None:
    nodes, edges = to_drawing(QueryResult(("a", "r", "b", "p"), ((A, R, B, {"_path": [A, M, S]}), (A, R, B, None))))
    assert [node["id"] for node in nodes] == ["a", "b", "node:n3"]
    assert [edge["id"] for edge in edges] == ["a~b~live in", "a~node:n3~MENTIONED_IN"]
    assert edge_of(edges[0]["id"]) == EdgeKey("a", "live in", "b")


def test_a_relationship_without_its_nodes_is_not_drawn() -> None:
    assert to_drawing(QueryResult(("r",), ((R,),))) == ([], [])


def test_numbers_alone_are_nothing_to_draw() -> None:
    assert to_drawing(QueryResult(("n",), ((1,),))) == ([], [])


def test_a_table_shows_names_and_keeps_numbers() -> None:
    frame = to_frame(QueryResult(("a", "r", "n", "n"), ((A, R, 1, "x"), (B, R, 2.5, 3))))
    assert list(frame.columns) == ["a", "r", "n", "n (2)"]
    assert list(frame["a"]) == ["(Ada : Person)", "(Bergen : Place)"]
    assert list(frame["r"]) == ["[live in]", "[live in]"]
    assert frame["n"].sum() == 3.5
    assert list(frame["n (2)"]) == ["x", "3"]


def test_csv_and_json_hold_every_value() -> None:
    result = QueryResult(("name", "node", "list"), (('say "hi", 你好', A, [1, None]), (None, None, {"k": True})))
    rows = list(csv.reader(io.StringIO(to_csv(result))))
    assert rows[0] == ["name", "node", "list"]
    assert rows[1][0] == 'say "hi", 你好' and json.loads(rows[1][1]) == A and json.loads(rows[1][2]) == [1, None]
    assert json.loads(to_json(result)) == [
        {"name": 'say "hi", 你好', "node": A, "list": [1, None]},
        {"name": None, "node": None, "list": {"k": True}},
    ]


def test_an_address_that_names_no_edge_gives_none() -> None:
    assert edge_of("") is None and edge_of("a~b") is None and edge_of("a~~c") is None
    assert edge_of(str(EdgeKey("a", "X~Y", "b"))) == EdgeKey("a", "X~Y", "b")
