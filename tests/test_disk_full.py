"""A disk that is full costs time and nothing else: what is wrong is said, and going on gives the same graph."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_disk import mounted

from kg_builder.backup import back_up, read_manifest
from kg_builder.errors import BackupError, ExportError, NoRoomError
from kg_builder.export import export_graph
from kg_builder.pipeline import build_graph
from kg_builder.recipe import Recipe
from kg_builder.render import render_report
from kg_builder.store import GraphStore, open_store
from kg_builder.store.embedded import stop

RECIPE = Recipe("priced:Priced", segment_characters=64)


def documents(folder: Path, count: int) -> Path:
    """So many documents of 25 segments each."""
    folder.mkdir()
    for i in range(count):
        lines = [f"Person {i:02d} of town {j:02d} likes Deep Tide number {i * j % 97:02d} most." for j in range(25)]
        (folder / f"{i:02d}.txt").write_text("\n\n".join(lines))
    return folder


def exported(store: GraphStore, path: Path) -> bytes:
    export_graph(store, path)
    return path.read_bytes()


def test_a_run_waits_for_room_in_the_store_or_goes_on_when_run_again(
    embedded_store: GraphStore, log: Path, tmp_path: Path
) -> None:
    folder = documents(tmp_path / "documents", 24)
    build_graph([folder], store=embedded_store, recipe=RECIPE, workers=0)
    expected = exported(embedded_store, tmp_path / "expected.jsonl")
    log.write_text("")
    with mounted(tmp_path / "disk", "11m") as disk:
        graph = disk.path / "graph"
        command = [sys.executable, "-m", "kg_builder.cli", "ingest", str(folder), "--extractor", "priced:Priced"]
        command += ["--store", f"embedded:{graph}", "--workers", "1"]
        environment = {
            **os.environ,
            "KG_SEGMENT_CHARACTERS": "64",
            "KG_CACHE": str(tmp_path / "cache.sqlite"),
            "KG_EMBEDDED_SPARE_MB": "0",  # up to the last byte: else it would not come so far
        }
        try:
            soon = {**environment, "KG_STORE_PATIENCE_S": "1"}
            run = subprocess.run(command, env=soon, capture_output=True, text=True, timeout=180, check=False)
            assert "the store is full; waiting for it" in run.stderr
            if run.returncode:  # a server that begins anew may find room in what it had not cleaned up
                assert run.returncode == 1
                last = run.stderr.strip().splitlines()[-1]
                assert f"free on the disk of the store {str(graph)!r}" in last
                assert "make room there. What was written stays" in last
            pipe = subprocess.PIPE
            with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as again:
                assert again.stderr is not None
                said = []
                for line in again.stderr:
                    said.append(line)
                    if "the store is full; waiting for it" in line:
                        disk.grow("200m")
                        break
                out, err = again.communicate(timeout=180)
            assert again.returncode == 0, "".join(said) + err
            assert "24 found" in out
            with open_store(f"embedded:{graph}") as store:
                assert store.check() == []
                assert exported(store, tmp_path / "grown.jsonl") == expected
            paid = log.read_text().splitlines()
            assert len(paid) == len(set(paid)) == 600
        finally:
            stop(graph)


def test_nothing_is_written_without_room_to_spare_and_reading_goes_on(
    embedded_store: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.txt").write_text("Mara Quill founded Harbor Robotics.")
    build_graph([tmp_path / "one.txt"], store=embedded_store, workers=0)
    monkeypatch.setenv("KG_EMBEDDED_SPARE_MB", "1000000000")
    with pytest.raises(NoRoomError, match=r"at least 1,000,000,000 MiB free .* make room there"):
        embedded_store.remove(next(embedded_store.documents()).uri)
    assert len(list(embedded_store.edges())) == 1
    with pytest.raises(NoRoomError):
        open_store(f"embedded:{tmp_path / 'another'}")


def test_extractions_that_cannot_be_kept_are_in_the_graph_all_the_same(
    embedded_store: GraphStore, log: Path, tmp_path: Path
) -> None:
    folder = documents(tmp_path / "documents", 5)
    with mounted(tmp_path / "disk", "64k") as disk:
        cache = disk.path / "cache.sqlite"
        report = build_graph([folder], store=embedded_store, recipe=RECIPE, workers=0, cache=cache)
    assert (report.loaded, report.failed, report.extractions) == (5, 0, 125)
    assert 0 < report.unkept <= 125
    assert "could not be kept" in render_report(report, embedded_store.counts())
    assert embedded_store.counts().extractions == 125


def test_an_export_or_a_backup_that_finds_no_room_leaves_what_was_there(
    embedded_store: GraphStore, log: Path, tmp_path: Path
) -> None:
    build_graph([documents(tmp_path / "documents", 5)], store=embedded_store, recipe=RECIPE, workers=0)
    with mounted(tmp_path / "disk", "20k") as disk:
        for name in ("graph.jsonl", "graph.zip"):
            (disk.path / name).write_text("old")
        for name in ("graph.jsonl", "new.graphml", "new.csv"):
            with pytest.raises(ExportError, match=r"room for the export .*No space left.* make room on that disk"):
                export_graph(embedded_store, disk.path / name)
        with pytest.raises(BackupError, match=r"No space left on device; .* enough free space"):
            back_up(embedded_store, disk.path / "graph.zip")
        assert sorted(each.name for each in disk.path.iterdir()) == ["graph.jsonl", "graph.zip"]
        assert (disk.path / "graph.jsonl").read_text() == (disk.path / "graph.zip").read_text() == "old"
        disk.grow("16m")
        whole = exported(embedded_store, disk.path / "graph.jsonl")
        assert whole == exported(embedded_store, tmp_path / "graph.jsonl")
        made = back_up(embedded_store, disk.path / "graph.zip")
        assert read_manifest(disk.path / "graph.zip") == made
