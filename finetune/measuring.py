"""How good a model is on examples: its answers compared with theirs, or its loss on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from finetune.batches import flat_batch, padded_batch
from finetune.encoding import IGNORED, Encoded
from finetune.examples import Example
from kg_builder.evaluate.triples import Scores, score_keys, score_triples
from kg_builder.prompt import parse_triples

__all__ = ["answer_scores", "answers_to", "dev_loss", "label_scores"]


def answers_to(
    model: Any, tokenizer: Any, examples: Sequence[Example], *, batch_size: int, max_new_tokens: int
) -> list[str]:
    """What the model says to each example's question."""
    from kg_builder.generating import generate

    questions = [each.question for each in examples]
    found = generate(model, tokenizer, questions, batch_size=batch_size, max_new_tokens=max_new_tokens)
    return [each.text for each in found]


def answer_scores(metric: str, examples: Sequence[Example], answers: Sequence[str]) -> Scores:
    """The counts of matching triples (``triple_f1``), of equal lines (``line_f1``) or equal answers (``accuracy``)."""
    if metric == "triple_f1":
        wanted = [parse_triples(each.answer).triples for each in examples]
        return score_triples(wanted, [parse_triples(answer).triples for answer in answers])
    split = (lambda text: [text.strip()]) if metric == "accuracy" else _lines
    return score_keys([split(each.answer) for each in examples], [split(answer) for answer in answers])


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


@dataclass(slots=True)
class Loss:
    """A loss summed over tokens, so that parts can be added up."""

    total: float = 0.0
    tokens: int = 0

    @property
    def mean(self) -> float:
        """The loss of a token."""
        return self.total / self.tokens if self.tokens else 0.0


def dev_loss(model: Any, samples: Sequence[Encoded], *, batch_size: int, pad: int, flat: bool) -> Loss:
    """The loss of the answers' tokens."""
    found = Loss()
    for start in range(0, len(samples), batch_size):
        part = samples[start : start + batch_size]
        batch = flat_batch(part) if flat else padded_batch(part, pad=pad)
        batch = {name: values.to(model.device) for name, values in batch.items()}
        shifted = batch["shift_labels"] if flat else batch["labels"][:, 1:]
        tokens = int((shifted != IGNORED).sum())
        with torch.no_grad():
            found.total += float(model(**batch, use_cache=False).loss) * tokens
        found.tokens += tokens
    return found


def label_scores(wanted: Sequence[int], found: Sequence[int], *, labels: int) -> dict[str, float]:
    """Accuracy, and balanced accuracy: the mean of the shares of each label's texts that were found."""
    right = [a == b for a, b in zip(wanted, found, strict=True)]
    recalls = []
    for label in range(labels):
        of_label = [r for r, w in zip(right, wanted, strict=True) if w == label]
        if of_label:
            recalls.append(sum(of_label) / len(of_label))
    return {
        "accuracy": sum(right) / len(right) if right else 0.0,
        "balanced_accuracy": sum(recalls) / len(recalls) if recalls else 0.0,
    }
