"""What a model answers to held-out examples, and the command that asks, scores and writes it down."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from evaluated import CPU, TEACHING, TEXTS, invoke
from forked import command, forked
from tiny_models import make_model, teach

from finetune.cli import cli
from finetune.examples import Example, write_examples
from finetune.held_out import kind_of, load_held_out, read_answer, read_outputs
from kg_builder.errors import EvaluationError
from kg_builder.prompt import extraction_messages, parse_triples


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    examples = [Example(text=text, triples=tuple(right)) for text, right in zip(TEXTS, TEACHING, strict=True)]
    write_examples(folder / "test.jsonl", examples)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that knows the held-out answers by heart."""
    folder = make_model("qwen", tmp_path_factory.mktemp("models") / "base")
    teach(
        folder, [extraction_messages(text, answer=right) for text, right in zip(TEXTS, TEACHING, strict=True)], steps=90
    )
    return folder


@pytest.fixture(scope="module")
def untaught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model("qwen", tmp_path_factory.mktemp("models") / "untaught")


@pytest.fixture(scope="module")
def adapter(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that makes the model forget: its weights are drawn at random."""
    import torch
    from peft import LoraConfig, get_peft_model

    from kg_builder.language_models import Loading, load_model

    torch.manual_seed(0)
    base = load_model(str(model), loading=Loading(quantize="none", dtype="fp32", device="cpu"))
    drawn = LoraConfig(r=8, lora_alpha=512, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    folder = tmp_path_factory.mktemp("adapters") / "adapter"
    get_peft_model(base, drawn).save_pretrained(folder)
    return folder


def test_before_and_after_side_by_side(model: Path, adapter: Path, held_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "evaluation"
    printed = invoke(
        *("--data", held_out, "--model", model, "--adapter", adapter, "--compare-base", "--out", out, *CPU)
    ).stdout
    found = json.loads(printed)
    assert found["runs"]["before"]["triples"]["exact"]["f1"] == 1
    assert found["runs"]["after"]["triples"]["exact"]["f1"] == 0
    assert found["difference"]["exact"]["f1"] == -1
    assert found["runs"]["before"]["by_relation"]["born in"]["matched"] == 1
    rows = [json.loads(line) for line in (out / "answers-before.jsonl").read_text("utf-8").splitlines()]
    assert [row["answer"] for row in rows] == [row["expected"] for row in rows]
    assert json.loads((out / "report.json").read_text("utf-8")) == found
    report = (out / "report.md").read_text("utf-8")
    assert "| exact | difference |  |  | -1.000 |" in report
    assert "decoding: free" in report


def test_answers_under_constraint_are_well_formed_and_of_the_text(
    untaught: Path, held_out: Path, tmp_path: Path
) -> None:
    printed = invoke("--data", held_out, "--model", untaught, "--constrained", "--out", tmp_path, *CPU).stdout
    answers = json.loads(printed)["runs"]["before"]["answers"]
    assert (answers["hallucinated"], answers["malformed"] <= answers["unfinished"]) == (0, True)


def test_answers_that_were_written_down_score_the_same(model: Path, held_out: Path, tmp_path: Path) -> None:
    first = json.loads(invoke("--data", held_out, "--model", model, "--out", tmp_path, *CPU).stdout)
    file = tmp_path / "answers-before.jsonl"
    again = json.loads(invoke("--data", held_out, "--predictions", file, "--out", tmp_path / "x", *CPU[-3:]).stdout)
    assert again["runs"]["after"]["triples"] == first["runs"]["before"]["triples"]


def test_an_evaluation_that_is_killed_goes_on_and_comes_to_the_same(untaught: Path, tmp_path: Path) -> None:
    data = tmp_path / "test.jsonl"
    write_examples(data, [Example(text=f"{TEXTS[i % 2]} Number {i}.", triples=TEACHING[i % 2]) for i in range(30)])
    asked = ["--data", data, "--model", untaught, *CPU, "--batch-size", 2, "--max-new-tokens", 40]

    def answers(out: str) -> list[dict[str, Any]]:
        file = tmp_path / out / "answers-before.jsonl"
        rows = [json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]] if file.exists() else []
        return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]

    whole = json.loads(invoke(*asked, "--out", tmp_path / "whole").stdout)
    with forked(command, "evaluate", *asked, "--out", tmp_path / "killed") as process:
        while process.is_alive() and len(answers("killed")) < 11:
            time.sleep(0.005)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    there = len(answers("killed"))
    assert 11 <= there < 30
    with (tmp_path / "killed" / "answers-before.jsonl").open("ab") as file:
        file.write(b'{"index": 99, "answ')  # as a full disk would leave it
    again = invoke(*asked, "--out", tmp_path / "killed")
    assert f"{there // 8 * 8} of 30 questions are answered already" in again.stderr
    assert answers("killed") == answers("whole")
    found = json.loads(again.stdout)
    for report in (found, whole):
        report["runs"]["before"].pop("speed")
    assert found == whole
    assert "asking" not in invoke(*asked, "--out", tmp_path / "killed").stderr
    for more in ((), ("--again",)):  # other questions; the same ones anew
        assert "asking 2 q" in invoke(*asked, "--limit", 2, "--out", tmp_path / "killed", *more).stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"answer": "a|r|b"}\n', "found 1"),
        ('{"answer": 3}\n', "the string 'answer'"),
        ('{"index": 7, "answer": ""}\n', "index 7"),
        ('{"index": 0, "answer": ""}\n{"index": 0, "answer": ""}\n', "index 0"),
        ("nonsense\n", "JSON object"),
    ],
)
def test_answers_that_do_not_go_with_the_test_set_are_refused(
    held_out: Path, tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "answers.jsonl").write_text(content, "utf-8")
    with pytest.raises(EvaluationError, match=message):
        read_outputs(tmp_path / "answers.jsonl", load_held_out(held_out))


def test_answers_are_read_in_the_form_that_was_asked_for() -> None:
    from finetune.instructions.answers import format_answer
    from finetune.instructions.records import Entity
    from finetune.instructions.templates import form_sentence

    items = (Entity("Ada", "person"), Entity("London", "place"))
    messages = (
        {"role": "user", "content": form_sentence("ner", "json", "en") + "\nAda lives in London."},
        {"role": "assistant", "content": format_answer(items, "json")},
    )
    example = Example(messages=messages, task="ner")
    assert kind_of(example) == "items"
    assert read_answer(example, example.answer).items == items
    assert read_answer(example, "Ada is a person").items == ()


PEOPLE = ("unknown", "夫妻", "同学", "同学会", "父母")


def test_labels_and_other_answers_have_scores_of_their_own(tmp_path: Path) -> None:
    def asked(question: str, answer: str, task: str, *relations: str) -> Example:
        messages = ({"role": "user", "content": question}, {"role": "assistant", "content": answer})
        return Example(messages=messages, task=task, relations=relations)

    examples = [
        asked("甲和乙？", "夫妻", "relation", *PEOPLE),
        asked("丙和丁？", "同学", "relation", *PEOPLE),
        asked("2 + 2?", "4", "instruct"),
    ]
    write_examples(tmp_path / "test.jsonl", examples)
    rows = ({"answer": "他们是夫妻"}, {"answer": "没有关系"}, {"answer": " 4"})
    (tmp_path / "said.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    shown = ("--data", tmp_path, "--predictions", tmp_path / "said.jsonl", "--out", tmp_path)
    found = json.loads(invoke(*shown, "--json").stdout)["runs"]["after"]
    assert (found["labels"]["accuracy"], found["labels"]["no_label"], found["labels"]["inferred"]) == (0.5, 1, 1)
    assert found["others"] == {"examples": 1, "equal": 1}
    assert (tmp_path / "confusion-after.png").stat().st_size > 1000
    assert "balanced accuracy" in invoke(*shown).stdout


def test_a_model_that_classifies_is_scored_by_its_labels(untaught: Path, tmp_path: Path) -> None:
    """The adapter's head is set so that every text is of the first label."""
    import torch
    from peft import LoraConfig, get_peft_model

    from kg_builder.language_models import Loading, load_model

    labels = ("world", "sport", "business")
    cpu = Loading(quantize="none", dtype="fp32", device="cpu")
    head = get_peft_model(load_model(str(untaught), loading=cpu, labels=labels), LoraConfig(r=2, task_type="SEQ_CLS"))
    with torch.no_grad():
        for name, weights in head.named_parameters():
            if "score.modules_to_save" in name:
                weights.zero_()  # every label is as likely as any other, and the first is taken
    head.save_pretrained(tmp_path / "adapter")
    (tmp_path / "adapter" / "labels.json").write_text(json.dumps({"labels": labels}), "utf-8")
    examples = [Example(text=text, label=label) for text, label in zip(TEXTS, ("world", "sport"), strict=True)]
    write_examples(tmp_path / "test.jsonl", examples)
    shown = ("--data", tmp_path, "--model", untaught, "--adapter", tmp_path / "adapter", "--out", tmp_path / "out")
    found = json.loads(invoke(*shown, *CPU).stdout)["runs"]["after"]["labels"]
    assert (found["accuracy"], found["balanced_accuracy"]) == (0.5, 0.5)
    assert found["by_label"]["world"]["predicted"] == 2


def test_published_answers_before_and_after_tuning(tmp_path: Path, public_data: Path) -> None:
    """Llama3-8B against triples of Llama3-70B on 20 sentences, before and after tuning: micro F1 .128 and .179."""
    data = public_data / "seed_llama3_re" / "all_tests.json"
    rows = json.loads(data.read_text("utf-8"))
    right = [parse_triples(row["gold_re"]).triples for row in rows]
    write_examples(
        tmp_path / "test.jsonl", [Example(text=row["text"], triples=t) for row, t in zip(rows, right, strict=True)]
    )
    shown: list[object] = ["--data", tmp_path, "--out", tmp_path / "out", "--json"]
    for column in ("test_re", "sft_re"):
        lines = "".join(json.dumps({"answer": row[column]}) + "\n" for row in rows)
        (tmp_path / column).write_text(lines, "utf-8")
        shown += ["--predictions", tmp_path / column]
    found = json.loads(invoke(*shown).stdout)
    before, after = (found["runs"][name]["triples"]["exact"] for name in ("before", "after"))
    assert (round(before["f1"], 3), round(after["f1"], 3)) == (0.128, 0.179)
    assert before["f1_low"] < 0.128 < before["f1_high"]
    assert found["difference"]["exact"]["f1_low"] < 0 < found["difference"]["exact"]["f1"]  # 20 texts prove nothing


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--data", "{data}"),
        ("--data", "{data}", "--model", "x", "--compare-base"),
        ("--data", "{data}", "--model", "x", "--judge", "http://localhost:1/v1"),
        ("--model", "x"),
        ("--data", "{data}", "--predictions", "{data}/test.jsonl", "--adapter", "x"),
        ("--predictions", "{data}/test.jsonl", "--synthesize", "{data}"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(held_out: Path, arguments: tuple[str, ...]) -> None:
    found = CliRunner().invoke(cli, ["evaluate", *(each.format(data=held_out) for each in arguments)])
    assert found.exit_code == 2
    assert "expected" in found.stderr
