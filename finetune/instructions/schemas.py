"""Which labels a prompt offers: those of the answer, those that are easily taken for them, and a few others.

The idea is IEPile's (Gui et al. 2024, arXiv:2402.14710): a model that is only asked for what is there learns to find
it anyway, so labels that are confusable with the right ones are asked for too, and a long list of labels is asked for
in several prompts of a few.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from random import Random

from finetune.instructions.records import Annotated, Entity, Event
from kg_builder.types import Triple

__all__ = ["Inventory", "inventories", "label_of", "labelled"]

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_]+")
_SHARED_WORDS, _SHARED_TYPES, _TOGETHER = 1.0, 1.0, 0.5
"""How much each kind of likeness says: words, types of head and tail (or roles), and texts in common."""


@dataclass(slots=True)
class Inventory:
    """The labels of one source for one task, with what makes two of them confusable."""

    counts: Counter[str] = field(default_factory=Counter)
    types: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    together: Counter[tuple[str, str]] = field(default_factory=Counter)
    _near: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, in alphabetical order."""
        return tuple(sorted(self.counts))

    def add(self, record: Annotated, asked: str) -> None:
        """Count the labels of a record."""
        items = labelled(record, asked)
        here = sorted({label_of(each) for each in items})
        self.counts.update(here)
        self.together.update(combinations(here, 2))
        kinds = {entity.surface: entity.type for entity in record.entities}
        for item in items:
            if isinstance(item, Triple):
                head, tail = kinds.get(item.head), kinds.get(item.tail)
                self.types[item.relation] |= {f"head {head}"} if head else set()
                self.types[item.relation] |= {f"tail {tail}"} if tail else set()
            elif isinstance(item, Event):
                self.types[item.type] |= {argument.role for argument in item.arguments}
        self._near.clear()

    def near(self, label: str) -> tuple[str, ...]:
        """The other labels, the most confusable first; those that have nothing in common with it are left out."""
        if label not in self._near:
            scored = [(self._likeness(label, other), other) for other in self.counts if other != label]
            self._near[label] = tuple(
                other for score, other in sorted(scored, key=lambda s: (-s[0], s[1])) if score > 0
            )
        return self._near[label]

    def _likeness(self, a: str, b: str) -> float:
        shared = self.together[(a, b) if a < b else (b, a)]
        return (
            _SHARED_WORDS * _overlap(_words(a), _words(b))
            + _SHARED_TYPES * _overlap(self.types.get(a, set()), self.types.get(b, set()))
            + _TOGETHER * shared / min(self.counts[a], self.counts[b])
        )

    def candidates(
        self, present: Sequence[str], rng: Random, *, hard: int, easy: int, at_least: int, never: Sequence[str] = ()
    ) -> list[str]:
        """The labels that a text is asked for, shuffled: `present`, for each of them its `hard` most confusable, and
        `easy` of the rest; where that gives fewer than `at_least`, more of the rest. Those of `never` are left out."""
        chosen = list(dict.fromkeys(present))
        for label in list(chosen):
            near = [each for each in self.near(label) if each not in never]
            chosen += [each for each in near[:hard] if each not in chosen]
        rest = [each for each in self.labels if each not in chosen and each not in never]
        chosen += rng.sample(rest, min(len(rest), max(easy, at_least - len(chosen))))
        rng.shuffle(chosen)
        return chosen


def inventories(records: Iterable[Annotated], asked: str) -> dict[str, Inventory]:
    """The labels of every source."""
    found: dict[str, Inventory] = {}
    for record in records:
        found.setdefault(record.source, Inventory()).add(record, asked)
    return found


def labelled(record: Annotated, asked: str) -> tuple[Triple | Entity | Event, ...]:
    """What of a record a task asks for, each once."""
    items: Sequence[Triple | Entity | Event] = record.triples
    if asked == "ner":
        items = record.entities
    elif asked == "events":
        items = record.events
    return tuple(dict.fromkeys(items))


def label_of(item: Triple | Entity | Event) -> str:
    """The relation of a triple, the type of an entity or event."""
    return item.relation if isinstance(item, Triple) else item.type


def _words(label: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(label)}


def _overlap(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a and b else 0.0
