"""Kills an ingestion again and again, and compares the graph with that of a run that nobody disturbed.

    python benchmarks/kills.py [FOLDER] [--kills 100] [--neo4j VERSION] [--seed 7]

In each round FOLDER (default: the sample documents) is ingested into an empty store, and a process is killed by
SIGKILL at a random moment: the ingestion itself, one of its workers, the embedded server or what watches over it; with
--neo4j, that server (jars by Maven, as in the tests), which is started again a little later. What was killed is run
again until a run ends by itself. Then `kg export x.jsonl` must be byte for byte that of the undisturbed run, and no
invariant of the graph may be hurt. Each round is told on stderr; prints one JSON object; the exit status is 1 when a
graph differed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from kg_builder.samples import sample_folder
from kg_builder.store import open_store
from kg_builder.store.embedded import stop

NEO4J_OF_THE_TESTS = Path(__file__).resolve().parent.parent / "tests" / "neo4j"
KG = [sys.executable, "-m", "kg_builder.cli"]


class EmbeddedPlace:
    """Embedded stores, a new one for each round."""

    victims = ("ingestion", "ingestion", "worker", "server", "supervisor")

    def __init__(self, scratch: Path) -> None:
        self._scratch, self._round = scratch, 0
        self.path = scratch / "0" / "graph"
        self.environment: dict[str, str] = {}

    @property
    def uri(self) -> str:
        """Where the graph is."""
        return f"embedded:{self.path}"

    @property
    def cache(self) -> Path:
        """Where extractions are kept."""
        return self.path / "extractions.sqlite"

    def renew(self) -> None:
        """An empty store from now on."""
        stop(self.path)
        self._round += 1
        self.path = self._scratch / str(self._round) / "graph"

    def kill(self, victim: str) -> bool:
        """Kill the server or its supervisor; False when there is none."""
        key, name = ("pid", "server.json") if victim == "server" else ("pid", "supervisor.json")
        with contextlib.suppress(OSError, ValueError, KeyError, psutil.Error):
            psutil.Process(int(json.loads((self.path / name).read_text())[key])).kill()
            return True
        return False


class Neo4jPlace:
    """One real Neo4j, emptied for each round, and started again when it was killed."""

    victims = ("ingestion", "worker", "server")

    def __init__(self, scratch: Path, version: str) -> None:
        sys.path.insert(0, str(NEO4J_OF_THE_TESTS))
        from real_neo4j import running

        self._running, self._version, self._home = running, version, scratch / "neo4j"
        self._home.mkdir()
        self._scratch, self._round = scratch, 0
        self._stack = contextlib.ExitStack()
        self._server = self._stack.enter_context(running(version, self._home))
        self.uri = self._server.uri
        self.environment = self._server.environment()
        os.environ.update(self.environment)

    @property
    def cache(self) -> Path:
        """Where extractions are kept."""
        return self._scratch / f"{self._round}.sqlite"

    def renew(self) -> None:
        """An empty store from now on."""
        self._round += 1
        with open_store(self.uri) as store:
            store.execute("MATCH (n) DETACH DELETE n", timeout_s=120)

    def kill(self, victim: str) -> bool:
        """Kill the server, and start it again."""
        psutil.Process(self._server.pid).kill()
        time.sleep(2.0)
        self._server = self._stack.enter_context(self._running(self._version, self._home, before=self._server))
        return True

    def close(self) -> None:
        """Stop the servers, of which all but the last were killed: their pipes are broken."""
        with contextlib.suppress(OSError):
            self._stack.close()


Place = EmbeddedPlace | Neo4jPlace


_FAILURES = 5
"""So many runs of a round may fail by themselves (while a killed server starts again, say) before it is over."""


class Harness:
    """Rounds of killing, counted."""

    def __init__(self, place: Place, folder: Path, seed: int) -> None:
        self.place, self.folder, self.random = place, folder, random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.runs = self.rounds = self.equal = 0
        self.faults: list[str] = []
        started = time.monotonic()
        self._ingest().wait()
        self.usual_s = time.monotonic() - started
        self.expected = self._outcome()

    def round(self, most_kills: int) -> None:
        """Ingest into an empty store, disturbed at most so many times, and compare."""
        self.place.renew()
        self.rounds += 1
        left, failures = most_kills, 0
        while failures < _FAILURES:
            run = self._ingest()
            self.runs += 1
            before = left
            while left > 0 and run.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    run.wait(self.random.uniform(0.2, self.usual_s * 0.9))
                if run.poll() is None and self._kill(self.random.choice(self.place.victims), run):
                    left -= 1
            if run.wait() == 0:
                break
            failures += left == before  # nobody had disturbed it
        outcome = self._outcome()
        if outcome == self.expected:
            self.equal += 1
        else:
            self.faults.append(f"round {self.rounds}: {len(outcome[0])} bytes, {outcome[1]}")

    def _kill(self, victim: str, run: subprocess.Popen[bytes]) -> bool:
        if victim == "ingestion":
            run.kill()
            run.wait()
        elif victim == "worker":
            with contextlib.suppress(psutil.Error):
                workers = [p for p in psutil.Process(run.pid).children() if "kg_builder.worker" in p.cmdline()]
                if not workers:
                    return False
                self.random.choice(workers).kill()
        elif not self.place.kill(victim):
            return False
        self.kills[victim] += 1
        return True

    def _ingest(self) -> subprocess.Popen[bytes]:
        command = [*KG, "ingest", str(self.folder), "--store", self.place.uri, "--json", "--quiet"]
        environment = {**os.environ, **self.place.environment, "KG_CACHE": str(self.place.cache)}
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)

    def _outcome(self) -> tuple[bytes, list[str]]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "graph.jsonl"
            environment = {**os.environ, **self.place.environment}
            subprocess.run(
                [*KG, "export", str(file), "--store", self.place.uri, "--quiet"], env=environment, check=True
            )
            with open_store(self.place.uri) as store:
                return file.read_bytes(), store.check()


@contextlib.contextmanager
def place_of(scratch: Path, neo4j: str | None) -> Iterator[Place]:
    """Where the graphs are made; gone afterwards."""
    if neo4j:
        server = Neo4jPlace(scratch, neo4j)
        try:
            yield server
        finally:
            server.close()
    else:
        embedded = EmbeddedPlace(scratch)
        try:
            yield embedded
        finally:
            stop(embedded.path)


def kill_test(
    folder: Path, *, kills: int, seed: int, neo4j: str | None = None, most_a_round: int = 4
) -> dict[str, Any]:
    """`kills` kills in rounds of up to so many; what came of them."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kg-kills-") as scratch, place_of(Path(scratch), neo4j) as place:
        harness = Harness(place, folder, seed)
        idle = 0
        while (left := kills - harness.kills.total()) > 0 and idle < 20:
            before = harness.kills.total()
            harness.round(min(left, harness.random.randint(1, most_a_round)))
            told = f"{harness.rounds} rounds, {harness.kills.total()} kills, {harness.equal} graphs equal"
            print(f"{told}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
            idle = idle + 1 if harness.kills.total() == before else 0
    return {
        "store": f"Neo4j {neo4j}" if neo4j else "embedded",
        "folder": folder.name,
        "rounds": harness.rounds,
        "runs": harness.runs,
        "kills": harness.kills.total(),
        "killed": dict(sorted(harness.kills.items())),
        "equal_graphs": harness.equal,
        "faults": harness.faults,
        "edges_bytes": len(harness.expected[0]),
        "seconds": round(time.monotonic() - started, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--neo4j", metavar="VERSION")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    folder = arguments.folder or sample_folder()
    result = kill_test(folder, kills=arguments.kills, seed=arguments.seed, neo4j=arguments.neo4j)
    print(json.dumps(result, indent=2, ensure_ascii=False))
    sys.exit(result["equal_graphs"] != result["rounds"])


if __name__ == "__main__":
    main()
