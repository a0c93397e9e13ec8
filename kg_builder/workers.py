"""Runs a function over many tasks in worker processes that may hang, eat memory or die without harming the rest.

Parsers of other people's files crash, hang and allocate; a worker that does is killed and replaced, and only its own
task is lost. Workers are started as ``python -m kg_builder.worker`` rather than forked or spawned by
`multiprocessing`, so that a caller's ``__main__`` needs no guard and no lock or thread of the caller is inherited.
They end when the caller does, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from kg_builder.errors import KGError

__all__ = ["Failure", "Outcome", "default_workers", "run_tasks"]

T = TypeVar("T")
R = TypeVar("R")

FailureReason = Literal["timeout", "out-of-memory", "crashed", "error"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task gave no result: ``error`` carries the exception the function raised, the others the worker's fate."""

    reason: FailureReason
    message: str
    detail: str = ""
    error: KGError | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T, R]):
    """A task with its result, or with the reason there is none."""

    task: T
    result: R | None = None
    failure: Failure | None = None


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    connection: Connection
    job: tuple[int, Any] | None = None  # (position, task)
    deadline: float = field(default=float("inf"))

    def stop(self) -> None:
        self.connection.close()
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        self.process.kill()
        self.process.wait()


def default_workers() -> int:
    """One worker for each core this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def run_tasks(
    function: Callable[[T], R],
    tasks: Iterable[T],
    *,
    workers: int,
    ordered: bool = False,
    timeout_s: float | None = None,
    memory_bytes: int | None = None,
) -> Iterator[Outcome[T, R]]:
    """Outcomes of `function` over `tasks`, lazily: at most ``2 * workers`` tasks are under way or waiting to be taken.

    `function` must be importable by name; tasks and results must pickle. With `ordered` the outcomes come in the
    order of the tasks, else as they finish. `timeout_s` and `memory_bytes` (of private data) hold for each task by
    itself. With ``workers=0`` everything runs in this process, without isolation.
    """
    if workers == 0:
        yield from _run_here(function, tasks)
        return
    pool = _Pool(function, workers=workers, timeout_s=timeout_s, memory_bytes=memory_bytes)
    try:
        yield from pool.run(tasks, ordered=ordered)
    finally:
        pool.close()


def _run_here(function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[Outcome[T, R]]:
    for task in tasks:
        try:
            yield Outcome(task, result=function(task))
        except KGError as exc:
            yield Outcome(task, failure=Failure("error", str(exc), error=exc))


class _Pool:
    def __init__(
        self, function: Callable[..., Any], *, workers: int, timeout_s: float | None, memory_bytes: int | None
    ) -> None:
        self._function = function
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._size = workers
        self._workers: list[_Worker] = []

    def run(self, tasks: Iterable[T], *, ordered: bool) -> Iterator[Outcome[T, Any]]:
        queue = enumerate(tasks)
        pending = next(queue, None)
        finished: dict[int, Outcome[T, Any]] = {}
        position = 0
        while True:
            while pending is not None and pending[0] - position < 2 * self._size and (free := self._free_worker()):
                self._give(free, pending)
                pending = next(queue, None)
            busy = [worker for worker in self._workers if worker.job is not None]
            if not busy and pending is None and not finished:
                return
            if busy:
                for at, outcome in self._collect(busy):
                    finished[at] = outcome
            if ordered:
                while position in finished:
                    yield finished.pop(position)
                    position += 1
            else:
                for at in list(finished):
                    yield finished.pop(at)
                    position += 1

    def close(self) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

    def _free_worker(self) -> _Worker | None:
        for worker in self._workers:
            if worker.job is None:
                return worker
        if len(self._workers) < self._size:
            worker = _start_worker(self._memory_bytes)
            self._workers.append(worker)
            return worker
        return None

    def _give(self, worker: _Worker, job: tuple[int, Any]) -> None:
        worker.job = job
        worker.deadline = time.monotonic() + self._timeout_s if self._timeout_s else float("inf")
        # A worker that died while idle is noticed when its outcome is collected.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.connection.send((self._function, job[1]))

    def _collect(self, busy: list[_Worker]) -> Iterator[tuple[int, Outcome[Any, Any]]]:
        first_deadline = min(worker.deadline for worker in busy)
        timeout = None if first_deadline == float("inf") else max(0.0, first_deadline - time.monotonic())
        ready = set(wait([worker.connection for worker in busy], timeout))
        now = time.monotonic()
        for worker in busy:
            if worker.job is None:
                continue
            at, task = worker.job
            if worker.connection in ready:
                yield at, self._receive(worker, task)
            elif now >= worker.deadline:
                self._drop(worker)
                message = f"expected to be done within {self._timeout_s:g} s, was still busy; stopped"
                yield at, Outcome(task, failure=Failure("timeout", message))

    def _receive(self, worker: _Worker, task: Any) -> Outcome[Any, Any]:
        try:
            kind, value = worker.connection.recv()
        except (EOFError, OSError):
            code = worker.process.wait()
            self._drop(worker)
            return Outcome(task, failure=Failure("crashed", f"the worker process died (exit status {code})"))
        worker.job = None
        if kind == "result":
            return Outcome(task, result=value)
        return Outcome(task, failure=value)

    def _drop(self, worker: _Worker) -> None:
        worker.stop()
        self._workers.remove(worker)


def _start_worker(memory_bytes: int | None) -> _Worker:
    ours, theirs = socket.socketpair()
    with theirs:
        package_root = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [package_root, os.environ.get("PYTHONPATH")]))
        process = subprocess.Popen(
            # -P: a folder named like one of our packages in the current directory must not be imported.
            [sys.executable, "-P", "-m", "kg_builder.worker", str(theirs.fileno()), str(memory_bytes or 0)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=(theirs.fileno(),),
        )
    return _Worker(process, Connection(ours.detach()))
