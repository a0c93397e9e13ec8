"""Names and statements in canonical form; what was written is kept beside it, never altered.

`clean_name` is for reading, `name_key` for matching: equal keys are one name. Keys never merge what a reader would keep
apart by its spelling (Java and JavaScript, C and C++, 北京大学 and 上海大学); closer judgements are left to resolution.
"""

from __future__ import annotations

from kg_builder.names import clean_name, name_key, says_something
from kg_builder.relation_lexicon import looked_up
from kg_builder.relation_types import relation_type
from kg_builder.relations import CanonicalRelation, canonical_relation, identifier, without_negation
from kg_builder.types import Extraction, Language, Name, Statement

__all__ = [
    "CanonicalRelation",
    "canonical_relation",
    "clean_name",
    "name_key",
    "relation_type",
    "statement_problem",
    "to_statement",
    "type_label",
]

SYSTEM_LABELS = frozenset({"Document", "Segment", "Entity", "Extraction", "Name", "Store", "Decision", "Run"})


def to_statement(extraction: Extraction, *, language: Language) -> Statement | None:
    """The extraction in canonical form, or None where `statement_problem` has something to say."""
    if statement_problem(extraction):
        return None
    canonical = canonical_relation(extraction.relation, language=language)
    name = canonical.name
    if extraction.polarity == "negative":  # the polarity says so already
        name = without_negation(name)
    head = Name(name_key(extraction.head.surface), extraction.head.type.strip() or "Other")
    tail = Name(name_key(extraction.tail.surface), extraction.tail.type.strip() or "Other")
    inverted = canonical.inverted
    if language != "other" and not getattr(extraction.relation, "given", False):  # an ontology's own is no word
        types = (tail.type, head.type) if inverted else (head.type, tail.type)
        found = looked_up(name, extraction.relation.surface, *types)
        if found is not None:
            known, turned = found
            name, inverted = known.name, inverted != turned
    return Statement(extraction=extraction, head=head, tail=tail, relation=name, inverted=inverted)


def statement_problem(extraction: Extraction) -> str | None:
    """Why `extraction` cannot become a statement (``empty-head``, ``empty-relation``, ``empty-tail``), or None."""
    if not says_something(extraction.head.surface):
        return "empty-head"
    if not says_something(extraction.tail.surface):
        return "empty-tail"
    if not says_something(extraction.relation.lemma) and not says_something(extraction.relation.surface):
        return "empty-relation"
    return None


def type_label(type: str) -> str:
    """The Cypher label of an entity type: letters, digits and underscores, never one of the schema's own labels."""
    label = identifier(type) or "Other"
    return f"{label}_" if label.casefold() in _RESERVED else label


_RESERVED = frozenset(label.casefold() for label in SYSTEM_LABELS)
