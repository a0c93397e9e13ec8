"""Chinese predicates: which words govern a clause, which verbs act as one, and the words of a relation."""

from __future__ import annotations

from dataclasses import dataclass, field

from kg_builder.extract.open_ie.chinese.arguments import is_nominal
from kg_builder.extract.open_ie.chinese.tree import Tree
from kg_builder.extract.open_ie.chinese.types import is_time
from kg_builder.extract.open_ie.chinese.words import words

__all__ = [
    "LIGHT",
    "PIVOTS",
    "Adjunct",
    "Clause",
    "as_preposition",
    "is_apart",
    "is_continued",
    "is_predicate",
    "is_quantity",
    "is_stative",
    "next_in_chain",
    "relation_words",
]

_NOT_IN_RELATION = words("clauses.not_in_relation")
PIVOTS = words("clauses.pivots")
_NAMING = frozenset("又亦也别俗简")  # 又称: no plain adverb
LIGHT = words("clauses.light")
DIRECTIONS = words("clauses.directions")
_STATIVE = frozenset(
    [
        "位于",
        "位",
        "位在",
        "坐落",
        "坐落于",
        "达",
        "达到",
        "超过",
        "约",
        "有",
        "设",
        "设在",
        "共",
        "长",
        "高",
        "宽",
        "深",
        "占",
        "在",
        "名为",
        "称为",
    ]
)
_PREPOSITIONAL = words("clauses.prepositional")


@dataclass(frozen=True, slots=True)
class Adjunct:
    """A circumstance: its noun, and its words with preposition and localizer; `case` is the preposition."""

    noun: int
    words: tuple[int, ...]
    case: str


@dataclass(slots=True)
class Clause:
    """One predicate. `chain` holds verbs that share everything (开始 制造), the last of which is `predicate`."""

    predicate: int
    chain: list[int]
    subjects: list[int] = field(default_factory=list)
    inherited: bool = False
    objects: list[int] = field(default_factory=list)
    patients: list[int] = field(default_factory=list)
    agents: list[int] = field(default_factory=list)
    receivers: list[int] = field(default_factory=list)
    adjuncts: list[Adjunct] = field(default_factory=list)
    complement: int = 0  # head of a clause that is the object
    copula: int = 0
    candidates: list[int] = field(default_factory=list)  # all nouns that the tree has as subjects, the wrong ones too
    attribute: int = 0  # 面积 of (公园, 面积, 为, …)
    moments: list[int] = field(default_factory=list)  # heads of clauses that say when: 他去世后
    passive: bool = False

    @property
    def top(self) -> int:
        """The first verb of the chain, which the rest of the sentence is attached to."""
        return self.chain[0]


def is_predicate(tree: Tree, i: int) -> bool:
    """Whether the word governs a clause."""
    word = tree[i]
    if tree.kids(i, "cop") or is_quantity(tree, i):
        return True
    if word.dep in (
        "mark",
        "cop",
        "aux",
        "aux:pass",
        "compound",
        "amod",
        "case",
        "nmod",
        "flat",
        "flat:name",
        "punct",
        "cc",
    ):
        return False
    if as_preposition(tree, i):
        return False
    if word.upos == "NOUN" and word.dep in ("root", "parataxis"):  # 李娜在北京工作
        return bool(tree.kids(i, "nsubj") and tree.kids(i, "aux", "advcl", "obl", "obj", "mark"))
    return word.upos in ("VERB", "ADJ") or (
        word.upos == "AUX" and word.dep in ("root", "parataxis", "advcl", "conj", "ccomp")
    )


def is_quantity(tree: Tree, i: int) -> bool:
    """总投资6.8亿元: an amount says by itself what its subject is."""
    word = tree[i]
    if word.upos not in ("NOUN", "NUM", "PART"):
        return False
    if not (word.xpos == "NNB" or word.upos == "NUM" or tree.kids(i, "nummod")):
        return False
    clausal = word.dep in ("root", "parataxis", "conj", "advcl", "ccomp", "xcomp", "acl")
    return clausal and any(k < i for k in tree.kids(i, "nsubj"))


def as_preposition(tree: Tree, i: int) -> bool:
    """在平原移动: the treebank takes 在 for a verb where another verb follows; here it opens a circumstance."""
    word = tree[i]
    return (
        word.text in _PREPOSITIONAL
        and word.dep in ("advcl", "acl", "ccomp", "csubj")
        and word.head > i
        and tree[word.head].upos in ("VERB", "ADJ", "AUX", "NOUN")
        and any(is_nominal(tree, k) for k in tree.kids(i, "obj"))
        and not (word.text in ("通过", "为", "以", "经过", "同", "向", "对", "到") and is_apart(tree, i, word.head))
    )


def is_continued(tree: Tree, i: int) -> bool:
    """Whether the verb only opens a chain whose last verb stands for all."""
    return next_in_chain(tree, i) != 0


def next_in_chain(tree: Tree, i: int) -> int:
    """The verb that shares everything with `i` before it (开始 制造), or 0."""
    if (
        tree.kids(i, "obj", "obl:patient", "iobj")
        or tree[i].text in PIVOTS
        or tree[i].text in LIGHT
        or tree.kids(i, "cop")
    ):
        return 0
    for k in tree.kids(i, "xcomp", "ccomp"):
        if (
            k > i
            and tree[k].upos == "VERB"
            and (tree[k].text not in DIRECTIONS or tree.kids(k, "obj"))
            and not tree.kids(k, "nsubj", "cop", "nsubj:pass", "csubj")
            and not is_apart(tree, i, k)
        ):
            return k
    return 0


def is_apart(tree: Tree, a: int, b: int) -> bool:
    """Whether a comma or more parts two words."""
    return any(tree[k].text in "，,；;：:。" for k in range(a + 1, b))


def is_stative(tree: Tree, clause: Clause) -> bool:
    """Whether the clause says how something is, so that a bare noun before it may be an attribute of the topic."""
    return bool(clause.copula) or is_quantity(tree, clause.predicate) or tree[clause.predicate].text in _STATIVE


def relation_words(tree: Tree, clause: Clause) -> list[int]:
    """The verb with what stands directly before it (adverbs, auxiliaries, 被) and after it (了, 于, 为)."""
    ids: list[int] = []
    for v in clause.chain:
        low = v
        while low > 1 and tree[low - 1].head in (v, *clause.chain) and _is_helper(tree, low - 1):
            low -= 1
        ids += [k for k in tree.kids(v, "aux:pass") if k < low]
        ids += range(low, v + 1)
        high = v
        while high + 1 < len(tree) and _is_complement(tree, clause, high + 1):
            high += 1
            ids.append(high)
    return list(dict.fromkeys(ids))


def _is_complement(tree: Tree, clause: Clause, k: int) -> bool:
    """Whether the word after the verb belongs to it: 了, 于, 起来, or 在 before the object."""
    word = tree[k]
    if word.head in clause.chain:
        return word.dep in ("mark", "aux", "compound:ext") or (word.text in DIRECTIONS and not word.kids)
    taken = any(k in a.words for a in clause.adjuncts)
    return word.text in ("在", "于", "到", "至", "为", "自") and not word.kids and not taken and k - 1 in clause.chain


def _is_helper(tree: Tree, k: int) -> bool:
    word = tree[k]
    if word.text in _NAMING and tree[k + 1].text.startswith("称"):
        return True
    if word.text in _NOT_IN_RELATION or is_time(word.text):
        return False
    if word.dep in ("aux", "aux:pass"):
        return True
    return word.dep in ("advmod", "mark") and word.upos in ("ADV", "SCONJ", "AUX", "ADJ", "VERB")
