"""Instructions for relations, entities and events: wording, candidates, mixing, and the command."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import get_args

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from instructed import OURS, ROOT, forms_of

from finetune.cli import cli
from finetune.examples import Example, read_examples, write_examples
from finetune.instructions.answers import Asked, parse_answer
from finetune.instructions.building import Wording, choice_example, instruction_examples, instructions_of
from finetune.instructions.mixing import general_examples, mix
from finetune.instructions.records import Annotated, Argument, Entity, Event, grounded
from finetune.instructions.schemas import Inventory, inventories, labelled
from finetune.instructions.sources import DATA_SETS, licences
from finetune.instructions.templates import TEMPLATES, asked_form
from kg_builder.errors import ConfigError, DataError
from kg_builder.prompt import extraction_messages
from kg_builder.types import Triple

# --- wording ---------------------------------------------------------------------------------------------------------


def test_there_are_as_many_templates_as_promised_and_none_twice() -> None:
    sizes = {key: len(set(templates)) for key, templates in TEMPLATES.items()}
    assert sizes["triples", "en"] >= 14
    assert sizes["triples", "zh"] >= 4
    assert all(size >= 4 for size in sizes.values())
    for templates in TEMPLATES.values():
        assert all(template.count("{labels}") == 1 for template in templates)


@pytest.mark.parametrize("asked", get_args(Asked))
def test_a_prompt_says_its_form_and_the_form_is_known_from_it(asked: Asked) -> None:
    record = Annotated(
        "Ada lent Bob 5 pounds.",
        (Entity("Ada", "person"),),
        (Triple("Ada", "lend", "Bob"),),
        (Event("loan", "lent", (Argument("lender", "Ada"),)),),
    )
    inventory = Inventory()
    inventory.add(record, asked)
    for form in forms_of(asked):
        for seed in range(5):
            (made,) = instructions_of(record, asked, inventory, Wording(forms=(form,), seed=seed))
            assert asked_form(asked, made.question[0]["content"]) == form
            assert parse_answer(made.answer, asked, form).items == labelled(record, asked)
            assert made.question[-1]["content"] == record.text


def test_the_form_pipe_is_the_very_conversation_of_extraction() -> None:
    record = Annotated("李明居住在上海。", triples=(Triple("李明", "居住", "上海"),), language="zh")
    (made,) = instructions_of(record, "triples", inventories([record], "triples")[""], Wording(forms=("pipe",)))
    assert made.conversation == extraction_messages(
        record.text, language="zh", relations=["居住"], answer=record.triples
    )


# --- candidates ------------------------------------------------------------------------------------------------------


def staff(relation: str, *types: str) -> Annotated:
    kinds = types or ("person", "company")
    return Annotated("A B", (Entity("A", kinds[0]), Entity("B", kinds[1])), (Triple("A", relation, "B"),))


def test_labels_that_share_types_words_or_texts_are_the_hard_negatives() -> None:
    records = [
        staff("dismissed by"),
        staff("employed by"),
        staff("owner of"),
        staff("capital of", "town", "country"),
        staff("flows into", "river", "sea"),
    ]
    inventory = inventories(records, "triples")[""]
    assert inventory.near("dismissed by") == ("employed by", "owner of")  # types and a word; types alone
    assert inventory.near("capital of") == ("owner of",)  # a word alone
    assert inventory.near("flows into") == ()
    together = [*records, Annotated("x", triples=(Triple("A", "flows into", "B"), Triple("A", "capital of", "B")))]
    assert inventories(together, "triples")[""].near("flows into") == ("capital of",)
    asked = inventory.candidates(["dismissed by"], Random(1), hard=1, easy=0, at_least=0)
    assert set(asked) == {"dismissed by", "employed by"}
    never = inventory.candidates(["dismissed by"], Random(1), hard=1, easy=9, at_least=0, never=["employed by"])
    assert set(never) == {"dismissed by", "owner of", "capital of", "flows into"}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from("abcdefghij"), max_size=12), st.integers(1, 6), st.integers(0, 9))
def test_the_instructions_of_a_text_share_out_its_answer(labels: list[str], most: int, seed: int) -> None:
    everything = Annotated("H T", triples=tuple(Triple("H", each, "T") for each in "abcdefghij"))
    inventory = inventories([everything], "triples")[""]
    record = Annotated("H T", triples=tuple(Triple("H", label, "T") for label in labels))
    made = instructions_of(record, "triples", inventory, Wording(most, seed=seed))
    assert all(len(each.relations) <= most for each in made)
    asked = [label for each in made for label in each.relations]
    assert len(asked) == len(set(asked)) >= len(set(labels))
    assert Counter(t for each in made for t in each.triples) == Counter(set(record.triples))
    for each in made:
        form = asked_form("triples", each.question[0]["content"])
        said = parse_answer(each.answer, "triples", form)
        assert said.triples == each.triples
        assert not said.malformed
        assert {t.relation for t in said.triples} <= set(each.relations)
        assert each.answer.strip()  # that there is nothing is said
    assert instructions_of(record, "triples", inventory, Wording(most, seed=seed)) == made


def test_order_and_seed_decide_nothing_else() -> None:
    first = list(instruction_examples("events", OURS))
    assert list(instruction_examples("events", OURS)) == first
    assert list(instruction_examples("events", OURS, seed=18)) != first
    assert len({each.question[0]["content"] for each in first}) > 15
    plain = list(instruction_examples("events", OURS, templates=[1], formats=["tuple"], labels_per_prompt=3))
    for each in plain:
        opening = TEMPLATES["events", each.language][0].partition("{")[0]
        assert each.question[0]["content"].startswith(opening)
        assert len(each.relations) <= 3


def test_what_cannot_be_asked_for_is_said() -> None:
    with pytest.raises(ConfigError, match="data set out of conll04"):
        instruction_examples("conll05", OURS)
    with pytest.raises(ConfigError, match=r"task of events \(ee\), found 're'"):
        instruction_examples("events", OURS, tasks=["re"])
    with pytest.raises(ConfigError, match="forms of an answer"):
        instruction_examples("events", OURS, formats=["xml"])  # type: ignore[list-item]
    with pytest.raises(ConfigError, match=r"templates of events in en from 1 to 6, found \[9\]"):
        list(instruction_examples("events", OURS, templates=[9]))
    with pytest.raises(DataError, match=r"train\.json or dev\.json of scierc"):
        list(instruction_examples("scierc", OURS))


def test_only_words_of_the_text_are_asked_for() -> None:
    record = Annotated(
        "the Aarhus airport serves Aarhus.",
        triples=(Triple("Aarhus Airport", "serves", "Aarhus"), Triple("Aarhus", "country", "Denmark")),
        source="s",
    )
    counts: Counter[str] = Counter()
    lost = Annotated("Aarhus.", triples=(Triple("Aarhus", "country", "Denmark"),), source="s")
    (kept,) = grounded([record, lost], counts)
    assert kept.triples == (Triple("Aarhus airport", "serves", "Aarhus"),)
    assert kept.withheld == ("country",)
    assert counts == {"not-in-text": 2}
    inventory = inventories([record, lost], "triples")["s"]
    for seed in range(5):
        made = instructions_of(kept, "triples", inventory, Wording(seed=seed))
        assert [each.relations for each in made] == [("serves",)]  # for "country" the answer would have a gap


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Art", "an artist and art", "art"),
        ("Art", "an artist", ""),
        ("5", "in 2005", ""),
        ("5", "in 2005, 5 of them", "5"),
        ("苹果", "在apple公司买苹果手机", "苹果"),
        ("apple", "在Apple公司", "Apple"),
        ("U.S.", "the U.S. army", "U.S."),
        ("İ", "i", ""),
        ("end", "to the end", "end"),
    ],
)
def test_a_name_stands_in_a_text_as_words_of_its_own(name: str, text: str, found: str) -> None:
    kept = list(grounded([Annotated(text, (Entity(name, "x"),))], Counter()))
    assert [entity.surface for each in kept for entity in each.entities] == ([found] if found else [])


def test_two_given_entities_get_one_label_out_of_all() -> None:
    record = Annotated("我是###的朋友。", triples=(Triple("胡淑", "好友", "蔡春"),), language="zh")
    made = choice_example(record, ["unknown", "好友", "同学"], Wording())
    assert (made.task, made.answer, set(made.relations)) == ("relation", "好友", {"unknown", "好友", "同学"})
    assert "、".join(made.relations) in made.question[0]["content"]
    assert made.question[1]["content"] == "文本：我是###的朋友。\n头实体：胡淑\n尾实体：蔡春"


def test_examples_survive_their_file(tmp_path: Path) -> None:
    made = list(instruction_examples("events", OURS))
    write_examples(tmp_path / "train.jsonl", made)
    read, problems = read_examples(tmp_path / "train.jsonl")
    assert read == made
    assert problems == []


# --- mixing ----------------------------------------------------------------------------------------------------------


def endless(source: str) -> Iterator[Example]:
    return (Example(text=f"{source}{number}", label="x", source=source) for number in count())


def test_sources_are_mixed_by_weight_as_they_stream() -> None:
    def drawn(seed: int) -> list[str]:
        stream = mix({"a": (endless("a"), 3.0), "b": (endless("b"), 1)}, seed)
        return [each.text for each in islice(stream, 4_000)]

    first = drawn(1)
    assert drawn(1) == first != drawn(2)
    assert 0.72 < sum(text.startswith("a") for text in first) / len(first) < 0.78
    assert [text for text in first if text.startswith("b")] == [f"b{n}" for n in range(len(first))][
        : sum(text.startswith("b") for text in first)
    ]


def test_a_mixture_ends_with_its_last_or_its_first_source() -> None:
    def sources() -> dict[str, tuple[Iterator[Example], float]]:
        return {"a": (islice(endless("a"), 50), 1), "b": (islice(endless("b"), 500), 1)}

    assert len(list(mix(sources(), 5))) == 550
    cut = Counter(each.source for each in mix(sources(), 5, until="first"))
    assert cut["a"] == 50
    assert 25 < cut["b"] < 100
    with pytest.raises(ConfigError, match="positive weight for 'a'"):
        mix({"a": ([], 0)}, 1)


def test_general_instructions_are_read_in_their_usual_forms(tmp_path: Path) -> None:
    rows = [
        {"instruction": "Add up.", "input": "2 and 3", "output": "First 2, then 3: 5."},
        {"instruction": "写一个函数", "input": "", "output": "def f(): ..."},
        {"prompt": "Why?", "response": "Because."},
        {"instruction": "Who?", "context": "Ada came.", "response": "Ada", "category": "closed_qa"},
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
                      {"role": "assistant", "content": "Hello"}]},
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
        {"conversations": [{"from": "gpt", "value": "Hello"}, {"from": "human", "value": "Hi"}]},
        {"instruction": "Add up.", "output": " "},
        {"instruction": 7, "output": "x"},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": "x"},
        {"text": "x"},
        [1],
    ]  # fmt: skip
    path = tmp_path / "chat.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows) + "{\n", encoding="utf-8")
    counts: Counter[str] = Counter()
    found = list(general_examples(path, counts=counts))
    assert [each.answer for each in found] == [
        "First 2, then 3: 5.",
        "def f(): ...",
        "Because.",
        "Ada",
        "Hello",
        "Hello",
    ]
    assert found[0].question == [{"role": "user", "content": "Add up.\n\n2 and 3"}]
    assert found[3].question == [{"role": "user", "content": "Who?\n\nAda came."}]
    assert [each.language for each in found] == ["en", "zh", "en", "en", "en", "en"]
    assert {(each.task, each.source) for each in found} == {("instruct", "chat")}
    assert counts == {"roles": 1, "empty-answer": 1, "fields": 5, "json": 1}


# --- licences --------------------------------------------------------------------------------------------------------


def test_a_model_card_can_say_what_it_was_trained_from() -> None:
    assert licences(["text2kg_wikidata/1_movie", "text2kg_wikidata/2_music", "ade", "elsewhere"]) == [
        {"source": "text2kg_wikidata", "licence": "CC BY-SA 4.0", "use": "ship"},
        {"source": "ade", "licence": "unclear", "use": "measure"},
        {"source": "elsewhere", "licence": "not known", "use": "measure"},
    ]


def test_the_page_lists_every_data_set_with_its_licence() -> None:
    page = (ROOT / "docs" / "finetune-instructions.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in page.splitlines() if "|" in line]
    listed = {row[0].strip("`"): row for row in rows if row[0].strip("`") in DATA_SETS}
    assert list(listed) == list(DATA_SETS)
    for name, data_set in DATA_SETS.items():
        assert listed[name][2:5] == [data_set.language, data_set.licence, data_set.use], name
        assert listed[name][5] == ", ".join(f"`{task}`" for task in data_set.tasks), name


# --- the command -----------------------------------------------------------------------------------------------------


def prepared(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["prepare", *map(str, arguments)], standalone_mode=False)


def test_prepare_makes_a_folder_of_instructions(tmp_path: Path) -> None:
    chat = tmp_path / "chat.jsonl"
    chat.write_text('{"prompt": "Why?", "response": "Because."}\n' * 5 + '{"prompt": "How?"}\n', encoding="utf-8")
    out = tmp_path / "data"
    common = [f"--dataset=events={OURS}", "--general", chat, "--test", 3, "--dev", 2, "--allow-problems", 0.1]
    done = prepared(*common, "--output-format", "json", "--labels-per-prompt", 2, "--out", out, "--json")
    assert done.exception is None, done.output
    about = json.loads((out / "data.json").read_text(encoding="utf-8"))
    assert about["licences"] == {"events": "Apache-2.0, of this project (ship)", "chat": "not known (measure)"}
    assert about["use"] == "measure"
    assert about["problems"] == {"fields": 1}
    train, _ = read_examples(out / "train.jsonl")
    assert Counter(each.source.split("/")[0] for each in train)["chat"] <= 1  # repeats
    assert all(len(each.relations) <= 2 for each in train)
    assert {asked_form("events", each.question[0]["content"]) for each in train if each.task == "events"} == {"json"}
    test, _ = read_examples(out / "test.jsonl")
    assert not {each.text for each in test if each.text} & {each.text for each in train}
    first = (out / "train.jsonl").read_bytes()
    prepared(*common, "--output-format", "json", "--labels-per-prompt", 2, "--out", out, "--quiet")
    assert (out / "train.jsonl").read_bytes() == first


def test_prepare_says_which_options_go_together(tmp_path: Path) -> None:
    events = f"--dataset=events={OURS}"
    for wrong, said in (
        (["--task", "re"], "events is for ee"),
        (["--weight", "chat=2"], "expected one of events, found 'chat'"),
        (["--weight", "events=much"], "expected a number, found 'much'"),
        (["--dataset", "events"], "expected NAME=PATH, found 'events'"),
        (["rows.jsonl"], "expected one of SOURCES"),
    ):
        failed = prepared(events, *wrong, "--out", tmp_path / "data").exception
        assert isinstance(failed, click.UsageError)
        assert said in failed.format_message()
    alone = prepared("rows.jsonl", "--task", "re", "--out", tmp_path / "data").exception
    assert isinstance(alone, click.UsageError)
    assert "--task goes with --dataset only" in alone.format_message()
