"""Damage to a graph is found, on every server."""

from __future__ import annotations

from making import ACME, ANN, write

from kg_builder.store import GraphStore

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
