"""Statements that nouns make without a verb: appositions, titles, possessors, phrases of place, members, lists and
tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kg_builder.extract.open_ie.clauses import case_words
from kg_builder.extract.open_ie.mention_types import mention_type
from kg_builder.extract.open_ie.relation_lemmas import noun_lemma
from kg_builder.extract.open_ie.relations import Statement
from kg_builder.extract.open_ie.tree import Tree

__all__ = ["nominal_statements", "table_cells"]

_MEMBERS = ("such as", "including", "like", "especially", "e.g.", "include")
_CELL = re.compile(r"([^\s:;|][^:;|]{0,60}?):[ \t]+([^;\n]+?)(?=;|$)")


def nominal_statements(tree: Tree) -> Iterator[Statement]:
    """What the nouns of a text state beside their clauses."""
    for i in range(len(tree.word)):
        if tree.pos[i] not in ("NOUN", "PROPN", "NUM"):
            continue
        label = tree.label[i]
        if label == "appos":
            yield from _apposition(tree, tree.head[i], i)
        elif tree.dep[i] == "nmod:desc":
            yield from _title(tree, tree.head[i], i)
        elif tree.dep[i] == "nmod:poss" and tree.pos[i] == "PROPN":
            yield from _possessor(tree, i, tree.head[i])
        elif label == "nmod":
            yield from _phrase(tree, tree.head[i], i)


def _apposition(tree: Tree, noun: int, other: int) -> Iterator[Statement]:
    """ "Tim Cook, CEO of Apple": is CEO of Apple."""
    if tree.pos[noun] not in ("NOUN", "PROPN") or mention_type(tree, other) in ("Time", "Quantity"):
        return
    if tree.pos[other] == "PROPN" and tree.pos[noun] != "PROPN":
        noun, other = other, noun
    for head in [noun]:
        for k in tree.conjuncts(other):
            yield Statement(head, (), k, noun, "apposition", "be", how="nominal", implied="is")
            yield from _role_of(tree, head, k, "apposition")


def _title(tree: Tree, name: int, title: int) -> Iterator[Statement]:
    """ "President Bush": Bush is President."""
    if tree.pos[name] == "PROPN" and len(tree.word[title].rstrip(".")) > 3:
        yield Statement(name, (), title, name, "title", "be", how="nominal", implied="is")
        yield from _role_of(tree, name, title, "title")


def _role_of(tree: Tree, person: int, role: int, rule: str) -> Iterator[Statement]:
    """ "CEO of Apple" said of a person: CEO of."""
    for c in tree.children[role]:
        case = case_words(tree, c)
        if tree.label[c] == "nmod" and case and tree.low[case[0]] in ("of", "for", "at", "in") and c > role:
            words = tuple(range(role, case[-1] + 1))
            lemma = f"{noun_lemma(tree, role)} {' '.join(tree.low[w] for w in case)}"
            for k in tree.conjuncts(c):
                yield Statement(person, words, k, person, rule, lemma, how="nominal")
        elif tree.dep[c] == "nmod:poss" and tree.pos[c] == "PROPN":
            yield Statement(person, (role,), c, person, rule, f"{noun_lemma(tree, role)} of", how="nominal")


def _possessor(tree: Tree, owner: int, thing: int) -> Iterator[Statement]:
    """ "Apple's CEO Tim Cook": Tim Cook is CEO of Apple; "Apple's headquarters": Apple has headquarters."""
    if tree.dep[thing] == "nmod:desc" and tree.head[thing] >= 0:
        lemma = f"{noun_lemma(tree, thing)} of"
        yield Statement(tree.head[thing], (thing,), owner, tree.head[thing], "possessor", lemma, how="nominal")
        return
    if tree.ner[thing] == "PER" or tree.pos[thing] == "PROPN":
        role = [c for c in tree.children[thing] if tree.dep[c] in ("compound", "nmod:desc") and tree.pos[c] == "NOUN"]
        if role:
            yield Statement(
                thing, (role[-1],), owner, thing, "possessor", f"{noun_lemma(tree, role[-1])} of", how="nominal"
            )
        return
    if tree.pos[thing] == "NOUN":
        yield Statement(owner, (), thing, thing, "possessor", "have", how="nominal", implied="has")


def _phrase(tree: Tree, noun: int, inner: int) -> Iterator[Statement]:
    """Names joined by a preposition of place ("Arles in Provence"), and members ("cities such as Rome")."""
    case = case_words(tree, inner)
    if not case or noun < 0:
        return
    low = " ".join(tree.low[w] for w in case)
    if low in _MEMBERS and tree.pos[noun] == "NOUN":
        for k in tree.conjuncts(inner):
            yield Statement(k, (), noun, noun, "member", "be", how="nominal", implied="is")
        return
    names = tree.pos[noun] == tree.pos[inner] == "PROPN"
    if names and low in ("in", "near", "at", "on", "from") and mention_type(tree, inner) == "Place":
        yield Statement(noun, tuple(case), inner, noun, "place", low, how="nominal")


def table_cells(text: str) -> list[tuple[tuple[int, int], tuple[int, int], tuple[int, int]]]:
    """Rows of the form "Header: value; Header2: value2": offsets of first value, header and value for each later
    cell."""
    rows = []
    at = 0
    for line in text.split("\n"):
        cells = list(_CELL.finditer(line))
        if (
            len(cells) >= 2
            and cells[0].start() == len(line) - len(line.lstrip())
            and cells[-1].end() >= len(line.rstrip(" .;"))
        ):
            head = (at + cells[0].start(2), at + cells[0].end(2))
            for cell in cells[1:]:
                rows.append((head, (at + cell.start(1), at + cell.end(1)), (at + cell.start(2), at + cell.end(2))))
        at += len(line) + 1
    return rows
