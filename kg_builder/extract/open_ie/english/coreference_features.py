"""What speaks for and against a person as the one whom "he" or "she" means: numbers for a small ranker."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

from kg_builder.extract.open_ie.english.people import Person
from kg_builder.extract.open_ie.english.positions import (
    GROUPS,
    SUBJECT,
    ancestors,
    bound,
    first_conjunct,
    is_aside,
    is_listed,
    role_of,
)
from kg_builder.extract.open_ie.english.tree import Tree

__all__ = ["FEATURES", "Candidate", "Situation", "describe"]

_ROLES = ("nsubj", "nsubj:pass", "obj", "iobj", "obl", "obl:agent", "nmod", "nmod:poss", "appos", "conj", "root")
_PRONOUN_ROLES = ("subject", "object", "oblique", "possessor")
_FAR = 80  # words; no distance counts for more
_MENTIONS = 20  # of one person that are looked at

FEATURES = (
    "same sentence", "one sentence back", "two sentences back", "further back", "only later", "distance",
    "between 0", "between 1", "between 2", "between more", "only one left", "mentions", "mentioned once", "first named",
    *(f"is {role}" for role in _ROLES), "is other",
    *(f"{role} for {of}" for of in _PRONOUN_ROLES for role in ("subject", "object", "oblique", "noun", "possessor")),
    "same role", "same role one sentence back", "subject one sentence back", "main subject", "main subject one back",
    "opens its sentence",
    "arguments of one verb", "owner inside the verb", "subject above", "subject two above", "subject of a coordinated",
    "inside the owned", "inside the owned, apposition", "below the pronoun's verb", "tree distance",
    "gender agrees", "gender surely agrees", "gender differs", "gender surely differs", "gender unknown",
    "no name by the tagger", "whole name", "quoted or bracketed", "in a list", "not the first in a list",
    "last one meant", "last one meant, same sentence", "last one meant, subject", "meant before", "only one meant",
    "any subject one back", "another subject same sentence",
    "later, subject of what stands above", "subject before", "subject before, one back", "subjects",
    "unknown, another agrees",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person and the mention that stands nearest to the pronoun."""

    person: Person
    place: int
    before: int  # how many mentions stand before the pronoun
    first: bool = False  # the first whom the text names


@dataclass(frozen=True, slots=True)
class Situation:
    """What surrounds a pronoun: where it stands, and whom earlier ones of its gender mean, latest last."""

    pronoun: int
    gender: str
    sentence: int
    earlier: tuple[tuple[int, Person], ...]


def describe(
    tree: Tree, sentence_of: list[int], situation: Situation, candidates: list[Candidate]
) -> list[list[float]]:
    """One row of `FEATURES` for each candidate."""
    p = situation.pronoun
    above = ancestors(tree, p)
    role = GROUPS.get(tree.dep[p], "")
    places = sorted(c.place for c in candidates)
    fitting = [c for c in candidates if c.person.gender in ("", situation.gender) and c.before]
    subjects = {
        c.place: sentence_of[c.place]
        for c in candidates
        if role_of(tree, c.place) in SUBJECT and c.person.named and c.before
    }
    rivals = sum(c.person.gender == situation.gender for c in fitting)
    meant = {id(person) for _, person in situation.earlier}
    return [
        _row(tree, sentence_of, situation, c, above, role, places, len(fitting), rivals, subjects, meant)
        for c in candidates
    ]


def _row(
    tree: Tree,
    sentence_of: list[int],
    situation: Situation,
    candidate: Candidate,
    above: list[int],
    role: str,
    places: list[int],
    fitting: int,
    rivals: int,
    subjects: dict[int, int],
    meant: set[int],
) -> list[float]:
    p, m, person = situation.pronoun, candidate.place, candidate.person
    dep = role_of(tree, m)
    back = situation.sentence - sentence_of[m]
    later = m > p
    between = bisect_left(places, p) - bisect_left(places, m) - 1 if not later else bisect_left(places, m)
    group = GROUPS.get(dep, "")
    subject = dep in SUBJECT
    governor = tree.head[first_conjunct(tree, m)]
    main = subject and governor >= 0 and tree.label[governor] == "root"
    gender, wanted = person.gender, situation.gender
    agrees, differs = gender == wanted, bool(gender) and gender != wanted
    recent = person.places[max(0, candidate.before - _MENTIONS) : candidate.before]
    acted = [k for k in recent if role_of(tree, k) in SUBJECT]
    row = [
        back == 0 and not later, back == 1, back == 2, back > 2, later,
        math.log1p(min(abs(p - m), _FAR)) / 4,
        between == 0, between == 1, between == 2, between > 2,
        fitting == 1 and not differs and not later,
        math.log1p(candidate.before), candidate.before == 1, candidate.first,
        *(dep == name for name in _ROLES), dep not in _ROLES,
        *(role == of and group == one for of in _PRONOUN_ROLES
          for one in ("subject", "object", "oblique", "noun", "possessor")),
        bool(group) and group == role, bool(group) and group == role and back == 1, subject and back == 1,
        main, main and back == 1,
        m == 0 or sentence_of[m - 1] != sentence_of[m],
        *bound(tree, p, m, above, back),
        agrees, agrees and person.sure, differs, differs and person.sure, not gender,
        not person.named, person.full, is_aside(tree, m), is_listed(tree, m), tree.label[m] == "conj",
        *_chained(sentence_of, situation, person, meant, tree),
        any(k != m and situation.sentence - s == 1 for k, s in subjects.items()),
        any(k != m and situation.sentence == s for k, s in subjects.items()),
        later and subject and governor in above,
        bool(acted), any(situation.sentence - sentence_of[k] == 1 for k in acted), math.log1p(len(acted)),
        not gender and (rivals - agrees) > 0,
    ]  # fmt: skip
    return [float(value) for value in row]


def _chained(
    sentence_of: list[int], situation: Situation, person: Person, meant: set[int], tree: Tree
) -> tuple[bool, ...]:
    if not situation.earlier:
        return False, False, False, False, False
    at, last = situation.earlier[-1]
    same = last is person
    return (
        same,
        same and sentence_of[at] == situation.sentence,
        same and tree.dep[at] in SUBJECT,
        id(person) in meant,
        id(person) in meant and len(meant) == 1,
    )
