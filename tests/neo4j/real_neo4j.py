"""A real Neo4j for the tests: its jars by Maven, kept in a cache; started by a launcher of a few lines, without
Docker.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VERSIONS = {"5.26.30": 17, "2026.08.1": 21}  # the Java that each needs at least
START_TIMEOUT_S = 180
_HERE = Path(__file__).parent


class Unavailable(Exception):
    """What this machine lacks for a Neo4j, as a sentence."""


@dataclass(frozen=True)
class Neo4jServer:
    """A running server."""

    version: str
    uri: str
    password: str
    pid: int

    def environment(self) -> dict[str, str]:
        """What the store and its processes need to come in."""
        return {"NEO4J_USERNAME": "neo4j", "NEO4J_PASSWORD": self.password}


def _java_version(home: Path) -> int:
    with contextlib.suppress(OSError):
        found = re.search(r'JAVA_VERSION="(\d+)', (home / "release").read_text(encoding="utf-8"))
        if found:
            return int(found.group(1))
    return 0


def find_java(version: str) -> Path:
    """A Java home for a version of Neo4j, among JAVA_HOME and its like, the one on the path, and their neighbours."""
    least = VERSIONS[version]
    homes = [
        Path(value) for name, value in sorted(os.environ.items()) if re.fullmatch(r"JAVA_?HOME.*|JDK_?HOME.*", name)
    ]
    on_path = shutil.which("java")
    if on_path:
        homes.append(Path(on_path).resolve().parent.parent)
    for folder in {home.parent for home in homes} | {Path("/usr/lib/jvm")}:
        homes += sorted(path for path in folder.glob("*") if (path / "bin" / "java").exists())
    fitting = [home for home in homes if (home / "bin" / "java").exists() and _java_version(home) >= least]
    if version.startswith("5."):  # made for 17 and 21: a newer Java may be refused
        fitting = [home for home in fitting if _java_version(home) in (17, 21)]
    if not fitting:
        wanted = "17 or 21" if version.startswith("5.") else f"{least} or later"
        raise Unavailable(f"Neo4j {version} needs Java {wanted}; install it, or name it in JAVA_HOME")
    return fitting[0]


def fetch_jars(version: str) -> Path:
    """The folder with the server's jars, by Maven at the first time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kg-builder" / "neo4j" / version
    if (cache / "complete").exists():
        return cache / "lib"
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable(f"the jars of Neo4j {version} come by Maven; install it (apt install maven)")
    part = cache.with_name(f"{version}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    command = [maven, "-q", "-B", "-ntp", "-f", str(_HERE / "pom.xml"), "dependency:copy-dependencies"]
    command += ["-DincludeScope=runtime", f"-Dneo4j.version={version}", f"-DoutputDirectory={part / 'lib'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        shutil.rmtree(part, ignore_errors=True)
        raise Unavailable(f"Maven could not fetch Neo4j {version}: {(done.stdout + done.stderr)[-500:]}")
    (part / "complete").touch()
    try:
        part.rename(cache)
    except OSError:  # another process has been quicker
        shutil.rmtree(part)
    return cache / "lib"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _dies_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@contextlib.contextmanager
def running(version: str, home: Path, *, before: Neo4jServer | None = None) -> Iterator[Neo4jServer]:
    """A server with its database under `home`, gone afterwards however this process ends.

    With `before`, one that has ended, it is to be found where that was, under the same password.
    """
    java, jars = find_java(version), fetch_jars(version)
    port = int(before.uri.rpartition(":")[2]) if before else _free_port()
    password = before.password if before else secrets.token_hex(16)
    command = [
        str(java / "bin" / "java"),
        "-Xmx640m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        f"{jars}/*",
    ]
    command += ["--add-opens=java.base/java.nio=ALL-UNNAMED", "--add-opens=java.base/java.io=ALL-UNNAMED"]
    command += ["--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"]
    command += [str(_HERE / "Start.java"), str(home), str(port)]
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            preexec_fn=_dies_with_parent,
            env={name: value for name, value in os.environ.items() if name != "JAVA_TOOL_OPTIONS"},  # for another Java
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(password.ljust(64).encode())
            process.stdin.flush()
            for line in process.stdout:
                if line.strip() == b"ready":
                    break
            else:
                tail = (home / "server.log").read_text("utf-8", "replace")[-1500:]
                raise RuntimeError(f"Neo4j {version} did not start (exit status {process.wait(30)}): {tail}")
            yield Neo4jServer(version, f"bolt://127.0.0.1:{port}", password, process.pid)
        finally:
            process.stdin.close()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
