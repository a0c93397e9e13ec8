"""Worker processes: results, order, and every way a task can go wrong."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg_builder.errors import LoadError
from kg_builder.workers import Outcome, run_tasks, run_together


def double(x: int) -> int:
    return 2 * x


def slow_then_double(x: int) -> int:
    time.sleep(0.2 if x == 0 else 0.0)
    return 2 * x


def misbehave(how: str) -> str:
    match how:
        case "hang":
            time.sleep(60)
        case "die":
            os._exit(9)
        case "eat":
            return str(len(bytearray(8 << 30)))
        case "load-error":
            raise LoadError("expected text, found 'nothing'", reason="empty")
        case "bug":
            raise KeyError("x")
    return how


def spawn_and_report_pid(_: int) -> int:
    return os.getpid()


@pytest.fixture(autouse=True)
def importable_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


def test_results_come_in_order_when_asked() -> None:
    outcomes = list(run_tasks(slow_then_double, range(20), workers=2, ordered=True))
    assert [o.result for o in outcomes] == [2 * x for x in range(20)]


def test_every_task_has_one_outcome_unordered() -> None:
    results = [o.result for o in run_tasks(double, range(50), workers=2)]
    assert sorted(r for r in results if r is not None) == [2 * x for x in range(50)]


def test_a_task_that_hangs_dies_eats_memory_or_fails_is_isolated() -> None:
    tasks = ["fine", "hang", "die", "eat", "load-error", "bug", "fine"]
    outcomes = {o.task: o for o in run_tasks(misbehave, tasks, workers=2, timeout_s=3.0, memory_bytes=1 << 30)}
    reasons = {task: o.failure.reason if o.failure else None for task, o in outcomes.items()}
    assert reasons == {
        "fine": None, "hang": "timeout", "die": "crashed", "eat": "out-of-memory", "load-error": "error", "bug":
        "crashed",
    }  # fmt: skip
    error = outcomes["load-error"].failure
    assert error is not None
    assert isinstance(error.error, LoadError)
    assert error.error.reason == "empty"
    bug = outcomes["bug"].failure
    assert bug is not None
    assert "KeyError" in bug.detail


def test_the_tasks_are_taken_lazily() -> None:
    taken: list[int] = []

    def tasks() -> object:
        for i in range(1000):
            taken.append(i)
            yield i

    stream = run_tasks(double, tasks(), workers=2, ordered=True)  # type: ignore[arg-type]
    next(stream)
    stream.close()
    assert len(taken) < 20


def test_the_workers_go_on_while_the_caller_is_busy() -> None:
    stream = run_together(double, range(100), workers=2)
    assert len(next(stream)) >= 1
    time.sleep(1.0)
    assert len(next(stream)) > 4
    stream.close()


def test_what_is_an_outcome_already_is_passed_on_and_needs_no_worker() -> None:
    tasks: list[int | Outcome[int, int]] = [Outcome(1), 2, Outcome(3, result=7)]
    outcomes = [one for ready in run_together(double, tasks, workers=1, ordered=True) for one in ready]
    assert [(one.task, one.result) for one in outcomes] == [(1, None), (2, 4), (3, 7)]
    assert [[one.task for one in ready] for ready in run_together(double, tasks, workers=0)] == [[1], [2], [3]]


def test_an_error_in_reading_the_tasks_reaches_the_caller_after_what_came_before() -> None:
    def tasks() -> Iterator[int]:
        yield 1
        raise OSError("no such folder")

    stream = run_tasks(double, tasks(), workers=1)
    assert next(stream).result == 2
    with pytest.raises(OSError, match="no such folder"):
        next(stream)


def test_whoever_stops_early_waits_for_nothing() -> None:
    stream = run_tasks(misbehave, ["fine", "hang"], workers=2)
    assert next(stream).result == "fine"
    started = time.monotonic()
    stream.close()
    assert time.monotonic() - started < 5


def connect(address: tuple[str, int]) -> str:
    try:
        with socket.create_connection(address, timeout=2):
            return "connected"
    except OSError as exc:
        return type(exc).__name__


def test_a_worker_has_no_network_where_it_needs_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        for network, expected in ((True, "connected"), (False, "PermissionError")):
            assert [o.result for o in run_tasks(connect, [address], workers=1, network=network)] == [expected]


def test_no_worker_outlives_its_caller() -> None:
    pids = {o.result for o in run_tasks(spawn_and_report_pid, range(8), workers=2)}
    for pid in pids:
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_without_workers_everything_runs_in_this_process() -> None:
    assert [o.result for o in run_tasks(spawn_and_report_pid, [1], workers=0)] == [os.getpid()]
