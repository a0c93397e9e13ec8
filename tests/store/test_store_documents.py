"""Documents in, graph out: what every store does, on every server."""

from __future__ import annotations

import dataclasses

import pytest
from making import ACME, ANN, content, contribute, facts, ids, write

from kg_builder.errors import StoreError
from kg_builder.normalize import relation_type
from kg_builder.store import GraphStore
from kg_builder.types import Contribution, Document, Relation, Segment


def test_a_document_gives_entities_edges_and_evidence_with_exact_offsets(any_store: GraphStore) -> None:
    contribution = write(any_store, "a.txt", f"{ANN} | works for | {ACME}", "Ann:Person | lives in | Paris:Place @ 0.5")
    text = contribution.document.text
    assert [(e.name, e.type, e.mentions) for e in any_store.entities()] == [
        ("Acme Corp", "Organization", 1),
        ("Ann", "Person", 2),
        ("Paris", "Place", 1),
    ]
    assert facts(any_store) == [("Ann", "lives in", "Paris", 1, 0.5), ("Ann", "works for", "Acme Corp", 1, 0.8)]
    edge = list(any_store.edges())[1]
    assert edge.type == relation_type("works for")
    (evidence,) = edge.evidence
    assert (evidence.document_uri, evidence.document_title, evidence.page) == ("a.txt", "a.txt", 1)
    assert evidence.text == text[evidence.segment_start : evidence.segment_end]
    assert text[evidence.head_start : evidence.head_end] == evidence.head == "Ann"
    assert text[evidence.relation_start : evidence.relation_end] == evidence.relation == "works for"
    assert text[evidence.tail_start : evidence.tail_end] == evidence.tail == "Acme Corp"
    assert [segment.text for segment in any_store.segments("a.txt")] == [text]
    stored = any_store.document("a.txt")
    assert stored is not None
    assert (stored.state, stored.segments, stored.extractions, stored.recipe) == ("complete", 1, 2, "test")
    assert any_store.check() == []


def test_typed_labels_and_directed_relationships_work_in_cypher(any_store: GraphStore) -> None:
    write(any_store, "a.txt", f"{ANN} | works for | {ACME}")
    rows = any_store.query(
        f"MATCH (p:Person)-[f:{relation_type('works for')}]->(o:Organization) "
        "RETURN p.name, f.relation, o.name, f.support"
    ).rows
    assert rows == (("Ann", "works for", "Acme Corp", 1),)
    rows = any_store.query(
        "MATCH (x:Extraction)-[:HEAD]->(h:Entity), (x)-[:TAIL]->(t:Entity), (x)-[:FROM]->(s:Segment), "
        "(s)-[:PART_OF]->(d:Document), (h)-[m:MENTIONED_IN]->(s), (n:Name)-[:NAMES]->(h) "
        "RETURN h.name, t.name, d.uri, m.start, m.end, m.surface, n.key"
    ).rows
    assert rows == (("Ann", "Acme Corp", "a.txt", 0, 3, "Ann", "ann"),)


def test_writing_twice_adds_nothing(any_store: GraphStore) -> None:
    lines = [f"{ANN} | works for | {ACME}", "Bob | likes | Ann:Person", "Paris | <visited by | Ann:Person"]
    write(any_store, "a.txt", *lines)
    once, counts = content(any_store), any_store.counts()
    write(any_store, "a.txt", *lines)
    assert content(any_store) == once
    assert any_store.counts() == counts


def test_several_documents_written_together_give_the_same_graph_as_one_by_one(any_store: GraphStore) -> None:
    texts = {
        "a.txt": [f"{ANN} | works for | {ACME}", "Ann | is | old"],
        "b.txt": ["Ann:Person | works for | Acme Corp:Organization @ 0.9", "Paris | <visited by | Ann"],
        "c.txt": ["Ann:Place | is | old"],
    }
    for uri, lines in texts.items():
        write(any_store, uri, *lines)
    one_by_one = content(any_store)
    old = contribute("c.txt", ["Ann:Place | is | new"])
    together = [contribute(uri, lines) for uri, lines in texts.items()]
    any_store.write_all([(each, 1, "r") for each in [old, *together]])
    assert content(any_store) == one_by_one
    for uri in texts:
        any_store.remove(uri)
    any_store.write_all([(each, 1, "r") for each in together])
    assert content(any_store) == one_by_one
    assert any_store.counts().documents_by_state == {"complete": 3}
    assert any_store.check() == []
    any_store.write_all([])


def test_the_same_statement_twice_in_one_contribution_counts_once(any_store: GraphStore) -> None:
    contribution = contribute("a.txt", [f"{ANN} | works for | {ACME}"])
    (statement,) = contribution.statements
    surer = dataclasses.replace(statement, extraction=dataclasses.replace(statement.extraction, confidence=0.9))
    any_store.write(dataclasses.replace(contribution, statements=(statement, surer)), size_bytes=1, recipe="")
    assert facts(any_store) == [("Ann", "works for", "Acme Corp", 1, 0.9)]
    assert any_store.counts().extractions == 1


def test_one_edge_per_fact_with_all_its_support_and_the_best_confidence(any_store: GraphStore) -> None:
    write(any_store, "a.txt", f"{ANN} | works for | {ACME} @ 0.4", f"{ANN} | works for | {ACME} @ 0.9")
    write(any_store, "b.txt", f"{ANN} | works for | {ACME} @ 0.6", f"{ANN} | left | {ACME}")
    assert facts(any_store) == [("Ann", "left", "Acme Corp", 1, 0.8), ("Ann", "works for", "Acme Corp", 3, 0.9)]
    (edge,) = (edge for edge in any_store.edges() if edge.relation == "works for")
    assert [e.document_uri for e in edge.evidence] == ["a.txt", "a.txt", "b.txt"]
    write(any_store, "a.txt", f"{ANN} | works for | {ACME} @ 0.4")
    assert facts(any_store)[1] == ("Ann", "works for", "Acme Corp", 2, 0.6)
    assert any_store.check() == []


@pytest.mark.parametrize("light", [0, 200])  # beyond how many neighbours there are statements of a type's own
def test_more_support_reaches_the_one_edge_that_it_is_for(
    any_store: GraphStore, monkeypatch: pytest.MonkeyPatch, light: int
) -> None:
    tokens = any_store._writer._tokens
    monkeypatch.setattr(tokens, "dialect", dataclasses.replace(tokens.dialect, light=light))
    bob = "Bob:Person"
    write(any_store, "a.txt", *(f"{who} | {verb} | {ACME}" for who in (ANN, bob) for verb in ("works for", "left")))
    if "neo4j" in any_store.uri or "bolt" in any_store.uri:
        any_store.execute("CALL db.clearQueryCaches()")  # as after a start: plans are made for the graph as it is now
    write(any_store, "b.txt", f"{ANN} | works for | {ACME}")
    expected = [("Ann", "left", 1), ("Ann", "works for", 2), ("Bob", "left", 1), ("Bob", "works for", 1)]
    assert [(head, relation, support) for head, relation, _, support, _ in facts(any_store)] == expected
    any_store.remove("b.txt")
    assert [support for _, _, _, support, _ in facts(any_store)] == [1, 1, 1, 1]
    assert any_store.check() == []


def test_a_changed_document_replaces_just_its_own_contribution(any_store: GraphStore) -> None:
    write(any_store, "a.txt", f"{ANN} | works for | {ACME}", "Ann:Person | lives in | Paris:Place")
    write(any_store, "b.txt", "Ann:Person | lives in | Paris:Place")
    write(any_store, "a.txt", "Ann:Person | lives in | Rome:Place")
    assert facts(any_store) == [("Ann", "lives in", "Paris", 1, 0.8), ("Ann", "lives in", "Rome", 1, 0.8)]
    assert [entity.name for entity in any_store.entities()] == ["Ann", "Paris", "Rome"]
    assert any_store.check() == []


def test_a_removed_document_withdraws_all_it_gave(any_store: GraphStore) -> None:
    write(any_store, "b.txt", "Ann:Person | lives in | Paris:Place")
    before = content(any_store)
    write(any_store, "a.txt", f"{ANN} | works for | {ACME}", "Ann | lives in | Paris:Place", "Ann | !likes | Bob")
    assert any_store.remove("a.txt") is True
    assert content(any_store) == before
    assert [document.uri for document in any_store.documents()] == ["b.txt"]
    assert any_store.remove("a.txt") is False
    assert any_store.remove("b.txt") is True
    counts = any_store.counts()
    assert (counts.documents, counts.segments, counts.entities, counts.extractions, counts.names) == (0, 0, 0, 0, 0)
    assert any_store.check() == []


def test_what_is_not_asserted_is_kept_as_evidence_but_makes_no_edge(any_store: GraphStore) -> None:
    write(any_store, "a.txt", f"{ANN} | !works for | {ACME}", f"{ANN} | ?owns | {ACME}")
    assert facts(any_store) == []
    said = any_store.statements(ids(any_store)["Ann"])
    assert [(e.relation, e.polarity, e.modality) for e in said] == [
        ("works for", "negative", "asserted"),
        ("owns", "positive", "possible"),
    ]


def test_a_passive_sentence_gives_an_active_fact_and_keeps_its_own_head_and_tail(any_store: GraphStore) -> None:
    write(any_store, "a.txt", f"{ACME} | <founded by | {ANN}")
    assert facts(any_store) == [("Ann", "founded by", "Acme Corp", 1, 0.8)]
    (edge,) = any_store.edges()
    assert (edge.evidence[0].head, edge.evidence[0].tail) == ("Acme Corp", "Ann")
    rows = any_store.query("MATCH (x:Extraction)-[:HEAD]->(h:Entity) RETURN h.name").rows
    assert rows == (("Acme Corp",),)


def test_a_mention_that_two_statements_share_counts_once(any_store: GraphStore) -> None:
    first = contribute("a.txt", [f"{ANN} | works for | {ACME}"])
    (statement,) = first.statements
    x = statement.extraction
    other = dataclasses.replace(x, relation=Relation("works", 4, 9), polarity="negative")
    both = dataclasses.replace(first, statements=(statement, dataclasses.replace(statement, extraction=other)))
    any_store.write(both, size_bytes=1, recipe="")
    assert [(e.name, e.mentions) for e in any_store.entities()] == [("Acme Corp", 1), ("Ann", 1)]


def test_qualifiers_and_arguments_come_back(any_store: GraphStore) -> None:
    contribution = contribute("a.txt", [f"{ANN} | since 2020 serves | {ACME}"])
    any_store.write(contribution, size_bytes=1, recipe="")
    (edge,) = any_store.edges()
    assert edge.evidence[0].qualifiers == contribution.statements[0].extraction.qualifiers != ()


def test_a_problem_is_noted_and_leaves_what_was_there(any_store: GraphStore) -> None:
    write(any_store, "a.txt", f"{ANN} | works for | {ACME}")
    before = content(any_store)
    problem = {
        "sha256": "f" * 64,
        "title": "a.txt",
        "size_bytes": 7,
        "reason": "encrypted",
        "detail": "needs a password",
    }
    any_store.record_problem(uri="a.txt", state="failed", **problem)
    any_store.record_problem(uri="b\n'`\".txt", state="skipped", **problem)
    assert content(any_store) == before
    assert [(d.uri, d.state, d.reason, d.sha256) for d in any_store.documents()] == [
        ("a.txt", "failed", "encrypted", "f" * 64),
        ("b\n'`\".txt", "skipped", "encrypted", "f" * 64),
    ]
    assert [d.uri for d in any_store.documents(state="skipped")] == ["b\n'`\".txt"]
    assert any_store.counts().documents_by_state == {"failed": 1, "skipped": 1}
    write(any_store, "a.txt", f"{ANN} | works for | {ACME}")
    repaired = any_store.document("a.txt")
    assert repaired is not None
    assert (repaired.state, repaired.reason, repaired.detail) == ("complete", "", "")


def test_a_document_with_segments_that_failed_is_partial_and_says_which(any_store: GraphStore) -> None:
    contribution = contribute("a.txt", [f"{ANN} | works for | {ACME}"])
    faults = ("segment 3: out of memory", "segment 4: out of memory")
    any_store.write(dataclasses.replace(contribution, faults=faults), size_bytes=1, recipe="")
    stored = any_store.document("a.txt")
    assert stored is not None
    assert (stored.state, stored.reason, stored.detail) == ("partial", "extraction", "\n".join(faults))
    assert len(facts(any_store)) == 1
    any_store.write(contribution, size_bytes=1, recipe="")
    stored = any_store.document("a.txt")
    assert stored is not None
    assert (stored.state, stored.reason, stored.detail) == ("complete", "", "")


def test_an_extraction_without_a_segment_of_its_document_is_refused(any_store: GraphStore) -> None:
    contribution = contribute("a.txt", [f"{ANN} | works for | {ACME}"])
    strange = dataclasses.replace(contribution, segments=())
    with pytest.raises(StoreError, match=r"a\.txt"):
        any_store.write(strange, size_bytes=1, recipe="")
    assert any_store.counts().documents == 0


def test_a_document_without_statements_is_accounted_for(any_store: GraphStore) -> None:
    document = Document("empty.txt", "0" * 64, "empty", "Nothing.", "en")
    any_store.write(Contribution(document, (Segment(document, 0, 0, 8),), (), quarantined=3), size_bytes=8, recipe="r")
    stored = any_store.document("empty.txt")
    assert stored is not None
    assert (stored.state, stored.segments, stored.extractions, stored.quarantined) == ("complete", 1, 0, 3)
