"""Statements that walk over the facts. A filter that is null lets everything through."""

from __future__ import annotations

__all__ = [
    "ADJACENT",
    "FACTS_AMONG",
    "FACTS_OF_DOCUMENTS",
    "MOST_MENTIONED",
    "facts_between_mentioned",
    "neighbours",
]

_FACT = (
    "RETURN h.id AS head, f.relation AS relation, t.id AS tail, f.support AS support, f.confidence AS confidence, "
    "f.valid_from AS valid_from, f.valid_to AS valid_to"
)
# A fact that holds on some day of a span; one that says nothing of time is in none. Days are texts in ISO 8601.
_WANTED = (
    "f.confidence >= $confidence AND ($relations IS NULL OR f.relation IN $relations) "
    "AND ($without IS NULL OR NOT f.relation IN $without) "
    "AND ($since IS NULL OR f.valid_to >= $since OR (f.valid_to IS NULL AND f.valid_from IS NOT NULL)) "
    "AND ($until IS NULL OR f.valid_from <= $until OR (f.valid_from IS NULL AND f.valid_to IS NOT NULL))"
)
_BEST = " ORDER BY support DESC, confidence DESC LIMIT $limit"

_OUT = "MATCH (h:Entity {id: id})-[f]->(t:Entity)"
_IN = "MATCH (t:Entity {id: id})<-[f]-(h:Entity)"


def neighbours(*, out: bool, some: bool) -> str:
    """The facts that lead out of entities, or into them; of each entity all, or ``$some`` of them that come first."""
    pattern, far = (_OUT, "t") if out else (_IN, "h")
    found = f"CALL (id) {{ {pattern} RETURN h, f, t LIMIT $some }} WITH h, f, t" if some else pattern
    return f"UNWIND $ids AS id {found} WHERE {_WANTED} AND ($types IS NULL OR {far}.type IN $types) {_FACT}{_BEST}"


ADJACENT = (
    "UNWIND $ids AS id MATCH (e:Entity {id: id})-[f]-(o:Entity) WHERE o.id <> id "
    "RETURN DISTINCT id AS id, o.id AS other LIMIT $limit"
)
FACTS_AMONG = f"UNWIND $ids AS id MATCH (h:Entity {{id: id}})-[f]->(t:Entity) WHERE t.id IN $ids {_FACT}"

FACTS_OF_DOCUMENTS = (
    "UNWIND $documents AS id MATCH (d:Document {id: id})<-[:PART_OF]-(s:Segment) MATCH (s)<-[:FROM]-(x:Extraction) "
    "WHERE x.edge IS NOT NULL MATCH (x)-[:HEAD]->(h:Entity) MATCH (x)-[:TAIL]->(t:Entity) "
    "RETURN x.edge AS edge, x.relation AS relation, x.inverted AS inverted, h.id AS head, h.type AS head_type, "
    "t.id AS tail, t.type AS tail_type LIMIT $limit"
)

MOST_MENTIONED = (
    "MATCH (e:Entity) WHERE ($types IS NULL OR e.type IN $types) "
    "RETURN e.id AS id, e.mentions AS mentions ORDER BY mentions DESC, id LIMIT $limit"
)


# Whether the other end is one of the chosen is asked by its number of mentions: a long list would be searched for each.
def facts_between_mentioned(*, some: bool) -> str:
    """The facts that lead from entities to others of at least ``$least`` mentions; all, or of each the first ones."""
    found = f"CALL (id) {{ {_OUT} RETURN h, f, t LIMIT $some }} WITH h, f, t" if some else _OUT
    return f"UNWIND $ids AS id {found} WHERE t.mentions >= $least AND {_WANTED} {_FACT}{_BEST}"
