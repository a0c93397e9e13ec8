"""What every store does, on every server."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import pytest
from making import contribute

from kg_builder.errors import QueryError, ReadOnlyError, StoreError
from kg_builder.normalize import relation_type
from kg_builder.store import GraphStore, StoredEdge, StoredEntity
from kg_builder.store import writing as writing_module
from kg_builder.types import Contribution, Document, Extraction, Mention, Name, Relation, Segment, Statement

ANN = "Ann:Person"
ACME = "Acme Corp:Organization"


def write(store: GraphStore, uri: str, *lines: str, per_segment: int = 2) -> Contribution:
    contribution = contribute(uri, lines, per_segment=per_segment)
    store.write(contribution, size_bytes=len(contribution.document.text), recipe="test")
    return contribution


def facts(store: GraphStore) -> list[tuple[str, str, str, int, float]]:
    return [(e.head.name, e.relation, e.tail.name, e.support, e.confidence) for e in store.edges()]


def content(store: GraphStore) -> tuple[list[StoredEntity], list[StoredEdge]]:
    return list(store.entities()), list(store.edges())


def ids(store: GraphStore) -> dict[str, str]:
    return {entity.name: entity.id for entity in store.entities()}


# ---------------------------------------------------------------- documents in, graph out
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


# ---------------------------------------------------------------- names and entities
def test_an_untyped_name_joins_the_only_typed_one_and_leaves_when_there_are_two(any_store: GraphStore) -> None:
    write(any_store, "a.txt", "Jordan | is | big")
    assert [(e.name, e.type) for e in any_store.entities()] == [("Jordan", "Other"), ("big", "Other")]
    write(any_store, "b.txt", "Jordan:Person | plays | ball")
    assert [(e.name, e.type, e.mentions) for e in any_store.entities()] == [
        ("Jordan", "Person", 2),
        ("ball", "Other", 1),
        ("big", "Other", 1),
    ]
    assert [f[:3] for f in facts(any_store)] == [("Jordan", "is", "big"), ("Jordan", "plays", "ball")]
    write(any_store, "c.txt", "Jordan:Place | borders | Israel:Place")
    assert [(e.name, e.type) for e in any_store.entities() if e.name == "Jordan"] == [
        ("Jordan", "Other"),
        ("Jordan", "Person"),
        ("Jordan", "Place"),
    ]
    assert any_store.check() == []
    any_store.remove("b.txt")
    assert [(e.name, e.type, e.mentions) for e in any_store.entities() if e.name == "Jordan"] == [
        ("Jordan", "Place", 2)
    ]
    rows = any_store.query("MATCH (e:Place {name: 'Jordan'})-[f]->(o:Entity) RETURN o.name ORDER BY o.name").rows
    assert rows == (("Israel",), ("big",))
    assert any_store.check() == []


def test_an_entity_has_the_most_frequent_surface_as_name_and_the_others_as_aliases(any_store: GraphStore) -> None:
    write(
        any_store,
        "a.txt",
        "ACME:Organization | is | big",
        "Acme:Organization | is | old",
        "Acme:Organization | grows | up",
    )
    entity = next(e for e in any_store.entities() if e.type == "Organization")
    assert (entity.name, entity.aliases, entity.mentions) == ("Acme", ("ACME",), 3)


def test_names_are_merged_and_split_again_without_loss(any_store: GraphStore) -> None:
    write(any_store, "a.txt", f"{ANN} | works for | {ACME}", "IBM:Organization | bought | Acme Corp:Organization")
    write(any_store, "b.txt", "Ann:Person | works for | Big Blue:Organization", "Bob | !likes | Big Blue:Organization")
    write(any_store, "c.txt", "Ann:Person | works for | IBM:Organization")
    before = content(any_store)
    big, ibm = Name("big blue", "Organization").id, Name("ibm", "Organization").id
    by_name = ids(any_store)
    any_store.assign({big: by_name["IBM"]})
    merged = next(e for e in any_store.entities() if "IBM" in (e.name, *e.aliases))
    assert (merged.id, {merged.name, *merged.aliases}) == (min(big, ibm), {"IBM", "Big Blue"})
    assert merged.mentions == 4
    assert ("Ann", "works for", merged.name, 2, 0.8) in facts(any_store)
    assert any_store.check() == []
    any_store.assign({big: "apart"})
    assert content(any_store) == before
    assert any_store.check() == []


def test_merged_names_stay_together_when_documents_change(any_store: GraphStore) -> None:
    write(any_store, "a.txt", "IBM:Organization | bought | Acme:Organization", "Big Blue:Organization | is | big")
    by_name = ids(any_store)
    any_store.assign({Name("big blue", "Organization").id: by_name["IBM"]})
    write(any_store, "b.txt", "Big Blue:Organization | sells | chips", "IBM | is | old")
    organizations = [e for e in any_store.entities() if e.type == "Organization"]
    assert sorted(len(e.aliases) + 1 for e in organizations) == [1, 2]
    assert any_store.check() == []


def test_assigning_a_name_that_is_not_there_is_refused(any_store: GraphStore) -> None:
    with pytest.raises(StoreError, match="ids of names"):
        any_store.assign({"0" * 32: "1" * 32})


# ---------------------------------------------------------------- hostile names
HOSTILE = [
    "a`b",
    "`]->(x) DETACH DELETE x //",
    'say "hi"',
    "it's",
    "back\\slash\\",
    "line\nbreak",
    "nul\x00char",
    "😀 emoji",
    "MATCH (n) DETACH DELETE n",
    "$(x) {y: 1}",
    "a~b,c*d%41",
    "<script>alert(1)</script>",
    "'; DROP DATABASE graph; --",
    "\u202eright-to-left",
    "长" * 300,
    "%",
    "CON",
    "../../etc/passwd",
]


def hostile_contribution(uri: str, words: Sequence[str]) -> Contribution:
    text = "".join(f"{word} §{word}§ {word}x\n" for word in words)
    document = Document(uri, "0" * 64, uri, text, "en")
    segment = Segment(document, 0, 0, len(text))
    statements, at = [], 0
    for word in words:
        size = len(word)
        relation = at + size + 2
        tail = relation + size + 2
        extraction = Extraction(
            Mention(word, at, at + size, word),
            Relation(word, relation, relation + size),
            Mention(f"{word}x", tail, tail + size + 1, "Other"),
            0.7,
            "test",
            segment=segment,
        )
        statements.append(Statement(extraction, Name(word, word), Name(f"{word}x", "Other"), relation=word))
        at = tail + size + 2
    assert at == len(text)
    return Contribution(document, (segment,), tuple(statements))


def test_hostile_names_types_and_relations_are_stored_found_and_given_back_verbatim(any_store: GraphStore) -> None:
    write(any_store, "victim.txt", f"{ANN} | works for | {ACME}")
    contribution = hostile_contribution("hostile.txt", HOSTILE)
    any_store.write(contribution, size_bytes=1, recipe="")
    any_store.write(contribution, size_bytes=1, recipe="")
    assert {edge.relation for edge in any_store.edges()} == {*HOSTILE, "works for"}
    assert {e.type for e in any_store.entities()} == {*HOSTILE, "Other", "Person", "Organization"}
    evidence = {edge.relation: edge.evidence[0] for edge in any_store.edges()}
    for word in HOSTILE:
        assert (evidence[word].head, evidence[word].relation, evidence[word].tail) == (word, word, f"{word}x")
        assert evidence[word].text == contribution.document.text
    found = any_store.search("script>alert")
    assert any("<script>alert(1)</script>" in entity.name for entity in found)
    assert any_store.check() == []
    any_store.remove("hostile.txt")
    assert facts(any_store) == [("Ann", "works for", "Acme Corp", 1, 0.8)]
    assert any_store.check() == []


# ---------------------------------------------------------------- finding
def test_search_gives_equal_names_first_then_beginnings_then_parts_by_mentions(any_store: GraphStore) -> None:
    write(
        any_store,
        "a.txt",
        "York:Place | is | old",
        "New York:Place | is | big",
        "New York:Place | is | new",
        "Yorkshire:Place | is | green",
        "Yorkshire:Place | has | sheep",
        "IBM:Organization | is in | new york:Place",
    )
    assert [e.name for e in any_store.search("york")] == ["York", "Yorkshire", "New York"]
    assert [e.name for e in any_store.search("YORK", limit=1)] == ["York"]
    assert [e.name for e in any_store.search("york", type="Organization")] == []
    assert [e.name for e in any_store.search("ＩＢＭ")] == ["IBM"]
    assert any_store.search("   ") == []
    assert any_store.search("nowhere") == []


def test_search_finds_chinese_by_a_part_and_entities_by_an_alias(any_store: GraphStore) -> None:
    write(any_store, "a.txt", "北京大学:Organization | 位于 | 北京:Place", "上海大学:Organization | 位于 | 上海:Place")
    assert [e.name for e in any_store.search("大学")] == ["上海大学", "北京大学"]
    assert [e.name for e in any_store.search("北京")] == ["北京", "北京大学"]
    assert [e.name for e in any_store.search("京大")] == ["北京大学"]
    any_store.assign({Name("北京", "Place").id: ids(any_store)["上海"]})
    assert len(any_store.search("北京")) == 2


def chain(store: GraphStore) -> dict[str, str]:
    write(store, "a.txt", "A | r | B", "B | r | C", "D | r | C", "D | s | E", "A | s | B @ 0.2", "Z | r | Y")
    return ids(store)


def test_neighbourhood_goes_to_its_depth_and_says_when_it_is_cut(any_store: GraphStore) -> None:
    by_name = chain(any_store)
    name_of = {id_: name for name, id_ in by_name.items()}

    def edges(**options: object) -> set[tuple[str, str, str]]:
        found = any_store.neighbourhood([by_name["A"]], **options)  # type: ignore[arg-type]
        assert {e.id for e in found.entities} >= {x for e in found.edges for x in (e.head_id, e.tail_id)}
        return {(name_of[e.head_id], e.relation, name_of[e.tail_id]) for e in found.edges}

    assert edges() == {("A", "r", "B"), ("A", "s", "B")}
    assert edges(depth=2) == {("A", "r", "B"), ("A", "s", "B"), ("B", "r", "C")}
    assert edges(depth=9) == {("A", "r", "B"), ("A", "s", "B"), ("B", "r", "C"), ("D", "r", "C"), ("D", "s", "E")}
    assert edges(min_confidence=0.5) == {("A", "r", "B")}
    assert edges(relations=["s"]) == {("A", "s", "B")}
    assert edges(types=["Person"]) == set()
    cut = any_store.neighbourhood([by_name["A"]], depth=3, limit=2)
    assert cut.truncated
    assert len(cut.edges) == 2
    assert not any_store.neighbourhood([by_name["A"]], depth=9).truncated
    assert any_store.neighbourhood(["0" * 32]).entities == ()


def test_path_is_a_shortest_one_whatever_the_directions(any_store: GraphStore) -> None:
    by_name = chain(any_store)
    found = any_store.path(by_name["A"], by_name["E"])
    assert [e.name for e in found.entities] == ["A", "B", "C", "D", "E"]
    assert sorted(e.relation for e in found.edges) == ["r", "r", "r", "s", "s"]
    assert any_store.path(by_name["A"], by_name["Z"]).entities == ()
    assert any_store.path(by_name["A"], by_name["E"], max_length=3).entities == ()
    assert [e.name for e in any_store.path(by_name["A"], by_name["A"]).entities] == ["A"]
    assert any_store.path(by_name["A"], "0" * 32).entities == ()


def test_evidence_of_an_edge_comes_surest_first_and_within_its_limit(any_store: GraphStore) -> None:
    write(any_store, "a.txt", *[f"{ANN} | works for | {ACME} @ 0.{n}" for n in range(1, 8)])
    by_name = ids(any_store)
    found = any_store.evidence(by_name["Ann"], "works for", by_name["Acme Corp"], limit=3)
    assert [e.confidence for e in found] == [0.7, 0.6, 0.5]
    assert any_store.evidence(by_name["Ann"], "NOTHING", by_name["Acme Corp"]) == []


def test_counts_types_and_relations(any_store: GraphStore) -> None:
    chain(any_store)
    counts = any_store.counts()
    assert (counts.documents, counts.entities, counts.edges, counts.extractions, counts.names) == (1, 7, 6, 6, 7)
    assert any_store.types() == [("Other", 7)]
    assert any_store.relations() == [("r", relation_type("r"), 4), ("s", relation_type("s"), 2)]
    assert len(list(any_store.graph_edges())) == 6


def test_entities_and_edges_come_in_the_order_of_code_points(any_store: GraphStore) -> None:
    names = ["a", "B", "ä", "中", "\uff5e", "😀", "Z", "\ue000"]
    write(any_store, "a.txt", *[f"{name} | is | thing" for name in names])
    assert [e.name for e in any_store.entities()] == sorted([*names, "thing"])
    assert [e.head.name for e in any_store.edges()] == sorted(names)
    assert [e.name for e in any_store.entities(type="Person")] == []


# ---------------------------------------------------------------- statements of others
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


# ---------------------------------------------------------------- large documents and interruptions
def test_a_document_too_large_for_one_transaction_gives_the_same_graph(
    any_store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"Name {n % 7} | r{n % 3} | Name {n % 5}:Person" for n in range(24)]
    write(any_store, "a.txt", *lines)
    whole = content(any_store)
    monkeypatch.setattr(writing_module, "LARGEST_TRANSACTION", 5)
    write(any_store, "a.txt", *lines)
    assert content(any_store) == whole
    write(any_store, "a.txt", *lines[:4])
    write(any_store, "a.txt", *lines)
    assert content(any_store) == whole
    assert any_store.check() == []
    assert any_store.remove("a.txt")
    assert any_store.counts().names == 0


def test_an_interrupted_write_is_seen_and_repaired_by_writing_again(
    any_store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"Name {n % 7} | r{n % 3} | Name {n % 5}:Person" for n in range(24)]
    write(any_store, "other.txt", *lines[:6])
    write(any_store, "a.txt", *lines)
    whole = content(any_store)
    monkeypatch.setattr(writing_module, "LARGEST_TRANSACTION", 5)
    original = writing_module._change
    for survived in range(1, 8, 2):
        left = survived

        def dying(*arguments: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            original(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(writing_module, "_change", dying)
        with pytest.raises(KeyboardInterrupt):
            write(any_store, "a.txt", *lines)
        monkeypatch.setattr(writing_module, "_change", original)
        interrupted = any_store.document("a.txt")
        assert interrupted is not None
        assert (interrupted.state, interrupted.reason) == ("failed", "interrupted")
        assert any("interrupted" in problem for problem in any_store.check())
        assert not [problem for problem in any_store.check() if "interrupted" not in problem]
    write(any_store, "a.txt", *lines)
    assert content(any_store) == whole
    assert any_store.check() == []


# ---------------------------------------------------------------- invariants
DAMAGE = [
    ("MATCH (:Entity)-[f]->(:Entity) SET f.support = 7", "support"),
    ("MATCH (:Entity)-[f]->(:Entity) SET f.confidence = 0.1", "confidence"),
    ("MATCH (:Entity)-[f]->(:Entity) DELETE f", "without an edge"),
    ("MATCH (:Extraction)-[h:HEAD]->() DELETE h", "head"),
    ("MATCH (s:Segment)-[p:PART_OF]->() DELETE p", "segments without a document"),
    ("MATCH (n:Name)-[r:NAMES]->() DELETE r", "without exactly one entity"),
    ("MATCH (e:Entity {name: 'Ann'}) SET e.mentions = 9", "mentions"),
    ("MATCH (:Entity {name: 'Ann'})-[m:MENTIONED_IN]->() DELETE m", "mentions"),
    ("MATCH (d:Document) SET d.state = 'writing'", "interrupted"),
]


def test_check_finds_damage(any_store: GraphStore) -> None:
    for damage, complaint in DAMAGE:
        any_store.execute("MATCH (n) DETACH DELETE n")
        write(any_store, "a.txt", f"{ANN} | works for | {ACME}")
        assert any_store.check() == []
        any_store.execute(damage)
        assert any(complaint in problem for problem in any_store.check()), (damage, any_store.check())
