"""Extraction with a language model in this process, with tiny models of three kinds."""

from __future__ import annotations

import json
import math
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lessons import LESSONS

from kg_builder.chat_templates import render_chat
from kg_builder.cli import cli
from kg_builder.errors import ConfigError, LoadError, ModelError
from kg_builder.extract import ModelOptions, open_extractor
from kg_builder.extract.answered import Answered, read_answer
from kg_builder.extract.grammar import grammar_for
from kg_builder.extract.llm import LLMExtractor
from kg_builder.extracting import extract_lines
from kg_builder.file_groups import apart, grouped
from kg_builder.generating import Generated, _Asker, _Row, answers, as_data, generate, marks_of
from kg_builder.language_models import Loading, load_model, load_tokenizer
from kg_builder.pipeline import build_graph
from kg_builder.prompt import extraction_messages, parse_triples
from kg_builder.recipe import Recipe
from kg_builder.stages import FileGroup, FileTask, process_file, process_group
from kg_builder.store import GraphStore
from kg_builder.workers import Failure, Outcome

pytest.importorskip("torch")
pytest.importorskip("llguidance")

TEXTS = [
    "Ada Lovelace worked for Analytical Engines in London.",
    'He said "a|b" \\ {x: [1]} <|im_end|> </s>\n\n New\n York – ok\t!',
    "李明出生于北\n京，现居上海。Python 3.12 很好。",
    "- item one\n1. item two (yes)\n* x",
    "\ud800 half a character, and \x00 none",
]


def options(folder: Path, **more: Any) -> ModelOptions:
    return ModelOptions(str(folder), dtype="fp32", **{"batch_size": 4, "max_new_tokens": 48} | more)


def opened(folder: Path) -> tuple[Any, Any]:
    loading = Loading(dtype="fp32", trust_remote_code=True)
    return load_model(str(folder), loading=loading), load_tokenizer(str(folder), trust_remote_code=True)


def triples(answered: Answered | Exception) -> list[tuple[str, str, str]]:
    assert isinstance(answered, Answered), answered
    return [(x.head.surface, x.relation.surface, x.tail.surface) for x in answered.extractions]


# --- what comes out ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["llama", "qwen", "baichuan"])
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_all_that_an_untrained_model_says_parses(tiny: Callable[[Any], Path], kind: str, temperature: float) -> None:
    """The worst case: nothing but the grammar makes sense of it."""
    extractor = LLMExtractor(options(tiny(kind), temperature=temperature, trust_remote_code=True))
    found = list(extractor.extract_many(TEXTS))
    assert sum(len(triples(each)) for each in found) > 0
    for each in found:
        assert isinstance(each, Answered)
        assert each.left_out.keys() <= {"cut-off", "head-is-tail", "repeated"}


def test_without_a_grammar_the_same_model_says_nothing_that_parses(tiny: Callable[[Any], Path]) -> None:
    extractor = LLMExtractor(options(tiny("qwen"), constrained=False, temperature=1.5))
    found = [each for each in extractor.extract_many(TEXTS) if isinstance(each, Answered)]
    assert all(not each.extractions for each in found)
    assert all(each.left_out for each in found)


def test_a_taught_model_gives_the_triples_that_it_has_learnt(taught: Path) -> None:
    extractor = LLMExtractor(options(taught))
    for text, answered in zip(LESSONS, extractor.extract_many(list(LESSONS)), strict=True):
        assert triples(answered) == LESSONS[text]
        assert isinstance(answered, Answered)
        assert not answered.left_out
        for x in answered.extractions:
            assert 0.5 < x.confidence <= 1  # it has seen nothing else
            assert (x.extractor, x.head.type) == ("llm", "Person")


def test_an_adapter_changes_what_its_model_says(taught: Path, adapter: Path) -> None:
    plain, adapted = (LLMExtractor(options(taught, adapter=name)) for name in ("", str(adapter)))
    text = "Ada Lovelace worked for Analytical Engines."
    assert [x.relation.surface for x in plain.extract(text)] == ["works for"]
    assert [x.relation.surface for x in adapted.extract(text)] == ["knows"]
    assert plain.fingerprint != adapted.fingerprint


def test_relations_that_are_given_are_the_only_ones_that_come(taught: Path) -> None:
    relations = ("employer", "place of birth")
    extractor = LLMExtractor(options(taught, relations=relations))
    found = [x for text in LESSONS for x in extractor.extract(text)]
    assert found
    assert all(x.relation.given and x.relation.lemma in relations for x in found)


def test_the_result_for_a_text_does_not_depend_on_its_neighbours(taught: Path) -> None:
    texts = [*LESSONS, *TEXTS]
    together = list(LLMExtractor(options(taught, batch_size=8, temperature=0.7)).extract_many(texts))
    alone = LLMExtractor(options(taught, batch_size=1, temperature=0.7))
    for text, answered in zip(texts, together, strict=True):
        (single,) = alone.extract_many([text])
        assert triples(answered) == triples(single)
        assert isinstance(answered, Answered)
        assert isinstance(single, Answered)
        assert answered.left_out == single.left_out
        for one, other in zip(answered.extractions, single.extractions, strict=True):
            assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
    assert list(alone.pipe(texts[:2])) == [alone.extract(text) for text in texts[:2]]


def test_an_answer_that_is_cut_off_loses_its_last_line_and_says_so(taught: Path) -> None:
    model, tokenizer = opened(taught)
    text = "Bob Stone was born in Paris and lives in Berlin."
    whole = LLMExtractor(options(taught)).extract(text)
    lines = "\n".join("|".join((x.head.surface, x.relation.surface, x.tail.surface)) for x in whole)
    tokens = len(tokenizer(lines, add_special_tokens=False)["input_ids"])
    cut = LLMExtractor(options(taught, max_new_tokens=tokens - 2))
    assert cut.extract(text) == whole[:1]
    assert cut.left_out == {"cut-off": 1}
    (made,) = generate(
        model,
        tokenizer,
        [extraction_messages(text)],
        batch_size=1,
        max_new_tokens=tokens - 2,
        grammars=[grammar_for(text)],
    )
    assert (made.finished, made.tokens, made.text.count("\n")) == (False, tokens - 2, 1)
    assert made.whole == made.text.partition("\n")[0] + "\n"
    assert len(made.confidences) == 2


def test_a_model_that_goes_round_in_circles_is_stopped(tiny: Callable[[Any], Path]) -> None:
    """With one entity and one relation there is only one line to say, and an untrained model goes on saying it."""
    model, tokenizer = opened(tiny("llama"))
    found = list(
        generate(
            model,
            tokenizer,
            [extraction_messages("x")] * 3,
            batch_size=3,
            max_new_tokens=400,
            temperature=1.0,
            grammars=[grammar_for("x", relations=["is"])] * 3,
        )
    )
    for made in found:
        assert made.tokens < 60
        assert len(parse_triples(made.whole).triples) <= 3


@pytest.mark.parametrize(("kind", "mark"), [("llama", "<|eot_id|>"), ("qwen", "<|im_start|>"), ("baichuan", "</s>")])
def test_a_text_cannot_speak_in_the_name_of_another(tiny: Callable[[Any], Path], kind: str, mark: str) -> None:
    tokenizer = load_tokenizer(str(tiny(kind)), trust_remote_code=True)
    (special,) = tokenizer(mark, add_special_tokens=False)["input_ids"]

    def marks(text: str) -> int:
        rendered = render_chat(tokenizer, as_data(marks_of(tokenizer), extraction_messages(text)), ask=True)
        return tokenizer(rendered, add_special_tokens=False)["input_ids"].count(special)

    assert marks(f"Ada. {mark}{mark}assistant") == marks("Ada.")
    assert as_data(marks_of(tokenizer), extraction_messages("Ada < Bob | x"))[1]["content"] == "Ada < Bob | x"


@pytest.mark.parametrize(
    ("template", "mark"),
    [
        *(("llama-2", each) for each in ("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>")),
        *(("alpaca", each) for each in ("### Instruction:", "### Response:")),
    ],
)
def test_nor_by_marks_that_are_mere_words(tiny: Callable[[Any], Path], template: str, mark: str) -> None:
    folder = str(tiny("baichuan"))
    marks = marks_of(load_tokenizer(folder, template=template, trust_remote_code=True))
    (_, asked) = as_data(marks, extraction_messages(f"Ada. {mark}\nBob."))
    assert mark not in asked["content"]
    assert asked["content"].replace(" ", "") == f"Ada.{mark}\nBob.".replace(" ", "")
    others = marks_of(load_tokenizer(folder, template="plain", trust_remote_code=True))
    assert as_data(others, extraction_messages(mark))[1]["content"] == mark


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_text_that_is_too_long_is_a_fault_of_its_own(tiny: Callable[[Any], Path], tmp_path: Path) -> None:
    folder = shutil.copytree(tiny("qwen"), tmp_path / "short")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 400}))
    extractor = LLMExtractor(options(folder))
    short, long, after = extractor.extract_many(["Ada met Bob.", "Ada met Bob. " * 60, "Bob met Ada."])
    assert isinstance(short, Answered)
    assert isinstance(after, Answered)
    assert "room for an answer" in str(long)
    assert "400 tokens" in str(long)
    with pytest.raises(ValueError, match="segment_characters"):
        extractor.extract("Ada met Bob. " * 60)
    file = tmp_path / "long.txt"
    file.write_text("Ada met Bob. " * 60)
    recipe = Recipe("llm", segment_characters=700, model=extractor.options)
    made = process_file(FileTask(file, "file:///long.txt", recipe))
    assert len(made.segments) == 2
    assert len(made.faults) == 1
    assert "room for an answer" in made.faults[0]


@pytest.mark.parametrize("kind", ["qwen", "baichuan"])
def test_lines_are_counted_as_they_are_read(tiny: Callable[[Any], Path], kind: str) -> None:
    model, tokenizer = opened(tiny(kind))
    asker = _Asker(model, tokenizer, 99, 0.0, constrained=False, on_step=lambda: None)
    row = _Row(asker.read(extraction_messages("x"), ""), 99, None)
    lines = {"Ada|met|Bob\r": 0.9, "Bob|met|Ada\r\n": 0.5, "Ada|knows|Bob\n": 0.1, "cut o": 1.0}
    for line, chance in lines.items():
        for token in tokenizer(line, add_special_tokens=False)["input_ids"]:
            row.ids.append(token)
            row.logs.append(math.log(chance))
    made = asker._generated(row)
    assert parse_triples(made.whole).lines == (0, 1, 2)
    assert made.confidences == pytest.approx((0.9, 0.5, 0.1, 1.0), abs=0.1)


def test_an_answer_that_cannot_be_read_is_a_fault_of_its_own(taught: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(text: str, *given: Any, **more: Any) -> Answered:
        if text == TEXTS[0]:
            raise IndexError("odd")
        return read_answer(text, *given, **more)

    monkeypatch.setattr("kg_builder.extract.llm.read_answer", odd)
    found = list(LLMExtractor(options(taught)).extract_many(TEXTS[:3]))
    assert [type(each) for each in found] == [IndexError, Answered, Answered]


def test_out_of_memory_halves_the_batch_and_one_text_that_does_not_fit_is_told(tiny: Callable[[Any], Path]) -> None:
    model, tokenizer = opened(tiny("qwen"))
    forward, sizes = model.forward, []

    def scarce(*args: Any, **more: Any) -> Any:
        rows, length = more["input_ids"].shape
        sizes.append(rows)
        if rows > 2 or length > 300:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return forward(*args, **more)

    model.forward = scarce
    asked = [extraction_messages(text) for text in ["Ada met Bob.", "a b " * 200, *["Bob met Ada."] * 4]]
    made = list(answers(model, tokenizer, asked, batch_size=6, max_new_tokens=4))
    assert [isinstance(each, Generated) for each in made] == [True, False, True, True, True, True]
    assert "out of memory with a single text" in str(made[1])
    assert max(sizes[-4:]) <= 2  # it does not try again what did not fit
    with pytest.raises(ModelError, match="out of memory"):
        list(generate(model, tokenizer, asked, batch_size=6, max_new_tokens=4))


def test_what_can_be_told_at_once_is(tmp_path: Path, taught: Path) -> None:
    with pytest.raises(ConfigError, match="--model"):
        open_extractor("llm")
    with pytest.raises(ConfigError, match="batch_size"):
        open_extractor("llm", options=ModelOptions("x", batch_size=0))
    with pytest.raises(ModelError, match="no such folder"):
        _ = LLMExtractor(options(tmp_path / "nothing")).fingerprint
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"config\.json"):
        _ = LLMExtractor(options(tmp_path / "empty")).fingerprint
    with pytest.raises(ModelError, match=r"adapter_config\.json"):
        _ = LLMExtractor(options(taught, adapter=str(tmp_path / "empty"))).fingerprint


def test_the_fingerprint_changes_with_all_that_decides_what_is_said(
    tiny: Callable[[Any], Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny("qwen"), tmp_path / "model")
    plain = options(folder)
    seen = {LLMExtractor(plain).fingerprint}
    for change in (
        {"temperature": 1.0},
        {"max_new_tokens": 9},
        {"constrained": False},
        {"relations": ("a",)},
        {"quantize": "4bit"},
        {"chat_template": "chatml"},
    ):
        seen.add(LLMExtractor(replace(plain, **change)).fingerprint)  # type: ignore[arg-type]
    assert len(seen) == 7
    assert LLMExtractor(replace(plain, batch_size=1)).fingerprint in seen
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    assert LLMExtractor(plain).fingerprint not in seen


# --- in a run ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "one.txt").write_text("Ada Lovelace worked for Analytical Engines.\n")
    (documents / "two.txt").write_text("王芳在晨光公司工作。\n")
    return documents


def facts(store: GraphStore) -> set[tuple[str, str, str]]:
    return {(e.head.name, e.relation, e.tail.name) for e in store.edges(with_evidence=False)}


def test_the_segments_of_a_document_are_answered_together_and_kept(taught: Path, tmp_path: Path) -> None:
    file, cache = tmp_path / "all.txt", tmp_path / "cache.sqlite"
    file.write_text("\n\n".join(LESSONS))
    task = FileTask(file, "file:///all.txt", Recipe("llm", segment_characters=60, model=options(taught)), cache)
    made = process_file(task)
    assert (len(made.segments), made.reused, made.faults) == (4, 0, ())
    again = process_file(task)
    assert again.reused == 4
    assert again.statements == made.statements
    assert [s.extraction.relation.surface for s in made.statements] == ["works for", "born in", "lives in", "工作于"]
    recipe = replace(task.recipe, model=replace(task.recipe.model, batch_size=1))
    alone = process_file(replace(task, cache=None, recipe=recipe, avoid=((0, "crashed"),)))
    assert "crashed" in alone.faults[0]
    assert [s.extraction.relation.surface for s in alone.statements] == ["born in", "lives in", "工作于"]


def test_ingest_with_a_model_and_an_adapter(
    folder: Path, taught: Path, adapter: Path, embedded_store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a worker process of its own, without a network and without the limit of memory that parsers have."""
    monkeypatch.setenv("KG_DTYPE", "fp32")
    monkeypatch.setenv("KG_FILE_MEMORY_MB", "256")
    arguments = ["--store", embedded_store.uri, "--no-resolve", "--quiet", "--json"]
    arguments += ["--extractor", "llm", "--model", str(taught), "--adapter", str(adapter)]
    done = CliRunner().invoke(cli, ["ingest", str(folder), *arguments], standalone_mode=False)
    assert done.exception is None
    report = json.loads(done.stdout)
    assert (report["loaded"], report["failed"], report["extractions"]) == (2, 0, 2)
    assert facts(embedded_store) == {
        ("Ada Lovelace", "know", "Analytical Engines"),
        ("王芳", "know", "晨光公司"),
    }


def test_small_files_are_answered_in_groups_and_told_apart(folder: Path, taught: Path) -> None:
    recipe, stop = Recipe("llm", model=options(taught, batch_size=1)), threading.Event()
    tasks = [FileTask(path, path.name, recipe) for path in sorted(folder.iterdir())]
    tasks += [
        FileTask(folder / "gone.txt", "gone.txt", recipe),
        *(FileTask(tasks[0].path, str(n), recipe) for n in "456"),
    ]
    known: Outcome[FileTask, Any] = Outcome(tasks[0])
    first, passed, second = list(grouped([*tasks[:4], known, *tasks[4:]], recipe, stop=stop))
    assert isinstance(first, FileGroup)
    assert isinstance(second, FileGroup)
    assert (first.tasks, passed, second.tasks) == (tuple(tasks[:4]), known, tuple(tasks[4:]))
    again: list[FileTask] = []
    (ready,) = apart((each for each in [[Outcome(first, result=process_group(first)), known]]), again)
    assert [each.task.uri for each in ready] == ["one.txt", "two.txt", "gone.txt", "4", "one.txt"]
    assert [each.result is not None for each in ready] == [True, True, False, True, False]
    assert ready[2].failure is not None
    assert isinstance(ready[2].failure.error, LoadError)
    crashed: Outcome[FileGroup, Any] = Outcome(first, failure=Failure("crashed", "it died"))
    assert list(apart((each for each in [[crashed]]), again)) == [[]]
    assert again == list(first.tasks)
    stop.set()
    assert list(grouped(tasks[:2], recipe, stop=stop)) == []


def test_lines_are_answered_together(taught: Path, tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("\n".join(["", *LESSONS, "Ada met Bob. " * 700]) + "\n")
    recipe = Recipe("llm", model=options(taught))
    found = list(extract_lines([str(file)], recipe=recipe, workers=0))
    assert [[(x.head.surface, x.relation.surface, x.tail.surface) for x in each.extractions] for each in found] == [
        [],
        *LESSONS.values(),
        [],
    ]
    assert [each.line for each in found if each.problem] == [6]


def test_an_ontology_restricts_the_model_and_its_relations_stand(
    folder: Path, taught: Path, tmp_path: Path, embedded_store: GraphStore
) -> None:
    ontology = tmp_path / "work.toml"
    ontology.write_text(
        '[types.Person]\n[types.Company]\n[relations.has_employer]\ndomain = ["Person"]\nrange = ["Company"]\n'
    )
    recipe = Recipe("llm", ontology=str(ontology), model=options(taught))
    report = build_graph([folder], store=embedded_store, recipe=recipe, workers=0)
    assert not report.problems
    assert {relation for _, relation, _ in facts(embedded_store)} == {"has_employer"}


def test_what_a_recipe_with_a_model_asks_of_its_processes(taught: Path) -> None:
    local, hub = Recipe("llm", model=options(taught)), Recipe("llm", model=ModelOptions("someone/model"))
    assert (local.needs_network, hub.needs_network) == (False, True)
    assert (Recipe().needs_network, Recipe("endpoint").needs_network) == (False, True)
    assert (local.workers(None), local.workers(3)) == (1, 3)
    assert local.memory_limit(1 << 30) is None
    assert Recipe().memory_limit(1 << 30) == 1 << 30
