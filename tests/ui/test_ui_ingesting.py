"""Without a browser: how far a run is, what is dropped, which store is shown, and who may come in."""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kg_builder.config import Settings
from kg_builder.errors import ConfigError, StoreError
from ui import connecting, gate, ingesting
from ui.ingesting import Order, lacking
from ui.processes import Job, jobs, kg_command
from ui.run_log import progress_of
from ui.uploads import save_uploads


@pytest.fixture(autouse=True)
def own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "root").mkdir()
    monkeypatch.setenv("KGUI_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("KGUI_ROOTS", str(tmp_path / "root"))
    monkeypatch.setenv("KG_STORE", f"embedded:{tmp_path / 'root' / 'graph'}")
    monkeypatch.delenv("KGUI_READ_ONLY", raising=False)
    monkeypatch.setattr(connecting, "_current", connecting._Current())
    yield


def event(second: int, kind: str, **facts: Any) -> str:
    return (
        json.dumps({"time": f"2026-01-01T00:00:{second:02}.000+00:00", "event": kind, "message": kind, **facts}) + "\n"
    )


def file(second: int, name: str, outcome: str, done: int, done_bytes: int, **facts: Any) -> str:
    return event(second, "file", uri=f"file:///{name}", outcome=outcome, done=done, done_bytes=done_bytes, **facts)


def test_a_run_s_progress_is_read_on_from_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    at = progress_of(tmp_path)
    assert (at.stage, at.share, at.seconds_left(0.0), at.rounds) == ("starting", 0.0, None, 0)
    half = event(2, "reading", uri="file:///b", bytes=300)
    log.write_text(event(0, "begin", found=4, work_bytes=1000) + event(1, "reading", uri="file:///a") + half[:30])
    at = progress_of(tmp_path)
    assert (at.stage, at.found, at.under_way_total) == ("reading", 4, 1)
    with log.open("a") as more:
        more.write(half[30:])
        more.write(file(4, "a", "loaded", 1, 250, segments=2, extractions=5, seconds=1.5, reason=""))
        more.write("this line was cut off by a full dis\n")
        more.write(file(5, "c", "failed", 2, 250, reason="empty", detail="expected text"))
        more.write(file(6, "d", "loaded", 3, 500, segments=1, extractions=1, reason="extraction"))
    at = progress_of(tmp_path)
    assert (at.done, at.share, at.segments, at.extractions, at.partial) == (3, 0.5, 3, 6, 1)
    assert at.counts == {"loaded": 2, "unchanged": 0, "failed": 1, "skipped": 0}
    assert [row.uri for row in at.under_way] == ["file:///b"]
    assert [row.uri[-1] for row in at.rows] == ["d", "c", "a"]  # the latest first
    assert {each.reason: each.count for each in at.failures} == {"empty": 1, "extraction": 1}
    assert at.seconds_left(at.begun + 10) == pytest.approx(10)
    only = progress_of(tmp_path, show="failed", limit=1)
    assert ([row.uri for row in only.rows], only.rows_total) == (["file:///c"], 1)
    assert (progress_of(tmp_path, limit=1).rows_total, len(progress_of(tmp_path, limit=1).rows)) == (3, 1)


def test_a_run_that_goes_on_begins_its_log_anew_and_ends_with_the_report(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(event(0, "begin", found=2, work_bytes=10) + file(1, "a", "loaded", 1, 5, segments=9))
    assert progress_of(tmp_path).segments == 9
    with log.open("a") as more:
        more.write(event(9, "begin", found=2, work_bytes=5) + event(9, "waiting", seconds_left=3))
        more.flush()
        assert progress_of(tmp_path).waiting == "waiting"
        more.write(file(10, "a", "unchanged", 1, 0) + event(11, "stage", stage="resolving"))
        more.flush()
        assert (progress_of(tmp_path).stage, progress_of(tmp_path).waiting) == ("resolving", "")
        more.write(event(12, "end", report={"found": 2, "loaded": 0}))
    at = progress_of(tmp_path)
    assert (at.stage, at.rounds, at.segments, at.share, at.seconds()) == ("finished", 2, 0, 1.0, 3.0)
    assert at.report == {"found": 2, "loaded": 0}
    log.write_text(event(1, "begin", found=1))  # another file of that name, shorter
    assert (progress_of(tmp_path).rounds, progress_of(tmp_path).found) == (1, 1)


class Dropped(io.BytesIO):
    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


def test_dropped_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    files = [Dropped(name, name.encode()) for name in ("a.txt", "x/A.TXT", "../a.txt", "b", "b", "..")]
    files[0].read()  # somebody has looked at it
    folder = save_uploads(files)
    assert folder.parent == tmp_path / "workspace" / "uploads" and folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "a.txt": b"a.txt",
        "A (2).TXT": b"x/A.TXT",
        "a (3).txt": b"../a.txt",
        "b": b"b",
        "b (2)": b"b",
        "file": b"..",
    }


def test_what_an_extractor_lacks_is_told_before_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert lacking("open_ie", "", Settings()) == []
    assert {"model", "base_url", "key"} <= set(lacking("endpoint", "", Settings()))
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    found = lacking("endpoint", "m", Settings(base_url="http://localhost:1/v1"))
    assert not {"model", "base_url", "key"} & set(found)


def test_an_order_is_a_command_whatever_its_paths_are_called() -> None:
    order = Order(paths=(Path("/data/--prune"), Path("/data/b")), ontology="/o.toml", ontology_mode="open", workers=2)
    assert order.arguments() == [
        *("--ontology=/o.toml", "--ontology-mode=open", "--workers=2", "--", "/data/--prune", "/data/b")
    ]
    assert Order(samples=True).arguments() == ["--samples", "--"]


def test_what_failed_is_tried_again_on_its_own_store_and_read_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, Any]] = []
    monkeypatch.setattr(ingesting, "start_job", lambda kind, title, argv, **more: started.append({"argv": argv} | more))
    order = Order(paths=(Path("/data/--workers=9"),), extractor="llm", model="m", ontology="/o.toml", workers=2)
    argv = tuple(kg_command("ingest", "--json", "--log-file=x", *order.arguments()))
    job = Job(Path("/nowhere"), ingesting.INGEST, "", "bolt://first:7687", argv, 0.0)
    connecting._current.uri = "bolt://second:7687"
    ingesting.start_retry("timeout", of=job)
    ingesting.start_retry(of=job)
    options = ["--extractor=llm", "--model=m", "--ontology=/o.toml", "--workers=2"]
    assert [each["argv"][7:] for each in started] == [[*options, "--reason=timeout"], options]
    assert {each["store"] for each in started} == {"bolt://first:7687"}
    assert started[0]["environment"]["KG_STORE"] == "bolt://first:7687"


def test_an_estimate_stays_while_others_make_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingesting, "kg_command", lambda *_: [sys.executable, "-c", ""])
    first = ingesting.start_estimate(Order(samples=True))
    second = ingesting.start_estimate(Order(samples=True))
    deadline = time.monotonic() + 30
    while not (first.is_over and second.is_over):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    monkeypatch.setattr(ingesting, "_ESTIMATES_KEPT_S", 0.0)
    third = ingesting.start_estimate(Order(samples=True))
    assert [each.id for each in jobs(ingesting.ESTIMATE)] == [third.id]


def test_secrets_go_to_commands_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError) as refused:
        connecting.connect("bolt://127.0.0.1:9", user="me", password="never-shown")
    assert "never-shown" not in str(refused.value) and connecting.current_uri().endswith("root/graph")
    with pytest.raises(ConfigError, match="expected a folder inside"):
        connecting.connect(f"embedded:{tmp_path}/elsewhere")
    (tmp_path / "root" / "mine").mkdir()
    (tmp_path / "root" / "mine" / "letter.txt").touch()
    with pytest.raises(ConfigError, match="found other files"):
        connecting.connect(f"embedded:{tmp_path}/root/mine")
    uri = connecting.connect(f"embedded:{tmp_path}/root/./new")
    assert connecting.current_uri() == uri == f"embedded:{tmp_path}/root/new" and connecting.is_missing()
    assert connecting.environment() == {"KG_STORE": uri}
    assert [each.uri for each in connecting.recent()] == [uri, f"embedded:{tmp_path}/root/graph"]
    monkeypatch.setenv("KGUI_READ_ONLY", "1")
    with pytest.raises(ConfigError, match="read-only"):
        connecting.connect(f"embedded:{tmp_path}/root/graph")


def test_the_environment_s_password_goes_to_its_own_server_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, str | None, str]] = []

    class Opened:
        def close(self) -> None:
            pass

    def open_(uri: str, *, credentials: Any, **_: Any) -> Opened:
        asked.append((uri, credentials.user, credentials.password, credentials.database))
        return Opened()

    monkeypatch.setattr(connecting, "open_store", open_)
    for name, value in (("USERNAME", "operator"), ("PASSWORD", "of-the-server"), ("DATABASE", "")):
        monkeypatch.setenv(f"NEO4J_{name}", value)
    monkeypatch.setenv("KG_STORE", "neo4j://graph.example:7687")
    connecting.connect("bolt://graph.example")
    connecting.connect("bolt://elsewhere.example")
    connecting.connect("bolt://elsewhere.example", user="operator", database="other")
    connecting.connect("bolt://elsewhere.example", user="me", password="typed")
    connecting.connect("bolt://elsewhere.example")
    connecting.connect("bolt://elsewhere.example", user="another")
    assert asked == [
        ("bolt://graph.example", "operator", "of-the-server", ""),
        ("bolt://elsewhere.example", "neo4j", None, ""),
        ("bolt://elsewhere.example", "operator", None, "other"),
        ("bolt://elsewhere.example", "me", "typed", "other"),
        ("bolt://elsewhere.example", "me", "typed", "other"),
        ("bolt://elsewhere.example", "another", None, "other"),
    ]
    assert connecting.environment()["NEO4J_PASSWORD"] == ""
    assert connecting.environment("bolt://graph.example")["NEO4J_PASSWORD"] == "of-the-server"
    assert connecting.environment("neo4j://third.example")["NEO4J_PASSWORD"] == ""
    assert "NEO4J_PASSWORD" not in connecting.environment("neo4j://graph.example")


def test_wrong_passwords_are_answered_ever_more_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    real_sleep = time.sleep
    monkeypatch.setattr(gate.time, "sleep", lambda seconds: slept.append(seconds))
    attempts = gate._Attempts()
    assert [attempts.is_right(guess, "right", "here") for guess in ("a", "b", "rightx", "\ud800")] == [False] * 4
    assert slept == [1.0, 2.0, 4.0, 8.0]
    assert attempts.is_right("right", "right", "here") and slept == [1.0, 2.0, 4.0, 8.0]
    attempts.is_right("a", "right", "here")
    attempts.is_right("a", "right", "there")
    assert slept[4:] == [1.0, 1.0]  # the right one made up for it, and others have nothing to do with it
    waiting: list[int] = []
    together: list[int] = []

    def sleep(seconds: float) -> None:
        waiting.append(1)
        real_sleep(0.02)
        together.append(len(waiting))
        waiting.pop()

    monkeypatch.setattr(gate.time, "sleep", sleep)
    threads = [threading.Thread(target=attempts.is_right, args=("a", "right", "crowd")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [1] * 8  # guesses from one address wait for each other
