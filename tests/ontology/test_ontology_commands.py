"""``kg ontology`` and ``--ontology`` as a user runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"

DOCUMENTS = {
    "one.txt": "Mara Quill founded Harbor Robotics. Mara Quill sings in Oslo. Harbor Robotics is based in Bergen.",
    "two.txt": "林若汐创立了汐岚能源。汐岚能源成立于2009年。林若汐喜欢音乐。",
}


def kg(folder: Path, *arguments: str, status: int = 0, stdin: str | None = None) -> str:
    command = [sys.executable, "-m", "kg_builder.cli", *arguments]
    environment = {**os.environ, "KG_STORE": f"embedded:{folder / 'graph'}"}
    run = subprocess.run(command, cwd=folder, env=environment, input=stdin, capture_output=True, text=True, check=False)
    assert run.returncode == status, f"{run.returncode}\n{run.stdout}\n{run.stderr}"
    return run.stdout if status == 0 else run.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    for name, text in DOCUMENTS.items():
        (tmp_path / "documents" / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_check_says_what_a_file_holds_or_what_is_wrong_with_it(folder: Path) -> None:
    told = json.loads(kg(folder, "ontology", "check", str(DATA / "ontology.toml"), "--json"))
    assert (told["types"], told["relations"]) == (8, 13)
    (folder / "bad.toml").write_text('[types.a]\nparent = "b"\n', encoding="utf-8")
    message = kg(folder, "ontology", "check", "bad.toml", status=1)
    assert "bad.toml:2: type 'a' has an unknown parent 'b'" in message
    assert "bad.toml:2" in kg(folder, "ingest", "documents", "--ontology", "bad.toml", status=1)


def test_extract_prints_the_ontologys_relations(folder: Path) -> None:
    lines = "Mara Quill founded Harbor Robotics.\n\n林若汐创立了汐岚能源。\n"
    ontology = str(DATA / "ontology.toml")
    printed = kg(folder, "extract", "--lines", "--ontology", ontology, "--format", "jsonl", "-", stdin=lines)
    rows = [json.loads(line) for line in printed.splitlines()]
    assert [(row["line"], row["relation"], row["head_type"], row["tail_type"]) for row in rows] == [
        (1, "founder_of", "Person", "Company"),
        (3, "founder_of", "Person", "Company"),
    ]
    for row in rows:
        text = lines.split("\n")[row["line"] - 1]
        assert text[row["head_start"] : row["head_end"]] == row["head"]
        assert text[row["relation_start"] : row["relation_end"]] in ("founded", "创立了")
    pipe = kg(folder, "extract", "--lines", "--ontology", ontology, "--format", "pipe", "-", stdin=lines)
    assert pipe.splitlines() == ["Mara Quill|founder_of|Harbor Robotics", "林若汐|founder_of|汐岚能源"]


def test_ingest_counts_what_does_not_fit_and_another_ontology_extracts_nothing_anew(folder: Path) -> None:
    report = json.loads(
        kg(folder, "ingest", "documents", "--ontology", str(DATA / "ontology.toml"), "--json", "--quiet")
    )
    assert report["left_out"]["no relation of the ontology"] >= 2
    cypher = "MATCH (a:Person)-[r:FOUNDER_OF]->(b:Company) RETURN a.name AS a, b.name AS b ORDER BY a"
    founders = json.loads(kg(folder, "query", cypher, "--format", "json"))
    assert [tuple(row.values()) for row in founders] == [("Mara Quill", "Harbor Robotics"), ("林若汐", "汐岚能源")]
    assert json.loads(kg(folder, "stats", "--json"))["held_back"]["no relation of the ontology"] >= 2
    again = ("--ontology", str(DATA / "ontology.toml"), "--json", "--quiet")
    assert json.loads(kg(folder, "ingest", "documents", *again))["unchanged"] == 2
    opened = json.loads(kg(folder, "ingest", "documents", *again, "--ontology-mode", "open"))
    assert opened["loaded"] == 2 and opened["reused"] == opened["segments"]
    assert (
        json.loads(kg(folder, "query", "MATCH (:Entity)-[r]->(:Entity) RETURN count(r) AS n", "--format", "json"))[0][
            "n"
        ]
        > 4
    )


def test_a_draft_can_be_used_as_it_is(folder: Path) -> None:
    (folder / "more.txt").write_text(
        "Ann Moss founded Bolt Motors. Bo Lind founded Cord Media. Cy Hale founded Dorn Bank.",
        encoding="utf-8",
    )
    kg(folder, "ontology", "draft", "more.txt", "documents", "--out", "draft.toml", "--least", "2", "--quiet")
    text = (folder / "draft.toml").read_text(encoding="utf-8")
    assert "[relations.found]" in text and "Bo Lind | Cord Media" in text and "[types.Organization]" in text
    kg(folder, "ontology", "check", "draft.toml")
    printed = kg(folder, "extract", "--ontology", "draft.toml", "--format", "pipe", "documents/one.txt")
    assert "Mara Quill|found|Harbor Robotics" in printed.splitlines()


def test_learn_writes_one_file_that_extract_uses(folder: Path) -> None:
    told = json.loads(
        kg(
            folder,
            *("ontology", "learn", str(DATA / "ontology.toml"), "--out", "learnt.toml"),
            *("--examples", str(DATA / "ontology-examples.jsonl"), "--json", "--quiet"),
        )
    )
    assert told["learnt_from"] == told["triples"] > 5 and "founded_by" in told["by_relation"]
    ontology = str(folder / "learnt.toml")
    printed = kg(folder, "extract", "--ontology", ontology, "--format", "pipe", "-", stdin="Mara Quill founded Harbor.")
    assert "Mara Quill|founder_of|Harbor" in printed
    message = kg(folder, "ontology", "learn", "learnt.toml", "--examples", "none.jsonl", "--out", "x.toml", status=1)
    assert "expected readable examples at 'none.jsonl'" in message
