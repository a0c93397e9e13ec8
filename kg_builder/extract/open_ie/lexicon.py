"""Word lists as the rules write them."""

from __future__ import annotations

__all__ = ["word_set"]


def word_set(*texts: str) -> frozenset[str]:
    """The words of `texts`, which spaces separate."""
    return frozenset(word for text in texts for word in text.split())
