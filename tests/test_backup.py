"""A store goes into one file and comes out of it as it was, on any server; a bad file changes nothing."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kg_builder.backup import Manifest, back_up, read_manifest, restore
from kg_builder.errors import BackupError, StoreError
from kg_builder.export import export_graph
from kg_builder.pipeline import build_graph
from kg_builder.progress import describe_step
from kg_builder.recipe import Recipe
from kg_builder.render import render_status
from kg_builder.reports import Step
from kg_builder.stages import FileTask, process_file
from kg_builder.store import GraphStore
from kg_builder.store import writing as writing_module
from kg_builder.store.keeping import Keeper

sys.path.insert(0, str(Path(__file__).parent / "store"))

from making import contribute

ENGLISH = (
    "Mara Quill founded Harbor Robotics in Oslo in 2012. Harbor Robotics was acquired by Deep Tide.\n\n"
    "Mara Quill did not join Deep Tide. Ines Varga may lead Harbor Robotics. Paris met Ines Varga in Paris."
)
CHINESE = "张伟于2013年在北京创立了澜海能源。澜海能源收购了深潮公司。\n\n李娜没有加入深潮公司。"


def fill(store: GraphStore, folder: Path) -> None:
    """Documents of all states, and names that people have put together and taken apart."""
    folder.mkdir(exist_ok=True)
    (folder / "one.txt").write_text(ENGLISH, encoding="utf-8")
    (folder / "two.md").write_text("# 公司\n\n" + CHINESE, encoding="utf-8")
    (folder / "empty.txt").write_text("")
    (folder / "archive.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    ingest(store, folder)
    lines = [
        "Ann:Person | knows | Bob:Person",
        "Robert:Person | knows | Ann",
        "Ann:Place | lies in | Bob",
        "X | is | Y",
    ]
    store.write(contribute("made.txt", lines), size_bytes=7, recipe="test")
    partial = contribute("partial.txt", ["Robert:Person | <founded by | Ann:Organization @ 0.25", "Z | !is | Y"])
    store.write(
        dataclasses.replace(partial, quarantined=3, faults=("segment 7 (1-2): broke",)),
        size_bytes=8,
        recipe="test",
    )
    for name, state in (("made.txt", "failed"), ("never.txt", "skipped")):
        store.record_problem(
            uri=name, sha256="0f", title=name, size_bytes=1, state=state, reason="timeout", detail="too\nslow"
        )  # type: ignore[arg-type]
    ids = {(row[0], row[1]): row[2] for row in store.query("MATCH (n:Name) RETURN n.key, n.type, n.id").rows}
    store.assign({ids["robert", "Person"]: ids["bob", "Person"], ids["z", "Other"]: ids["x", "Other"]})
    store.assign({ids["y", "Other"]: "apart"})
    assert store.check() == []


def ingest(store: GraphStore, folder: Path) -> dict[str, object]:
    return build_graph([folder], store=store, resolve=False, recipe=Recipe(segment_characters=60), workers=0).to_dict()


def everything(store: GraphStore, folder: Path) -> dict[str, object]:
    """All there is to see of a store."""
    export_graph(store, folder / "all.jsonl")
    export_graph(store, folder / "all.ttl")
    problems = [d for state in ("failed", "partial", "skipped") for d in store.documents(state=state)]
    names = "MATCH (n:Name)-[:NAMES]->(e) RETURN properties(n) AS n, e.id AS e ORDER BY n.id"
    extractions = (
        "MATCH (x:Extraction)-[:FROM]->(s) MATCH (x)-[:HEAD]->(h) MATCH (x)-[:TAIL]->(t) "
        "RETURN properties(x) AS x, s.id AS s, h.id AS h, t.id AS t ORDER BY x.id"
    )
    mentions = "MATCH (e)-[m:MENTIONED_IN]->(s) RETURN e.id, properties(m), s.id"
    segments = "MATCH (s:Segment)-[:PART_OF]->(d) RETURN properties(s) AS s, d.id AS d ORDER BY s.id"
    return {
        "export": [(folder / name).read_bytes() for name in ("all.jsonl", "all.ttl")],
        "status": render_status("store", "server", store.counts(), problems, as_json=True),
        "documents": list(store.documents()),
        "entities": list(store.entities()),
        **{
            text: sorted(json.dumps(row, sort_keys=True) for row in store.query(text, max_rows=100_000).rows)
            for text in (names, extractions, mentions, segments)
        },
    }


def test_a_store_moves_between_servers_and_back_with_all_it_knows(
    any_store: GraphStore, other: GraphStore, tmp_path: Path
) -> None:
    fill(other, tmp_path / "documents")
    before = everything(other, tmp_path)
    made = back_up(other, tmp_path / "graph.zip")
    assert made.counts.documents == other.counts().documents == 8
    restore(any_store, tmp_path / "graph.zip")
    assert everything(any_store, tmp_path) == before
    assert any_store.check() == []
    report = ingest(any_store, tmp_path / "documents")
    assert (report["loaded"], report["unchanged"]) == (0, 2)
    back = back_up(any_store, tmp_path / "back.zip")
    assert back.parts == made.parts
    restore(other, tmp_path / "back.zip", replace=True)
    assert everything(other, tmp_path) == before
    assert other.check() == []


def test_a_restored_store_goes_on_like_the_one_it_was_made_from(
    embedded_store: GraphStore, other: GraphStore, tmp_path: Path
) -> None:
    fill(embedded_store, tmp_path / "documents")
    back_up(embedded_store, tmp_path / "graph.zip")
    restore(other, tmp_path / "graph.zip")
    for store in (embedded_store, other):
        store.write(contribute("more.txt", ["Robert | met | Z", "Y:Place | is | X"]), size_bytes=1, recipe="test")
        store.remove("partial.txt")
        assert store.check() == []
    assert list(embedded_store.entities()) == list(other.entities())
    assert list(embedded_store.edges()) == list(other.edges())


def test_a_contribution_comes_back_with_the_ids_it_had(any_store: GraphStore, tmp_path: Path) -> None:
    for name, text in (("one.txt", ENGLISH), ("two.txt", f"{CHINESE}\n\n{CHINESE}")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        made = process_file(FileTask(tmp_path / name, name, Recipe(segment_characters=60)))
        any_store.write(made, size_bytes=1, recipe="test")
        found = any_store.contribution(name)
        assert found is not None
        assert len(made.segments) > 1 and len(made.statements) > 2
        assert [s.id for s in found.segments] == [s.id for s in made.segments]
        assert [s.text for s in found.segments] == [s.text for s in made.segments]
        key = lambda s: s.extraction.id  # noqa: E731
        for mine, theirs in zip(sorted(found.statements, key=key), sorted(made.statements, key=key), strict=True):
            assert (mine.head, mine.tail, mine.relation, mine.inverted) == (
                theirs.head, theirs.tail, theirs.relation, theirs.inverted
            )  # fmt: skip
            assert mine.extraction.id == theirs.extraction.id
            assert mine.extraction.qualifiers == theirs.extraction.qualifiers
            assert mine.extraction.head_argument == theirs.extraction.head_argument
            assert mine.extraction.confidence == theirs.extraction.confidence
    assert any_store.contribution("nothing.txt") is None


def test_a_store_that_is_not_empty_is_left_alone(embedded_store: GraphStore, other: GraphStore, tmp_path: Path) -> None:
    fill(embedded_store, tmp_path / "documents")
    back_up(embedded_store, tmp_path / "graph.zip")
    other.write(contribute("a.txt", ["Ann | knows | Bob"]), size_bytes=1, recipe="test")
    before = everything(other, tmp_path)
    with pytest.raises(BackupError, match=r"expected an empty store at .* 1 documents .* --replace"):
        restore(other, tmp_path / "graph.zip")
    assert everything(other, tmp_path) == before


def _shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0x55
    path.write_bytes(content)


def _rewritten(path: Path, name: str, change: Callable[[str], str]) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {each: archive.read(each).decode() for each in archive.namelist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in parts.items():
            archive.writestr(each, text)


BAD = {
    "truncated": (_shortened, "truncated"),
    "a flipped byte": (_flipped, "damaged"),
    "no zip": (lambda path: path.write_text("hello"), "no backup"),
    "another zip": (lambda path: _rewritten(path, "manifest.json", lambda text: "{}"), "made by `kg backup`"),
    "altered": (
        lambda path: _rewritten(path, "documents.jsonl", lambda text: text.replace("Mara", "Sara")),
        "id is that of other|sha256",
    ),
    "a line less": (
        lambda path: _rewritten(path, "entities.jsonl", lambda text: text.partition("\n")[2]),
        "another sha256",
    ),
    "newer": (
        lambda path: _rewritten(path, "manifest.json", lambda text: text.replace('"version": 1', '"version": 2')),
        "format 1 or older",
    ),
    "nothing": (lambda path: path.unlink(), "found none"),
}


def test_a_bad_file_is_refused_before_anything_is_written(
    embedded_store: GraphStore, other: GraphStore, tmp_path: Path
) -> None:
    fill(embedded_store, tmp_path / "documents")
    back_up(embedded_store, tmp_path / "graph.zip")
    other.write(contribute("a.txt", ["Ann | knows | Bob"]), size_bytes=1, recipe="test")
    version, counts = other.keeper.version(), other.counts()
    for what, (spoil, message) in BAD.items():
        path = tmp_path / "bad.zip"
        shutil.copy(tmp_path / "graph.zip", path)
        spoil(path)
        with pytest.raises(BackupError, match=message):
            restore(other, path, replace=True)
        assert (other.keeper.version(), other.counts()) == (version, counts), what


@pytest.mark.parametrize("interrupted", ["empty", "put_back", "place", "end_restore"])
def test_an_interrupted_restore_goes_on_when_run_again(
    embedded_store: GraphStore, other: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted: str
) -> None:
    fill(embedded_store, tmp_path / "documents")
    before = everything(embedded_store, tmp_path)
    back_up(embedded_store, tmp_path / "graph.zip")
    other.write(contribute("a.txt", ["Ann | knows | Bob"]), size_bytes=1, recipe="test")
    monkeypatch.setattr("kg_builder.backup._DOCUMENTS_TOGETHER", 2)
    monkeypatch.setattr(writing_module, "LARGEST_TRANSACTION", 3)
    original, calls = getattr(Keeper, interrupted), []

    def dying(self: Keeper, *arguments: object) -> None:
        calls.append(1)
        if len(calls) == (2 if interrupted == "put_back" else 1):
            raise KeyboardInterrupt
        original(self, *arguments)

    monkeypatch.setattr(Keeper, interrupted, dying)
    with pytest.raises(KeyboardInterrupt):
        restore(other, tmp_path / "graph.zip", replace=True)
    monkeypatch.setattr(Keeper, interrupted, original)
    with pytest.raises(BackupError, match="restore was interrupted"):
        back_up(other, tmp_path / "half.zip")
    assert not (tmp_path / "half.zip").exists()
    restore(other, tmp_path / "graph.zip")
    assert everything(other, tmp_path) == before
    assert other.check() == []


def test_a_backup_of_a_graph_that_changes_meanwhile_or_is_damaged_is_refused(
    embedded_store: GraphStore, tmp_path: Path
) -> None:
    fill(embedded_store, tmp_path / "documents")
    path = tmp_path / "graph.zip"
    path.write_text("an older one")

    def write(step: Step) -> None:
        if (step.unit, step.done) == ("documents", 1):
            embedded_store.write(contribute("a.txt", ["Ann | knows | Bob"]), size_bytes=1, recipe="test")

    with pytest.raises(BackupError, match="it was written to"):
        back_up(embedded_store, path, on_progress=write)
    embedded_store.execute("MATCH (s:Segment)-[p:PART_OF]->(:Document {uri: 'a.txt'}) DELETE p")
    with pytest.raises(BackupError, match="segments that belong to something"):
        back_up(embedded_store, path)
    embedded_store.execute("MATCH (x:Extraction) SET x.head = 'Someone'")
    with pytest.raises(StoreError, match="found it altered"):
        back_up(embedded_store, path)
    assert path.read_text() == "an older one"
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".kg")] == []


def test_the_command_line_backs_up_and_restores(embedded_path: Path, other: GraphStore, tmp_path: Path) -> None:
    from test_cli import Kg

    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "one.txt").write_text(ENGLISH)
    kg = Kg(tmp_path, f"embedded:{embedded_path}")
    kg("ingest", "documents", "--quiet")
    kg("export", "before.jsonl", "--quiet")
    status = json.loads(kg("status", "--json"))
    assert "1 documents" in kg.run("backup", "graph.zip").stderr
    there = Kg(tmp_path, other.uri)
    there("restore", "graph.zip")
    there("export", "after.jsonl", "--quiet")
    assert (tmp_path / "after.jsonl").read_bytes() == (tmp_path / "before.jsonl").read_bytes()
    restored = json.loads(there("status", "--json"))
    assert {**restored, "store": ""} == {**status, "store": ""}
    assert json.loads(there("ingest", "documents", "--json", "--quiet"))["unchanged"] == 1
    refused = there.run("restore", "graph.zip")
    assert (refused.returncode, len(refused.stderr.strip().splitlines())) == (1, 1)
    assert there.run("restore", "documents/one.txt").returncode == 1
    there("restore", "graph.zip", "--replace", "--quiet")


# A restore in small portions that is killed in the middle of a step, or right after it: the step's n-th call.
KILLED_IN = """
import os, signal, sys, threading, time
from kg_builder import backup
from kg_builder.cli import main
from kg_builder.store.keeping import Keeper

backup._DOCUMENTS_TOGETHER = 2
step, n = sys.argv.pop(1), int(sys.argv.pop(1))
original, calls = getattr(Keeper, step), []

def watched(self, *arguments):
    calls.append(step)
    if len(calls) < n:
        return original(self, *arguments)
    threading.Timer(0.003, os.kill, (os.getpid(), signal.SIGKILL)).start()
    original(self, *arguments)
    time.sleep(60)

setattr(Keeper, step, watched)
main()
"""


def test_a_restore_that_is_killed_goes_on_when_run_again(
    embedded_store: GraphStore, other: GraphStore, tmp_path: Path
) -> None:
    fill(embedded_store, tmp_path / "documents")
    for i in range(12):
        lines = [f"Person{i % 5} | knows | Person{(i + j) % 7}:Person" for j in range(8)]
        embedded_store.write(contribute(f"more{i}.txt", lines), size_bytes=1, recipe="test")
    before = everything(embedded_store, tmp_path)
    back_up(embedded_store, tmp_path / "graph.zip")
    for i in range(3):
        other.write(contribute(f"old{i}.txt", ["Ann | knows | Bob"]), size_bytes=1, recipe="test")
    restoring = ["restore", str(tmp_path / "graph.zip"), "--store", other.uri]
    for step, n in (("empty", 1), ("put_back", 1), ("put_back", 4), ("place", 1), ("end_restore", 1)):
        replace = ["--replace"] if step == "empty" else []
        command = [sys.executable, "-c", KILLED_IN, step, str(n), *restoring, *replace]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert run.returncode == -signal.SIGKILL, (step, n, run.stderr)
        if step == "end_restore" and other.keeper.restoring() is None:
            break  # it had come to its end when it was killed
        with pytest.raises(BackupError, match=r"restore was interrupted.*`kg restore` with the same file again"):
            back_up(other, tmp_path / "half.zip")
    if other.keeper.restoring() is not None:
        subprocess.run(
            [sys.executable, "-m", "kg_builder.cli", *restoring], capture_output=True, timeout=120, check=True
        )
    assert everything(other, tmp_path) == before
    assert other.check() == []


def test_a_backup_that_is_killed_leaves_what_was_there(embedded_store: GraphStore, tmp_path: Path) -> None:
    for i in range(12):
        lines = [f"Person{i % 5} | knows | Person{(i + j) % 7}:Person" for j in range(8)]
        embedded_store.write(contribute(f"more{i}.txt", lines), size_bytes=1, recipe="test")
    path = tmp_path / "graph.zip"
    command = [sys.executable, "-m", "kg_builder.cli", "backup", str(path), "--store", embedded_store.uri]
    for _ in range(5):  # on a busy machine it may be over before it is killed
        path.write_text("an older one")
        with subprocess.Popen(command, stderr=subprocess.PIPE) as run:
            while run.poll() is None and not list(tmp_path.glob(".kg-*.part")):
                time.sleep(0.001)
            run.send_signal(signal.SIGKILL)
            run.communicate(timeout=60)
        if run.returncode == -signal.SIGKILL:
            break
    assert run.returncode == -signal.SIGKILL
    assert path.read_text() == "an older one"
    (left,) = tmp_path.glob(".kg-*.part")
    os.utime(left, (0, 0))
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert read_manifest(path).counts.documents == 12
    assert [each.name for each in tmp_path.iterdir()] == ["graph.zip"]


def test_progress_says_what_is_being_done(embedded_store: GraphStore, other: GraphStore, tmp_path: Path) -> None:
    fill(embedded_store, tmp_path / "documents")
    steps: list[Step] = []
    back_up(embedded_store, tmp_path / "graph.zip", on_progress=steps.append)
    restore(other, tmp_path / "graph.zip", on_progress=steps.append)
    restore(other, tmp_path / "graph.zip", replace=True, on_progress=steps.append)
    ends = [(step.doing, step.unit, step.total) for step in steps if step.done == step.total]
    entities = embedded_store.counts().entities
    again = [("verifying", "documents", 8), ("restoring", "documents", 8), ("restoring", "entities", entities)]
    assert ends == [
        *(("writing", "documents", 8), ("writing", "entities", entities)),
        *again,
        *(again[0], ("throwing away what is there", "", 0)),
        *again[1:],
    ]
    line = "verifying 1,200 of 8,000 documents, 300.0 documents/s, about 23 s left"
    assert describe_step(Step("verifying", 1200, 8000, "documents", 4.0)) == line


def test_a_manifest_names_content_and_not_the_time() -> None:
    parts = {"documents.jsonl": "a", "entities.jsonl": "b"}
    assert Manifest("now", "1", parts=parts).identity == Manifest("later", "2", parts=dict(parts)).identity
