"""Statements that other people write: limited in time and rows, and in what they may do."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kg_builder.errors import QueryError, ReadOnlyError
from kg_builder.store.connection import Connection, TimeLimitError, translated
from kg_builder.store.guard import check_read_only, single_statement
from kg_builder.store.records import QueryResult
from kg_builder.store.values import plain

if TYPE_CHECKING:
    from neo4j import Driver

__all__ = ["Querying"]


class Querying:
    """Runs statements of others on a connection's database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._drivers: dict[bool, tuple[object, Driver]] = {}
        self._lock = threading.Lock()

    def query(
        self, cypher: str, parameters: Mapping[str, Any] | None, *, max_rows: int, timeout_s: float
    ) -> QueryResult:
        """The rows of a statement that only reads; any other is refused before it runs."""
        statement = single_statement(cypher)
        check_read_only(statement)
        if self._connection.dialect.enforces_read_mode:
            kind = self._run(_explained(statement), parameters, max_rows=0, timeout_s=timeout_s, reading=True)[1]
            if kind not in ("r", None):
                raise ReadOnlyError(
                    "expected a statement that only reads, found one that writes or changes the schema."
                )
        return self._run(statement, parameters, max_rows=max_rows, timeout_s=timeout_s, reading=True)[0]

    def execute(
        self, cypher: str, parameters: Mapping[str, Any] | None, *, max_rows: int, timeout_s: float
    ) -> QueryResult:
        """The rows of any statement."""
        if self._connection.read_only:
            raise ReadOnlyError(
                "expected a store opened for writing, found one opened read-only; open it without that."
            )
        return self._run(single_statement(cypher), parameters, max_rows=max_rows, timeout_s=timeout_s, reading=False)[0]

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
        self, cypher: str, parameters: Mapping[str, Any] | None, *, max_rows: int, timeout_s: float, reading: bool
    ) -> tuple[QueryResult, str | None]:
        """Run in a thread of its own: ArcadeDB knows no limit for one statement, so that waiting must end here."""
        driver = self._driver(reading=reading)
        outcome: list[tuple[QueryResult, str | None]] = []
        failure: list[BaseException] = []

        def work() -> None:
            try:
                outcome.append(self._fetch(driver, cypher, parameters or {}, max_rows, timeout_s, reading=reading))
            except BaseException as exc:  # noqa: BLE001 (carried to the thread that waits, and raised there)
                failure.append(exc)

        thread = threading.Thread(target=work, name="kg-query", daemon=True)
        thread.start()
        thread.join(timeout_s + 0.5)
        if thread.is_alive():
            threading.Thread(target=self._abandon, args=(driver,), kwargs={"reading": reading}, daemon=True).start()
            raise QueryError(_too_long(timeout_s))
        if failure and _timed_out(failure[0]):
            raise QueryError(_too_long(timeout_s)) from failure[0]
        if failure and isinstance(failure[0], TimeLimitError):
            raise QueryError(_too_long(timeout_s)) from failure[0]
        if failure:
            raise failure[0]
        return outcome[0]

    def _fetch(
        self,
        driver: Driver,
        cypher: str,
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
            result = session.run(Query(cypher, timeout=timeout_s), dict(parameters))
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
        return QueryResult(columns, tuple(rows), truncated, time.perf_counter() - started), summary.query_type


def _timed_out(error: BaseException) -> bool:
    """Whether the server ended the statement for its time: Neo4j says so in one of several ways, as chance has it."""
    code = str(getattr(error.__cause__, "code", "") or "")
    return isinstance(error, QueryError) and ("TimedOut" in code or code.endswith(".Terminated"))


def _explained(cypher: str) -> str:
    first = cypher.split(None, 1)[0].upper() if cypher.split() else ""
    return cypher if first == "EXPLAIN" else f"EXPLAIN {cypher}"


def _too_long(timeout_s: float) -> str:
    return f"expected the statement to end within {timeout_s:g} s, and stopped it. Narrow it down, or allow more time."
