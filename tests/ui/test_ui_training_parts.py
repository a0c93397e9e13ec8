"""The parts of the fine-tuning page that need neither a browser nor a model."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from kg_builder.errors import ConfigError
from ui import connecting, training_commands
from ui.processes import Job, jobs
from ui.training_commands import evaluate_run, go_on, prepare_data, start_run
from ui.training_files import Run, data_folder, runs_folder

SLOW = "import time; print('begun', flush=True); time.sleep(60)"
TELLING = "import os; print(os.environ.get('NEO4J_PASSWORD'), os.environ.get('KG_STORE'))"


@pytest.fixture(autouse=True)
def own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGUI_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("KGUI_ROOTS", str(tmp_path))
    monkeypatch.delenv("KGUI_READ_ONLY", raising=False)


def stands_in(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Have `code` run with the arguments of ``kg-finetune``."""
    monkeypatch.setattr(training_commands, "finetune_command", lambda *given: [sys.executable, "-c", code, *given])


def ended(job: Job, *, kill: bool = False) -> str:
    if kill:
        job.kill()
    deadline = time.monotonic() + 30
    while not job.is_over:
        assert time.monotonic() < deadline, job.text("err.txt")
        time.sleep(0.02)
    return job.text("out.txt")


def test_what_a_graph_is_prepared_with_gets_the_password_of_that_graph_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stands_in(monkeypatch, TELLING)
    monkeypatch.setenv("NEO4J_PASSWORD", "of the first")
    monkeypatch.setenv("KG_STORE", "bolt://first:7687")
    monkeypatch.setattr(connecting, "_current", connecting._Current())
    connecting._current.uri = "bolt://second:7687"
    job = prepare_data(
        "d",
        source=["--from-store", "bolt://second:7687"],
        options=[],
        store="bolt://second:7687",
        environment=connecting.environment(),
    )
    assert ended(job).split() == ["bolt://second:7687"]  # and an empty password


def test_of_two_who_begin_the_same_one_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stands_in(monkeypatch, SLOW)
    (tmp_path / "test.jsonl").touch()
    path = runs_folder() / "r"
    (path / "adapter").mkdir(parents=True)
    run = Run(path, {"data": str(tmp_path), "model": "a/b"}, {"weights": "adapter"}, {})
    begins = {
        "train": lambda: start_run(["train", "--out", str(path)]),
        "prepare": lambda: prepare_data("d", source=["x"], options=[]),
        "evaluate": lambda: evaluate_run(run, limit=1),
    }
    for kind, begin in begins.items():
        refused: list[str] = []

        def attempt() -> None:
            try:
                begin()  # noqa: B023
            except ConfigError as exc:
                refused.append(str(exc))  # noqa: B023

        threads = [threading.Thread(target=attempt) for _ in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert (len(jobs(kind)), len(refused)) == (1, 2), kind
        assert all("under way" in each for each in refused)
    (job,) = jobs("train")
    with pytest.raises(ConfigError, match="under way"):
        go_on(Run(path, {}, {}, {}, job=job))
    ended(job, kill=True)
    go_on(Run(path, {}, {}, {}, job=job))
    assert [each.id for each in jobs("train")] == [job.id] and not job.is_over
    for each in jobs():
        ended(each, kill=True)


def test_a_data_set_that_could_not_be_made_does_not_take_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    stands_in(monkeypatch, "")
    (data_folder() / "d").mkdir()
    ended(prepare_data("d", source=["x"], options=[]))
    (data_folder() / "d" / "data.json").write_text("{}")
    with pytest.raises(ConfigError, match="already"):
        prepare_data("d", source=["x"], options=[])
