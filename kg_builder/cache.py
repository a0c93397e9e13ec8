"""What an extractor has made of each text, kept on disk: the journal of a run, and the memory between runs.

A segment that was extracted is here before its document is in the graph, so that a run that was killed goes on where it
was, a changed document is only extracted where it has changed, and switching the extractor and back costs nothing
twice. The graph never depends on it: deleted, or in disagreement with the graph, it costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from kg_builder.errors import CacheError
from kg_builder.types import Extraction, Mention, Qualifier, Relation, Span, digest

__all__ = ["DEFAULT_MAX_BYTES", "Answer", "ExtractionCache", "cache_key", "cache_path", "open_cache"]

DEFAULT_MAX_BYTES = 4 << 30
FORMAT = 2
"""Goes up when the form of an entry changes: what an older version wrote is then thrown away."""

_FILE = "extractions.sqlite"
_TRIMMED_TO = 0.9  # of the size allowed, so that not every run has to trim
_AT_ONCE = 500  # keys in one statement


@dataclass(frozen=True, slots=True)
class Answer:
    """What an extractor made of a text, and how many more statements it held back, by reason."""

    extractions: list[Extraction]
    left_out: dict[str, int] = field(default_factory=dict)


def cache_key(text: str, fingerprint: str) -> str:
    """By which the extractions of `text` are found; `fingerprint` is the extractor's, with its prompt and ontology."""
    return digest("cached", fingerprint, text)


def cache_path(store_uri: str) -> Path:
    """Where the cache for a store is: in an embedded store's own folder, else in the user's cache folder."""
    if store_uri.startswith("embedded:"):
        return Path(store_uri.removeprefix("embedded:")) / _FILE
    from platformdirs import user_cache_path

    return user_cache_path("kg-builder", appauthor=False) / _FILE


@cache
def open_cache(path: Path) -> ExtractionCache:
    """The cache at `path`; the same object in one process."""
    return ExtractionCache(path)


class ExtractionCache:
    """Extractions by text and extractor, in one SQLite file that many processes may use at a time.

    A file that is no such cache, or damaged, is set aside as ``….damaged`` and begun anew.
    """

    def __init__(self, path: Path) -> None:
        """Open the cache at `path`, made if need be.

        Raises:
            CacheError: the file cannot be made, or is locked for good.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._db = self._open()
            except sqlite3.DatabaseError as exc:
                if isinstance(exc, sqlite3.OperationalError):
                    raise
                path.replace(path.with_name(path.name + ".damaged"))
                self._db = self._open()
        except (OSError, sqlite3.Error) as exc:
            raise CacheError(f"expected a cache of extractions at {str(path)!r}, but {exc}") from exc

    def __enter__(self) -> ExtractionCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    def get(self, keys: Sequence[str]) -> dict[str, Answer]:
        """What is known of those keys. An entry that cannot be read counts as unknown."""
        found: dict[str, Answer] = {}
        for at in range(0, len(keys), _AT_ONCE):
            some = keys[at : at + _AT_ONCE]
            marks = ",".join("?" * len(some))
            with self._errors():
                rows = self._db.execute(f"SELECT key, value FROM cached WHERE key IN ({marks})", some).fetchall()
            for key, value in rows:
                with contextlib.suppress(zlib.error, ValueError, TypeError, KeyError):
                    found[key] = _unpacked(value)
        return found

    def put(self, entries: Mapping[str, Answer]) -> None:
        """Keep entries; they are durable when this returns.

        Raises:
            CacheError: for example when the disk is full; nothing of `entries` is kept then.
        """
        now = int(time.time())
        rows = [(key, _packed(answer), now) for key, answer in entries.items()]
        with self._errors(), self._db:
            self._db.executemany("INSERT OR REPLACE INTO cached (key, value, used) VALUES (?, ?, ?)", rows)

    def touch(self, keys: Iterable[str]) -> None:
        """Note that entries were of use, so that others are dropped before them."""
        now = int(time.time())
        with self._errors(), self._db:
            self._db.executemany("UPDATE cached SET used = ? WHERE key = ?", ((now, key) for key in keys))

    def trim(self, max_bytes: int = DEFAULT_MAX_BYTES) -> int:
        """Drop the entries that were of no use for longest, if the file is larger than it may be; says how many."""
        with self._errors():
            size = self._size()
            if size <= max_bytes:
                return 0
            (count,) = self._db.execute("SELECT count(*) FROM cached").fetchone()
            dropped = int(count * (1 - max_bytes * _TRIMMED_TO / size)) + 1
            with self._db:
                self._db.execute(
                    "DELETE FROM cached WHERE key IN (SELECT key FROM cached ORDER BY used, key LIMIT ?)", (dropped,)
                )
            self._db.execute("VACUUM")
        return min(dropped, int(count))

    def __len__(self) -> int:
        with self._errors():
            (count,) = self._db.execute("SELECT count(*) FROM cached").fetchone()
        return int(count)

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=60.0)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")  # durable when committed, power failures included
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version not in (0, FORMAT):
                db.execute("DROP TABLE IF EXISTS cached")
            db.execute(
                "CREATE TABLE IF NOT EXISTS cached (key TEXT PRIMARY KEY, value BLOB, used INTEGER) WITHOUT ROWID"
            )
            db.execute(f"PRAGMA user_version = {FORMAT}")
            db.commit()
        except BaseException:
            db.close()
            raise
        return db

    def _size(self) -> int:
        (pages,) = self._db.execute("PRAGMA page_count").fetchone()
        (size,) = self._db.execute("PRAGMA page_size").fetchone()
        return int(pages * size)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise CacheError(f"the cache of extractions at {str(self.path)!r} could not be used: {exc}") from exc


def _packed(answer: Answer) -> bytes:
    value = [[_row(x) for x in answer.extractions], answer.left_out]
    return zlib.compress(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"), 1
    )


def _unpacked(value: bytes) -> Answer:
    rows, left_out = json.loads(zlib.decompress(value).decode("utf-8", "surrogatepass"))
    return Answer([_extraction(row) for row in rows], left_out)


def _row(x: Extraction) -> list[Any]:
    return [
        [x.head.surface, x.head.start, x.head.end, x.head.type],
        [x.relation.surface, x.relation.start, x.relation.end, x.relation.lemma, x.relation.passive, x.relation.given],
        [x.tail.surface, x.tail.start, x.tail.end, x.tail.type],
        x.confidence,
        x.extractor,
        x.polarity,
        x.modality,
        [[q.role, q.text, q.start, q.end] for q in x.qualifiers],
        [x.head_argument.surface, x.head_argument.start, x.head_argument.end] if x.head_argument else None,
        [x.tail_argument.surface, x.tail_argument.start, x.tail_argument.end] if x.tail_argument else None,
    ]


def _extraction(row: list[Any]) -> Extraction:
    head, relation, tail, confidence, extractor, polarity, modality, qualifiers, head_argument, tail_argument = row
    return Extraction(
        Mention(*head),
        Relation(*relation),
        Mention(*tail),
        confidence,
        extractor,
        polarity=polarity,
        modality=modality,
        qualifiers=tuple(Qualifier(*each) for each in qualifiers),
        head_argument=Span(*head_argument) if head_argument else None,
        tail_argument=Span(*tail_argument) if tail_argument else None,
    )
