"""From a folder to the graph through real parts: real files, worker processes, the offline extractor, the embedded
server.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from kg_builder.extract import open_extractor
from kg_builder.pipeline import build_graph
from kg_builder.recipe import Recipe
from kg_builder.reports import IngestReport, Progress
from kg_builder.store import GraphStore, open_store
from kg_builder.types import Extraction

STORY = {
    "one.txt": "Mara Quill founded Harbor Robotics in 2012. Harbor Robotics acquired Deep Tide.",
    "two.md": "# News\n\nHarbor Robotics acquired Deep Tide. Deep Tide did not acquire Nova Works.",
    "zh/three.txt": "张伟创立了澜海能源。澜海能源位于上海。",
}


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    with open_store(f"embedded:{tmp_path_factory.mktemp('pipeline') / 'graph'}") as store:
        yield store


@pytest.fixture
def store(shared_store: GraphStore) -> GraphStore:
    for document in list(shared_store.documents()):
        shared_store.remove(document.uri)
    assert shared_store.counts().entities == 0
    return shared_store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in STORY.items():
        path = tmp_path / "documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "documents"


def ingest(folder: Path, store: GraphStore, **options: object) -> IngestReport:
    return build_graph([folder], store=store, workers=1, **options)  # type: ignore[arg-type]


def facts(store: GraphStore) -> set[tuple[str, str, str]]:
    return {(e.head.name, e.relation, e.tail.name) for e in store.edges(with_evidence=False)}


def snapshot(store: GraphStore) -> tuple[object, ...]:
    return list(store.entities()), list(store.edges())


def test_a_folder_becomes_a_graph_with_evidence(folder: Path, store: GraphStore) -> None:
    report = ingest(folder, store)
    assert (report.found, report.loaded, report.failed) == (3, 3, 0)
    assert ("Harbor Robotics", "acquire", "Deep Tide") in facts(store)
    assert ("张伟", "found", "澜海能源") in facts(store)
    edge = next(e for e in store.edges() if e.relation == "acquire")
    assert edge.support == len(edge.evidence) == 2
    assert {Path(e.document_uri).name for e in edge.evidence} == {"one.txt", "two.md"}
    for evidence in edge.evidence:
        at = evidence.segment_start
        assert evidence.text[evidence.head_start - at : evidence.head_end - at] == evidence.head


def test_what_is_denied_is_kept_apart_from_the_facts(folder: Path, store: GraphStore) -> None:
    ingest(folder, store)
    assert not any("Nova Works" in (head, tail) for head, _, tail in facts(store))
    (nova,) = store.search("Nova Works")
    assert [s.polarity for s in store.statements(nova.id)] == ["negative"]


def test_what_the_extractor_holds_back_is_counted_by_reason(store: GraphStore, tmp_path: Path) -> None:
    (tmp_path / "they.txt").write_text("They built it. She sold them. Mara Quill founded Harbor Robotics.")
    cache = tmp_path / "cache.sqlite"
    report = build_graph([tmp_path / "they.txt"], store=store, workers=0, cache=cache)
    assert report.left_out["unresolved"] >= 2
    assert store.left_out() == report.left_out
    store.remove(next(iter(store.documents())).uri)
    again = build_graph([tmp_path / "they.txt"], store=store, workers=0, cache=cache)
    assert (again.reused, again.left_out) == (1, report.left_out)  # what is known already is counted too
    assert store.left_out() == report.left_out


def test_ingesting_twice_adds_nothing_and_is_no_work(folder: Path, store: GraphStore) -> None:
    ingest(folder, store)
    before = snapshot(store)
    report = ingest(folder, store)
    assert (report.loaded, report.unchanged) == (0, 3)
    assert snapshot(store) == before


def test_a_changed_file_replaces_its_own_contribution(folder: Path, store: GraphStore) -> None:
    ingest(folder, store)
    (folder / "one.txt").write_text("Mara Quill sued Harbor Robotics.", encoding="utf-8")
    report = ingest(folder, store)
    assert (report.loaded, report.unchanged) == (1, 2)
    edge = next(e for e in store.edges() if e.relation == "acquire")
    assert edge.support == 1
    assert ("Mara Quill", "found", "Harbor Robotics") not in facts(store)
    assert ("Mara Quill", "sue", "Harbor Robotics") in facts(store)


def test_the_final_graph_equals_one_built_from_scratch(folder: Path, store: GraphStore) -> None:
    ingest(folder, store)
    reference = snapshot(store)
    (folder / "two.md").write_text("Nothing of note.", encoding="utf-8")
    (folder / "zh" / "three.txt").unlink()
    ingest(folder, store, prune=True)
    assert snapshot(store) != reference
    (folder / "two.md").write_text(STORY["two.md"], encoding="utf-8")
    (folder / "zh" / "three.txt").write_text(STORY["zh/three.txt"], encoding="utf-8")
    ingest(folder, store)
    assert snapshot(store) == reference


def test_a_file_gone_from_the_folder_is_listed_and_withdrawn_when_asked(folder: Path, store: GraphStore) -> None:
    ingest(folder, store)
    (folder / "zh" / "three.txt").unlink()
    report = ingest(folder, store)
    assert [Path(uri).name for uri in report.missing] == ["three.txt"]
    assert ("张伟", "found", "澜海能源") in facts(store)
    report = ingest(folder, store, prune=True)
    assert (report.pruned, report.missing) == (1, ())
    assert ("张伟", "found", "澜海能源") not in facts(store)
    assert store.counts().documents == 2


def test_pruning_one_folder_leaves_the_documents_of_others(folder: Path, store: GraphStore, tmp_path: Path) -> None:
    other = tmp_path / "documents-2"  # its path begins like the first folder's
    shutil.copytree(folder, other)
    ingest(folder, store)
    ingest(other, store)
    shutil.rmtree(other)
    report = ingest(folder, store, prune=True)
    assert (report.pruned, store.counts().documents) == (0, 6)


def test_bad_files_are_accounted_for_and_the_rest_goes_on(folder: Path, store: GraphStore) -> None:
    (folder / "empty.txt").touch()
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)))
    (folder / "old.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (folder / "name\nwith 'quotes' \N{SNOWMAN}.txt").write_text("Deep Tide hired Anna Berg.", encoding="utf-8")
    report = ingest(folder, store)
    assert (report.found, report.loaded, report.failed, report.skipped) == (7, 4, 2, 1)
    assert {p.reason for p in report.problems} >= {"empty", "archive"}
    assert all("\n" not in p.message for p in report.problems)
    assert {d.reason for d in store.documents(state="failed")} | {"archive"} == {p.reason for p in report.problems}
    assert ("Anna Berg", "work for", "Deep Tide") in facts(store)


def test_a_mended_file_is_no_longer_a_failure(folder: Path, store: GraphStore) -> None:
    (folder / "late.txt").touch()
    assert ingest(folder, store).failed == 1
    (folder / "late.txt").write_text("Deep Tide hired Anna Berg.", encoding="utf-8")
    report = ingest(folder, store)
    assert (report.loaded, report.failed) == (1, 0)
    assert store.counts().documents_by_state == {"complete": 4}


def test_a_file_that_breaks_keeps_its_facts_until_it_can_be_read_again(folder: Path, store: GraphStore) -> None:
    ingest(folder, store)
    before = facts(store)
    (folder / "one.txt").write_bytes(b"")
    assert ingest(folder, store).failed == 1
    assert facts(store) == before
    (folder / "one.txt").write_text(STORY["one.txt"], encoding="utf-8")
    assert ingest(folder, store).loaded == 1
    assert facts(store) == before
    assert store.counts().documents_by_state == {"complete": 3}


def test_another_recipe_means_work_to_do(folder: Path, store: GraphStore) -> None:
    ingest(folder, store)
    report = ingest(folder, store, recipe=Recipe(segment_characters=64))
    assert report.loaded == 3
    assert report.segments > 3


def test_the_store_holds_the_same_whatever_the_number_of_workers(folder: Path, store: GraphStore) -> None:
    build_graph([folder], store=store, workers=0)
    alone = snapshot(store)
    for document in list(store.documents()):
        store.remove(document.uri)
    build_graph([folder], store=store, workers=2)
    assert snapshot(store) == alone


def test_progress_counts_every_file_once(folder: Path, store: GraphStore) -> None:
    seen: list[Progress] = []
    ingest(folder, store, on_progress=seen.append)
    assert [p.done for p in seen] == [1, 2, 3]
    assert {p.total for p in seen} == {3}


def test_other_languages_are_accounted_for_and_not_guessed_at(store: GraphStore, tmp_path: Path) -> None:
    text = "Der Hund hat gestern den Ball nicht gefunden, weil es schon dunkel war und niemand ihm geholfen hat."
    (tmp_path / "deutsch.txt").write_text(text, encoding="utf-8")
    report = ingest(tmp_path, store)
    assert report.segments_by_language == {"other": 1}
    assert report.extractions == 0


class Stumbling:
    """An extractor that fails on one text, as a model may."""

    name = "open_ie"
    fingerprint = "stumbling"

    def extract(self, text: str) -> list[Extraction]:
        if "Deep Tide" in text:
            raise ZeroDivisionError("no such luck\nat all")
        return open_extractor().extract(text)

    def pipe(self, texts: Iterable[str]) -> Iterator[list[Extraction]]:
        return map(self.extract, texts)


def test_a_segment_that_fails_is_isolated_listed_and_done_later(
    folder: Path, store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(segment_characters=50)
    monkeypatch.setattr("kg_builder.recipe.open_extractor", lambda *_, **__: Stumbling())
    report = build_graph([folder / "one.txt"], store=store, recipe=recipe, workers=0)
    assert (report.loaded, report.partial, report.failed) == (1, 1, 0)
    assert ("Mara Quill", "found", "Harbor Robotics") in facts(store)
    (document,) = store.documents(state="partial")
    assert document.reason == "extraction"
    assert document.detail.startswith("segment 1 (44-79): ZeroDivisionError: no such luck at all (")
    assert document.detail.endswith(" extract)")  # where it happened
    monkeypatch.undo()
    report = build_graph([folder / "one.txt"], store=store, recipe=recipe, workers=0)
    assert (report.loaded, report.partial) == (1, 0)
    assert ("Harbor Robotics", "acquire", "Deep Tide") in facts(store)
