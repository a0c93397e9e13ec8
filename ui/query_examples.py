"""Cypher to begin with: what works on every graph of this schema, and what the graph at hand has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ui.query_schema import Pattern
from ui.session import t
from ui.style import type_label

__all__ = ["EXAMPLES", "Example", "pattern_examples"]


@dataclass(frozen=True, slots=True)
class Example:
    """A statement with a title (a key of `ui.words`). ``parameter`` is filled with a name from the graph; ``needs`` is
    the type of entity without which it would find nothing.
    """

    title: str
    cypher: str
    parameter: str = ""
    needs: str = ""


EXAMPLES: tuple[Example, ...] = (
    Example(
        "example.facts",
        "MATCH (a:Entity)-[r]->(b:Entity)\nRETURN a, r, b\nORDER BY r.support DESC, r.confidence DESC\nLIMIT 40",
    ),
    Example(
        "example.people",
        "MATCH (p:Entity)-[r]->(o:Entity)\nWHERE p.type = 'Person'\nRETURN p, r, o\nLIMIT 60",
        needs="Person",
    ),
    Example(
        "example.evidence",
        "MATCH (x:Extraction)-[:FROM]->(s:Segment)-[:PART_OF]->(d:Document)\n"
        "RETURN x.head AS head, x.surface AS words, x.tail AS tail, x.confidence AS confidence,\n"
        "       s.text AS text, d.title AS document\n"
        "LIMIT 20",
    ),
    Example(
        "example.relations",
        "MATCH (:Entity)-[r]->(:Entity)\n"
        "RETURN r.relation AS relation, count(*) AS facts\n"
        "ORDER BY facts DESC, relation\nLIMIT 50",
    ),
    Example(
        "example.documents",
        "MATCH (d:Document)\n"
        "OPTIONAL MATCH (d)<-[:PART_OF]-(:Segment)<-[:FROM]-(x:Extraction)\n"
        "RETURN d.title AS document, d.state AS state, count(x) AS statements\n"
        "ORDER BY statements DESC, document\nLIMIT 100",
    ),
    Example(
        "example.notfacts",
        "MATCH (x:Extraction)-[:FROM]->(s:Segment)\n"
        "WHERE x.polarity = 'negative' OR x.modality <> 'asserted'\n"
        "RETURN x.head AS head, x.surface AS words, x.tail AS tail, x.polarity AS polarity, x.modality AS modality,\n"
        "       s.text AS text\n"
        "LIMIT 50",
    ),
    Example(
        "example.name",
        "MATCH (e:Entity)-[r]-(o:Entity)\nWHERE e.name = $name\nRETURN e, r, o\nLIMIT 60",
        parameter="name",
    ),
)

_PLAIN = re.compile(r"[^\W\d]\w*")
_KNOWN = {
    ("Person", "WORK_FOR", "Organization"): "example.work",
    ("Person", "FOUND", "Organization"): "example.founders",
    ("Organization", "BASED_IN", "Place"): "example.based",
}


def pattern_examples(patterns: Sequence[Pattern], limit: int) -> list[tuple[str, str]]:
    """Titles, as text, and statements for kinds of facts that the graph has: those with a name of their own first."""
    telling = [each for each in patterns if "Other" not in (each.head_type, each.tail_type)]
    return [_pattern_example(each) for each in sorted(telling, key=lambda each: _known(each) is None)[:limit]]


def _known(pattern: Pattern) -> str | None:
    return _KNOWN.get((pattern.head_type, pattern.type, pattern.tail_type))


def _pattern_example(pattern: Pattern) -> tuple[str, str]:
    key = _known(pattern)
    title = t(key) if key else f"{type_label(pattern.head_type)} — {pattern.relation} → {type_label(pattern.tail_type)}"
    if all(_PLAIN.fullmatch(each) for each in (pattern.head_type, pattern.type, pattern.tail_type)):
        match = f"MATCH (a:{pattern.head_type})-[r:{pattern.type}]->(b:{pattern.tail_type})"
    else:
        match = (
            f"MATCH (a:Entity)-[r]->(b:Entity)\nWHERE a.type = {_string(pattern.head_type)} "
            f"AND r.relation = {_string(pattern.relation)} AND b.type = {_string(pattern.tail_type)}"
        )
    return title, f"{match}\nRETURN a, r, b\nORDER BY r.support DESC\nLIMIT 60"


def _string(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
