"""What a run tells programs: a log of JSON lines, and counters in OpenMetrics text."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from kg_builder import telemetry
from kg_builder.errors import ConfigError
from kg_builder.pipeline import build_graph
from kg_builder.reports import Progress
from kg_builder.store import GraphStore
from kg_builder.telemetry import MetricsFile, emit, recording


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "documents"
    path.mkdir()
    (path / "one.txt").write_text("Mara Quill founded Harbor Robotics. Harbor Robotics acquired Deep Tide.")
    (path / "empty.txt").touch()
    (path / "old.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    return path


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def samples(path: Path) -> dict[tuple[str, str], float]:
    """The values in an OpenMetrics file, by name and label."""
    text = path.read_text(encoding="utf-8")
    assert text.endswith("# EOF\n")
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_log_has_a_line_for_every_file_and_no_secrets(
    folder: Path, embedded_store: GraphStore, tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    with recording(log_file=log):
        report = build_graph([folder], store=embedded_store, workers=1)
    first, *files, last = events(log)
    assert (first["event"], last["event"]) == ("begin", "end")
    assert first["version"]
    assert first["recipe"]["extractor"] == "open_ie"
    assert "password" not in log.read_text().lower()
    assert {e["event"] for e in files} == {"reading", "file", "stage", "resolved"}
    assert [e["stage"] for e in files if e["event"] == "stage"] == ["resolving"]
    begun = [e for e in files if e["event"] == "reading"]
    assert {e["uri"].rpartition("/")[2] for e in begun} == {"one.txt", "empty.txt"}  # an archive is never opened
    files = [e for e in files if e["event"] == "file"]
    outcomes = {e["uri"].rpartition("/")[2]: (e["outcome"], e["reason"]) for e in files}
    assert outcomes == {
        "one.txt": ("loaded", ""),
        "empty.txt": ("failed", "empty"),
        "old.zip": ("skipped", "archive"),
    }
    (loaded,) = (e for e in files if e["outcome"] == "loaded")
    assert (loaded["segments"], loaded["extractions"]) == (report.segments, report.extractions)
    assert loaded["seconds"] > 0
    assert sorted(e["done"] for e in files) == [1, 2, 3]
    assert max(e["done_bytes"] for e in files) == first["work_bytes"] == sum(e["bytes"] for e in begun)
    assert last["report"] == json.loads(json.dumps(report.to_dict()))
    with recording(log_file=log):
        build_graph([folder], store=embedded_store, workers=1)
    assert [e["outcome"] for e in events(log)[8:] if e["event"] == "file"].count("unchanged") == 1  # appended


def test_handlers_of_others_see_the_same_events(
    folder: Path, embedded_store: GraphStore, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="kg_builder"):
        build_graph([folder], store=embedded_store, workers=1)
    failed = [r for r in caplog.records if getattr(r, "kg", {}).get("outcome") == "failed"]
    assert [(r.name, r.levelname) for r in failed] == [("kg_builder", "WARNING")]


def test_nothing_is_printed_where_nobody_listens() -> None:
    code = "import logging; from kg_builder.telemetry import emit; emit('file', 'bad', level=logging.ERROR)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr == ""


def test_metrics_add_up_to_the_report(folder: Path, embedded_store: GraphStore, tmp_path: Path) -> None:
    path = tmp_path / "kg.prom"
    running: list[dict[tuple[str, str], float]] = []

    def look(progress: Progress) -> None:
        handler = next(h for h in telemetry.LOGGER.handlers if isinstance(h, MetricsFile))
        handler.write()
        running.append(samples(path))

    with recording(metrics_file=path):
        report = build_graph([folder], store=embedded_store, workers=1, on_progress=look)
    assert [each["kg_ingest_running", ""] for each in running] == [1.0, 1.0, 1.0]
    found = samples(path)
    for outcome in ("loaded", "unchanged", "failed", "skipped"):
        assert found["kg_ingest_files_total", outcome] == getattr(report, outcome)
    for name in ("segments", "extractions", "facts", "quarantined", "reused", "bytes", "input_tokens"):
        assert found[f"kg_ingest_{name}_total", ""] == getattr(report, name)
    assert (found["kg_ingest_failures_total", "empty"], found["kg_ingest_failures_total", "archive"]) == (1, 1)
    assert found["kg_ingest_workers", ""] == 1
    assert found["kg_ingest_running", ""] == 0
    assert found["kg_ingest_seconds_total", ""] == pytest.approx(report.seconds, abs=1.0)
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_metrics_are_rewritten_while_a_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "SECONDS_BETWEEN_METRICS", 0.05)
    path = tmp_path / "kg.prom"
    with recording(metrics_file=path):
        emit("file", "failed x", outcome="failed", uri="x", reason='a "quoted"\nreason\\')
        deadline = time.monotonic() + 20
        while samples(path)["kg_ingest_files_total", "failed"] == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert samples(path)["kg_ingest_failures_total", 'a "quoted"\nreason\\'] == 1


def test_a_name_that_is_no_unicode_is_still_json(tmp_path: Path) -> None:
    with recording(log_file=tmp_path / "log.jsonl"):
        emit("file", "failed \udcff", uri="\udcff\n\u2028")
    (event,) = events(tmp_path / "log.jsonl") if "\u2028" not in (tmp_path / "log.jsonl").read_text() else [
        json.loads(line) for line in (tmp_path / "log.jsonl").read_text().split("\n") if line
    ]  # fmt: skip
    assert event["uri"] == "\udcff\n\u2028"


def test_a_file_that_cannot_be_written_is_told_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--log-file: expected a file that can be written"):
        recording(log_file=tmp_path / "nowhere" / "log.jsonl").__enter__()
    with pytest.raises(ConfigError, match=r"--metrics-file"):
        recording(metrics_file=tmp_path).__enter__()
