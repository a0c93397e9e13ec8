"""Runs as processes of their own: their state is known from their folder, whoever started them and whoever asks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from kg_builder.errors import ConfigError
from ui.processes import Job, job, jobs, restart_job, start_job

REPOSITORY = Path(__file__).resolve().parents[2]
SLEEPER = """
import signal, sys, time
def stop(number, frame):
    print("finishing", flush=True)
    sys.exit(130)
signal.signal(signal.SIGINT, stop)
print("begun", flush=True)
time.sleep(60)
"""
STUBBORN = """
import signal, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print("begun", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGUI_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.delenv("KGUI_READ_ONLY", raising=False)


def python(code: str, *more: str) -> list[str]:
    return [sys.executable, "-c", code, *more]


def wait(started: Job, *states: str, seconds: float = 20) -> str:
    deadline = time.monotonic() + seconds
    while (state := started.state) not in states:
        assert time.monotonic() < deadline, f"it is {state}, {started.text('err.txt')}"
        time.sleep(0.02)
    return state


def begun(started: Job) -> None:
    deadline = time.monotonic() + 20
    while "begun" not in started.text("out.txt"):
        assert time.monotonic() < deadline, started.text("err.txt")
        time.sleep(0.02)


@pytest.mark.parametrize(("status", "state"), [(0, "finished"), (3, "partly"), (1, "failed"), (130, "stopped")])
def test_what_became_of_a_job_is_told_from_its_exit_status(status: int, state: str) -> None:
    started = start_job("ingest", "a run", python(f"print('said'); raise SystemExit({status})"), store="embedded:x")
    assert wait(started, "finished", "partly", "failed", "stopped", "lost") == state
    found = job(started.id)
    assert found == started and found.status == status and found.text("out.txt") == "said\n"
    assert found.ended is not None and found.ended >= found.created


def test_a_command_that_is_not_there_is_a_failure_with_its_reason() -> None:
    started = start_job("ingest", "nothing", ["/no/such/command"])
    assert wait(started, "failed", "lost") == "failed"
    assert "/no/such/command: No such file" in started.text("err.txt")


def test_jobs_are_listed_by_kind_newest_first_and_no_secret_is_kept(tmp_path: Path) -> None:
    secret = {"NEO4J_PASSWORD": "never-kept"}
    code = "import os; print(len(os.environ['NEO4J_PASSWORD']))"
    first = start_job("ingest", "one", python(code), environment=secret)
    second = start_job("train", "two", python("pass"))
    assert wait(first, "finished") and wait(second, "finished")
    assert [each.id for each in jobs()] == [second.id, first.id]
    assert [each.id for each in jobs("ingest")] == [first.id]
    assert first.text("out.txt") == "10\n"
    assert not any(b"never-kept" in path.read_bytes() for path in first.folder.iterdir())
    for name in ("../" + first.id, first.id + "/..", "", "x" * 300):
        assert job(name) is None
    assert (first.folder.parent.stat().st_mode & 0o777, first.folder.stat().st_mode & 0o777) == (0o700, 0o700)


def test_a_job_outlives_its_starter_and_its_end_is_known() -> None:
    code = (
        "from ui.processes import start_job; import sys\n"
        "code = 'import time; time.sleep(0.7); raise SystemExit(3)'\n"
        "print(start_job('ingest', 'x', [sys.executable, '-c', code]).id)"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    orphan = job(done.stdout.strip())
    assert orphan is not None and orphan.state == "running"
    seen_by_another = job(orphan.id)
    assert seen_by_another is not None and wait(orphan, "partly") == seen_by_another.state


def test_stop_lets_it_finish_and_kill_ends_even_what_does_not_listen() -> None:
    polite = start_job("ingest", "polite", python(SLEEPER))
    begun(polite)
    polite.stop()
    assert wait(polite, "stopped") and polite.text("out.txt") == "begun\nfinishing\n" and polite.asked == "stop"
    polite.stop()  # over: nothing happens
    stubborn = start_job("ingest", "stubborn", python(STUBBORN))
    begun(stubborn)
    stubborn.stop()
    assert stubborn.state == "stopping"
    with pytest.raises(ConfigError, match="stop it first"):
        stubborn.forget()
    stubborn.kill()
    assert wait(stubborn, "stopped") and stubborn.asked == "kill"
    stubborn.forget()
    assert job(stubborn.id) is None and not stubborn.folder.exists()


def test_what_was_killed_from_outside_is_lost_and_can_go_on(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    code = f"import pathlib, time; print('begun', flush=True); pathlib.Path({str(flag)!r}).exists() or time.sleep(60)"
    started = start_job("ingest", "killed", python(code))
    begun(started)
    child = started.folder / "child.json"
    while not child.exists():  # the command may be faster than its keeper, which notes it
        time.sleep(0.02)
    os.kill(json.loads(child.read_text())["pid"], signal.SIGKILL)
    assert wait(started, "lost", "failed", "stopped") == "lost" and started.status == -9
    flag.touch()
    restart_job(started)
    restart_job(started)  # a second tab asks for the same
    assert wait(started, "finished", "lost") == "finished"


def test_after_a_restart_of_the_machine_a_run_is_lost_though_its_pid_is_taken() -> None:
    started = start_job("ingest", "gone", python("pass"))
    wait(started, "finished")
    (started.folder / "exit.json").unlink()
    mine = psutil.Process()
    for name in ("process.json", "child.json"):
        noted = {"pid": mine.pid, "started": mine.create_time() - 3600}
        (started.folder / name).write_text(json.dumps(noted))
    assert started.state == "lost"
    (started.folder / "process.json").write_text(json.dumps({"pid": mine.pid, "started": mine.create_time()}))
    assert started.state == "running"


def test_nothing_is_started_where_the_server_only_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGUI_READ_ONLY", "1")
    with pytest.raises(ConfigError, match="read-only"):
        start_job("ingest", "no", python("pass"))
    assert jobs() == []
