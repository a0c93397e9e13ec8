"""Data sets and runs of ``kg-finetune``, read from their folders.

docs/finetune-data.md and docs/finetune-train.md say what lies there. Whatever is damaged or half written is passed
over; nothing of it is ever written here.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from kg_builder.endpoint_limits import estimated_tokens
from kg_builder.types import digest
from ui.places import inside
from ui.processes import Job, jobs
from ui.workspace import allowed_roots, workspace

__all__ = [
    "PARTS",
    "DataSet",
    "Run",
    "RunState",
    "data_folder",
    "data_sets",
    "out_of",
    "read_run",
    "runs",
    "runs_folder",
    "statistics_of",
]

PARTS = ("train", "dev", "test", "texts")
RunState = Literal["running", "stopping", "finished", "failed", "stopped", "unfinished"]

_DEEPEST = 4
_MOST_LOOKED_AT = 5000  # entries of folders
_MOST_ROWS = 50_000  # of one file that are counted
_MOST_BYTES = 8_000_000  # of the figures of a run: the last ones


@dataclass(frozen=True, slots=True)
class DataSet:
    """A folder that ``kg-finetune prepare`` made; `facts` is its ``data.json``."""

    path: Path
    facts: Mapping[str, Any]

    @property
    def id(self) -> str:
        """By which it is found again: its path is not for addresses."""
        return digest("data set", str(self.path))[:12]

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.path.name

    def count(self, what: str) -> dict[str, int]:
        """Numbers by name, of ``examples``, ``triples``, ``left_out``, ``problems`` …; empty where none are told."""
        return _counts(self.facts.get(what))


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the files of a data set hold. ``whole`` is False where only the first rows were looked at."""

    languages: Mapping[str, int]
    tokens: int  # of texts and answers, guessed without a tokenizer
    rows: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Run:
    """The folder of a training run, and the job that trains it, if the interface started one."""

    path: Path
    config: Mapping[str, Any]
    result: Mapping[str, Any]
    data: Mapping[str, Any]
    metrics: tuple[Mapping[str, float], ...] = ()
    job: Job | None = None
    state: RunState = "unfinished"
    steps_told: tuple[Mapping[str, float], ...] = field(default=(), repr=False)

    @property
    def id(self) -> str:
        """By which it is found again: its path is not for addresses."""
        return digest("run", str(self.path))[:12]

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.path.name

    @property
    def metric(self) -> str:
        """What tells the best checkpoint."""
        return str(self.config.get("metric", "loss"))

    @property
    def step(self) -> int:
        """The last step of which anything is known."""
        return max((int(line["step"]) for line in self.metrics), default=0)

    @property
    def steps(self) -> int:
        """All that there are to be; 0 while that is not known."""
        told = self.result or (self.steps_told[-1] if self.steps_told else {})
        return int(_number(told.get("steps")))

    @property
    def value(self) -> float | None:
        """The best value of the metric so far."""
        if self.result.get("value") is not None:
            return _number(self.result["value"])
        values = [float(line[f"dev_{self.metric}"]) for line in self.metrics if f"dev_{self.metric}" in line]
        return (min(values) if self.metric == "loss" else max(values)) if values else None

    @property
    def seconds(self) -> float:
        """Spent on steps."""
        rates = [(line["tokens"], line.get("tokens_per_second", 0)) for line in self.steps_told]
        return sum(tokens / rate for tokens, rate in rates if rate)

    @property
    def seconds_left(self) -> float | None:
        """What the steps that are left will take, evaluations not counted; None where that cannot be told."""
        if not self.steps or not self.seconds or not self.step:
            return None
        return self.seconds / self.step * max(self.steps - self.step, 0)

    @property
    def memory_mb(self) -> float:
        """The most that it took."""
        return max((line.get("memory_mb", 0.0) for line in self.steps_told), default=0.0)

    @property
    def weights(self) -> Path | None:
        """The folder with what came of it."""
        found = self.path / str(self.result.get("weights", ""))
        return found if self.result.get("weights") in ("adapter", "model") and found.is_dir() else None


def data_folder() -> Path:
    """Where data sets are made."""
    return _made("data")


def runs_folder() -> Path:
    """Where runs are started."""
    return _made("runs")


def data_sets() -> list[DataSet]:
    """The prepared folders in the workspace and in the folders that this server may read, newest first."""
    found = [
        DataSet(folder, _json(folder / "data.json"))
        for folder, files in _folders()
        if "data.json" in files and any(f"{part}.jsonl" in files for part in PARTS) and "config.json" not in files
    ]
    return sorted(found, key=lambda each: -_changed(each.path / "data.json"))


def runs() -> list[Run]:
    """The runs in the same places, newest first."""
    by_folder = _jobs_by_folder()
    found = [
        read_run(folder, by_folder)
        for folder, files in _folders()
        if "config.json" in files and ("metrics.jsonl" in files or (folder / "checkpoints").is_dir())
    ]
    here = {run.path.resolve() for run in found}
    found += [read_run(folder, by_folder) for folder in by_folder if folder not in here and folder.is_dir()]
    return sorted(
        found, key=lambda each: -max(_changed(each.path / "config.json"), each.job.created if each.job else 0)
    )


def read_run(folder: Path, jobs_by_folder: Mapping[Path, Job] | None = None) -> Run:
    """A run as it is now."""
    job = (_jobs_by_folder() if jobs_by_folder is None else jobs_by_folder).get(folder.resolve())
    result = _json(folder / "result.json")
    metrics = _figures(folder / "metrics.jsonl")
    steps = tuple(line for line in metrics if "loss" in line and "tokens" in line)
    state = _state(job, result)
    config, data = _json(folder / "config.json"), _json(folder / "data.json")
    return Run(folder, config, result, data, metrics, job, state, steps)


def statistics_of(data: DataSet) -> Statistics:
    """Languages and tokens of a data set, counted once for each version of its files."""
    files = tuple(
        (str(path), path.stat().st_mtime_ns)
        for path in (data.path / f"{part}.jsonl" for part in PARTS)
        if path.is_file() and inside(path)
    )
    return _counted(files)


@lru_cache(maxsize=64)
def _counted(files: tuple[tuple[str, int], ...]) -> Statistics:
    languages: Counter[str] = Counter()
    tokens = rows = 0
    whole = True
    for name, _ in files:
        with Path(name).open("rb") as file:
            for number, line in enumerate(file):
                if number >= _MOST_ROWS:
                    whole = False
                    break
                row = _parsed(line)
                if not row:
                    continue
                rows += 1
                languages[str(row.get("language") or "?")] += 1
                said = [str(row.get("text") or ""), json.dumps(row.get("triples") or row.get("messages") or "")]
                tokens += estimated_tokens([{"content": each} for each in said if each])
    return Statistics(dict(languages.most_common()), tokens, rows, whole)


def _state(job: Job | None, result: Mapping[str, Any]) -> RunState:
    if (
        job is not None
        and (state := job.state) in ("running", "stopping", "failed", "stopped")
        and not (result and job.is_over)
    ):
        return state
    return "finished" if result else "unfinished"


def _jobs_by_folder() -> dict[Path, Job]:
    """The latest job of each run's folder."""
    found: dict[Path, Job] = {}
    for job in jobs("train"):
        if (folder := out_of(job)) is not None:
            found.setdefault(folder, job)
    return found


def out_of(job: Job) -> Path | None:
    """The folder that a command of ``kg-finetune`` writes to, links followed."""
    return Path(job.argv[job.argv.index("--out") + 1]).resolve() if "--out" in job.argv[:-1] else None


def _folders() -> Iterator[tuple[Path, set[str]]]:
    """Folders with the names of their files: a short look, not a search."""
    seen = 0
    known: set[Path] = set()
    for root in (workspace() / "training", *allowed_roots()):
        for place, folders, files in os.walk(root):
            path = Path(place)
            folders[:] = sorted(f for f in folders if not f.startswith((".", "_")) and f not in _NEVER)
            if len(path.relative_to(root).parts) >= _DEEPEST:
                folders.clear()
            seen += len(files) + len(folders)
            if seen > _MOST_LOOKED_AT:
                return
            if path in known:
                continue
            known.add(path)
            yield path, set(files)


_NEVER = frozenset({"node_modules", "checkpoints", "tensorboard", "encoded", "adapter", "model", "plots", "venv"})


def _made(name: str) -> Path:
    folder = workspace() / "training" / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES or not inside(path):
            return {}
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _figures(path: Path) -> tuple[dict[str, float], ...]:
    """The lines of a file of figures, the last of them, parsed once for each version of the file."""
    try:
        known = path.stat()
    except OSError:
        return ()
    return _read_figures(str(path), known.st_mtime_ns, known.st_size) if inside(path) else ()


@lru_cache(maxsize=128)
def _read_figures(path: str, mtime_ns: int, size: int) -> tuple[dict[str, float], ...]:
    try:
        with Path(path).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST_BYTES))
            rows = [_parsed(line) for line in file.read().split(b"\n")]
    except OSError:
        return ()
    kept = [{name: n for name, n in row.items() if isinstance(n, int | float)} for row in rows]  # one may be cut off
    return tuple(row for row in kept if "step" in row)


def _number(found: object) -> float:
    return float(found) if isinstance(found, int | float) else 0.0


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _counts(found: object) -> dict[str, int]:
    if not isinstance(found, Mapping):
        return {}
    return {str(name): n for name, n in found.items() if isinstance(n, int) and n}
