"""How likely a statement is to be right: logistic regression over named features, calibrated on sentences kept out.

The weights are trained by ``finetune.pipelines.confidence``; docs/confidence.md says on what, and how well they do.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from kg_builder.errors import ExtractionError
from kg_builder.extract.open_ie.runtime import MODELS

__all__ = ["LEAST", "Weights", "confidence", "load_weights"]

LEAST = 0.5
"""What is more likely wrong than right is not for a graph."""


@dataclass(frozen=True, slots=True)
class Weights:
    """``of`` each feature and, under the empty name, what always counts. The sum is a logit for statements as their
    sentence has them (feature ``reading``); of those in a graph it is scaled and shifted first.
    """

    of: Mapping[str, float]
    scale: float = 1.0
    shift: float = 0.0

    def chance(self, features: Mapping[str, float]) -> float:
        """The share, in [0.01, 0.99], of statements with these features that are right; those without a weight count
        nothing."""
        score = self.of.get("", 0.0)
        for name, value in features.items():
            weight = self.of.get(name)
            if weight is not None:
                score += weight * value
        if "reading" not in features:
            score = self.scale * score + self.shift
        return min(0.99, max(0.01, 1 / (1 + math.exp(-score))))


def confidence(features: Mapping[str, float], *, language: str = "en") -> float:
    """How likely a statement with these features is to be right, by the shipped weights."""
    return round(load_weights(language).chance(features), 3)


@lru_cache(maxsize=2)
def load_weights(language: str) -> Weights:
    """The shipped weights.

    Raises:
        ExtractionError: the file is missing or holds something else.
    """
    path = MODELS / language / "confidence.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        weights = {str(name): float(weight) for name, weight in found["weights"].items()}
        again = found.get("graph", {})
        return Weights(weights, float(again.get("scale", 1.0)), float(again.get("shift", 0.0)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ExtractionError(
            f"expected the weights of confidence in {str(path)!r}, but {exc}: install the package again"
        ) from exc
