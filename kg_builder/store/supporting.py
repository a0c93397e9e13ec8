"""Which statements support a fact, and how much: the one place that says so.

Those that a text asserts, and that nobody has rejected or replaced. A person's word counts as certain.
"""

from __future__ import annotations

__all__ = ["CONFIDENCE", "supports", "weighed"]

CONFIDENCE = "CASE WHEN x.review = 'accept' THEN 1.0 ELSE x.confidence END"
"""What `weighed` says, in Cypher, of an extraction ``x`` that supports a fact."""


def supports(polarity: str, modality: str, review: str | None) -> bool:
    """Whether a statement that was reviewed so ("" or None: not at all) is a fact."""
    return (polarity, modality) == ("positive", "asserted") and review not in ("reject", "edit")


def weighed(confidence: float, review: str | None) -> float:
    """How sure a statement is that was reviewed so."""
    return 1.0 if review == "accept" else confidence
