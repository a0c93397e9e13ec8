"""Statements of others: what only reads runs, what writes is refused, on every server."""

from __future__ import annotations

import math

import pytest
from making import ACME, ANN, facts, write

from kg_builder.errors import QueryError, ReadOnlyError
from kg_builder.normalize import relation_type
from kg_builder.store import GraphStore

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


def test_query_stops_at_its_time_limit_and_the_store_goes_on(any_store: GraphStore) -> None:
    endless = "UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x * y = -1 RETURN count(*)"
    with pytest.raises(QueryError, match=r"0\.5 s"):
        any_store.query(endless, timeout_s=0.5)
    assert any_store.query("RETURN 1").rows == ((1,),)


def test_a_statement_that_cannot_run_says_why(any_store: GraphStore) -> None:
    with pytest.raises(QueryError):
        any_store.query("MATCH (n RETURN n")
    with pytest.raises(QueryError):
        any_store.query("RETURN $missing")
    with pytest.raises(QueryError):
        any_store.execute("CREATE (n:X {id: 1")


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
