"""The parts of the query page that need no browser."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from payloads import PAYLOADS

from kg_builder.errors import QueryError, ReadOnlyError
from kg_builder.store.records import QueryResult
from kg_builder.store.telling import plan_of
from ui import query_desk
from ui.query_book import QueryBook, SavedQuery
from ui.query_chart import ChartColumns, draw_chart, numeric, suggested
from ui.query_desk import Desk, parameter_names, parameter_shown, parameter_typed, parameters_in
from ui.query_examples import pattern_examples
from ui.query_runs import Ask, QueryRun
from ui.query_schema import Pattern


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QueryBook:
    monkeypatch.setenv("KGUI_WORKSPACE", str(tmp_path))
    monkeypatch.delenv("KGUI_READ_ONLY", raising=False)
    return QueryBook("embedded:somewhere")


def test_the_history_keeps_the_last_hundred_each_once_and_is_cleared(book: QueryBook) -> None:
    for n in range(105):
        book.ran(f"RETURN {n}", "", outcome="rows", rows=1, seconds=0.1)
    book.ran("RETURN 50", "", outcome="failed", rows=0, seconds=2.5)
    found = book.history()
    assert len(found) == 100
    assert [(each.cypher, each.outcome, each.seconds) for each in found[:2]] == [
        ("RETURN 50", "failed", 2.5),
        ("RETURN 104", "rows", 0.1),
    ]
    assert sum(each.cypher == "RETURN 50" for each in found) == 1
    assert QueryBook("embedded:elsewhere").history() == []
    book.clear_history()
    assert book.history() == []


def test_saved_statements_are_named_renamed_and_deleted(book: QueryBook) -> None:
    for name in (*PAYLOADS, "  Two   words "):
        book.save(SavedQuery(name, f"RETURN {name!r}", "{}"))
    assert "Two words" in [each.name for each in book.saved()]
    book.save(SavedQuery("New", "RETURN 2"), replacing="Two words")
    names = [each.name for each in book.saved()]
    assert "New" in names and "Two words" not in names
    book.delete("New")
    assert "New" not in [each.name for each in book.saved()]


def test_a_damaged_or_foreign_file_is_no_error(book: QueryBook, tmp_path: Path) -> None:
    book.save(SavedQuery("a", "RETURN 1"))
    book.ran("RETURN 1", "", outcome="rows", rows=1, seconds=0.1)
    for path in tmp_path.rglob("*.json"):
        path.write_text('[1, {"name": 3}, {"cypher": "x", "rows": "many"}, null]')
    assert (book.saved(), book.history()) == ([], [])
    for path in tmp_path.rglob("*.json"):
        path.write_text("{broken")
    assert (book.saved(), book.history()) == ([], [])


def test_nothing_is_kept_where_the_server_only_shows(book: QueryBook, monkeypatch: pytest.MonkeyPatch) -> None:
    book.save(SavedQuery("a", "RETURN 1"))
    monkeypatch.setenv("KGUI_READ_ONLY", "1")
    book.save(SavedQuery("b", "RETURN 2"))
    book.delete("a")
    book.ran("RETURN 1", "", outcome="rows", rows=1, seconds=0.1)
    assert ([each.name for each in book.saved()], book.history()) == (["a"], [])


def test_parameters_are_found_where_they_are_used() -> None:
    cypher = (
        "MATCH (n {a: $name}) WHERE n.b = '$no' // $neither\nAND n.c = $名字 AND n.d = $name RETURN \"$not\" /* $nor */"
    )
    assert parameter_names(cypher) == ["name", "名字"]


@pytest.mark.parametrize(
    "value", ["Lin", "", 3, 2.5, True, None, [1, "a"], {"a": 1}, "3", "true", "null", '"quoted"', "[1]"]
)
def test_a_parameter_s_value_survives_being_shown_and_typed(value: object) -> None:
    assert parameter_typed(parameter_shown(value)) == value


def test_parameters_are_one_json_object() -> None:
    assert parameters_in(" ") == {} and parameters_in('{"a": [1]}') == {"a": [1]}
    for text in ("[1]", "3", "{", "null"):
        with pytest.raises(ValueError):
            parameters_in(text)


def test_examples_from_the_graph_hold_any_name() -> None:
    event = Pattern("Event", "take place in", "Place", "TAKE_PLACE_IN", 9)
    unclear = Pattern("Other", "know", "Person", "KNOW", 50)
    work = Pattern("Person", "work for", "Organization", "WORK_FOR", 3)
    hostile = Pattern("A'B\\", "`rel'", "C", "`REL`", 2)
    made = [cypher for _, cypher in pattern_examples([event, unclear, work, hostile], 9)]
    assert made[0].startswith("MATCH (a:Person)-[r:WORK_FOR]->(b:Organization)")
    assert made[1].startswith("MATCH (a:Event)-[r:TAKE_PLACE_IN]->(b:Place)")
    assert "a.type = 'A\\'B\\\\' AND r.relation = '`rel\\'' AND b.type = 'C'" in made[2]
    assert len(made) == 3


def test_charts_need_numbers_and_take_names_as_titles_alone() -> None:
    frame = pd.DataFrame({"datum['x']": ["a", None, "b\nc"], "n.m:Q": [1, 2, 3], "ok": [True, False, True]})
    assert numeric(frame) == [1]
    assert suggested(frame) == ChartColumns(0, 1)
    assert suggested(frame[["datum['x']"]]) is None
    for kind in ("bar", "line", "scatter"):
        chart, cut = draw_chart(frame, kind, ChartColumns(0, 1, 2))
        made = chart.to_dict()["encoding"]
        assert (made["x"]["field"], made["y"]["field"], made["color"]["field"], cut) == ("x", "y", "color", False)
        assert (made["x"]["title"], made["y"]["title"]) == ("datum['x']", "n.m:Q")


def run_of(ask: object, **more: object) -> QueryRun:
    return QueryRun(Ask("RETURN 1", "", 10, 5.0), ask, **more).start()  # type: ignore[arg-type]


def test_a_run_tells_what_became_of_it() -> None:
    result = QueryResult(("one",), ((1,),))
    good = run_of(lambda cancel: result)
    assert good.wait(5) and (good.state, good.result) == ("rows", result)

    def refuse(cancel: threading.Event) -> QueryResult:
        raise ReadOnlyError("no")

    def fail(cancel: threading.Event) -> QueryResult:
        raise QueryError("wrong")

    def linger(cancel: threading.Event) -> QueryResult:
        cancel.wait(20)
        raise QueryError("stopped")

    assert [run_of(each).wait(5) for each in (refuse, fail)] == [True, True]
    refused, failed, lingering = run_of(refuse), run_of(fail), run_of(linger)
    time.sleep(0.1)
    assert (refused.state, failed.state, lingering.state) == ("refused", "failed", "running")
    assert lingering.seconds > 0
    lingering.stop()
    assert lingering.wait(5) and lingering.state == "stopped"


def test_a_fault_that_nobody_foresaw_is_told_and_what_ends_is_noted_before_it_shows() -> None:
    noted: list[tuple[str, str]] = []

    def stumble(cancel: threading.Event) -> QueryResult:
        raise OverflowError("too large")

    run = run_of(stumble, on_end=lambda run: noted.append((run.state, run.became)))
    assert run.wait(5) and (run.state, str(run.error)) == ("failed", "OverflowError: too large")
    assert noted == [("running", "failed")]


def test_a_run_is_noted_though_nobody_looks_at_its_page(book: QueryBook, monkeypatch: pytest.MonkeyPatch) -> None:
    class Store:
        uri = "embedded:somewhere"

        def execute(self, cypher: str, parameters: object, **_: object) -> QueryResult:
            return QueryResult(("one",), ((1,),))

    cleared: list[bool] = []
    for name in ("store", "writable_store"):
        monkeypatch.setattr(query_desk.data, name, Store)
    monkeypatch.setattr(query_desk.st, "cache_data", SimpleNamespace(clear=lambda: cleared.append(True)))
    desk = Desk()
    desk.start_writing(Ask("CREATE (n) RETURN 1", "", 10, 5.0), {})
    assert desk.run is not None and desk.run.wait(5)
    assert cleared == [True] and [(each.outcome, each.rows) for each in book.history()] == [("rows", 1)]


ARCADE = """OpenCypher Query Profile
========================

Execution Time: 30.323 ms

Execution Plan (Cost-Based Optimizer):
+ ExpandAll(e)-[r]->(o:Entity) [cost=5.00, rows=7]
  + NodeIndexSeek(e:Entity) [index=kg_Entity_name, name=x, cost=5.00, rows=1]

Steps After the Optimized Match:
+ GROUP BY AGGREGATION [e] count(r) (3μs)
OrderByStep
+ FINAL PROJECTION [e, n] (38μs, 1,234 rows)
"""


def test_a_written_plan_becomes_a_tree() -> None:
    plan = plan_of({"operatorType": "x", "args": {"string-representation": ARCADE}})
    assert plan is not None and (plan.operator, plan.details) == (
        "OpenCypher Query Profile",
        "Execution Time: 30.323 ms",
    )
    execution, steps = plan.children
    (expand,) = execution.children
    assert (expand.operator, expand.details, expand.estimated_rows) == ("ExpandAll", "(e)-[r]->(o:Entity)", 7)
    assert expand.children[0].details == "(e:Entity) [index=kg_Entity_name, name=x]"
    assert [each.operator for each in steps.children] == ["GROUP BY AGGREGATION", "OrderByStep", "FINAL PROJECTION"]
    assert steps.children[0].seconds == pytest.approx(3e-6)
    assert steps.children[2].rows == 1234


def test_neo4j_s_plan_becomes_a_tree() -> None:
    seek = {
        "operatorType": "NodeIndexSeek@neo4j",
        "args": {"Details": "i", "EstimatedRows": 1.5, "DbHits": 3, "Rows": 2},
    }
    plan = plan_of({"operatorType": "ProduceResults@neo4j", "args": {"Time": 2_000_000}, "children": [seek]})
    assert plan is not None and (plan.operator, plan.seconds) == ("ProduceResults", 0.002)
    below = plan.children[0]
    assert (below.operator, below.details, below.estimated_rows, below.accesses, below.rows) == (
        "NodeIndexSeek",
        "i",
        1.5,
        3,
        2,
    )
    assert plan_of(None) is None
