"""An ingestion that is killed at random moments ends with the graph of one that was not: the short form of
``benchmarks/kills.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmarks"))

from kills import kill_test
from real_neo4j import VERSIONS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "documents"
    path.mkdir()
    names = ["Mara Quill", "Ines Varga", "Tobias Fenn", "Viktor Halden"]
    for i in range(8):
        lines = [f"{names[(i + j) % 4]} founded Company {j} in {2000 + i}." for j in range(5)]
        (path / f"{i}.txt").write_text(" ".join(lines))
    return path


def test_the_embedded_store(folder: Path) -> None:
    result = kill_test(folder, kills=2, seed=3, most_a_round=2)
    assert result["kills"] == 2
    assert (result["equal_graphs"], result["faults"]) == (result["rounds"], [])


def test_a_real_neo4j(folder: Path, servers: object) -> None:
    version = next(iter(VERSIONS))
    servers.require(version)  # type: ignore[attr-defined]
    result = kill_test(folder, kills=1, seed=4, neo4j=version, most_a_round=1)
    assert result["kills"] == 1
    assert (result["equal_graphs"], result["faults"]) == (result["rounds"], [])
