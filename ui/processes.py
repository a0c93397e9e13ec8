"""Long work as processes of their own, which go on whatever becomes of the page and of the server.

A job is a folder under the workspace's ``runs``, and its files are all that anybody knows of it, so that every tab and
a server that was started again see the same:

* ``job.json``: kind, title, store, the command (without secrets) and when it was given
* ``process.json``, ``child.json``: pid and start time of its keeper (`ui.job_runner`) and of the command itself
* ``asked.json``: that somebody asked it to stop, and how
* ``exit.json``: the command's exit status and when it ended, written by its keeper
* ``out.txt``, ``err.txt``: what it printed; ``log.jsonl``: its events, where its command was told to write them there
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from kg_builder.errors import ConfigError
from ui.workspace import keep_json, kept_json, read_only, workspace

__all__ = [
    "Job",
    "JobState",
    "job",
    "jobs",
    "kg_command",
    "new_job_folder",
    "new_name",
    "note_process",
    "restart_job",
    "start_job",
]

JobState = Literal["running", "stopping", "finished", "partly", "failed", "stopped", "lost"]
"""``partly``: done but for some items; ``stopped``: somebody asked for it; ``lost``: it was killed, or went down with
the machine.
"""

_PARTLY_DONE, _INTERRUPTED = 3, 130
_STARTING_S = 20.0
_SAME_START_S = 5.0  # a start time is told from the machine's clock, which may be set meanwhile
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
_UNSHARED = ("KGUI_PASSWORD",)


@dataclass(frozen=True, slots=True)
class Job:
    """A command that was started, as it was given. What became of it is looked up in its folder each time."""

    folder: Path
    kind: str
    title: str
    store: str
    argv: tuple[str, ...]
    created: float

    @property
    def id(self) -> str:
        """The name of its folder, by which it is found again."""
        return self.folder.name

    @property
    def state(self) -> JobState:
        """What it does, or what came of it."""
        exit_ = self._kept("exit.json")
        if not exit_:
            if self._alive():
                return "stopping" if self.asked else "running"
            exit_ = self._kept("exit.json")  # it may have ended since the first look
        if not exit_:
            return "stopped" if self.asked else "lost"
        status = exit_.get("status")
        if status == 0:
            return "finished"
        if status == _PARTLY_DONE:
            return "partly"
        if status == _INTERRUPTED or (isinstance(status, int) and status < 0 and self.asked):
            return "stopped"
        return "lost" if isinstance(status, int) and status < 0 else "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state not in ("running", "stopping")

    @property
    def asked(self) -> str:
        """``stop`` or ``kill`` where somebody asked for that, else empty."""
        return str(self._kept("asked.json").get("how", ""))

    @property
    def status(self) -> int | None:
        """The command's exit status; None while it is not known. Negative: the signal that ended it."""
        status = self._kept("exit.json").get("status")
        return status if isinstance(status, int) else None

    @property
    def ended(self) -> float | None:
        """When it ended, in seconds since 1970; None while that is not known."""
        ended = self._kept("exit.json").get("ended")
        return float(ended) if isinstance(ended, int | float) else None

    def text(self, name: str, *, most: int = 200_000) -> str:
        """The end of one of its files (``out.txt``, ``err.txt``, ``log.jsonl``), at most so many bytes of it."""
        try:
            with (self.folder / name).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - most))
                return file.read(most).decode("utf-8", "replace")
        except OSError:
            return ""

    def stop(self) -> None:
        """Ask it to finish what is under way and begin nothing more; returns at once."""
        self._ask("stop", signal.SIGINT)

    def kill(self) -> None:
        """End it now, by force if it does not go by itself; returns at once."""
        self._ask("kill", signal.SIGTERM)

    def forget(self) -> None:
        """Delete its folder; what it wrote elsewhere stays.

        Raises:
            ConfigError: it is still running.
        """
        if not self.is_over:
            raise ConfigError(f"expected a run that is over, found {self.id} running; stop it first")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ask(self, how: str, number: signal.Signals) -> None:
        if self.is_over:
            return
        keep_json(self.folder / "asked.json", {"how": how, "at": time.time()})
        if (keeper := _process(self._kept("process.json"))) is not None:
            keeper.send_signal(number)
        elif (child := _process(self._kept("child.json"))) is not None:
            child.send_signal(number if how == "stop" else signal.SIGKILL)

    def _alive(self) -> bool:
        started = self._kept("process.json")
        if "pid" not in started:
            return time.time() - float(started.get("starting", 0.0)) < _STARTING_S
        return _process(started) is not None or _process(self._kept("child.json")) is not None

    def _kept(self, name: str) -> dict[str, Any]:
        kept = kept_json(self.folder / name, {})
        return kept if isinstance(kept, dict) else {}


def kg_command(*arguments: str) -> list[str]:
    """The ``kg`` command of this installation with `arguments`."""
    return [sys.executable, "-P", "-m", "kg_builder.cli", *arguments]


def new_job_folder() -> Path:
    """The folder of a job that is about to be started: for commands that are to name a file in it."""
    folder = _runs() / new_name()
    folder.mkdir(mode=0o700)
    return folder


def new_name() -> str:
    """A name for a folder that no other has; sorted, such names go by their time."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def start_job(
    kind: str,
    title: str,
    argv: Sequence[str],
    *,
    store: str = "",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Job:
    """Start a command as a process of its own.

    Args:
        argv: the command; it is kept and shown, so it must hold no secret.
        environment: variables for the process alone, which are kept nowhere: the place for secrets.
        folder: from `new_job_folder`; None: a new one.

    Raises:
        ConfigError: the server was started read-only.
        OSError: the workspace cannot be written.
    """
    if read_only():
        raise ConfigError("expected a server that may change things, but it was started read-only")
    folder = folder or new_job_folder()
    created = time.time()
    given = {"kind": kind, "title": title, "store": store, "argv": list(argv), "created": created}
    _note_start(folder)
    keep_json(folder / "job.json", given)
    _launch(folder, environment or {})
    return Job(folder, kind, title, store, tuple(argv), created)


def restart_job(job: Job, *, environment: Mapping[str, str] | None = None) -> None:
    """Start the command of a job that is over once more, in the same folder: to go on. Does nothing while it runs.

    Raises:
        ConfigError: the server was started read-only.
        OSError: the workspace cannot be written.
    """
    if read_only():
        raise ConfigError("expected a server that may change things, but it was started read-only")
    with (job.folder / "restart.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two tabs that ask for it, one does it
        if job.is_over:
            _note_start(job.folder)
            for name in ("exit.json", "asked.json", "child.json"):
                (job.folder / name).unlink(missing_ok=True)
            _launch(job.folder, environment or {})


def jobs(kind: str | None = None) -> list[Job]:
    """All jobs, or those of one kind, newest first."""
    found = (_read(folder) for folder in _runs().iterdir() if _ID.fullmatch(folder.name))
    wanted = [each for each in found if each is not None and kind in (None, each.kind)]
    return sorted(wanted, key=lambda each: (each.created, each.id), reverse=True)


def job(id: str) -> Job | None:
    """The job of that id, if there is one."""
    return _read(_runs() / id) if _ID.fullmatch(id) else None


def note_process(path: Path, pid: int) -> None:
    """Keep a process's pid with its start time: pids are given anew, and a restarted machine begins with low ones."""
    import psutil

    with contextlib.suppress(psutil.Error):
        keep_json(path, {"pid": pid, "started": psutil.Process(pid).create_time()})


def _note_start(folder: Path) -> None:
    keep_json(folder / "process.json", {"starting": time.time()})


def _launch(folder: Path, environment: Mapping[str, str]) -> None:
    """Start the keeper of the job in `folder`."""
    root = str(Path(__file__).resolve().parent.parent)
    kept = {name: value for name, value in os.environ.items() if name not in _UNSHARED}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ui.job_runner", str(folder)],
        env={
            **kept,
            "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])),
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    note_process(folder / "process.json", process.pid)
    threading.Thread(target=process.wait, name="kg-job", daemon=True).start()  # so that it leaves no zombie


def _runs() -> Path:
    folder = workspace() / "runs"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def _read(folder: Path) -> Job | None:
    given = kept_json(folder / "job.json", None)
    try:
        argv = tuple(str(each) for each in given["argv"])
        return Job(folder, str(given["kind"]), str(given["title"]), str(given["store"]), argv, float(given["created"]))
    except (TypeError, KeyError, ValueError):
        return None


def _process(noted: Mapping[str, Any]) -> Any:
    """The process that was noted, a `psutil.Process`; None where it has ended, even if another has its pid now."""
    import psutil

    try:
        process = psutil.Process(int(noted["pid"]))
        same = abs(process.create_time() - float(cast(Any, noted["started"]))) < _SAME_START_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, KeyError, TypeError, ValueError):
        return None
