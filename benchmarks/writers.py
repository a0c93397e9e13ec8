"""Three writers side by side: the same documents into the same Neo4j, one after the other.

    pip install langchain-neo4j neo4j-graphrag
    NEO4J_USERNAME=neo4j NEO4J_PASSWORD=… python benchmarks/writers.py bolt://127.0.0.1:7687 [--edges 20000]

EMPTIES THE DATABASE before each of them. The first peer needs APOC on the server. The documents are those of
`store_write.py`, 50 triples each. The peers get each document as their own object, with its triples, their sentences
and a node for its text, and are called once for each document, as their pipelines do; ours is called once for each
document, and with as many at a time as the ingestion gives it (2,000 extractions). Two plain MERGE statements show what
the server can do at most. Making the objects is not counted.

A server compiles what it runs for minutes, so that whoever comes first looks slow: every writer loads everything once
without being measured, then all take turns for so many rounds. Prints one JSON object with the median rate, the
processor time of client and server for each triple, the ratios of medians and of each round, and what is in the
database afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from neo4j import Driver, GraphDatabase
from store_write import documents, server_process

from kg_builder.store import open_store
from kg_builder.types import Contribution

AT_A_TIME = 40
SIDES = ("client", "server")
Load = Callable[[str, Driver, Sequence[Contribution]], float]


def ours(at_a_time: int) -> Load:
    """Our writer, with so many documents to a call."""

    def load(uri: str, driver: Driver, given: Sequence[Contribution]) -> float:
        with open_store(uri) as store:
            started = time.perf_counter()
            for at in range(0, len(given), at_a_time):
                store.write_all([(each, 1, "benchmark") for each in given[at : at + at_a_time]])
            return time.perf_counter() - started

    return load


def triples(document: Contribution) -> list[tuple[str, str, str, str, str, str]]:
    """Head, its type, relation, tail, its type, sentence."""
    return [
        (
            s.extraction.head.surface,
            s.head.type,
            s.relation.upper().replace(" ", "_"),
            s.extraction.tail.surface,
            s.tail.type,
            s.extraction.segment.text if s.extraction.segment else "",
        )
        for s in document.statements
    ]


def langchain(uri: str, driver: Driver, given: Sequence[Contribution]) -> float:
    """`Neo4jGraph.add_graph_documents` of langchain-neo4j, with the source."""
    from langchain_core.documents import Document
    from langchain_neo4j import Neo4jGraph
    from langchain_neo4j.graphs.graph_document import GraphDocument, Node, Relationship

    graph = Neo4jGraph(url=uri, username=os.environ["NEO4J_USERNAME"], password=os.environ["NEO4J_PASSWORD"])
    made = []
    for document in given:
        nodes: dict[str, Any] = {}
        relationships = []
        for head, head_type, relation, tail, tail_type, sentence in triples(document):
            for name, type_ in ((head, head_type), (tail, tail_type)):
                nodes.setdefault(name, Node(id=name, type=type_, properties={"name": name}))
            properties = {"evidence": sentence, "chunk": document.document.id}
            relationships.append(
                Relationship(source=nodes[head], target=nodes[tail], type=relation, properties=properties)
            )
        source = Document(page_content=document.document.text, metadata={"id": document.document.id})
        made.append(GraphDocument(nodes=list(nodes.values()), relationships=relationships, source=source))
    started = time.perf_counter()
    for one in made:
        graph.add_graph_documents([one], baseEntityLabel=True, include_source=True)
    return time.perf_counter() - started


def graphrag(uri: str, driver: Driver, given: Sequence[Contribution]) -> float:
    """`Neo4jWriter.run` of neo4j-graphrag."""
    from neo4j_graphrag.experimental.components.kg_writer import Neo4jWriter
    from neo4j_graphrag.experimental.components.types import Neo4jGraph, Neo4jNode, Neo4jRelationship

    writer = Neo4jWriter(driver=driver)
    made = []
    for document in given:
        chunk = document.document.id
        nodes = {chunk: Neo4jNode(id=chunk, label="Chunk", properties={"text": document.document.text})}
        relationships = []
        for head, head_type, relation, tail, tail_type, sentence in triples(document):
            for name, type_ in ((head, head_type), (tail, tail_type)):
                if name not in nodes:
                    nodes[name] = Neo4jNode(id=name, label=type_, properties={"name": name})
                    relationships.append(Neo4jRelationship(start_node_id=name, end_node_id=chunk, type="FROM_CHUNK"))
            properties = {"evidence": sentence, "chunk": chunk}
            relationships.append(
                Neo4jRelationship(start_node_id=head, end_node_id=tail, type=relation, properties=properties)
            )
        made.append(Neo4jGraph(nodes=list(nodes.values()), relationships=relationships))

    async def write() -> None:
        for graph in made:
            result = await writer.run(graph)
            if result.status != "SUCCESS":
                raise RuntimeError(result.metadata)

    started = time.perf_counter()
    asyncio.run(write())
    return time.perf_counter() - started


PLAIN_SCHEMA = "CREATE CONSTRAINT plain_id IF NOT EXISTS FOR (e:PlainEntity) REQUIRE e.id IS UNIQUE"
PLAIN_NODES = "UNWIND $rows AS r MERGE (e:PlainEntity {id: r.id}) ON CREATE SET e.type = r.type"
PLAIN_EDGES = (
    "UNWIND $rows AS r MATCH (h:PlainEntity {id: r.head}) MATCH (t:PlainEntity {id: r.tail}) "
    "MERGE (h)-[f:$(r.relation)]->(t) SET f.evidence = coalesce(f.evidence, []) + r.sentence"
)


def plain(at_a_time: int) -> Load:
    """The least that keeps every sentence: entities and edges merged, sentences in a list on the edge. It has no
    documents, offsets, mentions or names, loads twice as much when run twice, and shows what this server can do."""

    def load(uri: str, driver: Driver, given: Sequence[Contribution]) -> float:
        made = []
        for at in range(0, len(given), at_a_time):
            rows = [row for document in given[at : at + at_a_time] for row in triples(document)]
            nodes = {name: type_ for h, ht, _, t, tt, _ in rows for name, type_ in ((h, ht), (t, tt))}
            edges = [{"head": h, "relation": r, "tail": t, "sentence": s} for h, _, r, t, _, s in rows]
            made.append(([{"id": name, "type": type_} for name, type_ in nodes.items()], edges))
        driver.execute_query(PLAIN_SCHEMA)
        started = time.perf_counter()
        with driver.session() as session:
            for number, (nodes_, edges_) in enumerate(made):
                # Planned anew while the database is small: a plan for an empty one looks through all relationships.
                replan = "CYPHER replan=force " if number in (1, 4, 16, 64) else ""
                with session.begin_transaction() as transaction:
                    transaction.run(PLAIN_NODES, rows=nodes_).consume()
                    transaction.run(replan + PLAIN_EDGES, rows=edges_).consume()
        return time.perf_counter() - started

    return load


WRITERS: dict[str, Load] = {
    "langchain-neo4j": langchain,
    "neo4j-graphrag": graphrag,
    "two MERGE statements, one document a call": plain(1),
    f"two MERGE statements, {AT_A_TIME} documents a call": plain(AT_A_TIME),
    "kg-builder, one document a call": ours(1),
    f"kg-builder, {AT_A_TIME} documents a call": ours(AT_A_TIME),
}


def empty(driver: Driver) -> None:
    """Take everything out of the database, schema included."""
    with driver.session() as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()
        for row in list(session.run("SHOW CONSTRAINTS YIELD name")):
            session.run(f"DROP CONSTRAINT `{row['name']}`").consume()
        for row in list(session.run("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name")):
            session.run(f"DROP INDEX `{row['name']}`").consume()


def processor_seconds(uri: str) -> float:
    """What the server has used, where it runs on this machine."""
    process = server_process(uri)
    times = process.cpu_times() if process else None
    return float(times.user + times.system) if times else 0.0


def content(driver: Driver) -> dict[str, int]:
    """Nodes by label group, and relationships, to see what each writer keeps."""
    nodes = driver.execute_query("MATCH (n) RETURN count(n) AS n").records[0]["n"]
    relationships = driver.execute_query("MATCH ()-[r]->() RETURN count(r) AS n").records[0]["n"]
    extractions = driver.execute_query("MATCH (x:Extraction) RETURN count(x) AS n").records[0]["n"]
    on_edges = driver.execute_query("MATCH ()-[r]->() WHERE r.evidence IS NOT NULL RETURN count(r) AS n").records[0][
        "n"
    ]
    return {"nodes": nodes, "relationships": relationships, "pieces_of_evidence": extractions + on_edges}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("uri")
    parser.add_argument("--edges", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    account = (os.environ["NEO4J_USERNAME"], os.environ["NEO4J_PASSWORD"])
    given = list(documents(arguments.edges, relations=200, seed=7))
    result: dict[str, Any] = {"triples": arguments.edges, "documents": len(given), "rounds": arguments.rounds}
    seconds: dict[str, list[float]] = {name: [] for name in WRITERS}
    spent: dict[str, float] = {}
    with GraphDatabase.driver(arguments.uri, auth=account) as driver:
        for turn in range(arguments.rounds + 1):
            for name, load in WRITERS.items():
                empty(driver)
                began = time.process_time(), processor_seconds(arguments.uri)
                taken = load(arguments.uri, driver, given)
                print(f"round {turn}: {name}: {arguments.edges / taken:.0f}/s", file=sys.stderr, flush=True)
                if turn == 0:
                    continue
                seconds[name].append(taken)
                for side, used in (  # the client's with making the objects
                    ("client", time.process_time() - began[0]),
                    ("server", processor_seconds(arguments.uri) - began[1]),
                ):
                    spent[f"{name} {side}"] = spent.get(f"{name} {side}", 0.0) + used
                result[name] = content(driver)
    triples_written = arguments.edges * arguments.rounds
    for name, taken_each in seconds.items():
        result[name] = {
            "triples_per_second": round(arguments.edges / statistics.median(taken_each)),
            "seconds": [round(each, 1) for each in taken_each],
            **{f"{side}_cpu_us_each": round(1e6 * spent[f"{name} {side}"] / triples_written) for side in SIDES},
            **result[name],
        }
    ours_ = seconds[f"kg-builder, {AT_A_TIME} documents a call"]
    result["ratios"] = {
        name: {
            "median": round(statistics.median(others) / statistics.median(ours_), 2),
            "rounds": [round(b / a, 2) for a, b in zip(ours_, others, strict=True)],
        }
        for name, others in seconds.items()
        if "kg-builder" not in name
    }
    result["load_average"] = round(os.getloadavg()[0], 1)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
