"""From canonical names and relations to what the graph shows: one door to `kg_builder.normalize`, opened late."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

__all__ = ["clean_name", "fold", "relation_type", "type_label"]


@lru_cache(maxsize=65536)
def relation_type(relation: str) -> str:
    """The relationship's type for a canonical relation, ``WORK_FOR``."""
    from kg_builder.normalize import relation_type as of

    return of(relation)


@lru_cache(maxsize=4096)
def type_label(type_: str) -> str:
    """The label for an entity's type."""
    from kg_builder.normalize import type_label as of

    return of(type_)


@lru_cache(maxsize=65536)
def clean_name(surface: str) -> str:
    """A surface as a name to show."""
    from kg_builder.normalize import clean_name as of

    return of(surface)


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """`text` as it is searched: width, case and runs of white space make no difference."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())
