"""A store that goes away in the middle of a run is waited for: nothing is lost, nothing is there twice."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kg_builder import patience, watching
from kg_builder.errors import UnreachableError
from kg_builder.export import export_graph
from kg_builder.pipeline import build_graph
from kg_builder.recipe import Recipe
from kg_builder.reports import IngestReport, Progress
from kg_builder.store import GraphStore, connection, open_store
from kg_builder.store.connection import Credentials

RECIPE = Recipe("priced:Priced")


class Line:
    """A port of this machine whose connections go on to a server, until they are cut."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._port = 0
        self._ends: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self.mend()

    @property
    def uri(self) -> str:
        return f"bolt://127.0.0.1:{self._port}"

    def mend(self) -> None:
        """Connections are accepted from now on."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Nobody answers any more, and what was under way breaks off."""
        assert self._listener
        ends, self._ends = [self._listener, *self._ends], []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._server)
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                other.sendall(data)
            other.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line(embedded_store: GraphStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """To the embedded server."""
    monkeypatch.setitem(connection._PATIENCE_S, UnreachableError, 0.2)  # ten seconds, for people
    address = urlsplit(embedded_store._connection.endpoint.uri)
    assert address.hostname and address.port
    made = Line((address.hostname, address.port))
    yield made
    made.cut()


@pytest.fixture
def store(line: Line, embedded_store: GraphStore) -> Iterator[GraphStore]:
    """The embedded store at the end of that line: a server of somebody else, which nobody here can start again."""
    endpoint = embedded_store._connection.endpoint
    assert endpoint.writer and endpoint.database
    with open_store(line.uri, credentials=Credentials(*endpoint.writer, endpoint.database)) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path, log: Path) -> Path:
    path = tmp_path / "documents"
    path.mkdir()
    for i in range(12):
        (path / f"{i:02d}.txt").write_text(f"Person {i} likes Deep Tide.")
    return path


def exported(store: GraphStore, path: Path) -> bytes:
    export_graph(store, path)
    return path.read_bytes()


def undisturbed(folder: Path, store: GraphStore) -> bytes:
    """The graph of the folder; the store is empty again afterwards."""
    build_graph([folder], store=store, recipe=RECIPE, workers=0)
    graph = exported(store, folder.parent / "expected.jsonl")
    store.execute("MATCH (n) DETACH DELETE n")
    return graph


def test_a_run_waits_for_the_store_and_goes_on(
    folder: Path, line: Line, store: GraphStore, embedded_store: GraphStore, log: Path
) -> None:
    expected = undisturbed(folder, embedded_store)
    log.write_text("")
    said: list[str] = []

    def cut_once(progress: Progress) -> None:
        if progress.done == 4:
            line.cut()
            threading.Timer(2.0, line.mend).start()

    report = build_graph(
        [folder], store=store, recipe=RECIPE, workers=0, patience_s=60.0, on_progress=cut_once, on_message=said.append
    )
    assert (report.loaded, report.failed) == (12, 0)
    assert said and all("the store has gone away; waiting for it for" in message for message in said)
    assert len(log.read_text().splitlines()) == 12
    assert embedded_store.check() == []
    assert exported(embedded_store, folder.parent / "graph.jsonl") == expected


def test_a_store_that_stays_away_ends_the_run_and_the_next_one_goes_on(
    folder: Path, line: Line, store: GraphStore, embedded_store: GraphStore
) -> None:
    expected = undisturbed(folder, embedded_store)

    def cut(progress: Progress) -> None:
        if progress.done == 4:
            line.cut()

    with pytest.raises(UnreachableError, match="Is it running, and is the address right"):
        build_graph([folder], store=store, recipe=RECIPE, workers=0, patience_s=1.0, on_progress=cut)
    line.mend()
    report = build_graph([folder], store=store, recipe=RECIPE, workers=0)
    assert (report.loaded, report.unchanged) == (8, 4)
    assert embedded_store.check() == []
    assert exported(embedded_store, folder.parent / "graph.jsonl") == expected


def test_what_was_written_without_an_answer_is_not_there_twice(
    folder: Path, line: Line, store: GraphStore, embedded_store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = undisturbed(folder, embedded_store)
    write_all = store.write_all
    lost: list[Any] = []

    def write_and_lose_the_answer(*arguments: Any) -> None:
        write_all(*arguments)
        if not lost:
            lost.append(arguments)
            raise UnreachableError("the answer was lost")

    monkeypatch.setattr(store, "write_all", write_and_lose_the_answer)
    report = build_graph([folder], store=store, recipe=RECIPE, workers=0, patience_s=60.0)
    assert (report.loaded, len(lost)) == (12, 1)
    assert embedded_store.check() == []
    assert exported(embedded_store, folder.parent / "graph.jsonl") == expected


def test_a_watched_folder_waits_for_the_store(
    folder: Path, line: Line, store: GraphStore, embedded_store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_AGAIN_S", 0.5)
    stop, runs, said = threading.Event(), [], []

    def say(message: str) -> None:
        said.append(message)
        if "cannot be reached; trying again" in message:
            line.mend()

    def after_run(report: IngestReport) -> None:
        runs.append(report)
        stop.set()

    line.cut()
    watching.watch_folders(
        [folder], store=store, stop=stop, on_run=after_run, on_message=say, recipe=RECIPE, workers=0, patience_s=0.0
    )
    assert [run.loaded for run in runs] == [12]
    assert any("cannot be reached; trying again" in message for message in said)
    assert embedded_store.check() == []


def test_the_pauses_grow_and_time_is_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now, pauses = [100.0], []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def fail() -> None:
        raise UnreachableError("nobody there")

    with pytest.raises(UnreachableError):
        patience.patiently(fail, 20.0, lambda message: None)
    assert pauses == [1.0, 2.0, 4.0, 5.0, 5.0, 3.0]
