"""Exports: what a format holds comes back from it, whatever the names hold, and equal graphs give equal bytes."""

import ast
import csv
import json
import os
import re
import socket
import subprocess
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import networkx as nx
import pytest
import rdflib
from neo4j import GraphDatabase
from rdflib.namespace import RDF, RDFS, SKOS
from real_neo4j import Unavailable, fetch_jars, find_java, running

from kg_builder.errors import ConfigError
from kg_builder.export import EXPORT_SUFFIXES, export_graph, export_paths
from kg_builder.export.hex_escape import NOT_SCALAR, NOT_XML, hex_escape, hex_unescape
from kg_builder.store import GraphStore, StoredEdge, StoredEntity, StoredEvidence
from kg_builder.types import (
    Contribution,
    Document,
    Extraction,
    Mention,
    Name,
    Qualifier,
    Relation,
    Segment,
    Statement,
    digest,
)
from kg_builder.values import Value

HOSTILE = [
    "Ada Lovelace",
    "back`tick``s",
    "double \"quotes\" and 'single'",
    "back\\slash\\",
    "ends with a backslash\\",
    "\\u0027 OR 1=1 //",
    "line\nbreak\r\nand return\rand tab\t.",
    "NUL \x00 bell \x07 escape \x1b delete \x7f",
    "next line \x85 separators \u2028 \u2029 BOM \ufeff",
    "</node><script>alert(1)</script> & ]]> <!-- -->",
    "'}) DETACH DELETE n //",
    "北京大学",
    "東京タワー",
    "上海 University",
    "👩‍🚀 emoji 🚀",
    "עברית \u202eRTL\u202c العربية",
    "=cmd|' /C calc'!A0",
    "semi;colon,comma|pipe",
    "_x0041_ literally",
    "\ufffe not a character \uffff",
    "lone \ud800 surrogate",
    "  spaces  ",
    "${jndi} %s %(x)s {0}",
    "é vs e\u0301",
]


class Graph:
    """Entities and edges in the words of a store."""

    def __init__(self, entities: list[StoredEntity], edges: list[StoredEdge]) -> None:
        self._entities, self._edges = entities, edges

    def entities(self, *, type: str | None = None) -> Iterator[StoredEntity]:
        return (entity for entity in self._entities if type in (None, entity.type))

    def edges(self, *, with_evidence: bool = True) -> Iterator[StoredEdge]:
        return iter(self._edges)


def entity(name: str, type: str = "Person", aliases: tuple[str, ...] = ()) -> StoredEntity:
    return StoredEntity(digest("name", name, type), name, type, aliases, mentions=3)


def evidence(head: str, relation: str, tail: str) -> StoredEvidence:
    text = f"Before. {head} {relation} {tail}. After."
    start, relation_start = 100 + text.index(head), 100 + len("Before. ") + len(head) + 1
    tail_start = relation_start + len(relation) + 1
    return StoredEvidence(
        extraction_id=digest("extraction", head, relation, tail),
        document_uri=f"file:///a folder/{head}.txt",
        document_title=f"On {head}",
        segment_id=digest("segment", text),
        segment_index=2,
        segment_start=100,
        segment_end=100 + len(text),
        page=4,
        text=text,
        head=head,
        head_start=start,
        head_end=start + len(head),
        relation=relation,
        relation_start=relation_start,
        relation_end=relation_start + len(relation),
        tail=tail,
        tail_start=tail_start,
        tail_end=tail_start + len(tail),
        confidence=0.875,
        polarity="positive",
        modality="asserted",
        extractor="open_ie",
        qualifiers=(Qualifier("time", "in 1843", 5, 12),),
    )


@pytest.fixture
def hostile() -> Graph:
    """Every hostile name as a name, an alias and a relation; parallel edges, a loop, an entity without edges."""
    people = [entity(name, aliases=(f"{name} 2", name[::-1])) for name in HOSTILE]
    extra = [entity("Acme; Inc.", "Company;Ltd`"), entity("nobody knows me")]
    edges = [
        StoredEdge(head, relation, f"T_{number}", tail, 1, 1.0, (evidence(head.name, relation, tail.name),))
        for number, (head, relation, tail) in enumerate(
            zip(people, reversed(HOSTILE), [*people[1:], people[0]], strict=True)
        )
    ]
    twice = (evidence("Ada Lovelace", "works for", "Acme; Inc."), evidence("Ada", "works for", "Acme"))
    edges.append(StoredEdge(people[0], "works for", "WORKS_FOR", extra[0], 2, 0.9375, twice))
    edges.append(StoredEdge(people[0], "创办", "创办", extra[0], 1, 0.5, twice[:1]))
    edges.append(StoredEdge(people[0], "knows", "KNOWS", people[0], 1, 1e-7, ()))
    return Graph(people + extra, edges)


def described(graph: Graph) -> dict[str, tuple[str, str, list[str], int]]:
    return {one.id: (one.name, one.type, list(one.aliases), one.mentions) for one in graph.entities()}


def facts(graph: Graph) -> set[tuple[str, str, str, str, int, float]]:
    return {(e.head.id, e.relation, e.type, e.tail.id, e.support, e.confidence) for e in graph.edges()}


def restored(value: Any) -> Any:
    if isinstance(value, list):
        return [hex_unescape(one) for one in value]
    return hex_unescape(value) if isinstance(value, str) else value


# --- what all formats share


@pytest.mark.parametrize("suffix", EXPORT_SUFFIXES)
def test_equal_graphs_give_equal_bytes(suffix: str, hostile: Graph, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        assert export_graph(hostile, folder / f"x{suffix}") == len(list(hostile.edges()))
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in export_paths(Path(f"x{suffix}")))
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


@pytest.mark.parametrize("suffix", EXPORT_SUFFIXES)
def test_an_empty_graph_can_be_exported(suffix: str, tmp_path: Path) -> None:
    assert export_graph(Graph([], []), tmp_path / f"x{suffix.upper()}") == 0
    assert all(path.is_file() for path in export_paths(tmp_path / f"x{suffix.upper()}"))


@pytest.mark.parametrize("suffix", EXPORT_SUFFIXES)
def test_a_failed_export_leaves_the_old_file_and_nothing_else(suffix: str, hostile: Graph, tmp_path: Path) -> None:
    class Broken(Graph):
        def edges(self, *, with_evidence: bool = True) -> Iterator[StoredEdge]:
            yield next(super().edges())
            raise ConfigError("the store went away")

    for path in export_paths(tmp_path / f"x{suffix}"):
        path.write_text("old")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ConfigError, match="went away"):
        export_graph(Broken(list(hostile.entities()), list(hostile.edges())), tmp_path / f"x{suffix}")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["x.xml", "x", "x.json", ".ttl"])
def test_a_suffix_without_a_format_is_refused_with_the_list_of_formats(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        export_graph(Graph([], []), tmp_path / name)
    assert name in str(refused.value)
    assert all(suffix in str(refused.value) for suffix in EXPORT_SUFFIXES)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        export_graph(Graph([], []), tmp_path / "missing" / "x.ttl")


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "x.ttl").mkdir()
    with pytest.raises(ConfigError, match="folder"):
        export_graph(Graph([], []), tmp_path / "x.ttl")


def test_a_link_keeps_pointing_where_it_did(hostile: Graph, tmp_path: Path) -> None:
    (tmp_path / "real.ttl").write_text("old")
    (tmp_path / "link.ttl").symlink_to("real.ttl")
    export_graph(hostile, tmp_path / "link.ttl")
    assert (tmp_path / "link.ttl").is_symlink()
    assert (tmp_path / "real.ttl").read_text(encoding="utf-8") != "old"


@pytest.mark.parametrize("suffix", EXPORT_SUFFIXES)
def test_memory_does_not_grow_with_the_graph(suffix: str, tmp_path: Path) -> None:
    class Long(Graph):
        def entities(self, *, type: str | None = None) -> Iterator[StoredEntity]:
            return (entity(f"name {number}", f"Type{number % 50}") for number in range(3_000))

        def edges(self, *, with_evidence: bool = True) -> Iterator[StoredEdge]:
            for number in range(3_000):
                head, tail = f"name {number}", f"name {number // 2}"
                proof = (evidence(head, "knows", tail),) if with_evidence else ()
                yield StoredEdge(entity(head), "knows", f"KNOWS_{number % 90}", entity(tail), 1, 0.5, proof)

    tracemalloc.start()
    try:
        assert export_graph(Long([], []), tmp_path / f"x{suffix}") == 3_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 2**20  # the edges with their evidence take 4 MiB


@pytest.mark.parametrize("unsafe", [NOT_XML, NOT_SCALAR])
def test_the_hex_escape_is_reversible(unsafe: re.Pattern[str]) -> None:
    tricky = ["_x005F_", "_x005F_x0000_", "__x0041_", "_x0041_x0042_", "_x0041\x00", "_x0041\ud800", "_x004_", ""]
    for text in HOSTILE + tricky:
        escaped = hex_escape(text, unsafe)
        assert hex_unescape(escaped) == text
        escaped.encode("utf-8")
    assert hex_escape("C:\\temp & <b> 北京", unsafe) == "C:\\temp & <b> 北京"


# --- JSON Lines


def test_jsonl_holds_every_edge_with_its_evidence(hostile: Graph, tmp_path: Path) -> None:
    export_graph(hostile, tmp_path / "x.jsonl")
    lines = (tmp_path / "x.jsonl").read_text(encoding="utf-8").splitlines()
    edges = list(hostile.edges())
    assert len(lines) == len(edges)
    for line, edge in zip(map(json.loads, lines), edges, strict=True):
        for role, end in (("head", edge.head), ("tail", edge.tail)):
            assert (line[f"{role}_id"], line[role], line[f"{role}_type"]) == (end.id, end.name, end.type)
            assert line[f"{role}_aliases"] == list(end.aliases)
        assert (line["relation"], line["type"]) == (edge.relation, edge.type)
        assert (line["support"], line["confidence"]) == (edge.support, edge.confidence)
        assert [one["id"] for one in line["evidence"]] == [one.extraction_id for one in edge.evidence]


def test_jsonl_evidence_can_be_found_in_its_sentence_and_its_document(hostile: Graph, tmp_path: Path) -> None:
    export_graph(hostile, tmp_path / "x.jsonl")
    seen = 0
    for line in (tmp_path / "x.jsonl").read_text(encoding="utf-8").splitlines():
        for one in json.loads(line)["evidence"]:
            for role in ("head", "relation", "tail"):
                start, end = (one[f"{role}_{edge}"] - one["sentence_start"] for edge in ("start", "end"))
                assert one["sentence"][start:end] == one[role]
            assert one["document"].startswith("file:///")
            assert one["qualifiers"] == [{"role": "time", "text": "in 1843", "start": 5, "end": 12}]
            seen += 1
    assert seen > len(HOSTILE)


def test_chinese_stays_readable_in_jsonl(hostile: Graph, tmp_path: Path) -> None:
    export_graph(hostile, tmp_path / "x.jsonl")
    assert '"relation":"创办"' in (tmp_path / "x.jsonl").read_text(encoding="utf-8")


# --- GraphML


def test_graphml_opens_in_networkx_with_types_properties_and_parallel_edges(hostile: Graph, tmp_path: Path) -> None:
    export_graph(hostile, tmp_path / "x.graphml")
    graph = nx.read_graphml(tmp_path / "x.graphml")
    assert isinstance(graph, nx.MultiDiGraph)
    nodes = {
        id: (restored(data["name"]), restored(data["type"]), restored(json.loads(data["aliases"])), data["mentions"])
        for id, data in graph.nodes(data=True)
    }
    assert nodes == described(hostile)
    edges = {
        (head, restored(data["relation"]), restored(data["type"]), tail, data["support"], data["confidence"])
        for head, tail, data in graph.edges(data=True)
    }
    assert edges == facts(hostile)
    assert graph.number_of_edges() == len(edges)


def test_graphml_leaves_ordinary_text_alone(hostile: Graph, tmp_path: Path) -> None:
    export_graph(hostile, tmp_path / "x.graphml")
    text = (tmp_path / "x.graphml").read_text(encoding="utf-8")
    assert "北京大学" in text
    assert "back\\slash\\" in text
    assert "\x00" not in text


# --- RDF

KG = rdflib.Namespace("urn:kg:schema/")
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # rdflib's own


def parse_rdf(path: Path, monkeypatch: pytest.MonkeyPatch) -> rdflib.Graph:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("RDF must be readable without a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return rdflib.Graph().parse(path, format="turtle" if path.suffix == ".ttl" else "json-ld")


@pytest.mark.parametrize("suffix", [".ttl", ".jsonld"])
def test_rdf_holds_entities_and_facts(
    suffix: str, hostile: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_graph(hostile, tmp_path / f"x{suffix}")
    graph = parse_rdf(tmp_path / f"x{suffix}", monkeypatch)
    nodes = {}
    for subject in graph.subjects(RDF.type, KG.Entity):
        types = [str(one) for one in graph.objects(subject, RDF.type) if one != KG.Entity]
        nodes[str(subject).removeprefix("urn:kg:entity:")] = (
            restored(str(graph.value(subject, RDFS.label))),
            restored(str(graph.value(rdflib.URIRef(types[0]), RDFS.label))),
            sorted(restored(str(one)) for one in graph.objects(subject, SKOS.altLabel)),
            int(str(graph.value(subject, KG.mentions))),
        )
        assert (
            unquote(types[0].removeprefix("urn:kg:type/"), errors="surrogatepass") == nodes[subject.split(":")[-1]][1]
        )
    assert nodes == {
        id: (name, type, sorted(set(aliases)), mentions)
        for id, (name, type, aliases, mentions) in described(hostile).items()
    }
    statements = set()
    for fact in graph.subjects(RDF.type, RDF.Statement):
        head, predicate, tail = (graph.value(fact, end) for end in (RDF.subject, RDF.predicate, RDF.object))
        assert (head, predicate, tail) in graph
        relation = unquote(str(predicate).removeprefix("urn:kg:relation/"), errors="surrogatepass")
        assert restored(str(graph.value(predicate, RDFS.label))) == relation
        support, confidence = (graph.value(fact, property).toPython() for property in (KG.support, KG.confidence))
        ends = [str(end).removeprefix("urn:kg:entity:") for end in (head, tail)]
        kind = str(graph.value(predicate, KG.relationshipType))
        statements.add((ends[0], relation, kind, ends[1], support, confidence))
    assert statements == facts(hostile)


@pytest.mark.parametrize("suffix", [".ttl", ".jsonld"])
def test_rdf_evidence_leads_to_the_words_in_the_document(
    suffix: str, hostile: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_graph(hostile, tmp_path / f"x{suffix}")
    graph = parse_rdf(tmp_path / f"x{suffix}", monkeypatch)
    found = set()
    for fact, extraction in graph.subject_objects(KG.evidence):
        segment = graph.value(extraction, KG.segment)
        text, start = restored(str(graph.value(segment, KG.text))), graph.value(segment, KG.start).toPython()
        words = []
        for role in ("head", "relation", "tail"):
            first, last = (graph.value(extraction, KG[f"{role}{edge}"]).toPython() - start for edge in ("Start", "End"))
            words.append(text[first:last])
            assert words[-1] == restored(str(graph.value(extraction, KG[f"{role}Surface"])))
        document = graph.value(segment, rdflib.DCTERMS.isPartOf)
        found.add((*words, restored(str(graph.value(document, rdflib.DCTERMS.identifier)))))
        assert (fact, RDF.type, RDF.Statement) in graph
    assert found == {
        (one.head, one.relation, one.tail, one.document_uri) for edge in hostile.edges() for one in edge.evidence
    }


def test_turtle_and_jsonld_say_the_same(hostile: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix in (".ttl", ".jsonld"):
        export_graph(hostile, tmp_path / f"x{suffix}")
    turtle, jsonld = (set(parse_rdf(tmp_path / f"x{suffix}", monkeypatch)) for suffix in (".ttl", ".jsonld"))
    assert turtle == jsonld
    assert len(turtle) > 500


def test_only_names_in_han_characters_are_tagged_as_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export_graph(
        Graph([entity(name) for name in ("北京大学", "Acme", "東京タワー", "北京 University")], []), tmp_path / "x.ttl"
    )
    graph = parse_rdf(tmp_path / "x.ttl", monkeypatch)
    labels = {str(label): label.language for _, label in graph.subject_objects(RDFS.label)}
    assert labels == {"北京大学": "zh", "Acme": None, "東京タワー": None, "北京 University": "zh", "Person": None}


# --- CSV for neo4j-admin


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


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
def test_values_and_times_are_in_every_format(tmp_path: Path) -> None:
    year = StoredEntity("t", "2014", "Time", value=Value("date", "2014-01-01", "2014-12-31", unit="year"))
    loan = StoredEntity("q", "18 million euros", "Quantity", value=Value("money", number=18e6, unit="EUR"))
    ann = entity("Ann")
    edges = [StoredEdge(ann, "borrow", "BORROW", loan, 1, 1.0, (), "2014-03-12", None)]
    graph = Graph([ann, year, loan], [*edges, StoredEdge(ann, "born on", "BORN_ON", year, 1, 1.0)])
    for suffix, said in {
        "jsonl": ['"tail_value":{"kind":"money","number":18000000.0,"unit":"EUR"}', '"valid_from":"2014-03-12"'],
        "graphml": ['<data key="value_start">2014-01-01</data>', '<data key="valid_from">2014-03-12</data></edge>'],
        "ttl": ['kg:valueEnd "2014-12-31"', 'kg:validFrom "2014-03-12"^^xsd:date', 'kg:valueNumber "18000000.0"^^xsd'],
        "jsonld": ['"kg:valueUnit":"EUR"', '"kg:validFrom":{"@value":"2014-03-12","@type":"xsd:date"}'],
        "cypher": ["value_start: '2014-01-01'", "value_number: 18000000.0", "valid_from: '2014-03-12'"],
    }.items():
        export_graph(graph, tmp_path / f"x.{suffix}")
        written = (tmp_path / f"x.{suffix}").read_text(encoding="utf-8")
        assert [words for words in said if words not in written] == [], suffix
    export_graph(graph, tmp_path / "x.csv")
    rows = list(csv.DictReader((tmp_path / "x.nodes.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["value_kind"], row["value_start"], row["value_number:double"]) for row in rows] == [
        ("", "", ""),
        ("date", "2014-01-01", ""),
        ("money", "", "18000000.0"),
    ]
    rows = list(csv.DictReader((tmp_path / "x.relationships.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["valid_from"], row["valid_to"]) for row in rows] == [("2014-03-12", ""), ("", "")]


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
