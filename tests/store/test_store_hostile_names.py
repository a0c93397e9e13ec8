"""Names, types and relations that would break out of a statement, on every server."""

from __future__ import annotations

from collections.abc import Sequence

from making import ACME, ANN, facts, write

from kg_builder.store import GraphStore
from kg_builder.types import Contribution, Document, Extraction, Mention, Name, Relation, Segment, Statement

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
