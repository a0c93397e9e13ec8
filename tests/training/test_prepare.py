"""Training data: what is read, what is left out and why, and that nothing of the test set is learnt."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from preparing import examples, kept, lines, prepare, read, reasons

from finetune.cli import cli
from finetune.corpus import LeftOut, Selection, examples_of_rows, rows_of, sentences_of_text, without_stop
from finetune.examples import Example, read_examples
from finetune.preparing import Split, prepare_folder
from finetune.repeats import evened, find_repeats, likeness
from kg_builder.errors import ConfigError, DataError
from kg_builder.types import Triple

# ---------------------------------------------------------------- reading
DOLLY = [
    {"category": "open_qa", "context": "A context that is long enough to be kept. It is not."},
    {
        "category": "information_extraction",
        "context": "Dr. Ada Lovelace wrote a first program in London. She did.",
    },
    {"category": "information_extraction", "context": "Too short. But this would be long enough to be kept."},
    {"category": "information_extraction", "context": "word " * 40 + "."},
    {"category": "information_extraction", "context": ""},
    {"category": "information_extraction", "context": None},
]


def test_first_sentences_of_a_corpus_become_texts_to_label(tmp_path: Path) -> None:
    source = lines(tmp_path / "dolly.jsonl", DOLLY)
    out = tmp_path / "out"
    where = ("--where", "category=information_extraction", "--field", "context", "--sentences", "first")
    prepare(source, *where, "--out", out, "--allow-problems", 0.5)
    assert [each["text"] for each in read(out / "texts.jsonl")] == ["Dr. Ada Lovelace wrote a first program in London."]
    data = json.loads((out / "data.json").read_text())
    assert data["left_out"] == {"filtered": 1, "too-long": 1, "too-short": 1}
    assert data["problems"] == {"empty-text": 1, "fields": 1}
    assert not (out / "train.jsonl").exists()


def test_the_plain_rule_ends_a_sentence_at_the_first_full_stop() -> None:
    text = "Dr. Ada wrote it. 李明出生于北京。他很高。"
    assert sentences_of_text(text, "first", "period") == ["Dr."]
    assert sentences_of_text(text, "first", "language") == ["Dr. Ada wrote it."]
    assert sentences_of_text(text, "all", "period") == ["Dr.", "Ada wrote it.", "李明出生于北京。", "他很高。"]
    assert sentences_of_text("no stop", "all", "period") == ["no stop"]
    assert sentences_of_text(" whole. text ", "whole", "period") == ["whole. text"]


def test_length_bounds_are_exclusive() -> None:
    rows = [{"text": "x" * length} for length in (30, 31, 169, 170)]

    def found(selection: Selection) -> list[int]:
        source = (row for row in rows_in(rows))
        return [len(each.text) for each in kept(examples_of_rows(source, selection))]

    assert found(Selection(longer_than=30, shorter_than=170)) == [31, 169]
    assert found(Selection()) == [30, 31, 169, 170]


def rows_in(values: list[dict[str, Any]]) -> Iterator[Any]:
    from finetune.corpus import Row

    return (Row("rows", number, each) for number, each in enumerate(values, 1))


@pytest.mark.parametrize("form", ["lines", "array", "parquet", "saved", "folder"])
def test_every_form_of_a_data_set_gives_the_same_rows(tmp_path: Path, form: str) -> None:
    rows = [{"text": "Ada met Bob.", "n": 1}, {"text": "李明出生于北京。", "n": 2}]
    if form == "lines":
        source = lines(tmp_path / "x.jsonl", rows)
    elif form == "array":
        source = tmp_path / "x.json"
        source.write_text("\ufeff " + json.dumps(rows), encoding="utf-8")
    else:
        from datasets import Dataset, DatasetDict

        source = tmp_path / ("x.parquet" if form == "parquet" else "x")
        if form == "saved":
            DatasetDict({"train": Dataset.from_list(rows)}).save_to_disk(str(source))
        elif form == "folder":
            source.mkdir()
            Dataset.from_list(rows).to_parquet(str(source / "b.parquet"))
        else:
            Dataset.from_list(rows).to_parquet(str(source))
    found = list(rows_of(str(source)))
    assert not any(isinstance(each, LeftOut) for each in found)
    assert [each.values for each in found if not isinstance(each, LeftOut)] == rows


def test_rows_that_cannot_be_used_are_counted_and_listed(tmp_path: Path) -> None:
    source = tmp_path / "mixed.jsonl"
    good = [json.dumps(each.to_json()).encode() for each in examples(8)]
    bad = [
        '{"text": "李明", "triples": []}'.encode("gb18030"),
        b"{not json",
        b"[1]",
        b'{"text": 3, "triples": []}',
        b'{"text": " ", "triples": []}',
        b'{"text": "x", "triples": []}',
        b'{"text": "x", "gold_re": "no bars here"}',
        b'{"text": "half \\ud83d", "triples": [["a", "b", "c"]]}',
        b'{"messages": [{"role": "user", "content": "x"}]}',
    ]
    source.write_bytes(b"\n".join([*good, *bad]) + b"\n")
    wanted = {
        "encoding": 2,
        "json": 1,
        "fields": 2,
        "empty-text": 1,
        "empty-answer": 1,
        "malformed-answer": 1,
        "roles": 1,
    }
    with pytest.raises(DataError, match=r"9 of 17 .*problems\.jsonl"):
        prepare(source, "--out", tmp_path / "out", "--test", 2)
    assert Counter(each["reason"] for each in read(tmp_path / "out" / "problems.jsonl")) == wanted
    assert not (tmp_path / "out" / "train.jsonl").exists()
    prepare(source, "--out", tmp_path / "out", "--test", 2, "--allow-problems", 0.6)
    assert json.loads((tmp_path / "out" / "data.json").read_text())["problems"] == wanted
    listed = read(tmp_path / "out" / "problems.jsonl")
    assert [(each["line"], each["reason"]) for each in listed][:3] == [(9, "encoding"), (10, "json"), (11, "fields")]
    assert len(read(tmp_path / "out" / "train.jsonl")) == 6


def test_a_row_of_an_array_in_another_encoding_spoils_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "x.json"
    source.write_bytes(b'[{"text": "Ada."}, {"text": "' + "李明".encode("gb18030") + b'"}, {"text": "Bob."}]')
    found = list(examples_of_rows(rows_of(str(source)), Selection()))
    assert [each.text for each in found if isinstance(each, Example)] == ["Ada.", "Bob."]
    assert reasons(iter(found)) == {"encoding": 1}


def test_rows_that_ask_and_answer_become_instructions(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"instruction": f"Add {number} and 1.", "input": "", "output": str(number + 1)} for number in range(40)
    ]
    rows += [{"instruction": "Who came?", "context": "Ada came.", "response": "Ada"}, {"instruction": "Add up."}]
    source = lines(tmp_path / "rows.jsonl", rows)
    prepare(source, "--out", tmp_path / "out", "--test", 2, "--near", 2)
    made = [each for name in ("train", "test") for each in read(tmp_path / "out" / f"{name}.jsonl")]
    assert len(made) == 41 and {each["task"] for each in made} == {"instruct"}
    asked = {each["messages"][0]["content"]: each["messages"][1]["content"] for each in made}
    assert asked["Add 7 and 1."] == "8" and asked["Who came?\n\nAda came."] == "Ada"
    assert [each["reason"] for each in read(tmp_path / "out" / "problems.jsonl")] == ["fields"]
    prepare(lines(source, rows[40:41]), "--field", "context", "--out", tmp_path / "texts", "--test", 0)
    assert [each["text"] for each in read(tmp_path / "texts" / "texts.jsonl")] == ["Ada came."]


def test_a_field_that_no_row_has_is_an_error(tmp_path: Path) -> None:
    source = lines(tmp_path / "dolly.jsonl", DOLLY)
    with pytest.raises(ConfigError, match="'kind'"):
        prepare(source, "--where", "kind=x", "--out", tmp_path / "out")


def test_answers_as_lines_are_read_and_malformed_ones_counted(tmp_path: Path) -> None:
    answer = "Ada|lives in|London.\n- Ada|moved to|the U.S.\nhello\na|b\nAda|knows|Apple Inc."
    source = lines(
        tmp_path / "x.jsonl", [{"text": "Ada lives in London.", "gold_re": answer}, *map(to_row, examples(3))]
    )
    prepare(source, "--out", tmp_path / "out", "--test", 1)
    data = json.loads((tmp_path / "out" / "data.json").read_text())
    assert data["malformed_lines"] == {"no-separator": 1, "too-few-fields": 1}
    assert data["full_stops_removed"] == 1
    rows = read(tmp_path / "out" / "train.jsonl") + read(tmp_path / "out" / "test.jsonl")
    (ada,) = (each for each in rows if each["text"].startswith("Ada"))
    assert [each["tail"] for each in ada["triples"]] == ["London", "the U.S.", "Apple Inc."]


def to_row(example: Example) -> dict[str, Any]:
    return example.to_json()


@pytest.mark.parametrize(
    ("field", "without"),
    [
        ("Jennie.", "Jennie"),
        ("北京。", "北京"),
        ("U.S.", "U.S."),
        ("Acme Inc.", "Acme Inc."),
        ("...", "..."),
        (".", "."),
    ],
)
def test_the_full_stop_of_the_sentence_is_no_part_of_a_name(field: str, without: str) -> None:
    assert without_stop(field) == without


def test_triples_that_do_not_stand_in_the_text_can_be_left_out() -> None:
    rows = [{"text": "Ada lives  in london.", "triples": [["Ada", "lives in", "London"], ["Ada", "likes", "Paris"]]}]
    (found,) = kept(examples_of_rows(rows_in(rows), Selection(in_text_only=True)))
    assert found.triples == (Triple("Ada", "lives in", "London"),)
    assert reasons(examples_of_rows(rows_in([rows[0] | {"text": "Nobody."}]), Selection(in_text_only=True))) == {
        "not-in-text": 1
    }


def test_a_mistyped_path_is_not_looked_for_on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="nothing at 'data/gone'"):
        list(rows_of("data/gone"))


def test_nothing_at_a_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing at .*gone\.jsonl"):
        prepare(tmp_path / "gone.jsonl", "--out", tmp_path / "out")


# ---------------------------------------------------------------- repeats
def test_repeats_are_found_whatever_their_space_case_and_punctuation() -> None:
    texts = [
        "Ada met Bob in London.",
        "Cats sleep all day long.",
        "  ada met BOB\nin London",
        "Ａｄａ met Bob, in London!",
    ]
    found = find_repeats(texts)
    assert {place: (each.of, each.exact) for place, each in found.items()} == {2: (0, True), 3: (0, True)}
    assert evened("?!") == "?!"


def test_near_repeats_are_found_and_others_are_not() -> None:
    base = "The company was founded in 1998 by two students who had met at the university in Oslo."
    near = base.replace("two", "2")
    other = "The company was closed in 2009 after two students had left the university of Vienna."
    zh, zh_near = "李明一九八零年出生于北京市海淀区，现居上海。", "李明一九八零年出生于北京市海淀区，现住上海。"
    texts = [base, other, near, zh, zh_near]
    assert {place: each.of for place, each in find_repeats(texts).items()} == {2: 0, 4: 3}
    assert find_repeats(texts, near=1.1) == {}
    assert likeness(base, near) >= 0.8 > likeness(base, other)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_every_near_repeat_is_a_candidate(seed: int) -> None:
    chance = random.Random(seed)
    words = ["".join(chance.choices("abcdefghij", k=5)) for _ in range(30)]
    changed = list(words)
    changed[chance.randrange(30)] = "zzzzz"
    texts = [" ".join(words), "unlike anything else that there is here", " ".join(changed)]
    assert likeness(texts[0], texts[2]) >= 0.8
    assert find_repeats(texts)[2].of == 0


def test_only_held_out_texts_are_compared_with_when_told_so() -> None:
    texts = ["Ada met Bob in London.", "Cats sleep.", "Cats sleep!", "ada met bob in london"]
    assert {place: each.of for place, each in find_repeats(texts, held_out=1, among=False).items()} == {3: 0}


# ---------------------------------------------------------------- splitting
def test_nothing_of_the_test_set_is_in_train(tmp_path: Path) -> None:
    made = examples(40)
    again = [Example(each.text.upper() + "!", each.triples, source=each.source) for each in made[:20]]
    prepared = prepare_folder([*made, *again], tmp_path, split=Split(test=10, dev=5))
    assert (prepared.examples["test"], prepared.examples["dev"]) == (10, 5)
    parts = [{evened(each["text"]) for each in read(tmp_path / f"{name}.jsonl")} for name in ("test", "dev", "train")]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 40
    assert prepared.left_out["leak"] + prepared.left_out["repeat"] == 20 > prepared.left_out["leak"] > 0
    kept_all = prepare_folder([*made, *again], tmp_path / "all", split=Split(test=10, keep_repeats=True))
    assert kept_all.examples == {"test": 10, "train": 50 - kept_all.left_out["leak"]}
    assert set(kept_all.left_out) == {"leak"}


def test_the_split_is_that_of_the_seed_whatever_was_left_out(tmp_path: Path) -> None:
    made: list[Example | LeftOut] = [*examples(30)]
    first = prepare_folder(made, tmp_path / "a", split=Split(test=5))
    assert prepare_folder(made, tmp_path / "b", split=Split(test=5)).to_dict() == first.to_dict()
    drawn = random.Random(17).sample(range(30), 5)
    assert {each["source"] for each in read(tmp_path / "a" / "test.jsonl")} == {f"x:{place + 1}" for place in drawn}
    place = next(each for each in range(30) if each not in drawn)
    made[place] = LeftOut("x", place, "encoding")
    prepare_folder(made, tmp_path / "c", split=Split(test=5), allow_problems=0.1)
    assert (tmp_path / "c" / "test.jsonl").read_bytes() == (tmp_path / "a" / "test.jsonl").read_bytes()
    other = prepare_folder(examples(30), tmp_path / "d", split=Split(test=5, seed=18))
    assert other.fingerprints != first.fingerprints


def test_held_out_texts_are_never_trained_on(tmp_path: Path) -> None:
    made = examples(12)
    held = lines(tmp_path / "held.jsonl", [{"text": made[3].text.title()}])
    source = lines(tmp_path / "x.jsonl", [to_row(each) for each in made])
    prepare(source, "--out", tmp_path / "out", "--test", 2, "--held-out", held)
    texts = {each["text"] for name in ("test", "train") for each in read(tmp_path / "out" / f"{name}.jsonl")}
    assert len(texts) == 11
    assert made[3].text not in texts


def test_one_text_may_be_asked_about_in_several_ways(tmp_path: Path) -> None:
    def asked(example: Example, question: str) -> Example:
        messages = ({"role": "user", "content": question + example.text}, {"role": "assistant", "content": "x|y|z"})
        return Example(example.text, messages=messages, task="instruct", source=example.source)

    long = "Find all relations of the text that follows, and write each of them on a line of its own, with bars: "
    made = [asked(each, question) for each in examples(12) for question in (long, f"{long} Relations? ")]
    prepared = prepare_folder(made, tmp_path, split=Split(test=4))
    tests, trained = read(tmp_path / "test.jsonl"), read(tmp_path / "train.jsonl")
    assert not {each["text"] for each in tests} & {each["text"] for each in trained}
    assert prepared.examples == {"test": 4, "train": 16}


def test_a_row_without_an_answer_among_others_is_a_problem(tmp_path: Path) -> None:
    source = lines(tmp_path / "x.jsonl", [*map(to_row, examples(10)), {"text": "Nobody said what is in this."}])
    prepare(source, "--out", tmp_path / "out", "--test", 2, "--allow-problems", 0.1)
    assert json.loads((tmp_path / "out" / "data.json").read_text())["problems"] == {"no-label": 1}
    assert len(read(tmp_path / "out" / "train.jsonl")) == 8


def test_too_few_examples_for_the_split_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more than 20 different texts"):
        prepare_folder(examples(20), tmp_path)
    with pytest.raises(DataError, match="found none in 0 rows"):
        prepare_folder([], tmp_path)


def test_a_folder_is_not_left_with_files_of_an_earlier_run(tmp_path: Path) -> None:
    prepare_folder(examples(30), tmp_path, split=Split(test=5, dev=5))
    prepare_folder(examples(30), tmp_path, split=Split(test=5))
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "data.json",
        "problems.jsonl",
        "test.jsonl",
        "train.jsonl",
    ]
    assert len(read_examples(tmp_path / "train.jsonl")[0]) == 25


@pytest.fixture
def published(public_data: Path) -> Path:
    """The published data of the Llama-3 triple recipe, which are not the project's to ship."""
    return public_data / "seed_llama3_re"


def test_the_published_data_is_split_without_its_leaks(tmp_path: Path, published: Path) -> None:

    def texts(name: str) -> list[str]:
        return [each["text"] for each in json.loads((published / name).read_text(encoding="utf-8"))]

    published_test, published_train = texts("mini_data.json"), texts("sft_train_data.json")
    assert len(texts("sft_dataset.json")) == 1041
    assert len(set(texts("sft_dataset.json"))) == 915
    leaks = find_repeats([*published_test, *published_train], held_out=20, among=False)
    assert len({each.of for each in leaks.values()}) == len(set(published_test) & set(published_train)) == 2
    assert len(leaks) == 8
    assert texts("all_tests.json") == published_test
    prepare(published / "sft_dataset.json", "--out", tmp_path)
    test, train = ([each["text"] for each in read(tmp_path / f"{name}.jsonl")] for name in ("test", "train"))
    assert sorted(test) == sorted(published_test)  # the same rows were drawn
    assert not find_repeats([*test, *train])
    data = json.loads((tmp_path / "data.json").read_text())
    assert data["seen"] == 1041
    assert data["left_out"] == {"leak": 12, "near-repeat": 2, "repeat": 115}
    assert data["problems"] == {"malformed-answer": 3}
    assert (sum(data["malformed_lines"].values()), data["full_stops_removed"]) == (48, 2826)
    assert len(test) + len(train) + sum(data["left_out"].values()) + sum(data["problems"].values()) == 1041


# ---------------------------------------------------------------- the command
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "one of SOURCES"),
        (["x.jsonl", "--from-store", "embedded:x"], "one of SOURCES"),
        (["--from-graph", "g.jsonl"], "needs --texts"),
        (["x.jsonl", "--min-confidence", "0.4"], "--min-confidence goes with --from-store only"),
        (["x.jsonl", "--texts", "x"], "--texts goes with --from-graph only"),
        (["x.jsonl", "--pack"], "--pack needs --tokenizer"),
        (["x.jsonl", "--where", "=x"], "FIELD=VALUE"),
    ],
)
def test_wrong_usage_is_told(tmp_path: Path, arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(cli, ["prepare", "--out", str(tmp_path / "out"), *arguments])
    assert result.exit_code == 2
    assert told in result.output
    assert not (tmp_path / "out").exists()


def test_the_counts_are_printed(tmp_path: Path) -> None:
    source = lines(tmp_path / "x.jsonl", [to_row(each) for each in examples(30)])
    result = prepare(source, "--out", tmp_path / "out", "--json", "--licence", "CC0")
    told = json.loads(result.stdout)
    assert told["examples"] == {"test": 20, "train": 10}
    assert told["licence"] == "CC0"
    assert told["sources"] == {str(source): hashlib.sha256(source.read_bytes()).hexdigest()}
    assert "20 test, 10 train" in result.stderr
    assert prepare(source, "--out", tmp_path / "out", "--quiet").output == ""
