"""What resolution remembers between runs, in one SQLite file: profiles of names, the blocks they fall into, and links.

All of it can be worked out again from the graph, so the file can be deleted at any time. It knows which graph it is
about and how far that was resolved; where the graph has gone on without it, it begins anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from kg_builder.errors import StoreError
from kg_builder.name_vectors import NameVectors
from kg_builder.resolve.records import Link, Profile
from kg_builder.resolve.scoring import link
from kg_builder.resolve.scripts import LOOK_ALIKE
from kg_builder.resolving_blocks import Table, blocks_of, contexts_of, most_in, packed, unpacked
from kg_builder.resolving_nearness import TABLES as VECTOR_TABLES
from kg_builder.resolving_nearness import Nearness
from kg_builder.types import Name

__all__ = ["KEPT", "Index", "open_index"]

KEPT = 0.02
"""The probability from which a link is kept, be it for or against."""

_PATIENCE_S = 600.0
_IN_MEMORY = 1 << 15  # profiles
_BLOCKS_IN_MEMORY = 1 << 16
_PAGES_IN_MEMORY_KB = 1 << 18  # of the file, at most: keys are digests, so that every name is at another end of it

_FORMAT = 4  # of the tables; those of another are dropped
_WITH_NAMES = ("meta", "name", "block", "context", "link", "todo", "spelt", "near")
_TABLES = (
    """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS name (
    n INTEGER PRIMARY KEY, id TEXT UNIQUE, key TEXT, plain TEXT, type TEXT, profile TEXT, blocks BLOB
);
CREATE INDEX IF NOT EXISTS name_plain ON name (plain);
CREATE TABLE IF NOT EXISTS block (block INTEGER, n INTEGER, PRIMARY KEY (block, n)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS context (context INTEGER, n INTEGER, PRIMARY KEY (context, n)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS link (
    a INTEGER, b INTEGER, probability REAL, rule TEXT, scores TEXT, PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_b ON link (b);
CREATE TABLE IF NOT EXISTS todo (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TABLE again (n INTEGER PRIMARY KEY);
"""
    + VECTOR_TABLES
)


def open_index(path: Path | None, vectors: NameVectors | None = None) -> Index:
    """The index at `path`; None: one that is gone when it is closed. With `vectors` names near each other are compared
    too.

    A file that is no such index, or damaged, is replaced by an empty one: nothing in it cannot be worked out again.
    Where none can be made, the run does without.

    Raises:
        StoreError: another resolution has it for too long.
    """
    if path is None:
        return Index(sqlite3.connect("", isolation_level=None), vectors)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Index(_connect(path), vectors)
    except OSError:
        return open_index(None, vectors)
    except sqlite3.OperationalError as exc:  # the file may well be whole
        if "locked" not in str(exc):
            return open_index(None, vectors)
        raise StoreError(
            f"expected to be the only resolution that uses {str(path)!r}, found it locked for "
            f"{_PATIENCE_S:.0f} seconds; run this again when the other is done."
        ) from exc
    except sqlite3.DatabaseError:
        path.unlink()
        return Index(_connect(path), vectors)


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_S)
    database.execute("PRAGMA synchronous = OFF")  # a graph that it does not go with any longer is noticed
    return database


class Index:
    """Profiles, blocks and links of all names of a graph. One resolution has it at a time."""

    def __init__(self, database: sqlite3.Connection, vectors: NameVectors | None = None) -> None:
        """Use `open_index` instead. All until `commit` is one transaction."""
        self._db = database
        if self._db.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
            for table in (*_WITH_NAMES, "embedded"):
                self._db.execute(f"DROP TABLE IF EXISTS {table}")
            self._db.execute(f"PRAGMA user_version = {_FORMAT}")
        self._db.execute(f"PRAGMA cache_size = -{_PAGES_IN_MEMORY_KB}")
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN IMMEDIATE")
        self._profiles: dict[int, Profile] = {}
        self._sizes: dict[tuple[str, int], int] = {}  # of blocks, as far as they were asked for
        self._members_of: dict[tuple[str, int], list[int]] = {}  # the same, until one changes
        self._blocks_of: dict[int, frozenset[int]] = {}
        self._nearness = Nearness(database, vectors) if vectors else None

    def close(self) -> None:
        """Let it go; what was not committed is forgotten."""
        self._db.close()

    def commit(self) -> None:
        """Keep what was done, and go on."""
        self._db.execute("COMMIT")
        self._db.execute("BEGIN IMMEDIATE")

    # ------------------------------------------------------------ which graph it is about
    def get(self, key: str) -> str:
        """A note; empty where there is none."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def note(self, **values: object) -> None:
        """Remember notes."""
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", [(k, str(v)) for k, v in values.items()])

    def clear(self, *, vectors: bool = True) -> None:
        """Forget everything; without `vectors` keep those that texts have by the embedding model."""
        for table in (*_WITH_NAMES, "again", "moved", *(["embedded"] if vectors else [])):
            self._db.execute(f"DELETE FROM {table}")
        self._profiles.clear()
        self._sizes.clear()
        self._members_of.clear()
        self._blocks_of.clear()

    def __len__(self) -> int:
        """How many names it knows."""
        return int(self.get("names") or 0)  # to count them would be to read all their ids

    # ------------------------------------------------------------ names
    def learn(self, ids: Sequence[str], profiles: Iterable[Profile]) -> None:
        """Take over what is known of the names of `ids` now; those without a profile are gone."""
        known = {profile.id: profile for profile in profiles}
        self._members_of.clear()
        self.todo(ids)
        names = len(self)
        for id_ in ids:
            row = self._db.execute("SELECT n, profile FROM name WHERE id = ?", (id_,)).fetchone()
            new = known.get(id_)
            text = _dumped(new) if new else None
            if row is not None and row[1] == text:
                continue
            old = self._profile(row[0]) if row else None
            before = self._blocks(row[0]) if row else frozenset()
            after = blocks_of(new)
            if row is not None:
                n = row[0]
                self._forget_links(n)
                if text is None:
                    names -= 1
                    self._db.execute("DELETE FROM name WHERE n = ?", (n,))
                    self._db.execute("DELETE FROM again WHERE n = ?", (n,))
                else:
                    changed = "UPDATE name SET profile = ?, blocks = ? WHERE n = ?"
                    self._db.execute(changed, (text, packed(after), n))
            elif new is not None:
                values = (id_, new.name.key, new.name.plain, new.name.type, text, packed(after))
                made = "INSERT INTO name (id, key, plain, type, profile, blocks) VALUES (?, ?, ?, ?, ?, ?)"
                n = self._db.execute(made, values).lastrowid
                names += 1
            else:
                continue
            self._profiles.pop(n, None)
            self._blocks_of.pop(n, None)
            self._change("block", n, before, after)
            self._change("context", n, contexts_of(old), contexts_of(new))
            if self._nearness:
                self._nearness.learn(n, new)
            if new is not None:
                self._db.execute("INSERT OR IGNORE INTO again VALUES (?)", (n,))
        self.note(names=names)

    def _change(self, table: Table, n: int, old: frozenset[int], new: frozenset[int]) -> None:
        """Move a name from some blocks to others. Those that become too large by it, or no longer are, affect all."""
        for key in old - new:
            self._db.execute(f"DELETE FROM {table} WHERE {table} = ? AND n = ?", (key, n))
            if self._size(table, key, change=-1) == most_in(table, key):
                self._again(table, key)
        for key in new - old:
            self._db.execute(f"INSERT INTO {table} VALUES (?, ?)", (key, n))
            if self._size(table, key, change=1) == most_in(table, key) + 1:
                self._again(table, key)

    def _size(self, table: Table, key: int, *, change: int) -> int:
        """How many names are in a block, which a change of so many was just made to. It is not counted further than it
        takes to see that there are more than one too many."""
        size = self._sizes.get((table, key))
        if size is None:
            counted = f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {table} = ? LIMIT ?)"
            limit = most_in(table, key) + 3
            size = int(self._db.execute(counted, (key, limit)).fetchone()[0])
            if size == limit:
                return size
        else:
            size += change
        if len(self._sizes) >= _BLOCKS_IN_MEMORY:
            self._sizes.clear()
        self._sizes[table, key] = size
        return size

    def _again(self, table: Table, key: int) -> None:
        """Have all names of a block compared again."""
        self._db.execute(f"INSERT OR IGNORE INTO again SELECT n FROM {table} WHERE {table} = ?", (key,))

    def _members(self, table: Table, key: int) -> list[int]:
        """The names of a block; of one that is too large, one more than it may have."""
        found = self._members_of.get((table, key))
        if found is None:
            if len(self._members_of) >= _BLOCKS_IN_MEMORY:
                self._members_of.clear()
            limit = most_in(table, key) + 1
            rows = self._db.execute(f"SELECT n FROM {table} WHERE {table} = ? LIMIT ?", (key, limit))
            found = self._members_of[table, key] = [row[0] for row in rows]
        return found

    def profile(self, id_: str) -> Profile | None:
        """What is known of a name."""
        row = self._db.execute("SELECT n FROM name WHERE id = ?", (id_,)).fetchone()
        return self._profile(row[0]) if row else None

    def _profile(self, n: int) -> Profile:
        found = self._profiles.get(n)
        if found is None:
            if len(self._profiles) >= _IN_MEMORY:
                self._profiles.clear()
            found = self._profiles[n] = self._load(n)
        return found

    def _blocks(self, n: int) -> frozenset[int]:
        """The blocks of a name."""
        found = self._blocks_of.get(n)
        if found is None:
            if len(self._blocks_of) >= _BLOCKS_IN_MEMORY:
                self._blocks_of.clear()
            row = self._db.execute("SELECT blocks FROM name WHERE n = ?", (n,)).fetchone()
            found = self._blocks_of[n] = unpacked(row[0])
        return found

    def _load(self, n: int) -> Profile:
        key, type_, text = self._db.execute("SELECT key, type, profile FROM name WHERE n = ?", (n,)).fetchone()
        surfaces, neighbours, documents, stated = json.loads(text)
        return Profile(Name(key, type_), surfaces, frozenset(neighbours), frozenset(documents), frozenset(stated))

    # ------------------------------------------------------------ links
    def compare_all(self) -> int:
        """Compare the names whose profile or candidates have changed with their candidates; gives how many pairs."""
        again = {row[0] for row in self._db.execute("SELECT n FROM again")}
        if self._nearness:
            again |= self._nearness.settle()
        compared = 0
        if self._db.execute("SELECT 1 FROM link LIMIT 1").fetchone():
            for n in again:
                self._forget_links(n)
        for n in sorted(again):
            one = self._profile(n)
            rows = []
            for m in sorted(self._candidates(n, one)):
                if m in again and m < n:
                    continue  # it was compared when it was that one's turn
                compared += 1
                other = self._profile(m)
                found = link(one, other, vectors=self._nearness.alike(n, m) if self._nearness else 0.0)
                if found.probability >= KEPT or found.rule == LOOK_ALIKE:
                    ends = (n, m) if one.id < other.id else (m, n)
                    scores = json.dumps(dict(found.scores), ensure_ascii=False)
                    rows.append((*ends, found.probability, found.rule, scores))
                    self.todo((other.id,))
            self._db.executemany("INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?, ?)", rows)
            self.todo((one.id,))
        self._db.execute("DELETE FROM again")
        return compared

    def link(self, a: str, b: str) -> Link | None:
        """How likely two names are one, be they candidates or not; None where one of them is gone."""
        ends = [self._db.execute("SELECT n FROM name WHERE id = ?", (id_,)).fetchone() for id_ in (a, b)]
        if None in ends:
            return None
        (n,), (m,) = ends
        likeness = self._nearness.alike(n, m) if self._nearness else 0.0
        return link(self._profile(n), self._profile(m), vectors=likeness)

    def forget_unused(self) -> None:
        """Drop the vectors that no name has any longer."""
        if self._nearness:
            self._nearness.forget_unused()

    def _forget_links(self, n: int) -> None:
        ends = "SELECT b FROM link WHERE a = ?1 UNION SELECT a FROM link WHERE b = ?1"
        self._db.execute(f"INSERT OR IGNORE INTO todo SELECT id FROM name WHERE n IN ({ends})", (n,))
        self._db.execute("DELETE FROM link WHERE a = ?", (n,))
        self._db.execute("DELETE FROM link WHERE b = ?", (n,))

    def _candidates(self, n: int, profile: Profile) -> set[int]:
        """The names that a name is to be compared with."""
        found: set[int] = set()
        large = set()
        for key in self._blocks(n):
            members = self._members("block", key)
            if len(members) > most_in("block", key):
                large.add(key)
            else:
                found.update(members)
        if large:
            near: set[int] = set()
            for key in contexts_of(profile):
                members = self._members("context", key)
                if len(members) <= most_in("context", key):
                    near.update(members)
            found.update(m for m in near - found if not large.isdisjoint(self._blocks(m)))
        if self._nearness:
            found |= self._nearness.of(n)
        found.discard(n)
        return found

    def links(self, ids: Collection[str]) -> list[Link]:
        """The links among the names of `ids`."""
        found = []
        for id_ in sorted(ids):
            rows = self._db.execute(
                "SELECT a.id, b.id, probability, rule, scores FROM name a JOIN link ON link.a = a.n "
                "JOIN name b ON b.n = link.b WHERE a.id = ?",
                (id_,),
            )
            found += [Link(a, b, p, rule, json.loads(scores)) for a, b, p, rule, scores in rows if b in ids]
        return found

    def near(self, id_: str, threshold: float) -> Iterator[str]:
        """The names that one may be merged with: linked above `threshold`, or of its key in any
        sense."""
        row = self._db.execute("SELECT n, plain FROM name WHERE id = ?", (id_,)).fetchone()
        if row is None:
            return
        ends = (
            "SELECT b FROM link WHERE a = ?1 AND probability > ?2 UNION "
            "SELECT a FROM link WHERE b = ?1 AND probability > ?2"
        )
        found = self._db.execute(f"SELECT id FROM name WHERE n IN ({ends})", (row[0], threshold)).fetchall()
        found += self._db.execute("SELECT id FROM name WHERE plain = ?", (row[1],)).fetchall()
        yield from (each[0] for each in found)

    def in_senses(self, name: Name) -> dict[str, Name]:
        """A name in all the senses that are known of it, by id."""
        rows = self._db.execute("SELECT id, key FROM name WHERE plain = ? AND type = ?", (name.plain, name.type))
        return {id_: Name(key, name.type) for id_, key in rows.fetchall()}

    def named(self, ids: Iterable[str]) -> dict[str, Name]:
        """The names of `ids` that are there."""
        found: dict[str, Name] = {}
        for id_ in ids:
            row = self._db.execute("SELECT key, type FROM name WHERE id = ?", (id_,)).fetchone()
            if row:
                found[id_] = Name(*row)
        return found

    # ------------------------------------------------------------ what is to be grouped anew
    def todo(self, ids: Iterable[str]) -> None:
        """Have the components of names grouped anew."""
        self._db.executemany("INSERT OR IGNORE INTO todo VALUES (?)", [(id_,) for id_ in ids])

    def todo_all(self) -> None:
        """Have all of them grouped anew."""
        self._db.execute("INSERT OR IGNORE INTO todo SELECT id FROM name")

    def waiting(self) -> list[str]:
        """The names whose components are to be grouped anew, by id."""
        return [row[0] for row in self._db.execute("SELECT id FROM todo ORDER BY id")]

    def done(self, ids: Iterable[str]) -> None:
        """Those are grouped."""
        self._db.executemany("DELETE FROM todo WHERE id = ?", [(id_,) for id_ in ids])


def _dumped(profile: Profile) -> str:
    parts = (sorted(profile.neighbours), sorted(profile.documents), sorted(profile.stated))
    return json.dumps([dict(sorted(profile.surfaces.items())), *parts], ensure_ascii=False, separators=(",", ":"))
