"""What an ingestion takes as its folder grows, and what a second worker is worth.

    python benchmarks/growth.py [--documents 625]

Writes folders of 1, 4 and 16 times so many short documents (plain sentences of about 100 words, drawn with a fixed
seed) and ingests each into an embedded store of its own: seconds, peak memory of the whole process tree (as in
`folder.py`), documents a second. Then the largest folder again, unchanged; the smallest one with one worker and with
two; and extraction alone (`kg extract`) of the middle one, with two workers, with one, and with two again, since
machines change by the minute. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from folder import ingest

PEOPLE = ["Mara Quill", "Ines Varga", "Tobias Fenn", "Viktor Halden", "Lena Brandt", "Omar Haddad", "Yuki Tanabe"]
SECOND = ["Works", "Robotics", "Marine", "Group", "Acoustics", "Energy", "Systems", "Partners", "Foods", "Labs"]
TOWNS = ["Brightport", "Callow Bay", "Dunmere", "Eastwick", "Farrow", "Glenholm"]


def sentence(rng: random.Random, companies: int) -> str:
    """A plain sentence about one of so many companies."""
    company, other = (f"{SECOND[n % 10]} {n:05d}" for n in (rng.randrange(companies), rng.randrange(companies)))
    return rng.choice(
        [
            f"{rng.choice(PEOPLE)} founded {company} in {rng.randint(1990, 2024)}.",
            f"{company}, which builds pumps and valves, was acquired by {other} after two years of talks.",
            f"{rng.choice(PEOPLE)} left {company} and joined {other} as head of research.",
            f"{company} has an office in {rng.choice(TOWNS)} and employs {rng.randint(10, 900)} people.",
            f"In {rng.randint(1990, 2024)}, {company} sold its plant in {rng.choice(TOWNS)} to {other}.",
        ]
    )


def write_folder(folder: Path, documents: int) -> None:
    """Write so many documents, some hundred to a folder."""
    rng = random.Random(documents)
    for number in range(documents):
        path = folder / f"{number // 500:03d}" / f"{number:06d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(" ".join(sentence(rng, documents) for _ in range(8)), encoding="utf-8")


def brief(result: dict[str, object]) -> dict[str, object]:
    """What counts of an ingestion's figures."""
    kept = ("found", "loaded", "unchanged", "segments", "extractions", "peak_rss_mib", "peak_pss_mib")
    return {"seconds": result["wall_seconds"], **{key: result[key] for key in kept}}


def extract(folder: Path, workers: int) -> float:
    """Seconds that extraction alone takes."""
    command = [sys.executable, "-m", "kg_builder.cli", "extract", str(folder), "--workers", str(workers), "--quiet"]
    started = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return round(time.monotonic() - started, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=625)
    arguments = parser.parse_args()
    result: dict[str, object] = {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="kg-growth-") as scratch:
        for times in (1, 4, 16):
            folder = Path(scratch) / f"{times}x"
            write_folder(folder, times * arguments.documents)
            result[f"{times}x"] = brief(ingest(folder, f"embedded:{scratch}/graph{times}", None))
        result["16x again, unchanged"] = brief(ingest(folder, f"embedded:{scratch}/graph16", None))
        small = Path(scratch) / "1x"
        for workers in (1, 2):
            result[f"1x, {workers} workers"] = brief(ingest(small, f"embedded:{scratch}/workers{workers}", workers))
        middle = Path(scratch) / "4x"
        result["4x, extraction alone"] = [
            {"workers": workers, "seconds": extract(middle, workers)} for workers in (2, 1, 2)
        ]
    result["load_average"] = round(os.getloadavg()[0], 1)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
