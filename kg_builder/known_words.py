"""What the tables of words know about one word of a name."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from kg_builder.lemma import lemma_en

__all__ = ["is_given_name", "is_noun", "singular"]


@lru_cache(maxsize=2)
def _table(name: str) -> frozenset[str]:
    text = (files("kg_builder") / "models" / "en" / name).read_text(encoding="utf-8")
    return frozenset(text.replace("m:", "").replace("f:", "").split())


def is_given_name(word: str) -> bool:
    """Whether `word`, in lower case, is a frequent English given name."""
    return word in _table("given_names.txt")


def is_noun(word: str) -> bool:
    """Whether `word`, in lower case, is a known common noun of English in the singular."""
    return word in _table("nouns.txt")


def singular(word: str) -> str:
    """The singular of a known noun; any other word as it is."""
    base = lemma_en(word, "NOUN")
    return base if is_noun(base) else word
