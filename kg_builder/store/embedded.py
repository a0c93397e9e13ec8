"""A graph database with nothing to set up: an ArcadeDB of our own, a process on loopback, durable under a folder.

The first process that opens a store starts its server, the others share it, and it stops when nobody has used it for a
while. Who uses it is known by locks that the system drops with their process, so nothing is left behind by a crash:

* ``users.lock``: held shared by every user of the store;
* ``server.lock``: held by the supervisor, which owns the server (see `supervisor`);
* ``start.lock``: held while looking for a server or starting one, so that two processes start just one;
* ``writer.lock``: held by the one process that writes.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kg_builder.driver import load_driver
from kg_builder.errors import StoreError
from kg_builder.store import supervisor
from kg_builder.store.room import Room

if TYPE_CHECKING:
    import psutil

__all__ = ["EmbeddedServer", "Endpoint", "holds_store", "stop"]

DEFAULT_IDLE_S = 60.0
STATEMENT_LIMIT_S = 300.0
"""Past this the server itself ends a statement, so that none outlives the one who asked for it for long."""
_START_ATTEMPTS = 5
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens and who may come in. ``reader`` is an account that cannot write, where there is one."""

    uri: str
    database: str | None
    writer: tuple[str, str] | None
    reader: tuple[str, str] | None = None


def holds_store(path: Path) -> bool:
    """Whether a store has been made under `path`."""
    return (path / "server" / "databases").is_dir()


def stop(path: Path, *, timeout_s: float = 60.0) -> bool:
    """Stop the server of the store under `path`, whoever uses it; True when there was one."""
    facts = _published(path)
    if facts is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(facts["supervisor"]), 15)
    deadline = time.monotonic() + timeout_s
    with (path / "server.lock").open("ab") as lock:
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise StoreError(f"expected the server of {str(path)!r} to stop within {timeout_s:g} s; it still runs")
            time.sleep(_POLL_S)
    _end_leftover(path)
    return True


class EmbeddedServer:
    """This process's share in the server of one store: while it is open, the server does not stop for idleness."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Join the store under `path`; the server starts at the first `endpoint()`.

        Raises:
            StoreError: with `create` false, when there is no store; or when the folder cannot be used. A NoRoomError
                when there is no room for a new one.
        """
        self.path = path.expanduser().absolute()
        self.room = Room(self.path)
        if not create and not holds_store(self.path):
            raise StoreError(
                f"expected a store in {str(self.path)!r}, found none. Ingest something, or name another (--store)."
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not holds_store(self.path):
                self.room.require()
            self._users = (self.path / "users.lock").open("ab")
        except OSError as exc:
            raise StoreError(
                f"expected to make a store in {str(self.path)!r}, but {exc.strerror or exc}. "
                "Name another folder with --store."
            ) from exc
        fcntl.flock(self._users, fcntl.LOCK_SH)

    def endpoint(self) -> Endpoint:
        """Where the server listens now, started if need be.

        Raises:
            StoreError: when no server can be started; a NoRoomError when that is for the disk.
        """
        try:
            with (self.path / "start.lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                facts = _published(self.path)
                if facts is None or not self._lives(facts):
                    facts = self._start()
        except (OSError, StoreError) as exc:
            if (full := self.room.lacking()) is not None:
                raise full from exc
            if isinstance(exc, OSError):
                found = exc.strerror or exc
                raise StoreError(f"expected to use the store in {str(self.path)!r}, but {found}.") from exc
            raise
        return _endpoint(facts)

    def end_statements(self, mark: str) -> bool:
        """End the statements that are running with `mark` in the beginning of their text; False when there was none."""
        facts = _published(self.path)
        if facts is None:
            return False
        account = supervisor.WRITER, facts["accounts"][supervisor.WRITER]
        try:
            running = supervisor.server_command(facts["http"], account, "list queries") or []
            found = [str(each["id"]) for each in running if mark in str(each.get("text", ""))]
            for each in found:
                supervisor.server_command(facts["http"], account, f"terminate query {each}")
        except (OSError, HTTPException, ValueError, KeyError, TypeError):
            return False
        return bool(found)

    def make_types(self, types: Iterable[str]) -> bool:
        """Make relationship types, all at once, where there are none of these names; False when it did not work.

        The server writes its whole schema anew for each type that a statement brings along, and once for these.
        """
        facts = _published(self.path)
        if facts is None:
            return False
        account = supervisor.WRITER, facts["accounts"][supervisor.WRITER]
        script = "".join(f"CREATE EDGE TYPE `{each}` IF NOT EXISTS BUCKETS 1;" for each in types)
        try:
            return supervisor.run_sql(facts["http"], account, script) == 200
        except (OSError, HTTPException):
            return False

    def stop(self) -> None:
        """Stop the server, for a new one to begin with what is on the disk."""
        stop(self.path)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer among all processes, waiting for another to end."""
        with (self.path / "writer.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def close(self) -> None:
        """Stop being a user."""
        self._users.close()

    def _lives(self, facts: dict[str, Any]) -> bool:
        """Whether the server that `facts` names is there, is ours, and knows our secret."""
        return bool(facts["ready"]) and _server_process(self.path, facts) is not None and _answers(facts)

    def _start(self) -> dict[str, Any]:
        with (self.path / "server.lock").open("ab") as lock:
            if _wait_for_lock(lock, seconds=2.0):
                _end_leftover(self.path)
                fcntl.flock(lock, fcntl.LOCK_UN)
                process = self._spawn()
            else:
                process = None  # a supervisor is there, but its server is not ready: whoever started it went away
        deadline = time.monotonic() + supervisor.START_TIMEOUT_S
        while time.monotonic() < deadline:
            facts = _published(self.path)
            if facts is not None and self._lives(facts):
                return facts
            if process is not None and process.poll() is not None:
                break
            time.sleep(_POLL_S)
        raise StoreError(
            f"expected the embedded graph database of {str(self.path)!r} to start, but it did not: "
            f"{_log_tail(self.path)} The whole log is {str(self.path / 'server.log')!r}; "
            "a server of your own is reached with --store bolt://HOST."
        )

    def _spawn(self) -> subprocess.Popen[bytes]:
        runtime = _runtime()
        settings = {
            "path": str(self.path),
            "java": str(runtime / "jre" / "bin" / "java"),
            "jars": str(runtime / "jars"),
            "idle_s": float(os.environ.get("KG_EMBEDDED_IDLE_S", DEFAULT_IDLE_S)),
            "heap_mb": int(os.environ.get("KG_EMBEDDED_HEAP_MB") or _heap_mb()),
            "statement_limit_s": STATEMENT_LIMIT_S,
            "attempts": _START_ATTEMPTS,
        }
        config = self.path / "supervisor.json"
        supervisor.write_private(config, json.dumps(settings))
        with (self.path / "supervisor.log").open("wb") as log:
            return subprocess.Popen(
                supervisor_command(config),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.path,
                start_new_session=True,
            )


def _heap_mb() -> int:
    """The heap that a server may grow to, in mebibytes: a quarter of the memory of the machine, or of the container."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # no such file outside of a container; "max" where there is no limit
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(supervisor.SOFT_HEAP_MB, (memory >> 20) // 4)


def supervisor_command(config: Path) -> list[str]:
    """How the supervisor is started: isolated, so that it is small and nothing of the user's can get into it."""
    return [sys.executable, "-I", str(Path(supervisor.__file__).absolute()), str(config)]


def _runtime() -> Path:
    """The folder with the Java runtime and the server's jars, as the package carries them."""
    from importlib.util import find_spec

    spec = find_spec("arcadedb_embedded")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(place) / "jre" / "bin" / "java").is_file():
            return Path(place)
    raise StoreError(
        "expected the package arcadedb-embedded with its Java runtime, found none. "
        "Install it (pip install arcadedb-embedded), or use a server with --store bolt://HOST."
    )


def _endpoint(facts: dict[str, Any]) -> Endpoint:
    accounts = facts["accounts"]
    return Endpoint(
        uri=f"bolt://127.0.0.1:{facts['port']}",
        database=facts["database"],
        writer=(supervisor.WRITER, accounts[supervisor.WRITER]),
        reader=(supervisor.READER, accounts[supervisor.READER]),
    )


def _published(path: Path) -> dict[str, Any] | None:
    try:
        facts = json.loads((path / "server.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return facts if isinstance(facts, dict) else None


def _answers(facts: dict[str, Any]) -> bool:
    """Whether the port that `facts` names takes our secret: somebody else's does not."""
    load_driver()
    from neo4j import GraphDatabase
    from neo4j.exceptions import DriverError, Neo4jError

    at = _endpoint(facts)
    try:
        with (
            GraphDatabase.driver(
                at.uri, auth=at.writer, connection_timeout=5.0, connection_acquisition_timeout=20.0
            ) as driver,
            driver.session(database=at.database) as session,
        ):
            session.run("RETURN 1").consume()
    except (DriverError, Neo4jError, OSError):
        return False
    return True


def _end_leftover(path: Path) -> None:
    """End a server whose supervisor was killed. Only to be called while holding ``server.lock``."""
    import psutil

    facts = _published(path)
    if facts is None:
        return
    process = _server_process(path, facts)
    if process is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
        _, alive = psutil.wait_procs([process], timeout=30)
        for each in alive:
            each.kill()
        psutil.wait_procs(alive, timeout=10)
    (path / "server.json").unlink(missing_ok=True)


def _server_process(path: Path, facts: dict[str, Any]) -> psutil.Process | None:
    """The process of the server that `facts` names; None when it has ended, even if another has its pid now."""
    import psutil

    try:
        process = psutil.Process(int(facts["pid"]))
        ours = "com.arcadedb.server.ArcadeDBServer" in process.cmdline()
        if ours and Path(process.cwd()) == (path / "server").resolve() and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except psutil.Error:
        pass
    return None


def _try_lock(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for_lock(lock: IO[bytes], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _try_lock(lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _log_tail(path: Path) -> str:
    lines: list[str] = []
    for name in ("supervisor.log", "server.log"):
        with contextlib.suppress(OSError):
            lines += [line for line in (path / name).read_text("utf-8", "replace").splitlines() if line.strip()][-4:]
    return " | ".join(line.strip()[:300] for line in lines) or "no log was written."
