"""Runs of the pipeline with a language model behind an endpoint: groups of files, faults, budgets, estimates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from misbehaving import Misbehaving, answer, serving, trouble

from kg_builder.budgets import Budget, Prices
from kg_builder.cache import ExtractionCache
from kg_builder.cli import cli
from kg_builder.errors import ConfigError
from kg_builder.estimate import estimate_ingest
from kg_builder.extract import ModelOptions
from kg_builder.pipeline import build_graph
from kg_builder.recipe import Recipe
from kg_builder.stages import FileTask, process_file
from kg_builder.store import GraphStore

pytest.importorskip("openai", reason="the extra 'endpoint'")

NAMES = ["Anna", "Bela", "Cleo", "Dora", "Edda", "Fina", "Gila", "Hera", "Ines", "Jana"]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Misbehaving]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-sesame")
    with serving() as made:
        made.says = lambda text: answer(f"{text.split()[0]}|joined|Deep Tide", usage=(30, 10))
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    documents.mkdir()
    for name in NAMES:
        (documents / f"{name}.txt").write_text(f"{name} joined Deep Tide.")
    return documents


def recipe(server: Misbehaving, **more: object) -> Recipe:
    options = ModelOptions("big", base_url=server.url, concurrency=2, **more)  # type: ignore[arg-type]
    return Recipe("endpoint", model=options)


def test_small_files_are_asked_about_at_a_time(folder: Path, server: Misbehaving, embedded_store: GraphStore) -> None:
    server.says = lambda text: answer(f"{text.split()[0]}|joined|Deep Tide", usage=(30, 10), after_s=0.2)
    report = build_graph([folder], store=embedded_store, recipe=recipe(server), workers=0, resolve=False)
    assert (report.loaded, report.facts, report.input_tokens, report.output_tokens) == (10, 10, 300, 100)
    begun = sorted(each.at for each in server.seen)
    assert any(later - earlier < 0.15 for earlier, later in pairwise(begun))  # two at a time
    again = build_graph([folder], store=embedded_store, recipe=recipe(server), workers=0, resolve=False)
    assert (again.unchanged, len(server.seen)) == (10, 10)


def test_a_segment_without_an_answer_is_a_fault_of_its_own_file(
    folder: Path, server: Misbehaving, embedded_store: GraphStore, tmp_path: Path
) -> None:
    says = server.says
    server.says = lambda text: trouble(400, "never") if "Dora" in text else says(text)
    cache = tmp_path / "cache.sqlite"
    options = {"store": embedded_store, "recipe": recipe(server), "workers": 0, "resolve": False, "cache": cache}
    report = build_graph([folder], **options)  # type: ignore[arg-type]
    assert (report.loaded, report.partial, report.facts) == (10, 1, 9)
    assert "http-400" in report.problems[0].message
    with ExtractionCache(cache) as kept:
        assert len(kept) == 9
    server.says = says
    asked = len(server.seen)
    report = build_graph([folder], **options)  # type: ignore[arg-type]
    assert (report.partial, len(server.seen) - asked) == (0, 1)


def test_a_budget_ends_the_run_and_an_estimate_tells_the_cost(
    folder: Path, server: Misbehaving, embedded_store: GraphStore, tmp_path: Path
) -> None:
    prices, cache = Prices(1000.0, 5000.0), tmp_path / "cache.sqlite"
    estimate = estimate_ingest([folder], recipe=recipe(server), prices=prices, cache=cache, workers=1, seconds=5.0)
    assert estimate.input_tokens is not None
    assert estimate.input_tokens.expected == 300
    assert estimate.cost is not None
    assert estimate.cost.expected == pytest.approx(10 * (0.03 + 0.05))
    asked = len(server.seen)
    report = build_graph([folder], store=embedded_store, recipe=recipe(server), workers=0, cache=cache, resolve=False)
    assert (report.loaded, report.reused, len(server.seen)) == (10, asked, 10)  # what the sample paid for is kept
    for name in NAMES:
        (folder / f"{name}.txt").write_text(f"{name} left Deep Tide.")
    report = build_graph(
        [folder], store=embedded_store, recipe=recipe(server), workers=0, budget=Budget(tokens=100), resolve=False
    )
    assert report.not_begun > 0
    assert report.loaded >= 3


def test_relations_of_an_ontology_are_the_only_ones_asked_for(server: Misbehaving, tmp_path: Path) -> None:
    ontology, file = tmp_path / "o.toml", tmp_path / "one.txt"
    ontology.write_text("[types.Person]\n[relations.is_a_member_of]\n[relations.is_married_to]\n")
    file.write_text("Anna joined Deep Tide. Anna left Deep Tide in 2012.")
    server.says = lambda text: answer("Anna|is_a_member_of|Deep Tide\nAnna|joined|Deep Tide")
    asked = Recipe("endpoint", ontology=str(ontology), model=recipe(server).model)
    made = process_file(FileTask(file, "file:///one.txt", asked))
    assert [s.relation for s in made.statements] == ["is_a_member_of"]
    assert made.left_out == {"relation-not-asked": 1}
    assert "is_married_to" in server.seen[0].body["messages"][0]["content"]
    assert "is_married_to" in server.seen[0].body["structured_outputs"]["grammar"]
    open_ = process_file(FileTask(file, "file:///one.txt", Recipe(**{**_fields(asked), "ontology_mode": "open"})))
    assert {s.relation for s in open_.statements} >= {"is_a_member_of"}
    assert "is_married_to" not in server.seen[1].body["messages"][0]["content"]


def _fields(made: Recipe) -> dict[str, object]:
    return {name: getattr(made, name) for name in Recipe.__slots__}


def test_ingest_asks_an_endpoint(folder: Path, server: Misbehaving, embedded_store: GraphStore) -> None:
    arguments = ["--extractor", "endpoint", "--base-url", server.url, "--model", "big", "--quiet", "--json"]
    arguments += ["--store", embedded_store.uri, "--no-resolve"]
    done = CliRunner().invoke(cli, ["ingest", str(folder), *arguments], standalone_mode=False)
    assert done.exception is None
    assert json.loads(done.stdout)["facts"] == 10
    done = CliRunner().invoke(cli, ["extract", "-", "--extractor", "endpoint", "--model", "big"], standalone_mode=False)
    assert isinstance(done.exception, ConfigError)
