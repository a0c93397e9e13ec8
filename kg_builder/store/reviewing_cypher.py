"""The Cypher statements of people's decisions on statements; all others are in `cypher`."""

from __future__ import annotations

from kg_builder.store import cypher

# ---------------------------------------------------------------- decisions
ANY = "MATCH (d:Decision) WHERE d.head > '' RETURN d.id AS id LIMIT 1"
ALL = "MATCH (d:Decision) WHERE d.kind IN ['accept', 'reject', 'edit'] RETURN properties(d) AS d"
OF_IDS = "UNWIND $ids AS id MATCH (d:Decision {id: id}) WHERE d.head IS NOT NULL RETURN properties(d) AS d"
OF_HEADS = "UNWIND $heads AS head MATCH (d:Decision {head: head}) RETURN properties(d) AS d"
PUT = "UNWIND $rows AS r CREATE (d:Decision {id: r.id}) SET d += r.set"

# ---------------------------------------------------------------- what they are about
NAMES = tuple(
    f"UNWIND $keys AS key MATCH (n:Name {{{property}: key}})-[:NAMES]->(e:Entity) "
    "RETURN key, e.id AS entity, e.mentions AS mentions"
    for property in ("key", "plain")
)
SEGMENTS = {
    side: (
        f"UNWIND $rows AS r MATCH (e:Entity {{id: r.entity}})<-[:{side.upper()}]-(x:Extraction) "
        "WHERE x.head = r.head AND x.tail = r.tail MATCH (x)-[:FROM]->(s:Segment) WHERE s.text CONTAINS r.sentence "
        "RETURN DISTINCT s.id AS id"
    )
    for side in ("head", "tail")
}
LOADS = (
    "UNWIND $ids AS id MATCH (s:Segment {id: id}) OPTIONAL MATCH (s)<-[:FROM]-(x:Extraction) "
    "RETURN s.id AS id, count(x) AS extractions"
)
STATEMENTS = (
    "UNWIND $ids AS id MATCH (x:Extraction {id: id})-[:FROM]->(s:Segment) MATCH (s)-[:PART_OF]->(d:Document) "
    "OPTIONAL MATCH (h:Name {id: x.head_name}) OPTIONAL MATCH (t:Name {id: x.tail_name}) "
    "RETURN properties(x) AS x, properties(s) AS s, d.uri AS uri, d.title AS title, "
    "coalesce(h.plain, h.key, '') AS head_key, coalesce(t.plain, t.key, '') AS tail_key"
)
BESIDE = (
    "UNWIND $ids AS id MATCH (s:Segment {id: id})<-[:FROM]-(x:Extraction) "
    "RETURN x.head AS head, x.head_type AS head_type, x.tail AS tail, x.tail_type AS tail_type"
)

# ---------------------------------------------------------------- what came of them
OF_DOCUMENT = (
    "MATCH (d:Document {id: $id})<-[:PART_OF]-(s:Segment) MATCH (s)<-[:FROM]-(x:Extraction) "
    "WHERE x.review IS NOT NULL OR x.decision IS NOT NULL "
    "RETURN properties(d) AS d, properties(s) AS s, properties(x) AS x"
)
FOLLOWING = (
    "MATCH (s:Segment) WHERE s.id >= $low AND s.id < $high MATCH (s)<-[:FROM]-(x:Extraction) "
    "WHERE $all OR x.review IS NOT NULL OR x.decision IS NOT NULL "
    "RETURN s.id AS segment, x.id AS id, x.head AS head, x.tail AS tail, x.review AS review, x.decision AS decision"
)
COUNT_SEGMENTS = cypher.COUNT_SEGMENTS
REVIEWED = (
    "UNWIND $ids AS id MATCH (s:Segment {id: id})<-[:FROM]-(x:Extraction) "
    "WHERE x.review IS NOT NULL OR x.decision IS NOT NULL "
    "RETURN id AS segment, x.id AS id, x.review AS review, x.decision AS decision"
)
