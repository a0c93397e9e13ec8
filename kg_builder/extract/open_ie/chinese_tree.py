"""One sentence as a tree to walk: words from 1, with children, spans and surfaces exact in the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from kg_builder.extract.open_ie.chinese_words import words
from kg_builder.extract.open_ie.memory import Memory, once

if TYPE_CHECKING:
    from kg_builder.extract.open_ie.pipeline_zh import Sentence

__all__ = ["AUXILIARIES", "Tree", "Word"]

AUXILIARIES = words("tree.auxiliaries")
_ABSTRACT = words("tree.abstract")
_MODIFIERS = frozenset({"compound", "nmod", "amod", "acl", "acl:relcl"})
_CONTROL = words("tree.control")
_PIVOTS = words("clauses.pivots")
_CUT_ADVERBS = frozenset({"或许", "务必", "想必", "未必", "恐怕", "也许", "似乎", "大概", "仿佛", "估计"})


@lru_cache(maxsize=1)
def _action_words() -> frozenset[str]:
    """What the dictionary knows as verbs, the treebank's nouns of action among them."""
    from kg_builder.extract.open_ie.chinese_lexicon import TAGS, load_lexicon
    from kg_builder.extract.open_ie.pipeline_zh import MODEL

    verbs = {TAGS.index("v"), TAGS.index("vn")}
    return frozenset(w for w, tag in load_lexicon(MODEL / "lexicon.txt.xz").items() if tag in verbs)


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
        columns = zip(
            sentence.starts, sentence.ends, sentence.upos, sentence.xpos, sentence.heads, sentence.labels, strict=True
        )
        for i, (start, end, upos, xpos, head, label) in enumerate(columns, 1):
            self.append(Word(i, start, end, text[start:end], upos, xpos, head, label))
        self._mend_adverbs()
        self._mend_auxiliaries()
        self._mend_denials()
        self._mend_pivots()
        self._mend_relatives()
        for word in self[1:]:
            self[word.head].kids.append(word.i)

    def _mend_auxiliaries(self) -> None:
        """没有收购公司, read as "has no buying-company", is a denied verb with an object; so with 无法, 计划 …"""
        for helper, verb in pairwise(self[1:]):
            control = helper.text in _CONTROL
            if (
                helper.upos != "VERB"
                or not (control or helper.text in AUXILIARIES)
                or verb.upos not in ("VERB", "NOUN")
            ):
                continue
            if not control and verb.head == helper.i and verb.dep in ("xcomp", "ccomp"):
                self._make_adverb(helper, verb)
                continue
            noun = self[verb.head]
            if noun.head != helper.i or noun.dep not in ("obj", "xcomp", "ccomp") or noun.i < verb.i:
                continue
            if verb.dep not in ("compound", "nmod", "amod", "acl", "acl:relcl") or not self._is_action(
                helper, verb, noun
            ):
                continue
            if control:
                verb.head, verb.dep = helper.i, "xcomp"
            else:
                self._make_adverb(helper, verb)
            noun.head, noun.dep, verb.upos = verb.i, "obj", "VERB"
            self._free_particle(verb)

    def _mend_adverbs(self) -> None:
        """或|许, 务|必: an adverb that was cut in two belongs to the verb after it."""
        for first, second in pairwise(self[1:]):
            if first.text + second.text not in _CUT_ADVERBS:
                continue
            verb = next((w for w in self[second.i + 1 : second.i + 4] if w.upos in ("VERB", "ADJ")), None)
            if verb is None or first.head == 0 or second.head == 0:
                continue
            for word in self[1:]:
                if word.head in (first.i, second.i):
                    word.head = verb.i
            for part in (first, second):
                part.head, part.dep, part.upos = verb.i, "advmod", "ADV"

    def _mend_denials(self) -> None:
        """没有把资料交给李娜: 没有 denies the verb that the tree hangs below it with a subject of its own."""
        for helper in self[1:]:
            if helper.upos not in ("VERB", "AUX") or helper.text not in AUXILIARIES:
                continue
            verb = next((w for w in self[helper.i + 1 :] if w.head == helper.i and w.dep in ("xcomp", "ccomp")), None)
            if verb is None or verb.upos != "VERB":
                continue
            between = self[helper.i + 1 : verb.i]
            if all(w.dep in ("advmod", "case", "aux", "obl:patient") or w.upos == "ADV" for w in between):
                self._make_adverb(helper, verb)

    def _mend_pivots(self) -> None:
        """医生建议病人服用药物, 责令公司赔偿损失: a verb of control that was read as part of a noun."""
        for verb in self[2:-2]:
            if verb.text not in _PIVOTS or verb.upos not in ("NOUN", "VERB"):
                continue
            person = self[verb.head]
            before = self[verb.i - 1]
            if (
                verb.dep in ("nmod", "compound")
                and verb.head > verb.i
                and person.dep == "nsubj"
                and person.head > person.i
                and before.head == person.i
                and before.dep in ("nmod", "compound")
            ):
                self._raise_pivot(verb, person, self[person.head], before)
            elif verb.upos == "VERB":
                self._open_object(verb)

    def _raise_pivot(self, verb: Word, person: Word, action: Word, before: Word) -> None:
        verb.upos, verb.head, verb.dep = "VERB", action.head, action.dep
        before.head, before.dep = verb.i, "nsubj"
        action.head, action.dep = verb.i, "ccomp"
        for word in self[1:]:
            if word.head == person.i and word.i < verb.i and word is not before:
                word.head = before.i
            if word.head == action.i and word.dep == "punct":
                word.head = verb.i

    def _open_object(self, verb: Word) -> None:
        noun = next((w for w in self[verb.i + 1 :] if w.head == verb.i and w.dep == "obj"), None)
        if noun is None or noun.i - verb.i < 3:
            return
        parts = [w for w in self[verb.i + 1 : noun.i] if w.head == noun.i]
        if len(parts) != 2 or any(p.dep not in ("nmod", "compound") for p in parts) or noun.text in _ABSTRACT:
            return
        person, action = parts
        if action.i != noun.i - 1 or action.text not in _action_words() or action.upos not in ("NOUN", "VERB"):
            return
        person.head, person.dep = action.i, "nsubj"
        action.head, action.dep, action.upos = verb.i, "ccomp", "VERB"
        noun.head = action.i

    def _make_adverb(self, helper: Word, verb: Word) -> None:
        """The verb takes the helper's place and all that hung on it."""
        verb.head, verb.dep = helper.head, helper.dep
        for word in self[1:]:
            if word.head == helper.i and word is not verb:
                word.head = verb.i
        helper.head, helper.dep, helper.upos = verb.i, "advmod", "ADV"

    def _is_action(self, helper: Word, verb: Word, noun: Word) -> bool:
        """Whether what follows 没有, 计划 … is something done and not a thing: 没有公布姓名, but 没有收购计划."""
        if verb.upos not in ("VERB", "NOUN"):
            return False
        tied = any(w.head == verb.i and w.xpos == "DEC" for w in self)
        if helper.text.startswith("没") or helper.text in _CONTROL:
            return not tied and noun.text not in _ABSTRACT and (verb.upos == "VERB" or verb.text in _action_words())
        return True

    def _free_particle(self, verb: Word) -> None:
        """的 that closed a relative clause now ties the word before it to the noun after it."""
        for particle in self[1:]:
            if particle.head == verb.i and particle.dep == "mark:rel" and particle.i - 1 > verb.i:
                particle.head, particle.dep = particle.i - 1, "case"

    def _mend_relatives(self) -> None:
        """经营者应当保护消费者的权益, read as one noun with a relative clause, is a verb with its object."""
        for noun in self[1:]:
            if noun.upos not in ("NOUN", "PART") or noun.dep not in ("root", "parataxis", "ccomp", "conj"):
                continue
            kids = [w for w in self[1:] if w.head == noun.i]
            subjects = [w for w in kids if w.dep == "nsubj"]
            verbs = [w for w in kids if w.dep == "acl:relcl" and w.upos == "VERB" and w.i < noun.i]
            if len(subjects) != 1 or len(verbs) != 1 or any(w.dep == "cop" for w in kids) or subjects[0].i > verbs[0].i:
                continue
            self._make_object(noun, verbs[0], kids)

    def _make_object(self, noun: Word, verb: Word, kids: list[Word]) -> None:
        if any(w.head == verb.i and w.dep in ("nsubj", "obj") for w in self):
            return
        verb.head, verb.dep, noun.head, noun.dep = noun.head, noun.dep, verb.i, "obj"
        for word in kids:
            if word is not verb and (word.i < verb.i or word.dep == "punct"):
                word.head = verb.i
        self._free_particle(verb)

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
