"""Examples in three parts: to learn from, to choose by, and to measure on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from finetune.examples import Example

__all__ = ["Split", "split_by_text"]


@dataclass(frozen=True, slots=True)
class Split:
    """``labels`` are all there are, in their order, where the task has labels. ``left_out`` counts by reason."""

    train: list[Example]
    dev: list[Example]
    test: list[Example]
    labels: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


def split_by_text(examples: Sequence[Example], *, shares: tuple[int, int, int]) -> Split:
    """Examples in the order given, dealt out by `shares` so that all examples of one text are in one part."""
    texts: dict[str, list[Example]] = defaultdict(list)
    for each in examples:
        texts[" ".join(each.text.split())].append(each)
    parts: tuple[list[Example], list[Example], list[Example]] = ([], [], [])
    done, total, sum_of_shares = 0, len(examples), sum(shares)
    for group in texts.values():
        place = 0 if done * sum_of_shares < shares[0] * total else 1
        place = 2 if done * sum_of_shares >= (shares[0] + shares[1]) * total else place
        parts[place].extend(group)
        done += len(group)
    return Split(*parts)
