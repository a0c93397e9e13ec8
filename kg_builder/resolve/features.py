"""What speaks for and against two names being one: features with a name each, so that a link can be explained.

The spelling gives one *form* (``same key``, ``looser key``, ``typing error``, ``initials``, ``part of the name``,
``acronym``, ``short form``, ``different`` …) with what qualifies it; the rest says what the graph knows: types, facts,
neighbours and documents in common, and whether a text calls one name the other's. Values lie between 0 and 3.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from kg_builder.resolve.records import Profile
from kg_builder.resolve.spelling import compare_spelling
from kg_builder.resolve.views import view_of

__all__ = ["LESS", "OTHER", "PART_FORMS", "compare"]

OTHER = "Other"
PART_FORMS = frozenset(["surname", "given name", "part of the name", "short form", "acronym", "initials"])
"""Forms where one name says less than the other: it may belong to any of several longer ones."""
LESS = "says less"
"""No evidence, but which name of such a form says less: 1 for the one with the smaller id, -1 for the other."""

_ARROW = re.compile("[<>]")


def compare(a: Profile, b: Profile) -> tuple[str, dict[str, float]]:
    """The form that carries the comparison, and all features that are not zero. Symmetric in `a` and `b`."""
    one, other = view_of(a.name.plain), view_of(b.name.plain)
    if (len(other.key), other.key) < (len(one.key), one.key):
        one, other = other, one
    form, found = compare_spelling(one, other, person="Person" in (a.name.type, b.name.type))
    found = {form: 1.0} | found
    if form in PART_FORMS:
        found[LESS] = 1.0 if (view_of(a.name.plain) is one) == (a.id < b.id) else -1.0
    found.update(_types(a, b))
    capital = _capitals(a, b)
    if capital:
        found["plural of a name" if "a plural" in found else "a capital on one side"] = 1.0
    if a.stated or b.stated:
        keys = a.stated | b.stated
        if a.name.plain in b.stated or b.name.plain in a.stated or one.loose in keys or other.loose in keys:
            found["stated alias"] = 1.0
    kind = " (part)" if form in PART_FORMS else " (different)" if form in ("different", "other script") else ""
    found.update(_context(a, b, kind))
    return form, {name: value for name, value in found.items() if value}


def _types(a: Profile, b: Profile) -> dict[str, float]:
    one, other = a.name.type, b.name.type
    if one == other:
        return {} if one == OTHER else {"same type": 1.0}
    return {"one has no type": 1.0} if OTHER in (one, other) else {"type conflict": 1.0}


def _capitals(a: Profile, b: Profile) -> bool:
    """Whether one is written with a capital, the other without: Windows and window, Apple and apples."""
    one, other = (any(any(c.isupper() for c in s[:1]) for s in p.surfaces) for p in (a, b))
    if one == other:
        return False
    return any(s[:1].islower() for s in (a if other else b).surfaces)


def _context(a: Profile, b: Profile, kind: str) -> dict[str, float]:
    """Facts, neighbours and documents in common; apart by kind, since names that differ need more of them."""
    found: dict[str, float] = {}
    if a.neighbours and b.neighbours:
        facts = len(a.neighbours & b.neighbours)
        here, there = _keys_of(a.neighbours), _keys_of(b.neighbours)
        shared = len(here & there)
        if facts:
            found[f"facts in common{kind}"] = min(math.log2(1 + facts), 3.0)
        if shared > facts:
            found[f"neighbours in common{kind}"] = min(math.log2(1 + shared - facts), 3.0)
        if not shared and min(len(here), len(there)) >= 3:
            found[f"no neighbour in common{kind}"] = 1.0
        if a.name.plain in there or b.name.plain in here:
            found["a fact between the two"] = 1.0
    if a.documents and b.documents:
        together = len(a.documents & b.documents)
        if together:
            found[f"documents in common{kind}"] = 1.0
            found[f"always together{kind}"] = together / min(len(a.documents), len(b.documents))
        else:
            found[f"no document in common{kind}"] = 1.0
    return found


@lru_cache(maxsize=1 << 15)
def _keys_of(neighbours: frozenset[str]) -> frozenset[str]:
    """The keys behind the first ``>`` or ``<`` of neighbours."""
    return frozenset(_ARROW.split(neighbour, maxsplit=1)[-1] for neighbour in neighbours)
