"""The ``kg`` command as a user runs it: real processes, real output, real exit status."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


class Kg:
    """Runs ``kg`` on one store."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder = folder
        self.environment = {**os.environ, "KG_STORE": store}

    def __call__(self, *arguments: str, status: int = 0, stdin: str | None = None) -> str:
        run = self.run(*arguments, stdin=stdin)
        assert run.returncode == status, f"{run.returncode}\n{run.stdout}\n{run.stderr}"
        return run.stdout

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kg_builder.cli", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, input=stdin, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def kg(tmp_path_factory: pytest.TempPathFactory) -> Kg:
    folder = tmp_path_factory.mktemp("cli")
    documents = folder / "documents"
    documents.mkdir()
    (documents / "one.txt").write_text(
        "Mara Quill founded Harbor Robotics. Mara Quill lives in Oslo.", encoding="utf-8"
    )
    (documents / "two.txt").write_text("澜海能源收购了深潮公司。", encoding="utf-8")
    kg = Kg(folder, f"embedded:{folder / 'graph'}")
    kg("ingest", "documents", "--quiet")
    return kg


def test_ingest_prints_one_json_object(kg: Kg) -> None:
    report = json.loads(kg("ingest", "documents", "--json", "--quiet"))
    assert (report["found"], report["unchanged"], report["failed"]) == (2, 2, 0)


def test_a_summary_adds_up(kg: Kg) -> None:
    run = kg.run("ingest", "documents")
    assert "2 found = 0 loaded + 2 unchanged + 0 failed + 0 skipped" in run.stdout
    assert "2/2 files" in run.stderr


def test_nothing_at_the_path_is_wrong_usage(kg: Kg) -> None:
    run = kg.run("ingest", "nowhere")
    assert run.returncode == 2
    assert "found nothing at 'nowhere'" in run.stderr
    assert kg.run("ingest").returncode == 2
    assert kg.run("no-such-command").returncode == 2


def test_a_store_that_is_not_there_is_one_clear_line(kg: Kg) -> None:
    run = kg.run("status", "--store", "embedded:nowhere")
    assert run.returncode == 1
    assert len(run.stderr.strip().splitlines()) == 1
    assert "expected a store" in run.stderr
    assert kg.run("status", "--store", "ftp://x").returncode in (1, 2)


def test_failed_files_are_listed_retried_and_forgotten_when_mended(kg: Kg) -> None:
    bad = kg.folder / "bad" / "late.txt"
    bad.parent.mkdir()
    bad.touch()
    kg("ingest", "bad", "--quiet", status=1)
    kg("ingest", "bad", "documents", "--quiet", status=3)
    listed = json.loads(kg("status", "--json", status=3))["problems"]
    assert [(p["reason"], p["state"]) for p in listed] == [("empty", "failed")]
    assert listed[0]["detail"].startswith(listed[0]["message"] + "\nTraceback")
    assert "[empty]" in kg("status", status=3)
    kg("retry", "--quiet", status=1)
    bad.write_text("Anna Berg joined Deep Tide.", encoding="utf-8")
    kg("retry", "--reason", "timeout", status=1)
    kg("retry", "--reason", "empty", "--quiet")
    kg("status")
    kg("remove", "bad/late.txt", "--quiet")
    run = kg.run("remove", "bad/late.txt")
    assert (run.returncode, "expected a document of the store" in run.stderr) == (1, True)


def test_queries_come_as_table_json_or_csv(kg: Kg) -> None:
    cypher = "MATCH (a)-[r:FOUND]->(b) RETURN a.name AS head, r.relation AS relation, b.name AS tail"
    assert json.loads(kg("query", cypher, "--format", "json")) == [
        {"head": "Mara Quill", "relation": "found", "tail": "Harbor Robotics"}
    ]
    assert list(csv.reader(io.StringIO(kg("query", cypher, "--format", "csv")))) == [
        ["head", "relation", "tail"],
        ["Mara Quill", "found", "Harbor Robotics"],
    ]
    assert "Mara Quill  found     Harbor Robotics" in kg("query", cypher)


def test_parameters_are_json_or_strings(kg: Kg) -> None:
    cypher = "MATCH (e:Entity) WHERE e.name IN $names RETURN DISTINCT e.name AS name ORDER BY name"
    out = kg("query", cypher, "--param", 'names=["Mara Quill", "澜海能源"]', "--format", "json")
    assert json.loads(out) == [{"name": "Mara Quill"}, {"name": "澜海能源"}]
    run = kg.run("query", cypher, "--param", "names")
    assert (run.returncode, "name=value" in run.stderr) == (2, True)


@pytest.mark.parametrize(
    "cypher", ["CREATE (x:Entity) RETURN x", "MATCH (n) DETACH DELETE n", "MATCH (n) SET n.name = ''"]
)
def test_a_query_that_writes_is_refused(kg: Kg, cypher: str) -> None:
    before = kg("query", "MATCH (n) RETURN count(n) AS n", "--format", "csv")
    run = kg.run("query", cypher)
    assert (run.returncode, len(run.stderr.strip().splitlines())) == (1, 1)
    assert kg("query", "MATCH (n) RETURN count(n) AS n", "--format", "csv") == before


def test_a_query_may_write_when_asked(kg: Kg) -> None:
    kg("query", "--write", "CREATE (:Scratch {x: 1})")
    assert "1" in kg("query", "MATCH (s:Scratch) RETURN s.x AS x", "--format", "csv")
    kg("query", "--write", "MATCH (s:Scratch) DELETE s")


def test_a_broken_query_is_one_clear_line(kg: Kg) -> None:
    run = kg.run("query", "MATCH (n RETURN n")
    assert run.returncode == 1
    assert run.stderr.startswith("kg: ")
    assert "Traceback" not in run.stderr


def test_extract_prints_an_object_for_each_extraction(kg: Kg) -> None:
    text = "Mara Quill founded Harbor Robotics.\n\n张伟创立了澜海能源。\n"
    rows = [json.loads(line) for line in kg("extract", "--lines", "-", stdin=text).splitlines()]
    lines = text.splitlines()
    assert {(r["line"], r["head"], r["tail"]) for r in rows} >= {
        (1, "Mara Quill", "Harbor Robotics"),
        (3, "张伟", "澜海能源"),
    }
    for row in rows:
        text = lines[row["line"] - 1]
        for part in ("head", "relation", "tail"):
            if row[f"{part}_start"] is not None:
                assert text[row[f"{part}_start"] : row[f"{part}_end"]] == row[part]
        assert 0 <= row["confidence"] <= 1
        assert set(row) == {
            "document", "line", "head", "relation", "tail", "head_type", "tail_type", "head_start", "head_end",
            "relation_start", "relation_end", "tail_start", "tail_end", "confidence", "polarity", "modality",
            "qualifiers", "extractor",
        }  # fmt: skip


def test_extract_reads_documents_and_standard_input(kg: Kg) -> None:
    assert "Mara Quill|founded|Harbor Robotics" in kg("extract", "documents", "--format", "pipe")
    assert "Mara Quill|founded|Harbor Robotics" in kg(
        "extract", "-", "--format", "pipe", stdin="Mara Quill founded Harbor Robotics."
    )


def test_extract_says_which_segments_and_lines_its_extractor_failed_on(kg: Kg, tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_text("Mara Quill founded Acme.\nTROUBLE here.\nInes Varga founded Beta.\n")
    troubled = Kg(tmp_path, "")
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    troubled.environment |= {"PYTHONPATH": path, "KG_TEST_LOG": str(tmp_path / "log")}
    command = ["extract", "some.txt", "--format", "pipe", "--extractor", "troublesome:Troublesome"]
    lines = troubled.run(*command, "--lines")
    assert lines.returncode == 3
    assert "line 2: ValueError: TROUBLE" in lines.stderr
    assert [line.split("|")[0] for line in lines.stdout.splitlines()] == ["Mara Quill", "Ines Varga"]
    whole = troubled.run(*command)
    assert whole.returncode == 1
    assert "missing: segment 0 (" in whole.stderr


def test_extract_goes_on_after_a_file_that_cannot_be_read(kg: Kg) -> None:
    (kg.folder / "mixed").mkdir()
    (kg.folder / "mixed" / "a.txt").touch()
    (kg.folder / "mixed" / "b.txt").write_text("Mara Quill founded Harbor Robotics.")
    run = kg.run("extract", "mixed", "--format", "pipe")
    assert run.returncode == 3
    assert "Mara Quill|founded|Harbor Robotics" in run.stdout
    assert "a.txt" in run.stderr
    assert kg.run("extract", "mixed/a.txt").returncode == 1


@pytest.mark.parametrize("suffix", ["graphml", "jsonld", "ttl", "csv", "jsonl", "cypher"])
def test_the_graph_is_exported_in_the_form_of_the_suffix(kg: Kg, suffix: str, tmp_path: Path) -> None:
    kg("export", str(tmp_path / f"graph.{suffix}"))
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert "Mara Quill" in text
    assert "澜海能源" in text


def test_an_unknown_form_of_export_is_refused(kg: Kg, tmp_path: Path) -> None:
    run = kg.run("export", str(tmp_path / "graph.docx"))
    assert run.returncode in (1, 2)
    assert ".graphml" in run.stderr


def test_statistics_and_doctor(kg: Kg) -> None:
    statistics = json.loads(kg("stats", "--json"))
    assert statistics["entities"] > 3
    assert "PageRank" in kg("stats") or "pagerank" in kg("stats")
    findings = json.loads(kg("doctor", "--json"))
    assert all(finding["healthy"] for finding in findings)
    assert "FAULT  store" in kg("doctor", "--store", "embedded:nowhere", status=3)


def test_evaluate_compares_predictions_with_gold(kg: Kg) -> None:
    gold = kg.folder / "gold.jsonl"
    row = {"id": "1", "language": "en", "document": None, "text": "Mara Quill founded Harbor Robotics.", "triples": [
        {"head": "Mara Quill", "head_start": 0, "head_end": 10, "head_type": "Person",
         "relation": "founded", "relation_start": 11, "relation_end": 18,
         "tail": "Harbor Robotics", "tail_start": 19, "tail_end": 34, "tail_type": "Organization",
         "polarity": "positive", "modality": "asserted"}]}  # fmt: skip
    gold.write_text(json.dumps(row) + "\n")
    (kg.folder / "texts.txt").write_text(row["text"] + "\n")  # type: ignore[operator]
    (kg.folder / "predicted.jsonl").write_text(kg("extract", "--lines", "texts.txt"))
    scores = json.loads(kg("evaluate", "gold.jsonl", "predicted.jsonl", "--json"))
    assert scores["exact"]["f1"] == 1.0


def test_a_bad_setting_is_wrong_usage(kg: Kg) -> None:
    (kg.folder / "bad-settings").mkdir()
    (kg.folder / "bad-settings" / "kg.toml").write_text("stroe = 1")
    inside = Kg(kg.folder / "bad-settings", "embedded:x")
    run = inside.run("status")
    assert (run.returncode, "did you mean 'store'" in run.stderr) == (2, True)


def test_topics_need_a_classifier(kg: Kg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kg.environment, "KG_TOPICS", "sport")
    run = kg.run("extract", "--lines", "-", stdin="Mara Quill founded Harbor Robotics.\n")
    assert run.returncode == 2
    assert "expected a classifier" in run.stderr


def test_commands_that_read_files_have_no_network_for_it(kg: Kg, monkeypatch: pytest.MonkeyPatch) -> None:
    from kg_builder import differences, extracting
    from kg_builder.recipe import Recipe

    told: list[dict[str, object]] = []

    def run_tasks(*_: object, **options: object) -> Iterator[object]:
        told.append(options)
        return iter(())

    monkeypatch.setattr(extracting, "run_tasks", run_tasks)
    monkeypatch.setattr(differences, "run_tasks", run_tasks)
    list(extracting.extract_paths([str(kg.folder)], recipe=Recipe(), file_timeout_s=7, file_memory_bytes=1 << 30))
    list(differences.compare_extractors([kg.folder], first=Recipe(), second="open_ie", file_memory_bytes=1 << 30))
    assert [each["network"] for each in told] == [False, False]
    assert [each["memory_bytes"] for each in told] == [1 << 30, 1 << 30]
    assert told[0]["timeout_s"] == 7
