"""Triples of a graph in another database, as rows to import."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from kg_builder.errors import LoadError
from kg_builder.importing_rows import NEEDED, ImportedRow, RefusedRow, row_of

__all__ = ["rows_of_graph"]

_AT_ONCE = 1000
_TECHNICAL = "_"  # how labels begin that other builders mark their own nodes with


def rows_of_graph(address: str, cypher: str | None = None) -> Iterator[ImportedRow | RefusedRow]:
    """What a statement on the server at `address` gives, in an order of its own: a graph has none.

    The columns ``head``, ``relation`` and ``tail`` are needed; others are those of a file, or ``head_labels`` and
    ``tail_labels``, of which the first in the alphabet is the type. Without a statement every relationship is a row,
    its ends called by the first of ``name``, ``title``, ``label`` and ``id`` that they have, its source its type.

    Raises:
        LoadError: a column is missing.
        StoreError: the server does not answer or refuses the statement.
    """
    from kg_builder.store.foreign import ALL_TRIPLES, foreign_rows

    spool = sqlite3.connect("")
    try:
        spool.execute("CREATE TABLE found (row TEXT)")
        found = foreign_rows(address, cypher or ALL_TRIPLES)
        while some := list(islice(found, _AT_ONCE)):
            lines = [json.dumps(_values(row, whole=cypher is None), ensure_ascii=False, sort_keys=True) for row in some]
            spool.executemany("INSERT INTO found VALUES (?)", ((line,) for line in lines))
        for number, (line,) in enumerate(spool.execute("SELECT row FROM found ORDER BY row"), start=1):
            yield row_of(number, number, json.loads(line))
    finally:
        spool.close()


def _values(row: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    """What a row of the server says, in the words of a file."""
    missing = [name for name in NEEDED if name not in row]
    if missing:
        raise LoadError(
            f"expected a statement that returns the columns head, relation and tail, found {', '.join(row) or 'none'}; "
            "name them with AS.",
            reason="header",
        )
    found = {name: _plain(value) for name, value in row.items() if not name.endswith("_labels")}
    for side in ("head", "tail"):
        labels = sorted(str(each) for each in row.get(f"{side}_labels") or () if not str(each).startswith(_TECHNICAL))
        if labels and not found.get(f"{side}_type"):
            found[f"{side}_type"] = labels[0]
    if whole:
        found["source"] = found["relation"]
        found["relation"] = _words(str(found["relation"]))
    return found


def _words(type_: str) -> str:
    """A relationship type in words: ``LIVES_IN`` and ``livesIn`` are "lives in"."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", type_.replace("_", " "))
    return " ".join(spaced.split()).lower()


def _plain(value: Any) -> Any:
    """A value that JSON has; anything else as text."""
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
