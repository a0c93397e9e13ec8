"""A parsed text as plain lists: what the English rules read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from kg_builder.extract.open_ie.english.columns import Columns
from kg_builder.extract.open_ie.english.mending import mend
from kg_builder.extract.open_ie.memory import Memory

__all__ = ["Tree"]


class Tree:
    """The words of a text with their tags and arcs (UD v2). Indices count words of the whole text; a root's head is
    -1."""

    __slots__ = (
        "children", "copular", "dep", "end", "head", "kind", "label", "lemma", "low", "memory", "ner", "ner_start",
        "pos", "sentences", "start", "sure", "tag", "text", "word",
    )  # fmt: skip

    def __init__(self, columns: Columns) -> None:
        self.text = columns.text
        self.word = columns.words
        self.low = [w.lower() for w in self.word]
        self.start = columns.starts
        self.end = [s + len(w) for s, w in zip(self.start, self.word, strict=True)]
        self.pos = list(columns.upos)
        self.tag = list(columns.xpos)
        self.lemma = columns.lemmas
        self.dep = list(columns.deps)
        self.label = [d.partition(":")[0] for d in self.dep]
        self.head = [-1 if h == i else h for i, h in enumerate(columns.heads)]
        mend(self)
        self.children: list[list[int]] = [[] for _ in self.word]
        self.copular: set[int] = set()  # words with a copula
        for i, h in enumerate(self.head):
            if h >= 0:
                self.children[h].append(i)
                if self.label[i] == "cop":
                    self.copular.add(h)
        # The type of the name a word stands in, and where that name begins (-1: none).
        self.ner = [name[2:] for name in columns.names]
        self.ner_start: list[int] = []
        begin = -1
        for i, name in enumerate(columns.names):
            begin = i if name[0] == "B" else -1 if name == "O" else begin
            self.ner_start.append(begin)
        self.kind = columns.kinds
        self.sure = columns.sure or [1.0] * len(self.word)  # how likely each word's arc is
        self.memory: Memory = {}
        self.sentences = list(pairwise([*columns.sentences, len(self.word)]))

    def child(self, i: int, *deps: str) -> int:
        """The first dependent of `i` under one of these relations (whole labels), or -1."""
        for c in self.children[i]:
            if self.dep[c] in deps:
                return c
        return -1

    def having(self, i: int, *labels: str) -> list[int]:
        """The dependents of `i` under these relations (universal parts)."""
        return [c for c in self.children[i] if self.label[c] in labels]

    def below(self, i: int, keep: Callable[[int], bool] | None = None) -> list[int]:
        """The words under `i` and `i` itself, in order; a dependent that `keep` refuses is left out with all below
        it."""
        found, stack = [i], [i]
        while stack:
            for c in self.children[stack.pop()]:
                if keep is None or keep(c):
                    found.append(c)
                    stack.append(c)
        found.sort()
        return found

    def above(self, i: int) -> Iterator[int]:
        """The heads over `i`, nearest first."""
        while (i := self.head[i]) >= 0:
            yield i

    def conjuncts(self, i: int) -> list[int]:
        """`i` and what is coordinated with it."""
        found = [i]
        for c in self.children[i]:
            if self.label[c] == "conj" and not self._is_set_apart(c):
                found.extend(self.conjuncts(c))
        return found

    def _is_set_apart(self, c: int) -> bool:
        """ "rather than publishers", "and not publishers": what is said of the others is not said of these."""
        return any(
            self.low[w] in ("rather", "not", "instead")
            for k in self.children[c]
            if self.label[k] in ("cc", "advmod") and k < c
            for w in self.below(k)
        )

    def surface(self, words: list[int]) -> tuple[str, int | None, int | None]:
        """What these words read, and their offsets if they stand side by side (else None, and one space at each
        gap)."""
        parts: list[str] = []
        last = -2
        for i in words:
            if i == last + 1 and parts:
                parts.append(self.text[self.end[last] : self.start[i]])
            elif parts:
                parts.append(" ")
            parts.append(self.word[i])
            last = i
        if words and words[-1] - words[0] == len(words) - 1 and words == sorted(words):
            begin, stop = self.start[words[0]], self.end[words[-1]]
            return self.text[begin:stop], begin, stop
        return "".join(parts), None, None
