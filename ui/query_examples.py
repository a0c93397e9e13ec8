"""Cypher that works on every graph of this schema, whatever its types and relations are called."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EXAMPLES", "Example"]


@dataclass(frozen=True, slots=True)
class Example:
    """A statement with a title (`i18n` key). ``parameter`` is filled with a name from the graph."""

    title: str
    cypher: str
    parameter: str = ""


EXAMPLES: tuple[Example, ...] = (
    Example(
        "example.facts",
        "MATCH (a:Entity)-[r]->(b:Entity)\nRETURN a, r, b\nORDER BY r.support DESC, r.confidence DESC\nLIMIT 40",
    ),
    Example(
        "example.people",
        "MATCH (p:Entity)-[r]->(o:Entity)\nWHERE p.type = 'Person'\nRETURN p, r, o\nLIMIT 60",
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
