"""Exports for Neo4j, as CSV and as Cypher, and from a real store and back."""

import ast
import json
import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest
from graphs import HOSTILE, KG, Graph, described, facts, parse_rdf, read_csv, restored
from neo4j import GraphDatabase
from rdflib.namespace import RDF
from real_neo4j import Unavailable, fetch_jars, find_java, running

from kg_builder.export import EXPORT_SUFFIXES, export_graph
from kg_builder.export.hex_escape import hex_unescape
from kg_builder.store import GraphStore
from kg_builder.types import (
    Contribution,
    Document,
    Extraction,
    Mention,
    Name,
    Relation,
    Segment,
    Statement,
    digest,
)

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # rdflib's own

# --- CSV for neo4j-admin


def test_csv_has_the_form_of_neo4j_admin(hostile: Graph, tmp_path: Path) -> None:
    export_graph(hostile, tmp_path / "x.csv")
    nodes = {
        row["id:ID"]: (
            restored(row["name"]),
            restored(row["type"]),
            restored(row["aliases:string[]"].split(";") if row["aliases:string[]"] else []),
            int(row["mentions:long"]),
        )
        for row in read_csv(tmp_path / "x.nodes.csv")
    }
    assert nodes == described(hostile)
    assert {
        (
            row[":START_ID"],
            restored(row["relation"]),
            restored(row[":TYPE"]),
            row[":END_ID"],
            int(row["support:long"]),
            float(row["confidence:double"]),
        )
        for row in read_csv(tmp_path / "x.relationships.csv")
    } == facts(hostile)


def test_csv_labels_are_those_of_the_graph(hostile: Graph, tmp_path: Path) -> None:
    export_graph(hostile, tmp_path / "x.csv")
    labels = {row["name"]: row[":LABEL"].split(";") for row in read_csv(tmp_path / "x.nodes.csv")}
    assert labels["北京大学"] == ["Entity", "Person"]
    assert labels["Acme; Inc."][0] == "Entity"
    assert len(labels["Acme; Inc."]) == 2


# --- Cypher script


def test_every_line_of_the_cypher_script_is_one_statement(hostile: Graph, tmp_path: Path) -> None:
    export_graph(hostile, tmp_path / "x.cypher")
    lines = (tmp_path / "x.cypher").read_text(encoding="utf-8").splitlines()
    assert all(re.match(r"(CREATE CONSTRAINT|UNWIND \[) ?.*;$", line) for line in lines)
    # Cypher's escapes in string literals are also Python's, so Python can say which strings the script holds.
    held = {ast.literal_eval(literal) for line in lines for literal in re.findall(r"'(?:[^'\\]|\\.)*'", line)}
    names = {one.name for one in hostile.entities()} | {edge.relation for edge in hostile.edges()}
    assert names <= {hex_unescape(text) for text in held}


# --- through a real store


def run_script(store: GraphStore, path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        store.execute(line)


def test_the_cypher_script_rebuilds_the_graph_and_running_it_again_changes_nothing(
    any_store: GraphStore, hostile: Graph, tmp_path: Path
) -> None:
    export_graph(hostile, tmp_path / "x.cypher")
    for _ in range(2):
        run_script(any_store, tmp_path / "x.cypher")
        entities = any_store.query(
            "MATCH (e:Entity) RETURN e.id, e.name, e.type, e.aliases, e.mentions, size(labels(e))"
        ).rows
        assert {row[0]: tuple(restored(value) for value in row[1:5]) for row in entities} == described(hostile)
        assert len(entities) == len(described(hostile))
        assert {row[5] for row in entities} == {2}
        edges = any_store.query(
            "MATCH (a:Entity)-[r]->(b:Entity) RETURN a.id, r.relation, type(r), b.id, r.support, r.confidence"
        ).rows
        assert {tuple(restored(value) for value in row) for row in edges} == facts(hostile)
        assert len(edges) == len(facts(hostile))


def test_a_stored_graph_comes_back_from_every_format(
    any_store: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, (head, tail) in enumerate(pairwise(STORABLE)):
        any_store.write(stored(f"file:///{number}/{head[:20]}", head, tail), size_bytes=1, recipe="test")
    any_store.write(stored("file:///again", STORABLE[0], STORABLE[1]), size_bytes=1, recipe="test")
    found = [(edge.head.name, edge.tail.name, edge.support) for edge in any_store.edges()]
    assert len(found) == len(STORABLE) - 1
    assert sum(support for _, _, support in found) == len(STORABLE)
    for suffix in EXPORT_SUFFIXES:
        assert export_graph(any_store, tmp_path / f"x{suffix}") == len(found)
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["head"], line["tail"], line["support"]) for line in lines] == found
    for line in lines:
        assert len(line["evidence"]) == line["support"]
        for one in line["evidence"]:
            first = one["head_start"] - one["sentence_start"]
            assert one["sentence"][first:].startswith(one["head"])
    graph = nx.read_graphml(tmp_path / "x.graphml", force_multigraph=True)
    names = {id: restored(name) for id, name in graph.nodes(data="name")}
    assert sorted((names[head], names[tail]) for head, tail, _ in graph.edges) == sorted(f[:2] for f in found)
    assert len(read_csv(tmp_path / "x.nodes.csv")) == len(names)
    for suffix in (".ttl", ".jsonld"):
        rdf = parse_rdf(tmp_path / f"x{suffix}", monkeypatch)
        assert len(list(rdf.subjects(RDF.type, RDF.Statement))) == len(found)
        assert len(list(rdf.subjects(RDF.type, KG.Extraction))) == len(STORABLE)
        monkeypatch.undo()


# Names that the store keeps as they are: without what normalisation takes away, and what no server can hold.
STORABLE = [name for name in HOSTILE if name.strip() == name and not re.search(r"[\ud800-\udfff]", name)]


def stored(uri: str, head: str, tail: str) -> Contribution:
    text = f"{head} knows {tail}."
    document = Document(uri, digest("bytes", text), f"On {head}", text, "en")
    segment = Segment(document, 0, 0, len(text), language="en")
    at = len(head) + 1
    extraction = Extraction(
        Mention(head, 0, len(head), "Person"),
        Relation("knows", at, at + 5),
        Mention(tail, at + 6, at + 6 + len(tail), "Person"),
        0.75,
        "test",
        segment=segment,
    )
    names = (Name(digest("key", head), "Person"), Name(digest("key", tail), "Person"))
    return Contribution(document, (segment,), (Statement(extraction, *names, relation="know"),))


@pytest.mark.neo4j
def test_neo4j_admin_imports_the_csv_files(hostile: Graph, tmp_path: Path) -> None:
    version = "5.26.30"
    try:
        java, jars = find_java(version), fetch_jars(version)
    except Unavailable as exc:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must import into a real Neo4j: {exc}")
        pytest.skip(str(exc))
    export_graph(hostile, tmp_path / "x.csv")
    home = tmp_path / "home"
    (home / "conf").mkdir(parents=True)
    (home / "conf" / "neo4j.conf").touch()
    command = [str(java / "bin" / "java"), "-Xmx512m", "-cp", f"{jars}/*", f"-Dbasedir={home}"]
    command += ["--add-opens=java.base/java.nio=ALL-UNNAMED", "--add-opens=java.base/java.io=ALL-UNNAMED"]
    command += ["--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "org.neo4j.cli.AdminTool", "database", "import", "full"]
    command += ["neo4j", "--multiline-fields=true", f"--nodes={tmp_path / 'x.nodes.csv'}"]
    command += [f"--relationships={tmp_path / 'x.relationships.csv'}", f"--report-file={tmp_path / 'report'}"]
    environment = {**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    with running(version, home) as server, GraphDatabase.driver(server.uri, auth=("neo4j", server.password)) as driver:
        entities = driver.execute_query("MATCH (e:Entity) RETURN e.id, e.name, e.type, e.aliases, e.mentions").records
        edges = driver.execute_query(
            "MATCH (a:Entity)-[r]->(b:Entity) RETURN a.id, r.relation, type(r), b.id, r.support, r.confidence"
        ).records
        people = driver.execute_query("MATCH (e:Entity:Person) RETURN count(e)").records[0][0]
    assert {
        id: (restored(name), restored(type), restored(aliases or []), mentions)
        for id, name, type, aliases, mentions in entities
    } == described(hostile)
    assert {tuple(restored(value) for value in row) for row in edges} == facts(hostile)
    assert people == len(described(hostile)) - 1
