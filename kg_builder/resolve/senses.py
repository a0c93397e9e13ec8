"""Which documents mean one thing by a name, and which another of the same name: homonyms.

One name is one thing as long as nothing speaks against it. What does are facts that cannot be true of one: two years of
birth, two states that a town lies in. Two walks of life, nations or birthplaces speak against it where the documents
have nothing else in common. Documents that say nothing of the kind go with those that they share facts with, and stay
by themselves where there are several and they share nothing with any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import combinations

from kg_builder.known_words import is_noun, singular
from kg_builder.resolve.chinese_names import has_han
from kg_builder.resolve.records import Context

__all__ = ["SENSED_TYPES", "may_be_several", "senses"]

SENSED_TYPES = frozenset({"Person", "Place", "Organization"})
"""Types of which one name is often that of several things."""

_MOST_DOCUMENTS = 300  # of a name in more of them, none is looked at
_ARROW = re.compile("[<>]")
_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)")
_BORN_ON = frozenset({"born on", "bear on", "出生于", "出生"})
_DIED_ON = frozenset({"die on", "逝世于", "逝世", "去世"})
_BORN_IN = frozenset({"born in", "bear in"})
_BASED_IN = frozenset({"base in", "based in", "headquarter in", "headquartered in", "总部位于"})
_IS = frozenset({"be", "become", "是", "为", "担任", "work as", "serve as"})
_CERTAIN = frozenset({"born", "died"})
"""What no common fact outweighs; nor does it that a place lies elsewhere."""


@dataclass(slots=True)
class _Told:
    """What a document tells of a thing: values by kind of attribute, and the names it has facts with."""

    values: dict[str, frozenset[str]] = field(default_factory=dict)
    company: frozenset[str] = frozenset()


def may_be_several(type_: str, neighbours: Iterable[str]) -> bool:
    """Whether what all documents tell of a name cannot be true of one thing: a quick look, before `senses`."""
    if type_ not in SENSED_TYPES:
        return False
    values: dict[str, set[str]] = {}
    for neighbour in neighbours:
        for kind, value in _values(type_, neighbour):
            values.setdefault(kind, set()).add(value)
    return any(
        _differ(kind, frozenset({one}), frozenset({other}))
        for kind, several in values.items()
        for one, other in combinations(sorted(several), 2)
    )


def senses(type_: str, contexts: Mapping[str, Context]) -> list[tuple[str, ...]]:
    """The documents (by id) that mean one thing each, the most numerous first; a function of the contexts alone."""
    sources: dict[str, set[str]] = {}
    documents: dict[str, list[str]] = {}
    for document, context in sorted(contexts.items()):
        sources.setdefault(context.source, set()).update(context.neighbours)
        documents.setdefault(context.source, []).append(document)
    if type_ not in SENSED_TYPES or len(sources) > _MOST_DOCUMENTS:
        return [tuple(sorted(contexts))]
    told = {source: _told(type_, neighbours) for source, neighbours in sources.items()}
    parts = [[d for source in part for d in documents[source]] for part in _parted(told)]
    return sorted((tuple(sorted(part)) for part in parts), key=lambda part: (-len(part), part))


def _parted(told: Mapping[str, _Told]) -> list[list[str]]:
    """The sources by what they mean."""
    apart: set[tuple[str, str]] = set()
    together: list[tuple[int, str, str]] = []
    for a, b in combinations(sorted(told), 2):
        here, there = told[a], told[b]
        both = here.values.keys() & there.values.keys()
        kinds = {kind for kind in both if _differ(kind, here.values[kind], there.values[kind])}
        shared = len(here.company & there.company)
        if any(kind in _CERTAIN or kind.startswith("lies in") for kind in kinds) or (kinds and not shared):
            apart.add((a, b))
        elif shared or both:
            together.append((-2 * shared - bool(both), a, b))
    if not apart:
        return [sorted(told)]
    at = {source: source for source in told}
    members = {source: [source] for source in told}

    def are_apart(one: str, other: str) -> bool:
        return any(((a, b) if a < b else (b, a)) in apart for a in members[one] for b in members[other])

    for _, a, b in sorted(together):
        one, other = sorted((at[a], at[b]))
        if one != other and not are_apart(one, other):
            members[one] += members.pop(other)
            for source in members[one]:
                at[source] = one
    found: list[str] = []  # things that cannot be one another
    unclear: list[str] = []
    for first in sorted(members, key=lambda first: (-len(members[first]), first)):
        others = [other for other in members if other != first and are_apart(first, other)]
        if not others:
            unclear.append(first)
            continue
        mates = [other for other in found if not are_apart(first, other)]
        if len(mates) == 1:
            members[mates[0]] += members.pop(first)
        else:
            found.append(first)
    parted = [members[first] for first in found]
    if unclear:
        parted.append([source for first in unclear for source in members[first]])
    return parted


def _differ(kind: str, one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two documents' values of an attribute cannot, or hardly, be those of one thing."""
    if kind in ("born", "died"):
        return min(abs(int(a) - int(b)) for a in one for b in other) > 1
    if kind == "field":
        apart = _tables().apart
        return all((a, b) in apart for a in one for b in other)
    return not one & other


def _told(type_: str, neighbours: Iterable[str]) -> _Told:
    values: dict[str, set[str]] = {}
    company: set[str] = set()
    for neighbour in neighbours:
        for kind, value in _values(type_, neighbour):
            values.setdefault(kind, set()).add(value)
        key = _ARROW.split(neighbour, maxsplit=1)[-1]
        if _is_telling(key):
            company.add(key)
    return _Told({kind: frozenset(each) for kind, each in values.items()}, frozenset(company))


@lru_cache(maxsize=1 << 15)
def _is_telling(key: str) -> bool:
    """Whether a name in common says something: neither a number, nor a common noun, a calling, or a region."""
    if any(c.isdigit() for c in key) or key in _tables().level_of or _calling(key):
        return False
    return has_han(key) or not all(is_noun(singular(word)) for word in key.split())


def _values(type_: str, neighbour: str) -> list[tuple[str, str]]:
    """What a fact says of a thing that another of its name would have another value of."""
    relation, key = _ARROW.split(neighbour, maxsplit=1)
    if len(neighbour) > len(relation) and neighbour[len(relation)] == "<":
        return []
    tables = _tables()
    level = tables.level_of.get(key)
    if type_ == "Place":
        inside = relation in tables.inside or relation.partition(" ")[0] in tables.places
        return [(f"lies in {level}", key.rstrip("省"))] if level and inside else []
    if type_ == "Organization":
        return [(f"based in {level}", key.rstrip("省"))] if level and relation in _BASED_IN else []
    year = _YEAR.search(key)
    if year and relation in _BORN_ON:
        return [("born", year[0])]
    if year and relation in _DIED_ON:
        return [("died", year[0])]
    if level and relation in _BORN_IN:
        return [(f"born in {level}", key.rstrip("省"))]
    if relation in _IS:
        return _calling(key)
    word = relation if has_han(relation) else relation.partition(" ")[0]
    work = tables.field_of.get(word) or tables.field_of_relation.get(relation)
    found = [("field", work)] if work else []
    if work and (nation := tables.nation_of.get(key)):
        found.append(("nation", nation))
    return found


@lru_cache(maxsize=1 << 15)
def _calling(key: str) -> list[tuple[str, str]]:
    """The walk of life, and the nation, that "Canadian tennis player" or 中国演员 names."""
    tables = _tables()
    if has_han(key):
        ending = next((key[i:] for i in range(len(key)) if key[i:] in tables.field_of), "")
        beginning = key[: len(key) - len(ending)] if ending else ""
    else:
        words = key.split()
        ending = next((" ".join(words[i:]) for i in range(len(words)) if " ".join(words[i:]) in tables.field_of), "")
        beginning = key[: len(key) - len(ending)].strip() if ending else ""
    if not ending:
        return []
    found = [("field", tables.field_of[ending])]
    nation = tables.nation_of.get(beginning) or next(
        (tables.nation_of[word] for word in re.split(r"[\s-]+", beginning) if word in tables.nation_of), None
    )
    if nation:
        found.append(("nation", nation))
    return found


@dataclass(frozen=True, slots=True)
class _Tables:
    field_of: dict[str, str]
    field_of_relation: dict[str, str]
    apart: frozenset[tuple[str, str]]
    nation_of: dict[str, str]
    level_of: dict[str, str]
    places: frozenset[str]
    inside: frozenset[str]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    text = (files("kg_builder") / "models" / "resolution" / "walks_of_life.txt").read_text(encoding="utf-8")
    found: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            head, _, items = line.partition(":")
            kind, _, name = head.partition(" ")
            found.setdefault(kind, {})[name] = [item.strip() for item in items.split(";")]
    pairs = [(a, b) for a, others in found["apart"].items() for b in others]
    return _Tables(
        _inverted(found["field"]),
        _inverted(found["does"]),
        frozenset(pairs) | {(b, a) for a, b in pairs},
        _inverted(found["nation"]),
        _inverted(found["level"]),
        frozenset(found["place"][""]),
        frozenset(found["in"][""]),
    )


def _inverted(table: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {item: name for name, items in table.items() for item in items}
