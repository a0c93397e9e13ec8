"""How a model was asked while it learnt to tell the relation between two given people.

It is kept beside the weights (``relation.json``), so that a server asks in the very words of training and evaluation,
with the same list of labels and the names masked in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.people_relation import PROMPTS, SOURCE, people_messages
from kg_builder.errors import ModelError
from kg_builder.prompt import Message

__all__ = ["QUESTION_FILE", "RelationAsking", "asking_of_data", "grammar_of_labels", "kept_asking"]

QUESTION_FILE = "relation.json"
_MASK = "#"


@dataclass(frozen=True, slots=True)
class RelationAsking:
    """The name of a prompt of `finetune.people_relation`, and the labels in the order in which it lists them."""

    prompt: str
    labels: tuple[str, ...]

    def messages(self, text: str, head: str, tail: str) -> tuple[Message, ...]:
        """The question about `head` and `tail` in `text`; where their names stand in it, they are masked."""
        for name in sorted((head, tail), key=len, reverse=True):  # a name may begin another
            text = text.replace(name, masked(name))
        return people_messages(head, tail, text, labels=self.labels, prompt=self.prompt)

    def names(self, name: str, text: str) -> bool:
        """Whether `text` has the name, as it is or masked."""
        return name in text or masked(name) in text

    def write(self, folder: Path) -> None:
        """Keep it beside the weights in `folder`."""
        told = {"prompt": self.prompt, "labels": list(self.labels)}
        (folder / QUESTION_FILE).write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", "utf-8")


def masked(name: str) -> str:
    """What stands for a name in the data: a mark for each of its characters."""
    return _MASK * len(name)


def asking_of_data(facts: Mapping[str, Any]) -> RelationAsking | None:
    """How the examples of a folder ask, by its ``data.json``; None where they ask about something else."""
    prompt, labels = facts.get("prompt"), facts.get("labels")
    if facts.get("source") != SOURCE or prompt not in PROMPTS or not labels:
        return None
    return RelationAsking(prompt, tuple(labels))


def kept_asking(folder: str) -> RelationAsking | None:
    """What `RelationAsking.write` left beside the weights in `folder`; None where there is nothing.

    Raises:
        ModelError: the file is damaged, or names a prompt that is not known.
    """
    file = Path(folder) / QUESTION_FILE
    if not folder or not file.is_file():
        return None
    try:
        found = json.loads(file.read_text("utf-8"))
        prompt, labels = found["prompt"], tuple(found["labels"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ModelError(f"expected a prompt and labels in {str(file)!r}, but {exc}; copy the file again") from exc
    if prompt not in PROMPTS or len(labels) < 2 or not all(isinstance(each, str) and each for each in labels):
        raise ModelError(
            f"expected one of the prompts {', '.join(PROMPTS)} and two labels or more in {str(file)!r}, found "
            f"{prompt!r} and {len(labels)} labels; copy the file again"
        )
    return RelationAsking(prompt, labels)


def grammar_of_labels(labels: Sequence[str]) -> str:
    """That an answer is one of `labels` and nothing else, in Lark's notation."""
    return "start: " + " | ".join(json.dumps(label, ensure_ascii=False) for label in labels)
