"""A short run of the fuzzer: benchmarks/fuzz_loaders.py does the long ones."""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.fuzz_loaders import parse_arguments, run
from benchmarks.fuzz_mutations import mutate, originals

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"


def test_mutated_files_of_every_format_are_accounted_for() -> None:
    arguments = parse_arguments(["-n", "150", "--seed", "7", "--workers", "1", "--timeout", "60"])
    arguments.folder = []  # the same originals on every machine
    report = run(arguments)
    assert report["defects"] == []
    assert report["accounted_for"] == 150
    by_format = report["by_format"]
    assert isinstance(by_format, dict)
    assert len(by_format) == 15


def test_a_seed_gives_the_same_files() -> None:
    for path in originals([SAMPLE], max_bytes=300_000):
        data = path.read_bytes()
        one, two = (mutate(random.Random(3), path.suffix[1:], data, lambda: b"other") for _ in range(2))
        assert one == two
