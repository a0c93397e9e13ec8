"""How much of a document one page shows: a link to a segment must lead to the right page."""

from __future__ import annotations

__all__ = ["SEGMENTS_A_PAGE", "page_of"]

SEGMENTS_A_PAGE = 10


def page_of(segment_index: int) -> int:
    """The page, counted from 1, that shows a segment."""
    return segment_index // SEGMENTS_A_PAGE + 1
