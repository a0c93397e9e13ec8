"""The graph of a folder does not tell what happened on the way to it: edits, removals, renames, crashes, retries, two
ingestions at a time.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kg_builder.export import export_graph
from kg_builder.pipeline import build_graph
from kg_builder.reports import Progress
from kg_builder.store import GraphStore

PEOPLE = ["Mara Quill", "Ines Varga", "Tobias Fenn", "林若汐"]
COMPANIES = ["Harbor Robotics", "Deep Tide", "Corvane Marine", "Halden Group"]


class _CrashError(Exception):
    pass


def text(rng: random.Random) -> str:
    """A few plain sentences, some of which other files have too."""
    lines = []
    for _ in range(rng.randint(1, 4)):
        person, company, other = rng.choice(PEOPLE), *rng.sample(COMPANIES, 2)
        lines.append(
            rng.choice(
                [
                    f"{person} founded {company} in {rng.randint(2010, 2013)}.",
                    f"{company} was acquired by {other}.",
                    f"{person} did not join {company}.",
                    f"{person} works for {company}.",
                ]
            )
        )
    return " ".join(lines)


def change(folder: Path, rng: random.Random) -> None:
    """One thing that people do to a folder."""
    files = sorted(folder.iterdir())
    action = rng.choice(["add", "add", "edit", "remove", "rename", "copy", "break"])
    new = folder / f"{rng.randint(0, 10_000)}.txt"
    if action == "add" or not files:
        new.write_text(text(rng), encoding="utf-8")
        return
    file = rng.choice(files)
    match action:
        case "edit":
            file.write_text(text(rng), encoding="utf-8")
        case "remove":
            file.unlink()
        case "rename":
            file.rename(new)
        case "copy":
            new.write_bytes(file.read_bytes())
        case "break":  # a new one: of a file that can no longer be read, what it gave before stays
            new.write_bytes(b"\x00\x01\x02" * 50)


def ingest(folder: Path, store: GraphStore, rng: random.Random | None = None, *, prune: bool = True) -> None:
    """Ingest a folder; with `rng`, perhaps not to the end."""
    crash_at = rng.choice([1, 2, 3, None]) if rng else None

    def perhaps_crash(progress: Progress) -> None:
        if progress.done == crash_at:
            raise _CrashError

    cache = folder.parent / "cache.sqlite"
    with contextlib.suppress(_CrashError):
        build_graph([folder], store=store, cache=cache, prune=prune, workers=0, on_progress=perhaps_crash)


def exported(store: GraphStore, folder: Path) -> bytes:
    export_graph(store, folder / "x.jsonl")
    return (folder / "x.jsonl").read_bytes()


def empty(store: GraphStore) -> None:
    store.execute("MATCH (n) DETACH DELETE n")


@pytest.mark.parametrize("seed", range(4))
def test_any_history_gives_the_graph_of_a_build_from_scratch(
    embedded_store: GraphStore, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    folder = tmp_path / "documents"
    folder.mkdir()
    for _ in range(6):
        for _ in range(rng.randint(1, 4)):
            change(folder, rng)
        ingest(folder, embedded_store, rng, prune=rng.random() < 0.5)
    ingest(folder, embedded_store)
    assert embedded_store.check() == []
    history = exported(embedded_store, tmp_path)
    states = sorted((d.uri, d.state, d.reason) for d in embedded_store.documents())
    empty(embedded_store)
    (tmp_path / "cache.sqlite").unlink()
    ingest(folder, embedded_store)
    assert exported(embedded_store, tmp_path) == history
    assert sorted((d.uri, d.state, d.reason) for d in embedded_store.documents()) == states


@pytest.mark.parametrize("kind", ["embedded", "neo4j-5.26.30"])
def test_two_ingestions_at_a_time_give_the_graph_of_one_after_the_other(
    servers: object, kind: str, tmp_path: Path
) -> None:
    store: GraphStore = servers.store(kind)  # type: ignore[attr-defined]
    environment = {**os.environ}
    if kind != "embedded":
        environment |= servers.neo4j(kind.removeprefix("neo4j-")).environment()  # type: ignore[attr-defined]
    rng = random.Random(1)
    folders = [tmp_path / "one", tmp_path / "two", tmp_path / "both"]
    for folder in folders:
        folder.mkdir()
        for i in range(10):
            (folder / f"{i}.txt").write_text(text(rng), encoding="utf-8")
    failures: list[str] = []
    stop_reading = threading.Event()

    def read() -> None:
        while not stop_reading.wait(0.05):
            rows = store.query("MATCH (h:Entity)-[f]->(t:Entity) RETURN h.name, f.support, t.name", max_rows=50).rows
            failures.extend(str(row) for row in rows if row[1] < 1)

    reader = threading.Thread(target=read)
    reader.start()
    runs = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "kg_builder.cli",
                "ingest",
                str(own),
                str(folders[2]),
                "--store",
                store.uri,
                "--json",
            ],
            env=environment | {"KG_CACHE": str(tmp_path / f"{own.name}.sqlite")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for own in folders[:2]
    ]
    for run in runs:
        _, err = run.communicate(timeout=240)
        assert run.returncode == 0, err.decode()
    stop_reading.set()
    reader.join()
    assert failures == []
    assert store.check() == []
    assert store.counts().documents == 30
    at_once = exported(store, tmp_path)
    servers.store(kind)  # type: ignore[attr-defined]  # empties it
    for folder in folders:
        build_graph([folder], store=store, workers=0)
    assert exported(store, tmp_path) == at_once
