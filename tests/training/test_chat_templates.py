"""Chat templates: what a model reads of a conversation, and which template is one for which model."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from tiny_models import Kind, make_model

from kg_builder.chat_templates import CHAT_TEMPLATES, prepare_tokenizer, render_chat, template_problem
from kg_builder.errors import ConfigError
from kg_builder.generating import end_tokens
from kg_builder.language_models import load_tokenizer

pytest.importorskip("torch")

MESSAGES = [
    {"role": "system", "content": "Extract."},
    {"role": "user", "content": "Ada met Bob."},
    {"role": "assistant", "content": "Ada|met|Bob"},
]
SUITING = {"llama": ["llama-3"], "qwen": ["chatml"], "baichuan": ["llama-2", "alpaca", "plain"]}


@cache
def _models() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="kg-models-")


@cache
def _folder(kind: Kind) -> Path:
    return make_model(kind, Path(_models().name) / kind)


def tokenizer(kind: Any, template: str = "") -> Any:
    return load_tokenizer(str(_folder(kind)), template=template)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in SUITING.items() for name in names])
def test_a_question_is_the_beginning_of_the_whole_and_the_end_has_a_token(kind: str, name: str) -> None:
    made = tokenizer(kind, name)
    question, whole = render_chat(made, MESSAGES[:-1], ask=True), render_chat(made, MESSAGES, ask=False)
    assert whole.startswith(question)
    assert whole[len(question) :].lstrip().startswith("Ada|met|Bob")  # Llama 2 has a space there
    (end, *_) = end_tokens(None, made)
    ids = made(whole[len(question) :], add_special_tokens=False)["input_ids"]
    assert end in ids
    assert end not in made(question, add_special_tokens=False)["input_ids"][-1:]
    assert made.decode([end]) == (CHAT_TEMPLATES[name].ends or made.eos_token)


@pytest.mark.parametrize("kind", SUITING)
def test_a_template_of_another_model_is_named_with_one_that_suits(kind: str) -> None:
    made = tokenizer(kind)
    for name in CHAT_TEMPLATES:
        problem = template_problem(made, name)
        assert (not problem) == (name in SUITING[kind]), name
        if problem:
            assert any(repr(each) in problem for each in SUITING[kind])
            with pytest.raises(ConfigError):
                prepare_tokenizer(tokenizer(kind), name)


def test_without_a_name_a_tokenizer_keeps_its_own_or_gets_one_that_suits() -> None:
    assert prepare_tokenizer(tokenizer("qwen")) == "own"
    raw = tokenizer("llama")
    raw.chat_template = None
    assert prepare_tokenizer(raw) == "llama-3"
    raw.chat_template = None
    with pytest.raises(ConfigError, match="of its own"):
        prepare_tokenizer(raw, "own")
    with pytest.raises(ConfigError, match="expected a chat template out of"):
        prepare_tokenizer(raw, "lama-3")


@pytest.mark.parametrize(("kind", "name"), [("qwen", "chatml"), ("llama", "llama-3"), ("baichuan", "llama-2")])
def test_several_rounds_and_no_system_message(kind: str, name: str) -> None:
    made = tokenizer(kind, name)
    rounds = [*MESSAGES[1:], {"role": "user", "content": "Bob left."}]
    text = render_chat(made, rounds, ask=True)
    assert text.index("Ada met Bob.") < text.index("Ada|met|Bob") < text.index("Bob left.")
    assert "Extract." not in text
