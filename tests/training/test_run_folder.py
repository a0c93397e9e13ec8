"""The folder of a training run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from finetune.run_folder import RunFolder


def test_the_best_weights_are_there_until_better_ones_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunFolder(tmp_path / "run")
    for step, weights in ((1, "first"), (2, "second")):
        checkpoint = run.checkpoints / f"checkpoint-{step}"
        checkpoint.mkdir(parents=True)
        (checkpoint / "model.safetensors").write_text(weights)
        (checkpoint / "optimizer.pt").write_text("")
    best = run.keep_best(run.checkpoints / "checkpoint-1", adapter=False)

    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copytree", full)
        with pytest.raises(OSError, match="no space"):
            run.keep_best(run.checkpoints / "checkpoint-2", adapter=False)
    assert (best / "model.safetensors").read_text() == "first"
    assert run.keep_best(run.checkpoints / "checkpoint-2", adapter=False) == best
    assert (best / "model.safetensors").read_text() == "second"
    assert sorted(each.name for each in run.path.iterdir()) == ["checkpoints", "model"]
