"""Sorting more rows than memory should hold, by code points, whatever server they come from."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["in_order"]

T = TypeVar("T")
_BATCH = 1000


def in_order(rows: Iterable[tuple[tuple[str, ...], T]], *, width: int) -> Iterator[T]:
    """The values of ``(key, value)`` rows, sorted by their keys of `width` strings each, compared code point by
    code point.

    Rows wait in a temporary database that moves to disk by itself as it grows. (UTF-8 compared byte by byte gives
    the order of code points; the servers' own order of strings differs from it, and from each other's.)
    """
    columns = ", ".join(f"k{i} BLOB" for i in range(width))
    with sqlite3.connect("") as database:
        database.execute(f"CREATE TABLE waiting ({columns}, value BLOB)")
        insert = f"INSERT INTO waiting VALUES ({', '.join('?' * (width + 1))})"
        encoded = (
            (*(part.encode("utf-8", "surrogatepass") for part in key), pickle.dumps(value)) for key, value in rows
        )
        database.executemany(insert, encoded)
        order = ", ".join(f"k{i}" for i in range(width))
        cursor = database.execute(f"SELECT value FROM waiting ORDER BY {order}")
        while batch := cursor.fetchmany(_BATCH):
            for (value,) in batch:
                yield pickle.loads(value)
    database.close()
