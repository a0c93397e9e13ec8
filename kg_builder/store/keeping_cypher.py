"""The Cypher statements for taking a whole store elsewhere and for mending one; all others are in `cypher`."""

from __future__ import annotations

from kg_builder.store.cypher import SYSTEM_LABELS

# ---------------------------------------------------------------- whole documents
DOCUMENTS_BY_ID = "UNWIND $ids AS id MATCH (d:Document {id: id}) RETURN properties(d) AS d"
SEGMENTS_OF = (
    "UNWIND $ids AS id MATCH (d:Document {id: id})<-[:PART_OF]-(s:Segment) "
    "OPTIONAL MATCH (s)<-[:FROM]-(x:Extraction) WITH id, s, count(x) AS extractions "
    "RETURN id AS document, properties(s) AS s, extractions"
)
EXTRACTIONS_OF = (
    "UNWIND $ids AS id MATCH (s:Segment {id: id})<-[:FROM]-(x:Extraction) WHERE x.decision IS NULL "
    "RETURN id AS segment, properties(x) AS x"
)
SEGMENTS_BY_ID = (
    "UNWIND $ids AS id MATCH (s:Segment {id: id})-[:PART_OF]->(d:Document) "
    "RETURN properties(s) AS s, properties(d) AS d, elementId(d) AS ref"
)
NAMES_BY_ID = "UNWIND $ids AS id MATCH (n:Name {id: id}) RETURN n.id AS id, n.key AS key, n.type AS type"

# ---------------------------------------------------------------- which names are one entity
PLACEMENTS = (
    "MATCH (e:Entity) WHERE e.id >= $low AND e.id < $high MATCH (n:Name)-[:NAMES]->(e) "
    "RETURN e.id AS entity, n.id AS name, n.assigned AS assigned"
)
PLACES_OF_NAMES = (
    "UNWIND $ids AS id MATCH (n:Name {id: id})-[:NAMES]->(e:Entity) "
    "RETURN n.id AS name, e.id AS entity, n.assigned AS assigned"
)

DOCUMENTS_OF = "UNWIND $ids AS id MATCH (s:Segment {id: id})-[:PART_OF]->(d:Document) RETURN DISTINCT d.id AS id"
COUNT_DECIDED = "MATCH (x:Extraction) WHERE x.decision IS NOT NULL RETURN count(x) AS n"
SEGMENT_TEXTS = "MATCH (s:Segment) WHERE s.id >= $low AND s.id < $high RETURN s.text AS text"

# ---------------------------------------------------------------- restoring
SET_RESTORE = "MERGE (r:Store {id: 'restore'}) SET r.backup = $backup, r.emptying = $emptying"
RESTORE = "MATCH (r:Store {id: 'restore'}) RETURN r.backup AS backup, r.emptying AS emptying"
END_RESTORE = "MATCH (r:Store {id: 'restore'}) DELETE r"
EMPTIED = tuple(
    (f"MATCH (n:{label}) RETURN count(n) AS n", f"MATCH (n:{label}) WITH n LIMIT $limit DETACH DELETE n")
    for label in SYSTEM_LABELS
    if label != "Store"
)


# ---------------------------------------------------------------- mending: the evidence
def _slice(variable: str) -> str:
    return f"WHERE {variable}.id >= $low AND {variable}.id < $high"


WRITING = "MATCH (d:Document {state: 'writing'}) RETURN d.id AS id, d.uri AS uri"
# What follows from decisions is made anew whenever a segment is written, and no document's own.
DOCUMENT_LOADS = (
    f"MATCH (d:Document) {_slice('d')} OPTIONAL MATCH (d)<-[:PART_OF]-(s:Segment) "
    "OPTIONAL MATCH (s)<-[:FROM]-(x:Extraction) WHERE x.decision IS NULL "
    "WITH d, count(DISTINCT s) AS segments, count(x) AS extractions "
    "RETURN d.id AS id, d.uri AS uri, d.state AS state, coalesce(d.segments, 0) AS said_segments, segments, "
    "coalesce(d.extractions, 0) AS said_extractions, extractions"
)
SHORT_DOCUMENTS = (
    f"MATCH (d:Document) {_slice('d')} AND d.state <> 'writing' OPTIONAL MATCH (d)<-[:PART_OF]-(s:Segment) "
    "OPTIONAL MATCH (s)<-[:FROM]-(x:Extraction) WHERE x.decision IS NULL "
    "WITH d, count(DISTINCT s) AS segments, count(x) AS extractions "
    "WHERE segments <> coalesce(d.segments, 0) OR extractions <> coalesce(d.extractions, 0) RETURN d.uri AS id"
)
SET_DOCUMENTS = "UNWIND $rows AS r MATCH (d:Document {id: r.id}) SET d += r.set"
ORPHAN_SEGMENTS = (
    f"MATCH (s:Segment) {_slice('s')} AND NOT EXISTS {{ (s)-[:PART_OF]->(:Document) }} "
    "RETURN s.id AS id, s.start AS start, s.end AS end, s.text AS text"
)
LINK_SEGMENTS = (
    "UNWIND $rows AS r MATCH (s:Segment {id: r.id}) MATCH (d:Document {id: r.document}) CREATE (s)-[:PART_OF]->(d)"
)
DELETE_SEGMENT_EXTRACTIONS = "UNWIND $ids AS id MATCH (:Segment {id: id})<-[:FROM]-(x:Extraction) DETACH DELETE x"
ORPHAN_EXTRACTIONS = (
    f"MATCH (x:Extraction) {_slice('x')} AND NOT EXISTS {{ (x)-[:FROM]->(:Segment) }} "
    "RETURN x.id AS id, properties(x) AS x"
)
MENTIONING_SEGMENTS = tuple(
    f"UNWIND $ids AS id MATCH (x:Extraction {{id: id}})-[:{kind}]->(e:Entity) "
    f"MATCH (e)-[m:MENTIONED_IN]->(s:Segment) WHERE m.name = x.{side}_name AND m.start = x.{side}_start "
    "MATCH (s)-[:PART_OF]->(d:Document) RETURN id, properties(s) AS s, properties(d) AS d"
    for kind, side in (("HEAD", "head"), ("TAIL", "tail"))
)
LINK_EXTRACTIONS = (
    "UNWIND $rows AS r MATCH (x:Extraction {id: r.id}) MATCH (s:Segment {id: r.segment}) CREATE (x)-[:FROM]->(s)"
)
DELETE_EXTRACTIONS = "UNWIND $ids AS id MATCH (x:Extraction {id: id}) DETACH DELETE x"
MORE_INVARIANTS = {"documents whose segments or extractions are not all there": SHORT_DOCUMENTS}

# ---------------------------------------------------------------- mending: what follows from the evidence
EVIDENCE_OF_SEGMENTS = (
    f"MATCH (s:Segment) {_slice('s')} MATCH (s)<-[:FROM]-(x:Extraction) RETURN s.id AS segment, x.id AS id, "
    "x.head_name AS head_name, x.head AS head, x.head_start AS head_start, x.head_end AS head_end, "
    "x.head_type AS head_type, x.tail_name AS tail_name, x.tail AS tail, x.tail_start AS tail_start, "
    "x.tail_end AS tail_end, x.tail_type AS tail_type"
)
NAME_ROWS = (
    f"MATCH (n:Name) {_slice('n')} OPTIONAL MATCH (n)-[:NAMES]->(e:Entity) WITH n, collect(e.id) AS entities "
    "RETURN n.id AS id, elementId(n) AS ref, properties(n) AS p, entities"
)
CREATE_LOST_NAMES = "UNWIND $rows AS r CREATE (n:Name {id: r.id}) SET n += r.set"
UNLINK_NAMES = "UNWIND $rows AS r MATCH (n:Name {id: r.id})-[old:NAMES]->(:Entity) DELETE old"
LINK_NAMES = "UNWIND $rows AS r MATCH (n:Name {id: r.id}) MATCH (e:Entity {id: r.entity}) CREATE (n)-[:NAMES]->(e)"
VOTES = tuple(
    "UNWIND $rows AS r MATCH (s:Segment {id: r.segment})<-[:FROM]-(x:Extraction) "
    f"WHERE x.{side}_name = r.name MATCH (x)-[:{kind}]->(e:Entity) RETURN e.id AS entity, count(x) AS n"
    for kind, side in (("HEAD", "head"), ("TAIL", "tail"))
)
FACTS_OF_NAMES = tuple(
    f"UNWIND $rows AS r MATCH (s:Segment {{id: r.segment}})<-[:FROM]-(x:Extraction) WHERE x.{side}_name = r.name "
    "AND x.edge IS NOT NULL RETURN x.edge AS edge, x.relation AS relation, x.inverted AS inverted, "
    "x.symmetric AS symmetric, x.head_name AS head_name, x.tail_name AS tail_name"
    for side in ("head", "tail")
)
ENTITY_ROWS = f"MATCH (e:Entity) {_slice('e')} RETURN e.id AS id, elementId(e) AS ref, properties(e) AS p"
ENTITY_REFS = "UNWIND $ids AS id MATCH (e:Entity {id: id}) RETURN e.id AS id, elementId(e) AS ref"
ENDS = (
    f"MATCH (s:Segment) {_slice('s')} MATCH (s)<-[:FROM]-(x:Extraction) "
    "OPTIONAL MATCH (x)-[:HEAD]->(h:Entity) WITH s, x, collect(h.id) AS heads "
    "OPTIONAL MATCH (x)-[:TAIL]->(t:Entity) WITH s, x, heads, collect(t.id) AS tails "
    "RETURN x.id AS id, elementId(x) AS ref, x.head_name AS head_name, x.tail_name AS tail_name, heads, tails, "
    "x.edge AS edge, x.inverted AS inverted, x.symmetric AS symmetric, x.relation AS relation, x.polarity AS polarity, "
    "x.modality AS modality, "
    "x.confidence AS confidence, x.review AS review, x.valid_from AS valid_from, x.valid_to AS valid_to"
)
UNLINK_ENDS = "UNWIND $ids AS id MATCH (x:Extraction {id: id})-[old:HEAD|TAIL]->() DELETE old"
LINK_ENDS = (
    "UNWIND $rows AS r MATCH (x:Extraction {id: r.id}) MATCH (h:Entity {id: r.head}) MATCH (t:Entity {id: r.tail}) "
    "CREATE (x)-[:HEAD]->(h) CREATE (x)-[:TAIL]->(t)"
)
SET_EDGE_KEYS = "UNWIND $rows AS r MATCH (x:Extraction {id: r.id}) SET x.edge = r.edge"
MENTIONS = (
    f"MATCH (s:Segment) {_slice('s')} MATCH (s)<-[m:MENTIONED_IN]-(e:Entity) RETURN s.id AS segment, e.id AS entity, "
    "m.name AS name, m.start AS start, m.end AS end, m.surface AS surface"
)
DELETE_MENTIONS = "UNWIND $ids AS id MATCH (s:Segment {id: id})<-[m:MENTIONED_IN]-() DELETE m"
MAKE_MENTIONS = (
    "UNWIND $rows AS r MATCH (e:Entity {id: r.entity}) MATCH (s:Segment {id: r.segment}) "
    "CREATE (e)-[:MENTIONED_IN {start: r.start, end: r.end, surface: r.surface, name: r.name}]->(s)"
)
EDGES = (
    f"MATCH (h:Entity) {_slice('h')} MATCH (h)-[f]->(t:Entity) RETURN h.id AS head, t.id AS tail, "
    "elementId(f) AS ref, f.relation AS relation, f.support AS support, f.confidence AS confidence, "
    "f.valid_from AS valid_from, f.valid_to AS valid_to"
)
DELETE_EDGES = "UNWIND $rows AS r MATCH (h:Entity {id: r.head})-[f]->(:Entity) WHERE elementId(f) = r.ref DELETE f"
