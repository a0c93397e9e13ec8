"""Two extractors on the same texts: what both say, what one does, and what it costs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from kg_builder.differences import Comparison, compare_extractors
from kg_builder.errors import ConfigError
from kg_builder.extract import open_extractor
from kg_builder.recipe import Recipe
from kg_builder.types import Extraction, Mention, Relation

TEXT = "Mara Quill founded Harbor Robotics in Oslo. The board met. Ines Varga leads Deep Tide."


class Careful:
    """What open_ie finds but for Ines Varga, surer; and one thing of its own."""

    name = "careful"
    fingerprint = "careful"

    def extract(self, text: str) -> list[Extraction]:
        if log := os.environ.get("KG_TEST_LOG"):
            with Path(log).open("a") as file:
                file.write("x")
        if "FAIL" in text:
            raise ValueError("no")
        found = [x for x in open_extractor().extract(text) if x.head.surface != "Ines Varga"]
        at, also = text.find("board"), text.find("Deep Tide")
        if at >= 0 and also >= 0:
            head, tail = Mention("board", at, at + 5), Mention("Deep Tide", also, also + 9)
            found.append(Extraction(head, Relation("meets"), tail, 0.9, "careful"))
        return found

    def pipe(self, texts: Iterable[str]) -> Iterator[list[Extraction]]:
        return map(self.extract, texts)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", here)
    monkeypatch.syspath_prepend(here)
    path = tmp_path / "documents"
    path.mkdir()
    (path / "a.txt").write_text(TEXT)
    (path / "b.txt").write_text("Mara Quill founded Harbor Robotics.")
    return path


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `Careful` notes that it was asked, in whatever process."""
    path = tmp_path / "careful.log"
    path.write_text("")
    monkeypatch.setenv("KG_TEST_LOG", str(path))
    return path


OTHER = "test_differences:Careful"


def compare(folder: Path, cache: Path | None = None, other: str = OTHER) -> list[Comparison]:
    return list(compare_extractors([folder], first=Recipe(), second=other, cache=cache, workers=0))


def test_what_both_have_and_what_only_one_has_with_sentence_and_offsets(folder: Path) -> None:
    one, two = compare(folder)
    assert two.equal and two.both >= 1
    assert one.both >= 1 and not one.equal
    assert {(d.head, d.tail) for d in one.only_first} == {("Ines Varga", "Deep Tide")}
    (mine,) = one.only_second
    assert (mine.head, mine.relation, mine.tail, mine.confidence) == ("board", "meets", "Deep Tide", 0.9)
    assert mine.relation_start is None
    assert mine.sentence == "The board met. Ines Varga leads Deep Tide."
    for each in (*one.only_first, *one.only_second):
        assert TEXT[each.head_start : each.head_end] == each.head
        assert TEXT[each.tail_start : each.tail_end] == each.tail
        assert TEXT[each.sentence_start : each.sentence_end] == each.sentence


def test_an_extractor_agrees_with_itself(folder: Path) -> None:
    assert all(each.equal and each.both for each in compare(folder, other="open_ie"))


def test_what_was_extracted_before_is_not_extracted_again(folder: Path, tmp_path: Path, log: Path) -> None:
    first = compare(folder, tmp_path / "cache.sqlite")
    assert log.read_text() == "xx"
    assert compare(folder, tmp_path / "cache.sqlite") == first
    assert log.read_text() == "xx"
    compare(folder)
    assert log.read_text() == "xxxx"


def test_a_segment_or_file_that_fails_is_told_and_the_rest_goes_on(folder: Path) -> None:
    (folder / "b.txt").write_text("FAIL here.")
    (folder / "c.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (folder / "d.txt").write_text("Mara Quill founded Harbor Robotics.")
    one, two, three, four = compare(folder)
    assert one.only_second and four.equal
    assert "ValueError: no" in two.faults[0] and two.faults[0].startswith(OTHER)
    assert three.problem is not None


def test_an_unknown_extractor_is_a_clear_error(folder: Path) -> None:
    with pytest.raises(ConfigError, match="expected an extractor"):
        compare(folder, other="nobody")


def test_the_command_line_prints_the_difference_and_its_status_says_whether_there_is_one(
    folder: Path, tmp_path: Path
) -> None:
    from test_cli import Kg

    kg = Kg(tmp_path, f"embedded:{tmp_path / 'graph'}")
    printed = kg("diff", "documents", "--with", OTHER, "--format", "jsonl", status=3)
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [line["kind"] for line in lines] == ["triple", "triple", "document", "document", "total"]
    assert [line["only"] for line in lines[:2]] == ["open_ie", OTHER]
    assert lines[1]["sentence"].endswith("Deep Tide.") and lines[1]["head_start"] == TEXT.find("board")
    total = lines[-1]
    assert (total["documents"], total["different"], total["only_first"], total["only_second"]) == (2, 1, 1, 1)
    table = kg("diff", "documents/a.txt", "--with", OTHER, status=3)
    assert f"only {OTHER}: board | meets | Deep Tide" in table
    assert "The board met." in table
    assert "all 1" in table
    kg("diff", "documents", "--with", "open_ie")
    assert not (tmp_path / "graph").exists()
    assert kg.run("diff", "nowhere", "--with", OTHER).returncode == 2
    assert kg.run("diff", "documents", "--with", "nobody").returncode == 2
