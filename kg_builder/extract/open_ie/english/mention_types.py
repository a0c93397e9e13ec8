"""What an entity is: a person, a place, a time, a quantity …"""

from __future__ import annotations

import re

from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set
from kg_builder.extract.open_ie.memory import once

__all__ = ["mention_type"]

_NAMED = {
    "PER": "Person", "PERSON": "Person", "LOC": "Place", "GPE": "Place", "ORG": "Organization", "Person": "Person",
    "Organization": "Organization", "Place": "Place", "Time": "Time", "Quantity": "Quantity", "Event": "Event",
    "Work": "Work", "Product": "Product", "MISC": "",
}  # fmt: skip
_KINDS = {"person": "Person", "organization": "Organization", "place": "Place", "time": "Time", "event": "Event"}
_MONTHS = word_set(
    "january february march april may june july august september october november december jan feb mar apr jun "
    "jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday today yesterday "
    "tomorrow"
)
_AMOUNTS = word_set("population majority minority number proportion percentage share rate total average")
_TIMES = word_set(
    "year month week day hour minute second decade century morning evening afternoon night weekend season spring "
    "summer autumn winter era age period millennium date noon midnight semester quarter fortnight"
)
_UNITS = word_set(
    "percent % dollar euro pound yen yuan cent rupee kilometer kilometre km mile meter metre m cm mm foot inch "
    "yard acre hectare kilogram kg gram ton tonne liter litre gallon degree watt kilowatt megawatt volt hertz "
    "byte megabyte gigabyte million billion trillion thousand hundred dozen point mph knot calorie barrel celsius "
    "fahrenheit"
)
_YEAR = re.compile(
    r"(1\d|20)\d\d(s|[-–/]\d{2,4})?$|'?\d0s$|\d{1,2}(st|nd|rd|th)$|\d{1,4}([-/.])\d{1,2}\2\d{1,4}$|\d{1,2}:\d\d$"
)
_QUANTITY = re.compile(r"[$€£¥]|[-+]?[\d.,]*\d%?$")


@once
def mention_type(tree: Tree, i: int) -> str:
    """One of `kg_builder.types.ENTITY_TYPES` for the entity headed by `i`."""
    low, lemma = tree.low[i], tree.lemma[i].lower()
    if low in _MONTHS or (lemma in _TIMES and tree.pos[i] != "PROPN") or _YEAR.match(low):
        return "Time"
    named = _NAMED.get(tree.ner[i], "")
    kind = _KINDS.get(tree.kind[i], "") if lemma not in _AMOUNTS else ""
    common = tree.pos[i] == "NOUN" and (tree.word[i].islower() or _opens_sentence(tree, i))
    if common and not _is_name_word(tree, i):
        named = named if named == kind else ""  # "turbine": what it denotes counts, no name could
    if named:
        return named
    if tree.pos[i] == "NUM" and (model := _named_model(tree, i)) >= 0:
        return mention_type(tree, model)
    if tree.pos[i] in ("NUM", "SYM") or (lemma in _UNITS and tree.pos[i] in ("NOUN", "SYM")) or _QUANTITY.match(low):
        if any(tree.low[c] in _MONTHS for c in tree.children[i]):
            return "Time"
        return "Quantity"
    if tree.ner[i] == "MISC" and not common:
        return kind if kind == "Event" else "Work"
    return kind or "Other"


def _named_model(tree: Tree, i: int) -> int:
    """ "TideWing 1", "Apollo 11": the name before a number that belongs to it, or -1."""
    before = i - 1
    joined = before >= 0 and tree.head[before] == i and tree.dep[before] in ("compound", "flat", "nmod")
    return before if joined and tree.pos[before] == "PROPN" else -1


def _opens_sentence(tree: Tree, i: int) -> bool:
    """A word with a capital that may be there for the sentence's sake ("Porpoises avoid it")."""
    return tree.word[i].istitle() and (i == 0 or tree.word[i - 1] in ".!?:" or not tree.word[i - 1].strip())


def _is_name_word(tree: Tree, i: int) -> bool:
    """ "the Swiss national bank": a lower-case noun that a capitalized part of the same name goes before."""
    begin = tree.ner_start[i]
    return 0 <= begin < i and tree.word[begin][:1].isupper()
