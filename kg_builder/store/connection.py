"""One way to a graph database, embedded or not: sessions, retries, and the driver's errors in our words."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from kg_builder.driver import load_driver
from kg_builder.errors import QueryError, ReadOnlyError, StoreError, UnreachableError
from kg_builder.store.dialect import Dialect, dialect_of
from kg_builder.store.embedded import EmbeddedServer, Endpoint

if TYPE_CHECKING:
    from neo4j import Driver
    from neo4j.exceptions import Neo4jError

__all__ = ["Connection", "Credentials", "Run", "TimeLimitError", "redacted", "translated"]

Run = Callable[..., list[dict[str, Any]]]
"""Runs one statement of a transaction with its parameters as keywords, and gives its rows."""

T = TypeVar("T")

_SERVER_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
_FETCH = 2000


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who one is at a server, and which of its databases is meant (empty: its default)."""

    user: str = "neo4j"
    password: str | None = field(default=None, repr=False)
    database: str = ""

    @classmethod
    def of_environment(cls) -> Credentials:
        """Those in ``NEO4J_USERNAME``, ``NEO4J_PASSWORD`` and ``NEO4J_DATABASE``; an empty one counts as none."""
        named = os.environ
        return cls(
            named.get("NEO4J_USERNAME") or "neo4j", named.get("NEO4J_PASSWORD") or None, named.get("NEO4J_DATABASE", "")
        )


class Connection:
    """Sessions on one database. Safe to use from several threads."""

    def __init__(
        self,
        uri: str,
        *,
        embedded: EmbeddedServer | None = None,
        read_only: bool = False,
        credentials: Credentials | None = None,
    ) -> None:
        """Connect at once, so that a wrong address is known at opening.

        Raises:
            StoreError: when nothing answers, or the credentials are refused.
        """
        self.embedded = embedded
        self.read_only = read_only
        self._uri = uri
        self._credentials = credentials or Credentials.of_environment()
        self._lock = threading.Lock()
        self._endpoint = self._find()
        self._driver = self._open(self._account)
        try:
            with self._errors():
                self.dialect, self.server = self._identify()
        except BaseException:
            self._driver.close()
            raise

    @property
    def endpoint(self) -> Endpoint:
        """Where the server was found."""
        return self._endpoint

    @property
    def has_functions(self) -> bool:
        """Whether there are the functions that the embedded server's supervisor defines: ``kg.fact`` and others."""
        return self.embedded is not None

    def close(self) -> None:
        """Let the connections go."""
        self._driver.close()

    def read(self, cypher: str, /, **parameters: Any) -> list[dict[str, Any]]:
        """All rows of a statement that reads."""
        return self._execute(lambda run: run(cypher, **parameters), reading=True)

    def reading(self, work: Callable[[Run], T]) -> T:
        """The result of several reads that see one state of the graph, as far as the server gives that."""
        return self._execute(work, reading=True)

    def writing(self, work: Callable[[Run], T]) -> T:
        """The result of one transaction, done wholly or not at all; run again where the server asks for that."""
        if self.read_only:
            raise ReadOnlyError(
                "expected a store opened for writing, found one opened read-only; open it without that."
            )
        return self._execute(work, reading=False)

    def schema(self, cypher: str) -> None:
        """Run one statement that changes the schema, in a transaction of its own."""
        with (
            self._minding_the_disk(),
            self._errors(),
            self._driver.session(database=self._endpoint.database) as session,
        ):
            session.run(cypher).consume()

    def open_driver(self, *, reading: bool) -> Driver:
        """A driver for other people's statements: to read, under the account that cannot write, where there is one."""
        at = self._endpoint
        return self._open((at.reader or at.writer) if reading else at.writer)

    @property
    def _account(self) -> tuple[str, str] | None:
        at = self._endpoint
        return (at.reader or at.writer) if self.read_only else at.writer

    def _find(self) -> Endpoint:
        if self.embedded is not None:
            return self.embedded.endpoint()
        scheme = urlsplit(self._uri).scheme
        if scheme not in _SERVER_SCHEMES:
            raise StoreError(
                f"expected embedded:PATH or {'://, '.join(_SERVER_SCHEMES)}://, found {redacted(self._uri)!r}."
            )
        if "@" in urlsplit(self._uri).netloc:
            raise StoreError(
                f"expected no credentials in the store's address {redacted(self._uri)!r}; "
                "set NEO4J_USERNAME and NEO4J_PASSWORD instead."
            )
        given = self._credentials
        account = (given.user, given.password) if given.password is not None else None
        return Endpoint(self._uri, given.database or None, account)

    def _open(self, account: tuple[str, str] | None) -> Driver:
        load_driver()
        from neo4j import GraphDatabase
        from neo4j.exceptions import ConfigurationError

        try:
            return GraphDatabase.driver(
                self._endpoint.uri,
                auth=account,
                connection_timeout=10.0,
                keep_alive=True,
                notifications_min_severity="OFF",
                user_agent="kg-builder",
            )
        except (ConfigurationError, ValueError) as exc:
            raise StoreError(f"expected the address of a store, found {redacted(self._uri)!r}: {exc}") from exc

    def _identify(self) -> tuple[Dialect, str]:
        info = self._driver.get_server_info()
        return dialect_of(info.agent)

    def _execute(self, work: Callable[[Run], T], *, reading: bool) -> T:
        """One transaction, begun again for as long as a server may need to settle a conflict or to come back."""
        started, pause = time.monotonic(), 0.02
        while True:
            if self.embedded is not None and not reading:
                self.embedded.room.require()
            try:
                with self._minding_the_disk():
                    return self._transaction(work, reading=reading)
            except (_Conflict, UnreachableError) as exc:
                patience = _PATIENCE_S[type(exc)]
                if isinstance(exc, UnreachableError) and self.embedded is not None:
                    patience = _RESTART_S
                    self._restart()
                if time.monotonic() - started > patience:
                    raise
            time.sleep(pause * (0.5 + random.random()))
            pause = min(2 * pause, 1.0)

    def _transaction(self, work: Callable[[Run], T], *, reading: bool) -> T:
        from neo4j import READ_ACCESS, WRITE_ACCESS

        driver, endpoint = self._driver, self._endpoint
        with (
            self._errors(),
            driver.session(
                database=endpoint.database,
                default_access_mode=READ_ACCESS if reading else WRITE_ACCESS,
                fetch_size=_FETCH,
                bookmark_manager=driver.execute_query_bookmark_manager,
            ) as session,
            session.begin_transaction() as transaction,
        ):

            def run(cypher: str, /, **parameters: Any) -> list[dict[str, Any]]:
                result = transaction.run(cypher, parameters)
                keys = result.keys()
                return [dict(zip(keys, record.values(), strict=True)) for record in result]

            return work(run)

    def _restart(self) -> None:
        """Find the embedded server again, started if need be: it is ours."""
        with self._lock:
            if self.embedded is None:
                return
            found = self.embedded.endpoint()
            if found != self._endpoint:
                self._driver.close()
                self._endpoint = found
                self._driver = self._open(self._account)

    @contextlib.contextmanager
    def _minding_the_disk(self) -> Iterator[None]:
        """Tell of a full disk where an embedded server fails for want of room, and have a new one begin afterwards.

        (The old one has pages in memory that it could not write. They are in its log, from which a new one takes them.)
        """
        try:
            yield
        except QueryError as exc:
            if self.embedded is None or isinstance(exc, TimeLimitError):
                raise
            full = self.embedded.room.lacking(by_log=not isinstance(exc, _Conflict), said=str(exc))
            if full is None:
                raise
            self.embedded.stop()
            raise full from exc

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        with translated(f"the store {redacted(self._uri)!r}"):
            yield


class TimeLimitError(QueryError):
    """The server ended a statement that took too long."""


class _Conflict(QueryError):
    """Another transaction came first; the same may well succeed now."""


_PATIENCE_S: dict[type[StoreError], float] = {UnreachableError: 10.0, _Conflict: 60.0}
_RESTART_S = 60.0


@contextlib.contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    from neo4j.exceptions import DriverError, Neo4jError, ServiceUnavailable, SessionExpired

    try:
        yield
    except (ServiceUnavailable, SessionExpired) as exc:
        raise UnreachableError(
            f"expected a graph database to answer at {where}: {exc}. Is it running, and is the address right?"
        ) from exc
    except Neo4jError as exc:
        raise _of_server(exc, where) from exc
    except (DriverError, OSError, UnicodeEncodeError) as exc:
        raise StoreError(f"{where} could not be used: {exc}") from exc


def _of_server(exc: Neo4jError, where: str) -> StoreError:
    """Our error for one that a server answered with."""
    from neo4j.exceptions import AuthError, Forbidden

    message = str(exc.message or exc)
    if "Transaction.TransactionTimedOut" in (exc.code or "") or "Transaction.Terminated" in (exc.code or ""):
        return TimeLimitError(f"{where} stopped the statement: {message}")
    if exc.is_retryable():
        return _Conflict(f"{where} could not settle a conflict: {message}")
    if isinstance(exc, Forbidden) or "AccessMode" in (exc.code or ""):
        return ReadOnlyError(f"expected a statement that only reads, but {where} refused this one: {message}")
    if isinstance(exc, AuthError):
        return StoreError(
            f"expected credentials that {where} accepts: {message} Set NEO4J_USERNAME and NEO4J_PASSWORD."
        )
    return QueryError(f"{where} could not run the statement: {message}")


def redacted(uri: str) -> str:
    """`uri` without user and password."""
    parts = urlsplit(uri)
    if "@" not in parts.netloc:
        return uri
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
