"""Everything that follows from the evidence, worked out anew and compared with the graph.

Extractions say which names are mentioned where; names are in an entity each; from these follow the names' counts, the
entities' properties, the mentions and the edges. What is to be compared waits in a temporary database, so that memory
stays flat, and the graph is only written where it differs.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any

from kg_builder.store import cypher, keeping_cypher, resolving_cypher
from kg_builder.store.checking import missing_schema
from kg_builder.store.connection import Connection
from kg_builder.store.facts import Fact, Weight, fact_of
from kg_builder.store.mending_names import NameMender
from kg_builder.store.mending_reviews import mend_reviews
from kg_builder.store.reading import Reader, id_slices
from kg_builder.store.repairing import Mender, Repair, mend_evidence
from kg_builder.store.rows import Row, batches
from kg_builder.store.supporting import supports, weighed
from kg_builder.store.tokens import Tokens

__all__ = ["mend_graph"]

_ROUNDING = 1e-9
_SLICE = 2000

_TABLES = """
CREATE TABLE fact (
    edge TEXT PRIMARY KEY, subject TEXT, relation TEXT, object TEXT, support INTEGER, best REAL, low TEXT, high TEXT,
    made INTEGER
) WITHOUT ROWID;
"""


def mend_graph(connection: Connection, reader: Reader, tokens: Tokens) -> list[Repair]:
    """Mend all that can be mended of a graph, and say what was. The caller is its only writer."""
    mender = Mender(connection, reader, tokens)
    for missing in missing_schema(connection):
        mender.note("indexes and constraints that are not there", "made", missing.partition(";")[0])
    if mender.repairs:
        for statement in cypher.schema(connection.dialect):
            connection.schema(statement)
    mend_evidence(mender)
    _mend_projection(mender)
    mend_evidence(mender)  # names that could not be known have taken evidence with them
    wrong = list(reader.sliced(resolving_cypher.WRONG_LINKS, cypher.COUNT_NAMES))
    for row in wrong:
        mender.note("links between names that are not one entity", "taken out", row["example"])
    mender.each(wrong, resolving_cypher.DELETE_WRONG_LINKS)
    broken = list(reader.sliced(resolving_cypher.WRONG_DECISIONS, resolving_cypher.COUNT_DECISIONS))
    for row in broken:
        mender.note("decisions that do not say what was decided", "taken out", row["id"])
    mender.each(broken, resolving_cypher.DELETE_DECISIONS)
    mend_reviews(mender)
    return list(mender.repairs.values())


def _mend_projection(mender: Mender) -> None:
    """Bring names, entities, mentions and edges in line with the evidence."""
    while True:  # until no evidence has to go
        database = sqlite3.connect("")
        try:
            if NameMender(mender, database).run():
                _Projection(mender, database).run()
                return
        finally:
            database.close()


class _Projection:
    """What extractions point to and what edges there are; which name is in which entity is known."""

    def __init__(self, mender: Mender, database: sqlite3.Connection) -> None:
        self._mender = mender
        self._db = database
        self._reader = mender.reader
        database.executescript(_TABLES)

    def run(self) -> None:
        """Bring them in line."""
        self._ends()
        self._edges()

    def _ends(self) -> None:
        segments = self._mender.connection.read(cypher.COUNT_SEGMENTS)[0]["n"]
        for low, high in id_slices(segments // _SLICE + 1):
            self._ends_of_extractions(low, high)
            self._mentions(low, high)

    def _ends_of_extractions(self, low: str, high: str) -> None:
        relinked: list[Row] = []
        rekeyed: list[Row] = []
        for x in self._mender.connection.read(keeping_cypher.ENDS, low=low, high=high):
            head, tail = self._entity_of(x["head_name"]), self._entity_of(x["tail_name"])
            for side, entity, found in (("head", head, x["heads"]), ("tail", tail, x["tails"])):
                if list(found) != [entity]:
                    what = f"extractions without exactly one {side}"
                    if len(found) == 1:
                        what = f"extractions whose {side} is not the entity of its name"
                    self._mender.note(what, "linked to the entity of the name that they mention", x["id"])
            if (list(x["heads"]), list(x["tails"])) != ([head], [tail]):
                relinked.append({"id": x["id"], "head": head, "tail": tail})
            edge = None
            if supports(x["polarity"], x["modality"], x["review"]):
                fact = fact_of({**x, "head": head, "tail": tail})
                edge = fact.key
                weight = Weight.of(weighed(x["confidence"], x["review"]), x["valid_from"], x["valid_to"])
                self._db.execute(
                    "INSERT INTO fact VALUES (?, ?, ?, ?, 1, ?, ?, ?, 0) ON CONFLICT (edge) DO UPDATE "
                    "SET support = support + 1, best = max(best, excluded.best), "
                    "low = coalesce(min(low, excluded.low), low, excluded.low), "
                    "high = coalesce(max(high, excluded.high), high, excluded.high)",
                    (edge, fact.subject, fact.relation, fact.object, weight.confidence, weight.low, weight.high),
                )
            if edge != x["edge"]:
                self._mender.note("extractions that support another fact than they state", "set right", x["id"])
                rekeyed.append({"id": x["id"], "edge": edge})
        self._mender.each(relinked, keeping_cypher.UNLINK_ENDS, keeping_cypher.LINK_ENDS)
        self._mender.each(rekeyed, keeping_cypher.SET_EDGE_KEYS)

    def _entity_of(self, name: str) -> str:
        return str(self._db.execute("SELECT entity FROM name WHERE id = ?", (name,)).fetchone()[0])

    def _mentions(self, low: str, high: str) -> None:
        columns = ("segment", "entity", "name", "start", "end", "surface")
        there: dict[str, list[tuple[Any, ...]]] = {}
        wanted: dict[str, list[tuple[Any, ...]]] = {}
        for row in self._mender.connection.read(keeping_cypher.MENTIONS, low=low, high=high):
            there.setdefault(row["segment"], []).append(tuple(row[column] for column in columns))
        expected = self._db.execute(
            "SELECT segment, entity, name, start, end, surface FROM mention JOIN name ON name.id = mention.name "
            "WHERE segment >= ? AND segment < ?",
            (low, high),
        )
        for each in expected:
            wanted.setdefault(each[0], []).append(each)
        wrong = [s for s in sorted({*there, *wanted}) if Counter(there.get(s, ())) != Counter(wanted.get(s, ()))]
        for segment in wrong:
            self._mender.note("segments whose mentions are not those of their extractions", "made anew", segment)
        self._mender.each(({"id": segment} for segment in wrong), keeping_cypher.DELETE_MENTIONS)
        made = (dict(zip(columns, each, strict=True)) for segment in wrong for each in wanted.get(segment, ()))
        self._mender.each(made, keeping_cypher.MAKE_MENTIONS)

    # ------------------------------------------------------------ edges
    def _edges(self) -> None:
        deleted: list[Row] = []
        for row in self._reader.sliced(keeping_cypher.EDGES, cypher.COUNT_ENTITIES):
            key = Fact(row["head"], row["relation"] or "", row["tail"]).key
            wanted = "SELECT support, best, made, low, high FROM fact WHERE edge = ?"
            fact = self._db.execute(wanted, (key,)).fetchone()
            if fact is None:
                what, done = "edges without evidence", "taken out"
            elif fact[2]:
                what, done = "edges that are there twice", "taken out but for one"
            elif row["support"] != fact[0]:
                what, done = "edges whose support is not the number of their evidence", "counted again"
            elif row["confidence"] is None or abs(row["confidence"] - fact[1]) > _ROUNDING:
                what, done = "edges whose confidence is not the best of their evidence", "worked out again"
            elif (row["valid_from"], row["valid_to"]) != Weight(1, 1.0, fact[3], fact[4]).span:
                what, done = "edges whose time is not that of their evidence", "worked out again"
            else:
                self._db.execute("UPDATE fact SET made = 1 WHERE edge = ?", (key,))
                continue
            if fact is not None and not fact[2]:
                self._db.execute("UPDATE fact SET made = 2 WHERE edge = ?", (key,))
            self._mender.note(what, done, f"{row['head']} {row['relation']} {row['tail']}")
            deleted.append({"head": row["head"], "ref": row["ref"]})
        self._mender.each(deleted, keeping_cypher.DELETE_EDGES)
        wanted = "SELECT subject, relation, object, support, best, low, high, made FROM fact WHERE made <> 1"
        cursor = self._db.execute(wanted)
        while facts := cursor.fetchmany(500):
            self._make(facts)

    def _make(self, facts: list[tuple[Any, ...]]) -> None:
        ids = sorted({each[0] for each in facts} | {each[2] for each in facts})
        refs = {row["id"]: row["ref"] for row in self._mender.connection.read(keeping_cypher.ENTITY_REFS, ids=ids)}
        rows: list[Row] = []
        for subject, relation, object_, support, best, low, high, made in facts:
            if not made:
                example = f"{subject} {relation} {object_}"
                self._mender.note("facts without an edge", "given the edge that their extractions support", example)
            type_ = self._mender.tokens.relationship(relation)
            ends = {"subject": refs[subject], "object": refs[object_]}
            rows.append({**ends, "relation": relation, "type": type_, "set": Weight(support, best, low, high).row()})
        for batch in batches(rows):
            self._mender.each(batch, cypher.Typed(self._mender.tokens.dialect, None).create())
