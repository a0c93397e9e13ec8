"""A parsed text as plain lists: what the English rules read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from kg_builder.extract.open_ie.english.columns import Columns
from kg_builder.extract.open_ie.memory import Memory

__all__ = ["Tree"]


_FINITE = frozenset({"VERB", "AUX", "PRON", "SCONJ"})


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
        self.pos = columns.upos
        self.tag = columns.xpos
        self.lemma = columns.lemmas
        self.dep = list(columns.deps)
        self.label = [d.partition(":")[0] for d in self.dep]
        self.head = [-1 if h == i else h for i, h in enumerate(columns.heads)]
        # Auxiliaries have no dependents (UD); what the parser hangs there belongs to their verb.
        for i, h in enumerate(self.head):
            if h >= 0 and self.label[h] in ("cop", "aux") and self.head[h] not in (-1, i) and self.label[i] != "fixed":
                self.head[i] = self.head[h]
        self._mend_clauses_after_copulas()
        self._mend_appositions()
        self._mend_last_apposition()
        self._mend_numbered_names()
        self._mend_members()
        self._mend_per_cent()
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

    def _mend_clauses_after_copulas(self) -> None:
        """ "The difference is that X follows Y": "is" belongs to the clause outside, and so does its subject."""
        for i, h in enumerate(self.head):
            if h < 0 or self.label[i] != "cop" or self.tag[h] not in ("VBZ", "VBD", "VBP"):
                continue
            self.dep[i] = self.label[i] = "dep"
            for k in range(max(0, i - 100), i):
                if self.head[k] == h and self.label[k] == "nsubj":
                    self.dep[k] = self.label[k] = "dep"

    def _mend_appositions(self) -> None:
        """ "Basel, a city on the Rhine, is old": of two subjects with a comma between, the second describes the
        first."""
        subject: dict[int, int] = {}
        for i, dep in enumerate(self.dep):
            if dep not in ("nsubj", "nsubj:pass") or i > self.head[i]:
                continue
            h = self.head[i]
            a = subject.setdefault(h, i)
            if a == i or self.pos[a] not in ("NOUN", "PROPN") or self.pos[i] not in ("NOUN", "PROPN"):
                continue
            commas = [k for k in range(a + 1, i) if self.word[k] == ","]
            if commas and "," in self.word[i + 1 : h] and not any(self.pos[k] in _FINITE for k in range(a, i)):
                self.head[i], self.dep[i], self.label[i] = a, "appos", "appos"
                for k in range(a + 1, h):
                    if self.word[k] == "," and self.head[k] == h:
                        self.head[k] = i

    def _mend_last_apposition(self) -> None:
        """ "Ann and Bea, chairwoman of Acme": what describes one of several, right after the last, describes the
        last."""
        last: dict[int, int] = {}
        for i, h in enumerate(self.head):
            if h < 0 or h > i:
                continue
            if self.label[i] == "conj" and self.pos[i] == "PROPN":
                last[h] = i
            elif self.label[i] == "appos" and self.tag[i] in ("NN", "NNP") and h in last:
                between = self.word[last[h] + 1 : i]
                if "," in between and not any(self.low[k] == "and" for k in range(last[h] + 1, i)):
                    self.head[i] = last[h]

    def _mend_numbered_names(self) -> None:
        """ "TideWing 2 replaced TideWing 1": the number is part of the name, where the parser takes it for an argument
        beside it."""
        for i in range(1, len(self.head)):
            name = i - 1
            if (
                self.pos[i] == "NUM"
                and self.word[i].isdigit()
                and self.pos[name] == "PROPN"
                and self.head[i] == self.head[name] >= 0
                and self.label[i] in ("obj", "nsubj", "obl", "nmod")
                and i not in self.head[i + 1 : i + 4]
            ):
                self.head[i], self.dep[i], self.label[i] = name, "nummod", "nummod"

    def _mend_members(self) -> None:
        """ "Many animals live here, such as foxes": foxes are animals, and no circumstance of living. What is listed
        belongs to the nearest noun in the plural before it, or to the subject of a verb right before."""
        for i, h in enumerate(self.head):
            if self.low[i] not in ("such", "including") or self.label[i] != "case" or h < i:
                continue
            verb = self.head[h]
            if self.label[h] != "obl" or not 0 <= verb < i:
                continue
            if self.low[i] == "such" and self.low[i + 1] != "as":
                continue
            before = i - 2 if self.word[i - 1] == "," else i - 1
            below = [k for k in range(max(0, i - 100), before + 1) if self._is_below(k, verb)]
            plural = [k for k in below if self.tag[k] in ("NNS", "NNPS")]
            subjects = [k for k in below if self.label[k] == "nsubj" and self.head[k] == verb]
            chosen = subjects if before == verb and subjects else plural
            if chosen:
                self.head[h], self.dep[h], self.label[h] = chosen[-1], "nmod", "nmod"

    def _is_below(self, i: int, above: int) -> bool:
        for _ in range(100):
            if i == above or i < 0:
                break
            i = self.head[i]
        return i == above

    def _mend_per_cent(self) -> None:
        """ "four per cent of the shares": one measure, as "percent" is, whatever the parser makes of two words."""
        for i in range(1, len(self.low) - 1):
            if self.low[i] != "per" or self.low[i + 1] != "cent":
                continue
            cent, near = i + 1, range(max(0, i - 100), min(len(self.head), i + 100))
            above = self.head[cent]
            if above == i or above == i - 1 or (above >= 0 and self.head[above] == i):
                self.head[cent], self.dep[cent], self.label[cent] = self.head[i], self.dep[i], self.label[i]
            for k in near:
                if self.head[k] == i:
                    self.head[k] = cent
            self.head[i], self.dep[i], self.label[i] = cent, "compound", "compound"
            if self.pos[i - 1] == "NUM":
                self.head[i - 1], self.dep[i - 1], self.label[i - 1] = cent, "nummod", "nummod"

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
