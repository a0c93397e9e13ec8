"""What is paid for is counted, kept, and never more than allowed but for what is under way; sums add up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kg_builder.budgets import Budget, Prices
from kg_builder.errors import ConfigError
from kg_builder.pipeline import build_graph
from kg_builder.recipe import Recipe
from kg_builder.reports import IngestReport, Progress
from kg_builder.stopping import parse_duration
from kg_builder.store import GraphStore
from kg_builder.types import Usage

RECIPE = Recipe("priced:Priced", segment_characters=64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "documents"
    path.mkdir()
    for i in range(40):
        (path / f"{i:02d}.txt").write_text(f"Person {i:02d} likes Deep Tide.")
    return path


def ingest(folder: Path, store: GraphStore, **options: object) -> IngestReport:
    cache = folder.parent / "cache.sqlite"
    return build_graph([folder], store=store, recipe=RECIPE, cache=cache, workers=1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("budget", [Budget(tokens=60), Budget(cost=0.06, prices=Prices(1000.0, 1000.0))])
def test_a_budget_stops_the_run_and_the_next_goes_on_without_paying_twice(
    folder: Path, embedded_store: GraphStore, log: Path, budget: Budget
) -> None:
    said: list[str] = []
    first = ingest(folder, embedded_store, budget=budget, on_message=said.append)
    assert first.loaded >= 5
    assert first.not_begun > 0
    assert first.loaded + first.not_begun == first.found == 40
    assert (first.input_tokens, first.output_tokens) == (10 * first.loaded, 2 * first.loaded)
    assert first.cost == pytest.approx(budget.prices.cost(Usage(10 * first.loaded, 2 * first.loaded)))
    assert len([message for message in said if "is spent" in message]) == 1
    second = ingest(folder, embedded_store)
    assert (second.unchanged, second.loaded, second.not_begun) == (first.loaded, 40 - first.loaded, 0)
    paid = log.read_text().splitlines()
    assert len(paid) == len(set(paid)) == 40
    assert first.input_tokens + second.input_tokens == 400


def test_what_is_known_costs_nothing_and_what_failed_is_paid_for(
    folder: Path, embedded_store: GraphStore, log: Path
) -> None:
    ingest(folder, embedded_store)
    for document in list(embedded_store.documents()):
        embedded_store.remove(document.uri)
    again = ingest(folder, embedded_store)
    assert (again.loaded, again.reused, again.input_tokens) == (40, 40, 0)
    (folder / "00.txt").write_text("Person 00 likes NONSENSE.")
    report = ingest(folder, embedded_store)
    assert (report.partial, report.input_tokens, report.output_tokens) == (1, 10, 2)


def test_every_extraction_is_accounted_for(folder: Path, embedded_store: GraphStore, log: Path) -> None:
    (folder / "00.txt").write_text("?Person TWICE likes Deep Tide.")
    report = ingest(folder, embedded_store)
    assert (report.extracted, report.extractions, report.quarantined) == (43, 40, 1)
    assert report.rejected == {"empty-head": 1, "repeated": 1}
    assert report.extracted == report.extractions + report.quarantined + sum(report.rejected.values())
    assert embedded_store.counts().extractions == report.extractions


def test_an_unpaid_extractor_costs_nothing(tmp_path: Path, embedded_store: GraphStore) -> None:
    (tmp_path / "one.txt").write_text("Mara Quill founded Harbor Robotics.")
    report = build_graph([tmp_path], store=embedded_store, workers=0, budget=Budget(tokens=1))
    assert (report.loaded, report.not_begun, report.input_tokens, report.cost) == (1, 0, 0, 0.0)


def test_time_left_goes_by_bytes(folder: Path, embedded_store: GraphStore, log: Path) -> None:
    (folder / "novel.txt").write_text("Somebody likes Deep Tide.\n\n" * 4000)
    seen: list[Progress] = []
    ingest(folder, embedded_store, on_progress=seen.append)
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert seen[-1].done_bytes == seen[-1].total_bytes == sum(sizes.values())
    before = [step for step in seen if step.done_bytes < sizes["novel.txt"]]
    assert before
    assert before[-1].seconds_left is None  # the start of a run says little about the rest
    step = replace(before[-1], seconds=200.0)
    assert step.seconds_left is not None
    assert step.seconds_left > 20 * step.seconds  # most of the files are done, hardly any of the bytes
    seen.clear()
    ingest(folder, embedded_store, on_progress=seen.append)  # nothing is left to do
    assert {step.total_bytes for step in seen} == {0}


def test_budgets_that_cannot_work_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected prices to go by"):
        Budget(cost=1.0)
    with pytest.raises(ConfigError, match="more than 0, found 0"):
        Budget(tokens=0)


def test_the_command_stops_at_its_budget(folder: Path, log: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kg_builder.cli", "ingest", str(folder), "--json", "--workers", "1"]
    command += ["--store", f"embedded:{tmp_path / 'graph'}", "--extractor", "priced:Priced", "--budget-cost", "0.06"]
    environment = {**os.environ, "KG_PRICE_INPUT_PER_MTOK": "1000", "KG_PRICE_OUTPUT_PER_MTOK": "1000"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    report = json.loads(run.stdout)
    assert run.returncode == 3, run.stderr
    assert 0 < report["not_begun"] < 40
    assert report["cost"] >= 0.06
    assert "the budget of 0.06 is spent" in run.stderr


def test_the_command_stops_when_its_time_is_up(folder: Path, log: Path, tmp_path: Path) -> None:
    for i in range(40):
        (folder / f"{i:02d}.txt").write_text(f"SLOW {i} likes Deep Tide.")
    command = [sys.executable, "-m", "kg_builder.cli", "ingest", str(folder), "--json", "--workers", "1"]
    command += ["--store", f"embedded:{tmp_path / 'graph'}", "--extractor", "priced:Priced", "--budget-time", "4s"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    report = json.loads(run.stdout)
    assert "the time allowed is up; finishing what is under way" in run.stderr
    assert run.returncode == (3 if report["loaded"] else 1)
    assert report["not_begun"] > 0
    assert report["loaded"] + report["not_begun"] == report["found"] == 40
    assert len(log.read_text().splitlines()) == report["loaded"]


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), (" 15M ", 900), ("2h", 7200), ("1.5d", 129600)])
def test_times_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-1", "2 hours", "h", "1e3", "nan"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected a time such as 90s, 15m or 2h"):
        parse_duration(text)
