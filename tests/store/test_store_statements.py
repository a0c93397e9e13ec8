"""Statements of others: what only reads runs, what writes is refused, on every server."""

from __future__ import annotations

import json
import math
import threading
import time
from pathlib import Path

import pytest
from making import ACME, ANN, facts, write

from kg_builder.errors import QueryError, ReadOnlyError
from kg_builder.normalize import relation_type
from kg_builder.store import GraphStore
from kg_builder.store.records import PlanStep
from kg_builder.store.supervisor import WRITER, server_command

WRITES = [
    "CREATE (n:Hacked)",
    "MATCH (n) SET n.hacked = 1",
    "MATCH (n) DETACH DELETE n",
    "MATCH (n:Entity) REMOVE n.name",
    "MERGE (n:Hacked {id: 1}) RETURN n",
    "UNWIND [1] AS x CREATE (n:Hacked {x: x}) RETURN n",
    "MATCH (n) FOREACH (x IN [1] | SET n.hacked = x)",
    "MATCH (e:Entity) CALL { CREATE (n:Hacked) RETURN n } RETURN e",
    "CREATE INDEX FOR (n:Entity) ON (n.hacked)",
    "CREATE CONSTRAINT FOR (n:Entity) REQUIRE n.hacked IS UNIQUE",
    "DROP INDEX kg_Entity_name",
    "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    "MATCH (n) LOAD CSV FROM 'http://127.0.0.1/' AS line RETURN line",
    "CREATE USER mallory SET PASSWORD 'secret123'",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'",
    "SHOW USERS",
    "SHOW TRANSACTIONS",
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "DROP DATABASE graph",
    "CREATE DATABASE other",
    "START DATABASE neo4j",
    "GRANT ROLE admin TO neo4j",
    "CALL db.createLabel('Hacked')",
    "CALL dbms.security.createUser('x', 'y', false)",
    "CALL apoc.cypher.doIt('CREATE (n:Hacked)', {}) YIELD value RETURN value",
    "CALL merge.relationship(null, 'x', {}, {}, null) YIELD rel RETURN rel",
    "MATCH (e:Entity) CALL db.clearQueryCaches() YIELD value RETURN value",
    "RETURN 1; MATCH (n) DETACH DELETE n",
    "CYPHER runtime=slotted CREATE (n:Hacked)",
    "EXPLAIN CREATE (n:Hacked)",
    "PROFILE CREATE (n:Hacked)",
    "/* MATCH */ CREATE (n:Hacked)",
    "USE system RETURN 1",
    "",
    "   // nothing",
]


def test_query_refuses_whatever_does_not_only_read(any_store: GraphStore) -> None:
    write(any_store, "a.txt", f"{ANN} | works for | {ACME}")
    for statement in WRITES:
        with pytest.raises(ReadOnlyError):
            any_store.query(statement)
    assert facts(any_store) == [("Ann", "works for", "Acme Corp", 1, 0.8)]
    assert any_store.execute("MATCH (n:Hacked) RETURN count(n)").rows == ((0,),)


READS = [
    ("MATCH (e:Entity) RETURN e.name ORDER BY e.name;", (("Acme Corp",), ("Ann",))),
    ("MATCH (e:Entity {name: 'Ann'}) RETURN e.name AS `create`", (("Ann",),)),
    ("RETURN 'CREATE (n); DELETE' AS set", (("CREATE (n); DELETE",),)),
    ("WITH {set: 1, delete: 2} AS m RETURN m.set + m.delete", ((3,),)),
    ("MATCH (e:Entity) // DELETE e\nRETURN count(e)", ((2,),)),
    ("MATCH (e:Entity) WHERE e.name = $name RETURN e.name", (("Ann",),)),
    ("CALL db.labels() YIELD label WITH label WHERE label = 'Entity' RETURN label", (("Entity",),)),
    ("UNWIND [1, 2] AS x RETURN x", ((1,), (2,))),
    ("MATCH (e:Entity) CALL { WITH e RETURN 1 AS one } RETURN sum(one)", ((2,),)),
]


def test_query_lets_everything_pass_that_only_reads(any_store: GraphStore) -> None:
    write(any_store, "a.txt", f"{ANN} | works for | {ACME}")
    for statement, rows in READS:
        assert any_store.query(statement, {"name": "Ann"}).rows == rows, statement


def test_query_stops_at_its_row_limit_and_says_so(any_store: GraphStore) -> None:
    result = any_store.query("UNWIND range(1, 100000) AS x RETURN x", max_rows=3)
    assert (result.columns, result.rows, result.truncated) == (("x",), ((1,), (2,), (3,)), True)
    assert not any_store.query("UNWIND [1, 2, 3] AS x RETURN x", max_rows=3).truncated


ENDLESS = "UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x * y = -1 RETURN count(*)"


def test_query_stops_at_its_time_limit_and_the_store_goes_on(any_store: GraphStore) -> None:
    with pytest.raises(QueryError, match=r"0\.5 s"):
        any_store.query(ENDLESS, timeout_s=0.5)
    assert any_store.query("RETURN 1").rows == ((1,),)


def running(store: GraphStore) -> list[str]:
    """The endless statements that the server is at."""
    if store.uri.startswith("embedded:"):
        facts = json.loads((Path(store.uri.removeprefix("embedded:")) / "server.json").read_text())
        answer = server_command(facts["http"], (WRITER, facts["accounts"][WRITER]), "list queries")
        texts = [each["text"] for each in answer]
    else:
        texts = [row[0] for row in store.execute("SHOW TRANSACTIONS YIELD currentQuery RETURN currentQuery").rows]
    return [text for text in texts if "x * y = -1" in text and "cancelled" in text]


def test_a_cancelled_query_ends_on_the_server_too_and_others_go_on(any_store: GraphStore) -> None:
    cancel, failure = threading.Event(), []
    endless = f"/* cancelled */ {ENDLESS}"

    def ask() -> None:
        try:
            any_store.query(endless, timeout_s=120, cancel=cancel)
        except QueryError as exc:
            failure.append(str(exc))

    asking = threading.Thread(target=ask)
    asking.start()
    deadline = time.monotonic() + 20
    while not running(any_store) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running(any_store)
    cancel.set()
    asking.join(5)
    assert failure == ["expected the statement to end, and stopped it, as was asked."]
    while running(any_store) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(any_store)
    assert any_store.query("RETURN 1", cancel=threading.Event()).rows == ((1,),)


def operators(plan: PlanStep) -> list[str]:
    return [plan.operator, *(name for child in plan.children for name in operators(child))]


def test_a_plan_is_a_tree_and_explaining_gives_no_rows(any_store: GraphStore) -> None:
    write(any_store, "a.txt", f"{ANN} | works for | {ACME}")
    statement = "MATCH (e:Entity {name: 'Ann'}) RETURN e.type"
    explained = any_store.query(statement, plan="explain")
    assert (explained.rows, explained.plan is not None) == ((), True)
    assert explained.plan is not None and any("Seek" in name for name in operators(explained.plan))
    assert any_store.query(f"explain {statement}", plan="explain", cancel=threading.Event()).plan == explained.plan
    profiled = any_store.query(f"PROFILE {statement}")
    assert profiled.plan is not None and len(operators(profiled.plan)) > 1
    assert any_store.query(statement).plan is None
    with pytest.raises(ReadOnlyError):
        any_store.query("CREATE (n:Hacked)", plan="profile")


MISTAKES = [
    ("MATCH (n RETURN n", 1, 10),
    ("EXPLAIN MATCH (n RETURN n", 1, 18),
    ("explain\n MATCH (n RETURN n", 2, 11),
    ("// people\n MATCH (n RETURN n", 2, 11),
    ("MATCH (n:Entity)\nWHERE n.name = = 'x'\nRETURN n", 2, 16),
]


@pytest.mark.parametrize("cancel", [None, threading.Event()])
def test_a_mistake_is_told_with_its_place(any_store: GraphStore, cancel: threading.Event | None) -> None:
    for statement, line, column in MISTAKES:
        for plan in (None, "explain"):
            if plan and statement.upper().startswith("EXPLAIN"):
                continue
            with pytest.raises(QueryError) as caught:
                any_store.query(statement, plan=plan, cancel=cancel)  # type: ignore[arg-type]
            position = caught.value.position
            assert position == (line, column)
            assert f"(line {line}, column {column})" in str(caught.value)
            assert "EXPLAIN" not in str(caught.value) and "/*kg" not in str(caught.value)


def test_a_statement_that_cannot_run_says_why(any_store: GraphStore) -> None:
    with pytest.raises(QueryError):
        any_store.query("MATCH (n RETURN n")
    with pytest.raises(QueryError):
        any_store.query("RETURN $missing")
    with pytest.raises(QueryError):
        any_store.execute("CREATE (n:X {id: 1")


@pytest.mark.parametrize("value", [10**20, object(), {1: 2}, [10**20]])
def test_a_parameter_that_no_database_can_hold_is_told_and_the_store_goes_on(
    any_store: GraphStore, value: object
) -> None:
    with pytest.raises(QueryError, match="expected parameters"):
        any_store.query("RETURN $n", {"n": value})
    assert any_store.query("RETURN $n", {"n": 1}).rows == ((1,),)


def test_query_gives_json_like_values(any_store: GraphStore) -> None:
    write(any_store, "a.txt", f"{ANN} | works for | {ACME}")
    row = any_store.query(
        "MATCH p = (a:Person)-[f]->(o:Organization) RETURN a, f, p, date('2020-02-03'), duration('P1D'), "
        "point({x: 1, y: 2}), [1, null, 2.5], {a: true}"
    ).rows[0]
    node, relationship, path, *values = row
    assert (node["name"], node["_labels"]) == ("Ann", ["Entity", "Person"])
    assert (relationship["_type"], relationship["support"]) == (relation_type("works for"), 1)
    assert relationship["_start"] == node["_node"]
    assert [step.get("name") for step in path["_path"]] == ["Ann", None, "Acme Corp"]
    assert values[0] == "2020-02-03"
    assert values[1].startswith("P1D")
    assert isinstance(values[2], str)
    assert values[3:] == [[1, None, 2.5], {"a": True}]
    assert not math.isnan(any_store.query("RETURN 1").seconds)


def test_execute_may_write(any_store: GraphStore) -> None:
    any_store.execute("CREATE (n:Note {text: $text})", {"text": "hello"})
    assert any_store.query("MATCH (n:Note) RETURN n.text").rows == (("hello",),)


def test_what_an_ontology_calls_symmetric_is_one_fact_whichever_way_it_was_said(any_store: GraphStore) -> None:
    write(any_store, "a.txt", "Ann:Person | ~allied with | Bo:Person", "Bo:Person | ~allied with | Ann:Person")
    write(any_store, "b.txt", "Bo:Person | ~allied with | Ann:Person", "Cy:Person | ~allied with | Bob:Person")
    write(any_store, "c.txt", "Bo:Person | follows | Ann:Person", "Ann:Person | follows | Bo:Person")
    assert sorted(fact[3] for fact in facts(any_store) if fact[1] == "allied with") == [1, 3]
    assert [fact[3] for fact in facts(any_store) if fact[1] == "follows"] == [1, 1]
    at = {entity.name: entity.id for entity in any_store.entities()}
    any_store.assign({at["Cy"]: at["Ann"], at["Bob"]: at["Bo"]})
    assert [fact[3] for fact in facts(any_store) if fact[1] == "allied with"] == [4]
    assert any_store.check() == []
    any_store.assign({at["Cy"]: "apart", at["Bob"]: "away"})
    any_store.remove("a.txt")
    assert [fact[3] for fact in facts(any_store) if fact[1] == "allied with"] == [1, 1]
    assert any_store.check() == []
    kept = any_store.contribution("b.txt")
    assert kept is not None and [s.extraction.relation.symmetric for s in kept.statements] == [True, True]
