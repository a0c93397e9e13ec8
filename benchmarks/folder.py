#!/usr/bin/env python3
"""Folder to graph: time, peak memory of the whole process tree, and every file accounted for.

    python benchmarks/folder.py [FOLDER] [--store URI] [--workers N]

FOLDER defaults to $KG_DATA/documents. Without --store a fresh embedded store in a temporary folder is used. Prints
one JSON object. Memory is sampled twice a second over this process, its children and the embedded server: as RSS, which
counts pages that processes share once for each, and as PSS (Linux), which shares them out and so adds up to what is
used.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

MEBIBYTE = 1 << 20


def tree(root: psutil.Process, store: str) -> Iterator[psutil.Process]:
    """`root`, its children, and the embedded server of `store` (which may be nobody's child)."""
    seen = {root.pid}
    yield root
    for process in root.children(recursive=True):
        seen.add(process.pid)
        yield process
    folder = str(Path(store.removeprefix("embedded:")).resolve())
    for process in psutil.process_iter(["cmdline"]):
        if process.pid not in seen and any(folder in part for part in process.info["cmdline"] or ()):
            yield process


class Memory(threading.Thread):
    """Samples the memory of a process tree until stopped."""

    def __init__(self, pid: int, store: str) -> None:
        super().__init__(daemon=True)
        self.root, self.store = psutil.Process(pid), store
        self.peak_rss = self.peak_pss = 0
        self.stopped = threading.Event()

    def run(self) -> None:
        """Sample until stopped."""
        while not self.stopped.wait(0.5):
            rss = pss = 0
            try:
                for process in tree(self.root, self.store):
                    try:
                        used = process.memory_full_info()
                        rss += used.rss
                        pss += getattr(used, "pss", 0)
                    except (psutil.NoSuchProcess, psutil.AccessDenied):
                        continue
            except psutil.NoSuchProcess:
                return
            self.peak_rss, self.peak_pss = max(self.peak_rss, rss), max(self.peak_pss, pss)


def ingest(folder: Path, store: str, workers: int | None) -> dict[str, object]:
    command = [sys.executable, "-m", "kg_builder.cli", "ingest", str(folder), "--json", "--quiet", "--store", store]
    if workers is not None:
        command += ["--workers", str(workers)]
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    memory = Memory(process.pid, store)
    memory.start()
    out, _ = process.communicate()
    memory.stopped.set()
    report = json.loads(out)
    problems = report.pop("problems")
    return {
        "command": " ".join(command[1:]),
        "wall_seconds": round(time.monotonic() - started, 1),
        "peak_rss_mib": memory.peak_rss // MEBIBYTE,
        "peak_pss_mib": memory.peak_pss // MEBIBYTE,
        "exit_status": process.returncode,
        **report,
        "problems": [[p["state"], p["reason"], p["uri"].rpartition("/")[2]] for p in problems],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--store")
    parser.add_argument("--workers", type=int)
    arguments = parser.parse_args()
    folder = arguments.folder or Path(os.environ["KG_DATA"]) / "documents"
    with tempfile.TemporaryDirectory(prefix="kg-benchmark-") as scratch:
        store = arguments.store or f"embedded:{scratch}/graph"
        first = ingest(folder, store, arguments.workers)
        again = ingest(folder, store, arguments.workers)
    machine = f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"
    adds_up = first["found"] == sum(int(str(first[k])) for k in ("loaded", "unchanged", "failed", "skipped"))
    result = {"machine": machine, "accounted_for": adds_up, "first": first, "again": again}
    print(json.dumps(result, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
