"""Starting and stopping the interface, and what it shows where there is no graph."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from conftest import REPOSITORY, start_server, stop_server

from kg_builder.errors import ConfigError
from ui.serve import serve

APP = REPOSITORY / "ui" / "app.py"


def test_it_answers_on_loopback_only_and_leaves_no_process(tmp_path: Path) -> None:
    process, url = start_server(f"embedded:{tmp_path / 'none'}", cwd=tmp_path)
    children = psutil.Process(process.pid).children(recursive=True)
    assert urllib.request.urlopen(f"{url}/_stcore/health", timeout=5).status == 200
    assert children
    listening = {c.laddr.ip for child in children for c in child.net_connections("tcp") if c.status == "LISTEN"}
    assert listening == {"127.0.0.1"}
    assert stop_server(process) == 0
    _gone, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_the_server_goes_when_its_starter_is_killed(tmp_path: Path) -> None:
    process, url = start_server(f"embedded:{tmp_path / 'none'}", cwd=tmp_path)
    assert url
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait(timeout=5)
    _gone, alive = psutil.wait_procs(children, timeout=15)
    assert not alive


def test_a_taken_port_is_an_error_with_advice() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match=r"port \d+ is taken.*--port"):
            serve("embedded:none", port=taken.getsockname()[1])


def test_another_host_name_may_not_connect(address: str) -> None:
    """A page elsewhere whose name points to this machine must not reach the graph."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request(
        "GET",
        "/_stcore/stream",
        headers={
            "Host": "attacker.example",
            "Origin": "http://attacker.example",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        },
    )
    assert connection.getresponse().status == 403
    connection.close()


def shown(store: str, path: Path) -> str:
    """What the first page says on a store, in a process of its own."""
    script = (
        "from streamlit.testing.v1 import AppTest\n"
        f"app = AppTest.from_file({str(APP)!r}, default_timeout=120).run()\n"
        "print([e.value for e in app.exception])\n"
        "print([e.value for e in app.code])\n"
        "print([e.proto.body for e in app.get('html')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        env={
            **os.environ,
            "KG_STORE": store,
            "PYTHONPATH": str(REPOSITORY),
            "KGUI_WORKSPACE": str(path / "workspace"),
        },
        capture_output=True,
        text=True,
        cwd=path,
        timeout=240,
        check=True,
    )
    return done.stdout


def test_where_there_is_no_store_the_command_to_make_one_is_shown(tmp_path: Path) -> None:
    said = shown(f"embedded:{tmp_path / 'none'}", tmp_path)
    assert said.startswith("[]\n")
    assert "kg ingest FOLDER" in said and "There is no graph here yet" in said
    assert not (tmp_path / "none").exists()


def test_an_empty_store_invites(tmp_path: Path) -> None:
    from kg_builder.store import open_store

    uri = f"embedded:{tmp_path / 'graph'}"
    with open_store(uri):
        said = shown(uri, tmp_path)
    assert said.startswith("[]\n")
    assert "The graph is empty" in said and "kg ingest FOLDER" in said


def test_a_server_that_is_not_there_says_so_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_USERNAME", "neo4j")
    monkeypatch.setenv("NEO4J_PASSWORD", "never-shown")
    said = shown("bolt://127.0.0.1:9", tmp_path)
    assert said.startswith("[]\n") and "127.0.0.1:9" in said and "does not answer" in said
    assert "never-shown" not in said


def test_no_signal_leaves_it_hanging_before_it_answers(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ui.serve", "--store", f"embedded:{tmp_path / 'none'}"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    deadline = time.monotonic() + 20
    while not psutil.Process(process.pid).children() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) in (0, -signal.SIGTERM)
