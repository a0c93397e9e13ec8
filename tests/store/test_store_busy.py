"""Facts between busy entities: found by what is remembered of them, and rightly so where that is out of date."""

from __future__ import annotations

import pytest
from making import content, write

from kg_builder.store import GraphStore, facts

KNOWS = ["Ann:Person | knows | Bob:Person", "Ann:Person | likes | Bob:Person"]


def remembered(store: GraphStore) -> int:
    (row,) = store.query("MATCH (p:Store) WHERE p.id STARTS WITH 'fact:' RETURN count(p)").rows
    assert isinstance(row[0], int)
    return row[0]


def test_support_grows_by_what_is_remembered(any_store: GraphStore, monkeypatch: pytest.MonkeyPatch) -> None:
    uris = [f"{n}.txt" for n in range(6)]
    for uri in uris:
        write(any_store, uri, *KNOWS, f"Ann:Person | knows | {uri}:Person")
    expected = content(any_store)
    any_store.execute("MATCH (n) DETACH DELETE n")
    monkeypatch.setattr(facts, "_BUSY", 0)
    for uri in uris:
        write(any_store, uri, *KNOWS, f"Ann:Person | knows | {uri}:Person")
        assert any_store.check() == []
    assert content(any_store) == expected
    embedded = any_store.uri.startswith("embedded:")
    assert remembered(any_store) == (2 if embedded else 0)


def test_what_is_remembered_wrongly_is_not_believed(
    embedded_store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "_BUSY", 0)
    for n in range(3):
        write(embedded_store, f"{n}.txt", *KNOWS, "Cid:Person | knows | Dan:Person")
    assert remembered(embedded_store) == 3
    asked = "MATCH (p:Store) WHERE p.id STARTS WITH 'fact:' RETURN p.id, p.fact ORDER BY p.id"
    rows = embedded_store.query(asked).rows
    for (id_, _), (_, other) in zip(rows, [*rows[1:], rows[0]], strict=True):  # each where another one is
        embedded_store.execute("MATCH (p:Store {id: $id}) SET p.fact = $fact", {"id": id_, "fact": other})
    embedded_store.remove("0.txt")  # its facts are made anew, at other places
    for number, fact in enumerate(["#1:99999999", "#99999:1", None]):
        embedded_store.execute("MATCH (p:Store {id: $id}) SET p.fact = $fact", {"id": rows[0][0], "fact": fact})
        write(embedded_store, f"more {number}.txt", *KNOWS)
        assert embedded_store.check() == []
    assert {(e.relation, e.support) for e in embedded_store.edges()} == {("knows", 5), ("likes", 5), ("knows", 2)}


def test_who_may_only_read_can_not_change_a_fact_by_its_id(embedded_store: GraphStore) -> None:
    write(embedded_store, "a.txt", *KNOWS)
    ((place,),) = embedded_store.query("MATCH (:Entity)-[f]->(:Entity) RETURN elementId(f) LIMIT 1").rows
    with pytest.raises(Exception, match=r"only read|Forbidden|refused"):
        embedded_store.query("WITH kg.fact($f) AS f SET f.support = 99 RETURN f", {"f": place})
    assert [e.support for e in embedded_store.edges()] == [1, 1]
