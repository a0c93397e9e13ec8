"""Runs the stages on a Ray cluster: the same functions, the same isolation, many machines.

Ray (https://ray.io, Apache-2.0, the extra ``kg-builder[ray]``) places tasks, notices nodes that die and runs their
tasks again elsewhere, and carries the results. What it does not do is kept from the local engine: on its node each task
runs in a worker process of `kg_builder.workers` below Ray's own, so that a parser that hangs, crashes or eats memory
ends as the same `Failure`, with the segment it was at, on a cluster as on one machine.

**One writer.** The graph is written by the process that called, as with the local engine. Documents are written,
replaced and withdrawn as a whole, and two writers that merge the same names would wait for each other or conflict, so
there is one. As an actor on some node it would write no faster, but be further from the caller's bookkeeping (what
failed, what was renamed, what to try again) and from its signals, and could die by itself. Whatever dies on the
cluster, the state of a run is in the store and in this process.

**What must be so on the nodes.** The same versions of Python, Ray and kg-builder; the documents at the same paths (a
shared file system). Extractions already made are kept on each node by itself, in ``extractions-HOST.sqlite`` in the
cache folder of the user that Ray runs as: a SQLite file cannot be shared over a network.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from kg_builder.errors import ConfigError, KGError, LoadError
from kg_builder.ray_node import Terms, own_version, run_on_node
from kg_builder.stages import FileTask
from kg_builder.workers import Failure, Outcome

__all__ = ["DEFAULT_RESULT_BYTES", "ray_together"]

T = TypeVar("T")
R = TypeVar("R")

DEFAULT_RESULT_BYTES = 256 << 20
MAX_RETRIES = 3
"""How often a task is run again after its node, or Ray's process on it, has died."""

_LOOK_S = 5.0  # how often the nodes are counted
_KNOCK_S = 10.0
_PATIENCE_S = 600.0  # without any node that could run a task


def ray_together(
    function: Callable[[T], R],
    tasks: Iterable[T | Outcome[T, R]],
    *,
    address: str | None = None,
    workers: int | None = None,
    ahead: int = 4,
    timeout_s: float | None = None,
    memory_bytes: int | None = None,
    result_bytes: int = DEFAULT_RESULT_BYTES,
    network: bool = True,
) -> Generator[list[Outcome[T, R]], None, None]:
    """Outcomes of `function` over `tasks`, as they finish: `kg_builder.workers.run_together` on a Ray cluster.

    `tasks` is read lazily, in the caller's thread; what is an `Outcome` already is passed on. Closing the generator
    cancels what is under way. A connection to Ray that the caller has made is used and left open.

    Args:
        address: ``HOST:PORT`` of the cluster's head; None: what ``RAY_ADDRESS`` says, else the cluster that this
            machine is part of. It must be one of its nodes (``--num-cpus 0`` will do). No cluster is ever started.
        workers: tasks under way at a time; None: `ahead` for each core of the cluster, nodes that come and go included.
        ahead: more than 1, so that the nodes have work, and results wait, while the caller writes.
        timeout_s: seconds a task may go without a `heartbeat.beat` or an end.
        memory_bytes: private memory a task may take, which is also reserved on its node.
        result_bytes: what the pickled result of one task may take; a larger one fails as ``result-too-large``, so that
            the object stores hold at most so much for each task under way.
        network: whether a task's worker process may use the network; Ray's own process above it always may.

    Raises:
        ConfigError: Ray is not installed, no cluster answers, or its nodes lack what the tasks need.
        KGError: the cluster has gone away.
    """
    if workers is not None and workers < 1:
        raise ConfigError(f"expected at least 1 worker with the engine 'ray', found {workers}")
    ray = _import_ray()
    with _connected(ray, address):
        terms = Terms(timeout_s, memory_bytes, result_bytes, network, own_version())
        cluster = _Cluster(ray, function, terms, workers=workers, ahead=ahead)
        try:
            yield from cluster.run(tasks)
        finally:
            cluster.cancel()


class _Cluster:
    """The caller's side: hands tasks out, takes answers in."""

    def __init__(
        self, ray: Any, function: Callable[..., Any], terms: Terms, *, workers: int | None, ahead: int
    ) -> None:
        self._ray = ray
        self._function = function
        self._terms = terms
        self._workers = workers
        self._ahead = ahead
        memory = {"memory": terms.memory_bytes} if terms.memory_bytes else {}
        self._remote = ray.remote(num_cpus=1, max_retries=MAX_RETRIES, **memory)(run_on_node)
        self._under_way: dict[Any, tuple[Any, float]] = {}  # tasks, and since when, by the reference to their answer
        self._room = 0
        self._looked = self._had_room = float("-inf")

    def run(self, tasks: Iterable[Any]) -> Generator[list[Outcome[Any, Any]], None, None]:
        """All outcomes; then the error, if any, that reading the tasks ended with."""
        if not self._look():
            raise ConfigError(self._no_room())
        left: Iterator[Any] | None = iter(tasks)
        error: Exception | None = None
        while left is not None or self._under_way:
            ready: list[Outcome[Any, Any]] = []
            room = self._look()
            while left is not None and len(self._under_way) < room and len(ready) < room:
                try:
                    task = next(left)
                except StopIteration:
                    left = None
                except Exception as exc:  # noqa: BLE001 (raised again once all tasks before it are done)
                    left, error = None, exc
                else:
                    if isinstance(task, Outcome):
                        ready.append(task)
                    else:
                        reference = self._remote.remote(self._function, _to_send(task), self._terms)
                        self._under_way[reference] = task, time.monotonic()
            ready += self._answered(wait_s=0.0 if ready else _LOOK_S)
            if ready:
                yield ready
        if error is not None:
            raise error

    def cancel(self) -> None:
        """Stop what is under way, wherever it is."""
        for reference in self._under_way:
            with contextlib.suppress(self._ray.exceptions.RayError, RuntimeError):  # it is being stopped already
                self._ray.cancel(reference, force=True)
        self._under_way.clear()

    def _answered(self, *, wait_s: float) -> list[Outcome[Any, Any]]:
        """What is ready, after waiting for the first so long."""
        if not self._under_way:
            return []
        references = list(self._under_way)
        done, _ = self._ray.wait(references, num_returns=1, timeout=wait_s)
        if done:
            done, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
        return [self._outcome(reference) for reference in done]

    def _outcome(self, reference: Any) -> Outcome[Any, Any]:
        """What came of a task; a node says itself how long it took, for one that was lost all its time counts."""
        task, begun = self._under_way.pop(reference)
        seconds = time.monotonic() - begun
        errors = self._ray.exceptions
        try:
            answer = self._ray.get(reference)
        except errors.OutOfMemoryError as exc:
            return Outcome(task, failure=Failure("out-of-memory", _first_line(exc), str(exc)), seconds=seconds)
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.ObjectLostError) as exc:
            message = f"Ray's process died with it, {MAX_RETRIES + 1} times: {_first_line(exc)}"
            return Outcome(task, failure=Failure("crashed", message, str(exc)), seconds=seconds)
        except errors.RayTaskError as exc:
            raise ConfigError(
                f"expected kg-builder {self._terms.version} with all it needs on every node of Ray, but one "
                f"could not begin a task: {exc}"
            ) from exc
        except errors.RayError as exc:
            raise KGError(
                f"expected a Ray cluster that works, found: {_first_line(exc)}; what was written stays: mend the "
                "cluster (`ray status`) and run the same again"
            ) from exc
        if isinstance(answer, Outcome):
            return replace(answer, task=task, result=pickle.loads(answer.result) if answer.result else None)
        if answer.unseen and not task.path.exists():
            gone = LoadError(f"expected a file, found nothing at {str(task.path)!r}", reason="vanished")
            return Outcome(task, failure=Failure("error", str(gone), error=gone), seconds=seconds)
        raise ConfigError(answer.message)

    def _look(self) -> int:
        """How many tasks may be under way; counts the nodes from time to time."""
        now = time.monotonic()
        if now - self._looked < _LOOK_S:
            return self._room
        self._looked = now
        at_once = sum(_fits(node["Resources"], self._terms.memory_bytes) for node in self._nodes())
        if at_once:
            self._had_room = now
            self._room = self._workers or at_once * self._ahead
        elif self._room and now - self._had_room > _PATIENCE_S:
            raise KGError(self._no_room())
        return self._room

    def _nodes(self) -> list[dict[str, Any]]:
        return [node for node in self._ray.nodes() if node["Alive"]]

    def _no_room(self) -> str:
        needed = f"a core and {(self._terms.memory_bytes or 0) >> 20} MiB"
        found = "; ".join(
            f"{node['NodeManagerAddress']}: {node['Resources'].get('CPU', 0):g} cores, "
            f"{int(node['Resources'].get('memory', 0)) >> 20} MiB"
            for node in self._nodes()
        )
        return (
            f"expected a node of the Ray cluster with {needed}, found {found or 'none'}; add one, or allow files less "
            "memory (KG_FILE_MEMORY_MB)"
        )


def _fits(resources: dict[str, float], memory_bytes: int | None) -> int:
    """How many tasks a node with those resources runs at a time."""
    cores = int(resources.get("CPU", 0))
    return min(cores, int(resources.get("memory", 0) // memory_bytes)) if memory_bytes else cores


def _to_send(task: Any) -> Any:
    """`task` for another machine, whose current folder is another one."""
    return replace(task, path=task.path.absolute()) if isinstance(task, FileTask) else task


def _first_line(exc: Exception) -> str:
    return next(iter(str(exc).splitlines()), type(exc).__name__)


def _import_ray() -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read on import, and by what Ray starts
    try:
        import ray
    except ImportError as exc:
        raise ConfigError(
            f"expected Ray for the engine 'ray', but {exc}; install it with: pip install 'kg-builder[ray]'"
        ) from exc
    return ray


def _knock(address: str) -> None:
    """Find out in seconds that nobody is at HOST:PORT; Ray itself would try for many minutes.

    Raises:
        OSError: nobody answers.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdigit() and "://" not in address:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_S).close()


@contextlib.contextmanager
def _connected(ray: Any, address: str | None) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    in_main = threading.current_thread() is threading.main_thread()
    on_sigterm = signal.getsignal(signal.SIGTERM)
    # There is no public way to keep Ray from telling of each retry on standard output, where only results belong.
    ray._private.worker._worker_logs_enabled = False
    try:
        _knock(address or os.environ.get("RAY_ADDRESS", ""))
        # "auto" is RAY_ADDRESS, else a cluster on this machine; None would start a cluster, open to the network.
        ray.init(address=address or "auto", log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError, ImportError, ray.exceptions.RayError) as exc:
        where = address or os.environ.get("RAY_ADDRESS") or "the cluster that this machine is part of"
        raise ConfigError(
            f"expected a Ray cluster ({where}), but {_first_line(exc)}; start one with `ray start`, with this machine "
            "as one of its nodes, or use the engine 'local'"
        ) from exc
    finally:
        if in_main:  # Ray takes the signal for itself, and whoever called may have a better use for it
            signal.signal(signal.SIGTERM, on_sigterm)
    try:
        yield
    finally:
        ray.shutdown()
