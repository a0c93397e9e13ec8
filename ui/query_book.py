"""Statements that were run and statements that people keep: both per store, in the interface's own folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ui.workspace import keep_json, kept_json, read_only, store_folder

__all__ = ["LONGEST_NAME", "QueryBook", "RanQuery", "SavedQuery"]

LONGEST_NAME = 80
_LONGEST_HISTORY = 100
_MOST_SAVED = 500
_LOCK = threading.Lock()
"""Sessions of one server are threads of one process."""


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A statement under a name, with its parameters as JSON."""

    name: str
    cypher: str
    params: str = ""


@dataclass(frozen=True, slots=True)
class RanQuery:
    """A statement that was run. ``outcome`` is rows, failed or stopped; ``at`` is ISO 8601, UTC."""

    cypher: str
    params: str
    at: str
    outcome: str
    rows: int
    seconds: float


class QueryBook:
    """History and saved statements of one store. Nothing is kept where the server was started read-only."""

    def __init__(self, store_uri: str) -> None:
        self._folder = store_folder(store_uri)

    def history(self) -> list[RanQuery]:
        """What was run, the latest first, each statement once."""
        return self._history()

    def ran(self, cypher: str, params: str, *, outcome: str, rows: int, seconds: float) -> None:
        """Note that a statement was run."""
        if read_only():
            return
        at = datetime.now(UTC).isoformat(timespec="seconds")
        new = RanQuery(cypher, params, at, outcome, rows, round(seconds, 3))
        with _LOCK:
            others = [each for each in self._history(to_change=True) if (each.cypher, each.params) != (cypher, params)]
            keep_json(self._history_path, [asdict(each) for each in [new, *others][:_LONGEST_HISTORY]])

    def clear_history(self) -> None:
        """Forget what was run."""
        if not read_only():
            with _LOCK:
                keep_json(self._history_path, [])

    def saved(self) -> list[SavedQuery]:
        """The saved statements by name."""
        return self._all_saved()

    def save(self, query: SavedQuery, *, replacing: str = "") -> None:
        """Keep a statement under its name, in place of any other of that name and of the one called `replacing`."""
        name = " ".join(query.name.split())[:LONGEST_NAME]
        if read_only() or not name:
            return
        with _LOCK:
            others = [each for each in self._all_saved(to_change=True) if each.name not in (name, replacing)]
            kept = [SavedQuery(name, query.cypher, query.params), *others][:_MOST_SAVED]
            keep_json(self._saved_path, [asdict(each) for each in kept])

    def delete(self, name: str) -> None:
        """Forget a saved statement."""
        if not read_only():
            with _LOCK:
                kept = [asdict(each) for each in self._all_saved(to_change=True) if each.name != name]
                keep_json(self._saved_path, kept)

    def _history(self, *, to_change: bool = False) -> list[RanQuery]:
        return [each for row in _rows(self._history_path, to_change) if (each := _ran(row)) is not None]

    def _all_saved(self, *, to_change: bool = False) -> list[SavedQuery]:
        found = [each for row in _rows(self._saved_path, to_change) if (each := _saved(row)) is not None]
        return sorted(found, key=lambda each: (each.name.casefold(), each.name))

    @property
    def _history_path(self) -> Path:
        return self._folder / "query-history.json"

    @property
    def _saved_path(self) -> Path:
        return self._folder / "saved-queries.json"


def _rows(path: Path, to_change: bool) -> Iterator[dict[str, Any]]:
    """The objects that a file lists; whatever else somebody put into it is passed over."""
    found = kept_json(path, [], to_change=to_change)
    yield from (row for row in found if isinstance(row, dict)) if isinstance(found, list) else ()


def _ran(row: dict[str, Any]) -> RanQuery | None:
    cypher, params, at, outcome = (str(row.get(name, "")) for name in ("cypher", "params", "at", "outcome"))
    rows, seconds = row.get("rows"), row.get("seconds")
    if not cypher or not isinstance(rows, int) or not isinstance(seconds, int | float):
        return None
    return RanQuery(cypher, params, at, outcome, rows, float(seconds))


def _saved(row: dict[str, Any]) -> SavedQuery | None:
    name, cypher, params = row.get("name"), row.get("cypher"), row.get("params", "")
    if isinstance(name, str) and isinstance(cypher, str) and isinstance(params, str):
        return SavedQuery(name, cypher, params)
    return None
