"""How likely two names are one entity: weights of features, learnt, and calibrated to a probability.

Logistic regression: the log-odds of a pair are a constant plus the sum of its features times their weights, so that
every feature is a piece of evidence that adds up, as in Fellegi and Sunter (1969). Two weights are set, not
learnt: that of vectors, since models differ and none ships with this project, and that of a judge's answer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from kg_builder.resolve.features import (
    COMPANY,
    DIFFERENT,
    MOST_SHARED,
    OTHER,
    Look,
    look_at,
    shared_amount,
    spelt,
    with_company,
)
from kg_builder.resolve.gates import kept_apart, other_words
from kg_builder.resolve.records import Link, Profile
from kg_builder.resolve.vectors import ALIKE

__all__ = ["JUDGED", "judged", "likely_link", "link", "link_of", "log_odds", "weight_of"]

JUDGED = "judged"

_MOST = 12.0  # log-odds; no evidence of ours is surer
_SET = {ALIKE: 4.0, f"{ALIKE} (other script)": 2.0, JUDGED: 3.0}
_ROUNDING = 1e-6  # log-odds; sums of the same terms may differ by far less


def link(a: Profile, b: Profile, *, vectors: float = 0.0) -> Link:
    """How likely `a` and `b` are one entity, and what of; the same whichever comes first. `vectors` says how alike
    their vectors are, from 0 to 1.

    Names with two types of which neither is ``Other`` never are (rule ``types``, probability 0), nor one name in two
    senses (``homonyms``), nor those that `kept_apart` parts; names written in letters that only look alike are left to
    a person.
    """
    return link_of(look_at(a), look_at(b), vectors=vectors)


def link_of(a: Look, b: Look, *, vectors: float = 0.0) -> Link:
    """`link`, of names that have been looked at."""
    first, second = (a, b) if a.profile.id <= b.profile.id else (b, a)
    if reason := _surely_two(first, second):
        return Link(first.profile.id, second.profile.id, 0.0, *reason)
    return _linked(first, second, *spelt(first, second), vectors)


def likely_link(a: Look, b: Look, least: float) -> Link | None:
    """The `link` of two names, without vectors, or None where its probability is below `least`: of most pairs that is
    plain from their spelling and what can be said of their company at first sight."""
    first, second = (a, b) if a.profile.id <= b.profile.id else (b, a)
    if reason := _surely_two(first, second):
        return None if least > 0 else Link(first.profile.id, second.profile.id, 0.0, *reason)
    form, spelling = spelt(first, second)
    if form in DIFFERENT and _cannot_reach(least, first, second, spelling):
        return None
    found = _linked(first, second, form, spelling)
    return found if found.probability >= least else None


def _surely_two(a: Look, b: Look) -> tuple[str, dict[str, float]] | None:
    """The rule and the features of two names that are never one, whatever else is known."""
    if a.type != b.type:
        return None if OTHER in (a.type, b.type) else ("types", {"type conflict": 1.0})
    one_name = a.view.key == b.view.key and a.profile.id != b.profile.id
    return ("homonyms", {"homonyms": 1.0}) if one_name else None


def _linked(a: Look, b: Look, form: str, spelling: Mapping[str, float], vectors: float = 0.0) -> Link:
    """The link of two names of a form and a spelling, the smaller id first."""
    scores = with_company(a, b, form, spelling)
    first, second = a.profile, b.profile
    rule = "stated" if "stated alias" in scores else form.replace(" ", "-")
    if rule != "stated" and (reason := kept_apart(first, second, form)):
        return Link(first.id, second.id, 0.0, reason.replace(" ", "-"), {reason: 1.0})
    if rule != "stated" and not vectors and other_words(first, second, form):
        return Link(first.id, second.id, 0.0, "other-words", {"other words": 1.0})
    if vectors:
        scores[f"{ALIKE} (other script)" if form == "other script" else ALIKE] = vectors
    odds = log_odds(scores)
    if vectors and odds > 0 and form in DIFFERENT and rule != "stated":
        rule = "vectors"
    return Link(first.id, second.id, 1 / (1 + math.exp(-odds)), rule, scores)


def _cannot_reach(least: float, a: Look, b: Look, spelling: Mapping[str, float]) -> bool:
    """Whether the probability of two names whose spelling differs is below `least`, whatever else is looked at."""
    one, other = a.profile, b.profile
    if one.stated or other.stated or not 0 < least < 1:
        return False
    weights, most = _weights(), _most()
    odds = most.always
    for name, value in spelling.items():
        odds += weights.get(name, 0.0) * value
    if not one.documents.isdisjoint(other.documents):
        odds += most.documents
    if not a.keys.isdisjoint(b.keys):
        odds += most.facts + most.neighbours * shared_amount(len(a.keys & b.keys))
    return max(odds, -_MOST) < math.log(least / (1 - least)) - _ROUNDING


class _Most(NamedTuple):
    """What company adds to the log-odds at most where the spelling differs and no text calls one name the other's:
    always, with documents in common, with facts in common, and for one unit of neighbours in common."""

    always: float
    documents: float
    facts: float
    neighbours: float


@lru_cache(maxsize=1)
def _most() -> _Most:
    weights, names = _weights(), COMPANY[" (different)"]

    def most(*features: str) -> float:
        return max(0.0, *(weights.get(feature, 0.0) for feature in features))

    return _Most(
        weights["constant"]
        + most("same type", "one has no type")
        + most("a capital on one side", "plural of a name")
        + most("a fact between the two")
        + most(names.no_neighbour)
        + most(names.no_document),
        most(names.documents) + most(names.together),
        MOST_SHARED * most(names.facts),
        most(names.neighbours),
    )


def judged(link: Link, *, one: bool) -> Link:
    """The link of two names that a judge was asked about: its answer is evidence like any other, and strong."""
    scores = {**link.scores, JUDGED: 1.0 if one else -1.0}
    return Link(link.a, link.b, 1 / (1 + math.exp(-log_odds(scores))), JUDGED, scores)


def log_odds(scores: dict[str, float]) -> float:
    """The weights of the features that are there, added up, within ±12."""
    weights = _weights()
    total = weights["constant"]
    for name, value in scores.items():
        total += weights.get(name, 0.0) * value
    return max(-_MOST, min(_MOST, total))


def weight_of(feature: str) -> float:
    """What one unit of a feature adds to the log-odds; 0 for one that is not known."""
    return _weights().get(feature, 0.0)


@lru_cache(maxsize=1)
def _weights() -> dict[str, float]:
    text = (files("kg_builder") / "models" / "resolution" / "weights.json").read_text(encoding="utf-8")
    weights: dict[str, float] = json.loads(text)["weights"]
    return weights | _SET
