"""What is worth a look comes in the order of its worth, and never again once it was decided; `kg review` does both."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from click.testing import CliRunner

from kg_builder.cli import cli
from kg_builder.resolving import resolve_graph
from kg_builder.resolving_by_hand import never_merge
from kg_builder.review_queue import QueueItem, queue_parts, review_queue
from kg_builder.reviewing import accept, reject
from kg_builder.store import GraphStore

sys.path.insert(0, str(Path(__file__).parent / "store"))

from making import write

ONTOLOGY = """
types: {Person: {}, Firm: {}}
relations: {employer: {domain: Person, range: Firm}}
"""


def fill(store: GraphStore) -> None:
    doubtful = [f"P{n}:Person | likes | Hub:Place @ 0.4" for n in range(8)]
    write(
        store,
        "a.txt",
        *doubtful,
        "Ann:Person | likes | Pub:Place @ 0.3",
        "Ann:Person | met | Bob:Person",
        per_segment=9,
    )
    write(store, "b.txt", "P0:Person | likes | Hub:Place @ 0.45", "Ann:Person | born in | Bergen:Place")
    write(store, "c.txt", "Ann:Person | born in | Oslo:Place", "Ann:Person | employer_ | Hull:Place")
    write(store, "d.txt", "Meridian Tidal Systems:Firm | met | Bob:Person", "Meridian Systems:Firm | met | Eve:Person")


def told(items: list[QueueItem]) -> list[tuple[str, str, list[str]]]:
    return [
        (item.kind, item.reason, [f"{f.head.name} {f.relation} {f.tail.name}" for f in item.facts]) for item in items
    ]


def test_letters_that_only_look_alike_are_listed_until_somebody_decides(embedded_store: GraphStore) -> None:
    write(embedded_store, "a.txt", "paypal:Organization | owns | Mill:Place", "OPEC:Organization | met | Bob:Person")
    write(embedded_store, "b.txt", "pаypal:Organization | sold | Quay:Place", "ОРЕС:Organization | left | Eve:Person")
    resolve_graph(embedded_store)
    items = review_queue(embedded_store, kinds=["duplicate"])
    assert {item.reason for item in items} == {"look-alike-letters"}
    names = {frozenset(each.name for each in item.entities) for item in items}
    assert names == {frozenset({"paypal", "pаypal"}), frozenset({"OPEC", "ОРЕС"})}
    for item in items:
        never_merge(embedded_store, *(each.id for each in item.entities))
    assert review_queue(embedded_store, kinds=["duplicate"]) == []


def test_the_queue_and_its_command(embedded_store: GraphStore, tmp_path: Path) -> None:
    fill(embedded_store)
    resolve_graph(embedded_store)
    ontology = tmp_path / "ontology.yaml"
    ontology.write_text(ONTOLOGY)
    items = review_queue(embedded_store, ontology=ontology, limit=30)
    assert queue_parts(embedded_store) == 1
    assert [item.score for item in items] == sorted((item.score for item in items), reverse=True)
    assert all(0 < item.score <= 1 and item.score == item.uncertainty * item.effect for item in items)
    by_kind = {kind: told([item for item in items if item.kind == kind]) for kind in {item.kind for item in items}}
    assert by_kind["ontology"] == [("ontology", "tail", ["Ann employer_ Hull"])]
    assert [sorted(facts) for _, _, facts in by_kind["conflict"]] == [["Ann born in Bergen", "Ann born in Oslo"]]
    unsure = [facts for _, _, facts in by_kind["unsure"]]
    assert unsure[0] == ["P0 likes Hub"]  # it has the most support
    assert len(unsure) == 9
    assert ["Ann met Bob"] not in unsure
    assert len({item.id for item in items}) == len(items)
    assert review_queue(embedded_store, kinds=["ontology"]) == []
    assert len(review_queue(embedded_store, kinds=["unsure"], limit=2)) == 2

    (pair,) = [item for item in items if item.kind == "duplicate"]
    assert {each.name for each in pair.entities} == {"Meridian Tidal Systems", "Meridian Systems"}
    never_merge(embedded_store, pair.entities[0].id, pair.entities[1].id)
    assert review_queue(embedded_store, kinds=["duplicate"]) == []

    one = next(item for item in items if item.kind == "unsure").facts[0]
    accept(embedded_store, [one.evidence[0].extraction_id])
    (conflict,) = (item for item in items if item.kind == "conflict")
    for fact in conflict.facts:
        accept(embedded_store, [each.extraction_id for each in fact.evidence])
    (strange,) = (item for item in items if item.kind == "ontology")
    accept(embedded_store, [strange.facts[0].evidence[0].extraction_id])
    left = review_queue(embedded_store, ontology=ontology, limit=30)
    assert {item.kind for item in left} == {"unsure"}
    assert ("unsure", "unsure", ["P0 likes Hub"]) not in told(left)

    def kg(*args: object) -> str:
        done = CliRunner().invoke(cli, [*map(str, args), "--store", embedded_store.uri], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    listed = kg("review", "--ontology", ontology)
    assert "unsure  unsure\n" in listed and "P1 likes Hub." in listed and "(0.40, 1 statement)" in listed
    rows = json.loads(kg("review", "--kind", "unsure", "--json"))
    assert [row["id"] for row in rows] == [item.id for item in left]
    by_words = {
        each["head"] + " " + each["relation"]: each["id"] for row in rows for each in row["facts"][0]["evidence"]
    }
    kg("review", "--reject", by_words["P1 likes"], "--accept", by_words["P2 likes"], "--by", "eve", "--note", "heard")
    kg("review", "--edit", by_words["P3 likes"], "--relation", "hates", "--head", "P3", "--tail", "Hub", "--quiet")
    made = json.loads(kg("review", "--type", "Hub=Product", "--json"))
    assert (made[0]["kind"], made[0]["type"]) == ("retype", "Product")
    facts = {(e.head.name, e.relation, e.tail.name): e.confidence for e in embedded_store.edges()}
    assert ("P1", "likes", "Hub") not in facts
    assert (facts["P2", "likes", "Hub"], facts["P3", "hate", "Hub"]) == (1.0, 1.0)
    assert [e.type for e in embedded_store.entities() if e.name == "Hub"] == ["Product"]
    listed = kg("decisions")
    assert "'P1 | likes | Hub' in 'P1 likes Hub.' is wrong (decided by eve" in listed and ": heard)" in listed
    assert "is to be 'P3 | hates | Hub' (Person, Place)" in listed and "is of the type 'Product'" in listed
    for wrong in (("--head", "x"), ("--type", "Hub")):
        done = CliRunner().invoke(cli, ["review", *wrong, "--store", embedded_store.uri])
        assert done.exit_code == 2
    reject(embedded_store, [by_words["P2 likes"]])
    assert embedded_store.check() == []
