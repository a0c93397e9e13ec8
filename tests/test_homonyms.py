"""One name of several things: parted by what documents tell, the same whatever the order, and joined by people."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg_builder.backup import back_up, restore
from kg_builder.errors import DecisionError
from kg_builder.export import export_graph
from kg_builder.resolving import resolve_graph
from kg_builder.resolving_by_hand import (
    decision_lines,
    decisions_of,
    forget_decisions,
    merge_entities,
    part_entity,
    refer,
    take_decisions,
)
from kg_builder.resolving_explained import explain_names
from kg_builder.store import GraphStore

sys.path.insert(0, str(Path(__file__).parent / "store"))

from making import content, contribute, write

SMITH = "John Smith:Person"
PHYSICIST = f"{SMITH} | be | physicist:Person"
AT_MIT = f"{SMITH} | works at | MIT:Organization"
FOOTBALLER = f"{SMITH} | be | footballer:Person"
FOR_LEEDS = f"{SMITH} | play for | Leeds United:Organization"
LINES = [
    *(PHYSICIST, AT_MIT, FOOTBALLER, FOR_LEEDS, f"{SMITH} | born on | 1950:Time", f"{SMITH} | born on | 1985:Time"),
    *("J. Smith:Person | works at | MIT:Organization", "John Smith | knows | MIT:Organization"),
    *(f"Mara Quill:Person | knows | {SMITH}", f"{SMITH} | be | tall", "Smith:Person | play for | Leeds United"),
]
TEXTS = st.lists(st.sampled_from(LINES), min_size=1, max_size=3)
STEPS = st.lists(st.tuples(st.sampled_from("abcd"), st.one_of(TEXTS, st.none())), min_size=2, max_size=8)


def smiths(store: GraphStore) -> set[frozenset[str]]:
    """The documents that mention each of the people called so."""
    found: dict[str, set[str]] = {}
    rows = store.query(
        "MATCH (n:Name)-[:NAMES]->(e:Entity)-[:MENTIONED_IN]->(:Segment)-[:PART_OF]->(d:Document) "
        "WHERE e.name = 'John Smith' RETURN e.id, d.uri"
    ).rows
    for entity, uri in rows:
        found.setdefault(str(entity), set()).add(str(uri))
    return {frozenset(uris) for uris in found.values()}


def test_two_people_of_one_name_are_two_until_nothing_tells_them_apart(any_store: GraphStore, tmp_path: Path) -> None:
    index = tmp_path / "index"
    write(any_store, "a", PHYSICIST, AT_MIT)
    write(any_store, "b", FOOTBALLER)
    write(any_store, "c", FOR_LEEDS)
    assert smiths(any_store) == {frozenset("abc")}
    before = content(any_store)
    told = resolve_graph(any_store, index=index, dry_run=True)
    assert [(change.kind, change.names, change.rules) for change in told.changes] == [
        ("split", ("john smith",), ("homonyms",))
    ]
    assert content(any_store) == before
    assert resolve_graph(any_store, index=index).split == told.split == 2
    assert smiths(any_store) == {frozenset("a"), frozenset("bc")}
    assert any_store.check() == []
    with pytest.raises(DecisionError, match="one entity, found 'John Smith', which 2 have"):
        refer(any_store, "John Smith")
    ids = [e.id for e in any_store.entities() if e.name == "John Smith"]
    assert "cannot be true of one" in " ".join(explain_names(any_store, *ids).reasons)
    write(any_store, "d", AT_MIT)
    resolve_graph(any_store, index=index)
    assert smiths(any_store) == {frozenset("ad"), frozenset("bc")}
    write(any_store, "a", f"{SMITH} | be | tall")  # what it told is withdrawn: nothing is left but company
    resolve_graph(any_store, index=index)
    assert smiths(any_store) == {frozenset("abcd")}
    assert any_store.check() == []
    assert not any_store.query("MATCH (n:Name) WHERE n.plain > '' RETURN n.id").rows


def test_any_history_gives_the_homonyms_of_a_build_from_scratch(embedded_store: GraphStore, tmp_path: Path) -> None:
    index = tmp_path / "index"

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(steps=STEPS, data=st.data())
    def check(steps: list[tuple[str, list[str] | None]], data: st.DataObject) -> None:
        def put(uri: str, lines: list[str] | None) -> None:
            if lines is None:
                embedded_store.remove(uri)
            else:
                embedded_store.write(contribute(uri, lines), size_bytes=1, recipe="")

        embedded_store.execute("MATCH (n) DETACH DELETE n")
        for uri, lines in steps:
            put(uri, lines)
            if data.draw(st.booleans()):
                resolve_graph(embedded_store, index=index)
        resolve_graph(embedded_store, index=index)
        assert embedded_store.check() == []
        export_graph(embedded_store, tmp_path / "history.jsonl")
        assert resolve_graph(embedded_store, index=index).names == 0
        final = dict(steps)
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        for uri in data.draw(st.permutations(sorted(final))):
            if final[uri] is not None:
                put(uri, final[uri])
        resolve_graph(embedded_store, keep_index=False)
        export_graph(embedded_store, tmp_path / "scratch.jsonl")
        assert (tmp_path / "history.jsonl").read_bytes() == (tmp_path / "scratch.jsonl").read_bytes()

    check()


def test_people_may_say_that_they_are_one_and_everything_survives(any_store: GraphStore, tmp_path: Path) -> None:
    write(any_store, "a", PHYSICIST)
    write(any_store, "b", FOOTBALLER)
    resolve_graph(any_store, keep_index=False)
    apart = content(any_store)
    back_up(any_store, tmp_path / "b.zip")
    ids = sorted(e.id for e in any_store.entities() if e.name == "John Smith")
    merge_entities(any_store, *ids, who="ann")
    assert smiths(any_store) == {frozenset("ab")}
    resolve_graph(any_store, keep_index=False, again=True)
    assert smiths(any_store) == {frozenset("ab")}
    assert any_store.check() == []
    lines = list(decision_lines(any_store))
    restore(any_store, tmp_path / "b.zip", replace=True)
    assert content(any_store) == apart
    (tmp_path / "decisions.jsonl").write_text("".join(f"{line}\n" for line in lines))
    take_decisions(any_store, tmp_path / "decisions.jsonl")
    assert smiths(any_store) == {frozenset("ab")}


def test_a_document_may_be_said_to_mean_somebody_else(any_store: GraphStore, tmp_path: Path) -> None:
    index = tmp_path / "index"
    for uri in "abc":
        write(any_store, uri, AT_MIT, "小巨人:Product | made in | Oslo:Place")
    resolve_graph(any_store)
    before = content(any_store)
    [taken] = part_entity(any_store, "John Smith", ["c"], who="ann", note="the younger one")
    assert (taken.kind, taken.who, taken.document) == ("part", "ann", "c")
    parted = {frozenset("ab"), frozenset("c")}
    assert smiths(any_store) == parted
    assert any_store.check() == []
    ids = [e.id for e in any_store.entities() if e.name == "John Smith"]
    [reason] = explain_names(any_store, *ids).reasons
    assert "'c' means another one than other documents do (decided by ann" in reason
    with pytest.raises(DecisionError, match=r"contradict each other: .* 'c' means another one"):
        merge_entities(any_store, *ids)
    with pytest.raises(DecisionError, match=r"expected a document that mentions .*, found 'd'"):
        part_entity(any_store, ids[0], ["d"])
    resolve_graph(any_store, again=True)
    assert smiths(any_store) == parted
    any_store.remove("c")
    resolve_graph(any_store)
    assert smiths(any_store) == {frozenset("ab")}
    write(any_store, "c", AT_MIT, "小巨人:Product | made in | Oslo:Place", f"{SMITH} | be | tall")
    resolve_graph(any_store)
    assert smiths(any_store) == parted
    part_entity(any_store, "小巨人", ["a"])  # of a type that is never parted by itself
    assert sum(e.name == "小巨人" for e in any_store.entities()) == 2
    back_up(any_store, tmp_path / "graph.zip")
    file = tmp_path / "decisions.jsonl"
    file.write_text("".join(decision_lines(any_store)), encoding="utf-8")
    whole = content(any_store)
    restore(any_store, tmp_path / "graph.zip", replace=True)
    resolve_graph(any_store, index=index)
    assert content(any_store) == whole
    write(any_store, "c", AT_MIT, "小巨人:Product | made in | Oslo:Place")
    resolve_graph(any_store)
    forget_decisions(any_store, [id_ for id_, _ in decisions_of(any_store)])
    assert content(any_store) == before
    assert take_decisions(any_store, file) == 2
    assert smiths(any_store) == parted
    assert any_store.check() == []


def test_a_document_is_split_off_at_once_where_the_graph_was_never_resolved(embedded_store: GraphStore) -> None:
    for uri in "ab":
        write(embedded_store, uri, AT_MIT)
    part_entity(embedded_store, "john  SMITH", ["b"])
    assert smiths(embedded_store) == {frozenset("a"), frozenset("b")}
    assert embedded_store.check() == []


def test_a_lost_name_of_homonyms_is_mended(any_store: GraphStore) -> None:
    write(any_store, "a", PHYSICIST)
    write(any_store, "b", FOOTBALLER)
    resolve_graph(any_store, keep_index=False)
    before = content(any_store)
    any_store.execute("MATCH (n:Name) WHERE n.plain > '' DETACH DELETE n")
    any_store.repair()
    resolve_graph(any_store, keep_index=False, again=True)
    assert (any_store.check(), content(any_store)) == ([], before)
