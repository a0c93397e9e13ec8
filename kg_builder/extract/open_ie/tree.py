"""A parsed text as plain lists: what the English rules read.

spaCy's tokens are made anew at every access; the rules look at each word dozens of times, so that lists are far faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["Tree"]


class Tree:
    """The words of a text with their tags and arcs (UD v2). Indices count words of the whole text; a root's head is
    -1."""

    __slots__ = (
        "children", "dep", "end", "head", "kind", "label", "lemma", "low", "ner", "ner_start", "pos", "sentences",
        "start",
        "tag", "text", "word",
    )  # fmt: skip

    def __init__(self, doc: Doc) -> None:
        self.text: str = doc.text
        self.word: list[str] = [t.text for t in doc]
        self.low = [w.lower() for w in self.word]
        self.start: list[int] = [t.idx for t in doc]
        self.end = [s + len(w) for s, w in zip(self.start, self.word, strict=True)]
        self.pos: list[str] = [t.pos_ for t in doc]
        self.tag: list[str] = [t.tag_ for t in doc]
        self.lemma: list[str] = [t.lemma_ for t in doc]
        self.dep: list[str] = [t.dep_.lower() for t in doc]
        self.label = [d.partition(":")[0] for d in self.dep]
        self.head: list[int] = [-1 if t.head.i == t.i else t.head.i for t in doc]
        # Auxiliaries have no dependents (UD); what the parser hangs there belongs to their verb.
        for i, h in enumerate(self.head):
            if h >= 0 and self.label[h] in ("cop", "aux") and self.head[h] not in (-1, i) and self.label[i] != "fixed":
                self.head[i] = self.head[h]
        self.children: list[list[int]] = [[] for _ in self.word]
        for i, h in enumerate(self.head):
            if h >= 0:
                self.children[h].append(i)
        # The type of the name a word stands in, and where that name begins (-1: none).
        self.ner: list[str] = [t.ent_type_ for t in doc]
        self.ner_start = [-1] * len(self.word)
        for ent in doc.ents:
            for i in range(ent.start, ent.end):
                self.ner_start[i] = ent.start
        self.kind: list[str] = doc.user_data.get("kinds") or [""] * len(self.word)
        self.sentences: list[tuple[int, int]] = [(s.start, s.end) for s in doc.sents] if len(doc) else []

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
            if self.label[c] == "conj":
                found.extend(self.conjuncts(c))
        return found

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
