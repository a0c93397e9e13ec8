"""The benchmark for a GPU runs on a CPU, part by part; one that fails or takes too long does not touch the others."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

for needed in ("torch", "transformers", "peft", "trl", "bitsandbytes", "llguidance", "datasets"):
    pytest.importorskip(needed)

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import gpu

    return gpu


def run(gpu: Any, monkeypatch: pytest.MonkeyPatch, out: Path, *more: str) -> int:
    monkeypatch.setattr(sys, "argv", ["gpu.py", "--shape", "tiny", "--out", str(out), *more])
    return int(gpu.main())


def test_all_parts_run_at_the_smallest_shape(gpu: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KG_DATA", raising=False)
    assert run(gpu, monkeypatch, tmp_path) == 0
    found = {name: json.loads((tmp_path / f"{name}.json").read_text()) for name in gpu.PARTS if name != "make"}
    assert all(each["done"] for each in found.values())
    for part in ("train_trl", "train_ours", "extract"):
        figures = [each for each in found[part]["found"].values() if isinstance(each, dict)]
        assert all(each["tokens_per_second"] > 0 and each["peak_gib"] > 0 for each in figures)
    forms = found["parity"]["found"]
    assert forms["padded in a batch"]["max_abs"] < 1e-2
    assert forms["merged fp32"]["kl"] < forms["merged, in 4 bits again"]["kl"]
    assert "f1" in found["learn"]["found"]["constrained"]
    assert found["learn"]["environment"]["versions"]["torch"]
    assert not (tmp_path / "work").exists()
    told = json.loads((tmp_path / "summary.json").read_text())
    assert {name.partition(",")[0] for name in told} == {"training", "extraction", "learning from scratch"}


def test_a_part_that_fails_or_hangs_loses_no_other_and_is_taken_up_again(
    gpu: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def make(_: Any) -> Iterator[dict[str, Any]]:
        yield {}

    def works(work: Any) -> Iterator[dict[str, Any]]:
        with (work.folder.parent / "times").open("a") as file:
            file.write("x")
        yield {"speed": 1}

    def fails(work: Any) -> Iterator[dict[str, Any]]:
        yield {"first": 1}
        if not (work.folder.parent / "mended").exists():
            raise RuntimeError("out of memory")

    def dies(_: Any) -> Iterator[dict[str, Any]]:
        os.kill(os.getpid(), 9)
        yield {}

    def hangs(_: Any) -> Iterator[dict[str, Any]]:
        yield {"before": 1}
        time.sleep(60)

    parts = {"make": (make, 30), "works": (works, 30), "fails": (fails, 30), "dies": (dies, 30), "hangs": (hangs, 5)}
    monkeypatch.setattr(gpu, "PARTS", parts)
    assert run(gpu, monkeypatch, tmp_path) == 1
    told = {name: json.loads((tmp_path / f"{name}.json").read_text()) for name in ("works", "fails", "hangs")}
    assert told["works"]["done"]
    assert told["fails"]["found"] == {"first": 1}
    assert "out of memory" in told["fails"]["error"]
    assert told["hangs"]["found"] == {"before": 1}
    assert not told["hangs"]["done"]
    (tmp_path / "mended").touch()
    monkeypatch.setattr(gpu, "PARTS", {name: parts[name] for name in ("make", "works", "fails")})
    assert run(gpu, monkeypatch, tmp_path) == 0
    assert json.loads((tmp_path / "fails.json").read_text())["done"]
    assert (tmp_path / "times").read_text() == "x"
