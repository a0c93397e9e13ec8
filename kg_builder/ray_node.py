"""What `kg_builder.ray_engine` runs on the nodes of a Ray cluster: one task in a worker process below Ray's own."""

from __future__ import annotations

import contextlib
import pickle
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kg_builder.cache import ExtractionCache
from kg_builder.errors import CacheError, LoadError
from kg_builder.stages import FileTask
from kg_builder.workers import Failure, Outcome, Pool

__all__ = ["Terms", "Unfit", "own_version", "run_on_node"]

_SIGHT_S = 5.0  # network file systems remember for seconds that a file was not there


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every task: see `kg_builder.ray_engine.ray_together`. ``version`` is the caller's."""

    timeout_s: float | None
    memory_bytes: int | None
    result_bytes: int
    network: bool
    version: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a node cannot run a task; ``unseen``: it does not see the file, and perhaps nobody does."""

    message: str
    unseen: bool = False


def own_version() -> str:
    """The version of this package."""
    try:
        return version("kg-builder")
    except PackageNotFoundError:
        return "(not installed)"


def run_on_node(function: Callable[..., Any], task: Any, terms: Terms) -> Outcome[None, bytes] | Unfit:
    """What came of a task, its result pickled: so its size is known before it goes into the object store."""
    if terms.version != own_version():
        return Unfit(
            f"expected kg-builder {terms.version} on every node of the Ray cluster, found {own_version()} on "
            f"{platform.node()}; install the same everywhere"
        )
    if isinstance(task, FileTask):
        if not _is_seen(task.path):
            return Unfit(
                f"expected the documents at the same path on every node of the Ray cluster, but {platform.node()} sees "
                f"nothing at {str(task.path)!r}; mount the folder there, or stop that node, and run the same again",
                unseen=True,
            )
        if task.cache is not None:
            task = replace(task, cache=_node_cache())
    (outcome,) = _pool_for(function, terms).run([task], ordered=True)
    if outcome.failure is not None:
        return replace(outcome, task=None)
    pickled = pickle.dumps(outcome.result, pickle.HIGHEST_PROTOCOL)
    if len(pickled) > terms.result_bytes:
        error = LoadError(
            f"expected a result of at most {terms.result_bytes:,} bytes, found {len(pickled):,}; split the file, or "
            "allow more (KG_RAY_RESULT_MB)",
            reason="result-too-large",
        )
        return Outcome(None, failure=Failure("error", str(error), error=error), seconds=outcome.seconds)
    return replace(outcome, task=None, result=pickled)


_pool: tuple[tuple[Any, ...], Pool] | None = None  # this process's own, kept from task to task: models stay loaded


def _pool_for(function: Callable[..., Any], terms: Terms) -> Pool:
    global _pool
    key = (function, terms)
    if _pool is None or _pool[0] != key:
        if _pool is not None:
            _pool[1].close()
        _trim()
        pool = Pool(
            function,
            workers=1,
            timeout_s=terms.timeout_s,
            memory_bytes=terms.memory_bytes,
            network=terms.network,
        )
        _pool = (key, pool)
    return _pool[1]


def _is_seen(path: Path) -> bool:
    deadline = time.monotonic() + _SIGHT_S
    while not path.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def _node_cache() -> Path:
    from platformdirs import user_cache_path

    # By host, since home folders are often shared.
    return user_cache_path("kg-builder", appauthor=False) / f"extractions-{platform.node()}.sqlite"


def _trim() -> None:
    """Keep this node's cache within bounds: nobody else does."""
    path = _node_cache()
    if path.exists():
        with contextlib.suppress(CacheError), ExtractionCache(path) as kept:
            kept.trim()
