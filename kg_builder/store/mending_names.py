"""Names and entities, worked out anew from what the extractions mention."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any

from kg_builder.resolve import clusters
from kg_builder.store import cypher, keeping_cypher
from kg_builder.store.clustering import Cluster, KnownName, cluster_type
from kg_builder.store.connection import Run
from kg_builder.store.facts import fact_of
from kg_builder.store.repairing import Mender
from kg_builder.store.rows import Row
from kg_builder.types import ENTITY_TYPES, Name

__all__ = ["NameMender"]

_ASKED = 50  # segments that are asked which entity a name belongs to
_TRIED = 200  # names without an entity, up to which it is tried which of them were one

_TABLES = """
CREATE TABLE mention (
    name TEXT, segment TEXT, start INTEGER, end INTEGER, surface TEXT, type TEXT,
    PRIMARY KEY (name, segment, start, end)
) WITHOUT ROWID;
CREATE INDEX by_segment ON mention (segment);
CREATE TABLE name (
    id TEXT PRIMARY KEY, key TEXT, type TEXT, entity TEXT, shown TEXT, shown_at TEXT, typed TEXT, typed_at TEXT
) WITHOUT ROWID;
CREATE INDEX by_entity ON name (entity);
CREATE INDEX by_key ON name (key);
"""


class NameMender:
    """Brings names and entities in line with the mentions, and leaves in its database which name is in which entity."""

    def __init__(self, mender: Mender, database: sqlite3.Connection) -> None:
        self._mender = mender
        self._db = database
        self._reader = mender.reader
        database.executescript(_TABLES)

    def run(self) -> bool:
        """Whether all is in line now; else evidence had to go, and it is all to be worked out again."""
        if self._count() or self._lost_names():
            return False
        self._names()
        self._place()
        self._entities()
        return True

    def _count(self) -> bool:
        """Note all mentions; true where evidence had to go, as it does not say what it mentions where."""
        broken: list[Row] = []

        def rows() -> Iterator[tuple[Any, ...]]:
            for x in self._reader.sliced(keeping_cypher.EVIDENCE_OF_SEGMENTS, cypher.COUNT_SEGMENTS):
                found = [
                    (x[f"{side}_name"], x["segment"], x[f"{side}_start"], x[f"{side}_end"], x[side], x[f"{side}_type"])
                    for side in ("head", "tail")
                ]
                if any(value is None for mention in found for value in mention):
                    broken.append({"id": x["id"]})
                else:
                    yield from found

        self._db.executemany("INSERT OR REPLACE INTO mention VALUES (?, ?, ?, ?, ?, ?)", rows())
        for each in broken:
            self._mender.note("extractions without all of their properties", "taken out", each["id"])
        self._mender.each(broken, keeping_cypher.DELETE_EXTRACTIONS)
        return bool(broken)

    # ------------------------------------------------------------ names
    def _lost_names(self) -> bool:
        """Make names anew that are mentioned and not there; true where evidence had to go, as one cannot be known."""
        for row in self._reader.sliced(keeping_cypher.NAME_ROWS, cypher.COUNT_NAMES):
            name = Name(str(row["p"].get("key")), str(row["p"].get("type")))
            if name.id != row["id"]:
                name = self._recovered(row["id"]) or name
            entity = row["entities"][0] if len(row["entities"]) == 1 else None
            chosen = (row["p"].get(each) for each in ("shown", "shown_at", "typed", "typed_at"))
            known_as = (row["id"], name.key, name.type, entity, *chosen)
            self._db.execute("INSERT INTO name VALUES (?, ?, ?, ?, ?, ?, ?, ?)", known_as)
        lost = "SELECT DISTINCT name FROM mention WHERE name NOT IN (SELECT id FROM name)"
        made: list[Row] = []
        hopeless: list[str] = []
        for (id_,) in self._db.execute(lost).fetchall():
            known = self._recovered(id_)
            if known is None:
                hopeless.append(id_)
                continue
            self._db.execute("INSERT INTO name (id, key, type) VALUES (?, ?, ?)", (id_, known.key, known.type))
            made.append({"id": id_, "set": KnownName(known, id_, self._counts(id_)).row()})
            self._mender.note("names that are mentioned and not there", "made anew from their mentions", known.key)
        self._mender.each(made, keeping_cypher.CREATE_LOST_NAMES)
        if hopeless:
            self._drop(set(hopeless))
        return bool(hopeless)

    def _drop(self, names: set[str]) -> None:
        what = "extractions of names that are not there and cannot be known"
        gone: list[Row] = []
        for x in self._reader.sliced(keeping_cypher.EVIDENCE_OF_SEGMENTS, cypher.COUNT_SEGMENTS):
            if names & {x["head_name"], x["tail_name"]}:
                self._mender.note(what, "taken out", x["id"])
                gone.append({"id": x["id"]})
        self._mender.each(gone, keeping_cypher.DELETE_EXTRACTIONS)

    def _recovered(self, id_: str) -> Name | None:
        """The name of that id, from what is written where it is mentioned: the id proves it."""
        from kg_builder.normalize import name_key

        known = "SELECT DISTINCT surface, type FROM mention WHERE name = ?"
        names = [
            Name(key, tried)
            for surface, type_ in self._db.execute(known, (id_,)).fetchall()
            for key in (name_key(surface), surface, surface.casefold())
            for tried in (type_, *ENTITY_TYPES)
        ]
        for sense in ("", *self._documents(id_)):  # of homonyms, the smallest id of its documents
            for name in names:
                if name.in_sense(sense).id == id_:
                    return name.in_sense(sense)
        return None

    def _documents(self, name: str) -> Iterator[str]:
        """The ids of the documents that mention a name, the smallest first."""
        mentioning = "SELECT DISTINCT segment FROM mention WHERE name = ?"
        ids = [segment for (segment,) in self._db.execute(mentioning, (name,)).fetchall()]
        found: set[str] = set()
        for start in range(0, len(ids), _ASKED):
            rows = self._mender.connection.read(keeping_cypher.DOCUMENTS_OF, ids=ids[start : start + _ASKED])
            found.update(row["id"] for row in rows)
        yield from sorted(found)

    def _counts(self, name: str) -> Counter[str]:
        rows = self._db.execute("SELECT surface, count(*) FROM mention WHERE name = ? GROUP BY surface", (name,))
        return Counter(dict(rows.fetchall()))

    def _known(self, where: str, value: str) -> list[KnownName]:
        columns = "id, key, type, entity, shown, shown_at, typed, typed_at"
        rows = self._db.execute(f"SELECT {columns} FROM name WHERE {where} = ?", (value,))
        found = []
        for id_, key, type_, entity, shown, shown_at, typed, typed_at in rows.fetchall():
            known = KnownName(Name(key, type_), id_, self._counts(id_), entity)
            known.shown = (shown, shown_at or "") if shown else None
            known.typed = (typed, typed_at or "") if typed else None
            found.append(known)
        return found

    def _names(self) -> None:
        updated: list[Row] = []
        gone: list[Row] = []
        unlinked: list[Row] = []
        for row in self._reader.sliced(keeping_cypher.NAME_ROWS, cypher.COUNT_NAMES):
            (known,) = self._known("id", row["id"])
            if not known.alive:
                self._mender.note("names that nothing mentions", "taken out", known.name.key)
                gone.append({"ref": row["ref"]})
                self._db.execute("DELETE FROM name WHERE id = ?", (row["id"],))
                continue
            news = {key: value for key, value in known.row().items() if row["p"].get(key) != value}
            if news:
                self._mender.note("names whose mentions do not add up", "counted again", known.name.key)
                updated.append({"ref": row["ref"], "set": news})
            if len(row["entities"]) != 1:
                what = "names without exactly one entity"
                done = "put with the entity that their evidence points to, or by the rules where there is none"
                self._mender.note(what, done, known.name.key)
                unlinked.append({"id": row["id"]})
        self._mender.each(gone, cypher.DELETE_NODES)
        self._mender.each(updated, cypher.UPDATE_NODES)
        self._mender.each(unlinked, keeping_cypher.UNLINK_NAMES)

    def _place(self) -> None:
        """Put names without an entity with one: where their evidence points, or by the rules of resolution."""
        linked: list[Row] = []
        left: list[tuple[str, str]] = []
        for id_, key in self._db.execute("SELECT id, key FROM name WHERE entity IS NULL").fetchall():
            entity = self._voted(id_)
            if entity is None:
                left.append((id_, key))
            else:
                linked.append({"id": id_, "entity": entity})
                self._db.execute("UPDATE name SET entity = ? WHERE id = ?", (entity, id_))
        self._mender.each(linked, keeping_cypher.LINK_NAMES)
        self._rejoin([id_ for id_, _ in left])
        for key in dict.fromkeys(key for _, key in left):
            mates = {known.name: known for known in self._known("key", key)}
            for cluster in clusters(mates):
                self._settle([mates[name] for name in cluster])

    def _voted(self, name: str) -> str | None:
        asked = self._asked(name)
        votes: Counter[str] = Counter()
        for statement in keeping_cypher.VOTES:
            for row in self._mender.connection.read(statement, rows=asked):
                votes[row["entity"]] += row["n"]
        return min(votes, key=lambda entity: (-votes[entity], entity)) if votes else None

    def _rejoin(self, homeless: list[str]) -> None:
        """Find out which names were one entity that is gone, as people may have put them together.

        The entity had the smallest id of its names, and the keys of its edges are made from that.
        """
        entity_of: dict[str, str] = {}
        if 1 < len(homeless) <= _TRIED:
            for id_ in homeless:
                lost = self._lost_entity(id_, homeless)
                if lost is not None:
                    entity_of[id_] = lost
        for entity in sorted(set(entity_of.values())):
            (first,) = self._known("id", entity)
            others = [k for id_, e in entity_of.items() if e == entity != id_ for k in self._known("id", id_)]
            if others and first.entity is None:
                self._settle([first, *others])

    def _lost_entity(self, name: str, homeless: list[str]) -> str | None:
        for statement in keeping_cypher.FACTS_OF_NAMES:
            for row in self._mender.connection.read(statement, rows=self._asked(name)):
                other = row["tail_name"] if row["head_name"] == name else row["head_name"]
                (far,) = self._known("id", other)
                for entity in homeless:
                    for end in [far.entity] if far.entity else homeless:
                        head, tail = (entity, end) if row["head_name"] == name else (end, entity)
                        if fact_of({**dict(row), "head": head, "tail": tail}).key == row["edge"]:
                            return entity
        return None

    def _asked(self, name: str) -> list[Row]:
        rows = self._db.execute("SELECT DISTINCT segment FROM mention WHERE name = ? LIMIT ?", (name, _ASKED))
        return [{"segment": segment, "name": name} for (segment,) in rows.fetchall()]

    def _settle(self, cluster: list[KnownName]) -> None:
        """Put those names of a cluster that have no entity with the others, or together in a new one."""
        homeless = [known for known in cluster if known.entity is None]
        if not homeless:
            return
        entity = min((known.entity for known in cluster if known.entity), default=None)
        if entity is None:
            type_ = cluster_type(homeless)
            entity = min(known.id for known in homeless)
            news = Cluster(homeless, None, entity, type_).row()
            tokens = self._mender.tokens
            label = tokens.label(type_)
            statement = cypher.create_entities(tokens.dialect, [label])

            def make(run: Run) -> None:
                run(statement, rows0=[{"id": entity, "set": news, "label": label}])

            self._mender.change(make)
            self._mender.note("entities that names had and that are not there", "made anew", news["name"])
        self._mender.each(({"id": k.id, "entity": entity} for k in homeless), keeping_cypher.LINK_NAMES)
        for known in homeless:
            self._db.execute("UPDATE name SET entity = ? WHERE id = ?", (entity, known.id))

    # ------------------------------------------------------------ entities
    def _entities(self) -> None:
        gone: list[Row] = []
        updated: list[Row] = []
        renamed: list[tuple[str, str, str]] = []
        for row in self._reader.sliced(keeping_cypher.ENTITY_ROWS, cypher.COUNT_ENTITIES):
            members = self._known("entity", row["id"])
            if not members:
                self._mender.note("entities without a name", "taken out", str(row["p"].get("name")))
                gone.append({"ref": row["ref"]})
                continue
            id_ = min(known.id for known in members)
            wanted = Cluster(members, row["id"], id_, cluster_type(members)).row()
            news = {key: value for key, value in wanted.items() if row["p"].get(key) != value}
            if news:
                what = "entities whose name, type or mentions do not follow from their names"
                self._mender.note(what, "worked out again", wanted["name"])
                updated.append({"ref": row["ref"], "set": news})
            if id_ != row["id"]:
                renamed.append((row["ref"], row["id"], id_))
                self._mender.note("entities without the id of one of their names", "given it", wanted["name"])
        self._mender.each(gone, cypher.DELETE_NODES)
        self._mender.each(updated, cypher.UPDATE_NODES)
        if renamed:  # by way of ids that nothing has, since two entities may exchange theirs

            def rename(run: Run) -> None:
                for mark in ("~", ""):
                    run(cypher.UPDATE_NODES, rows=[{"ref": ref, "set": {"id": mark + id_}} for ref, _, id_ in renamed])

            self._mender.change(rename)
            old = [(f"~{id_}", before) for _, before, id_ in renamed]
            self._db.executemany("UPDATE name SET entity = ? WHERE entity = ?", old)
            self._db.execute("UPDATE name SET entity = substr(entity, 2) WHERE entity LIKE '~%'")
