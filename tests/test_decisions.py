"""People's decisions on names: taken, remembered, explained, taken elsewhere and taken back, on every server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kg_builder.backup import back_up, restore
from kg_builder.errors import DecisionError
from kg_builder.resolve.records import Decision
from kg_builder.resolving import resolve_graph
from kg_builder.resolving_by_hand import (
    decision_lines,
    decisions_of,
    forget_decisions,
    merge_entities,
    never_merge,
    refer,
    rename_entity,
    split_entity,
    take_decisions,
)
from kg_builder.resolving_decisions import insist_on_sense
from kg_builder.resolving_explained import explain_names
from kg_builder.store import GraphStore
from kg_builder.types import Name

sys.path.insert(0, str(Path(__file__).parent / "store"))

from making import content, facts, write


def fill(store: GraphStore) -> None:
    write(
        store,
        "a.txt",
        "Deep Tide:Organization | bought | 深潮:Organization",
        "Ann:Person | runs | Deep Tide:Organization",
    )
    write(store, "b.txt", "Wave Fund:Organization | funds | Ann:Person", "Jordan:Person | knows | Jordan:Place")


def entities(store: GraphStore) -> set[frozenset[str]]:
    return {frozenset((e.name, *e.aliases)) for e in store.entities()}


def test_a_merge_survives_documents_that_go_and_come_back(any_store: GraphStore) -> None:
    fill(any_store)
    apart = content(any_store)
    taken = merge_entities(any_store, "Deep Tide", "深潮", who="ann", note="one firm")
    assert (taken.kind, taken.who, taken.note) == ("merge", "ann", "one firm")
    together = content(any_store)
    assert frozenset({"Deep Tide", "深潮"}) in entities(any_store)
    assert any_store.check() == []
    any_store.remove("a.txt")
    assert decisions_of(any_store)[0][1] == taken
    write(
        any_store,
        "a.txt",
        "Deep Tide:Organization | bought | 深潮:Organization",
        "Ann:Person | runs | Deep Tide:Organization",
    )
    resolve_graph(any_store, keep_index=False, again=True)
    assert content(any_store) == together
    ((id_, _),) = decisions_of(any_store)
    assert forget_decisions(any_store, [id_]) == [taken]
    assert content(any_store) == apart
    assert any_store.check() == []


def test_a_merge_goes_by_way_of_names_that_are_not_there(embedded_store: GraphStore) -> None:
    fill(embedded_store)
    merge_entities(embedded_store, "Deep Tide", "深潮")
    merge_entities(embedded_store, "Deep Tide", "Wave Fund")
    embedded_store.remove("a.txt")
    write(embedded_store, "c.txt", "深潮:Organization | sells | boats")
    resolve_graph(embedded_store, keep_index=False)
    assert frozenset({"深潮", "Wave Fund"}) in entities(embedded_store)


def test_names_are_parted_and_stay_parted(any_store: GraphStore) -> None:
    fill(any_store)
    merge_entities(any_store, "Deep Tide", "深潮")
    merge_entities(any_store, "Deep Tide", "Wave Fund")
    with pytest.raises(DecisionError, match=r"contradict.*'deep tide'.*stands by itself.*are one.*--forget"):
        split_entity(any_store, "Deep Tide")
    forget_decisions(any_store, [id_ for id_, _ in decisions_of(any_store)])
    any_store.assign({Name("深潮", "Organization").id: refer(any_store, "Deep Tide").entity})
    assert [d.a.key for d in split_entity(any_store, "深潮")] == ["深潮"]
    assert {frozenset({"Deep Tide"}), frozenset({"深潮"})} <= entities(any_store)
    with pytest.raises(DecisionError, match="has one; nothing to split"):
        split_entity(any_store, "深潮")
    never_merge(any_store, "Deep Tide", "Wave Fund")
    with pytest.raises(DecisionError, match=r"never one.*decided by.*'wave fund'"):
        merge_entities(any_store, "Wave Fund", "Deep Tide")
    assert any_store.check() == []


def test_a_type_and_no_type_of_one_key_can_be_parted(any_store: GraphStore) -> None:
    write(any_store, "a.txt", "Mercury:Place | is | hot", "Mercury | is | liquid")
    assert frozenset({"Mercury"}) in entities(any_store)
    split_entity(any_store, "Mercury")
    assert sorted(e.type for e in any_store.entities() if e.name == "Mercury") == ["Other", "Place"]
    write(any_store, "b.txt", "Mercury | is | toxic")
    resolve_graph(any_store, keep_index=False, again=True)
    assert sorted(e.type for e in any_store.entities() if e.name == "Mercury") == ["Other", "Place"]


def test_a_new_name_is_shown_and_found_until_it_is_taken_back(any_store: GraphStore, tmp_path: Path) -> None:
    fill(any_store)
    before = content(any_store)
    rename_entity(any_store, "深潮", "深潮科技 (Deep Tide)")
    rename_entity(any_store, "深潮", "深潮科技")
    (entity,) = any_store.search("深潮科技")
    assert (entity.name, entity.aliases) == ("深潮科技", ("深潮",))
    assert ("Deep Tide", "bought", "深潮科技", 1, 0.8) in facts(any_store)
    write(any_store, "c.txt", "深潮:Organization | sells | boats")
    assert any_store.search("深潮科技")[0].mentions == 2
    any_store.execute("MATCH (e:Entity {name: '深潮科技'}) SET e.aliases = []")
    any_store.repair()
    assert any_store.search("深潮科技")[0].aliases == ("深潮",)
    assert any_store.check() == []
    any_store.remove("c.txt")
    assert len(decisions_of(any_store)) == 1
    forget_decisions(any_store, [decisions_of(any_store)[0][0]])
    assert content(any_store) == before


def test_a_name_that_several_have_is_refused_with_their_ids(embedded_store: GraphStore) -> None:
    fill(embedded_store)
    ids = {e.id for e in embedded_store.entities() if e.name == "Jordan"}
    with pytest.raises(DecisionError, match="which 2 have") as caught:
        merge_entities(embedded_store, "Jordan", "Ann")
    assert all(id_ in str(caught.value) for id_ in ids)
    with pytest.raises(DecisionError, match="which none has"):
        merge_entities(embedded_store, "Nobody", "Ann")
    person, place = (
        next(e.id for e in embedded_store.entities() if (e.name, e.type) == ("Jordan", t)) for t in ("Person", "Place")
    )
    merge_entities(embedded_store, person, place)
    assert len([e for e in embedded_store.entities() if e.name == "Jordan"]) == 1


def test_contradictions_through_a_chain_name_all_sources() -> None:
    a, b, c, d = (Name(key, "Person") for key in "abcd")
    there = [
        Decision("merge", a, b, "ann", "2026-01-01", "kg merge"),
        Decision("merge", b, c, "bob", "2026-01-02", "list.jsonl:7"),
    ]
    never = Decision("never-merge", c, a, "eve", "2026-01-03", "browser")
    with pytest.raises(DecisionError, match=r"eve.*browser") as caught:
        insist_on_sense(there, [never])
    assert "list.jsonl:7" in str(caught.value)
    assert "ann" in str(caught.value)
    insist_on_sense(there, [Decision("never-merge", c, d, "eve", "2026-01-03")])


def test_decisions_go_from_one_graph_to_another(any_store: GraphStore, other: GraphStore, tmp_path: Path) -> None:
    fill(any_store)
    fill(other)
    merge_entities(any_store, "Deep Tide", "深潮", who="ann")
    never_merge(any_store, "Deep Tide", "Wave Fund", who="ann")
    rename_entity(any_store, "Ann", "Ann O'Hara", who="ann")
    path = tmp_path / "decisions.jsonl"
    path.write_text("".join(decision_lines(any_store)), encoding="utf-8")
    assert take_decisions(other, path) == 3
    assert content(other) == content(any_store)
    assert list(decision_lines(other)) == list(decision_lines(any_store))
    row = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    path.write_text(json.dumps({**row, "kind": "never-merge", "source": "", "who": "eve"}) + "\n", encoding="utf-8")
    with pytest.raises(DecisionError, match=r"eve.*decisions.jsonl:1.*ann"):
        take_decisions(other, path)
    path.write_text('{"kind": "marry"}\n')
    with pytest.raises(DecisionError, match=r"decisions.jsonl:1: expected one of merge"):
        take_decisions(other, path)


def test_a_backup_has_the_decisions(any_store: GraphStore, other: GraphStore, tmp_path: Path) -> None:
    fill(any_store)
    merge_entities(any_store, "Deep Tide", "深潮")
    rename_entity(any_store, "Deep Tide", "The Firm")
    back_up(any_store, tmp_path / "graph.zip")
    restore(other, tmp_path / "graph.zip")
    assert content(other) == content(any_store)
    assert decisions_of(other) == decisions_of(any_store)
    resolve_graph(other, keep_index=False)
    assert content(other) == content(any_store)


def test_reasons_are_told_in_words(any_store: GraphStore) -> None:
    fill(any_store)
    merge_entities(any_store, "Deep Tide", "深潮", who="ann", note="same address")
    found = explain_names(any_store, "Deep Tide", "深潮")
    assert found.one
    assert "'deep tide' (Organization) and '深潮' (Organization) are one (decided by ann" in found.reasons[0]
    never_merge(any_store, "Wave Fund", "Deep Tide", who="bob")
    found = explain_names(any_store, "Deep Tide", "Wave Fund")
    assert (found.one, len(found.reasons)) == (False, 1)
    assert "are never one (decided by bob" in found.reasons[0]
    found = explain_names(any_store, "Ann", "深潮")
    assert not found.one
    assert found.reasons[0].startswith('"Ann" and "深潮" are two')
    write(any_store, "c.txt", "ANN | is | tall")
    assert "one key, 'ann'" in explain_names(any_store, "ANN", "Ann").reasons[0]


def test_the_commands(tmp_path: Path, embedded_path: Path) -> None:
    triples = tmp_path / "t.txt"
    triples.write_text("Deep Tide|bought|深潮\nWave Fund|funds|Deep Tide\n", encoding="utf-8")

    def kg(*args: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kg_builder.cli", *args, "--store", f"embedded:{embedded_path}"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert kg("import", triples).returncode == 0
    done = kg("merge", "Deep Tide", "深潮", "--by", "ann")
    assert (done.returncode, "are one (decided by ann" in done.stderr) == (0, True), done.stderr
    told = json.loads(kg("explain", "深潮", "Deep Tide", "--json").stdout)
    assert told["one"] is True
    done = kg("never-merge", "深潮", "Deep Tide")
    assert done.returncode == 1
    assert "contradict" in done.stderr
    assert kg("resolve", "--again", "--quiet").returncode == 0
    assert kg("explain", "深潮", "Deep Tide").stdout.startswith("One entity.")
    assert kg("rename", "深潮", "深潮科技").returncode == 0
    lines = kg("decisions").stdout.splitlines()
    assert len(lines) == 2
    assert kg("decisions", "--export", tmp_path / "d.jsonl").returncode == 0
    assert kg("decisions", "--forget", lines[0].split()[0]).returncode == 0
    assert kg("explain", "深潮", "Deep Tide").stdout.startswith("Two entities.")
    assert kg("decisions", "--import", tmp_path / "d.jsonl").returncode == 0
    assert kg("explain", "深潮", "Deep Tide").stdout.startswith("One entity.")


def test_damaged_decisions_and_links_are_found_and_mended(any_store: GraphStore) -> None:
    fill(any_store)
    merge_entities(any_store, "Deep Tide", "深潮")
    whole = content(any_store)
    any_store.execute("CREATE (d:Decision {id: '0123', kind: 'marry', a_key: 'ann', a_type: 'Person'})")
    any_store.execute(
        "MATCH (a:Name {key: 'ann'}) MATCH (b:Name {key: '深潮'}) "
        "CREATE (a)-[:LINKED {probability: 0.9, rule: 'x', scores: '{}'}]->(b)"
    )
    assert len(decisions_of(any_store)) == 1
    found = any_store.check()
    assert [told.split(":")[0] for told in found] == [
        "decisions that do not say what was decided",
        "links between names that are not one entity",
    ]
    any_store.repair()
    assert any_store.check() == []
    assert (content(any_store), len(decisions_of(any_store))) == (whole, 1)
