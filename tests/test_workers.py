"""Worker processes: results, order, and every way a task can go wrong."""

import os
import time
from pathlib import Path

import pytest

from kg_builder.errors import LoadError
from kg_builder.workers import run_tasks


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
    stream.close()  # type: ignore[attr-defined]
    assert len(taken) < 20


def test_no_worker_outlives_its_caller() -> None:
    pids = {o.result for o in run_tasks(spawn_and_report_pid, range(8), workers=2)}
    for pid in pids:
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_without_workers_everything_runs_in_this_process() -> None:
    assert [o.result for o in run_tasks(spawn_and_report_pid, [1], workers=0)] == [os.getpid()]
