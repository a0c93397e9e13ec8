"""Nothing that was done is done again: after a crash, a change, a rename; and what goes wrong stays where it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kg_builder.pipeline import build_graph
from kg_builder.recipe import Recipe
from kg_builder.reports import IngestReport, Progress
from kg_builder.store import GraphStore

RECIPE = Recipe("troublesome:Troublesome", segment_characters=50)
FOUNDED = "Mara Quill founded Harbor Robotics in 2012."
ACQUIRED = "Harbor Robotics acquired Deep Tide in 2013."
JOINED = "Ines Varga joined Harbor Robotics last year."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "documents"
    path.mkdir()
    (path / "story.txt").write_text(f"{FOUNDED} {ACQUIRED}")
    return path


def extracted(log: Path) -> list[str]:
    """The texts that reached the extractor since the last look."""
    lines = log.read_text(encoding="utf-8").splitlines()
    log.write_text("")
    return sorted(line.strip() for line in lines)


def ingest(folder: Path, store: GraphStore, **options: object) -> IngestReport:
    cache = folder.parent / "cache.sqlite"
    return build_graph([folder], store=store, recipe=RECIPE, cache=cache, workers=1, **options)  # type: ignore[arg-type]


def facts(store: GraphStore) -> set[tuple[str, str, str]]:
    return {(e.head.name, e.relation, e.tail.name) for e in store.edges(with_evidence=False)}


def test_unchanged_segments_of_a_changed_document_are_not_extracted_again(
    folder: Path, embedded_store: GraphStore, log: Path
) -> None:
    ingest(folder, embedded_store)
    assert extracted(log) == sorted([FOUNDED, ACQUIRED])
    (folder / "story.txt").write_text(f"{JOINED} {ACQUIRED}")
    report = ingest(folder, embedded_store)
    assert extracted(log) == [JOINED]
    assert (report.segments, report.reused) == (2, 1)
    assert {head for head, _, _ in facts(embedded_store)} == {"Ines Varga", "Harbor Robotics"}


def test_the_same_text_in_two_files_is_two_documents_and_extracted_once(
    folder: Path, embedded_store: GraphStore, log: Path
) -> None:
    (folder / "copy.txt").write_text((folder / "story.txt").read_text())
    report = ingest(folder, embedded_store)
    assert (report.loaded, report.reused) == (2, 2)
    assert extracted(log) == sorted([FOUNDED, ACQUIRED])
    assert {edge.support for edge in embedded_store.edges()} == {2}


def test_a_renamed_file_is_known_by_its_hash(folder: Path, embedded_store: GraphStore, log: Path) -> None:
    ingest(folder, embedded_store)
    extracted(log)
    before = facts(embedded_store)
    (folder / "story.txt").rename(folder / "tale.txt")
    report = ingest(folder, embedded_store)
    assert [(old.rpartition("/")[2], new.rpartition("/")[2]) for old, new in report.renamed] == [
        ("story.txt", "tale.txt")
    ]
    assert report.missing == ()
    assert extracted(log) == []
    assert [d.uri.rpartition("/")[2] for d in embedded_store.documents()] == ["tale.txt"]
    assert facts(embedded_store) == before
    assert embedded_store.check() == []


def test_switching_the_extractor_and_back_costs_nothing_twice(
    folder: Path, embedded_store: GraphStore, log: Path
) -> None:
    cache = folder.parent / "cache.sqlite"
    ingest(folder, embedded_store)
    with_one = facts(embedded_store)
    assert len(extracted(log)) == 2
    other = Recipe("priced:Priced", segment_characters=50)
    report = build_graph([folder], store=embedded_store, recipe=other, cache=cache, workers=1)
    assert (report.loaded, report.reused) == (1, 0)
    assert len(extracted(log)) == 2
    assert facts(embedded_store) == set()  # the other one finds nothing there
    report = ingest(folder, embedded_store)
    assert (report.loaded, report.reused) == (1, 2)
    report = build_graph([folder], store=embedded_store, recipe=other, cache=cache, workers=1)
    assert (report.loaded, report.reused) == (1, 2)
    ingest(folder, embedded_store)
    assert extracted(log) == []
    assert facts(embedded_store) == with_one


def test_a_killed_run_goes_on_where_it_was(folder: Path, embedded_store: GraphStore, log: Path) -> None:
    texts = [f"SLOW company number {i} acquired Deep Tide." for i in range(8)]
    (folder / "story.txt").write_text("\n\n".join(texts))
    code = (
        "import sys; from pathlib import Path; from test_resuming import ingest\n"
        "from kg_builder.store import open_store\n"
        "with open_store(sys.argv[2]) as store: ingest(Path(sys.argv[1]), store)"
    )
    run = subprocess.Popen([sys.executable, "-c", code, str(folder), embedded_store.uri])
    deadline = time.monotonic() + 60
    while len(log.read_text().splitlines()) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    run.kill()
    run.wait()
    time.sleep(0.5)  # the worker notices by itself
    first = extracted(log)
    assert 5 <= len(first) <= 6
    report = ingest(folder, embedded_store)
    again = extracted(log)
    assert len(set(again) & set(first)) <= 2  # what was in flight
    assert set(first) | set(again) == set(texts)
    assert (report.loaded, report.segments) == (1, 8)
    assert embedded_store.check() == []


@pytest.mark.parametrize("trouble", ["HANG", "DIE"])
def test_a_segment_that_hangs_or_kills_its_worker_is_left_out_alone(
    folder: Path, embedded_store: GraphStore, log: Path, trouble: str
) -> None:
    (folder / "story.txt").write_text(f"{FOUNDED} {ACQUIRED} {trouble} said the model, and it did. {JOINED}")
    report = ingest(folder, embedded_store, file_timeout_s=10.0 if trouble == "HANG" else 60.0)
    assert (report.loaded, report.partial, report.failed) == (1, 1, 0)
    assert extracted(log) == sorted(
        [FOUNDED, ACQUIRED, f"{trouble} said the model, and it did.", JOINED]
    )  # none of them twice
    assert {"Mara Quill", "Harbor Robotics", "Ines Varga"} <= {head for head, _, _ in facts(embedded_store)}
    (document,) = embedded_store.documents(state="partial")
    assert document.detail.startswith("segment 2 (")
    assert ("timeout" if trouble == "HANG" else "crashed") in document.detail


def test_a_run_that_is_stopped_finishes_what_is_under_way_and_goes_on_later(
    folder: Path, embedded_store: GraphStore, log: Path
) -> None:
    for i in range(12):
        (folder / f"{i:02d}.txt").write_text(f"Company number {i} acquired Deep Tide.")
    stop = threading.Event()

    def stop_soon(progress: Progress) -> None:
        stop.set()

    report = ingest(folder, embedded_store, stop=stop, on_progress=stop_soon)
    assert 1 <= report.loaded < 13
    assert report.loaded + report.not_begun == report.found == 13
    assert report.missing == ()
    assert embedded_store.check() == []
    report = ingest(folder, embedded_store)
    assert (report.loaded + report.unchanged, report.not_begun) == (13, 0)


def test_a_cache_that_cannot_be_used_costs_nothing_but_time(
    folder: Path, embedded_store: GraphStore, log: Path
) -> None:
    (folder.parent / "cache.sqlite").mkdir()
    report = ingest(folder, embedded_store)
    assert (report.loaded, report.unkept) == (1, 2)
    assert facts(embedded_store)


def test_ctrl_c_finishes_once_and_stops_twice(folder: Path, tmp_path: Path, log: Path) -> None:
    for i in range(6):
        (folder / f"{i}.txt").write_text(f"SLOW company number {i} acquired Deep Tide.")
    command = [
        sys.executable,
        "-m",
        "kg_builder.cli",
        "ingest",
        str(folder),
        "--store",
        f"embedded:{tmp_path / 'graph'}",
    ]
    command += ["--extractor", "troublesome:Troublesome", "--workers", "1"]

    def started() -> subprocess.Popen[str]:
        log.write_text("")
        run = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
        )
        deadline = time.monotonic() + 60
        while not log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        return run

    run = started()
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "not begun; run the same command again to go on" in out
    assert "finishing what is under way" in err
    run = started()
    run.send_signal(signal.SIGINT)
    time.sleep(0.3)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "what was written stays" in err
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0
    assert "7 found" in done.stdout
