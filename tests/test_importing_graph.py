"""Triples of a graph in another database, through a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from neo4j import GraphDatabase

from kg_builder.errors import LoadError, StoreError
from kg_builder.importing import import_triples, withdraw_import
from kg_builder.store import GraphStore

sys.path.insert(0, str(Path(__file__).parent / "neo4j"))

from real_neo4j import Neo4jServer

GRAPH = """
CREATE (m:Person:`__Entity__` {name: 'Mara Quill'}), (t:Organization {name: 'Tidal Labs'}), (o:Place {title: 'Oslo'}),
       (q:Product {name: '潮汐仪'}), (n {id: 42}), (x:Person)
CREATE (m)-[:FOUNDED {since: 2014}]->(t), (m)-[:LIVES_IN]->(o), (t)-[:MAKES]->(q), (t)-[:MAKES]->(n), (x)-[:KNOWS]->(m)
"""


@pytest.fixture
def elsewhere(neo4j_server: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with a graph that something else made."""
    monkeypatch.setenv("KG_IMPORT_USERNAME", "neo4j")
    monkeypatch.setenv("KG_IMPORT_PASSWORD", neo4j_server.password)
    with GraphDatabase.driver(neo4j_server.uri, auth=("neo4j", neo4j_server.password)) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
        driver.execute_query(GRAPH)
        yield neo4j_server.uri
        driver.execute_query("MATCH (n) DETACH DELETE n")


def kg(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kg_builder.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def facts(store: GraphStore) -> set[tuple[str, str, str, str, str]]:
    return {(e.head.name, e.head.type, e.relation, e.tail.name, e.tail.type) for e in store.edges()}


def test_every_relationship_is_a_row(elsewhere: str, embedded_store: GraphStore) -> None:
    report = import_triples(embedded_store, elsewhere)
    assert (report.rows, report.imported, report.refused) == (5, 4, {"no-head": 1})
    assert facts(embedded_store) == {
        ("Mara Quill", "Person", "found", "Tidal Labs", "Organization"),
        ("Mara Quill", "Person", "live in", "Oslo", "Place"),
        ("Tidal Labs", "Organization", "produce", "潮汐仪", "Product"),
        ("Tidal Labs", "Organization", "make", "42", "Other"),
    }
    assert embedded_store.check() == []
    before = facts(embedded_store)
    again = import_triples(embedded_store, elsewhere)
    assert (again.written, again.withdrawn) == (0, 0)
    assert facts(embedded_store) == before
    assert withdraw_import(embedded_store, elsewhere)
    assert not facts(embedded_store)


def test_a_statement_says_what_a_row_is(elsewhere: str, embedded_store: GraphStore) -> None:
    asked = "MATCH (m)-[r:FOUNDED]->(t) RETURN t.name AS tail, 'set up' AS relation, m.name AS head, r.since AS since"
    import_triples(embedded_store, elsewhere, cypher=asked)
    assert [(h, t) for h, _, _, t, _ in facts(embedded_store)] == [("Mara Quill", "Tidal Labs")]
    with pytest.raises(LoadError, match="the columns head, relation and tail, found h"):
        import_triples(embedded_store, elsewhere, cypher="MATCH (h) RETURN h.name AS h")
    with pytest.raises(LoadError, match="found none"):
        import_triples(embedded_store, elsewhere, cypher="MATCH (h:No) RETURN 1 AS head, 2 AS relation, 3 AS tail")
    with pytest.raises(StoreError, match=r"only reads|could not run|read"):
        import_triples(embedded_store, elsewhere, cypher="CREATE (h) RETURN 'a' AS head, 'b' AS relation, 'c' AS tail")


def test_what_cannot_be_read_is_said(
    elsewhere: str, embedded_store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = kg("import", elsewhere, "--store", embedded_store.uri)
    assert done.returncode == 3
    assert "4 of 5 rows imported (refused: 1 no-head)" in done.stderr
    with GraphDatabase.driver(elsewhere, auth=("neo4j", os.environ["KG_IMPORT_PASSWORD"])) as driver:
        driver.execute_query("CREATE (:Store {id: 'graph', version: 1})")
    with pytest.raises(StoreError, match="found one of kg-builder; `kg backup`"):
        import_triples(embedded_store, elsewhere)
    monkeypatch.setenv("KG_IMPORT_PASSWORD", "wrong")
    with pytest.raises(StoreError, match="credentials"):
        import_triples(embedded_store, elsewhere)
    with pytest.raises(StoreError, match="no credentials in the address"):
        import_triples(embedded_store, "bolt://me:secret@localhost:1")
    with pytest.raises(StoreError, match="answer"):
        import_triples(embedded_store, "bolt://localhost:1")
    assert kg("import", __file__, "--cypher", "x").returncode == 2
    assert kg("import", elsewhere, "--format", "csv").returncode == 2
    assert "expected a file, found none" in kg("import", "nothing.csv").stderr
