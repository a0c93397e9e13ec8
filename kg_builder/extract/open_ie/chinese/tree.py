"""One sentence as a tree to walk: words from 1, with children, spans and surfaces exact in the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from kg_builder.extract.open_ie.chinese.mending import AUXILIARIES, mend
from kg_builder.extract.open_ie.memory import Memory, once

if TYPE_CHECKING:
    from kg_builder.extract.open_ie.chinese.pipeline import Sentence

__all__ = ["AUXILIARIES", "Tree", "Word"]


@dataclass(slots=True)
class Word:
    """One word; `head` counts from 1, 0 is the root."""

    i: int
    start: int
    end: int
    text: str
    upos: str
    xpos: str
    head: int
    dep: str
    kids: list[int] = field(default_factory=list)


class Tree(list[Word]):
    """A parsed sentence of `text`. ``tree[i]`` is the i-th word, ``tree[0]`` a root that governs the sentence."""

    def __init__(self, text: str, sentence: Sentence) -> None:
        super().__init__([Word(0, 0, 0, "", "ROOT", "", -1, "")])
        self.text = text
        self.memory: Memory = {}
        self.word_odds = [1.0, *(sentence.word_odds or [1.0] * len(sentence.starts))]
        self.head_odds = [1.0, *(sentence.head_odds or [1.0] * len(sentence.starts))]
        columns = zip(
            sentence.starts, sentence.ends, sentence.upos, sentence.xpos, sentence.heads, sentence.labels, strict=True
        )
        for i, (start, end, upos, xpos, head, label) in enumerate(columns, 1):
            self.append(Word(i, start, end, text[start:end], upos, xpos, head, label))
        mend(self)
        for word in self[1:]:
            self[word.head].kids.append(word.i)

    def kids(self, i: int, *labels: str) -> list[int]:
        """Children of `i` with one of `labels`, from left to right."""
        kids = self[i].kids
        return [k for k in kids if self[k].dep in labels] if kids else []

    def subtree(self, i: int) -> list[int]:
        """`i` and all below it, in text order."""
        return _subtree(self, i)

    @cached_property
    def depth(self) -> list[int]:
        """How far each word stands from the root."""
        depths = [0] * len(self)
        open_ = list(self[0].kids)
        while open_:
            k = open_.pop()
            depths[k] = depths[self[k].head] + 1
            open_ += self[k].kids
        return depths

    def is_run(self, ids: Sequence[int]) -> bool:
        """Whether words stand side by side, at most white space between them."""
        return bool(ids) and ids[-1] - ids[0] + 1 == len(ids)

    def surface(self, ids: Iterable[int]) -> tuple[str, int | None, int | None]:
        """Words in the given order as (surface, start, end); offsets only where they stand side by side in the text."""
        order = list(ids)
        if self.is_run(order) and order == sorted(order):
            start, end = self[order[0]].start, self[order[-1]].end
            return self.text[start:end], start, end
        return "".join(self._piece(a, b) for a, b in zip(order, [*order[1:], 0], strict=True)), None, None

    def _piece(self, i: int, following: int) -> str:
        """The word, with the blank after it where the next one follows in the text."""
        word = self[i]
        gap = self.text[word.end : self[following].start] if following == i + 1 else ""
        return word.text + gap

    def above(self, i: int) -> list[int]:
        """The ancestors of `i`, nearest first, without the root node."""
        path = []
        i = self[i].head
        while i > 0:
            path.append(i)
            i = self[i].head
        return path


@once
def _subtree(tree: Tree, i: int) -> list[int]:
    found, open_ = [], [i]
    while open_:
        k = open_.pop()
        found.append(k)
        open_ += tree[k].kids
    found.sort()
    return found
