"""The folder of a training run: its settings, data, figures, checkpoints and what came of it.

``config.json`` (every resolved value), ``data.json`` (files with hashes, counts, reasons), ``metrics.jsonl`` (a line
for each logged step and each evaluation), ``checkpoints/checkpoint-N/``, ``adapter/`` or ``model/`` (the best, with
tokenizer and chat template), ``plots/*.png``, ``tensorboard/``, ``README.md`` (model card) and, when all is done,
``result.json``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.settings import MAY_CHANGE, Training
from kg_builder.errors import ConfigError, TrainingError

__all__ = ["RunFolder", "open_run"]

_NOT_OF_A_CHECKPOINT = (
    "optimizer*",
    "scheduler*",
    "scaler*",
    "rng_state*",
    "trainer_state*",
    "training_args*",
    "sealed*",
)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run's folder and what stands in it."""

    path: Path
    writes: bool = True  # False in all processes of a run but the first

    @property
    def checkpoints(self) -> Path:
        """Where the checkpoints are."""
        return self.path / "checkpoints"

    @property
    def result(self) -> dict[str, Any] | None:
        """What came of the run; None while it is not done."""
        return _read(self.path / "result.json")

    def write(self, name: str, found: dict[str, Any]) -> None:
        """Write a file of JSON; it is there when all of it is."""
        if not self.writes:
            return
        partial = self.path / f"{name}.partial"
        partial.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
        partial.replace(self.path / name)

    def read(self, name: str) -> dict[str, Any]:
        """A file of JSON; empty where there is none."""
        return _read(self.path / name) or {}

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of ``metrics.jsonl``; a last one that a crash cut off is left out."""
        try:
            lines = (self.path / "metrics.jsonl").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                found.append(json.loads(line))
            except ValueError:
                break
        return found

    def rewind(self, step: int) -> None:
        """Forget the figures after a step from which training goes on."""
        if not self.writes:
            return
        kept = [json.dumps(each) for each in self.metrics() if each["step"] <= step]
        partial = self.path / "metrics.jsonl.partial"
        partial.write_text("".join(line + "\n" for line in kept), "utf-8")
        partial.replace(self.path / "metrics.jsonl")

    def keep_best(self, checkpoint: Path, *, adapter: bool) -> Path:
        """Copy the weights and the tokenizer of a checkpoint to ``adapter/`` or ``model/``; that folder. What stood
        there goes when the copy is whole."""
        target = self.path / ("adapter" if adapter else "model")
        partial, before = (target.with_name(f"{target.name}.{kind}") for kind in ("partial", "before"))
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(checkpoint, partial, ignore=shutil.ignore_patterns(*_NOT_OF_A_CHECKPOINT, "README.md"))
        if target.exists():
            shutil.rmtree(before, ignore_errors=True)
            target.replace(before)
        partial.replace(target)
        shutil.rmtree(before, ignore_errors=True)
        return target


def open_run(settings: Training, *, say: Callable[[str], None], writes: bool = True) -> RunFolder:
    """The folder of a run, new or taken up again with the same settings; only the first of its processes `writes`.

    Raises:
        ConfigError: no folder was named, or a run with other settings stands there; what differs is named.
        TrainingError: it cannot be written.
    """
    if not settings.out:
        raise ConfigError("out: expected a folder for the run, found none; give --out")
    run = RunFolder(Path(settings.out), writes)
    before = run.read("config.json")
    now = settings.to_json()
    differing = [key for key in now if before and before.get(key) != now[key] and key not in ("out", "preset")]
    changeable = set(MAY_CHANGE)
    if (
        before
        and before.get("batch_size", 0) * before.get("accumulate", 0) == settings.batch_size * settings.accumulate
    ):
        changeable |= {"batch_size", "accumulate"}  # a step still takes the same samples
    fixed = [key for key in differing if key not in changeable]
    if fixed:
        told = "; ".join(f"{key} was {before.get(key)!r} and is {now[key]!r}" for key in fixed)
        raise ConfigError(f"a run with other settings stands in {settings.out!r} ({told}); take another folder")
    if differing:
        told = ", ".join(f"{key} {now[key]!r} instead of {before.get(key)!r}" for key in differing)
        say(f"the run goes on with {told}")
    try:
        run.checkpoints.mkdir(parents=True, exist_ok=True)
        run.write("config.json", now)
    except OSError as exc:
        raise TrainingError(f"expected a folder that can be written at {settings.out!r}, but {exc}") from exc
    return run


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
