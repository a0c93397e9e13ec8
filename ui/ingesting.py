"""Reading documents in, as a person asks for it on a page: each time a `kg` command that runs as a job of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from kg_builder.config import Settings
from ui import connecting
from ui.processes import Job, jobs, kg_command, new_job_folder, restart_job, start_job

__all__ = [
    "ESTIMATE",
    "INGEST",
    "Order",
    "go_on",
    "is_retry",
    "is_samples",
    "lacking",
    "runs",
    "start",
    "start_estimate",
    "start_retry",
    "start_samples",
    "under_way",
]

INGEST, ESTIMATE = "ingest", "estimate"
_LLM_NEEDS = ("torch", "transformers", "peft")
_READING = ("--extractor", "--model", "--adapter", "--ontology", "--ontology-mode", "--workers")
"""What an order says on how to read."""

_ESTIMATES_KEPT_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be read, and how. Empty values are those of the settings in force."""

    paths: tuple[Path, ...] = ()
    samples: bool = False
    extractor: str = ""
    model: str = ""
    adapter: str = ""
    ontology: str = ""
    ontology_mode: str = ""
    workers: int = 0

    @property
    def title(self) -> str:
        """The names of what is read; empty for the samples."""
        names = [path.name or str(path) for path in self.paths]
        return ", ".join(names[:3]) + (f" … ({len(names)})" if len(names) > 3 else "")

    def arguments(self) -> list[str]:
        """The arguments of `kg ingest` for this."""
        options = {
            "--extractor": self.extractor,
            "--model": self.model,
            "--adapter": self.adapter,
            "--ontology": self.ontology,
            "--ontology-mode": self.ontology_mode if self.ontology else "",
            "--workers": str(self.workers) if self.workers else "",
        }
        given = [f"{name}={value}" for name, value in options.items() if value]
        return [*given, *(["--samples"] if self.samples else []), "--", *map(str, self.paths)]


def start(order: Order, *, title: str = "") -> Job:
    """Begin to read into the store that is shown, which is made if need be."""
    return _start("ingest", order.arguments(), title or order.title)


def start_samples() -> Job:
    """Begin to read the sample documents."""
    return start(Order(samples=True))


def start_retry(reason: str = "", *, of: Job | None = None) -> Job:
    """Begin to read again what failed, or what failed for one reason.

    Args:
        of: the run whose store it is, and which tells how to read; None: the store that is shown, by the settings.
    """
    given = of.argv if of is not None else ()
    options = given[: given.index("--")] if "--" in given else given
    kept = [each for each in options if "=" in each and each.partition("=")[0] in _READING]
    wanted = [f"--reason={reason}"] if reason else []
    return _start("retry", [*kept, *wanted], reason, store=of.store if of is not None else "")


def go_on(job: Job) -> None:
    """Give a run's command again: what is in the graph is no work."""
    restart_job(job, environment=connecting.environment(job.store or None))


def start_estimate(order: Order) -> Job:
    """Begin to find out what reading would take. Estimates of days ago are dropped."""
    for earlier in jobs(ESTIMATE):
        if earlier.is_over and time.time() - earlier.created > _ESTIMATES_KEPT_S:
            earlier.forget()
    argv = kg_command("ingest", "--estimate", "--json", *order.arguments())
    return start_job(ESTIMATE, order.title, argv, store=connecting.current_uri(), environment=connecting.environment())


def runs(*, store: str | None = None) -> list[Job]:
    """All runs, or those on one store, the latest first."""
    return [each for each in jobs(INGEST) if store in (None, each.store)]


def under_way(store: str) -> list[Job]:
    """The runs that are reading into a store just now."""
    return [each for each in runs(store=store) if not each.is_over]


def is_samples(job: Job) -> bool:
    """Whether a run reads the sample documents."""
    return "--samples" in job.argv


def is_retry(job: Job) -> bool:
    """Whether a run reads again what failed."""
    return "retry" in job.argv[:6]


Lack = Literal["model", "base_url", "key", "packages", "openai"]


def lacking(extractor: str, model: str, settings: Settings) -> list[Lack]:
    """What has to be there for an extractor to run, and is not."""
    found: list[Lack] = []
    if extractor in ("llm", "endpoint") and not (model or settings.model):
        found.append("model")
    if extractor == "llm" and not all(map(find_spec, _LLM_NEEDS)):
        found.append("packages")
    if extractor == "endpoint":
        if not settings.base_url:
            found.append("base_url")
        if not os.environ.get("OPENAI_API_KEY"):
            found.append("key")
        if find_spec("openai") is None:
            found.append("openai")
    return found


def _start(command: str, arguments: Sequence[str], title: str, *, store: str = "") -> Job:
    """Begin a run on a store; empty: the one that is shown."""
    folder = new_job_folder()
    argv = kg_command(command, "--json", f"--log-file={folder / 'log.jsonl'}", *arguments)
    return start_job(
        INGEST,
        title,
        argv,
        store=store or connecting.current_uri(),
        environment=connecting.environment(store or None),
        folder=folder,
    )
