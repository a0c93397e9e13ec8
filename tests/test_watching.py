"""A folder that is followed: a real process, a real folder, and a graph that keeps up with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from kg_builder.errors import ConfigError
from kg_builder.store import GraphStore, open_store
from kg_builder.store.embedded import stop
from kg_builder.watching import watch_folders

pytestmark = pytest.mark.slow

FOUNDED = "Mara Quill founded Harbor Robotics."
ACQUIRED = "Harbor Robotics acquired Deep Tide."


class Watch:
    """``kg watch`` on a folder, and a look at its store."""

    def __init__(self, folder: Path, store: Path, *flags: str) -> None:
        self.folder = folder
        self.errors = folder.parent / "stderr.txt"
        command = [sys.executable, "-m", "kg_builder.cli", "watch", str(folder), "--store", f"embedded:{store}"]
        command += ["--debounce", "0.5", "--workers", "1", *flags]
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(command, stderr=errors, stdout=subprocess.DEVNULL)
        try:
            self.wait(lambda: len(self.runs()) == 1)
            self.store = open_store(f"embedded:{store}")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def runs(self) -> list[str]:
        """A line for each run."""
        return [line for line in self.errors.read_text().splitlines() if not line.startswith("kg:")]

    def names(self) -> set[str]:
        """The documents of the graph."""
        return {d.uri.rpartition("/")[2] for d in self.store.documents()}

    def heads(self) -> set[str]:
        """What the facts of the graph start from."""
        return {edge.head.name for edge in self.store.edges(with_evidence=False)}

    def wait(self, true: Callable[[], bool], seconds: float = 90.0) -> None:
        """Until something is so."""
        deadline = time.monotonic() + seconds
        while not true():
            assert self.process.poll() is None, self.errors.read_text()
            assert time.monotonic() < deadline, self.errors.read_text()
            time.sleep(0.2)

    def wait_for_run(self, number: int) -> str:
        """The line of the run of that number."""
        self.wait(lambda: len(self.runs()) >= number)
        return self.runs()[number - 1]

    def close(self) -> None:
        """Leave nothing behind."""
        self.store.close()
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> int:
        """Ctrl-C; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "notes"
    path.mkdir()
    (path / "one.txt").write_text(FOUNDED)
    return path


@pytest.fixture
def start(folder: Path, embedded_path: Path) -> Iterator[Callable[..., Watch]]:
    begun: list[Watch] = []

    def begin(*flags: str) -> Watch:
        begun.append(Watch(folder, embedded_path, *flags))
        return begun[-1]

    yield begin
    for watch in begun:
        watch.close()


@pytest.mark.parametrize("flags", [(), pytest.param(("--poll",), marks=pytest.mark.long)])
def test_the_graph_follows_what_changes(folder: Path, start: Callable[..., Watch], flags: tuple[str, ...]) -> None:
    watch = start("--prune", *flags)
    assert watch.heads() == {"Mara Quill"}
    (folder / "sub").mkdir()
    (folder / "sub" / "two.txt").write_text(ACQUIRED)
    assert "1 loaded (" in watch.wait_for_run(2)
    assert watch.heads() == {"Mara Quill", "Harbor Robotics"}
    temporary = folder / ".one.txt.swp"  # as an editor saves
    temporary.write_text("Ines Varga joined Deep Tide.")
    temporary.replace(folder / "one.txt")
    assert "1 loaded (" in watch.wait_for_run(3)
    assert watch.heads() == {"Ines Varga", "Harbor Robotics"}
    (folder / "sub").rename(folder / "moved")
    (folder / "one.txt").rename(folder / "uno.txt")
    assert "2 loaded, 2 renamed (" in watch.wait_for_run(4)
    assert watch.names() == {"uno.txt", "two.txt"}
    assert watch.heads() == {"Ines Varga", "Harbor Robotics"}
    (folder / "moved" / "two.txt").unlink()
    assert "1 withdrawn (" in watch.wait_for_run(5)
    assert watch.names() == {"uno.txt"}
    assert watch.store.check() == []
    (folder / ".hidden.txt").write_text(FOUNDED)
    (folder / "fleeting.txt").write_text(FOUNDED)
    (folder / "fleeting.txt").unlink()
    time.sleep(3)
    assert len(watch.runs()) == 5
    children = psutil.Process(watch.process.pid).children(recursive=True)
    workers = [child for child in children if "kg_builder.worker" in child.cmdline()]
    assert watch.interrupt() == 0
    assert not any(worker.is_running() for worker in workers)
    assert "Traceback" not in watch.errors.read_text()


def test_a_burst_is_one_run_and_what_is_gone_is_listed_without_prune(folder: Path, start: Callable[..., Watch]) -> None:
    watch = start("--extractor", "open_ie")
    for i in range(300):
        (folder / f"{i}.txt").write_text("Nothing of note.")
    watch.wait(lambda: len(watch.runs()) == 2, seconds=300)
    assert "300 loaded (" in watch.runs()[1]
    (folder / "one.txt").unlink()
    assert "1 missing (" in watch.wait_for_run(3)
    assert "Mara Quill" in watch.heads()
    assert watch.interrupt() == 0


def test_ctrl_c_in_the_middle_of_a_run_finishes_what_is_under_way(
    folder: Path, start: Callable[..., Watch], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([here, str(Path(here).parent)]))
    monkeypatch.setenv("KG_TEST_LOG", str(tmp_path / "log"))
    watch = start("--extractor", "priced:Priced", "--poll")
    for i in range(40):
        (folder / f"{i}.txt").write_text(f"SLOW {i} likes Deep Tide.")
    watch.wait(lambda: (tmp_path / "log").read_text().count("SLOW") > 2)
    assert watch.interrupt() == 0
    assert "not begun" in watch.runs()[-1]
    done = watch.names()
    assert 2 < len(done) < 41
    assert watch.store.check() == []
    watch.store.close()
    again = start("--extractor", "priced:Priced")
    assert f"{41 - len(done)} loaded, {len(done)} unchanged (" in again.runs()[0]
    assert again.interrupt() == 0


def test_a_store_inside_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    (folder / "one.txt").write_text(FOUNDED)
    watch = Watch(folder, folder / "my [graph]")
    try:
        (folder / "two.txt").write_text(ACQUIRED)
        watch.wait_for_run(2)
        time.sleep(4)
        assert len(watch.runs()) == 2
        assert watch.names() == {"one.txt", "two.txt"}
        assert watch.interrupt() == 0
    finally:
        watch.close()
        stop(folder / "my [graph]")


def test_only_folders_are_watched(embedded_store: GraphStore, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected folders to watch, found none at"):
        watch_folders([tmp_path / "nowhere"], store=embedded_store)
