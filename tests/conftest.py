"""Stores for the tests: an embedded server and two real Neo4j, each started once for the whole run."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import pytest

from kg_builder.resolving import index_path
from kg_builder.store import GraphStore, open_store
from kg_builder.store.embedded import stop

sys.path.insert(0, str(Path(__file__).parent / "neo4j"))  # not a package: it would stand before the driver of that name

from java_classes import shared_classes
from real_neo4j import VERSIONS, Neo4jServer, Unavailable, fetch_jars, find_java, running

STORES = ["embedded", *(f"neo4j-{version}" for version in VERSIONS)]
_NEWEST = list(VERSIONS)[-1]
_SKIPPED = pytest.StashKey[set[str]]()
_LONG = {
    "test_backup",
    "test_cli",
    "test_decisions",
    "test_doctor",
    "test_embedded_server",
    "test_estimate",
    "test_export_neo4j",
    "test_finetune_evaluate",
    "test_gpu_benchmark",
    "test_histories",
    "test_kills",
    "test_llm",
    "test_ontology_commands",
    "test_pipeline",
    "test_ray_engine",
    "test_resuming",
    "test_serve",
    "test_training",
    "test_training_tasks",
    "test_ui_accessibility",
    "test_ui_browser",
    "test_ui_evidence",
    "test_ui_explore",
    "test_ui_ingest",
    "test_ui_playground",
    "test_ui_public_documents",
    "test_ui_query",
    "test_ui_review",
    "test_ui_server",
    "test_watching",
    "test_whole_loop",
}
"""Files of tests that take longest: begun first, so that no process is at work long after the others."""


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SKIPPED] = set()
    os.environ.setdefault("KG_EMBEDDED_IDLE_S", "5")  # no server outlives the tests for long, even if they are killed
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny models, and a process of tests on each core
    os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")  # nothing lives long here
    if not hasattr(config, "workerinput"):  # processes of tests take over what this one has set
        several = bool(config.getoption("numprocesses", None))
        os.environ["JAVA_TOOL_OPTIONS"] += f" {shared_classes(make=several)}".rstrip()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What was captured goes from process to process as UTF-8, which has no lone surrogates."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where tests run in several processes: those of one server together, of the others those of one file."""
    from xdist.scheduler import LoadScopeScheduling

    class ByServer(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _server_of(nodeid) or nodeid.partition("::")[0]

    config.option.loadscopereorder = False  # as they were collected
    return ByServer(config, log)


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _server_of(item.nodeid) == _NEWEST and item.path.parent.name != "store":
            item.add_marker("long")  # the store's own tests run on each server, all others on one Neo4j
    items.sort(key=lambda item: not (_server_of(item.nodeid) or item.path.stem in _LONG))


def _server_of(nodeid: str) -> str:
    """The server that a test runs on, from its parameters; empty where it brings its own, or needs none."""
    parameters = nodeid.partition("[")[2]
    return next((name for name in (*VERSIONS, "embedded") if name in parameters), "")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for reason in sorted(config.stash[_SKIPPED]):
        terminalreporter.write_line(
            f"!!! NOT TESTED ON A REAL NEO4J: {reason}. CI=true makes this a failure.", red=True
        )


def wipe(store: GraphStore) -> None:
    """Take everything out of a (small) store."""
    store.execute("MATCH (n) DETACH DELETE n", timeout_s=120)


class _Servers:
    """Servers started when first asked for, until the end of the run."""

    def __init__(self, tmp: pytest.TempPathFactory, config: pytest.Config) -> None:
        self._tmp = tmp
        self._config = config
        self._neo4j: dict[str, Neo4jServer | str] = {}
        self._stores: dict[str, GraphStore] = {}
        self._stack = ExitStack()

    def neo4j(self, version: str) -> Neo4jServer:
        if version not in self._neo4j:
            try:
                home = self._tmp.mktemp(f"neo4j-{version}")
                self._neo4j[version] = self._stack.enter_context(running(version, home))
            except Unavailable as exc:
                self._neo4j[version] = str(exc)
        found = self._neo4j[version]
        if not isinstance(found, Neo4jServer):
            self._lacking(found)
        return found

    def require(self, version: str) -> None:
        """Go on only where a Neo4j can be started."""
        try:
            find_java(version)
            fetch_jars(version)
        except Unavailable as exc:
            self._lacking(str(exc))

    def _lacking(self, what: str) -> NoReturn:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must test on a real Neo4j: {what}")
        self._config.stash[_SKIPPED].add(what)
        pytest.skip(what)

    def store(self, kind: str) -> GraphStore:
        """An empty store."""
        if kind not in self._stores:
            if kind == "embedded":
                path = self._tmp.mktemp("embedded") / "graph"
                self._stack.callback(stop, path)
                store = open_store(f"embedded:{path}")
            else:
                store = open_on(self.neo4j(kind.removeprefix("neo4j-")))
            self._stores[kind] = self._stack.enter_context(store)
        wipe(self._stores[kind])
        return self._stores[kind]

    def close(self) -> None:
        for store in self._stores.values():
            index_path(store.uri).unlink(missing_ok=True)  # that of a server is in the user's cache folder
        self._stack.close()


def open_on(server: Neo4jServer, *, read_only: bool = False) -> GraphStore:
    """A store on a Neo4j of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment().items():
            patch.setenv(name, value)
        return open_store(server.uri, read_only=read_only)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[_Servers]:
    """All servers of this run."""
    made = _Servers(tmp_path_factory, request.config)
    yield made
    made.close()


@pytest.fixture
def embedded_store(servers: _Servers) -> GraphStore:
    """An empty embedded store."""
    return servers.store("embedded")


@pytest.fixture(params=list(VERSIONS))
def neo4j_server(request: pytest.FixtureRequest, servers: _Servers) -> Neo4jServer:
    """A real Neo4j, of each version in turn, with whatever the tests before have left in it."""
    return servers.neo4j(request.param)


@pytest.fixture(params=STORES)
def any_store(request: pytest.FixtureRequest, servers: _Servers) -> GraphStore:
    """An empty store, on each server in turn."""
    return servers.store(request.param)


@pytest.fixture
def embedded_path(tmp_path: Path) -> Iterator[Path]:
    """A folder for an embedded store with a server of its own, which is stopped afterwards."""
    path = tmp_path / "graph"
    yield path
    stop(path)


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    """Another store, embedded and empty."""
    path = tmp_path_factory.mktemp("other") / "graph"
    with open_store(f"embedded:{path}") as store:
        yield store
    stop(path)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the extractors of the tests note each text that reaches them, here and in worker processes."""
    path = tmp_path / "extracted.log"
    path.touch()
    monkeypatch.setenv("KG_TEST_LOG", str(path))
    here = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", here)
    monkeypatch.syspath_prepend(here)
    return path


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public benchmark data."""
    folder = os.environ.get("KG_DATA")
    if folder and Path(folder).is_dir():
        return Path(folder)
    if os.environ.get("CI") == "true":
        pytest.fail("KG_DATA must name the folder of the public benchmark data when CI=true")
    pytest.skip("KG_DATA does not name the folder of the public benchmark data")
