"""Every Cypher statement of the store.

Values go in as parameters. The few places where Cypher wants a name (labels and types on a server without dynamic
ones) go through `quote_identifier`. A fact is a relationship between two entities; whatever its type is called, it
cannot be taken for one of ours (``HEAD``, ``NAMES`` …), since those have another kind of node at one end at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kg_builder.store.dialect import Dialect, quote_identifier
from kg_builder.store.supporting import CONFIDENCE
from kg_builder.values import VALUE_PROPERTIES

SYSTEM_LABELS = ("Document", "Segment", "Entity", "Extraction", "Name", "Store", "Decision")

UNIQUE = (
    ("Document", "id"),
    ("Segment", "id"),
    ("Entity", "id"),
    ("Extraction", "id"),
    ("Name", "id"),
    ("Store", "id"),
    ("Decision", "id"),
)
INDEXED = (
    ("Document", "uri"),
    ("Document", "state"),
    ("Entity", "name"),
    ("Entity", "type"),
    ("Entity", "folded"),
    ("Extraction", "edge"),
    ("Name", "key"),
    ("Name", "plain"),
    ("Name", "folded"),
    ("Decision", "head"),
)
TEXT_INDEXED = (("Entity", "search"),)


def schema(dialect: Dialect) -> list[str]:
    """The statements that make all constraints and indexes; each leaves alone what is there."""
    made = [
        f"CREATE CONSTRAINT kg_{label}_{key}_unique IF NOT EXISTS FOR (n:{label}) REQUIRE n.{key} IS UNIQUE"
        for label, key in UNIQUE
    ]
    made += [f"CREATE INDEX kg_{label}_{key} IF NOT EXISTS FOR (n:{label}) ON (n.{key})" for label, key in INDEXED]
    if dialect.text_indexes:
        made += [
            f"CREATE TEXT INDEX kg_{label}_{key}_text IF NOT EXISTS FOR (n:{label}) ON (n.{key})"
            for label, key in TEXT_INDEXED
        ]
    return made


SHOW_INDEXES = "SHOW INDEXES"

# Every write begins with this: it makes writers take turns on a server, and counts the versions of the graph.
_TAKE_TURN = "MERGE (g:Store {id: 'graph'}) SET g.version = coalesce(g.version, 0) + 1"
TAKE_TURN = f"{_TAKE_TURN} RETURN g.version AS version"
VERSION = "MATCH (g:Store {id: 'graph'}) RETURN g.version AS version"


def _made(properties: Sequence[str]) -> str:
    """The properties of a node that a statement makes, from the row's ``set``; those that a row lacks are not set.

    Named one by one: Neo4j writes a whole map (``SET n += r.set``) nine times more slowly.
    """
    return ", ".join(f"{each}: r.set.{each}" for each in properties)


# What nodes are made with, besides their id.
SEGMENT = ("index", "start", "end", "page", "text", "language", "section", "split")
ENTITY = ("type", "name", "aliases", "mentions", "names", "folded", "search", *VALUE_PROPERTIES)
NAME = ("key", "plain", "type", "name", "folded", "surfaces", "counts")
_ARGUMENT = ("", "_start", "_end", "_type", "_name", "_argument", "_argument_start", "_argument_end")
EXTRACTION = (
    *("relation", "surface", "relation_start", "relation_end", "lemma", "passive", "symmetric", "inverted", "edge"),
    *("polarity", "modality", "confidence", "extractor", "qualifiers", "valid_from", "valid_to"),
    *("review", "decision"),
    *(side + each for side in ("head", "tail") for each in _ARGUMENT),
)

FACT = ("support", "confidence", "valid_from", "valid_to")

# ---------------------------------------------------------------- documents and segments
PUT_DOCUMENTS = (
    f"{_TAKE_TURN} WITH g UNWIND $rows AS r MERGE (d:Document {{id: r.id}}) SET d += r "
    "RETURN d.id AS id, elementId(d) AS ref"
)
DELETE_DOCUMENT = "MATCH (d:Document {id: $id}) DETACH DELETE d"
DOCUMENT = "MATCH (d:Document {id: $id}) RETURN properties(d) AS d"
DOCUMENTS = "MATCH (d:Document) WHERE d.id >= $low AND d.id < $high RETURN properties(d) AS d"
URIS = "MATCH (d:Document) WHERE d.uri STARTS WITH $prefix RETURN d.uri AS uri"
LEFT_OUT = "MATCH (d:Document) WHERE d.left_out > '' RETURN d.left_out AS left_out"
SEGMENTS = (
    "MATCH (d:Document {id: $id})<-[:PART_OF]-(s:Segment) "
    "RETURN s.id AS id, s.index AS index, s.start AS start, s.end AS end, s.page AS page, s.text AS text, "
    "s.section AS section"
)
SEGMENT_LOADS = (
    "UNWIND $ids AS id MATCH (d:Document {id: id})<-[:PART_OF]-(s:Segment) "
    "OPTIONAL MATCH (s)<-[:FROM]-(x:Extraction) RETURN s.id AS id, count(x) AS extractions"
)
CREATE_SEGMENTS = (
    "UNWIND $rows AS r MATCH (d) WHERE elementId(d) = r.document "
    f"CREATE (s:Segment {{id: r.id, {_made(SEGMENT)}}})-[:PART_OF]->(d) RETURN r.id AS id, elementId(s) AS ref"
)
DELETE_SEGMENTS = "UNWIND $ids AS id MATCH (s:Segment {id: id}) DETACH DELETE s"

# ---------------------------------------------------------------- names and entities
_NAME = (
    "RETURN m.id AS id, elementId(m) AS ref, m.key AS key, m.type AS type, m.surfaces AS surfaces, m.counts AS counts, "
    "m.assigned AS assigned, m.shown AS shown, m.shown_at AS shown_at, m.typed AS typed, m.typed_at AS typed_at, "
    "e.id AS entity, elementId(e) AS entity_ref"
)
# With how many names their entities have: most have one, and to look for the others of a busy one takes long.
NAMES_OF_KEYS = (
    f"UNWIND $keys AS key MATCH (m:Name {{key: key}})-[:NAMES]->(e:Entity) {_NAME}, coalesce(e.names, 0) AS names"
)
NAMES_OF_ENTITIES = f"UNWIND $ids AS id MATCH (e:Entity {{id: id}}) MATCH (m:Name)-[:NAMES]->(e) {_NAME}"
NAMES_OF_IDS = f"UNWIND $ids AS id MATCH (m:Name {{id: id}})-[:NAMES]->(e:Entity) {_NAME}"
PLACES = "UNWIND $ids AS id MATCH (n:Name {id: id})-[:NAMES]->(e:Entity) RETURN n.id AS name, e.id AS entity"
KEYS_OF_NAMES = "UNWIND $ids AS id MATCH (n:Name {id: id}) RETURN n.id AS id, n.key AS key"
CREATE_NAMES = (
    "UNWIND $rows AS r MATCH (e) WHERE elementId(e) = r.entity "
    f"CREATE (n:Name {{id: r.id, {_made(NAME)}}})-[:NAMES]->(e)"
)
UPDATE_NODES = "UNWIND $rows AS r MATCH (n) WHERE elementId(n) = r.ref SET n += r.set"
ASSIGN_NAMES = "UNWIND $ids AS id MATCH (n:Name {id: id}) SET n.assigned = true"
DELETE_NODES = "UNWIND $refs AS ref MATCH (n) WHERE elementId(n) = ref DETACH DELETE n"
MOVE_NAMES = (
    "UNWIND $rows AS r MATCH (n) WHERE elementId(n) = r.ref MATCH (n)-[old:NAMES]->(:Entity) "
    "MATCH (e) WHERE elementId(e) = r.to DELETE old CREATE (n)-[:NAMES]->(e)"
)
MOVE_HEADS = (
    "UNWIND $rows AS r MATCH (o) WHERE elementId(o) = r.from MATCH (o)<-[old:HEAD]-(x:Extraction) "
    "WHERE x.head_name = r.name MATCH (e) WHERE elementId(e) = r.to DELETE old CREATE (x)-[:HEAD]->(e)"
)
MOVE_TAILS = (
    "UNWIND $rows AS r MATCH (o) WHERE elementId(o) = r.from MATCH (o)<-[old:TAIL]-(x:Extraction) "
    "WHERE x.tail_name = r.name MATCH (e) WHERE elementId(e) = r.to DELETE old CREATE (x)-[:TAIL]->(e)"
)
MOVE_MENTIONS = (
    "UNWIND $rows AS r MATCH (o) WHERE elementId(o) = r.from MATCH (o)-[old:MENTIONED_IN]->(s:Segment) "
    "WHERE old.name = r.name MATCH (e) WHERE elementId(e) = r.to "
    "CREATE (e)-[:MENTIONED_IN {start: old.start, end: old.end, surface: old.surface, name: old.name}]->(s) DELETE old"
)


def create_entities(dialect: Dialect, labels: Sequence[str]) -> str:
    """New entities: those with `labels[0]` are the parameter ``rows0``, and so on; with dynamic labels all are
    ``rows0``.

    A node gets all its labels when it is made, since ArcadeDB would have to move it to add one later.
    """
    tokens = ["$(r.label)"] if dialect.dynamic_types else [quote_identifier(label) for label in labels]
    return " UNION ALL ".join(
        f"UNWIND $rows{i} AS r CREATE (e:Entity:{token} {{id: r.id, {_made(ENTITY)}}}) "
        "RETURN r.id AS id, elementId(e) AS ref"
        for i, token in enumerate(tokens)
    )


# ---------------------------------------------------------------- mentions and extractions
CREATE_MENTIONS = (
    "UNWIND $rows AS r MATCH (e) WHERE elementId(e) = r.entity MATCH (s) WHERE elementId(s) = r.segment "
    "CREATE (e)-[:MENTIONED_IN {start: r.start, end: r.end, surface: r.surface, name: r.name}]->(s)"
)
MENTIONS_IN_SEGMENTS = (
    "UNWIND $ids AS id MATCH (s:Segment {id: id})<-[m:MENTIONED_IN]-(:Entity) "
    "RETURN m.name AS name, m.surface AS surface"
)
CREATE_EXTRACTIONS = (
    "UNWIND $rows AS r MATCH (s) WHERE elementId(s) = r.segment MATCH (h) WHERE elementId(h) = r.head "
    "MATCH (t) WHERE elementId(t) = r.tail "
    f"CREATE (s)<-[:FROM]-(x:Extraction {{id: r.id, {_made(EXTRACTION)}}})-[:HEAD]->(h), (x)-[:TAIL]->(t)"
)
_FACT = (
    "x.id AS id, elementId(x) AS ref, x.edge AS edge, x.relation AS relation, x.inverted AS inverted, "
    "x.symmetric AS symmetric, "
    "x.head_name AS head_name, x.tail_name AS tail_name, "
    "h.id AS head, elementId(h) AS head_ref, t.id AS tail, elementId(t) AS tail_ref"
)
EXTRACTIONS_IN_SEGMENTS = (
    "UNWIND $ids AS id MATCH (s:Segment {id: id})<-[:FROM]-(x:Extraction) "
    f"MATCH (x)-[:HEAD]->(h:Entity) MATCH (x)-[:TAIL]->(t:Entity) RETURN {_FACT}"
)
FACTS_OF_HEADS = (
    "UNWIND $ids AS id MATCH (h:Entity {id: id})<-[:HEAD]-(x:Extraction) WHERE x.edge IS NOT NULL "
    f"MATCH (x)-[:TAIL]->(t:Entity) RETURN {_FACT}"
)
FACTS_OF_TAILS = (
    "UNWIND $ids AS id MATCH (t:Entity {id: id})<-[:TAIL]-(x:Extraction) WHERE x.edge IS NOT NULL "
    f"MATCH (x)-[:HEAD]->(h:Entity) RETURN {_FACT}"
)
# ---------------------------------------------------------------- facts
SUPPORT = (
    "UNWIND $keys AS key MATCH (x:Extraction {edge: key}) "
    f"RETURN key AS key, count(x) AS support, max({CONFIDENCE}) AS confidence, "
    # The smallest span that has all those of the evidence; '' and '~' stand for a side that some of it leaves open.
    "min(CASE WHEN x.valid_from IS NULL AND x.valid_to IS NOT NULL THEN '' ELSE x.valid_from END) AS low, "
    "max(CASE WHEN x.valid_to IS NULL AND x.valid_from IS NOT NULL THEN '~' ELSE x.valid_to END) AS high"
)
EVIDENCED = "UNWIND $keys AS key WITH key WHERE EXISTS { MATCH (x:Extraction {edge: key}) } RETURN key AS key"


# Facts between busy entities, by the server's own ids of them, which it takes without reading any neighbours. What is
# remembered may be out of date (ids are used again), so it is compared with what the fact is to be.
_GROW = (
    "SET f.support = f.support + r.set.support, "
    "f.confidence = CASE WHEN r.set.confidence > f.confidence THEN r.set.confidence ELSE f.confidence END"
)
GROW_REMEMBERED = (
    "UNWIND $rows AS r MATCH (p:Store {id: r.id}) WITH r, kg.fact(p.fact) AS f WHERE f.relation = r.relation "
    f"AND elementId(startNode(f)) = r.subject AND elementId(endNode(f)) = r.object {_GROW} RETURN r.id AS id"
)
REMEMBER_FACTS = "UNWIND $rows AS r MERGE (p:Store {id: r.id}) SET p.fact = r.fact"


@dataclass(frozen=True, slots=True)
class Typed:
    """How a statement on facts names their relationship type, and from which end it finds them."""

    dialect: Dialect
    type: str | None  # None: each row has its own
    from_subject: bool = True

    def create(self) -> str:
        """New facts."""
        ends = "UNWIND $rows AS r MATCH (s) WHERE elementId(s) = r.subject MATCH (o) WHERE elementId(o) = r.object "
        if self.type is None and not self.dialect.dynamic_types:  # ArcadeDB's own way to a type that comes as a value
            return (
                ends + "CALL merge.relationship(s, r.type, {relation: r.relation}, "
                "r.set, o) YIELD rel RETURN count(rel) AS n"
            )
        token = "$(r.type)" if self.type is None else quote_identifier(self.type)
        return ends + f"CREATE (s)-[:{token} {{relation: r.relation, {_made(FACT)}}}]->(o)"

    def add_support(self) -> str:
        """More support for facts that exist."""
        return f"{self._find()} {_GROW}"

    def add_support_and_tell(self) -> str:
        """The same, with the server's own ids of the facts."""
        return f"{self.add_support()} RETURN r.id AS id, elementId(f) AS fact"

    def delete(self) -> str:
        """Facts taken away."""
        return f"{self._find()} DELETE f"

    def _find(self) -> str:
        near, far = ("subject", "object") if self.from_subject else ("object", "subject")
        # A type that comes with the row is compared and not matched: Neo4j 2026.08 looks `-[f:$(r.type)]->` up among
        # all relationships of that type, and forgets which node they are to begin at.
        token, also = (":" + quote_identifier(self.type), "") if self.type else ("", " AND type(f) = r.type")
        arrow = f"-[f{token}]->" if self.from_subject else f"<-[f{token}]-"
        if self.dialect.joins_ends:
            return (
                f"UNWIND $rows AS r MATCH (near) WHERE elementId(near) = r.{near} "
                f"MATCH (far) WHERE elementId(far) = r.{far} MATCH (near){arrow}(far) "
                f"WHERE f.relation = r.relation{also}"
            )
        # The far end is not compared in a way that it could be sought by: Neo4j would begin there, busy or not.
        return (
            f"UNWIND $rows AS r MATCH (near) WHERE elementId(near) = r.{near} MATCH (near){arrow}(far) "
            f"WHERE '' + elementId(far) = r.{far} AND f.relation = r.relation{also}"
        )


LABELS = "CALL db.labels()"
RELATIONSHIP_TYPES = "CALL db.relationshipTypes()"

# ---------------------------------------------------------------- reading
COUNT_DOCUMENTS = "MATCH (d:Document) RETURN count(d) AS n"
COUNT_ENTITIES = "MATCH (e:Entity) RETURN count(e) AS n"
COUNTS = {
    "segments": "MATCH (s:Segment) RETURN count(s) AS n",
    "entities": COUNT_ENTITIES,
    "extractions": "MATCH (x:Extraction) RETURN count(x) AS n",
    "names": "MATCH (n:Name) RETURN count(n) AS n",
}
COUNT_EDGES = "MATCH (:Entity)-[f]->(:Entity) RETURN count(f) AS n"
# Of the embedded server's functions (`supervisor`): how many relationships there are of each type, and of one type, of
# each relation (null: those that are no facts).
RECORDS = "RETURN kg.records() AS found"
RELATIONS_OF_TYPES = "UNWIND $types AS type RETURN kg.relations(type) AS found"
TIES = {"HEAD": "extractions", "TAIL": "extractions", "FROM": "extractions", "PART_OF": "segments", "NAMES": "names"}
"""Relationships that are no facts, of which there is one for each of these."""
OTHER_TIES = frozenset({"MENTIONED_IN", "LINKED"})
"""Those of which there are others; no fact is of such a type (`Tokens.relationship`)."""
COUNT_BY_STATE = "MATCH (d:Document) RETURN d.state AS state, count(d) AS n"
COUNT_BY_TYPE = "MATCH (e:Entity) RETURN e.type AS type, count(e) AS n"
COUNT_BY_RELATION = (
    "MATCH (h:Entity) WHERE h.id >= $low AND h.id < $high MATCH (h)-[f]->(:Entity) "
    "RETURN f.relation AS relation, count(f) AS n"
)
_ENTITY = "e.id AS id, e.name AS name, e.type AS type, e.aliases AS aliases, e.mentions AS mentions, " + ", ".join(
    f"e.{each} AS {each}" for each in VALUE_PROPERTIES
)
_VALID = "f.valid_from AS valid_from, f.valid_to AS valid_to"
ENTITIES = f"MATCH (e:Entity) WHERE e.id >= $low AND e.id < $high RETURN {_ENTITY}"
ENTITIES_BY_ID = f"UNWIND $ids AS id MATCH (e:Entity {{id: id}}) RETURN {_ENTITY}"
_FACT_ROW = (
    "RETURN h.id AS head, f.relation AS relation, t.id AS tail, f.support AS support, f.confidence AS confidence, "
    + _VALID
)
FACTS = f"MATCH (h:Entity) WHERE h.id >= $low AND h.id < $high MATCH (h)-[f]->(t:Entity) {_FACT_ROW}"


def facts_of(types: Sequence[str], *, by_tail: bool) -> str:
    """The facts of some relations, by slices of their heads or tails.

    Their types are named, since ArcadeDB would else read all that comes to a tail, and from the far end.
    """
    wanted = f"[f:{'|'.join(map(quote_identifier, types))}]"
    near, pattern = ("t", f"(t)<-{wanted}-(h:Entity)") if by_tail else ("h", f"(h)-{wanted}->(t:Entity)")
    return (
        f"MATCH ({near}:Entity) WHERE {near}.id >= $low AND {near}.id < $high MATCH {pattern} "
        f"WHERE f.relation IN $relations {_FACT_ROW}"
    )


FACTS_WITH_ENDS = (
    "MATCH (h:Entity) WHERE h.id >= $low AND h.id < $high MATCH (h)-[f]->(t:Entity) "
    "RETURN h.id AS head, h.name AS head_name, f.relation AS relation, f.support AS support, "
    f"f.confidence AS confidence, t.id AS tail, t.name AS tail_name, {_VALID}"
)
_EVIDENCE = (
    "MATCH (x)-[:FROM]->(s:Segment) MATCH (s)-[:PART_OF]->(d:Document) "
    "RETURN x.edge AS edge, properties(x) AS x, properties(s) AS s, d.uri AS uri, d.title AS title"
)
EVIDENCE = f"UNWIND $keys AS key MATCH (x:Extraction {{edge: key}}) {_EVIDENCE}"
EVIDENCE_LIMITED = (
    "UNWIND $keys AS key MATCH (x:Extraction {edge: key}) WITH x ORDER BY x.confidence DESC, x.id LIMIT $limit "
    + _EVIDENCE
)
STATEMENTS = f"MATCH (:Entity {{id: $id}})<-[:HEAD|TAIL]-(x:Extraction) WITH DISTINCT x LIMIT $limit {_EVIDENCE}"
# Of a beginning that very many names have, some are looked at.
_FOUND = (
    "($type IS NULL OR e.type = $type) WITH e LIMIT 20000 WITH e ORDER BY e.mentions DESC LIMIT $limit "
    f"RETURN {_ENTITY}, e.search AS search"
)
SEARCH_EQUAL = f"MATCH (e:Entity) WHERE e.folded = $text AND {_FOUND}"
SEARCH_EQUAL_NAMES = f"MATCH (n:Name {{folded: $text}})-[:NAMES]->(e:Entity) WITH DISTINCT e WHERE {_FOUND}"
SEARCH_BEGINNING = f"MATCH (e:Entity) WHERE e.folded STARTS WITH $text AND {_FOUND}"
SEARCH_BEGINNING_NAMES = (
    "MATCH (n:Name) WHERE n.folded STARTS WITH $text MATCH (n)-[:NAMES]->(e:Entity) WITH DISTINCT e WHERE " + _FOUND
)
SEARCH_PART = f"MATCH (e:Entity) WHERE e.search CONTAINS $text AND {_FOUND}"
SEARCHES = ((SEARCH_EQUAL, SEARCH_EQUAL_NAMES), (SEARCH_BEGINNING, SEARCH_BEGINNING_NAMES), (SEARCH_PART,))

# ---------------------------------------------------------------- what must never be found
COUNT_EXTRACTIONS = COUNTS["extractions"]
COUNT_SEGMENTS = COUNTS["segments"]
COUNT_NAMES = COUNTS["names"]
COUNT_FACT_EXTRACTIONS = "MATCH (x:Extraction) WHERE x.edge IS NOT NULL RETURN count(x) AS n"


def _slice(variable: str) -> str:
    return f"WHERE {variable}.id >= $low AND {variable}.id < $high"


INVARIANTS = {
    "documents whose writing was interrupted": (
        f"MATCH (d:Document) {_slice('d')} AND d.state = 'writing' RETURN d.uri AS id",
        COUNT_DOCUMENTS,
    ),
    "segments without a document": (
        f"MATCH (s:Segment) {_slice('s')} AND NOT EXISTS {{ (s)-[:PART_OF]->(:Document) }} RETURN s.id AS id",
        COUNT_SEGMENTS,
    ),
    "extractions without a segment": (
        f"MATCH (x:Extraction) {_slice('x')} AND NOT EXISTS {{ (x)-[:FROM]->(:Segment) }} RETURN x.id AS id",
        COUNT_EXTRACTIONS,
    ),
    "extractions without exactly one head": (
        f"MATCH (x:Extraction) {_slice('x')} OPTIONAL MATCH (x)-[h:HEAD]->(:Entity) "
        "WITH x, count(h) AS n WHERE n <> 1 RETURN x.id AS id",
        COUNT_EXTRACTIONS,
    ),
    "extractions without exactly one tail": (
        f"MATCH (x:Extraction) {_slice('x')} OPTIONAL MATCH (x)-[t:TAIL]->(:Entity) "
        "WITH x, count(t) AS n WHERE n <> 1 RETURN x.id AS id",
        COUNT_EXTRACTIONS,
    ),
    "names without exactly one entity": (
        f"MATCH (m:Name) {_slice('m')} OPTIONAL MATCH (m)-[r:NAMES]->(:Entity) "
        "WITH m, count(r) AS n WHERE n <> 1 RETURN m.id AS id",
        COUNT_NAMES,
    ),
    "entities without a name": (
        f"MATCH (e:Entity) {_slice('e')} AND NOT EXISTS {{ (e)<-[:NAMES]-(:Name) }} RETURN e.id AS id",
        COUNT_ENTITIES,
    ),
    "entities whose names do not add up": (
        f"MATCH (e:Entity) {_slice('e')} AND e.names IS NOT NULL OPTIONAL MATCH (e)<-[n:NAMES]-(:Name) "
        "WITH e, count(n) AS n WHERE n <> e.names RETURN e.id AS id",
        COUNT_ENTITIES,
    ),
    "entities whose mentions do not add up": (
        f"MATCH (e:Entity) {_slice('e')} OPTIONAL MATCH (e)-[m:MENTIONED_IN]->(:Segment) "
        "WITH e, count(m) AS n WHERE n <> e.mentions RETURN e.id AS id",
        COUNT_ENTITIES,
    ),
}
