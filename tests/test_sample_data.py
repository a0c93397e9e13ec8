"""The sample documents and gold triples hold what their README says."""

from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kg_builder.loaders import load
from kg_builder.types import ENTITY_TYPES, MODALITIES, POLARITIES

DATA = Path(__file__).parent.parent / "data"
SAMPLE = DATA / "sample"
FORMATS = set("pdf docx pptx xlsx csv tsv html md rst txt json jsonl eml epub odt".split())  # noqa: SIM905
README = (DATA / "README.md").read_text(encoding="utf-8")
QUOTES = re.findall(r"`([^`]+\.\w+)`: \"([^\"]+)\"", README)


def read_gold(language: str) -> list[dict[str, Any]]:
    lines = (DATA / "gold" / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


GOLD = {language: read_gold(language) for language in ("en", "zh")}
SENTENCES = [sentence for sentences in GOLD.values() for sentence in sentences]
TRIPLES = [(sentence, triple) for sentence in SENTENCES for triple in sentence["triples"]]


@cache
def text_of(name: str) -> str:
    """The text of a sample document without its white space."""
    return "".join(load(SAMPLE / name).text.split())


def holds(name: str, words: str) -> bool:
    return "".join(words.split()) in text_of(name)


def test_samples_cover_every_format_in_both_languages() -> None:
    names = [path.name for path in SAMPLE.iterdir()]
    assert {name.rpartition(".")[2] for name in names} == FORMATS
    assert len(names) >= 16
    assert sum(load(SAMPLE / name).language == "zh" for name in names) >= 5
    assert sum(load(SAMPLE / name).language == "en" for name in names) >= 5


def test_data_folder_stays_small() -> None:
    files = [path for path in DATA.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in files) < 500_000


def test_texts_come_in_the_encodings_that_the_readme_names() -> None:
    newspaper = (SAMPLE / "临汐日报.txt").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        newspaper.decode("utf-8")
    assert "临汐日报" in newspaper.decode("gb18030")
    assert (SAMPLE / "考察纪要.txt").read_bytes().startswith(b"\xff\xfe")
    assert (SAMPLE / "项目一览.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_readme_describes_every_document_and_no_other() -> None:
    table = README.partition("| document | what it is")[2].partition("\n\n")[0]
    first_cells = "".join(row.split("|")[1] for row in table.splitlines() if row.startswith("| `"))
    assert set(re.findall(r"`([^`]+)`", first_cells)) == {path.name for path in SAMPLE.iterdir()}


def test_gold_reaches_its_size() -> None:
    assert len(GOLD["en"]) >= 150
    assert len(GOLD["zh"]) >= 100
    assert all(sentence["language"] == language for language, rows in GOLD.items() for sentence in rows)


def test_gold_ids_and_sentences_are_unique() -> None:
    assert len({sentence["id"] for sentence in SENTENCES}) == len(SENTENCES)
    assert [text for text, count in Counter(sentence["text"] for sentence in SENTENCES).items() if count > 1] == []


def test_gold_offsets_give_the_surfaces() -> None:
    wrong = [
        (sentence["id"], triple[role])
        for sentence, triple in TRIPLES
        for role in ("head", "relation", "tail")
        if (start := triple[f"{role}_start"]) is not None
        if sentence["text"][start : triple[f"{role}_end"]] != triple[role] or not triple[role].strip()
    ]
    assert wrong == []


def test_gold_arguments_always_stand_in_the_sentence_and_apart() -> None:
    for sentence, triple in TRIPLES:
        assert triple["head_start"] is not None, sentence["id"]
        assert triple["tail_start"] is not None, sentence["id"]
        apart = triple["head_end"] <= triple["tail_start"] or triple["tail_end"] <= triple["head_start"]
        assert apart, (sentence["id"], triple["head"], triple["tail"])


def test_gold_relation_offsets_are_both_given_or_both_null() -> None:
    assert all((triple["relation_start"] is None) == (triple["relation_end"] is None) for _, triple in TRIPLES)


def test_gold_has_no_triple_twice() -> None:
    for sentence in SENTENCES:
        keys = [(t["head_start"], t["relation"], t["tail_start"]) for t in sentence["triples"]]
        assert len(set(keys)) == len(keys), sentence["id"]


def test_gold_arguments_carry_no_article_pronoun_or_stray_space() -> None:
    left_out = re.compile(r"(?:the|an?|its|his|her|their|this|any|it|he|she|they|we|I)\b|[该这本他她它]", re.IGNORECASE)
    for sentence, triple in TRIPLES:
        for role in ("head", "tail"):
            assert not left_out.match(triple[role]), (sentence["id"], triple[role])
            assert triple[role] == triple[role].strip()


def test_gold_uses_the_projects_types_and_flags() -> None:
    for _, triple in TRIPLES:
        assert triple["head_type"] in ENTITY_TYPES
        assert triple["tail_type"] in ENTITY_TYPES
        assert triple["polarity"] in POLARITIES
        assert triple["modality"] in MODALITIES


@pytest.mark.parametrize("language", ["en", "zh"])
def test_gold_covers_every_type_polarity_and_modality(language: str) -> None:
    triples = [triple for sentence in GOLD[language] for triple in sentence["triples"]]
    assert {triple[role] for triple in triples for role in ("head_type", "tail_type")} == set(ENTITY_TYPES)
    assert {triple["polarity"] for triple in triples} == set(POLARITIES)
    assert {triple["modality"] for triple in triples} == set(MODALITIES)
    assert any(not sentence["triples"] for sentence in GOLD[language])


def test_gold_gives_one_name_one_type() -> None:
    """Only the homonyms set on purpose may differ: a person and a place with one name."""
    types: dict[str, set[str]] = {}
    for _, triple in TRIPLES:
        for role in ("head", "tail"):
            types.setdefault(triple[role], set()).add(triple[f"{role}_type"])
    assert {name for name, kinds in types.items() if len(kinds) > 1} == {"Carrick Holm", "江屿"}


@pytest.mark.parametrize("name", sorted({s["document"] for s in SENTENCES if s["document"]}))
def test_gold_sentences_stand_in_the_document_they_name(name: str) -> None:
    missing = [s["text"] for s in SENTENCES if s["document"] == name and not holds(name, s["text"])]
    assert missing == []


def test_most_gold_sentences_come_from_the_documents() -> None:
    for sentences in GOLD.values():
        assert sum(sentence["document"] is not None for sentence in sentences) > 0.7 * len(sentences)


def gold_compiler() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gold_source", DATA / "source" / "gold.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("language", ["en", "zh"])
def test_gold_files_are_what_their_source_compiles_to(language: str) -> None:
    source = DATA / "source" / "gold" / f"{language}.txt"
    assert list(gold_compiler().compile_source(source, language)) == GOLD[language]


@pytest.mark.parametrize(
    ("annotation", "complaint"),
    [
        ("Mara Quill | founded | Corvane | PO", "'Corvane' does not occur"),
        ("MTS | founded | MTS | OO", "occurs 2 times"),
        ("MTS#3 | founded | Mara Quill | OP", "occurs 2 times, not 3"),
        ("Mara Quill | ~before founded | MTS#1 | PO", "do not occur in this order"),
        ("Mara Quill | ~founded MTS | MTS#1 | PO", "stands side by side"),
        ("Mara Quill | founded | MTS#1 | PZ", "found 'PZ'"),
        ("Mara Quill | founded | MTS#1 | PO maybe", "one modality"),
        ("Mara Quill | founded | MTS#1", "head | relation | tail | types"),
    ],
)
def test_gold_source_refuses_what_the_sentence_does_not_bear_out(
    annotation: str, complaint: str, tmp_path: Path
) -> None:
    compiler = gold_compiler()
    source = tmp_path / "en.txt"
    source.write_text(f"@ -\n= Mara Quill founded MTS before MTS grew.\n{annotation}\n", encoding="utf-8")
    with pytest.raises(compiler.GoldError, match=re.escape(complaint)):
        list(compiler.compile_source(source, "en"))


@pytest.mark.parametrize(("name", "words"), QUOTES)
def test_answers_of_the_readme_stand_in_the_documents(name: str, words: str) -> None:
    assert holds(name, words)


def test_readme_asks_ten_questions_with_evidence() -> None:
    rows = re.findall(r"^\| (.+[?？].*?) \|", README, flags=re.MULTILINE)
    assert len(rows) == 10
    assert len(QUOTES) >= 2 * len(rows)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("company-profile.md", "founded on 12 March 2014"),
        ("annual-report-2023.pdf", "on 12 March 2014"),
        ("harbour-stories.epub", "In 2014 Mara Quill and Tobias Fenn founded"),
        ("herald-interview.txt", "in 2013"),
        ("汐岚能源简介.md", "成立于2009年"),
        ("临汐日报.txt", "于2010年创办"),
        ("board-minutes-2024-03.docx", "within nine days"),
        ("maintenance-log.jsonl", "after eleven days"),
    ],
)
def test_contradictions_of_the_readme_are_in_the_documents(name: str, words: str) -> None:
    assert holds(name, words)


def test_figures_agree_across_documents() -> None:
    """What the story does not contradict on purpose adds up."""
    rated, output = 1.2, [3.7, 3.5, 3.6, 3.1, 3.6, 3.5]
    sheet = (DATA / "source" / "turbines.tsv").read_text(encoding="utf-8")
    assert [float(row.split("\t")[5]) for row in sheet.splitlines() if row.startswith("Turbine ")] == output
    assert holds("array-facts.json", f"{round(sum(output)):d} gigawatt-hours")
    assert holds("array-facts.json", f"{6 * rated:.1f} megawatts")
    assert holds("考察纪要.txt", f"总装机容量为{6 * rated:.1f}兆瓦")
    assert holds("总工程师访谈.html", f"安装20台机组，总装机容量{20 * rated:.0f}兆瓦")
    assert holds("合资协议摘要.docx", "1.2亿元人民币")
    assert holds("合资协议摘要.docx", "6600")
    assert holds("合资协议摘要.docx", "5400")
    assert (6600 + 5400) / 10_000 == 1.2
    assert 6600 / (6600 + 5400) == 0.55
