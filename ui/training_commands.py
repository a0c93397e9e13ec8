"""The commands of ``kg-finetune`` that the fine-tuning page gives: their arguments, checked, and what they would do."""

from __future__ import annotations

import fcntl
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kg_builder.errors import ConfigError
from ui.places import inside, model_named
from ui.processes import Job, jobs, restart_job, start_job
from ui.training_files import Run, data_folder, out_of, runs_folder
from ui.workspace import safe_name, workspace

__all__ = [
    "EXTRA",
    "Preset",
    "evaluate_run",
    "finetune_command",
    "go_on",
    "is_installed",
    "prepare_data",
    "presets",
    "resolved",
    "start_run",
    "train_arguments",
]

EXTRA = "pip install 'kg-builder[finetune]'"
_NEEDED = ("torch", "transformers", "accelerate", "datasets", "peft")
_ASSIGNMENT = re.compile(r"\s*([a-z_]+)\s*=\s*(.*?)\s*")
_OWN = frozenset({"model", "data", "out", "preset", "push_to_hub", "trust_remote_code"})
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset that comes with the package."""

    name: str
    about: str
    values: dict[str, Any]


def is_installed() -> bool:
    """Whether what training needs is installed; nothing of it is loaded."""
    return all(find_spec(name) is not None for name in _NEEDED)


def finetune_command(*arguments: str) -> list[str]:
    """The ``kg-finetune`` command of this installation with `arguments`."""
    return [sys.executable, "-P", "-m", "finetune", *arguments]


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """The presets, as the command lists them.

    Raises:
        ConfigError: the command does not work.
    """
    return tuple(
        Preset(each["name"], each["about"], each["values"]) for each in json.loads(_asked(("presets", "--json")))
    )


def train_arguments(
    *,
    preset: str,
    model: str,
    data: Path,
    name: str,
    flags: Sequence[str] = (),
    assignments: str = "",
    trust: bool = False,
) -> list[str]:
    """The arguments of ``kg-finetune train`` for a run of that name.

    Args:
        assignments: lines of ``key=value``: any other settings.
        trust: whether code that comes with a model may run here.

    Raises:
        ConfigError: something is missing, or may not be set from here.
    """
    arguments = ["train", "--preset", preset, "--model", model_named(model), "--data", str(data)]
    arguments += ["--out", str(runs_folder() / safe_name(name)), *flags]
    for line in assignments.splitlines():
        if not line.strip():
            continue
        found = _ASSIGNMENT.fullmatch(line)
        if found is None or found[1] in _OWN:
            raise ConfigError(
                f"expected settings as key=value, one a line, none of {', '.join(sorted(_OWN))}, found {line!r}"
            )
        arguments += ["--set", f"{found[1]}={found[2]}"]
    return [*arguments, *([] if trust else ["--set", "trust_remote_code=false"])]


@lru_cache(maxsize=32)
def resolved(arguments: tuple[str, ...]) -> dict[str, Any]:
    """Every value that would be in force, as ``--dry-run --json`` prints them.

    Raises:
        ConfigError: values that cannot be; the command says which.
    """
    found = json.loads(_asked((*arguments, "--dry-run", "--json")))
    return dict(found)


def start_run(arguments: Sequence[str]) -> Job:
    """Begin a run with arguments of `train_arguments`.

    Raises:
        ConfigError: a run of that name is there already, or is being started.
        OSError: its folder cannot be made.
    """
    out = Path(arguments[arguments.index("--out") + 1])
    with _alone(out):
        if (out / "config.json").exists():
            raise ConfigError(f"expected another name: a run stands in {out.name!r} already")
        out.mkdir(parents=True, exist_ok=True)
        return start_job("train", out.name, finetune_command(*arguments))


def go_on(run: Run) -> None:
    """Give the command of a run again: it goes on where it stopped.

    Raises:
        ConfigError: the interface did not start it, or it is under way.
    """
    if run.job is None:
        raise ConfigError(f"expected a run that was started here, found {run.name!r}")
    with _alone(run.path):
        restart_job(run.job)


def prepare_data(
    name: str,
    *,
    source: Sequence[str],
    options: Sequence[str],
    store: str = "",
    environment: Mapping[str, str] | None = None,
) -> Job:
    """Make a data set of that name out of `source`: files, or ``--from-store`` and a store, which is reached by the
    variables in `environment`.

    Raises:
        ConfigError: one of that name is there already, or is being made.
    """
    folder = data_folder() / safe_name(name)
    with _alone(folder):
        if (folder / "data.json").exists():
            raise ConfigError(f"expected another name: there is a data set {folder.name!r} already")
        command = finetune_command("prepare", *source, "--out", str(folder), *options)
        return start_job("prepare", folder.name, command, store=store, environment=environment)


def evaluate_run(run: Run, *, limit: int) -> Job:
    """Ask the base model and the trained one the held-out examples of the run's data.

    Raises:
        ConfigError: the run has no weights yet, its data no test set, or they are being asked.
    """
    weights = run.weights
    data = Path(str(run.config.get("data", "")))
    test = next((f for f in (data / "test.jsonl", data / "dev.jsonl") if f.is_file() and inside(f)), None)
    if weights is None or test is None:
        raise ConfigError("expected a finished run whose data has test.jsonl or dev.jsonl, found none")
    base = str(run.config.get("model", ""))
    with_adapter = ["--model", base, "--adapter", str(weights), "--compare-base"]
    asked = with_adapter if weights.name == "adapter" else ["--model", str(weights)]
    out = run.path / "evaluation"
    arguments = ["evaluate", "--data", str(test), *asked, "--out", str(out)]
    arguments += ["--limit", str(limit), "--max-new-tokens", str(run.config.get("max_new_tokens", 256))]
    with _alone(out):
        return start_job("evaluate", run.name, finetune_command(*arguments))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of two tabs, or clicks, that would begin to write to `folder`, let one.

    Raises:
        ConfigError: a job writes there just now.
    """
    with (workspace() / "training.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if any(out_of(job) == folder.resolve() and not job.is_over for job in jobs()):
            raise ConfigError(f"expected a folder that nothing writes to just now, found {folder.name!r} under way")
        yield


def _asked(arguments: tuple[str, ...]) -> str:
    """What a quick command prints."""
    try:
        done = subprocess.run(
            finetune_command(*arguments), capture_output=True, text=True, timeout=_PATIENCE_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise ConfigError(f"expected an answer of kg-finetune, but {exc}") from exc
    if done.returncode:
        raise ConfigError(
            done.stderr.strip().removeprefix("kg-finetune: ") or f"kg-finetune ended with {done.returncode}"
        )
    return done.stdout
