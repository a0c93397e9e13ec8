"""The nearest names of each name by vectors, kept in the index of resolution while names come and go.

What is kept is what one would find from scratch: of each name its eight nearest others, whoever came first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kg_builder.name_vectors import NameVectors, text_of
from kg_builder.resolve import vectors as near
from kg_builder.resolve.records import Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TABLES", "Nearness"]

TABLES = """
CREATE TABLE IF NOT EXISTS embedded (model TEXT, text TEXT, data BLOB, PRIMARY KEY (model, text)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spelt (n INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE IF NOT EXISTS near (n INTEGER, m INTEGER, score INTEGER, PRIMARY KEY (n, m)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS near_m ON near (m);
CREATE TEMP TABLE IF NOT EXISTS moved (n INTEGER PRIMARY KEY);
"""
"""Vectors by model and text; how names are spelt, and the nearest of each; those whose vector came, changed or went."""

_AT_ONCE = 500


class Nearness:
    """Vectors of the names of an index."""

    def __init__(self, database: sqlite3.Connection, vectors: NameVectors) -> None:
        """On the database of the index, which is to be in a transaction."""
        self._db = database
        self._vectors = vectors
        self._known: dict[int, NDArray[Any]] = {}

    def learn(self, n: int, profile: Profile | None) -> None:
        """Take over how a name is spelt now; None: it is gone."""
        row = self._db.execute("SELECT text FROM spelt WHERE n = ?", (n,)).fetchone()
        text = text_of(profile) if profile else None
        if (row[0] if row else None) == text:
            return
        self._known.pop(n, None)
        self._db.execute("INSERT OR IGNORE INTO moved VALUES (?)", (n,))
        if text is None:
            self._db.execute("DELETE FROM spelt WHERE n = ?", (n,))
        else:
            self._db.execute("INSERT OR REPLACE INTO spelt VALUES (?, ?)", (n, text))

    def alike(self, n: int, m: int) -> float:
        """How alike the vectors of two names are, from 0 to 1."""
        return near.alike(near.score(self._vector(n), self._vector(m)))

    def of(self, n: int) -> set[int]:
        """The names that a name is near to, or that are near to it."""
        rows = self._db.execute("SELECT m FROM near WHERE n = ?1 UNION SELECT n FROM near WHERE m = ?1", (n,))
        return {row[0] for row in rows}

    def settle(self) -> set[int]:
        """Bring the nearest names in line with what was learnt; gives the names whose candidates changed by it."""
        moved = {row[0] for row in self._db.execute("SELECT n FROM moved")}
        if not moved:
            return set()
        self._embed()
        here = [row[0] for row in self._db.execute("SELECT n FROM spelt JOIN name USING (n) ORDER BY id")]
        concerned = self._both_ends(moved) | (moved & set(here))
        whole = sorted(n for n in self._listing(moved) | moved if n in set(here))
        if self._crowded() and len(here) <= near.MOST_NAMES:
            self._db.execute("DELETE FROM meta WHERE key = 'crowded'")
            whole = sorted(here)
        if len(here) > near.MOST_NAMES:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('crowded', 'yes')")
            concerned |= {row[0] for row in self._db.execute("SELECT n FROM near UNION SELECT m FROM near")}
            self._db.execute("DELETE FROM near")
        else:
            concerned |= self._relate(here, whole, moved)
        self._db.execute("DELETE FROM moved")
        return concerned & set(here)

    def forget_unused(self) -> None:
        """Drop the vectors of other models, and of texts that no name is spelt as."""
        self._db.execute(
            "DELETE FROM embedded WHERE model <> ? OR text NOT IN (SELECT text FROM spelt)",
            (self._vectors.fingerprint,),
        )

    # ------------------------------------------------------------ inside
    def _relate(self, here: Sequence[int], whole: Sequence[int], moved: set[int]) -> set[int]:
        """Work out the nearest of `whole` anew, and let the others have those of `moved` that are nearer than what
        they had; gives all whose pairs may have changed."""
        import numpy as np

        if not here:
            self._db.execute("DELETE FROM near")
            return set()
        place = {n: i for i, n in enumerate(here)}
        matrix = self._matrix(here)
        concerned = self._both_ends(set(whole))
        marks = [(n,) for n in {*whole, *moved}]
        self._db.executemany("DELETE FROM near WHERE n = ?", marks)
        for n, found in zip(whole, near.nearest(matrix, [place[n] for n in whole]), strict=True):
            self._put(n, [(score, here[i]) for score, i in found])
            concerned.update(here[i] for _, i in found)
        fresh = sorted(place[n] for n in moved if n in place)
        others = np.array(sorted(place.keys() - set(whole), key=place.__getitem__), dtype=np.int64)
        if not fresh or not len(others):
            return concerned
        floors = self._floors()
        rows = np.array([place[n] for n in others.tolist()], dtype=np.int64)
        least = np.array([floors.get(n, near.least_score()) for n in others.tolist()], dtype=np.int64)
        step = max(1, (1 << 23) // len(fresh))
        for start in range(0, len(rows), step):
            dots = (matrix[rows[start : start + step]] @ matrix[fresh].T).astype(np.int64)
            for i in np.flatnonzero(dots.max(axis=1) >= least[start : start + step]).tolist():
                n = int(others[start + i])
                listed = self._db.execute("SELECT score, m FROM near WHERE n = ?", (n,)).fetchall()
                offered = [(int(dots[i, j]), here[column]) for j, column in enumerate(fresh)]
                both = [each for each in {*listed, *offered} if each[0] >= near.least_score()]
                best = sorted(both, key=lambda each: (-each[0], place[each[1]]))[: near.NEIGHBOURS]
                if set(best) != set(listed):
                    concerned |= {n} | {m for _, m in set(best) ^ set(listed)}
                    self._db.execute("DELETE FROM near WHERE n = ?", (n,))
                    self._put(n, best)
        return concerned

    def _crowded(self) -> bool:
        """Whether there were too many names to find the nearest of each."""
        return self._db.execute("SELECT 1 FROM meta WHERE key = 'crowded'").fetchone() is not None

    def _put(self, n: int, found: Sequence[tuple[int, int]]) -> None:
        self._db.executemany("INSERT INTO near VALUES (?, ?, ?)", [(n, m, score) for score, m in found])

    def _floors(self) -> dict[int, int]:
        """What is to be reached to be one of the nearest, of the names that have all the neighbours they may."""
        rows = self._db.execute("SELECT n, min(score) FROM near GROUP BY n HAVING count(*) >= ?", (near.NEIGHBOURS,))
        return dict(rows.fetchall())

    def _listing(self, names: set[int]) -> set[int]:
        """The names that have one of `names` among their nearest."""
        found: set[int] = set()
        for m in names:
            found.update(row[0] for row in self._db.execute("SELECT n FROM near WHERE m = ?", (m,)))
        return found

    def _both_ends(self, names: set[int]) -> set[int]:
        found: set[int] = set()
        for n in names:
            if others := self.of(n):
                found |= others | {n}
        return found

    def _embed(self) -> None:
        """Vectors for the texts that have none yet."""
        model = self._vectors.fingerprint
        asked = "SELECT DISTINCT text FROM spelt WHERE text NOT IN (SELECT text FROM embedded WHERE model = ?)"
        texts = sorted(row[0] for row in self._db.execute(asked, (model,)))
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            rows = [(model, text, made.tobytes()) for text, made in zip(some, self._vectors.of(some), strict=True)]
            self._db.executemany("INSERT OR REPLACE INTO embedded VALUES (?, ?, ?)", rows)

    def _matrix(self, here: Sequence[int]) -> NDArray[Any]:
        """The vectors of names in single precision, ``(names, dimensions)``."""
        import numpy as np

        rows = self._db.execute(
            "SELECT n, data FROM spelt JOIN embedded USING (text) WHERE model = ?", (self._vectors.fingerprint,)
        )
        data = dict(rows.fetchall())
        return np.stack([np.frombuffer(data[n], dtype=np.int16) for n in here]).astype(np.float32)

    def _vector(self, n: int) -> NDArray[Any]:
        import numpy as np

        if n not in self._known:
            row = self._db.execute(
                "SELECT data FROM spelt JOIN embedded USING (text) WHERE n = ? AND model = ?",
                (n, self._vectors.fingerprint),
            ).fetchone()
            self._known[n] = np.frombuffer(row[0], dtype=np.int16)
        return self._known[n]
