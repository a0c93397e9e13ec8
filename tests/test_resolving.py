"""Names come together and part again as documents come and go: the same whatever the order, and whatever is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg_builder import resolving, resolving_blocks, resolving_index
from kg_builder.export import export_graph
from kg_builder.resolving import resolve_graph
from kg_builder.resolving_by_hand import merge_entities, never_merge
from kg_builder.resolving_explained import explain_names
from kg_builder.store import GraphStore, open_store

sys.path.insert(0, str(Path(__file__).parent / "store"))

from making import content, contribute, write

# Names that are likely one, by spelling, by initials, by what a text states, in English and Chinese, and some that are
# not; few relations, so that they share neighbours.
NAMES = [
    *("Deep Tide:Organization", "Deep Tide Ltd.:Organization", "DeepTide:Organization", "DT:Organization"),
    *("Mara Quill:Person", "Dr. Mara Quill:Person", "M. Quill:Person", "Quill:Person", "Tobias Quill:Person"),
    *("Quill", "深潮科技有限公司:Organization", "深潮科技:Organization", "深潮", "Java:Product", "JavaScript:Product"),
]
LINES = st.builds(
    lambda head, relation, tail: f"{head} | {relation} | {tail}",
    st.sampled_from(NAMES),
    st.sampled_from(["leads", "known as", "简称", "owns"]),
    st.sampled_from(NAMES),
)
TEXTS = st.lists(LINES, min_size=1, max_size=4)
STEPS = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.one_of(TEXTS, st.none())), min_size=1, max_size=6)
MERGED = [
    "Deep Tide:Organization | is led by | Mara Quill:Person",
    "Deep Tide Ltd.:Organization | owns | Tide Mill:Place",
    "Dr. Mara Quill:Person | lives in | Oslo:Place",
]


def put(store: GraphStore, uri: str, lines: list[str] | None) -> None:
    if lines is None:
        store.remove(uri)
    else:
        store.write(contribute(uri, lines), size_bytes=1, recipe="")


def links(store: GraphStore) -> list[tuple[object, ...]]:
    rows = store.query("MATCH (a:Name)-[l:LINKED]->(b:Name) RETURN a.key, b.key, l.probability, l.rule, l.scores").rows
    return sorted(rows)


def entities(store: GraphStore) -> set[frozenset[str]]:
    return {frozenset((e.name, *e.aliases)) for e in store.entities()}


@pytest.mark.parametrize("large", [40, 1])
def test_any_history_gives_the_entities_of_a_build_from_scratch(
    embedded_store: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    most = {"block": (large, large), "context": (1000, large)}  # so that both become too large and small again
    monkeypatch.setattr(resolving_blocks, "_MOST", most)
    monkeypatch.setattr(resolving, "_MOVED_AT_ONCE", 3)

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(steps=STEPS, data=st.data())
    def check(steps: list[tuple[str, list[str] | None]], data: st.DataObject) -> None:
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        for uri, lines in steps:
            put(embedded_store, uri, lines)
            if data.draw(st.booleans()):
                resolve_graph(embedded_store, index=tmp_path / "index")
        resolve_graph(embedded_store, index=tmp_path / "index")
        assert embedded_store.check() == []
        export_graph(embedded_store, tmp_path / "history.jsonl")
        found = content(embedded_store), links(embedded_store)
        assert resolve_graph(embedded_store, index=tmp_path / "index").names == 0
        final = {uri: lines for uri, lines in steps if lines is not None and dict(steps)[uri] == lines}
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        for uri in data.draw(st.permutations(sorted(final))):
            put(embedded_store, uri, final[uri])
        resolve_graph(embedded_store, keep_index=False)
        export_graph(embedded_store, tmp_path / "scratch.jsonl")
        assert (tmp_path / "scratch.jsonl").read_bytes() == (tmp_path / "history.jsonl").read_bytes()
        assert (content(embedded_store), links(embedded_store)) == found

    check()


def test_names_that_are_one_come_together_and_part_when_the_reason_goes(any_store: GraphStore, tmp_path: Path) -> None:
    index = tmp_path / "index"
    write(any_store, "a.txt", MERGED[0])
    write(any_store, "b.txt", MERGED[1])
    resolve_graph(any_store, index=index)
    alone = content(any_store), links(any_store)
    write(any_store, "c.txt", MERGED[2], "Mara Quill:Person | known as | Tidewife:Person")
    report = resolve_graph(any_store, index=index)
    assert (report.afresh, report.names) == (False, 4)
    assert frozenset({"Dr. Mara Quill", "Mara Quill", "Tidewife"}) in entities(any_store)
    assert frozenset({"Deep Tide", "Deep Tide Ltd."}) in entities(any_store)
    assert any_store.check() == []
    explained = explain_names(any_store, "Tidewife", "Dr. Mara Quill")
    assert explained.one
    assert all("are one (probability" in reason for reason in explained.reasons)
    any_store.remove("c.txt")
    resolve_graph(any_store, index=index)
    assert (content(any_store), links(any_store)) == alone
    assert any_store.check() == []


def test_what_others_wrote_is_noticed(embedded_store: GraphStore, tmp_path: Path) -> None:
    write(embedded_store, "a.txt", MERGED[0])
    resolve_graph(embedded_store, index=tmp_path / "mine")
    write(embedded_store, "b.txt", MERGED[1])
    assert resolve_graph(embedded_store, index=tmp_path / "theirs").afresh
    write(embedded_store, "c.txt", MERGED[2])
    assert resolve_graph(embedded_store, index=tmp_path / "mine").afresh
    assert not resolve_graph(embedded_store, index=tmp_path / "mine").afresh
    embedded_store.execute("MATCH (p:Store) WHERE p.id STARTS WITH 'touched:' DELETE p")
    write(embedded_store, "d.txt", "Oslo Fjord:Place | lies in | Norway:Place")
    embedded_store.execute("MATCH (p:Store) WHERE p.id STARTS WITH 'touched:' DELETE p")  # as an older version does
    write(embedded_store, "e.txt", "Oslo:Place | is | big")
    assert resolve_graph(embedded_store, index=tmp_path / "mine").afresh
    (tmp_path / "mine").write_bytes(b"no index at all" * 1000)
    write(embedded_store, "f.txt", "Oslo:Place | is | old")
    assert resolve_graph(embedded_store, index=tmp_path / "mine").afresh


def test_a_dry_run_lists_what_would_be_done_and_changes_nothing(any_store: GraphStore, tmp_path: Path) -> None:
    for number, line in enumerate(MERGED):
        write(any_store, f"{number}.txt", line)
    before, version = content(any_store), any_store.keeper.version()
    report = resolve_graph(any_store, index=tmp_path / "index", dry_run=True)
    assert (content(any_store), any_store.keeper.version()) == (before, version)
    assert {change.names for change in report.changes} == {
        ("Deep Tide", "Deep Tide Ltd."),
        ("Dr. Mara Quill", "Mara Quill"),
    }
    assert [c.confidence for c in report.changes] == sorted((c.confidence for c in report.changes), reverse=True)
    done = resolve_graph(any_store, index=tmp_path / "index")
    assert (done.merged, done.names) == (report.merged, report.names)
    assert resolve_graph(any_store, index=tmp_path / "index", dry_run=True, again=True).changes == []


def test_the_threshold_is_kept_and_can_be_changed(embedded_store: GraphStore, tmp_path: Path) -> None:
    for number, line in enumerate(MERGED):
        write(embedded_store, f"{number}.txt", line)
    apart = content(embedded_store)
    resolve_graph(embedded_store, index=tmp_path / "index", threshold=0.999999)
    assert content(embedded_store) == apart
    write(embedded_store, "more.txt", "Deep Tide Ltd.:Organization | is | old")
    assert resolve_graph(embedded_store, index=tmp_path / "index").threshold == 0.999999
    assert frozenset({"Deep Tide", "Deep Tide Ltd."}) not in entities(embedded_store)
    assert resolve_graph(embedded_store, index=tmp_path / "index", threshold=0.5).merged == 2
    assert frozenset({"Deep Tide", "Deep Tide Ltd."}) in entities(embedded_store)


def test_decisions_beat_evidence(any_store: GraphStore) -> None:
    for number, line in enumerate(MERGED):
        write(any_store, f"{number}.txt", line)
    resolve_graph(any_store, keep_index=False)
    never_merge(any_store, "Deep Tide", "Deep Tide Ltd.")
    merge_entities(any_store, "Tide Mill", "Oslo")
    for again in (False, True):
        resolve_graph(any_store, keep_index=False, again=again)
        assert {frozenset({"Deep Tide"}), frozenset({"Deep Tide Ltd."}), frozenset({"Tide Mill", "Oslo"})} <= entities(
            any_store
        )
    any_store.remove("1.txt")
    write(any_store, "1.txt", MERGED[1])
    resolve_graph(any_store, keep_index=False)
    assert {frozenset({"Deep Tide Ltd."}), frozenset({"Tide Mill", "Oslo"})} <= entities(any_store)


RUN = """
import sys
from pathlib import Path
from kg_builder import resolving
from kg_builder.resolving import resolve_graph
from kg_builder.store import open_store
resolving._MOVED_AT_ONCE = 2
print("begun", flush=True)
with open_store("embedded:" + sys.argv[1]) as store:
    resolve_graph(store, index=Path(sys.argv[2]))
"""


def test_what_a_killed_run_left_is_done_by_the_next(embedded_path: Path, tmp_path: Path) -> None:
    rng = random.Random(5)
    names = [f"{a} {b}" for a in ("Mara", "Ines", "Viktor", "Tobias") for b in ("Quill", "Varga", "Halden", "Fenn")]
    with open_store(f"embedded:{embedded_path}") as store:
        for number in range(12):
            a, b = rng.sample(names, 2)
            put(store, f"{number}.txt", [f"Dr. {a}:Person | knows | {b}:Person", f"{b}:Person | is | tall"])
        unresolved = content(store)
        command = [sys.executable, "-c", RUN, str(embedded_path), str(tmp_path / "index")]
        for wait in (0.3, 0.45, 0.6, 0.75, 0.9, 1.1):
            process = subprocess.Popen(command, stdout=subprocess.PIPE)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(wait)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            put(store, f"more {wait}.txt", [f"Prof. {rng.choice(names)}:Person | knows | Ann:Person"])
        resolve_graph(store, index=tmp_path / "index")
        assert store.check() == []
        found = content(store), links(store)
        assert found[0] != unresolved
        resolve_graph(store, again=True, keep_index=False)
        assert (content(store), links(store)) == found


@pytest.mark.parametrize("point", ["learnt", "moved", "finished"])
def test_a_run_that_ends_between_two_steps_is_done_again(
    embedded_store: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    index = tmp_path / "index"
    write(embedded_store, "a.txt", *MERGED)
    resolve_graph(embedded_store, index=index)
    write(
        embedded_store,
        "b.txt",
        "M. Quill:Person | founded | Tide Fund:Organization",
        "DeepTide:Organization | is | new",
    )
    embedded_store.remove("a.txt")
    write(embedded_store, "c.txt", MERGED[0], MERGED[1])

    class EndError(Exception):
        pass

    def end(*_: object, **__: object) -> None:
        raise EndError

    commit: Callable[[resolving_index.Index], None] = resolving_index.Index.commit
    calls = iter(range(100))

    def ends_late(self: resolving_index.Index) -> None:
        if next(calls) == {"learnt": 1, "moved": 1, "finished": 2}[point]:
            end()
        commit(self)

    with monkeypatch.context() as patch:
        if point == "learnt":
            patch.setattr(type(embedded_store.resolution), "place", end)
        else:
            patch.setattr(resolving_index.Index, "commit", ends_late)
        with pytest.raises(EndError):
            resolve_graph(embedded_store, index=index)
    report = resolve_graph(embedded_store, index=index)
    assert not report.afresh
    found = content(embedded_store), links(embedded_store)
    resolve_graph(embedded_store, again=True, keep_index=False)
    assert (content(embedded_store), links(embedded_store)) == found


def test_the_command_line_resolves_at_the_end_of_a_run(tmp_path: Path, embedded_path: Path) -> None:
    rows = [("Dr. Mara Quill", "founded", "Deep Tide"), ("Mara Quill", "owns", "Deep Tide Ltd.")]
    path = tmp_path / "t.jsonl"
    path.write_text(
        "".join(json.dumps(dict(zip(("head", "relation", "tail"), row, strict=True))) + "\n" for row in rows)
    )

    def kg(*args: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kg_builder.cli", *args, "--store", f"embedded:{embedded_path}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done

    def ids() -> list[tuple[str, str]]:
        printed = kg("import", path, "--json", "--no-resolve").stdout.splitlines()
        return [(row["head_id"], row["tail_id"]) for row in map(json.loads, printed)]

    apart = ids()
    assert len({*apart[0], *apart[1]}) == 4
    assert "Dr. Mara Quill = Mara Quill" in kg("resolve", "--dry-run").stdout
    assert ids() == apart
    assert json.loads(kg("resolve", "--json").stdout)["merged"] == 2
    together = ids()
    assert together[0] == together[1]
    kg("remove", path)
    assert json.loads(kg("query", "MATCH (n:Name) RETURN n", "--format", "json").stdout) == []
