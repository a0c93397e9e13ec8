"""Triples from elsewhere: what they give to the graph, on every server and through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from kg_builder.errors import LoadError
from kg_builder.importing import MADE_OF_TRIPLE, Placed, import_triples, import_uri, withdraw_import
from kg_builder.importing_rows import rows_of
from kg_builder.store import GraphStore

ROWS = [
    {"head": "Mara Quill", "relation": "founded", "tail": "Tidal Labs", "source": "news",
     "sentence": "In 2014 Mara Quill founded Tidal Labs.", "head_type": "Person", "tail_type": "Organization"},
    {"head": "Tidal Labs", "relation": "was founded by", "tail": "mara quill", "source": "wiki"},
    {"head": "汐岚能源", "relation": "位于", "tail": "青岛", "sentence": "汐岚能源位于青岛。", "confidence": 0.5},
    {"head": "Mara Quill", "relation": "lives in", "tail": "Oslo", "sentence": "She lives in Oslo.", "source": "news"},
]  # fmt: skip


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def content(store: GraphStore) -> tuple[object, object]:
    return list(store.entities()), list(store.edges())


def test_rows_become_facts_with_evidence_and_know_where_they_went(any_store: GraphStore, tmp_path: Path) -> None:
    path = written(tmp_path / "triples.jsonl", ROWS)
    placed: list[Placed] = []
    report = import_triples(any_store, path, on_placed=placed.append)
    assert (report.rows, report.imported, report.documents, report.written) == (4, 4, 3, 3)
    facts = {(e.head.name, e.relation, e.tail.name, e.support) for e in any_store.edges()}
    assert facts == {
        ("Mara Quill", "found", "Tidal Labs", 2),
        ("汐岚能源", "位于", "青岛", 1),
        ("Mara Quill", "live in", "Oslo", 1),
    }
    assert [each.row for each in placed] == [1, 2, 3, 4]
    assert placed[0].head_id == placed[1].tail_id == placed[3].head_id
    assert placed[0].tail_id == placed[1].head_id != placed[0].head_id
    edge = next(e for e in any_store.edges() if e.relation == "live in")
    (evidence,) = edge.evidence
    assert evidence.text == "She lives in Oslo.\nMara Quill lives in Oslo"
    assert evidence.document_uri == f"{import_uri(path)}#news"
    rows = any_store.query("MATCH (s:Segment) WHERE s.section = $made RETURN count(s)", {"made": MADE_OF_TRIPLE}).rows
    assert rows == ((2,),)
    assert any_store.check() == []


def test_the_same_file_twice_adds_nothing_and_a_changed_one_replaces_what_it_gave(
    any_store: GraphStore, tmp_path: Path
) -> None:
    path = written(tmp_path / "triples.jsonl", ROWS)
    import_triples(any_store, path)
    before, version = content(any_store), any_store.keeper.version()
    first: list[Placed] = []
    report = import_triples(any_store, path, on_placed=first.append)
    assert (report.written, report.unchanged, content(any_store)) == (0, 3, before)
    assert any_store.keeper.version() == version
    assert first[0].head_id is not None
    written(path, [*ROWS[1:3], {"head": "Oslo", "relation": "lies in", "tail": "Norway"}])
    report = import_triples(any_store, path)
    assert (report.written, report.unchanged, report.withdrawn) == (1, 1, 1)
    assert {e.relation for e in any_store.edges()} == {"found", "位于", "lie in"}
    assert withdraw_import(any_store, str(path))
    assert (any_store.counts().documents, any_store.counts().names) == (0, 0)


def test_an_import_that_was_killed_half_way_goes_on(
    embedded_store: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "triples.jsonl", ROWS)
    import_triples(embedded_store, path)
    whole = content(embedded_store)
    written(path, ROWS[:1])
    with monkeypatch.context() as patch:
        patch.setattr(GraphStore, "write", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            import_triples(embedded_store, path)
    written(path, ROWS)  # as it was before: all the same it has to be written
    import_triples(embedded_store, path)
    assert content(embedded_store) == whole
    assert {d.state for d in embedded_store.documents()} == {"complete"}


def test_the_three_forms_say_the_same(embedded_store: GraphStore, tmp_path: Path) -> None:
    pipe, table = tmp_path / "a.txt", tmp_path / "b.csv"
    pipe.write_text("Ada|wrote|notes \\| drafts\n\n汐岚能源|位于|青岛\n", encoding="utf-8")
    table.write_text('﻿tail,head,relation\n"notes | drafts",Ada,wrote\n青岛,汐岚能源,位于\n', encoding="utf-8")
    lines = written(tmp_path / "c.jsonl", [
        {"head": "Ada", "relation": "wrote", "tail": "notes | drafts"},
        {"head": "汐岚能源", "relation": "位于", "tail": "青岛"},
    ])  # fmt: skip
    graphs = []
    for path in (pipe, table, lines):
        import_triples(embedded_store, path)
        graphs.append([(e.head.name, e.relation, e.tail.name, e.support) for e in embedded_store.edges()])
        withdraw_import(embedded_store, str(path))
    assert graphs == [[("Ada", "write", "notes | drafts", 1), ("汐岚能源", "位于", "青岛", 1)]] * 3


def test_rows_that_cannot_be_used_are_told_with_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    lines = [
        b'{"head": "Ada", "relation": "wrote", "tail": "notes"}',
        b"",
        b"{not json}",
        b'["Ada", "wrote", "notes"]',
        b'{"head": "Ada", "relation": "wrote"}',
        b'{"head": "...", "relation": "wrote", "tail": "notes"}',
        b'{"head": "Ada", "relation": "wrote", "tail": 1843, "confidence": 7}',
        b'{"head": "Ada\\ud800", "relation": "wrote", "tail": "notes"}',
        b'{"head": "\xff", "relation": "wrote", "tail": "notes"}',
        b'{"head": "' + b"x" * 3000 + b'", "relation": "wrote", "tail": "notes"}',
        b'{"head": "' + b"x" * (2 << 20) + b'", "relation": "wrote", "tail": "notes"}',
        b"[" * 100_000,
        b'{"head": "Ada", "relation": "read", "tail": "letters"}',
    ]
    path.write_bytes(b"\n".join(lines))
    found = [(row.number, row.line, getattr(row, "reason", "")) for row in rows_of(path, "jsonl")]
    assert found == [
        (1, 1, ""),
        (2, 3, "no-json"),
        (3, 4, "no-json"),
        (4, 5, "no-tail"),
        (5, 6, "empty-head"),
        (6, 7, "bad-confidence"),
        (7, 8, "encoding"),
        (8, 9, "encoding"),
        (9, 10, "too-long"),
        (10, 11, "too-long"),
        (11, 12, "no-json"),
        (12, 13, ""),
    ]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"subject,predicate,object\nAda,wrote,notes\n", "header with the columns head, relation and tail"),
        ("a.jsonl", b"", "found none"),
        ("a.jsonl", '{"head": 1}'.encode("utf-16"), "UTF-16"),
        ("a.xlsx", b"PK", "--format"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(
    embedded_store: GraphStore, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(LoadError, match=told):
        import_triples(embedded_store, path)
    assert embedded_store.counts().documents == 0


def test_a_large_file_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    with path.open("w") as file:
        for i in range(20_000):
            file.write(
                json.dumps({"head": f"Person {i}", "relation": "knows", "tail": f"Person {i + 1}", "n": "x" * 500})
            )
            file.write("\n")
    tracemalloc.start()
    assert sum(1 for _ in rows_of(path, "jsonl")) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_the_command_prints_the_entities_of_every_row(tmp_path: Path, embedded_path: Path) -> None:
    path = written(tmp_path / "triples.jsonl", [*ROWS, {"head": "!!!", "relation": "is", "tail": "odd"}])
    kg = [sys.executable, "-m", "kg_builder.cli"]
    store = ["--store", f"embedded:{embedded_path}"]
    done = subprocess.run([*kg, "import", path, "--json", *store], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["row"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[4] == {"row": 5, "head_id": None, "tail_id": None, "reason": "empty-head"}
    assert rows[0]["head_id"] == rows[1]["tail_id"]
    assert f"{path}:5: empty-head" in done.stderr
    assert "4 of 5 rows imported (refused: 1 empty-head)" in done.stderr
    again = subprocess.run([*kg, "import", path, "--json", *store], capture_output=True, text=True, check=False)
    assert again.stdout == done.stdout
    gone = subprocess.run([*kg, "remove", path, *store], capture_output=True, text=True, check=False)
    assert gone.returncode == 0, gone.stderr
