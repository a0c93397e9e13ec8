"""How likely two names are one entity: weights of features, learnt, and calibrated to a probability.

Logistic regression: the log-odds of a pair are a constant plus the sum of its features times their weights, so that
every feature is a piece of evidence that adds up, as in Fellegi and Sunter (1969). Two weights are set, not
learnt: that of vectors, since models differ and none ships with this project, and that of a judge's answer.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from importlib.resources import files

from kg_builder.resolve.features import OTHER, compare
from kg_builder.resolve.gates import kept_apart, other_words
from kg_builder.resolve.records import Link, Profile
from kg_builder.resolve.vectors import ALIKE

__all__ = ["JUDGED", "judged", "link", "log_odds", "weight_of"]

JUDGED = "judged"

_MOST = 12.0  # log-odds; no evidence of ours is surer
_SET = {ALIKE: 4.0, f"{ALIKE} (other script)": 2.0, JUDGED: 3.0}
_OTHER_WORDS = frozenset({"different", "other script"})


def link(a: Profile, b: Profile, *, vectors: float = 0.0) -> Link:
    """How likely `a` and `b` are one entity, and what of; the same whichever comes first. `vectors` says how alike
    their vectors are, from 0 to 1.

    Names with two types of which neither is ``Other`` never are (rule ``types``, probability 0), nor one name in two
    senses (``homonyms``), nor those that `kept_apart` parts; names written in letters that only look alike are left to
    a person.
    """
    first, second = (a, b) if a.id <= b.id else (b, a)
    kinds = {first.name.type, second.name.type} - {OTHER}
    if len(kinds) > 1:
        return Link(first.id, second.id, 0.0, "types", {"type conflict": 1.0})
    if first.name.plain == second.name.plain and first.name.type == second.name.type and first.id != second.id:
        return Link(first.id, second.id, 0.0, "homonyms", {"homonyms": 1.0})
    form, scores = compare(first, second)
    rule = "stated" if "stated alias" in scores else form.replace(" ", "-")
    if rule != "stated" and (reason := kept_apart(first, second, form)):
        return Link(first.id, second.id, 0.0, reason.replace(" ", "-"), {reason: 1.0})
    if rule != "stated" and not vectors and other_words(first, second, form):
        return Link(first.id, second.id, 0.0, "other-words", {"other words": 1.0})
    if vectors:
        scores[f"{ALIKE} (other script)" if form == "other script" else ALIKE] = vectors
    odds = log_odds(scores)
    if vectors and odds > 0 and form in _OTHER_WORDS and rule != "stated":
        rule = "vectors"
    return Link(first.id, second.id, 1 / (1 + math.exp(-odds)), rule, scores)


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
