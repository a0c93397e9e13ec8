"""Runs a function over many tasks in worker processes that may hang, eat memory or die without harming the rest.

Parsers of other people's files crash, hang and allocate; a worker that does is killed and replaced, and only its own
task is lost. Workers are started as ``python -m kg_builder.worker`` rather than forked or spawned by
`multiprocessing`, so that a caller's ``__main__`` needs no guard and no lock or thread of the caller is inherited.
They end when the caller does, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import IO, Any, Generic, Literal, TypeVar

from kg_builder.errors import KGError

__all__ = ["Failure", "Outcome", "Pool", "default_workers", "run_tasks", "run_together"]

T = TypeVar("T")
R = TypeVar("R")

FailureReason = Literal["timeout", "out-of-memory", "crashed", "error"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task gave no result: ``error`` carries the exception the function raised, the others the worker's fate.

    ``detail`` is a stack where there is one; ``place`` is the last that the function named by `heartbeat.beat`.
    """

    reason: FailureReason
    message: str
    detail: str = ""
    error: KGError | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T, R]):
    """A task with its result, or with the reason there is none; with neither, where there was nothing to do.

    ``seconds`` is how long it was under way.
    """

    task: T
    result: R | None = None
    failure: Failure | None = None
    seconds: float = 0.0


_START_S = 60.0
"""Seconds that a process may take to start, on a machine that is busy."""


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    connection: Connection
    stack: IO[bytes]  # where it writes what it is doing, when asked
    job: tuple[int, Any] | None = None  # (position, task)
    begun: float = 0.0
    deadline: float = field(default=float("inf"))
    place: int | None = None
    started: bool = False  # whether it has been heard of

    def doing(self) -> str:
        """What it is doing, as a stack; empty where that cannot be known."""
        with contextlib.suppress(OSError, AttributeError):
            self.process.send_signal(signal.SIGUSR1)
            for _ in range(20):
                time.sleep(0.05)
                if self.stack.seek(0, os.SEEK_END):
                    break
            time.sleep(0.05)  # for the rest of it
            self.stack.seek(0)
            return self.stack.read(10_000).decode("utf-8", "replace")
        return ""

    def stop(self) -> None:
        self.connection.close()
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.stack.close()


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
    network: bool = True,
) -> Generator[Outcome[T, R], None, None]:
    """Outcomes of `function` over `tasks`, lazily, one by one: see `run_together`."""
    outcomes = run_together(
        function,
        tasks,
        workers=workers,
        ordered=ordered,
        timeout_s=timeout_s,
        memory_bytes=memory_bytes,
        network=network,
    )
    with contextlib.closing(outcomes):
        for ready in outcomes:
            yield from ready


def run_together(
    function: Callable[[T], R],
    tasks: Iterable[T | Outcome[T, R]],
    *,
    workers: int,
    ordered: bool = False,
    timeout_s: float | None = None,
    memory_bytes: int | None = None,
    network: bool = True,
) -> Generator[list[Outcome[T, R]], None, None]:
    """Outcomes of `function` over `tasks`, lazily: each time all that have become ready since the last time.

    The workers go on while the caller is busy, until a few outcomes for each wait to be taken. `tasks` is read in
    another thread than the caller's; what is an `Outcome` already needs no worker and is passed on. `function` must be
    importable by name; tasks and results must pickle. With `ordered` the outcomes come in the order of the tasks, else
    as they finish. `timeout_s` is how long a task may go without a `heartbeat.beat` or an end, `memory_bytes` how much
    private data its worker may have; without `network` its worker has none. With ``workers=0`` everything runs in this
    process, one task after the other, without isolation.
    """
    if workers == 0:
        yield from _run_here(function, tasks)
        return
    pool = Pool(function, workers=workers, timeout_s=timeout_s, memory_bytes=memory_bytes, network=network)
    runner = _Runner(pool, tasks, ordered=ordered)
    try:
        while ready := runner.take():
            yield ready
    finally:
        runner.close()


def _run_here(
    function: Callable[[T], R], tasks: Iterable[T | Outcome[T, R]]
) -> Generator[list[Outcome[T, R]], None, None]:
    for task in tasks:
        if isinstance(task, Outcome):
            yield [task]
            continue
        begun = time.monotonic()
        try:
            outcome: Outcome[T, R] = Outcome(task, result=function(task))
        except KGError as exc:
            outcome = Outcome(task, failure=Failure("error", str(exc), error=exc))
        yield [replace(outcome, seconds=time.monotonic() - begun)]


class _Runner:
    """A pool at work in a thread of its own, ahead of whoever takes the outcomes."""

    def __init__(self, pool: Pool, tasks: Iterable[Any], *, ordered: bool) -> None:
        self._pool = pool
        self._ready: queue.Queue[Outcome[Any, Any] | BaseException | None] = queue.Queue(4 * pool.size)
        self._thread = threading.Thread(target=self._run, args=(tasks, ordered), name="kg-workers", daemon=True)
        self._thread.start()

    def take(self) -> list[Outcome[Any, Any]]:
        """All outcomes that are ready, after waiting for the first; none when there will be no more.

        Raises:
            BaseException: what reading the tasks, or starting a worker, has raised.
        """
        taken: list[Outcome[Any, Any]] = []
        while not taken or not self._ready.empty():
            one = self._ready.get()
            if isinstance(one, Outcome):
                taken.append(one)
                continue
            if taken:
                self._ready.put(one)  # the last of all, for the next time
                break
            if one is not None:
                raise one
            break
        return taken

    def close(self) -> None:
        self._pool.stop()
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._ready.get(timeout=0.05)  # it may be waiting for room
        self._pool.close()

    def _run(self, tasks: Iterable[Any], ordered: bool) -> None:
        end: BaseException | None = None
        try:
            for outcome in self._pool.run(tasks, ordered=ordered):
                self._ready.put(outcome)
        except BaseException as exc:  # noqa: BLE001 (carried to the thread that takes, and raised there)
            end = exc
        self._ready.put(end)


@dataclass(frozen=True, slots=True)
class _Unread:
    error: Exception


def _then_its_error(tasks: Iterable[Any]) -> Iterator[Any]:
    """`tasks`, and as the last one the error that reading them ended with."""
    try:
        yield from tasks
    except Exception as exc:  # noqa: BLE001 (raised again once all tasks before it are done)
        yield _Unread(exc)


class Pool:
    """Worker processes that are kept from one `run` to the next; what `run_together` is made of."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        workers: int,
        timeout_s: float | None,
        memory_bytes: int | None,
        network: bool = True,
    ) -> None:
        self._function = function
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._network = network
        self.size = workers
        self._workers: list[_Worker] = []
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, tasks: Iterable[T | Outcome[T, Any]], *, ordered: bool) -> Iterator[Outcome[T, Any]]:
        """Outcomes of the function over `tasks`; one run at a time."""
        to_do = enumerate(_then_its_error(tasks))
        pending = next(to_do, None)
        finished: dict[int, Outcome[T, Any]] = {}
        position = 0
        while not self._stopped:
            while pending is not None and pending[0] - position < 2 * self.size:
                if isinstance(pending[1], _Unread):
                    if position < pending[0]:
                        break
                    raise pending[1].error
                if isinstance(pending[1], Outcome):
                    finished[pending[0]] = pending[1]
                elif free := self._free_worker():
                    self._give(free, pending)
                else:
                    break
                pending = next(to_do, None)
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

    def stop(self) -> None:
        """End all workers and start no more: whoever runs the pool comes to an end soon. From any thread."""
        with self._lock:
            self._stopped = True
            for worker in self._workers:
                worker.process.kill()

    def close(self) -> None:
        """Let everything go, once nobody runs the pool."""
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

    def _free_worker(self) -> _Worker | None:
        for worker in self._workers:
            if worker.job is None:
                return worker
        with self._lock:
            if len(self._workers) < self.size and not self._stopped:
                worker = _start_worker(self._memory_bytes, network=self._network)
                self._workers.append(worker)
                return worker
        return None

    def _give(self, worker: _Worker, job: tuple[int, Any]) -> None:
        worker.job, worker.place, worker.begun = job, None, time.monotonic()
        self._give_time(worker)
        # A worker that died while idle is noticed when its outcome is collected.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.connection.send((self._function, job[1]))

    def _give_time(self, worker: _Worker) -> None:
        first = 0.0 if worker.started else _START_S
        worker.deadline = time.monotonic() + first + self._timeout_s if self._timeout_s else float("inf")

    def _collect(self, busy: list[_Worker]) -> Iterator[tuple[int, Outcome[Any, Any]]]:
        first_deadline = min(worker.deadline for worker in busy)
        timeout = None if first_deadline == float("inf") else max(0.0, first_deadline - time.monotonic())
        ready = set(wait([worker.connection for worker in busy], timeout))
        now = time.monotonic()
        for worker in busy:
            if worker.job is None:
                continue
            at, task = worker.job
            seconds = now - worker.begun
            if worker.connection in ready:
                outcome = self._receive(worker, task)
                if outcome is not None:
                    yield at, replace(outcome, seconds=seconds)
            elif now >= worker.deadline:
                stack = worker.doing()
                self._drop(worker)
                message = f"expected to be done within {self._timeout_s:g} s, was still busy; stopped"
                failure = Failure("timeout", message, stack, place=worker.place)
                yield at, Outcome(task, failure=failure, seconds=seconds)

    def _receive(self, worker: _Worker, task: Any) -> Outcome[Any, Any] | None:
        """What a worker has to say; None when that was a sign of life."""
        try:
            kind, value = worker.connection.recv()
        except (EOFError, OSError):
            code = worker.process.wait()
            self._drop(worker)
            message = f"the worker process died (exit status {code})"
            return Outcome(task, failure=Failure("crashed", message, place=worker.place))
        worker.started = True
        if kind == "at":
            worker.place = value
            self._give_time(worker)
            return None
        worker.job = None
        if kind == "result":
            return Outcome(task, result=value)
        return Outcome(task, failure=replace(value, place=worker.place))

    def _drop(self, worker: _Worker) -> None:
        with self._lock:
            worker.stop()
            self._workers.remove(worker)


def _start_worker(memory_bytes: int | None, *, network: bool) -> _Worker:
    ours, theirs = socket.socketpair()
    stack = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the worker)
    with theirs:
        package_root = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [package_root, os.environ.get("PYTHONPATH")]))
        process = subprocess.Popen(
            # -P: a folder named like one of our packages in the current directory must not be imported.
            [
                sys.executable,
                "-P",
                "-m",
                "kg_builder.worker",
                *map(str, (theirs.fileno(), memory_bytes or 0, stack.fileno(), int(network))),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=(theirs.fileno(), stack.fileno()),
        )
    return _Worker(process, Connection(ours.detach()), stack)
