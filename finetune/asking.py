"""Asking a model the examples of a test set: the base model, the same with its adapter, or both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from finetune.examples import Example
from finetune.held_out import HeldOut, Output, kind_of, text_of
from finetune.relation_question import grammar_of_labels
from kg_builder.errors import EvaluationError
from kg_builder.generating import WINDOW
from kg_builder.language_models import Loading, load_adapter, load_model, load_tokenizer
from kg_builder.prompt import parse_triples

__all__ = ["Asking", "ask", "ask_models", "classifier_labels", "classify", "runs_of"]


@dataclass(frozen=True, slots=True)
class Asking:
    """How a model is asked. ``constrained``: only well-formed lines with entities of the text can come out."""

    batch_size: int = 16
    max_new_tokens: int = 512
    temperature: float = 0.0
    constrained: bool = False

    @property
    def together(self) -> int:
        """Questions whose answers are made without regard to others: after so many, asking may stop and go on."""
        return self.batch_size * WINDOW


def ask_models(
    test: HeldOut,
    model: str,
    *,
    adapter: str = "",
    compare_base: bool = False,
    asking: Asking | None = None,
    loading: Loading | None = None,
    template: str = "",
    done: Mapping[str, int] | None = None,
) -> Iterator[tuple[str, Iterator[Output]]]:
    """The answers of the base model (``before``) and of the model with its adapter (``after``), as they come.

    The weights are loaded once: before is the adapter switched off. Without an adapter there is only ``before``; with
    one, only ``after``, unless `compare_base`. `done` says of each how many are answered already, from the first on;
    nothing is loaded where all are.

    Raises:
        ModelError: the model or the adapter cannot be loaded.
        ConfigError: the chat template is none for the model.
    """
    left = [
        (name, begin)
        for name in runs_of(adapter, compare_base=compare_base)
        if (begin := (done or {}).get(name, 0)) < len(test.examples)
    ]
    if not left:
        return
    how = loading or Loading()
    tokenizer = load_tokenizer(
        adapter_tokenizer(adapter) or model, template=template, trust_remote_code=how.trust_remote_code
    )
    labels = classifier_labels(adapter or model)
    loaded = load_model(model, loading=how, labels=labels)
    if adapter:
        loaded = load_adapter(loaded, adapter)
    loaded.eval()
    asked = asking or Asking()

    def answers(begin: int) -> Iterator[Output]:
        examples = test.examples[begin:]
        made = (
            classify(loaded, tokenizer, examples, labels, batch_size=asked.batch_size)
            if labels
            else ask(loaded, tokenizer, examples, asked)
        )
        return (replace(each, index=begin + each.index) for each in made)

    for name, begin in left:
        with loaded.disable_adapter() if adapter and name == "before" else nullcontext():
            yield name, answers(begin)


def runs_of(adapter: str, *, compare_base: bool) -> tuple[str, ...]:
    """Who is asked, by name."""
    if not adapter:
        return ("before",)
    return ("before", "after") if compare_base else ("after",)


def adapter_tokenizer(adapter: str) -> str:
    """The adapter's folder, if it has a tokenizer of its own (its chat template is the one it was trained with)."""
    return adapter if adapter and (Path(adapter) / "tokenizer_config.json").exists() else ""


def classifier_labels(folder: str) -> tuple[str, ...]:
    """The labels of a model that classifies: ``labels.json`` of an adapter, or the names in ``config.json``; none if it
    is one that writes.

    Raises:
        EvaluationError: an adapter that classifies, without labels.
    """
    path = Path(folder)
    kind, config, named = (_object(path / name) for name in ("adapter_config.json", "config.json", "labels.json"))
    architectures = str(config.get("architectures"))
    if kind.get("task_type") != "SEQ_CLS" and "ForSequenceClassification" not in architectures:
        return ()
    names = config.get("id2label", {})
    labels = named.get("labels") or [names[number] for number in sorted(names, key=int)]
    if not labels:
        raise EvaluationError(
            f"expected labels.json beside the adapter {folder!r}, which classifies, found none; take the adapter/ of a "
            "run's folder"
        )
    return tuple(map(str, labels))


def classify(
    model: Any, tokenizer: Any, examples: Sequence[Example], labels: Sequence[str], *, batch_size: int
) -> Iterator[Output]:
    """The likeliest label of each example's text, by a model with a head for that."""
    import torch

    for start in range(0, len(examples), batch_size):
        ids = [tokenizer(each.text)["input_ids"] for each in examples[start : start + batch_size]]
        longest = max(map(len, ids))
        model.config.pad_token_id = tokenizer.pad_token_id
        with torch.inference_mode():
            logits = model(
                input_ids=torch.tensor(
                    [each + [tokenizer.pad_token_id] * (longest - len(each)) for each in ids], device=model.device
                ),
                attention_mask=torch.tensor(
                    [[1] * len(each) + [0] * (longest - len(each)) for each in ids], device=model.device
                ),
            ).logits
        for place, label in enumerate(logits.argmax(-1).tolist()):
            yield Output(start + place, labels[label])


def ask(model: Any, tokenizer: Any, examples: Sequence[Example], asking: Asking) -> Iterator[Output]:
    """What a loaded model answers to each example, in their order."""
    from kg_builder.generating import generate

    grammars = [_grammar(each) for each in examples] if asking.constrained else None
    answers = generate(
        model,
        tokenizer,
        [each.question for each in examples],
        batch_size=asking.batch_size,
        max_new_tokens=asking.max_new_tokens,
        temperature=asking.temperature,
        grammars=grammars,
    )
    for index, answer in enumerate(answers):
        yield Output(index, answer.text, answer.tokens, answer.finished)


def _grammar(example: Example) -> str:
    """What may be answered: triples of the text, one of the labels that the question allows, or anything."""
    from kg_builder.extract.grammar import grammar_for

    if kind_of(example) == "triples" and (not example.messages or parse_triples(example.answer).triples):
        return grammar_for(text_of(example), relations=example.relations)
    if kind_of(example) == "labels" and example.relations:
        return grammar_of_labels(example.relations)
    return r"start: /(.|\n)*/"


def _object(file: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
