"""What speaks for and against an English statement: features by name, for `confidence`."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from kg_builder.extract.open_ie.english.polarity import Status
from kg_builder.extract.open_ie.english.relations import Statement
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set
from kg_builder.extract.open_ie.memory import once
from kg_builder.types import Mention

__all__ = ["Evidence", "Features", "features"]

Features = dict[str, float]

_PREPOSITIONS = word_set(
    "in on of to for with at from by as into through over after during between against under before about"
)
_VERBS = word_set("be have do make take say include become use go get give")
_MARKS = frozenset({",", "--", "(", ")", ":", ";", "—", "–"})
_LEAST = 1e-3  # no doubt counts for more


@dataclass(frozen=True, slots=True)
class Evidence:
    """A statement as it is about to become an extraction."""

    statement: Statement
    status: Status
    head: Mention
    tail: Mention
    head_words: Sequence[int]
    tail_words: Sequence[int]
    apart: bool  # the relation's words do not stand side by side
    verbatim: bool = False


def features(tree: Tree, of: Evidence) -> Features:
    """The features of one statement; those that are absent count as 0."""
    s = of.statement
    found = _structure(tree, of)
    found |= _lengths(tree, of)
    found |= _doubts(tree, of)
    found[f"modality {of.status.modality}"] = 1.0
    if of.status.polarity == "negative":
        found["negative"] = 1.0
    found[f"head {of.head.type}"] = found[f"tail {of.tail.type}"] = 1.0
    last = s.relation[-1] if s.relation else -1
    case = tree.low[last] if last >= 0 and tree.pos[last] == "ADP" else ""
    found[f"preposition {case if case in _PREPOSITIONS else 'other' if case else 'none'}"] = 1.0
    verb = tree.lemma[s.predicate].lower()
    if verb in _VERBS:
        found[f"verb {verb}"] = 1.0
    return found


def _structure(tree: Tree, of: Evidence) -> Features:
    s, p = of.statement, of.statement.predicate
    depth = f"depth {min(s.depth, 3)}"
    on = [
        f"rule {s.rule}", f"subject {s.how}", f"rule {s.rule}, subject {s.how}", depth,
        f"tail is {tree.pos[s.tail]}", f"head is {tree.pos[s.head]}", f"tail as {tree.label[s.tail]}",
        f"head as {tree.label[s.head]}", f"predicate is {tree.pos[p]}", f"predicate as {tree.dep[p]}",
    ]  # fmt: skip
    if of.verbatim:  # sentences are read with another yardstick than graphs
        on += ["reading", f"reading, rule {s.rule}", f"reading, subject {s.how}", f"reading, {depth}"]
        if s.restates:
            on.append("reading, restates")
    if s.restates:
        on.append("restates")
    if s.implied:
        on.append("implied")
    if s.passive:
        on.append("passive with agent")
    if s.head > p:
        on.append("head after predicate")
    if s.tail < p:
        on.append("tail before predicate")
    if of.apart and not s.implied:
        on.append("relation apart")
    return dict.fromkeys(on, 1.0)


def _lengths(tree: Tree, of: Evidence) -> Features:
    s, p = of.statement, of.statement.predicate
    start, end = _sentence(tree, p)
    heads, tails, words = len(of.head_words), len(of.tail_words), len(s.relation)
    found = {
        "distance to tail": math.log1p(abs(s.tail - p)),
        "distance to head": math.log1p(abs(s.head - p)),
        "head words": math.log1p(heads),
        "tail words": math.log1p(tails),
        "relation words": math.log1p(words),
        "sentence words": math.log1p(end - start) / 2,
        "predicate place": (p - start) / max(1, end - start),
        "marks to head": _marks(tree, s.head, p),
        "marks to tail": _marks(tree, s.tail, p),
    }
    for name, true in (
        ("long relation", words > 5), ("very long relation", words > 9), ("long tail", tails > 9),
        ("long head", heads > 9), ("tail of one word", tails == 1), ("head of one word", heads == 1),
    ):  # fmt: skip
        if true:
            found[name] = 1.0
    return found


def _doubts(tree: Tree, of: Evidence) -> Features:
    """How unsure the parser is of the arcs that the statement stands on, as negative logarithms of chances."""
    s, sure = of.statement, tree.sure
    words = (*s.relation, *of.tail_words, *of.head_words)
    return {
        "doubt at predicate": _doubt(sure[s.predicate]),
        "doubt at head": _doubt(sure[s.head]),
        "doubt at tail": _doubt(sure[s.tail]),
        "worst doubt": _doubt(min((sure[i] for i in words), default=1.0)),
        "doubt in sentence": 2 * min(_doubt_in_sentence(tree, _sentence(tree, s.predicate)[0]), 1.0),
    }


def _doubt(chance: float) -> float:
    return min(4.0, -math.log(max(_LEAST, chance)))


@once
def _doubt_in_sentence(tree: Tree, start: int) -> float:
    _, end = _sentence(tree, start)
    return sum(_doubt(chance) for chance in tree.sure[start:end]) / max(1, end - start)


def _sentence(tree: Tree, i: int) -> tuple[int, int]:
    found = bisect_right(tree.sentences, (i, len(tree.word))) - 1
    return tree.sentences[max(found, 0)]


def _marks(tree: Tree, i: int, p: int) -> float:
    """Commas and the like between two words; what is far apart counts as many."""
    if abs(i - p) > 60:
        return 2.0
    return min(4, sum(tree.word[k] in _MARKS for k in range(min(i, p), max(i, p)))) / 2
