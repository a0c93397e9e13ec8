"""The Cypher statements of entity resolution and of people's decisions; all others are in `cypher`."""

from __future__ import annotations

from kg_builder.store import cypher

# ---------------------------------------------------------------- which names are to be looked at again
NOTE_TOUCHED = "UNWIND $rows AS r CREATE (p:Store {id: r.id, names: r.names})"
TOUCHED = "MATCH (p:Store) WHERE p.id STARTS WITH 'touched:' RETURN p.id AS id, p.names AS names"
DELETE_TOUCHED = "UNWIND $ids AS id MATCH (p:Store {id: id}) DELETE p"

# ---------------------------------------------------------------- how far the graph is resolved
STATE = (
    "MATCH (g:Store {id: 'resolution'}) RETURN g.graph AS graph, g.serial AS serial, g.token AS token, "
    "g.threshold AS threshold, g.vectors AS vectors, g.judged AS judged"
)
SET_STATE = (
    "MERGE (g:Store {id: 'resolution'}) SET g.graph = $graph, g.serial = $serial, g.token = $token, "
    "g.threshold = $threshold, g.vectors = $vectors, g.judged = $judged"
)
FORGET_STATE = "MATCH (p:Store) WHERE p.id = 'resolution' OR p.id STARTS WITH 'touched:' DELETE p"
NAME_IDS = "MATCH (n:Name) WHERE n.id >= $low AND n.id < $high RETURN n.id AS id"

# ---------------------------------------------------------------- what is known of names
PROFILED = (
    "UNWIND $ids AS id MATCH (n:Name {id: id})-[:NAMES]->(e:Entity) RETURN n.id AS id, n.key AS key, n.type AS type, "
    "n.surfaces AS surfaces, n.counts AS counts, elementId(e) AS entity"
)
FACTS_OF_NAMES = tuple(
    "UNWIND $rows AS r MATCH (e) WHERE elementId(e) = r.entity "
    f"MATCH (e)<-[:{kind}]-(x:Extraction) WHERE x.{side}_name IN r.names "
    f"MATCH (x)-[:FROM]->(:Segment)-[:PART_OF]->(d:Document) RETURN x.{side}_name AS name, x.{other}_name AS other, "
    "x.relation AS relation, x.inverted AS inverted, x.edge IS NOT NULL AS fact, d.id AS document, d.uri AS uri"
    for kind, side, other in (("HEAD", "head", "tail"), ("TAIL", "tail", "head"))
)
NAMES_WITH_KEYS, NAMES_IN_SENSES = (
    f"UNWIND $keys AS key MATCH (n:Name {{{property}: key}})-[:NAMES]->(e:Entity) RETURN n.id AS id, n.key AS key, "
    "n.type AS type, n.name AS name, n.surfaces AS surfaces, n.counts AS counts, e.id AS entity, e.name AS entity_name"
    for property in ("key", "plain")
)
NAMES_IN_ENTITIES = (
    "UNWIND $ids AS id MATCH (e:Entity {id: id})<-[:NAMES]-(n:Name) RETURN n.id AS id, n.key AS key, n.type AS type, "
    "n.name AS name, n.surfaces AS surfaces, n.counts AS counts, e.id AS entity, e.name AS entity_name"
)

# ---------------------------------------------------------------- which of several things of one name is meant
# What documents say by one name is put under another of the same entity. Both are then names of that entity.
PART_MENTIONS = (
    "UNWIND $rows AS r MATCH (n:Name {id: r.old})-[:NAMES]->(e:Entity) MATCH (e)-[m:MENTIONED_IN]->(s:Segment) "
    "WHERE m.name = r.old MATCH (s)-[:PART_OF]->(d:Document) WHERE d.id IN r.documents SET m.name = r.new "
    "RETURN r.old AS old, r.new AS new, m.surface AS surface"
)
PART_EVIDENCE = tuple(
    "UNWIND $rows AS r MATCH (n:Name {id: r.old})-[:NAMES]->(e:Entity) "
    f"MATCH (e)<-[:{kind}]-(x:Extraction) WHERE x.{side}_name = r.old "
    "MATCH (x)-[:FROM]->(:Segment)-[:PART_OF]->(d:Document) WHERE d.id IN r.documents "
    f"SET x.{side}_name = r.new"
    for kind, side in (("HEAD", "head"), ("TAIL", "tail"))
)

SAID_IN = (
    "UNWIND $documents AS id MATCH (d:Document {id: id})<-[:PART_OF]-(s:Segment) "
    "MATCH (s)<-[m:MENTIONED_IN]-(:Entity) WHERE m.name IN $names RETURN DISTINCT m.name AS name, d.id AS document"
)

COUNT_NAMES_OF = "UNWIND $ids AS id MATCH (e:Entity {id: id})<-[:NAMES]-(n:Name) WITH e, count(n) AS n SET e.names = n"

# ---------------------------------------------------------------- where they are, and why
PLACED = (
    "UNWIND $ids AS id MATCH (n:Name {id: id})-[:NAMES]->(e:Entity) WITH DISTINCT e "
    "MATCH (m:Name)-[:NAMES]->(e) RETURN m.id AS id, m.key AS key, m.type AS type, e.id AS entity, "
    "e.mentions AS mentions, "
    "m.assigned AS assigned, m.shown AS shown, m.shown_at AS shown_at, m.typed AS typed, m.typed_at AS typed_at, "
    "m.name AS name"
)
LINKED = (
    "UNWIND $ids AS id MATCH (a:Name {id: id})-[l:LINKED]->(b:Name) RETURN a.id AS a, b.id AS b, "
    "l.probability AS probability, l.rule AS rule, l.scores AS scores"
)
UNLINK = "UNWIND $rows AS r MATCH (a:Name {id: r.a})-[l:LINKED]->(b:Name {id: r.b}) DELETE l"
LINK = (
    "UNWIND $rows AS r MATCH (a:Name {id: r.a}) MATCH (b:Name {id: r.b}) "
    "CREATE (a)-[:LINKED {probability: r.probability, rule: r.rule, scores: r.scores}]->(b)"
)
UNLINK_NAMES = "UNWIND $ids AS id MATCH (n:Name {id: id})-[l:LINKED]-(:Name) DELETE l"
RELEASE_NAMES = "UNWIND $ids AS id MATCH (n:Name {id: id}) REMOVE n.assigned"
SHOW_NAMES = "UNWIND $rows AS r MATCH (n:Name {id: r.id}) SET n.shown = r.shown, n.shown_at = r.shown_at"
TYPE_NAMES = "UNWIND $rows AS r MATCH (n:Name {id: r.id}) SET n.typed = r.typed, n.typed_at = r.typed_at"

# ---------------------------------------------------------------- decisions
DECISIONS = "MATCH (d:Decision) WHERE d.a_key IS NOT NULL RETURN properties(d) AS d"
PUT_DECISIONS = (
    "UNWIND $rows AS r MERGE (d:Decision {id: r.id}) SET d.kind = r.kind, d.a_key = r.a_key, d.a_type = r.a_type, "
    "d.b_key = r.b_key, d.b_type = r.b_type, d.who = r.who, d.at = r.at, d.source = r.source, d.note = r.note, "
    "d.document = r.document"
)
DELETE_DECISIONS = "UNWIND $ids AS id MATCH (d:Decision {id: id}) DELETE d"

# ---------------------------------------------------------------- a judge's answers
ANSWER = "MATCH (p:Store {id: $id}) RETURN properties(p) AS p"
ANSWERS = "MATCH (p:Store) WHERE p.id STARTS WITH 'judged:' RETURN properties(p) AS p"
PUT_ANSWERS = (
    "UNWIND $rows AS r MERGE (p:Store {id: r.id}) SET p.a = r.a, p.b = r.b, p.answer = r.answer, p.judge = r.judge, "
    "p.at = r.at"
)
FORGET_ANSWERS = "MATCH (p:Store) WHERE p.id STARTS WITH 'judged:' DELETE p"
MENTIONS_OF_NAME = (
    "MATCH (n:Name {id: $id})-[:NAMES]->(e:Entity) MATCH (e)-[m:MENTIONED_IN]->(s:Segment) WHERE m.name = n.id "
    "RETURN s.id AS segment, s.text AS text, s.start AS base, m.start AS start, m.end AS end "
    "ORDER BY segment, start LIMIT $most"
)

# ---------------------------------------------------------------- what must never be found
COUNT_DECISIONS = "MATCH (d:Decision) RETURN count(d) AS n"
WRONG_DECISIONS = (
    "MATCH (d:Decision) WHERE d.id >= $low AND d.id < $high "
    "AND NOT coalesce(d.kind, '') IN ['accept', 'reject', 'edit'] AND (d.a_key IS NULL OR d.a_type IS NULL OR "
    "NOT coalesce(d.kind, '') IN ['merge', 'never-merge', 'split', 'part', 'rename', 'retype'] OR "
    "(d.kind <> 'split' AND d.b_key IS NULL)) RETURN d.id AS id"
)
INVARIANTS = {
    "decisions that do not say what was decided": (WRONG_DECISIONS, COUNT_DECISIONS),
    "links between names that are not one entity": (
        "MATCH (a:Name) WHERE a.id >= $low AND a.id < $high MATCH (a)-[:LINKED]->(b:Name) "
        "MATCH (a)-[:NAMES]->(e:Entity) MATCH (b)-[:NAMES]->(f:Entity) WHERE e.id <> f.id "
        "RETURN coalesce(a.plain, a.key) + ' and ' + coalesce(b.plain, b.key) AS id",
        cypher.COUNT_NAMES,
    ),
}
DELETE_WRONG_LINKS = (
    "UNWIND $ids AS id MATCH (a:Name {id: id})-[l:LINKED]->(b:Name) MATCH (a)-[:NAMES]->(e:Entity) "
    "MATCH (b)-[:NAMES]->(f:Entity) WHERE e.id <> f.id DELETE l"
)
WRONG_LINKS = (
    "MATCH (a:Name) WHERE a.id >= $low AND a.id < $high MATCH (a)-[:LINKED]->(b:Name) "
    "MATCH (a)-[:NAMES]->(e:Entity) MATCH (b)-[:NAMES]->(f:Entity) WHERE e.id <> f.id "
    "RETURN a.id AS id, coalesce(a.plain, a.key) + ' and ' + coalesce(b.plain, b.key) AS example"
)
