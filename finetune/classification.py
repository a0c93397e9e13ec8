"""The task of telling the label of a text: a head on a base model, measured by accuracy and balanced accuracy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from finetune.examples import Example, Reading
from finetune.measuring import label_scores
from finetune.run_folder import RunFolder
from finetune.settings import Training
from finetune.task import Task
from finetune.training_data import Prepared, told_left_out
from kg_builder.errors import DataError

__all__ = ["class_weights", "classification_task"]

Row = tuple[list[int], int]  # tokens, and the number of the label


def classification_task(
    model: Any, tokenizer: Any, data: Prepared, settings: Training, run: RunFolder, *, say: Callable[[str], None]
) -> Task:
    """Rows of texts with labels. Labels that are rarer in train weigh more, if the settings say so."""
    rows = _rows(Reading(data.train, settings.allow_empty), tokenizer, data.labels, settings, say=say)
    weights = class_weights([label for _, label in rows], len(data.labels)) if settings.class_weights else None
    pad = tokenizer.pad_token_id

    def collate(chosen: Sequence[Row]) -> dict[str, torch.Tensor]:
        return _batch(chosen, pad)

    def loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        logits = outputs["logits"].float()
        weight = None if weights is None else weights.to(logits.device)
        total = cross_entropy(logits, labels, weight=weight, reduction="sum")
        return total / (num_items_in_batch if num_items_in_batch is not None else len(labels))

    def measured(examples: Sequence[Row]) -> Callable[[Any], dict[str, float]] | None:
        if not examples:
            return None

        def measure(trained: Any) -> dict[str, float]:
            was_training = trained.training
            trained.eval()
            wanted: list[int] = []
            found: list[int] = []
            total = 0.0
            for start in range(0, len(examples), settings.evaluate_batch):
                part = examples[start : start + settings.evaluate_batch]
                with torch.no_grad():
                    batch = {name: each.to(trained.device) for name, each in _batch(part, pad).items()}
                    logits = trained(**batch).logits.float()
                    total += float(cross_entropy(logits, batch["labels"], reduction="sum"))
                found.extend(logits.argmax(-1).tolist())
                wanted.extend(label for _, label in part)
            trained.train(was_training)
            return {"loss": total / len(examples), **label_scores(wanted, found, labels=len(data.labels))}

        return measure

    dev = _rows(data.dev, tokenizer, data.labels, settings, say=say) if data.dev else []
    test = _rows(data.test, tokenizer, data.labels, settings, say=say) if data.test else []
    if not dev and settings.metric != "none":
        say("there is no dev.jsonl: the last checkpoint is taken for the best")
    return Task(
        rows,
        [len(ids) for ids, _ in rows],
        collate,
        measured(dev) if settings.metric != "none" else None,
        score=measured(test or dev),
        loss=loss,
    )


def class_weights(labels: Sequence[int], number: int) -> torch.Tensor:
    """For each label its inverse frequency, scaled so that the mean over the texts is 1 (King and Zeng 2001)."""
    counts = Counter(labels)
    return torch.tensor([len(labels) / (len(counts) * counts[i]) if counts[i] else 0.0 for i in range(number)])


def _rows(
    examples: Any, tokenizer: Any, labels: tuple[str, ...], settings: Training, *, say: Callable[[str], None]
) -> list[Row]:
    numbers = {label: number for number, label in enumerate(labels)}
    found: list[Row] = []
    left_out: Counter[str] = Counter()
    total = 0
    for example in examples:
        total += 1
        row = _row(example, tokenizer, numbers, settings.max_tokens)
        if isinstance(row, str):
            left_out[row] += 1
        else:
            found.append(row)
    told_left_out(left_out, total, settings, say)
    if not found:
        raise DataError(f"expected texts with labels of at most {settings.max_tokens} tokens, found none")
    return found


def _row(example: Example, tokenizer: Any, numbers: dict[str, int], max_tokens: int) -> Row | str:
    if not example.label:
        return "no-label"
    if example.label not in numbers:
        return "unknown-label"
    ids = tokenizer(example.text)["input_ids"]
    return "too-long" if len(ids) > max_tokens else (ids, numbers[example.label])


def _batch(rows: Sequence[Row], pad: int) -> dict[str, torch.Tensor]:
    longest = max(len(ids) for ids, _ in rows)
    return {
        "input_ids": torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in rows]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows]),
        "labels": torch.tensor([label for _, label in rows]),
    }
