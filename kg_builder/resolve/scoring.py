"""How likely two names are one entity: weights of features, learnt, and calibrated to a probability.

Logistic regression: the log-odds of a pair are a constant plus the sum of its features times their weights, so that
every feature is a piece of evidence that adds up, as in Fellegi and Sunter (1969).
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from importlib.resources import files

from kg_builder.resolve.features import OTHER, compare
from kg_builder.resolve.gates import kept_apart
from kg_builder.resolve.records import Link, Profile

__all__ = ["link", "log_odds", "weight_of"]

_MOST = 12.0  # log-odds; no evidence of ours is surer


def link(a: Profile, b: Profile) -> Link:
    """How likely `a` and `b` are one entity, and what of; the same whichever comes first.

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
    odds = log_odds(scores)
    return Link(first.id, second.id, 1 / (1 + math.exp(-odds)), rule, scores)


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
    return weights
