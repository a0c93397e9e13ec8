"""Which relationship type a relation gets in the graph: one of a few thousand, however many relations texts hold.

Open extraction names relations without end, most of them once ("teach at university of"). Neo4j has room for 65,535
types in a database, planning and storage pay for each, and nobody can write Cypher against them. So the type is the
longest part of the relation that plain text uses often ("TEACH_AT"), from a vocabulary that ships with the package;
the edge's property ``relation`` keeps the relation whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from kg_builder.relation_lexicon import known_relation
from kg_builder.relations import identifier

__all__ = ["FALLBACK_TYPE", "PREPOSITIONS", "given_relation", "relation_type", "vocabulary_text"]

FALLBACK_TYPE = "RELATED_TO"
"""The type of a relation no part of which is in the vocabulary."""

PREPOSITIONS = frozenset(["about", "against", "as", "at", "by", "for", "from", "in", "into", "of", "on", "to", "with"])
"""What a verb's type may end in: a verb of the vocabulary has a type with each of them."""

_HAN = re.compile(r"[㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af]")


# What an underscore joins is a name that somebody chose (`given_relation`); texts write none.
_GIVEN = re.compile(r"\w*_\w*")


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    relations: frozenset[str]
    verbs: frozenset[str]


def vocabulary_text() -> str:
    """The vocabulary as it ships: a line for each relation (``r``) and each English verb to cut longer ones by
    (``v``).
    """
    return files("kg_builder").joinpath("models", "relation_types.txt").read_text(encoding="utf-8")


@cache
def _vocabulary() -> _Vocabulary:
    lines = [line.partition(" ") for line in vocabulary_text().splitlines()]
    return _Vocabulary(
        frozenset(words for kind, _, words in lines if kind == "r"),
        frozenset(words for kind, _, words in lines if kind == "v"),
    )


@lru_cache(maxsize=1 << 16)
def relation_type(name: str) -> str:
    """The relationship type of a canonical relation: "work for" is ``WORK_FOR``, "收藏于" is ``收藏于``.

    A relation of the lexicon has a type of its own.

    Where `name` begins with a verb of the vocabulary it is that verb with the preposition at the end ("teach at
    university of" is ``TEACH_AT``); else the longest end of `name` in the vocabulary ("chief technology officer of" is
    ``OFFICER_OF``), else the longest beginning. Letters, digits and underscores only, never empty, at most 64
    characters.
    """
    vocabulary = _vocabulary()
    if _GIVEN.fullmatch(name) and (given := identifier(name.upper())):
        return given
    if name in vocabulary.relations or known_relation(name) is not None:
        return identifier(name.upper())
    if _HAN.search(name):
        return _first(_chinese_parts(name), vocabulary) or FALLBACK_TYPE
    words = name.split()[:16]
    if words and words[0] in vocabulary.verbs:
        # The first preposition is the verb's own; later ones belong to nouns ("teach at university of").
        preposition = next((word for word in words[1:] if word in PREPOSITIONS), "")
        return identifier(f"{words[0]} {preposition}".strip().upper())
    ends = (" ".join(words[n:]) for n in range(1, len(words)))
    beginnings = (" ".join(words[:n]) for n in range(len(words) - 1, 0, -1))
    return _first(ends, vocabulary) or _first(beginnings, vocabulary) or FALLBACK_TYPE


@lru_cache(maxsize=1 << 12)
def given_relation(name: str) -> str:
    """A relation of an ontology as the graph has it, whatever the vocabulary says: "cast member" and ``castMember`` are
    ``cast_member``, with the type ``CAST_MEMBER``. One word that has no type of its own ends in an underscore.
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    made = identifier(spaced.lower())
    return made if "_" in made or relation_type(made) == identifier(made.upper()) else f"{made}_"


def _first(parts: Iterable[str], vocabulary: _Vocabulary) -> str:
    """The type of the first of `parts` that is in the vocabulary; empty where none is."""
    return next((identifier(part.upper()) for part in parts if part in vocabulary.relations), "")


def _chinese_parts(name: str) -> list[str]:
    """All runs of two characters and more, longest first, earlier first; then the first character."""
    text = "".join(name.split())[:32]
    runs = [text[at : at + size] for size in range(len(text) - 1, 1, -1) for at in range(len(text) - size + 1)]
    return [*runs, text[:1]]
