"""The process that owns an embedded server: starts it, and stops it when nobody uses it any longer.

Run as a script (``python supervisor.py CONFIG``), on the standard library alone, so that it costs little memory for
as long as it lives. CONFIG is a JSON file: ``path`` (the store), ``java``, ``jars``, ``idle_s``, ``heap_mb``,
``statement_limit_s`` and ``attempts``. It takes ``server.lock``, starts Java with free ports and fresh passwords, and
publishes them in ``server.json`` (mode 0600). Users hold ``users.lock`` shared, and the system drops that lock when a
process ends, however it ends.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any

WRITER = "root"
READER = "reader"
SOFT_HEAP_MB = 700  # what the collector keeps the heap to, while it can
START_TIMEOUT_S = 120.0
_ITERATIONS = 1000  # the passwords are 256 random bits: stretching them adds nothing but time to every connection
_NOT_ALONE = 3  # exit status: another supervisor owns this store
_EXIT_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _Stop(Exception):
    """A signal asked this process to end."""


def _encoded_password(password: str) -> str:
    """`password` in the form of ArcadeDB's file of users."""
    salt = base64.b64encode(secrets.token_bytes(32)).decode()
    raw = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ITERATIONS, 32)
    return f"PBKDF2WithHmacSHA256${_ITERATIONS}${salt}${base64.b64encode(raw).decode()}"


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by its owner alone.

    (`kg_builder.files` does the same durably; here nothing outlives a server, and nothing of the package is loaded.)
    """
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _write_accounts(config: Path, passwords: dict[str, str]) -> None:
    """One account that may do all, and one that may read records and nothing else: the server itself enforces it."""
    config.mkdir(parents=True, exist_ok=True)
    groups = {WRITER: "admin", READER: READER}
    lines = [
        json.dumps({"name": name, "databases": {"*": [groups[name]]}, "password": _encoded_password(password)})
        for name, password in passwords.items()
    ]
    write_private(config / "server-users.jsonl", "\n".join(lines) + "\n")

    def group(access: list[str], records: list[str]) -> dict[str, Any]:
        return {"resultSetLimit": -1, "readTimeout": -1, "access": access, "types": {"*": {"access": records}}}

    every = ["createRecord", "readRecord", "updateRecord", "deleteRecord"]
    table = {
        "admin": group(["updateSecurity", "updateSchema", "updateDatabaseSettings"], every),
        READER: group([], ["readRecord"]),
        "*": group([], []),
    }
    write_private(config / "server-groups.json", json.dumps({"databases": {"*": {"groups": table}}, "version": 2}))


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _dies_with_parent() -> None:
    """In the child: be ended by the system if the supervisor is killed (Linux; elsewhere the next start cleans up)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _java_command(settings: dict[str, Any], bolt: int, http: int) -> list[str]:
    options = {
        "server.rootPath": ".",
        "server.mode": "development",  # in "production" it keeps to itself what is wrong with a statement
        "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        "server.defaultDatabases": f"graph[{WRITER}]",
        "server.httpIncomingHost": "127.0.0.1",
        "server.httpIncomingPort": str(http),
        "bolt.host": "127.0.0.1",
        "bolt.port": str(bolt),
        "bolt.maxMessageSize": str(64 << 20),
        "bolt.packstream.maxValueLength": str(64 << 20),
        # A relationship type is a file of at least one page, and there are many types.
        "bucketDefaultPageSize": "16384",
        "maxPageRAM": str(settings["heap_mb"] // 4),
        "command.timeout": str(int(settings["statement_limit_s"] * 1000)),
        "opencypher.statementCache": "2000",
        "opencypher.planCache": "2000",
        "opencypher.loadCsv.allowFileUrls": "false",
        "opencypher.loadCsv.allowRemoteUrls": "false",
        "serverMetrics": "false",
        "studio.enabled": "false",
        "polyglotEngineEnabled": "false",
    }
    return [
        settings["java"],
        f"-Xmx{settings['heap_mb']}m",
        "-Xms64m",
        "-XX:+UseZGC",
        f"-XX:SoftMaxHeapSize={min(SOFT_HEAP_MB, settings['heap_mb'])}m",
        "-XX:ZUncommitDelay=5",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        *(f"-Darcadedb.{name}={value}" for name, value in options.items()),
        "-cp",
        f"{settings['jars']}/*",
        "com.arcadedb.server.ArcadeDBServer",
    ]


def _start_java(settings: dict[str, Any], log: IO[bytes]) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """A running server and what its users need to know, published at once: it must be found if this process dies."""
    store = Path(settings["path"])
    home = store / "server"
    home.mkdir(exist_ok=True)
    passwords = {WRITER: secrets.token_hex(32), READER: secrets.token_hex(32)}
    _write_accounts(home / "config", passwords)
    bolt, http = _free_ports(2)
    java = subprocess.Popen(
        _java_command(settings, bolt, http),
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        preexec_fn=_dies_with_parent,
    )
    facts = {
        "pid": java.pid,
        "supervisor": os.getpid(),
        "port": bolt,
        "http": http,
        "database": "graph",
        "accounts": passwords,
        "ready": False,
    }
    write_private(store / "server.json", json.dumps(facts))
    return java, facts


def _listens(java: subprocess.Popen[bytes], port: int, log_path: Path) -> bool:
    """True once the server has started and owns its port; False when it ended before, or somebody else has the port.

    (Its log tells: a connection to the port would not say whose it is, and the server goes on without one.)
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and java.poll() is None:
        log = log_path.read_bytes()
        if b"ArcadeDB Server started" in log:
            return f"BOLT connections on /127.0.0.1:{port} ".encode() in log
        if b'Exception in thread "main"' in log:  # a server that could not start lingers instead of ending
            return False
        time.sleep(0.05)
    return False


def _define_functions(http: int, password: str) -> None:
    """Have the database know what Cypher has no way to, or a long one.

    * ``kg.fact(id)``: a relationship by the server's own id of it
    * ``kg.records()``: the number of relationships of each type
    * ``kg.relations(type)``: the relations of the relationships of a type, each with its number

    They are kept with the database, which refuses (400) to have them defined again.
    """
    definitions = (
        'DEFINE FUNCTION kg.fact "SELECT FROM :id" PARAMETERS [id] LANGUAGE sql;',
        "DEFINE FUNCTION kg.records \"SELECT name, records FROM schema:types WHERE type = 'edge'\" LANGUAGE sql;",
        'DEFINE FUNCTION kg.relations "SELECT relation, count(*) AS n FROM :type GROUP BY relation" PARAMETERS [type] '
        "LANGUAGE sql;",
    )
    for definition in definitions:
        if (status := run_sql(http, (WRITER, password), definition)) not in (200, 400):
            sys.stderr.write(f"expected the server to take {definition!r}, found status {status}\n")


def run_sql(http: int, account: tuple[str, str], script: str) -> int:
    """Have the server run statements of its own SQL, each ended by a semicolon: for what there is no Cypher for. The
    HTTP status of its answer.

    Raises:
        OSError, http.client.HTTPException: there was none.
    """
    token = base64.b64encode(":".join(account).encode()).decode()
    connection = HTTPConnection("127.0.0.1", http, timeout=60)
    try:
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {token}"}
        command = json.dumps({"language": "sqlscript", "command": script})
        connection.request("POST", "/api/v1/command/graph", command, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def server_command(http: int, account: tuple[str, str], command: str) -> Any:
    """What the server answers to a command about itself, such as ``list queries``; None where it refuses.

    Raises:
        OSError, http.client.HTTPException, ValueError: there was no answer, or none that could be read.
    """
    token = base64.b64encode(":".join(account).encode()).decode()
    connection = HTTPConnection("127.0.0.1", http, timeout=10)
    try:
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {token}"}
        connection.request("POST", "/api/v1/server", json.dumps({"command": command}), headers)
        answer = connection.getresponse()
        body = answer.read()
        return json.loads(body).get("result") if answer.status == 200 else None
    finally:
        connection.close()


def _stop_java(java: subprocess.Popen[bytes]) -> None:
    if java.poll() is None:
        java.terminate()
        try:
            java.wait(60)
        except subprocess.TimeoutExpired:
            java.kill()
            java.wait()


def _used(users: IO[bytes]) -> bool:
    """Whether a living process holds the store open. A False answer keeps the lock, so that newcomers wait."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _watch(java: subprocess.Popen[bytes], users: IO[bytes], idle_s: float, published: Path) -> None:
    """Return when nobody has used the store for `idle_s` (newcomers are locked out), or it is gone, or Java ended."""
    idle_since: float | None = None
    while java.poll() is None and published.exists():
        if _used(users):
            idle_since = None
        else:
            idle_since = idle_since or time.monotonic()
            if time.monotonic() - idle_since >= idle_s:
                return
            fcntl.flock(users, fcntl.LOCK_UN)
        time.sleep(max(0.05, min(1.0, idle_s / 5)))


def _serve(settings: dict[str, Any]) -> int:
    store = Path(settings["path"])
    log_path = store / "server.log"
    published = store / "server.json"
    with (store / "users.lock").open("ab") as users:
        for _ in range(int(settings["attempts"])):
            with log_path.open("wb") as log:
                java, facts = _start_java(settings, log)
                try:
                    if _listens(java, facts["port"], log_path):
                        _define_functions(facts["http"], facts["accounts"][WRITER])
                        write_private(published, json.dumps({**facts, "ready": True}))
                        _watch(java, users, float(settings["idle_s"]), published)
                        return 0
                finally:
                    published.unlink(missing_ok=True)
                    _stop_java(java)
    return 1


def main(config: str) -> int:
    """Own the server of one store until it is idle, ends, or a signal comes; the exit status."""

    def on_signal(number: int, _frame: object) -> None:
        for each in _EXIT_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise _Stop(number)

    settings = json.loads(Path(config).read_text(encoding="utf-8"))
    with (Path(settings["path"]) / "server.lock").open("ab") as own:
        try:
            fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _NOT_ALONE
        for each in _EXIT_SIGNALS:
            signal.signal(each, on_signal)
        try:
            return _serve(settings)
        except _Stop:
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
