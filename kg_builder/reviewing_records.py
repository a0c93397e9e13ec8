"""People's decisions on statements: that one is right, that it is wrong, or what it should say.

A statement is known by what the text says and not by where: its sentence, the words of head, relation and tail, and
whether it is denied or hypothetical. So a decision holds in every document that has the sentence, and when a document
is read again, moved or changed elsewhere. Nothing here touches a graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Literal, cast

from kg_builder.names import name_key
from kg_builder.sentences import split_sentences
from kg_builder.types import (
    MODALITIES,
    POLARITIES,
    Extraction,
    Mention,
    Modality,
    Name,
    Polarity,
    Relation,
    Segment,
    Statement,
    digest,
)

__all__ = [
    "PERSON",
    "REVIEWS",
    "Corrected",
    "Review",
    "Said",
    "StatementDecision",
    "Words",
    "corrected_statement",
    "decision_from_row",
    "keys_of",
    "row_of_decision",
    "sentence_around",
    "words_of",
]

Review = Literal["accept", "reject", "edit"]
REVIEWS: tuple[Review, ...] = ("accept", "reject", "edit")

PERSON = "person"
"""The extractor of statements that people put in the place of others."""

Words = tuple[str, str, str, str, str]
"""Words of head, relation and tail, polarity and modality: what a statement says, but for its sentence."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a sentence says instead. ``start`` is where words stand in it; None: they do not.

    ``name`` is the relation in canonical form, ``inverted`` says that the fact reads from tail to head.
    """

    head: str
    head_start: int
    head_type: str
    relation: str
    relation_start: int | None
    tail: str
    tail_start: int
    tail_type: str
    name: str
    inverted: bool = False

    def stands_in(self, sentence: str) -> bool:
        """Whether its words are where it says."""
        texts = (self.head, self.head_type, self.relation, self.tail, self.tail_type, self.name)
        if not all(isinstance(each, str) and each for each in texts):
            return False
        placed = [(self.head, self.head_start), (self.tail, self.tail_start)]
        if self.relation_start is not None:
            placed.append((self.relation, self.relation_start))
        return all(isinstance(at, int) and at >= 0 and sentence.startswith(words, at) for words, at in placed)


@dataclass(frozen=True, slots=True)
class Said:
    """What a statement says: the words as they were extracted, and the sentence that they stand in."""

    sentence: str
    head: str
    relation: str
    tail: str
    polarity: Polarity = "positive"
    modality: Modality = "asserted"

    @property
    def id(self) -> str:
        """Identity of the decision on it, whoever decides, when and how."""
        return digest("statement", self.sentence, *self.words)[:12]

    @property
    def words(self) -> Words:
        """What it says, but for the sentence."""
        return (self.head, self.relation, self.tail, self.polarity, self.modality)


@dataclass(frozen=True, slots=True)
class StatementDecision:
    """What a person decided about a statement: data that outlives the graph it was made on.

    The latest decision on a statement is the only one. ``at`` is an ISO time in UTC, ``source`` says where it comes
    from. ``head_key`` and ``tail_key`` are the keys that the names had where it was taken, if others than their words
    have by themselves: the statement is found by them, too.
    """

    kind: Review
    said: Said
    who: str
    at: str
    source: str = ""
    note: str = ""
    corrected: Corrected | None = None  # of an edit
    head_key: str = ""
    tail_key: str = ""

    @property
    def id(self) -> str:
        """Identity: that of the statement."""
        return self.said.id


def keys_of(surface: str) -> list[str]:
    """The keys that a name of these words has by itself, as different importers make them."""
    return list(dict.fromkeys((name_key(surface), surface.casefold(), surface)))


def words_of(extraction: Extraction) -> Words:
    """What an extraction says, but for its sentence."""
    relation = extraction.relation.surface or extraction.relation.lemma
    return (extraction.head.surface, relation, extraction.tail.surface, extraction.polarity, extraction.modality)


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The run of whole sentences of `text` that holds all from `start` to `end`."""
    spans = [(first, last) for first, last in _sentences(text) if last > start and first < end]
    return min([start, *(first for first, _ in spans)]), max([end, *(last for _, last in spans)])


_sentences = lru_cache(maxsize=512)(split_sentences)


def corrected_statement(
    decision: StatementDecision,
    segment: Segment,
    start: int,
    originals: Sequence[Statement],
    beside: Sequence[Statement],
) -> Statement:
    """What an edit says of a sentence that begins at `start` in the document.

    Circumstances stay those of the surest of the statements that it replaces. What the statements of the segment, those
    of `beside`, mean by the same words is meant.
    """
    new = decision.corrected
    if new is None:
        raise ValueError(f"expected an edit, found {decision.kind!r}")
    best = min(originals, key=lambda each: (-each.extraction.confidence, each.extraction.id)).extraction
    related = new.relation_start
    extraction = Extraction(
        _mention(new.head, start + new.head_start, new.head_type),
        Relation(new.relation, start + related, start + related + len(new.relation))
        if related is not None
        else Relation(new.relation),
        _mention(new.tail, start + new.tail_start, new.tail_type),
        1.0,
        PERSON,
        segment=segment,
        polarity=decision.said.polarity,
        modality=decision.said.modality,
        qualifiers=best.qualifiers,
    )
    head, tail = (_name(each, beside) for each in (extraction.head, extraction.tail))
    return Statement(extraction, head, tail, new.name, new.inverted)


def _name(mention: Mention, beside: Sequence[Statement]) -> Name:
    """What is meant by a mention: of several things of one name the one that the same segment speaks of."""
    made = Name(name_key(mention.surface), mention.type)
    said = [(s.extraction.head, s.head) for s in beside] + [(s.extraction.tail, s.tail) for s in beside]
    same = {name for each, name in said if (each.surface, each.type) == (mention.surface, mention.type)}
    alike = same or {name for _, name in said if name.in_sense("") == made}
    return min(alike, key=lambda name: name.id, default=made)


def _mention(surface: str, start: int, type_: str) -> Mention:
    return Mention(surface, start, start + len(surface), type_)


# ---------------------------------------------------------------- as data
_SAID = tuple(each.name for each in fields(Said))
_TOLD = ("who", "at", "source", "note")
_KEYS = ("head_key", "tail_key")
_CORRECTED = tuple(each.name for each in fields(Corrected))


def row_of_decision(decision: StatementDecision) -> dict[str, Any]:
    """A decision as flat properties, those of an edit with ``new_`` before them; what is None is left out."""
    row: dict[str, Any] = {"id": decision.id, "kind": decision.kind}
    row |= {name: getattr(decision.said, name) for name in _SAID}
    row |= {name: getattr(decision, name) for name in _TOLD}
    row |= {name: getattr(decision, name) or None for name in _KEYS}
    if decision.corrected is not None:
        row |= {f"new_{name}": getattr(decision.corrected, name) for name in _CORRECTED}
    return {name: value for name, value in row.items() if value is not None}


def decision_from_row(row: Mapping[str, Any]) -> StatementDecision:
    """The decision that flat properties are.

    Raises:
        ValueError: they are none; with what is wrong with them.
    """
    if row.get("kind") not in REVIEWS:
        raise ValueError(f"expected one of {', '.join(REVIEWS)} for 'kind', found {row.get('kind')!r}")
    for name in ("sentence", "head", "relation", "tail"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise ValueError(f"expected text for {name!r}, found {row.get(name)!r}")
        row[name].encode("utf-8")
    if row.get("polarity") not in POLARITIES or row.get("modality") not in MODALITIES:
        raise ValueError(f"expected a polarity and a modality, found {row.get('polarity')!r}, {row.get('modality')!r}")
    if not (row["head"] in row["sentence"] and row["tail"] in row["sentence"]):
        raise ValueError("expected head and tail to stand in the sentence")
    corrected = None
    if row["kind"] == "edit":
        new: dict[str, Any] = {name: row.get(f"new_{name}") for name in _CORRECTED}
        corrected = Corrected(**{**new, "inverted": bool(new["inverted"])})
        if not corrected.stands_in(row["sentence"]):
            raise ValueError("expected what is right instead, with words that stand in the sentence")
    said = Said(*(row[name] for name in _SAID))
    who, at, source, note = (str(row.get(name) or "") for name in _TOLD)
    head_key, tail_key = (str(row.get(name) or "") for name in _KEYS)
    return StatementDecision(cast(Review, row["kind"]), said, who, at, source, note, corrected, head_key, tail_key)
