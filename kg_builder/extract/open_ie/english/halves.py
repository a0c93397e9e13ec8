"""Statements that say only half of what their sentence says: an opinion without its verdict, a comparison without what
is compared, a noun without the complement that it needs."""

from __future__ import annotations

from bisect import bisect_left

from kg_builder.extract.open_ie.english.mention_types import mention_type
from kg_builder.extract.open_ie.english.phrases import CAUSING
from kg_builder.extract.open_ie.english.relations import Statement
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set
from kg_builder.types import Mention

__all__ = ["is_complete_predicate", "says_half"]

_HALF = word_set("worth able unable likely unlikely such due subject")  # adjectives that say half without more
_DEGREES = word_set("as too so this that enough how more less")  # an adjective with these is compared with something
# Verbs whose object says half without its complement ("find it hard").
_OF_OPINION = word_set("find consider call deem make keep render regard think leave treat declare name prove")
_ANYBODY = word_set("man woman person people boy girl thing")  # "he was a man" that …
_SUPERLATIVE = frozenset({"JJS", "RBS"})
_ASKING = word_set("how why whether what where when that if")
# Nouns that say little where the phrase after them is left out: "the lack (of time)", "in favour (of paying)".
_RELATIONAL = word_set(
    "ability absence access addition advantage aim amount attempt basis beginning capability cause chance choice "
    "combination concept consequence danger decision degree desire difference difficulty disadvantage ease effect "
    "effort end existence failure favor favour form freedom goal hope idea impact importance inability increase "
    "intention kind lack level likelihood majority means mode necessity need notion number opportunity part percentage "
    "permission portion possibility presence probability process proportion purpose range rate ratio reason "
    "reduction reference responsibility result risk series set share side sort source start subset sum support "
    "tendency type unwillingness use variety willingness"
)


def says_half(tree: Tree, statement: Statement, head: Mention, tail: Mention) -> bool:
    """Whether a statement of the graph lacks what would make it one."""
    i, last = statement.predicate, statement.relation[-1]
    if tree.low[last] in _ASKING and tree.label[last] != "case":
        return True  # "describes how | the cells"
    if _lacks_complement(tree, head) or _lacks_complement(tree, tail):
        return True
    if any(tree.low[w] == "as" and tree.label[w] == "case" and w < statement.head for w in statement.relation):
        return True  # "As one of the largest banks, it …" opens a sentence with a role
    if tree.pos[statement.tail] == "VERB" and any(
        c > statement.tail and tree.label[c] in ("obj", "obl", "xcomp", "ccomp") for c in tree.children[statement.tail]
    ):
        return True  # "requires | iterating" of "requires iterating over the cells"
    if statement.rule == "attachment" and tree.lemma[i].lower() == "do" and not tree.having(i, "obj"):
        return True  # "does | today" of "what it does today"
    if statement.rule == "complement" and len(statement.relation) == 1 and not statement.passive:
        lemma = tree.lemma[i].lower()
        if lemma in _OF_OPINION and lemma not in ("prove", "leave"):
            return True  # "make available" of "make it available"
    if tree.lemma[statement.tail] in ("way", "manner") and tree.low[last] == "in":
        return True  # "in the same way"
    if tree.low[last] == "between" and (tree.label[statement.tail] == "conj" or tree.having(statement.tail, "conj")):
        return True  # "the distance between | Lima" and another
    if tail.type == "Time" and any(
        tree.low[c] in ("this", "that", "these", "those") for c in tree.children[statement.tail]
    ):
        return True  # "after | date" of "after that date"
    if statement.rule == "copula":
        return tail.surface.lower() in _ANYBODY or not is_complete_predicate(tree, statement.tail)
    if tree.pos[statement.tail] == "ADJ":
        return tree.tag[statement.tail] in _SUPERLATIVE or not is_complete_predicate(tree, statement.tail)
    if statement.rule == "object":
        return _lacks_verdict(tree, statement)
    return statement.rule == "attachment" and _hangs_loose(tree, statement)


def _lacks_complement(tree: Tree, named: Mention) -> bool:
    """Whether a noun stands without the "to …", "of doing …" or "of …" that says which one it is."""
    i = bisect_left(tree.start, named.start)
    if tree.pos[i] != "NOUN" or named.end != tree.end[i]:
        return False
    for c in tree.children[i]:
        if c < i:
            continue
        if tree.label[c] == "acl":
            marks = [tree.low[k] for k in tree.children[c] if tree.label[k] in ("mark", "case") and k < c]
            if "to" in marks or (tree.tag[c] == "VBG" and not {"of", "for"}.isdisjoint(marks)):
                return True
            if "that" in marks and tree.dep[c] != "acl:relcl":
                return True
        elif (
            tree.label[c] == "nmod"
            and tree.lemma[i].lower() in _RELATIONAL
            and any(tree.low[k] in ("of", "for", "to") for k in tree.having(c, "case"))
        ):
            return True
    return False


def _lacks_verdict(tree: Tree, statement: Statement) -> bool:
    """ "find it" of "find it hard", "enables computers" of "enables computers to simulate it"."""
    i = statement.predicate
    lemma = tree.lemma[i].lower()
    after = [c for c in tree.children[i] if c > statement.tail]
    if lemma in _OF_OPINION and any(tree.label[c] == "xcomp" and tree.pos[c] in ("ADJ", "NOUN", "VERB") for c in after):
        return True
    return lemma in CAUSING and any(
        tree.label[c] in ("xcomp", "advcl") and tree.tag[c] == "VB" and tree.low[c - 1] != "not" for c in after
    )


def _hangs_loose(tree: Tree, statement: Statement) -> bool:
    """A noun without preposition that tells no time, or what is said of the first of two verbs ("failed in | May to
    sell it")."""
    i, tail = statement.predicate, statement.tail
    last = statement.relation[-1]
    if (
        tree.pos[last] not in ("ADP", "SCONJ", "PART")
        and tree.label[last] != "case"
        and mention_type(tree, tail) not in ("Time", "Quantity")
    ):
        return True
    if tree.head[tail] != i:
        return False
    return any(tree.label[c] == "xcomp" and tree.pos[c] == "VERB" for c in tree.children[i])


def is_complete_predicate(tree: Tree, i: int) -> bool:
    """Not "is similar" of "is similar to X", nor "is too large", nor "is define" of "is to define X"."""
    if tree.pos[i] == "VERB" and tree.tag[i] != "VBN":
        return False
    if tree.pos[i] not in ("ADJ", "VERB", "ADV"):
        return True
    if tree.low[i] in _HALF or tree.tag[i] in ("JJR", "RBR"):
        return False
    definite = any(tree.label[c] == "det" for c in tree.children[i])
    for c in tree.children[i]:
        if c < i and tree.dep[c] in ("obl:unmarked", "nmod:unmarked"):
            return False
        if tree.label[c] == "advmod" and (tree.low[c] in _DEGREES or (tree.low[c] == "most" and not definite)):
            return False
        if c > i and (
            tree.label[c] in ("xcomp", "ccomp", "advcl") or (tree.label[c] == "obl" and tree.having(c, "case"))
        ):
            return False
    return True
