"""Relations in base form: active, without auxiliaries, with the prepositions that lead to the tail."""

from __future__ import annotations

from kg_builder.extract.open_ie.english.arguments import is_hyphen
from kg_builder.extract.open_ie.english.clauses import Clause
from kg_builder.extract.open_ie.english.phrases import is_particle
from kg_builder.extract.open_ie.english.tree import Tree

__all__ = ["joined", "lower", "noun_lemma", "noun_words", "verb_lemma"]


def noun_lemma(tree: Tree, i: int) -> str:
    """A noun in base form after its own compounds and adjectives: "prime minister"."""
    before = noun_words(tree, i)[:-1]
    return " ".join([*(_whole(tree, c) if c == before[0] else tree.low[c] for c in before), tree.lemma[i].lower()])


def _whole(tree: Tree, i: int) -> str:
    """A word in lower case with what hyphens join before it: "joint-venture"."""
    first = i
    while first > 1 and is_hyphen(tree, first - 1):
        first -= 2
    return tree.text[tree.start[first] : tree.end[i]].lower()


def noun_words(tree: Tree, i: int) -> tuple[int, ...]:
    """A noun after its own compounds and adjectives, side by side."""
    compounds = [
        c for c in tree.children[i] if tree.label[c] in ("compound", "amod") and c < i and len(tree.word[c]) > 1
    ]
    return (*(c for c in compounds if all(k in compounds or k == i for k in range(c, i + 1))), i)


def lower(tree: Tree, words: list[int]) -> str:
    """These words in lower case."""
    return " ".join(tree.low[w] for w in words)


def joined(tree: Tree, lemma: str, words: list[int]) -> str:
    """A relation's base form with these words after it."""
    return f"{lemma} {lower(tree, words)}".strip()


_ASPECT = frozenset(
    {"continue", "begin", "start", "seem", "appear", "tend", "use", "come", "go", "have", "need", "happen"}
)


def verb_lemma(tree: Tree, clause: Clause, *, active: bool = False) -> str:
    """The verb group in base form, auxiliaries dropped; a passive keeps its participle unless `active`."""
    if clause.copula:
        return "be"
    i = clause.predicate
    participle = clause.passive and not active
    parts = [tree.low[i] if participle else tree.lemma[i].lower()]
    parts += [tree.low[c] for c in tree.children[i] if is_particle(tree, i, c)]
    k = i
    while tree.label[k] == "xcomp" and tree.head[k] in clause.words:
        k = tree.head[k]
        if tree.lemma[k].lower() not in _ASPECT:
            parts[:0] = (
                [tree.lemma[k].lower(), "to"]
                if any(tree.label[c] == "mark" for c in tree.children[i])
                else [tree.lemma[k].lower()]
            )
    return " ".join(parts)
