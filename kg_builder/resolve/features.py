"""What speaks for and against two names being one: features with a name each, so that a link can be explained.

The spelling gives one *form* (``same key``, ``looser key``, ``typing error``, ``initials``, ``part of the name``,
``acronym``, ``short form``, ``different`` …) with what qualifies it; the rest says what the graph knows: types, facts,
neighbours and documents in common, and whether a text calls one name the other's. Values lie between 0 and 3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from kg_builder.resolve.records import Profile
from kg_builder.resolve.spelling import compare_spelling
from kg_builder.resolve.views import View, view_of

__all__ = [
    "COMPANY",
    "DIFFERENT",
    "LESS",
    "MOST_SHARED",
    "OTHER",
    "PART_FORMS",
    "Look",
    "compare",
    "look_at",
    "shared_amount",
    "spelt",
    "with_company",
]

OTHER = "Other"
PART_FORMS = frozenset(["surname", "given name", "part of the name", "short form", "acronym", "initials"])
"""Forms where one name says less than the other: it may belong to any of several longer ones."""
LESS = "says less"
"""No evidence, but which name of such a form says less: 1 for the one with the smaller id, -1 for the other."""

DIFFERENT = frozenset(["different", "other script"])
"""Forms of spellings that have nothing to say for one meaning."""

MOST_SHARED = 3.0
"""What any number of things in common counts at most."""

_ARROW = re.compile("[<>]")


class _Company(NamedTuple):
    """The names of the features of one kind of form: names that differ need more in common."""

    facts: str
    neighbours: str
    no_neighbour: str
    documents: str
    together: str
    no_document: str


COMPANY = {
    kind: _Company(
        f"facts in common{kind}",
        f"neighbours in common{kind}",
        f"no neighbour in common{kind}",
        f"documents in common{kind}",
        f"always together{kind}",
        f"no document in common{kind}",
    )
    for kind in ("", " (part)", " (different)")
}


@dataclass(frozen=True, slots=True)
class Look:
    """A profile as comparisons look at it, worked out once for all of them."""

    profile: Profile
    type: str
    view: View
    keys: frozenset[str]
    """The names it has facts with, whatever the facts."""
    capital: bool
    small: bool
    """Whether some surface begins with a capital, or with a small letter."""


def look_at(profile: Profile) -> Look:
    """How comparisons look at a profile."""
    heads = [surface[:1] for surface in profile.surfaces]
    return Look(
        profile,
        profile.name.type,
        view_of(profile.name.plain),
        _keys_of(profile.neighbours),
        any(map(str.isupper, heads)),
        any(map(str.islower, heads)),
    )


def compare(a: Profile, b: Profile) -> tuple[str, dict[str, float]]:
    """The form that carries the comparison, and all features that are not zero. Symmetric in `a` and `b`."""
    one, other = look_at(a), look_at(b)
    form, spelling = spelt(one, other)
    return form, with_company(one, other, form, spelling)


def spelt(a: Look, b: Look) -> tuple[str, dict[str, float]]:
    """The form of two spellings, and what of the features is about them, some of which may be zero."""
    one, other = a.view, b.view
    if (len(other.key), other.key) < (len(one.key), one.key):
        one, other = other, one
    form, more = compare_spelling(one, other, person="Person" in (a.type, b.type))
    found = {form: 1.0, **more}
    if form in PART_FORMS:
        found[LESS] = 1.0 if (a.view is one) == (a.profile.id < b.profile.id) else -1.0
    return form, found


def with_company(a: Look, b: Look, form: str, spelling: Mapping[str, float]) -> dict[str, float]:
    """All features that are not zero of two names of a form and a spelling: with types, capitals, what texts say."""
    found = {name: value for name, value in spelling.items() if value}
    if a.type != b.type:
        found["one has no type" if OTHER in (a.type, b.type) else "type conflict"] = 1.0
    elif a.type != OTHER:
        found["same type"] = 1.0
    if a.capital != b.capital and (b if a.capital else a).small:  # Windows and window, Apple and apples
        found["plural of a name" if "a plural" in found else "a capital on one side"] = 1.0
    if _stated(a, b):
        found["stated alias"] = 1.0
    names = COMPANY[" (part)" if form in PART_FORMS else " (different)" if form in DIFFERENT else ""]
    _facts(a, b, names, found)
    _documents(a.profile.documents, b.profile.documents, names, found)
    return found


def _stated(a: Look, b: Look) -> bool:
    """Whether a text calls one the other's name."""
    here, there = a.profile.stated, b.profile.stated
    if not here and not there:
        return False
    if a.view.key in there or b.view.key in here:
        return True
    return any(view.loose in stated for view in (a.view, b.view) for stated in (here, there))


def _facts(a: Look, b: Look, names: _Company, found: dict[str, float]) -> None:
    """Facts and neighbours in common."""
    if not a.keys or not b.keys:
        return
    if a.keys.isdisjoint(b.keys):
        if min(len(a.keys), len(b.keys)) >= 3:
            found[names.no_neighbour] = 1.0
    else:
        facts = len(a.profile.neighbours & b.profile.neighbours)
        shared = len(a.keys & b.keys)
        if facts:
            found[names.facts] = shared_amount(facts)
        if shared > facts:
            found[names.neighbours] = shared_amount(shared - facts)
    if a.view.key in b.keys or b.view.key in a.keys:
        found["a fact between the two"] = 1.0


def shared_amount(number: int) -> float:
    """What a number of things in common counts."""
    return min(math.log2(1 + number), MOST_SHARED)


def _documents(here: frozenset[str], there: frozenset[str], names: _Company, found: dict[str, float]) -> None:
    """Documents in common, and in what part of those of the rarer name."""
    if not here or not there:
        return
    if here.isdisjoint(there):
        found[names.no_document] = 1.0
    else:
        found[names.documents] = 1.0
        found[names.together] = len(here & there) / min(len(here), len(there))


@lru_cache(maxsize=1 << 15)
def _keys_of(neighbours: frozenset[str]) -> frozenset[str]:
    """The keys behind the first ``>`` or ``<`` of neighbours."""
    return frozenset(_ARROW.split(neighbour, maxsplit=1)[-1] for neighbour in neighbours)
