"""Names and the entities they belong to, on every server."""

from __future__ import annotations

import pytest
from making import ACME, ANN, content, facts, ids, write

from kg_builder.errors import StoreError
from kg_builder.store import GraphStore
from kg_builder.types import Name


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
