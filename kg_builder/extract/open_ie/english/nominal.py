"""Statements that nouns make without a verb: appositions, titles, possessors, phrases of place, members, lists and
tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kg_builder.extract.open_ie.english.arguments import entity_head
from kg_builder.extract.open_ie.english.clauses import case_words
from kg_builder.extract.open_ie.english.mention_types import mention_type
from kg_builder.extract.open_ie.english.relation_lemmas import noun_lemma, noun_words
from kg_builder.extract.open_ie.english.relations import Statement
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set

__all__ = ["nominal_statements", "table_cells"]

_MEMBERS = ("such as", "including", "like", "especially", "e.g.", "include")
# Of members of these, nothing is learnt.
_NO_CLASS = word_set(
    "case cases thing things example examples way ways situation situations instances circumstances others"
)
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
    """ "Tim Cook, CEO of Apple": is CEO of Apple. "World Bank (WB)": also known as WB."""
    if tree.pos[noun] not in ("NOUN", "PROPN") or mention_type(tree, other) in ("Time", "Quantity"):
        return
    mark = _between(tree, noun, other)
    if mark == "(":
        if tree.word[other].isupper() and len(tree.word[other]) > 1 and _stands_alone_in_brackets(tree, other):
            yield Statement(
                noun, (), other, noun, "apposition", "also known as", how="nominal", implied="also known as"
            )
            return
        if not (tree.pos[noun] == "PROPN" and _has_article(tree, other)):
            return
    elif mark in (",", "—", "–", "--"):
        if not (_describes(tree, noun, other) or _describes(tree, other, noun)) or tree.having(other, "conj"):
            return
    elif mark or not _is_role_before_name(tree, noun, other):
        return
    if tree.pos[other] == "PROPN" and tree.pos[noun] != "PROPN":
        noun, other = other, noun
    yield Statement(noun, (), other, noun, "apposition", "be", how="nominal", implied="is")
    yield from _role_of(tree, noun, other, "apposition")


def _between(tree: Tree, noun: int, other: int) -> str:
    """The mark between a noun with all its words and its apposition; "" for none."""
    first = min(tree.below(other))
    while first < other and tree.pos[first] == "PUNCT":
        first += 1
    for k in (first - 1, first - 2):
        if k > noun and tree.pos[k] == "PUNCT":
            return tree.word[k]
    return "" if first == noun + 1 else "?"


def _stands_alone_in_brackets(tree: Tree, other: int) -> bool:
    return other + 1 < len(tree.word) and tree.word[other - 1] == "(" and tree.word[other + 1] == ")"


def _has_article(tree: Tree, i: int) -> bool:
    return any(tree.low[c] in ("a", "an", "the", "its", "their", "his", "her") for c in tree.children[i])


def _describes(tree: Tree, name: int, other: int) -> bool:
    """ "Basel, a city …", "Tim Cook, chief executive": a name and what it is."""
    if tree.pos[other] != "NOUN" or tree.tag[other] == "NNS":
        return False
    if tree.pos[name] == "PROPN":
        return _has_article(tree, other) or mention_type(tree, other) == "Person"
    return any(tree.low[c] in ("a", "an") for c in tree.children[other]) and _has_article(tree, name)


def _is_role_before_name(tree: Tree, noun: int, other: int) -> bool:
    """ "the poet John Keats"."""
    return (
        tree.pos[noun] == "NOUN"
        and tree.pos[other] == "PROPN"
        and mention_type(tree, other) == "Person"
        and tree.tag[noun] != "NNS"
    )


def _title(tree: Tree, name: int, title: int) -> Iterator[Statement]:
    """ "chairman Jerome Powell": Powell is chairman. "Judge Powell" is only how he is called."""
    if "per" in (tree.low[title], *tree.low[title - 2 : title]):
        return  # "the per-interpreter GIL"
    if tree.pos[name] == "PROPN" and len(tree.word[title].rstrip(".")) > 3:
        if tree.word[title].islower():
            yield Statement(name, (), title, name, "title", "be", how="nominal", implied="is")
        yield from _role_of(tree, name, title, "title")


def _role_of(tree: Tree, person: int, role: int, rule: str) -> Iterator[Statement]:
    """ "CEO of Apple" said of a person: CEO of."""
    for c in tree.children[role]:
        case = case_words(tree, c)
        if tree.label[c] == "nmod" and case and tree.low[case[0]] in ("of", "for", "at", "in") and c > role:
            words = tuple(range(noun_words(tree, role)[0], case[-1] + 1))
            lemma = f"{noun_lemma(tree, role)} {' '.join(tree.low[w] for w in case)}"
            for k in tree.conjuncts(c):
                yield Statement(person, words, k, person, rule, lemma, how="nominal")
        elif tree.dep[c] == "nmod:poss" and tree.pos[c] == "PROPN":
            yield Statement(
                person, noun_words(tree, role), c, person, rule, f"{noun_lemma(tree, role)} of", how="nominal"
            )


def _possessor(tree: Tree, owner: int, thing: int) -> Iterator[Statement]:
    """ "Apple's CEO Tim Cook": Tim Cook is CEO of Apple; "Apple's headquarters": Apple has headquarters."""
    if tree.dep[thing] == "nmod:desc" and tree.head[thing] >= 0:
        lemma = f"{noun_lemma(tree, thing)} of"
        words = noun_words(tree, thing)
        yield Statement(tree.head[thing], words, owner, tree.head[thing], "possessor", lemma, how="nominal")
        return
    if tree.ner[thing] == "PER" or tree.pos[thing] == "PROPN":
        role = [c for c in tree.children[thing] if tree.dep[c] in ("compound", "nmod:desc") and tree.pos[c] == "NOUN"]
        if role:
            lemma, words = f"{noun_lemma(tree, role[-1])} of", noun_words(tree, role[-1])
            yield Statement(thing, words, owner, thing, "possessor", lemma, how="nominal")
        return
    if tree.pos[thing] == "NOUN" and entity_head(tree, thing) == thing:
        yield Statement(owner, (), thing, thing, "possessor", "have", how="nominal", implied="has")


def _phrase(tree: Tree, noun: int, inner: int) -> Iterator[Statement]:
    """Names joined by a preposition of place ("Arles in Provence"), and members ("cities such as Rome")."""
    case = case_words(tree, inner)
    if not case or noun < 0:
        return
    low = " ".join(tree.low[w] for w in case)
    if low == "like" and (tree.tag[noun] != "NNS" or tree.pos[inner] != "PROPN"):
        return  # "a face like a mask"
    if low in _MEMBERS and tree.pos[noun] == "NOUN" and tree.low[noun] not in _NO_CLASS:
        if tree.tag[noun] != "NNS" and not _follows(tree, noun, inner):
            return  # "a test was run, such as a scan"
        if low == "such as" and tree.word[case[0] - 1] == "," and tree.pos[inner] == "PROPN" and tree.tag[noun] == "NN":
            return  # "science fiction, such as Solaris": no member of it
        near = case[0] - 1 if tree.word[case[0] - 1] not in (",", "(") else case[0] - 2
        if tree.tag[near] == "NNS" and noun < near:
            noun = near  # "reports in formats such as CSV": formats
        for k in tree.conjuncts(inner):
            if low in ("including", "include"):
                yield Statement(noun, tuple(case), k, noun, "member", "include", how="nominal")
            else:
                yield Statement(k, (), noun, noun, "member", "be", how="nominal", implied="is")
        return
    names = tree.pos[noun] == tree.pos[inner] == "PROPN"
    kind = mention_type(tree, inner) if names else ""
    belongs = low == "of" and kind == "Organization" and mention_type(tree, noun) == "Person"
    if belongs or (kind == "Place" and low in ("in", "near", "at", "on", "from")):
        yield Statement(noun, tuple(case), inner, noun, "place", low, how="nominal")


def _follows(tree: Tree, noun: int, inner: int) -> bool:
    """Whether nothing but the noun's own words stands between it and a phrase after it."""
    own = {noun, *tree.below(noun)}
    return inner > noun and all(k in own or tree.pos[k] == "PUNCT" for k in range(noun, min(tree.below(inner))))


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
