"""The relations that are known by more than one form of words: "was founded by", "founder of" and 创立 are one.

A curated lexicon (``models/relations.txt``, which describes its own form) maps canonical relations, as
`kg_builder.relations` makes them, to some 180 relations with a direction. It goes by words and by the types of both
ends, and by nothing else, so the order of documents cannot matter. What it does not know stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from kg_builder.errors import ConfigError
from kg_builder.lemma import lemma_en

__all__ = ["KnownRelation", "is_symmetric", "known_relation", "known_relations", "lexicon_text", "looked_up", "read"]

_LETTERS = {
    "P": "Person",
    "O": "Organization",
    "L": "Place",
    "T": "Time",
    "Q": "Quantity",
    "E": "Event",
    "W": "Work",
    "D": "Product",
    "X": "Other",
}
_TYPES = frozenset(_LETTERS.values())
_VALUES = frozenset({"Time", "Quantity"})
FLAGS = frozenset({"symmetric", "functional", "one-head", "changing"})
_ENDS = re.compile(r"(?P<head>\*|!?[POLTQEWDX]+)>(?P<tail>\*|!?[POLTQEWDX]+)")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-\ufaff]")
_BECOMING = (
    *("", "become ", "serve as ", "work as ", "appointed ", "appointed as ", "named ", "elected ", "elected as "),
    *("new ", "current ", "made "),
)
_BECOMING_ZH = (
    *("是", "任", "担任", "出任", "当选", "当选为", "成为", "就任", "兼任", "时任", "现任", "升任", "接任", "曾任"),
    *("被任命为", "被选为", "被推选为", "为", "的", "作为"),
)
_LINK_ZH = ("是", "为", "：", ":")


@dataclass(frozen=True, slots=True)
class KnownRelation:
    """A relation of the lexicon. ``inverse`` is how it reads from tail to head; empty for a symmetric one.

    ``functional``: a head has one tail (a person is born in one place). ``one_head``: a tail has one head (a company
    has one CEO). ``changing``: one at a time, so that a later one ends an earlier one.
    """

    name: str
    zh: str
    inverse: str = ""
    inverse_zh: str = ""
    symmetric: bool = False
    functional: bool = False
    one_head: bool = False
    changing: bool = False


@dataclass(frozen=True, slots=True)
class _Form:
    relation: KnownRelation
    turned: bool
    heads: frozenset[str]
    tails: frozenset[str]
    noun: bool = False  # alone, it does not say which end is called so
    together: str = ""  # a verb that must stand right before the last word

    def turn(self, head: str, tail: str, surface: str) -> bool | None:
        """Whether the fact reads from tail to head; None where the form does not hold between these types."""
        fits = head in self.heads and tail in self.tails
        if self.together and lemma_en((["", *surface.lower().split()])[-2:][0], "VERB") != self.together:
            return None
        if not self.noun:
            return self.turned if fits else None
        other = head in self.tails and tail in self.heads
        if fits and other:
            if surface.endswith(_LINK_ZH):  # 首都是: the tail is called so
                return not self.turned
            return self.turned if _HAN.search(surface) else None
        if fits or other:
            return self.turned if fits else not self.turned
        return None


@dataclass(frozen=True, slots=True)
class _Lexicon:
    relations: dict[str, KnownRelation]
    forms: dict[str, list[_Form]]


def lexicon_text() -> str:
    """The lexicon as it ships."""
    return files("kg_builder").joinpath("models", "relations.txt").read_text(encoding="utf-8")


@cache
def _lexicon() -> _Lexicon:
    return read(lexicon_text(), "relations.txt")


def read(text: str, name: str) -> _Lexicon:
    """A lexicon from its text; `name` is the file's, for messages.

    Raises:
        ConfigError: a line that is none of the lexicon's; the message names file and line.
    """
    relations: dict[str, KnownRelation] = {}
    forms: dict[str, list[_Form]] = {}
    relation: KnownRelation | None = None
    ends = _ends("*>*")
    for number, line in enumerate(text.splitlines(), 1):
        mark, _, rest = line.partition(" ")
        rest = rest.strip()
        if not line.strip() or mark.startswith("#"):
            continue
        try:
            if mark == "=":
                relation, ends = _relation(rest), _ends("*>*")
                if relation.name in relations:
                    raise ValueError(f"the relation {relation.name!r} a second time")
                relations[relation.name] = relation
            elif relation is None or mark not in (":", ">", "<", "@", "@<"):
                raise ValueError(repr(line[:60]))
            elif mark == ":":
                ends = _ends(rest)
            else:
                for words in rest.split(";"):
                    _add(forms, relation, mark, words.strip(), ends)
        except ValueError as problem:
            raise ConfigError(
                f"{name}, line {number}: expected '= NAME | …', ': TYPES' or forms after '>', '<', '@' or '@<', "
                f"found {problem}; see the head of the file for its form."
            ) from None
    return _Lexicon(relations, forms)


def _relation(rest: str) -> KnownRelation:
    cells = [cell.strip() for cell in rest.split("|")]
    if not cells[0] or len(cells) > 5:
        raise ValueError(repr(rest[:60]))
    name, zh, inverse, inverse_zh, flags = [*cells, "", "", "", ""][:5]
    if unknown := set(flags.split()) - FLAGS:
        raise ValueError(f"the flag {sorted(unknown)[0]!r}")
    has = flags.split()
    return KnownRelation(
        name, zh, inverse, inverse_zh, "symmetric" in has, "functional" in has, "one-head" in has, "changing" in has
    )


def _ends(text: str) -> tuple[frozenset[str], frozenset[str]]:
    found = _ENDS.fullmatch(text)
    if found is None:
        raise ValueError(f"the types {text!r}")
    return _end(found["head"]), _end(found["tail"])


def _end(letters: str) -> frozenset[str]:
    named = frozenset(_LETTERS[c] for c in letters if c in _LETTERS)
    return _TYPES - _VALUES - named if letters[0] in "*!" else named


def _add(
    forms: dict[str, list[_Form]],
    relation: KnownRelation,
    mark: str,
    words: str,
    ends: tuple[frozenset[str], frozenset[str]],
) -> None:
    words, _, types = words.rpartition(" ") if _ENDS.fullmatch(words.rpartition(" ")[2]) else (words, "", "")
    heads, tails = _ends(types) if types else ends
    if not words:
        raise ValueError("no words")
    turned = mark in ("<", "@<")
    if mark in ("<", ">"):
        together = words.split()[0] if words.endswith("!") else ""
        _put(forms, words.rstrip("!"), _Form(relation, turned, heads, tails, together=together))
        return
    _put(forms, words, _Form(relation, turned, heads, tails, noun=True))
    if _HAN.search(words):
        for before in _BECOMING_ZH:
            _put(forms, before + words, _Form(relation, turned, heads, tails))
        for link in _LINK_ZH[:2]:
            _put(forms, words + link, _Form(relation, not turned, tails, heads))
        return
    prepositions = ("of", "at", "for") if "Person" in heads and "Organization" in tails else ("of",)
    for before in _BECOMING:
        for after in prepositions:
            _put(forms, f"{before}{words} {after}", _Form(relation, turned, heads, tails))


def _put(forms: dict[str, list[_Form]], words: str, form: _Form) -> None:
    forms.setdefault(words.casefold(), []).append(form)


def known_relations() -> list[KnownRelation]:
    """All relations of the lexicon, in its order."""
    return list(_lexicon().relations.values())


def known_relation(name: str) -> KnownRelation | None:
    """The relation of the lexicon that has this name."""
    return _lexicon().relations.get(name)


def is_symmetric(name: str) -> bool:
    """Whether the relation says the same in both directions, as far as the lexicon knows."""
    known = _lexicon().relations.get(name)
    return known is not None and known.symmetric


@lru_cache(maxsize=1 << 14)
def looked_up(name: str, surface: str, head_type: str, tail_type: str) -> tuple[KnownRelation, bool] | None:
    """The relation that a canonical relation names between these types, and whether it reads the other way; None for
    words that the lexicon does not know.

    `surface` is how the text has it: of 首都 and 首都是 the second has the capital as its tail. A type that is not one
    of `kg_builder.types.ENTITY_TYPES` counts as ``Other``.
    """
    head = head_type if head_type in _TYPES else "Other"
    tail = tail_type if tail_type in _TYPES else "Other"
    words = name.casefold()
    forms = _lexicon().forms
    found = forms.get(words)
    if found is None and len(words) > 2 and words[0] in "于在从自" and _HAN.search(words):
        found = forms.get(words[1:])  # 于毕业于: the preposition before the verb comes twice
    for form in found or ():
        turned = form.turn(head, tail, surface.strip())
        if turned is not None:
            return form.relation, turned
    return None
