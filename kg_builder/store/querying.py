"""Statements that other people write: limited in time and rows, and in what they may do."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from kg_builder.errors import QueryError, ReadOnlyError, StoreError
from kg_builder.store.connection import Connection, TimeLimitError, translated
from kg_builder.store.guard import check_read_only, single_statement
from kg_builder.store.records import QueryResult
from kg_builder.store.telling import Sent, mistake_of, plan_of
from kg_builder.store.values import plain

if TYPE_CHECKING:
    from neo4j import Driver

__all__ = ["PlanKind", "Querying"]

PlanKind = Literal["explain", "profile"]

_POLL_S = 0.05
_GRACE_S = 0.5  # past its limit, a statement is ended from here
_ENDING_S = 3.0  # how long a server may take to end a statement before its connection is broken

_RUNNING = "SHOW TRANSACTIONS YIELD transactionId AS id, metaData AS data WHERE data.kg = $mark RETURN id"
_TERMINATE = "TERMINATE TRANSACTIONS $ids"


class Querying:
    """Runs statements of others on a connection's database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._drivers: dict[bool, tuple[object, Driver]] = {}
        self._lock = threading.Lock()

    def query(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None,
        *,
        max_rows: int,
        timeout_s: float,
        plan: PlanKind | None = None,
        cancel: threading.Event | None = None,
    ) -> QueryResult:
        """The rows of a statement that only reads; any other is refused before it runs."""
        statement = single_statement(cypher)
        check_read_only(statement)
        # ArcadeDB lists what runs by text alone; statements that nobody will cancel keep theirs, and so their plans.
        mark = f"/*kg {secrets.token_hex(8)}*/ " if cancel is not None else ""
        sent = Sent.of(statement, plan=plan, mark=mark)
        if self._connection.dialect.enforces_read_mode:
            kind = self._run(
                sent.explained(), parameters, max_rows=0, timeout_s=timeout_s, reading=True, cancel=cancel
            )[1]
            if kind not in ("r", None):
                raise ReadOnlyError(
                    "expected a statement that only reads, found one that writes or changes the schema."
                )
        return self._run(sent, parameters, max_rows=max_rows, timeout_s=timeout_s, reading=True, cancel=cancel)[0]

    def execute(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None,
        *,
        max_rows: int,
        timeout_s: float,
    ) -> QueryResult:
        """The rows of any statement."""
        if self._connection.read_only:
            raise ReadOnlyError(
                "expected a store opened for writing, found one opened read-only; open it without that."
            )
        sent = Sent.of(single_statement(cypher))
        return self._run(sent, parameters, max_rows=max_rows, timeout_s=timeout_s, reading=False)[0]

    def close(self) -> None:
        """Let the connections go."""
        with self._lock:
            for _, driver in self._drivers.values():
                driver.close()
            self._drivers.clear()

    def _driver(self, *, reading: bool) -> Driver:
        with self._lock:
            at = self._connection.endpoint
            known = self._drivers.get(reading)
            if known is None or known[0] != at:
                if known is not None:
                    known[1].close()  # of a server that is no longer there
                known = (at, self._connection.open_driver(reading=reading))
                self._drivers[reading] = known
            return known[1]

    def _abandon(self, driver: Driver, *, reading: bool) -> None:
        """Break the connection of a statement that takes too long, which ends it on the client's side at least."""
        with self._lock:
            known = self._drivers.get(reading)
            if known is not None and known[1] is driver:
                del self._drivers[reading]
        driver.close()

    def _run(
        self,
        sent: Sent,
        parameters: Mapping[str, Any] | None,
        *,
        max_rows: int,
        timeout_s: float,
        reading: bool,
        cancel: threading.Event | None = None,
    ) -> tuple[QueryResult, str | None]:
        """Run in a thread of its own: ArcadeDB knows no limit for one statement, so that waiting must end here."""
        driver = self._driver(reading=reading)
        outcome: list[tuple[QueryResult, str | None]] = []
        failure: list[BaseException] = []
        ended = threading.Event()

        def work() -> None:
            try:
                outcome.append(self._fetch(driver, sent, parameters or {}, max_rows, timeout_s, reading=reading))
            except BaseException as exc:  # noqa: BLE001 (carried to the thread that waits, and raised there)
                failure.append(exc)
            finally:
                ended.set()

        threading.Thread(target=work, name="kg-query", daemon=True).start()
        cancelled = _cancelled(ended, timeout_s + _GRACE_S, cancel)
        if not ended.is_set():
            threading.Thread(
                target=self._end, args=(sent, driver, ended), kwargs={"reading": reading}, daemon=True
            ).start()
            raise QueryError(_STOPPED if cancelled else _too_long(timeout_s))
        if failure and (_timed_out(failure[0]) or isinstance(failure[0], TimeLimitError)):
            raise QueryError(_too_long(timeout_s)) from failure[0]
        if failure and type(failure[0]) is QueryError:
            raise self._located(failure[0], sent) from failure[0]
        if failure:
            raise failure[0]
        return outcome[0]

    def _located(self, error: QueryError, sent: Sent) -> QueryError:
        """The error with the place that the server names, as it is in the caller's statement."""
        said, position = mistake_of(str(error), sent, self._connection.dialect)
        located = QueryError(said)
        located.position = position
        return located

    def _end(self, sent: Sent, driver: Driver, ended: threading.Event, *, reading: bool) -> None:
        """Have the server end a statement; where that does not help, break the connections of all that run here."""
        with contextlib.suppress(StoreError):  # not allowed, or nobody there: what is left is to let go
            self._terminate(sent)
        if not ended.wait(_ENDING_S if sent.mark else 0.0):
            self._abandon(driver, reading=reading)

    def _terminate(self, sent: Sent) -> None:
        if not sent.mark:
            return
        if self._connection.embedded is not None:
            self._connection.embedded.end_statements(sent.mark)
        elif self._connection.dialect.enforces_read_mode:
            found = [row["id"] for row in self._connection.read(_RUNNING, mark=sent.mark)]
            if found:
                self._connection.read(_TERMINATE, ids=found)

    def _fetch(
        self,
        driver: Driver,
        sent: Sent,
        parameters: Mapping[str, Any],
        max_rows: int,
        timeout_s: float,
        *,
        reading: bool,
    ) -> tuple[QueryResult, str | None]:
        from neo4j import READ_ACCESS, WRITE_ACCESS, Query

        started = time.perf_counter()
        with (
            translated("the graph database"),
            driver.session(
                database=self._connection.endpoint.database,
                default_access_mode=READ_ACCESS if reading else WRITE_ACCESS,
                fetch_size=min(max(max_rows + 1, 1), 1000),
            ) as session,
        ):
            about = {"kg": sent.mark} if sent.mark else None
            try:
                result = session.run(Query(sent.text, timeout=timeout_s, metadata=about), dict(parameters))
            except (OverflowError, TypeError, ValueError) as exc:
                raise QueryError(f"expected parameters that a graph database can hold, but {exc}") from exc
            rows: list[tuple[Any, ...]] = []
            truncated = False
            for record in result:
                if len(rows) >= max_rows:
                    truncated = True
                    break
                rows.append(tuple(plain(value) for value in record.values()))
                if time.perf_counter() - started > timeout_s:
                    raise QueryError(_too_long(timeout_s))
            columns = tuple(result.keys())
            summary = result.consume()
            seconds = time.perf_counter() - started
        made = QueryResult(columns, tuple(rows), truncated, seconds, plan_of(summary.profile or summary.plan))
        return made, summary.query_type


def _cancelled(ended: threading.Event, seconds: float, cancel: threading.Event | None) -> bool:
    """Wait until a statement has ended, its time is over, or it was cancelled; True for the last."""
    if cancel is None:
        ended.wait(seconds)
        return False
    deadline = time.monotonic() + seconds
    while not ended.is_set() and not cancel.is_set() and (left := deadline - time.monotonic()) > 0:
        ended.wait(min(_POLL_S, left))
    return cancel.is_set()


def _timed_out(error: BaseException) -> bool:
    """Whether the server ended the statement for its time: Neo4j says so in one of several ways, as chance has it."""
    code = str(getattr(error.__cause__, "code", "") or "")
    return isinstance(error, QueryError) and ("TimedOut" in code or code.endswith(".Terminated"))


_STOPPED = "expected the statement to end, and stopped it, as was asked."


def _too_long(timeout_s: float) -> str:
    return f"expected the statement to end within {timeout_s:g} s, and stopped it. Narrow it down, or allow more time."
