#!/usr/bin/env python3
"""How long a user waits before anything happens: ``kg --help``, and the demo from a fresh clone to its summary.

    python benchmarks/startup.py [--clone]

With --clone the repository is cloned into a temporary folder and ``scripts/demo --no-ui`` runs there twice,
installation included (it needs a network, and its time depends on it). Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def seconds(command: list[str], **options: object) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    return round(time.perf_counter() - started, 3)


def clone_and_demo() -> dict[str, float | int]:
    with tempfile.TemporaryDirectory(prefix="kg-clone-") as scratch:
        clone = Path(scratch) / "kg-builder"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KG_") and k != "VIRTUAL_ENV"}
        demo = ["./scripts/demo", "--no-ui"]
        first = seconds(demo, cwd=clone, env=environment)
        again = seconds(demo, cwd=clone, env=environment)
        size = subprocess.run(["du", "-sm", ".venv"], cwd=clone, capture_output=True, text=True, check=True).stdout
        return {"clone_to_summary_s": first, "again_s": again, "installed_mib": int(size.split()[0])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clone", action="store_true")
    arguments = parser.parse_args()
    times = [seconds([sys.executable, "-m", "kg_builder.cli", "--help"]) for _ in range(15)]
    result: dict[str, object] = {
        "kg_help_s": {"min": min(times), "median": statistics.median(times), "max": max(times), "runs": len(times)}
    }
    if arguments.clone:
        result["demo"] = clone_and_demo()
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
