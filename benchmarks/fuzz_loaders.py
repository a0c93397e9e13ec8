#!/usr/bin/env python3
"""Mutated real files of every format through the loaders: no crash, no hang, every file accounted for.

    python benchmarks/fuzz_loaders.py [-n 10000] [--seed 0] [--folder FOLDER] [--workers N] [--keep DIR]

The originals are those of data/sample and of --folder ($KG_DATA/documents by default), up to --max-bytes. File number i
of seed s is the same file everywhere; ``--only i`` loads just that one. Workers are those of ingestion, with limits of
time and memory and without a network. Prints one JSON object; exits 1 where a loader raised anything but a
LoadError, broke a promise, hung, or took its process down.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]  # run as a script, it is found under its own name by the workers too

from benchmarks.fuzz_mutations import mutate, originals  # noqa: E402
from kg_builder.errors import LoadError  # noqa: E402
from kg_builder.loaders import load  # noqa: E402
from kg_builder.types import Document  # noqa: E402
from kg_builder.workers import Outcome, run_tasks  # noqa: E402


@dataclass(frozen=True, slots=True)
class Mutated:
    """File number `number` of the run, as it was written to `path`."""

    number: int
    kind: str
    path: Path
    original: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """``loaded``, ``partial`` (pages are missing), ``failed:<reason>`` or ``promise:<which>``; what it took, and the
    worker's highest memory so far."""

    outcome: str
    seconds: float
    peak_bytes: int


def check(task: Mutated) -> Loaded:
    """Loads one file in a worker. What is no LoadError leaves it, and is counted as a defect."""
    from kg_builder.isolation import deny_network

    deny_network()
    started = time.perf_counter()
    try:
        document = load(task.path)
    except LoadError as exc:
        outcome = f"failed:{exc.reason}"
        if len(str(exc).splitlines()) != 1 or not str(exc).startswith("expected "):
            outcome = "promise:message"
    else:
        broken = broken_promise(document, task.path.read_bytes())
        outcome = f"promise:{broken}" if broken else "partial" if document.faults else "loaded"
    return Loaded(outcome, time.perf_counter() - started, _peak_bytes())


def broken_promise(document: Document, data: bytes) -> str:
    """Which promise of a loaded document does not hold, or nothing."""
    try:
        f"{document.title}{document.text}".encode()
    except UnicodeEncodeError:
        return "surrogates"
    if document.sha256 != hashlib.sha256(data).hexdigest():
        return "hash"
    if "root:x:0" in document.text and b"root:x:0" not in data:
        return "read-another-file"
    end = 0
    for block in document.blocks:
        if not (end <= block.start < block.end <= len(document.text)):
            return "block-offsets"
        if document.text[end : block.start].strip() or "\n" in document.text[block.start : block.end]:
            return "block-text"
        end = block.end
    if not document.title.strip() or not document.blocks or document.text[end:].strip():
        return "empty"
    return ""


def _peak_bytes() -> int:
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def mutated_files(seed: int, numbers: range, sources: list[Path], folder: Path) -> Iterator[Mutated]:
    """The files, written one by one as they are asked for. Formats come in turn, whatever there are originals of."""
    by_suffix: dict[str, list[Path]] = defaultdict(list)
    for source in sources:
        by_suffix[source.suffix[1:].lower()].append(source)
    suffixes = sorted(by_suffix)
    for number in numbers:
        rng = random.Random(f"{seed}/{number}")
        suffix = suffixes[number % len(suffixes)]
        original = rng.choice(by_suffix[suffix])
        kind, new_suffix, data = mutate(rng, suffix, original.read_bytes(), lambda: rng.choice(sources).read_bytes())  # noqa: B023
        path = folder / f"{seed}-{number}.{new_suffix}"
        path.write_bytes(data)
        yield Mutated(number, kind, path, original.name)


def run(args: argparse.Namespace) -> dict[str, object]:
    """Loads all, and what came of it."""
    sources = originals([ROOT / "data" / "sample", *args.folder], max_bytes=args.max_bytes)
    numbers = range(args.start, args.start + args.n) if args.only is None else range(args.only, args.only + 1)
    by_format: dict[str, Counter[str]] = defaultdict(Counter)
    by_kind: Counter[str] = Counter()
    defects: list[dict[str, object]] = []
    slowest: list[tuple[float, str]] = []
    peak, seen, started = 0, 0, time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        for outcome in run_tasks(
            check, mutated_files(args.seed, numbers, sources, Path(name)),
            workers=args.workers, timeout_s=args.timeout, memory_bytes=args.memory_mb << 20,
        ):  # fmt: skip
            task, word = outcome.task, _word(outcome)
            seen += 1
            by_kind[task.kind] += 1
            by_format[task.path.suffix[1:]][word] += 1
            if outcome.result:
                peak = max(peak, outcome.result.peak_bytes)
                slowest = sorted([*slowest, (round(outcome.result.seconds, 2), task.path.name)], reverse=True)[:5]
            if word.split(":")[0] not in ("loaded", "partial", "failed"):
                defects.append({"number": task.number, "file": task.path.name, "kind": task.kind, "outcome": word})
                print(word, task, outcome.failure and outcome.failure.detail, file=sys.stderr, flush=True)
                if args.keep:
                    args.keep.mkdir(parents=True, exist_ok=True)
                    (args.keep / task.path.name).write_bytes(task.path.read_bytes())
            if seen % 500 == 0:
                print(f"{seen:,} of {len(numbers):,}, {len(defects)} defects", file=sys.stderr, flush=True)
            task.path.unlink()
    total = sum(by_format.values(), Counter())
    return {
        "files": len(numbers), "accounted_for": seen, "seed": args.seed, "originals": len(sources),
        "outcomes": dict(total.most_common()),
        "by_format": {suffix: dict(counts.most_common()) for suffix, counts in sorted(by_format.items())},
        "by_mutation": dict(by_kind.most_common()),
        "defects": defects, "slowest": slowest, "peak_mb": peak >> 20, "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def _word(outcome: Outcome[Mutated, Loaded]) -> str:
    if outcome.result:
        return outcome.result.outcome
    assert outcome.failure
    if outcome.failure.reason == "crashed":
        return f"exception:{outcome.failure.message.split(':')[0]}" if outcome.failure.detail else "worker-died"
    return outcome.failure.reason


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = [Path(os.environ["KG_DATA"]) / "documents"] if os.environ.get("KG_DATA") else []
    parser.add_argument("-n", type=int, default=10_000, help="how many files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, metavar="NUMBER", help="where a run that was cut off goes on")
    parser.add_argument("--only", type=int, help="just this number")
    parser.add_argument("--folder", type=Path, action="append", default=None, help="more originals")
    parser.add_argument("--max-bytes", type=int, default=300_000, help="of an original")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds a file may take")
    parser.add_argument("--memory-mb", type=int, default=1024, help="private memory of a worker")
    parser.add_argument("--keep", type=Path, help="where to keep the files that show a defect")
    args = parser.parse_args(arguments)
    args.folder = data if args.folder is None else args.folder
    return args


def main() -> int:
    report = run(parse_arguments())
    print(json.dumps(report, ensure_ascii=False, indent=1))
    return 1 if report["defects"] or report["files"] != report["accounted_for"] else 0


if __name__ == "__main__":
    from benchmarks.fuzz_loaders import main as run_main  # the workers must find the function outside of __main__

    raise SystemExit(run_main())
