"""What else is trained: heads that tell a label, grids of runs, several processes; and the raw data sets."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from finetune.ag_news import TOPICS, read_ag_news
from finetune.classification import class_weights
from finetune.cli import cli
from finetune.compare import Grid, compare, render_table
from finetune.examples import Example, read_examples, texts_of
from finetune.measuring import answer_scores, label_scores
from finetune.people_relation import PROMPTS, people_messages, read_people_relation
from finetune.relation_question import QUESTION_FILE, RelationAsking, kept_asking
from finetune.serve import ServeLimits, serving
from finetune.settings import Training, load_training
from finetune.splits import split_by_text
from finetune.train import train
from kg_builder.classifying import checked_topics, open_classifier
from kg_builder.cli.common import recipe_of
from kg_builder.config import load_settings
from kg_builder.errors import ConfigError, DataError, ModelError
from kg_builder.extract.model_options import ModelOptions
from kg_builder.pipeline import build_graph
from kg_builder.recipe import Recipe
from kg_builder.store import GraphStore
from kg_builder.types import Triple

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

import toy
from forked import forked
from tiny_models import make_model


@pytest.fixture(scope="module")
def model(models: Path) -> Path:
    return models / "llama"


def quick(model: Path, data: Path, out: Path, preset: str = "", **values: Any) -> Training:
    common: dict[str, Any] = {"model": str(model), "data": str(data), "out": str(out), "device": "cpu", "dtype": "fp32"}
    return load_training(preset, common | {"tensorboard": False, "rank": 4, "max_new_tokens": 4} | values)


# --- labels ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def classifier(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("classifier")
    data = toy.folder(folder / "data", toy.labelled(96), dev=16)
    values = {"epochs": 6.0, "learning_rate": 3e-2, "schedule": "constant", "evaluate_every": 20, "rank": 16}
    said: list[str] = []
    settings = quick(model, data, folder / "run", "sequence-classification", **values)
    return folder / "run", train(settings, say=said.append, show=False)


def test_a_head_on_a_model_in_4_bits_learns_labels_and_says_how_well(classifier: tuple[Path, dict[str, Any]]) -> None:
    out, result = classifier
    assert result["quantize"] == "4bit" and result["metric"] == "balanced_accuracy"
    assert result["after"]["balanced_accuracy"] > result["before"]["balanced_accuracy"] + 0.2
    assert result["after"]["accuracy"] >= 0.9
    measured = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    best = max(line["dev_balanced_accuracy"] for line in measured if "dev_balanced_accuracy" in line)
    assert result["value"] == best == result["after"]["balanced_accuracy"]
    assert "balanced_accuracy, before training" in (out / "README.md").read_text()


def test_only_segments_of_the_topics_named_are_read_into_the_graph(
    classifier: tuple[Path, dict[str, Any]], model: Path, tmp_path: Path, embedded_store: GraphStore
) -> None:
    folder = classifier[0] / "adapter"
    told = open_classifier(str(folder)).topics(["Ada lives in London.", "Bob lives in Paris."])
    assert list(told) == ["London", "Paris"]
    text = tmp_path / "text.txt"
    text.write_text("Ada lives in London.\n\nBob lives in Paris.\n\nHal lives in London.\n")
    recipe = Recipe(segment_characters=24, classifier=str(folder), topics=("London",))
    report = build_graph([text], store=embedded_store, recipe=recipe, workers=0)
    names = {row[0] for row in embedded_store.execute("MATCH (e:Entity) RETURN e.name").rows}
    assert {"Ada", "Hal", "London"} <= names and not names & {"Bob", "Paris"}
    assert report.left_out["segments of the topic Paris"] == 1
    assert embedded_store.counts().segments == 3
    flags = {"classifier": str(folder), "topics": "Paris, London", "topics_of": "documents"}
    asked = recipe_of(load_settings(flags, environment={}, folder=tmp_path))
    assert (asked.topics, asked.topics_of, asked.workers(None)) == (("Paris", "London"), "documents", 1)
    other = replace(recipe, topics=("Paris",))
    assert other.fingerprint != recipe.fingerprint != replace(recipe, topics_of="documents").fingerprint
    whole = replace(recipe, topics_of="documents")
    assert build_graph([text], store=embedded_store, recipe=whole, workers=0).loaded == 1
    names = {row[0] for row in embedded_store.execute("MATCH (e:Entity) RETURN e.name").rows}
    assert {"Ada", "Bob", "Hal"} <= names


def test_topics_that_a_classifier_does_not_know_are_told_with_those_it_does(
    classifier: tuple[Path, dict[str, Any]], model: Path, tmp_path: Path
) -> None:
    folder = str(classifier[0] / "adapter")
    assert checked_topics(folder, ["Paris"]) == ("Paris",)
    for topics, told in ((["Rome"], "found 'Rome'"), ([], "found none")):
        with pytest.raises(ConfigError, match=f"out of Berlin, London, Paris, {told}"):
            checked_topics(folder, topics)
    with pytest.raises(ModelError, match=r"found no labels\.json"):
        open_classifier(str(model))


def test_weights_of_labels_are_their_inverse_frequencies() -> None:
    assert class_weights([0, 0, 0, 1], 2).tolist() == pytest.approx([4 / 6, 2.0])
    labels = [0, 0, 0, 1, 2, 2]
    weights = class_weights(labels, 4)
    assert float(sum(weights[label] for label in labels)) == pytest.approx(len(labels))
    assert weights[3] == 0 and torch.isfinite(weights).all()


def test_accuracy_and_balanced_accuracy_by_hand() -> None:
    figures = label_scores([0, 0, 0, 1], [0, 0, 1, 1], labels=3)
    assert figures == {"accuracy": 0.75, "balanced_accuracy": pytest.approx((2 / 3 + 1) / 2)}


def test_answers_are_measured_as_triples_as_lines_and_as_a_whole() -> None:
    wanted = [Example(text="x", triples=(Triple("a", "r", "b"), Triple("c", "r", "d")))]
    said = ["1. a | r | b\nnonsense"]
    assert answer_scores("triple_f1", wanted, said).f1 == pytest.approx(2 / 3)
    assert answer_scores("line_f1", wanted, ["a|r|b\nx"]).f1 == pytest.approx(1 / 2)
    assert answer_scores("accuracy", wanted, ["a|r|b\nc|r|d\n"]).recall == 1
    assert answer_scores("accuracy", wanted, said).recall == 0


# --- raw data --------------------------------------------------------------------------------------------------------


def people(folder: Path, *rows: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rel_dict.json").write_text(json.dumps({"unknown": 0, "夫妻": 1, "父母": 2}, ensure_ascii=False))
    (folder / "train.txt").write_text("\n".join(rows) + "\n")
    return folder


def test_rows_of_people_become_questions_in_chinese_with_the_list_of_labels(tmp_path: Path) -> None:
    rows = [f"{i % 3} 李明{i}$王芳$###和##在一起，第{i}次。" for i in range(30)]
    split = read_people_relation(people(tmp_path, *rows, rows[0]), prompt="plain")
    assert (len(split.train), len(split.dev), len(split.test)) == (24, 3, 3)
    assert split.labels == ("unknown", "夫妻", "父母") and split.left_out == {"repeated": 1}
    example = split.train[0]
    assert "unknown、夫妻、父母" in example.question[0]["content"]
    assert example.answer in split.labels and example.language == "zh" and example.task == "relation"
    assert split == read_people_relation(tmp_path, prompt="plain")
    long = read_people_relation(tmp_path, prompt="long").train[0]
    assert long.question[1] == example.question[1] and len(long.question[0]["content"]) > 100
    assert set(PROMPTS) == {"plain", "long"}
    with pytest.raises(ConfigError, match="expected one of plain, long"):
        people_messages("a", "b", "c", labels=("x",), prompt="short")


def test_two_names_are_masked_the_longer_first_and_a_damaged_prompt_is_named(tmp_path: Path) -> None:
    asking = RelationAsking("plain", ("unknown", "夫妻"))
    assert asking.messages("李明华和李明。", "李明", "李明华")[1]["content"].endswith("句子：###和##。")
    assert kept_asking("") is None and kept_asking(str(tmp_path)) is None
    for content in ("", "[]", '{"prompt": "short", "labels": ["a", "b"]}', '{"prompt": "plain", "labels": ["a"]}'):
        (tmp_path / QUESTION_FILE).write_text(content)
        with pytest.raises(ModelError, match=r"relation\.json"):
            kept_asking(str(tmp_path))


RELATIONS = {"unknown": "{}和{}在{}号都来了。", "夫妻": "{}和{}在{}号结婚了。", "父母": "{}是{}的孩子，{}号出生。"}
NAMES = ("李明", "王芳", "张伟", "刘洋", "陈静", "赵军", "孙丽", "周强")


@pytest.mark.parametrize("prompt", ["plain", "long"])
def test_relations_are_served_in_the_words_of_training_and_evaluation(prompt: str, tmp_path: Path) -> None:
    """Prompt, labels and masks are those that the model learnt with, and requests that come together are one batch."""
    rows = [
        f"{label} {head}${tail}${sentence.format('##', '##', number)}"
        for number, (head, tail) in enumerate(product(NAMES, NAMES[:3]))
        for label, sentence in enumerate(RELATIONS.values())
        if head != tail
    ]
    base = make_model("llama", tmp_path / "base", texts=[*PROMPTS.values(), *rows] * 3, hidden=32, vocabulary=1000)
    values = {"method": "full", "quantize": "", "dtype": "fp32", "max_tokens": 512, "max_steps": 30, "accumulate": 1}
    values |= {"learning_rate": 1e-2, "warmup": 0.0, "checkpointing": False, "max_grad_norm": 1.0, "metric": "none"}
    out = tmp_path / "run"
    data = people(tmp_path / "data", *rows)
    train(quick(base, data, out, "baichuan-people-relation", prompt=prompt, **values), say=lambda _: None, show=False)
    command = ["evaluate", "--data", str(out / "data"), "--model", str(out / "model"), "--constrained", "--json"]
    command += ["--out", str(tmp_path / "evaluation"), "--bootstrap", "0", "--max-new-tokens", "16"]
    report = json.loads(CliRunner().invoke(cli, command, standalone_mode=False, catch_exceptions=False).stdout)
    assert report["runs"]["before"]["labels"]["accuracy"] > 0.5
    evaluated = (tmp_path / "evaluation" / "answers-before.jsonl").read_text().splitlines()
    wanted = [json.loads(line)["answer"] for line in evaluated]
    assert len(set(wanted)) > 1
    asked = []
    for example in read_examples(out / "data" / "test.jsonl")[0]:
        names, masked = example.question[-1]["content"].split("\n句子：")
        head, tail = (line.split("：")[1] for line in names.splitlines())
        asked.append({"text": masked.replace("##", head, 1).replace("##", tail, 1), "head": head, "tail": tail})
    asked.append(asked[0] | {"text": asked[0]["text"].replace(asked[0]["head"], "##").replace(asked[0]["tail"], "##")})
    options = ModelOptions(model=str(out / "model"), quantize="none", dtype="fp32", max_new_tokens=16)
    with serving(options, limits=ServeLimits(wait_ms=100)) as client, ThreadPoolExecutor(len(asked)) as pool:
        replies = list(pool.map(lambda body: client.post("/classify", json=body), asked))
        assert [reply.json().get("label") for reply in replies] == [*wanted, wanted[0]], replies[0].text
        assert all(0 < reply.json()["confidences"][reply.json()["label"]] <= 1 for reply in replies)
        batches = re.search(r"kg_serve_batch_size_count (\S+)", client.get("/metrics").text)
        assert batches and float(batches[1]) <= len(asked) / 2
        other = next(label for label in RELATIONS if label != wanted[0])
        assert client.post("/classify", json=asked[0] | {"labels": [other]}).json()["label"] == other
        for wrong in ({"labels": ["同学"]}, {"tail": "阿里巴巴集团"}):
            assert client.post("/classify", json=asked[0] | wrong).status_code == 422


@pytest.mark.parametrize("row", ["7 李明$王芳$句子", "x 李明$王芳$句子", "1 李明$王芳", "1", "1 $王芳$句子"])
def test_a_row_that_is_none_is_named(tmp_path: Path, row: str) -> None:
    with pytest.raises(DataError, match="in line 2"):
        read_people_relation(people(tmp_path, "0 甲$乙$句", row))


def test_a_text_is_in_one_part_only() -> None:
    examples = [Example(text=f"text {i // 3}", label=str(i)) for i in range(60)]
    split = split_by_text(examples, shares=(8, 1, 1))
    parts = [texts_of(part) for part in (split.train, split.dev, split.test)]
    assert [len(part) for part in parts] == [16, 2, 2]
    assert sum(map(len, parts)) == len(set().union(*parts))


def test_people_relations_of_the_public_data(public_data: Path) -> None:
    split = read_people_relation(public_data / "relation_classification" / "people_relation_zh")
    assert len(split.labels) == 14
    assert len(split.train) + len(split.dev) + len(split.test) + split.left_out.get("repeated", 0) == 3105
    assert {each.answer for each in split.train} == set(split.labels)


def test_topics_of_news_are_drawn_in_equal_numbers(tmp_path: Path) -> None:
    rows = [f'{i % 4 + 1},Title {i},"Text #39;{i} #39; A  amp; B, {i}"' for i in range(61)]
    (tmp_path / "a.csv").write_text("\n".join([*rows, rows[0]]))
    split = read_ag_news(tmp_path, per_topic=(8, 2, 2))
    for part, count in ((split.train, 8), (split.dev, 2), (split.test, 2)):
        assert Counter(each.label for each in part) == dict.fromkeys(TOPICS, count)
    assert split.left_out == {"repeated": 1, "over the number for each topic": 13}
    assert (
        split.train[0].text.startswith("Title") and "#39;" not in split.train[0].text and "& B" in split.train[0].text
    )
    fewer = read_ag_news(tmp_path)
    assert (len(fewer.train), len(fewer.dev), len(fewer.test)) == (40, 8, 8)
    (tmp_path / "a.csv").write_text("5,a,b\n")
    with pytest.raises(DataError, match="row 1"):
        read_ag_news(tmp_path)


def test_topics_of_the_public_news(public_data: Path) -> None:
    split = read_ag_news(public_data / "classification" / "ag_news")
    assert len(split.train) > 4000 and len(split.dev) == len(split.test) > 1000
    assert not texts_of(split.train) & texts_of(split.test)


# --- grids and processes ---------------------------------------------------------------------------------------------


def test_a_grid_is_run_once_and_told_in_one_table(model: Path, tmp_path: Path) -> None:
    data = people(tmp_path / "data", *[f"{i % 3} 甲{i}$乙$第{i}句" for i in range(20)])
    values = {"method": "lora", "quantize": "", "max_steps": 1, "max_tokens": 1024}
    settings = quick(model, data, tmp_path / "runs", "baichuan-people-relation", **values)
    grid = Grid(("full", "lora"), ("plain", "long"), (2, 4), ())
    names = [Path(each.out).name for each in grid.runs(settings)]
    assert names == [
        *("full-plain-e5", "full-long-e5", "lora-plain-r2-e5", "lora-plain-r4-e5", "lora-long-r2-e5", "lora-long-r4-e5")
    ]
    few = Grid(("full", "lora"), ("plain",), (2,))
    said: list[str] = []
    rows = compare(settings, few, say=said.append, show=False)
    assert {row["run"] for row in rows} == {"full-plain-e5", "lora-plain-r2-e5"}
    assert all(row["seconds"] > 0 and row["memory_mb"] > 0 and row["value"] is not None for row in rows)
    trained = {row["method"]: row["trained_parameters"] for row in rows}
    assert trained["lora"] < trained["full"]
    table = render_table(rows).splitlines()
    assert table[0].split() == [
        "method",
        "prompt",
        "rank",
        "epochs",
        "metric",
        "value",
        "seconds",
        "memory_mb",
        "trained_parameters",
    ]
    said.clear()
    assert compare(settings, few, say=said.append, show=False) == rows
    assert sum("is done" in each for each in said) == 2


def test_a_run_of_a_grid_that_fails_is_told_and_the_others_go_on(model: Path, tmp_path: Path) -> None:
    data = toy.folder(tmp_path / "data", toy.triples(12))
    command = ["compare", "--model", str(model), "--data", str(data), "--out", str(tmp_path / "runs"), "--json"]
    command += ["--methods", "lora", "--ranks", "2,4", "--set", "max_steps=1", "--set", "device=cpu", "--quiet"]
    command += ["--set", "tensorboard=no"]
    (tmp_path / "runs" / "lora-r4-e1").mkdir(parents=True)
    (tmp_path / "runs" / "lora-r4-e1" / "checkpoints").write_text("a file where a folder is to be")
    found = CliRunner().invoke(cli, command, standalone_mode=False, catch_exceptions=False)
    first, second = json.loads(found.stdout)["runs"]
    assert found.return_value == 3
    assert first["rank"] == 2 and first["value"] and not first["problem"]
    assert second["rank"] == 4 and "can be written" in second["problem"]


def quietly(settings: Training) -> None:
    train(settings, say=lambda _: None, show=False)


@pytest.mark.slow
def test_two_processes_come_to_the_same_loss_as_one(model: Path, tmp_path: Path) -> None:
    data = toy.folder(tmp_path / "data", toy.triples(28))
    values = {"packing": False, "dropout": 0.0, "accumulate": 1, "max_steps": 3, "metric": "line_f1"}
    one = quick(model, data, tmp_path / "one", "ie-instruct", batch_size=8, **values)
    wanted = train(one, say=lambda line: None, show=False)
    two = replace(one, batch_size=4, out=str(tmp_path / "two"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": "2"}
    places = [meeting | {"RANK": rank, "LOCAL_RANK": rank} for rank in "01"]  # as torch.distributed.run has it
    with ExitStack() as stack:
        both = [stack.enter_context(forked(quietly, two, environment=place)) for place in places]
        for process in both:
            process.join(200)
        assert [process.exitcode for process in both] == [0, 0]
    found = json.loads((tmp_path / "two" / "result.json").read_text())
    assert found["steps"] == wanted["steps"] == 3
    assert found["loss"] == pytest.approx(wanted["loss"], abs=1e-4)
    assert found["dev"]["dev_loss"] == pytest.approx(wanted["dev"]["dev_loss"], abs=1e-4)
    assert abs(found["tokens"] - wanted["tokens"]) < 20
