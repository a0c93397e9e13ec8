"""What looks like a statement and is none: words of different table cells or lines, code, addresses, empty words."""

from __future__ import annotations

import re
from bisect import bisect_left

from kg_builder.extract.open_ie.english.halves import says_half
from kg_builder.extract.open_ie.english.mention_types import mention_type
from kg_builder.extract.open_ie.english.relations import Statement
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set
from kg_builder.types import Mention, Relation

__all__ = ["Borders", "in_one_piece", "is_long_winded", "is_name", "says_enough"]

_ROW = re.compile(r"[^\s:;|][^:;|\n]{0,60}:[ \t]++[^;\n]++;[ \t]++[^:;|\n]{1,60}:[ \t]")
_CODE = re.compile(r"[<>{}=|\\^~@*#$]|--|://|::|\.\.\.|…|\w\(|_\B|\B_|/\w+/|\)\w")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_MONEY = re.compile(r"[$€£¥]\s?\d")
_PATH = re.compile(r"[(\"'`]?[~.]{0,2}/\w|\w+/\w+/\w")  # of two slashes, or from the root
_LONGEST_PATH = 200
_BROKEN = re.compile(r" ['’]s\b|[()\[\]{}<>=|_\"“”*@\\]|://|\d-|-\d|\n\n|\s-|-\s|--")
_LONG = 9  # words of a relation
_SHORT_LINE = 60  # characters; lines of running text are longer
# Nouns that say nothing where they stand alone.
_EMPTY = word_set(
    "thing things way ways case cases order kind kinds sort sorts lot lots rest something anything nothing fact "
    "matter sake example examples instance instances manner respect accordance regard part time times place sense "
    "one ones turn course person e.g i.e etc first second third fourth fifth sixth last latter former following top "
    "above below"
)
_LEADING = word_set("when while by after before if as once since for in without on with through because than despite")
_CLAUSAL = word_set("while whereas if although though unless because since until")


class Borders:
    """Where the lines and cells of a text end that no statement reaches across."""

    def __init__(self, text: str) -> None:
        places: list[int] = []
        at = 0
        lines = text.split("\n")
        for k, line in enumerate(lines):
            end = at + len(line)
            if " | " in line or line.startswith("| "):
                places.extend(at + i for i, c in enumerate(line) if c == "|")
            elif _ROW.match(line):
                places.extend(at + m.start() for m in re.finditer(r":[ \t]|;[ \t]", line))
            if k + 1 < len(lines) and _ends_here(line, lines[k + 1]):
                places.append(end)
            at = end + 1
        self._places = places

    def between(self, start: int, end: int) -> bool:
        """Whether a border lies from `start` to before `end`."""
        at = bisect_left(self._places, start)
        return at < len(self._places) and self._places[at] < end


def _ends_here(line: str, following: str) -> bool:
    line, following = line.strip(), following.strip()
    if not line or not following or line[-1] == ":":
        return True
    if following[0] in "•*-–|#+" or re.match(r"\(?\w{1,2}[.)] ", following):
        return True
    return len(line) < _SHORT_LINE and line[-1] not in ",;-—&" and (following[0].isupper() or following[0].isdigit())


def in_one_piece(tree: Tree, borders: Borders, statement: Statement) -> bool:
    """Whether head, relation and tail stand in one line of a list or cell of a table."""
    words = (statement.head, statement.tail, *statement.relation)
    return not borders.between(tree.start[min(words)], tree.end[max(words)])


def is_name(mention: Mention) -> bool:
    """Whether a reader could say what is meant: a word at least, or a number; no code, no address."""
    text = mention.surface
    if len(text) > 120 or mention.surface.lower() in _EMPTY:
        return False
    if _MONEY.match(text):
        return True
    if _CODE.search(text):
        return False
    if text[0] in "/-–" or "\n\n" in text or text.count('"') % 2 or ("“" in text) != ("”" in text):
        return False
    if any(text.count(a) != text.count(b) for a, b in ("()", "[]")):
        return False
    return bool(_LETTERS.search(text)) or (any(c.isdigit() for c in text) and not text.isalpha())


def is_long_winded(statement: Statement) -> bool:
    """Whether a statement that says again what others say is too long for a graph, or adds nothing to them."""
    return statement.restates and (statement.rule != "restated" or len(statement.relation) > _LONG)


def _is_cut(text: str, mention: Mention) -> bool:
    """A part of a word with hyphens or dots, or of a path: "Schematron" of "Schematron-compiled", "types" of
    "types.Mapping", "bin" of "/usr/bin"."""
    before, after = text[max(0, mention.start - 2) : mention.start], text[mention.end : mention.end + 2]
    if _PATH.match(text, _word_start(text, mention.start)):
        return True
    return (len(after) == 2 and after[0] in "-." and after[1].isalnum()) or (
        len(before) == 2 and before[1] in "-." and before[0].isalnum()
    )


def _word_start(text: str, at: int) -> int:
    """Where the word between spaces begins that holds the place `at`: no farther back than paths are long, since a text
    need not have spaces."""
    least = max(0, at - _LONGEST_PATH)
    while at > least and not text[at - 1].isspace():
        at -= 1
    return at


def _swallows(tree: Tree, mention: Mention, words: tuple[int, ...]) -> bool:
    """Whether a name holds words of the relation that leads to it: "is used by the Institute of | Institute of Art"."""
    return any(mention.start <= tree.start[w] < mention.end for w in words)


def says_enough(tree: Tree, statement: Statement, relation: Relation, head: Mention, tail: Mention) -> bool:
    """Whether a statement of the graph can be understood by itself."""
    if not is_name(head) or not is_name(tail) or head.surface.lower() == tail.surface.lower():
        return False
    if not _LETTERS.search(head.surface) or _is_cut(tree.text, head) or _is_cut(tree.text, tail):
        return False
    if _swallows(tree, head, statement.relation) or _swallows(tree, tail, statement.relation):
        return False
    if statement.implied:
        return True
    text = relation.surface
    if _BROKEN.search(text) or tree.pos[statement.tail] == "ADV":
        return False
    if any(tree.low[w] in _CLAUSAL and tree.label[w] == "case" for w in statement.relation):
        return False
    if statement.how == "adverbial" and not _is_actor(tree, statement):
        return False
    if statement.how == "acl" and tree.low[statement.predicate] == "using" and not _is_agent(tree, statement.head):
        return False  # mostly the verb's, not the noun's: "express a package using the syntax"
    if any(tree.low[c] == "no" for c in tree.children[statement.tail]):
        return False
    if statement.how == "acl" and any(
        tree.low[c] in _LEADING for c in tree.children[statement.predicate] if c < statement.predicate
    ):
        return False
    if statement.how == "infinitive" and tree.low[statement.head] in _EMPTY:
        return False
    if statement.rule == "relative object" and tail.type == "Time" and statement.tail != statement.predicate:
        return False
    return not says_half(tree, statement, head, tail)


def _is_actor(tree: Tree, statement: Statement) -> bool:
    """Whether a participle beside a clause can be what its subject does: the clause is active, and the participle
    follows it, or else a person, an organization or a name is its subject."""
    above = tree.head[statement.predicate]
    if above in tree.copular or any(tree.dep[c] in ("aux:pass", "nsubj:pass") for c in tree.children[above]):
        return False
    i = statement.predicate
    if i > above and tree.tag[i] == "VBG" and not any(tree.low[c] in _LEADING for c in tree.children[i] if c < i):
        return True
    return _is_agent(tree, statement.head)


def _is_agent(tree: Tree, i: int) -> bool:
    return tree.pos[i] in ("PROPN", "PRON") or mention_type(tree, i) in ("Person", "Organization")
