"""Ingestion on a real Ray cluster of two nodes on this machine: the graph is the local engine's, whatever dies."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kg_builder.errors import ConfigError
from kg_builder.export import export_graph
from kg_builder.ray_engine import MAX_RETRIES, ray_together
from kg_builder.recipe import Recipe
from kg_builder.stages import FileTask, process_file
from kg_builder.store import GraphStore
from kg_builder.workers import Outcome

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


class Cluster:
    """Ray node processes, each in a session of its own, so that it can be ended with all that it has started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self.second: subprocess.Popen[bytes] | None = None
        self._nodes: list[subprocess.Popen[bytes]] = []
        self.environment = {
            "RAY_USAGE_STATS_ENABLED": "0",
            # Ray listens on all interfaces and does what it is told there: only to those who know this.
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")])),
            "XDG_CACHE_HOME": str(folder / "caches"),
        }

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """A node with one core, whose extractors write into the log of that name."""
        options = ["--num-cpus", "1", "--object-store-memory", str(100 << 20), "--include-log-monitor", "false"]
        if self.address:
            options += ["--address", self.address]
        else:
            options += ["--head", "--port", "0", "--include-dashboard", "false", "--temp-dir", str(self.folder)]
        command = [str(Path(sys.executable).parent / "ray"), "start", "--disable-usage-stats", *options]
        environment = {**os.environ, **self.environment, "KG_TEST_LOG": str(self.log(name))}
        self.log(name).touch()
        with (self.folder / f"{name}.out").open("wb") as out:
            node = subprocess.Popen(
                command, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._nodes.append(node)
        return node

    def wait_for_address(self) -> None:
        self.address = waited_for(lambda: (self.folder / "ray_current_cluster").read_text().strip(), self.told)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def texts(self, name: str) -> list[str]:
        """What the extractors of a node were given so far."""
        return [line.strip() for line in self.log(name).read_text(encoding="utf-8").splitlines()]

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """As if the power of that machine had failed."""
        for _ in range(20):
            left = [p for p in psutil.process_iter() if session_of(p.pid) == node.pid and p.status() != "zombie"]
            if not left:
                break
            for process in left:
                process.kill()
            node.poll()
            time.sleep(0.1)
        node.wait()
        self._nodes.remove(node)

    def stop(self) -> None:
        for node in list(self._nodes):
            self.kill(node)

    def told(self) -> str:
        """What the nodes have printed, and the ends of their logs."""
        logs = [*self.folder.glob("*.out"), *self.folder.glob("session_latest/logs/[grm]*.out")]
        return "\n".join(f"{path.name}: {path.read_text(errors='replace')[-2000:]}" for path in logs)


def session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1


def waited_for(look: Any, tell: Any = str, seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"expected something within {seconds} s, found nothing; {tell()}")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    # Not in pytest's folder: the paths of Ray's sockets would be too long.
    with tempfile.TemporaryDirectory(prefix="ray-") as folder, pytest.MonkeyPatch.context() as patch:
        made = Cluster(Path(folder))
        for name, value in made.environment.items():
            patch.setenv(name, value)
        patch.setenv("KG_TEST_LOG", str(made.log("here")))
        patch.syspath_prepend(str(HERE))
        try:
            made.start("first")
            made.wait_for_address()
            made.second = made.start("second")
            patch.setenv("RAY_ADDRESS", made.address)
            waited_for(lambda: "runtime started" in (made.folder / "second.out").read_text(), made.told)
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    for i in range(12):
        (folder / f"{i:02d}.txt").write_text(
            f"Company number {i} acquired Deep Tide in {1990 + i}. Ines Varga left it."
        )
        (folder / f"{i:02d}.zh.txt").write_text(f"{1990 + i}年，汐岚能源收购了第{i}公司。李明在上海创办了汐岚能源。")
    for i in range(8):
        (folder / f"slow-{i}.md").write_text(f"# SLOW reading {i}\n\nHarbor Robotics bought company {i}.")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    (folder / "empty.txt").touch()
    (folder / "deadly.txt").write_text("Mara Quill founded Harbor Robotics. They DIE young, said Ines Varga.")
    return folder


def ingest(cluster: Cluster, folder: Path, store: GraphStore, *more: str) -> dict[str, Any]:
    """`kg ingest` in a process of its own, without a cache of its own."""
    command = [sys.executable, "-m", "kg_builder.cli", "ingest", str(folder), "--store", store.uri, "--json"]
    command += ["--quiet", "--extractor", "troublesome:Troublesome", *more]
    environment = {**os.environ, "KG_CACHE": "none", "KG_SEGMENT_CHARACTERS": "60"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, env=environment)
    assert done.returncode == 3, done.stderr + cluster.told()
    return dict(json.loads(done.stdout))


def graph_of(store: GraphStore, path: Path) -> bytes:
    export_graph(store, path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def by_hand(cluster: Cluster, documents: Path, servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The local engine's report and graph."""
    store = servers.store("embedded")
    report = ingest(cluster, documents, store)
    return report, graph_of(store, tmp_path_factory.mktemp("local") / "graph.jsonl")


def same(report: dict[str, Any], other: dict[str, Any]) -> bool:
    def told(problem: dict[str, Any]) -> tuple[str, str, str]:
        return problem["uri"], problem["state"], problem["reason"]

    left_out = {"seconds", "problems"}
    return {k: v for k, v in report.items() if k not in left_out} == {
        k: v for k, v in other.items() if k not in left_out
    } and [told(p) for p in report["problems"]] == [told(p) for p in other["problems"]]


def test_the_graph_of_a_cluster_is_that_of_one_machine(
    cluster: Cluster, documents: Path, by_hand: Any, embedded_store: GraphStore, tmp_path: Path
) -> None:
    report = ingest(cluster, documents, embedded_store, "--engine", "ray")
    assert (report["found"], report["failed"], report["partial"]) == (35, 2, 1)
    assert same(report, by_hand[0])
    assert graph_of(embedded_store, tmp_path / "graph.jsonl") == by_hand[1]
    assert cluster.texts("first") and cluster.texts("second")
    assert embedded_store.check() == []


def double(x: int) -> int:
    return 2 * x


def big(x: int) -> bytes:
    return bytes(x)


def kill_rays_process(x: int) -> int:
    if x == 2:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    return x


def test_outcomes_are_those_of_the_local_pool(cluster: Cluster, tmp_path: Path) -> None:
    import ray

    handler = signal.getsignal(signal.SIGTERM)
    here = threading.current_thread()
    taken = []

    def tasks() -> Iterator[Any]:
        for x in range(60):
            assert threading.current_thread() is here
            taken.append(x)
            yield Outcome(x, result=-1) if x == 7 else x

    outcomes = ray_together(double, tasks(), ahead=2)
    first = next(outcomes)
    assert 0 < len(taken) <= 8  # two nodes with a core each, 2 ahead for each, and what was ready
    outcome_of = {o.task: o for some in [first, *outcomes] for o in some}
    assert [x for x, o in outcome_of.items() if o.seconds <= 0] == [7]  # which was nobody's work
    results = {x: o.result for x, o in outcome_of.items()}
    assert results == {x: -1 if x == 7 else 2 * x for x in range(60)}
    assert signal.getsignal(signal.SIGTERM) is handler
    assert not ray.is_initialized()

    closed = ray_together(time.sleep, [0, 600, 600, 600])
    assert [o.task for o in next(closed)] == [0]
    closed.close()
    with ray.init(logging_level="ERROR"):
        waited_for(lambda: ray.available_resources().get("CPU") == 2)
        large = [o for some in ray_together(big, [10, 2_000_000], result_bytes=1_000_000) for o in some]
        found = {o.task: o.failure.error.reason if o.failure else None for o in large}  # type: ignore[union-attr]
        assert found == {10: None, 2_000_000: "result-too-large"}
        assert all(o.seconds > 0 for o in large)
        deaths = {o.task: o for some in ray_together(kill_rays_process, [1, 2, 3]) for o in some}
        assert (deaths[1].result, deaths[3].result) == (1, 3)
        failure = deaths[2].failure
        assert failure is not None and failure.reason == "crashed"
        assert f"{MAX_RETRIES + 1} times" in failure.message
        assert deaths[2].seconds > deaths[1].seconds > 0
        with pytest.raises(ConfigError, match=r"expected a node .* with a core and 9000000 MiB, found .* 1 cores"):
            next(ray_together(double, [1], memory_bytes=9_000_000 << 20))
        gone = FileTask(tmp_path / "gone.txt", "file:///gone.txt", Recipe())
        ((vanished,),) = ray_together(process_file, [gone])
        assert vanished.failure and vanished.failure.error.reason == "vanished"  # type: ignore[union-attr]
        assert vanished.seconds > 0


def test_a_node_that_is_killed_in_mid_run_changes_nothing(
    cluster: Cluster, documents: Path, by_hand: Any, embedded_store: GraphStore, tmp_path: Path
) -> None:
    before = len(cluster.texts("second"))
    under_way: list[str] = []

    def kill_when_slow() -> None:
        waited_for(lambda: any("SLOW" in text for text in cluster.texts("second")[before:]), seconds=120)
        assert cluster.second
        cluster.kill(cluster.second)
        under_way.append(cluster.texts("second")[-1])

    killer = threading.Thread(target=kill_when_slow)
    killer.start()
    report = ingest(cluster, documents, embedded_store, "--engine", "ray")
    killer.join()
    assert "SLOW" in under_way[0] and under_way[0] in cluster.texts("first")
    assert same(report, by_hand[0])
    assert graph_of(embedded_store, tmp_path / "graph.jsonl") == by_hand[1]
    assert embedded_store.check() == []


def test_without_ray_or_a_cluster_the_error_says_what_to_do(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=r"expected a Ray cluster \(127.0.0.1:9\).*ray start"):
        next(ray_together(double, [1], address="127.0.0.1:9"))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install 'kg-builder\[ray\]'"):
        next(ray_together(double, [1]))
