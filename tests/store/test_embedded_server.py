"""The embedded server as a process: shared, found, stopped, and killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from making import contribute

from kg_builder.errors import ReadOnlyError, StoreError
from kg_builder.store import open_store, supervisor
from kg_builder.store.embedded import stop

HERE = Path(__file__).parent
LINES = [f"Name {n % 7} | r{n % 3} | Name {n % 5}:Person" for n in range(12)]


def facts_of(path: Path) -> dict[str, object]:
    return json.loads((path / "server.json").read_text())


def wait_for(condition: object, seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def script(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process with the store's library."""
    paths = [str(HERE), str(HERE.parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def java_processes(path: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "java" and Path(process.cwd()) == path / "server":
                found.append(process)
        except psutil.Error:
            continue
    return found


OPEN_AND_WAIT = """
import sys
from kg_builder.store import open_store
with open_store("embedded:" + sys.argv[1]) as store:
    print(store.counts().documents, flush=True)
    sys.stdin.readline()
"""

WRITE_MANY = """
import sys
from kg_builder.store import open_store
from making import contribute
lines = [f"Name {n % 7} | r{n % 3} | Name {n % 5}:Person" for n in range(12)]
with open_store("embedded:" + sys.argv[1]) as store:
    for n in range(int(sys.argv[3])):
        store.write(contribute(f"{sys.argv[2]}-{n}", lines), size_bytes=1, recipe="")
        print(n, flush=True)
"""


@pytest.fixture
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("shared") / "a folder with spaces 与中文"
    yield path
    stop(path)


def test_two_processes_that_open_at_once_start_one_server_and_it_stops_when_idle(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KG_EMBEDDED_IDLE_S", "1")
    first, second = script(OPEN_AND_WAIT, str(shared)), script(OPEN_AND_WAIT, str(shared))
    for process in (first, second):
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n", process.communicate()[1]
    assert len(java_processes(shared)) == 1
    assert stat.S_IMODE((shared / "server.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(shared.stat().st_mode) == 0o700
    (server,) = java_processes(shared)
    secrets = [str(secret) for secret in dict(facts_of(shared)["accounts"]).values()]  # type: ignore[call-overload]
    assert not any(secret in " ".join(server.cmdline()) for secret in secrets)
    first.kill()  # its lock goes with it
    first.communicate()
    time.sleep(2)
    assert server.is_running()
    second.communicate("\n")
    assert wait_for(lambda: not java_processes(shared))
    assert wait_for(lambda: not (shared / "server.json").exists())


def test_a_killed_server_is_started_again_and_has_all_that_was_committed(embedded_path: Path) -> None:
    writer = script(WRITE_MANY, str(embedded_path), "doc", "400")
    assert writer.stdout is not None
    done = [int(writer.stdout.readline()) for _ in range(5)]
    os.kill(int(str(facts_of(embedded_path)["pid"])), signal.SIGKILL)
    # The writer itself goes on with a new server: it lost nothing either.
    done += [int(writer.stdout.readline()) for _ in range(3)]
    os.kill(writer.pid, signal.SIGKILL)
    os.kill(int(str(facts_of(embedded_path)["pid"])), signal.SIGKILL)
    writer.communicate()
    with open_store(f"embedded:{embedded_path}") as store:
        uris = {document.uri for document in store.documents()}
        assert uris >= {f"doc-{n}" for n in done}
        assert store.check() == []
        for n in range(12):
            store.write(contribute(f"doc-{n}", LINES), size_bytes=1, recipe="")
        for uri in uris - {f"doc-{n}" for n in range(12)}:
            store.remove(uri)
        killed = list(store.entities()), list(store.edges())
        for n in range(12):
            store.remove(f"doc-{n}")
        for n in range(12):
            store.write(contribute(f"doc-{n}", LINES), size_bytes=1, recipe="")
        assert (list(store.entities()), list(store.edges())) == killed


def test_a_killed_supervisor_leaves_no_server_that_nobody_owns(embedded_path: Path) -> None:
    with open_store(f"embedded:{embedded_path}") as store:
        store.write(contribute("a", LINES), size_bytes=1, recipe="")
        os.kill(int(str(facts_of(embedded_path)["supervisor"])), signal.SIGKILL)
        assert wait_for(lambda: not java_processes(embedded_path))
        assert [document.uri for document in store.documents()] == ["a"]
        assert len(java_processes(embedded_path)) == 1


def test_a_stale_file_with_a_pid_that_is_now_another_process_harms_nobody(embedded_path: Path) -> None:
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        embedded_path.mkdir()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            stale = {
                "pid": bystander.pid,
                "supervisor": bystander.pid,
                "port": taken.getsockname()[1],
                "database": "graph",
                "accounts": {supervisor.WRITER: "x" * 64, supervisor.READER: "y" * 64},
                "ready": True,
            }
            (embedded_path / "server.json").write_text(json.dumps(stale))
            with open_store(f"embedded:{embedded_path}") as store:
                assert store.counts().documents == 0
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_taken_port_is_not_the_end(embedded_path: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = [taken.getsockname()[1]]
        code = f"""
import sys
sys.argv = ["supervisor"]
sys.path.insert(0, {str(Path(supervisor.__file__).parent)!r})
import supervisor
original, tries = supervisor._free_ports, []
def ports(count):
    tries.append(1)
    found = original(count)
    return [{ports[0]}, found[1]] if len(tries) == 1 else found
supervisor._free_ports = ports
sys.exit(supervisor.main({str(embedded_path / "supervisor.json")!r}))
"""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("kg_builder.store.embedded.supervisor_command", lambda config: [sys.executable, "-c", code])
            with open_store(f"embedded:{embedded_path}") as store:
                assert store.counts().documents == 0
                assert facts_of(embedded_path)["port"] != ports[0]


def test_two_writers_and_a_reader_share_one_store(embedded_path: Path) -> None:
    writers = [script(WRITE_MANY, str(embedded_path), name, "8") for name in ("left", "right")]
    with open_store(f"embedded:{embedded_path}") as reader:
        while any(writer.poll() is None for writer in writers):
            for document in reader.documents():
                assert document.state == "complete"
            for edge in reader.edges():
                assert edge.support >= 1
            reader.search("name")
        for writer in writers:
            output, errors = writer.communicate()
            assert writer.returncode == 0, errors
            assert output.split() == [str(n) for n in range(8)]
        assert reader.counts().documents == 16
        assert reader.check() == []
        assert {edge.support for edge in reader.edges()} == {16}


def test_a_store_that_is_not_there_is_not_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="found none"):
        open_store(f"embedded:{tmp_path / 'nothing'}", create=False)
    assert not (tmp_path / "nothing").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Name another folder"):
        open_store(f"embedded:{tmp_path / 'file'}")
    with pytest.raises(StoreError, match="embedded:PATH"):
        open_store("embedded:")
    with pytest.raises(StoreError, match="bolt"):
        open_store("http://localhost")


def test_a_server_that_is_not_there_is_named_without_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "very-secret")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(StoreError, match=str(port)) as caught:
        open_store(f"bolt://127.0.0.1:{port}")
    assert "very-secret" not in str(caught.value)
    with pytest.raises(StoreError, match="NEO4J_PASSWORD") as caught:
        open_store("bolt://neo4j:very-secret@127.0.0.1")
    assert "very-secret" not in str(caught.value)


def test_a_store_opened_read_only_cannot_be_written(embedded_path: Path) -> None:
    with open_store(f"embedded:{embedded_path}") as store:
        store.write(contribute("a", LINES), size_bytes=1, recipe="")
    with open_store(f"embedded:{embedded_path}", read_only=True) as store:
        assert store.counts().documents == 1
        for attempt in (
            lambda: store.write(contribute("b", LINES), size_bytes=1, recipe=""),
            lambda: store.remove("a"),
            lambda: store.assign({"a": "b"}),
            lambda: store.execute("MATCH (n) DETACH DELETE n"),
        ):
            with pytest.raises(ReadOnlyError):
                attempt()
        # and the server itself refuses it under this account
        with pytest.raises(ReadOnlyError):
            store._connection._execute(lambda run: run("CREATE (n:Hacked)"), reading=False)
        assert store.counts().documents == 1
