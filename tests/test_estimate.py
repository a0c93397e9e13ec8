"""What is to be expected of a run, held against the run itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kg_builder.budgets import Prices
from kg_builder.errors import ExtractionError
from kg_builder.estimate import Estimated, estimate_ingest
from kg_builder.loaders import load
from kg_builder.pipeline import build_graph
from kg_builder.recipe import Recipe
from kg_builder.render import render_estimate
from kg_builder.samples import sample_folder
from kg_builder.segment import segment_document
from kg_builder.store import GraphStore


def within(figure: Estimated, truth: float, factor: float) -> bool:
    return figure.low <= figure.expected <= figure.high and truth / factor <= figure.expected <= truth * factor


@pytest.mark.slow
def test_the_sample_folder_is_estimated_well_and_nothing_is_written(embedded_store: GraphStore) -> None:
    before = embedded_store.counts()
    estimate = estimate_ingest([sample_folder()], store=embedded_store, seconds=6.0)
    assert embedded_store.counts() == before
    report = build_graph([sample_folder()], store=embedded_store, workers=2)
    assert (estimate.found, estimate.new, estimate.unchanged) == (report.found, report.loaded, 0)
    assert sum(each["bytes"] for each in estimate.formats.values()) == estimate.bytes == report.bytes
    assert estimate.formats["pdf"]["files"] == 2
    assert within(estimate.segments, report.segments, 2.0)
    assert within(estimate.extractions, report.extractions, 2.5)
    assert within(estimate.seconds, report.seconds, 6.0)  # the machine may be busy with something else
    assert (estimate.input_tokens, estimate.cost) == (None, None)


def test_a_few_files_stand_for_many(tmp_path: Path) -> None:
    sentence = "Mara Quill founded Harbor Robotics in 2012. "
    for i in range(120):
        (tmp_path / f"{i}.txt").write_text(sentence * (5 + 7 * i % 200))
    for i in range(40):
        rows = "".join(f"Mara Quill,{n},Harbor Robotics\n" for n in range(10 + i))
        (tmp_path / f"{i}.csv").write_text(f"founder,year,company\n{rows}")
    truth = sum(len(segment_document(load(path), budget=1024)) for path in tmp_path.iterdir())
    estimate = estimate_ingest([tmp_path], sample_files=16, seconds=2.0, workers=1)
    assert estimate.sampled_files == 16
    assert within(estimate.segments, truth, 2.0)
    assert estimate.segments.low < estimate.segments.high
    again = estimate_ingest([tmp_path], sample_files=16, seconds=2.0, workers=1)
    assert again.segments.expected == estimate.segments.expected  # the same sample
    assert estimate.formats["csv"]["sampled"] > 0


def test_what_the_store_knows_is_told_apart(tmp_path: Path, embedded_store: GraphStore) -> None:
    for name in ("same", "edited", "longer", "broken"):
        (tmp_path / f"{name}.txt").write_text("Mara Quill founded Harbor Robotics.")
    build_graph([tmp_path], store=embedded_store, workers=0)
    (tmp_path / "edited.txt").write_text("Mara Quill founded Harbor Robotica.")
    (tmp_path / "longer.txt").write_text("Mara Quill founded Harbor Robotics and Deep Tide.")
    (tmp_path / "new.txt").write_text("Anna Berg joined Deep Tide.")
    (tmp_path / "old.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (tmp_path / "link.txt").symlink_to(tmp_path / "nowhere.txt")
    estimate = estimate_ingest([tmp_path], store=embedded_store, seconds=1.0, workers=1)
    assert (estimate.new, estimate.changed, estimate.unchanged) == (1, 2, 2)
    assert (estimate.skipped, estimate.failed, estimate.found) == (1, 1, 7)


def test_what_is_paid_is_estimated_and_not_paid_twice(tmp_path: Path, embedded_store: GraphStore, log: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for i in range(30):
        (folder / f"{i}.txt").write_text(f"Person {i:02d} likes Deep Tide.")
    recipe, cache, prices = Recipe("priced:Priced"), tmp_path / "cache.sqlite", Prices(1000.0, 5000.0)
    estimate = estimate_ingest(
        [folder], recipe=recipe, cache=cache, prices=prices, seconds=2.0, sample_files=10, workers=1
    )
    assert estimate.input_tokens is not None
    assert estimate.cost is not None
    assert estimate.input_tokens.expected == pytest.approx(300)
    assert estimate.cost.expected == pytest.approx(0.6)
    assert (estimate.sample_usage.input_tokens, estimate.sample_usage.output_tokens) == (100, 20)
    report = build_graph([folder], store=embedded_store, recipe=recipe, cache=cache, workers=1)
    assert report.input_tokens == 200  # the sample had paid for the rest
    assert len(log.read_text().splitlines()) == 30


def test_a_file_that_hangs_or_cannot_be_read_is_counted(tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)))
    (tmp_path / "one.txt").write_text("Mara Quill founded Harbor Robotics.")
    estimate = estimate_ingest([tmp_path], seconds=1.0, workers=1)
    assert (estimate.sampled_files, estimate.sampled_failures) == (2, 1)
    assert estimate.segments.expected == 1


def test_segments_that_fail_are_counted_and_an_extractor_that_cannot_run_is_told_of(tmp_path: Path, log: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.txt").write_text("Person 1 likes Deep Tide.")
    (folder / "bad.txt").write_text("Person 2 likes NONSENSE.")
    estimate = estimate_ingest([folder], recipe=Recipe("priced:Priced"), seconds=2.0, workers=1)
    assert (estimate.sampled_segments, estimate.sampled_segment_failures) == (2, 1)
    assert estimate.sampled_fault
    assert estimate.sample_usage.input_tokens == 20  # an answer that makes no sense is paid for, too
    assert "1 segments failed" in render_estimate(estimate)
    (folder / "late.txt").write_text("Person 3 likes BROKE.")
    with pytest.raises(ExtractionError, match="no credit is left"):
        estimate_ingest([folder], recipe=Recipe("priced:Priced"), seconds=2.0, workers=1)


def test_an_empty_folder_is_nothing_to_do(tmp_path: Path) -> None:
    estimate = estimate_ingest([tmp_path], seconds=1.0)
    assert (estimate.found, estimate.bytes, estimate.seconds.high) == (0, 0, 0.0)


def test_the_command_makes_no_store(tmp_path: Path) -> None:
    shutil.copy(sample_folder() / "company-profile.md", tmp_path / "one.md")
    store = tmp_path / "graph"
    command = [sys.executable, "-m", "kg_builder.cli", "ingest", "--estimate", str(tmp_path / "one.md")]
    command += ["--store", f"embedded:{store}", "--estimate-seconds", "1"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert "1 found = 1 new + 0 changed + 0 unchanged" in run.stdout
    assert "nothing is paid" in run.stdout
    run = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(run.stdout)["new"] == 1
    assert not store.exists()
