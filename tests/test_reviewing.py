"""People's decisions on statements: effective at once, in every document with the sentence, on every server."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from kg_builder.backup import back_up, restore
from kg_builder.errors import DecisionError
from kg_builder.resolving import resolve_graph
from kg_builder.resolving_by_hand import (
    decision_lines,
    decisions_of,
    forget_decisions,
    retype_entity,
    take_decisions,
)
from kg_builder.reviewing import accept, decide_again, edit, reject, said_of
from kg_builder.store import GraphStore, StoredEvidence

sys.path.insert(0, str(Path(__file__).parent / "store"))

from making import content, contribute, facts, write

KNOWS = "Ann:Person | knows | Bob:Person"
RUNS = "Ann:Person | runs | Acme:Organization"
LIKES = "Bob:Person | likes | Acme:Organization @ 0.3"
BOUGHT = "Acme:Organization | <was bought by | Cat:Person"
DENIED = "Cat:Person | !sold | Acme:Organization"


def fill(store: GraphStore) -> None:
    write(store, "a.txt", KNOWS, RUNS, LIKES)
    write(store, "b.txt", BOUGHT, KNOWS, DENIED, per_segment=3)


def statements(store: GraphStore) -> dict[tuple[str, str, str, str], StoredEvidence]:
    """All statements by document and words."""
    found = {each for entity in store.entities() for each in store.statements(entity.id)}
    return {(each.document_uri, each.head, each.relation, each.tail): each for each in found}


def id_of(store: GraphStore, *words: str) -> str:
    return statements(store)[words].extraction_id  # type: ignore[index]


def told(store: GraphStore) -> dict[str, tuple[int, float]]:
    return {f"{head} {relation} {tail}": (support, sure) for head, relation, tail, support, sure in facts(store)}


def test_decisions_hold_at_once_and_in_every_document_with_the_sentence(any_store: GraphStore) -> None:
    fill(any_store)
    before = content(any_store)
    known, likes = id_of(any_store, "a.txt", "Ann", "knows", "Bob"), id_of(any_store, "a.txt", "Bob", "likes", "Acme")
    (rejected,) = reject(any_store, [known, known], who="eve", note="they never met")
    assert (rejected.kind, rejected.who, rejected.note) == ("reject", "eve", "they never met")
    assert "Ann knows Bob" not in told(any_store)  # b.txt says so, too
    accept(any_store, [likes])
    assert told(any_store)["Bob likes Acme"] == (1, 1.0)
    accept(any_store, [id_of(any_store, "b.txt", "Cat", "sold", "Acme")])  # that it is denied is right
    assert not any("sold" in each for each in told(any_store))
    found = statements(any_store)
    assert {each.review for key, each in found.items() if "knows" in key} == {"reject"}
    assert (found["a.txt", "Bob", "likes", "Acme"].review, found["a.txt", "Bob", "likes", "Acme"].confidence) == (
        "accept",
        0.3,
    )
    assert said_of(found["b.txt", "Ann", "knows", "Bob"]).id == rejected.id
    assert any_store.check() == []
    assert any_store.repair() == []
    accept(any_store, [known])  # the latest holds
    assert told(any_store)["Ann knows Bob"] == (2, 1.0)
    decide_again(any_store, [rejected])
    assert "Ann knows Bob" not in told(any_store)
    assert [each.kind for _, each in decisions_of(any_store)] == ["reject", "accept", "accept"]
    forget_decisions(any_store, [id_ for id_, _ in decisions_of(any_store)])
    assert content(any_store) == before
    assert any_store.check() == []
    with pytest.raises(DecisionError, match="which none has"):
        reject(any_store, ["nothing"])
    with pytest.raises(DecisionError, match="kg decisions"):
        forget_decisions(any_store, [rejected.id])


def test_an_edit_puts_another_statement_in_the_place_of_one(any_store: GraphStore) -> None:
    write(any_store, "a.txt", "Ann Lee:Person | runs since 2014 | Acme Ltd:Organization", KNOWS)
    write(any_store, "b.txt", "Acme:Organization | sells | boats")
    before = content(any_store)
    one = statements(any_store)["a.txt", "Ann Lee", "runs since 2014", "Acme Ltd"]
    acme = (one.tail_start, one.tail_start + 5)
    edited = edit(any_store, one.extraction_id, head=(0, 3), relation=(8, 12), tail=acme, who="eve")
    new = edited.corrected
    assert new is not None
    assert (new.head, new.head_type, new.relation, new.relation_start) == ("Ann", "Person", "runs", 8)
    assert (new.tail, new.tail_type) == ("Acme", "Organization")
    assert told(any_store)["Ann manage Acme"] == (1, 1.0)
    assert not any("2014" in each for each in told(any_store))
    (person,) = [each for each in statements(any_store).values() if each.extractor == "person"]
    assert (person.decision, person.text[person.head_start : person.head_end]) == (edited.id, "Ann")
    assert [e.mentions for e in any_store.entities() if e.name == "Ann"] == [2]  # the same Ann who knows Bob
    assert (any_store.check(), any_store.repair()) == ([], [])
    assert [s.extraction.extractor for s in any_store.contribution("a.txt").statements] == ["test", "test"]  # type: ignore[union-attr]
    document = any_store.document("a.txt")
    assert document is not None and document.extractions == 2

    again = edit(any_store, person.extraction_id, relation="owns all of", tail_type="Product")
    assert (again.id, again.corrected.head) == (edited.id, "Ann")  # type: ignore[union-attr]
    assert told(any_store)["Ann own of Acme"] == (1, 1.0)
    assert sorted(e.type for e in any_store.entities() if e.name == "Acme") == ["Organization", "Product"]
    (person,) = [each for each in statements(any_store).values() if each.extractor == "person"]
    assert accept(any_store, [person.extraction_id]) == []
    reject(any_store, [person.extraction_id])
    assert [each for each in statements(any_store).values() if each.extractor == "person"] == []
    assert [each.kind for _, each in decisions_of(any_store)] == ["reject"]
    forget_decisions(any_store, [edited.id])
    assert content(any_store) == before

    for wrong, why in (
        ({"head": (0, 400)}, "expected a place from 0 to"),
        ({"tail": (5, 5)}, "expected a place from"),
        ({"relation": " . "}, "expected words of 1 to"),
        ({"head": (3, 4)}, "name something"),
        ({}, "nothing that differs"),
        ({"head": (one.tail_start, one.tail_end)}, "two things"),
        ({"head_type": ""}, "expected a type"),
    ):
        with pytest.raises(DecisionError, match=why):
            edit(any_store, one.extraction_id, **wrong)  # type: ignore[arg-type]
    assert content(any_store) == before


def test_a_type_that_a_person_chose_holds_for_the_entity(
    any_store: GraphStore, other: GraphStore, tmp_path: Path
) -> None:
    fill(any_store)
    before = content(any_store)
    retype_entity(any_store, "Acme", "Brand")
    retype_entity(any_store, "Acme", "Ship Yard", who="ann")
    assert [(e.name, e.type) for e in any_store.entities() if e.name == "Acme"] == [("Acme", "Ship Yard")]
    assert any_store.query("MATCH (e:Ship_Yard) RETURN e.name, labels(e)").rows[0][0] == "Acme"
    assert any_store.query("MATCH (e:Organization) RETURN e.name").rows == ()
    assert told(any_store)["Ann runs Acme"] == (1, 0.8)
    write(any_store, "c.txt", "Acme:Organization | sells | boats")
    assert [e.type for e in any_store.entities() if e.name == "Acme"] == ["Ship Yard"]
    assert (any_store.check(), any_store.repair()) == ([], [])
    retyped = content(any_store)
    back_up(any_store, tmp_path / "graph.zip")
    restore(any_store, tmp_path / "graph.zip", replace=True)
    assert content(any_store) == retyped
    for uri in ("a.txt", "b.txt", "c.txt"):
        any_store.remove(uri)
    fill(any_store)
    resolve_graph(any_store, keep_index=False)
    assert [e.type for e in any_store.entities() if e.name == "Acme"] == ["Ship Yard"]
    forget_decisions(any_store, [id_ for id_, _ in decisions_of(any_store)])
    assert content(any_store) == before
    with pytest.raises(DecisionError, match="expected a type"):
        retype_entity(any_store, "Acme", " \n ")


def test_decisions_survive_documents_that_change_go_and_come_back(any_store: GraphStore, tmp_path: Path) -> None:
    fill(any_store)
    reject(any_store, [id_of(any_store, "a.txt", "Ann", "knows", "Bob")])
    edit(any_store, id_of(any_store, "a.txt", "Ann", "runs", "Acme"), relation="owns")
    accept(any_store, [id_of(any_store, "a.txt", "Bob", "likes", "Acme")])
    decided = content(any_store)
    for uri in ("a.txt", "b.txt"):
        any_store.remove(uri)
    assert any_store.counts().extractions == 0
    fill(any_store)
    assert content(any_store) == decided
    any_store.remove("a.txt")  # under another name, with other sentences before
    write(any_store, "c.txt", "Eve:Person | met | Finn:Person", KNOWS, RUNS, LIKES, per_segment=4)
    assert told(any_store)["Ann own Acme"] == (1, 1.0)
    assert "Ann knows Bob" not in told(any_store)
    assert any_store.check() == []
    assert any_store.reviews.of_document("b.txt").reviews == {
        id_of(any_store, "b.txt", "Ann", "knows", "Bob"): "reject"
    }

    path = tmp_path / "decisions.jsonl"
    path.write_text("".join(decision_lines(any_store)), encoding="utf-8")
    decided, lines = content(any_store), list(decision_lines(any_store))
    documents = [any_store.contribution(uri) for uri in ("b.txt", "c.txt")]
    any_store.keeper.empty()
    assert take_decisions(any_store, path) == 3  # before there is anything to decide on
    for contribution in documents:
        assert contribution is not None
        any_store.write(contribution, size_bytes=1, recipe="test")
    assert (content(any_store), list(decision_lines(any_store))) == (decided, lines)
    row = json.loads(path.read_text(encoding="utf-8").splitlines()[1])
    for wrong, why in (
        ({"new_head_start": 3}, "stand in the sentence"),
        ({"sentence": "Nothing."}, "stand in the sentence"),
        ({"kind": "marry"}, "expected one of merge.*retype, accept, reject, edit"),
        ({"polarity": "maybe"}, "polarity"),
    ):
        path.write_text(json.dumps({**row, **wrong}) + "\n")
        with pytest.raises(DecisionError, match=why):
            take_decisions(any_store, path)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_documents_and_decisions_does_not_matter(embedded_store: GraphStore, seed: int) -> None:
    rng = random.Random(seed)
    lines = [KNOWS, RUNS, LIKES, BOUGHT, DENIED, "Bob:Person | met | Ann Lee:Person"]
    documents = [(f"{n}.txt", rng.sample(lines, rng.randint(1, 5)), rng.randint(1, 3)) for n in range(5)]

    def run(order: random.Random) -> tuple[object, list[str]]:
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        todo = [("write", each) for each in documents] + [("decide", n) for n in range(4)]
        decided: list[tuple[str, str, str]] = [
            ("reject", "knows", ""),
            ("edit", "runs", "owns"),
            ("accept", "likes", ""),
        ]
        decided.append(("edit", "met", "saw"))
        waiting: list[object] = todo
        order.shuffle(waiting)
        while waiting:
            kind, what = waiting.pop(0)  # type: ignore[misc]
            if kind == "write":
                uri, said, size = what
                made = contribute(uri, said, per_segment=size)
                embedded_store.write(made, size_bytes=1, recipe="test")
                if order.random() < 0.3:
                    embedded_store.remove(uri)
                    waiting.append(("write", what))
                continue
            action, relation, new = decided[what]
            found = [each for key, each in sorted(statements(embedded_store).items()) if key[2] == relation]
            if not found and any(kind == "write" for kind, _ in waiting):  # type: ignore[misc]
                waiting.append(("decide", what))  # nothing to decide on yet
            elif found:
                one = order.choice(found).extraction_id
                if order.random() < 0.3:
                    reject(embedded_store, [one])
                if action == "edit":
                    edit(embedded_store, one, relation=new)
                else:
                    (accept if action == "accept" else reject)(embedded_store, [one])
        resolve_graph(embedded_store, keep_index=False)
        assert embedded_store.check() == []
        lines = [json.loads(line) for line in decision_lines(embedded_store)]
        return content(embedded_store), sorted(row["kind"] + row["id"] for row in lines)

    assert run(random.Random(seed + 10)) == run(random.Random(seed + 20))


def test_damage_is_found_and_mended(any_store: GraphStore) -> None:
    fill(any_store)
    reject(any_store, [id_of(any_store, "a.txt", "Ann", "knows", "Bob")])
    edit(any_store, id_of(any_store, "a.txt", "Ann", "runs", "Acme"), relation="owns")
    whole = content(any_store)
    for damage, complaint in (
        ("MATCH (x:Extraction) REMOVE x.review", "whose review is not"),
        ("MATCH (x:Extraction) WHERE x.review IS NULL SET x.review = 'reject'", "whose review is not"),
        ("MATCH (x:Extraction {extractor: 'person'}) DETACH DELETE x", "whose review is not"),
        ("MATCH (x:Extraction {extractor: 'person'}) SET x.decision = 'x'", "whose review is not"),
        ("MATCH (d:Decision {kind: 'edit'}) SET d.new_head = 'Zoe'", "do not say what was decided"),
        ("CREATE (d:Decision {id: '0123', kind: 'reject', head: 'Ann'})", "do not say what was decided"),
        ("MATCH (:Entity)-[f]->(:Entity) DELETE f", "without an edge"),
    ):
        kept = list(any_store.reviews.decisions())
        any_store.execute(damage)
        assert any(complaint in each for each in any_store.check()), (damage, any_store.check())
        assert any_store.repair()
        assert any_store.check() == [], damage
        decide_again(any_store, kept)
        assert content(any_store) == whole, damage
    assert len(decisions_of(any_store)) == 2


def test_a_backup_has_decisions_on_statements(any_store: GraphStore, tmp_path: Path) -> None:
    fill(any_store)
    reject(any_store, [id_of(any_store, "a.txt", "Ann", "knows", "Bob")])
    edit(any_store, id_of(any_store, "a.txt", "Ann", "runs", "Acme"), relation="owns")
    decided, decisions = content(any_store), decisions_of(any_store)
    made = back_up(any_store, tmp_path / "graph.zip")
    assert made.counts.extractions == 6
    restore(any_store, tmp_path / "graph.zip", replace=True)
    assert (content(any_store), decisions_of(any_store)) == (decided, decisions)
    assert any_store.check() == []
    assert back_up(any_store, tmp_path / "again.zip").parts == made.parts
    forget_decisions(any_store, [id_ for id_, _ in decisions_of(any_store)])
    assert told(any_store)["Ann knows Bob"] == (2, 0.8)


def test_a_name_with_a_key_of_its_own_is_found_again(embedded_store: GraphStore) -> None:
    made = contribute("a.txt", [KNOWS])
    (said,) = made.statements
    called = replace(said, head=replace(said.head, key="ann lee"), tail=replace(said.tail, key="robert"))
    embedded_store.write(replace(made, statements=(called,)), size_bytes=1, recipe="test")
    (rejected,) = reject(embedded_store, [said.extraction.id])
    assert (rejected.head_key, rejected.tail_key, told(embedded_store)) == ("ann lee", "robert", {})
    edit(embedded_store, said.extraction.id, relation="met")
    assert {(n, e) for n, e in embedded_store.query("MATCH (n:Name) RETURN n.key, n.type").rows} == {
        ("ann lee", "Person"),
        ("robert", "Person"),
    }
    forget_decisions(embedded_store, [rejected.id])
    assert told(embedded_store) == {"Ann knows Bob": (1, 0.8)}


def test_many_segments_take_several_transactions(embedded_store: GraphStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg_builder.store.writing.LARGEST_TRANSACTION", 4)
    for n in range(6):
        write(embedded_store, f"{n}.txt", KNOWS, RUNS)
    reject(embedded_store, [id_of(embedded_store, "3.txt", "Ann", "knows", "Bob")])
    assert set(told(embedded_store)) == {"Ann runs Acme"}
    assert embedded_store.check() == []


def test_of_several_decisions_on_one_statement_the_latest_holds(
    embedded_store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg_builder.store.writing._DECISIONS", 1)
    write(embedded_store, "a.txt", KNOWS, RUNS)
    (later,) = reject(embedded_store, [id_of(embedded_store, "a.txt", "Ann", "knows", "Bob")])
    (other,) = reject(embedded_store, [id_of(embedded_store, "a.txt", "Ann", "runs", "Acme")])
    earlier = replace(later, kind="accept", at="2020-01-01T00:00:00+00:00")
    embedded_store.reviews.decide([later, earlier, other])
    assert told(embedded_store) == {}
    assert len(embedded_store.reviews.decisions()) == 2


_OTHER = """
import sys
from kg_builder.store import open_store
sys.path.insert(0, sys.argv[2])
from making import write
with open_store(sys.argv[1], create=False) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(12):
        write(store, f"{n}.txt", "Ann:Person | knows | Bob:Person", "Ann:Person | runs | Acme:Organization")
"""


def test_decisions_while_another_process_writes(embedded_store: GraphStore) -> None:
    write(embedded_store, "first.txt", KNOWS, RUNS)
    command = [sys.executable, "-c", _OTHER, embedded_store.uri, str(Path(__file__).parent / "store")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        known, runs = (
            id_of(embedded_store, "first.txt", "Ann", *each) for each in (("knows", "Bob"), ("runs", "Acme"))
        )
        people = [
            threading.Thread(target=lambda: [reject(embedded_store, [known]) for _ in range(4)]),
            threading.Thread(target=lambda: [edit(embedded_store, runs, relation=f"owns {n}") for n in range(4)]),
        ]
        for each in people:
            each.start()
        for each in people:
            each.join()
        assert process.wait(timeout=120) == 0
    assert told(embedded_store) == {"Ann own 3 Acme": (13, 1.0)}
    assert embedded_store.check() == []
