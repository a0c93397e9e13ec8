"""How fast an endpoint may be asked: requests and tokens per minute, and how long it wants to be left alone."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from kg_builder.errors import ConfigError
from kg_builder.prompt import Message
from kg_builder.telemetry import emit

__all__ = ["Limits", "estimated_tokens", "limits_path", "retry_after_s"]

_MARGIN = 1.02  # of the window: requests do not all take equally long to arrive
_KEPT_S = 900.0  # more than any window, and than any endpoint is left alone for
_LEAST_WAIT_S = 0.001  # more than what rounding may take from a wait
_MARKS_OF_A_MESSAGE = 4  # tokens that a chat template puts around it


def limits_path() -> Path:
    """Where the processes of a user tell each other what they have asked an endpoint for."""
    from platformdirs import user_cache_path

    return user_cache_path("kg-builder", appauthor=False) / "limits.sqlite"


class Limits:
    """At most so many requests and tokens in any `window_s` seconds; 0: as many as one likes.

    A sliding window, not a bucket: however one lays a minute over the requests, it holds no more than allowed. With a
    `path` all processes that use it for the same `endpoint` share one window; without, or where the file cannot be
    used, the window is this object's own. Times are those of the machine's one monotonic clock.
    """

    def __init__(
        self,
        requests: int = 0,
        tokens: int = 0,
        *,
        window_s: float = 60.0,
        path: Path | None = None,
        endpoint: str = "",
    ) -> None:
        """Raises: ConfigError, for numbers below 0."""
        if requests < 0 or tokens < 0:
            raise ConfigError(f"expected limits of 0 (none) or more, found {requests} requests and {tokens} tokens")
        self._requests, self._tokens, self._window_s = requests, tokens, window_s * _MARGIN
        self._path, self._endpoint = path, endpoint
        self._database: sqlite3.Connection | None = None
        self._process = 0

    def admit(self, tokens: int, now: float) -> tuple[float, int]:
        """How long a request of so many tokens has to wait at least; with 0 it may go, and counts from `now` on, under
        the number given. One that is larger than all that is allowed goes when nothing else counts."""
        try:
            return self._admit(tokens, now)
        except (sqlite3.Error, OSError) as exc:
            self._keep_to_oneself(exc)
            return self._admit(tokens, now)

    def settle(self, number: int, tokens: int) -> None:
        """Say how many tokens a request has really used."""
        if self._tokens:
            self._execute("UPDATE sent SET tokens = ? WHERE number = ?", tokens, number)

    def close(self, until: float) -> None:
        """Nothing goes before `until`: the endpoint wants to be left alone."""
        self._execute("INSERT INTO closed VALUES (?, ?)", self._endpoint, until)

    def _admit(self, tokens: int, now: float) -> tuple[float, int]:
        database = self._opened()
        database.execute("BEGIN IMMEDIATE")
        try:
            # What is old, and what is of a time before the machine was started.
            database.execute("DELETE FROM sent WHERE at < ? OR at > ?", (now - _KEPT_S, now + 1))
            database.execute("DELETE FROM closed WHERE until < ? OR until > ?", (now, now + _KEPT_S))
            (closed,) = database.execute(
                "SELECT max(until) FROM closed WHERE endpoint = ?", (self._endpoint,)
            ).fetchone()
            count, oldest, used = database.execute(
                "SELECT count(*), min(at), total(tokens) FROM sent WHERE endpoint = ? AND at > ?",
                (self._endpoint, now - self._window_s),
            ).fetchone()
            wait = max(0.0, (closed or now) - now)
            full = self._requests and count >= self._requests
            if full or (self._tokens and count and used + tokens > self._tokens):
                wait = max(wait, oldest + self._window_s - now, _LEAST_WAIT_S)
            if wait:
                return wait, 0
            inserted = database.execute(
                "INSERT INTO sent(endpoint, at, tokens) VALUES (?, ?, ?)", (self._endpoint, now, tokens)
            )
            return 0.0, inserted.lastrowid or 0
        finally:
            database.execute("COMMIT")

    def _execute(self, statement: str, *values: object) -> None:
        try:
            self._opened().execute(statement, values)
        except (sqlite3.Error, OSError) as exc:
            self._keep_to_oneself(exc)
            self._opened().execute(statement, values)

    def _keep_to_oneself(self, error: Exception) -> None:
        """After an error of the file: better limits of one's own than none. Raises it where there is no file."""
        if self._path is None:
            raise error
        emit(
            "limits",
            f"{self._path} cannot be used ({error}): each process keeps to the endpoint's limits by itself",
            level=logging.WARNING,
        )
        self._path = self._database = None

    def _opened(self) -> sqlite3.Connection:
        if self._database is None or self._process != os.getpid():
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            where = self._path or ":memory:"
            database = sqlite3.connect(where, timeout=10, isolation_level=None, check_same_thread=False)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = OFF")  # what the machine forgets when it stops is over by then
            database.execute(
                "CREATE TABLE IF NOT EXISTS sent "
                "(number INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT, at REAL, tokens INTEGER)"
            )
            database.execute("CREATE INDEX IF NOT EXISTS sent_at ON sent (endpoint, at, tokens)")
            database.execute("CREATE TABLE IF NOT EXISTS closed (endpoint TEXT, until REAL)")
            self._database, self._process = database, os.getpid()
        return self._database


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How many seconds a reply asks to wait (RFC 9110, 10.2.3: seconds or a date; and ``retry-after-ms``)."""
    try:
        if headers.get("retry-after-ms"):
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        value = headers.get("retry-after", "").strip()
        if not value:
            return None
        if value.replace(".", "", 1).isdecimal():
            return float(value)
        date = parsedate_to_datetime(value)
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def estimated_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens messages have, without a tokenizer: four characters of ASCII, or one other, are one."""
    tokens = 0.0
    for each in messages:
        plain = sum(character.isascii() for character in each["content"])
        tokens += _MARKS_OF_A_MESSAGE + plain / 4 + len(each["content"]) - plain
    return round(tokens)
