"""From folders of documents to the graph: discover, load, segment, extract, normalize, write. A loop, not a
framework.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg_builder.budgets import Budget
from kg_builder.cache import DEFAULT_MAX_BYTES, open_cache
from kg_builder.errors import CacheError, ConfigError
from kg_builder.file_groups import apart, grouped
from kg_builder.loaders import discover
from kg_builder.recipe import Recipe
from kg_builder.reports import IngestReport, Progress
from kg_builder.running import Run
from kg_builder.stages import FileTask, process_file, process_group
from kg_builder.telemetry import emit
from kg_builder.types import Contribution
from kg_builder.workers import Outcome, run_together

if TYPE_CHECKING:
    from kg_builder.resolving_aids import Aids
    from kg_builder.store import GraphStore

__all__ = ["build_graph"]


def build_graph(
    paths: Iterable[Path | str],
    *,
    store: GraphStore,
    recipe: Recipe | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    workers: int | None = None,
    prune: bool = False,
    file_timeout_s: float = 300.0,
    file_memory_bytes: int = 2 << 30,
    cache: Path | None = None,
    cache_max_bytes: int = DEFAULT_MAX_BYTES,
    patience_s: float = 600.0,
    engine: str = "local",
    ray_address: str | None = None,
    ray_result_bytes: int = 256 << 20,
    only: Collection[str] | None = None,
    resolve: bool = True,
    aids: Aids | None = None,
    budget: Budget | None = None,
    stop: threading.Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_message: Callable[[str], None] | None = None,
) -> IngestReport:
    """Read files and folders into `store` and say what came of each.

    An unchanged file is no work; a changed one replaces its own contribution; a file that cannot be read is recorded
    with its reason and the rest goes on. A file that was renamed is known by its hash. Documents of the store that lie
    under a given folder but are no longer there are listed as ``missing``, or withdrawn with `prune`.

    Args:
        workers: processes that load and extract; None: one for each core, or one alone with a language model in it; 0:
            everything in this process, without isolation.
        file_timeout_s: seconds that loading a file, or extracting one of its segments, may take.
        file_memory_bytes: private memory a worker may take; without effect where it loads a language model.
        cache: file of extractions already made, which makes a run that was killed go on where it was.
        cache_max_bytes: what that file may take; what was of no use for longest is dropped first.
        patience_s: seconds to wait for a store that has gone away.
        engine: ``local``: worker processes on this machine; ``ray``: the nodes of a Ray cluster, with at most `workers`
            files under way.
        ray_address: ``HOST:PORT`` of the cluster; None: ``RAY_ADDRESS``, or the cluster that this machine is part of.
        ray_result_bytes: what may come back from a node for one file; one that gives more fails.
        only: uris; None: all. Other files are neither read nor missed: for whoever knows what has changed.
        resolve: whether to bring the names together that are one entity, when all is written (`kg_builder.resolving`).
        aids: vectors and a judge for that; None: none are named.
        budget: what may be spent on a paid model. Once it is, nothing more is begun, as with `stop`.
        stop: once set, no more files are begun; what is under way is finished and written.
        on_message: called with sentences for people about what the run waits for.

    Raises:
        ConfigError: an unknown engine, or Ray is missing or has no cluster that can do the work.
        StoreError: the store cannot be reached or refused a statement. What was written stays; running again goes on.
    """
    recipe = recipe or Recipe()
    if resolve:
        from kg_builder.resolving_aids import Aids

        (aids or Aids()).open_vectors(store)  # what is wrong with them is told before anything is read
    together = _engine(engine, recipe, workers, ray_address, ray_result_bytes)
    run = Run(store, recipe, cache, patience_s, stop or threading.Event(), on_progress, on_message)
    run.budget = budget or run.budget
    roots = [Path(path) for path in paths]
    present = list(discover(roots, include=include, exclude=exclude))
    found = present if only is None else [file for file in present if file.uri in only]
    run.expect(found)
    emit(
        "begin",
        f"{len(found):,} files found",
        version=version("kg-builder"),
        store=store.uri,
        server=store.server,
        paths=[str(root) for root in roots],
        found=len(found),
        bytes=sum(file.size_bytes for file in found),
        work_bytes=run.total_bytes,
        recipe=asdict(run.recipe),
        engine=engine,
        workers=recipe.workers(workers) if engine == "local" else workers,
        file_timeout_s=file_timeout_s,
        file_memory_bytes=file_memory_bytes,
        cache=str(cache) if cache else None,
        prune=prune,
        budget=asdict(run.budget),
    )
    tasks: Iterable[FileTask | Outcome[FileTask, Contribution]] = run.tasks(found)
    run_on = partial(together, timeout_s=file_timeout_s, memory_bytes=recipe.memory_limit(file_memory_bytes))
    in_groups = engine == "local" and recipe.asks_a_model
    while True:
        if in_groups:
            outcomes = apart(run_on(process_group, grouped(tasks, recipe, stop=run.stop)), run.again)
        else:
            outcomes = run_on(process_file, tasks)
        with contextlib.closing(outcomes):
            for ready in outcomes:
                run.take(ready)
        if not run.again:
            break
        tasks, run.again, in_groups = run.again, [], False
    if cache is not None:
        with contextlib.suppress(CacheError):
            open_cache(cache).trim(cache_max_bytes)
    run.withdraw_missing(roots, present, only, prune=prune)
    if resolve:
        run.resolve(aids)
    report = run.report()
    emit("end", f"{report.loaded:,} of {report.found:,} files loaded", report=report.to_dict())
    return report


def _engine(
    name: str, recipe: Recipe, workers: int | None, ray_address: str | None, ray_result_bytes: int
) -> Callable[..., Generator[list[Outcome[Any, Any]], None, None]]:
    """What runs tasks on the engine of that name."""
    if name == "local":
        return partial(run_together, workers=recipe.workers(workers), network=recipe.needs_network)
    if name == "ray":
        from kg_builder.ray_engine import ray_together

        return partial(
            ray_together,
            workers=workers,
            address=ray_address,
            result_bytes=ray_result_bytes,
            network=recipe.needs_network,
        )
    raise ConfigError(f"expected one of the engines local, ray; found {name!r}")
