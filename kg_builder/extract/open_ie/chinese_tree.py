"""One sentence as a tree to walk: words from 1, with children, spans and surfaces exact in the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg_builder.extract.open_ie.pipeline_zh import Sentence

__all__ = ["Tree", "Word"]


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


class Tree:
    """A parsed sentence of `text`. ``tree[i]`` is the i-th word, ``tree[0]`` a root that governs the sentence."""

    def __init__(self, text: str, sentence: Sentence) -> None:
        self.text = text
        self.words = [Word(0, 0, 0, "", "ROOT", "", -1, "")]
        columns = zip(
            sentence.starts, sentence.ends, sentence.upos, sentence.xpos, sentence.heads, sentence.labels, strict=True
        )
        for i, (start, end, upos, xpos, head, label) in enumerate(columns, 1):
            self.words.append(Word(i, start, end, text[start:end], upos, xpos, head, label))
        self._mend_negation()
        for word in self.words[1:]:
            self.words[word.head].kids.append(word.i)

    def _mend_negation(self) -> None:
        """没有 收购 绿洲 集团, read as "has no buying-Oasis-Group", is a denied verb with an object of its own."""
        for no, verb in zip(self.words[1:], self.words[2:], strict=False):
            if no.text not in ("没有", "没") or no.upos != "VERB" or verb.upos != "VERB":
                continue
            noun = self.words[verb.head]
            whole = noun.head == no.i and noun.dep in ("obj", "xcomp") and noun.i - verb.i > 1
            tied = any(w.head == verb.i and w.xpos == "DEC" for w in self.words)
            if whole and not tied and verb.dep in ("compound", "nmod", "amod", "acl", "acl:relcl"):
                verb.head, verb.dep, noun.head, noun.dep = no.head, no.dep, verb.i, "obj"
                for word in self.words[1:]:
                    if word.head == no.i and word is not noun:
                        word.head = verb.i
                no.head, no.dep, no.upos = verb.i, "advmod", "ADV"

    def __getitem__(self, i: int) -> Word:
        return self.words[i]

    def __len__(self) -> int:
        return len(self.words)

    def kids(self, i: int, *labels: str) -> list[int]:
        """Children of `i` with one of `labels`, from left to right."""
        return [k for k in self.words[i].kids if self.words[k].dep in labels]

    def subtree(self, i: int) -> list[int]:
        """`i` and all below it, in text order."""
        found, open_ = [], [i]
        while open_:
            k = open_.pop()
            found.append(k)
            open_ += self.words[k].kids
        return sorted(found)

    @cached_property
    def depth(self) -> list[int]:
        """How far each word stands from the root."""
        depths = [0] * len(self.words)
        open_ = list(self.words[0].kids)
        while open_:
            k = open_.pop()
            depths[k] = depths[self.words[k].head] + 1
            open_ += self.words[k].kids
        return depths

    def is_run(self, ids: Sequence[int]) -> bool:
        """Whether words stand side by side, at most white space between them."""
        return bool(ids) and ids[-1] - ids[0] + 1 == len(ids)

    def surface(self, ids: Iterable[int]) -> tuple[str, int | None, int | None]:
        """Words in the given order as (surface, start, end); offsets only where they stand side by side in the text."""
        order = list(ids)
        if self.is_run(order) and order == sorted(order):
            start, end = self.words[order[0]].start, self.words[order[-1]].end
            return self.text[start:end], start, end
        return "".join(self._piece(a, b) for a, b in zip(order, [*order[1:], 0], strict=True)), None, None

    def _piece(self, i: int, following: int) -> str:
        """The word, with the blank after it where the next one follows in the text."""
        word = self.words[i]
        gap = self.text[word.end : self.words[following].start] if following == i + 1 else ""
        return word.text + gap

    def above(self, i: int) -> list[int]:
        """The ancestors of `i`, nearest first, without the root node."""
        path = []
        i = self.words[i].head
        while i > 0:
            path.append(i)
            i = self.words[i].head
        return path
