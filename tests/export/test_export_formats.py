"""Exports: what a format holds comes back from it, whatever the names hold, and equal graphs give equal bytes."""

import csv
import json
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest
from graphs import HOSTILE, Graph, described, entity, evidence, facts, restored

from kg_builder.errors import ConfigError
from kg_builder.export import EXPORT_SUFFIXES, export_graph, export_paths
from kg_builder.export.hex_escape import NOT_SCALAR, NOT_XML, hex_escape, hex_unescape
from kg_builder.store import StoredEdge, StoredEntity
from kg_builder.values import Value

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
