"""Exports as RDF: read by rdflib, without a network."""

from pathlib import Path
from urllib.parse import unquote

import pytest
import rdflib
from graphs import KG, Graph, described, entity, facts, parse_rdf, restored
from rdflib.namespace import RDF, RDFS, SKOS

from kg_builder.export import export_graph

# --- RDF

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # rdflib's own


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
