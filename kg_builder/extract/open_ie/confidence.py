"""How likely a statement is to be right: logistic regression over named features, calibrated on sentences kept out.

The weights are trained by ``finetune.pipelines.confidence``; docs/confidence.md says on what, and how well they do.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache

from kg_builder.errors import ExtractionError
from kg_builder.extract.open_ie.runtime import MODELS

__all__ = ["confidence", "load_weights"]


def confidence(features: Mapping[str, float], *, language: str = "en") -> float:
    """The share, in [0, 1], of statements with these features that are right; those without a weight count nothing."""
    weights = load_weights(language)
    score = weights.get("", 0.0)
    for name, value in features.items():
        weight = weights.get(name)
        if weight is not None:
            score += weight * value
    return round(min(0.99, max(0.01, 1 / (1 + math.exp(-score)))), 3)


@lru_cache(maxsize=2)
def load_weights(language: str) -> dict[str, float]:
    """The shipped weights by feature, and under the empty name the one that always counts.

    Raises:
        ExtractionError: the file is missing or holds something else.
    """
    path = MODELS / language / "confidence.json"
    try:
        weights = json.loads(path.read_text(encoding="utf-8"))["weights"]
        return {str(name): float(weight) for name, weight in weights.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ExtractionError(
            f"expected the weights of confidence in {str(path)!r}, but {exc}: install the package again"
        ) from exc
