"""Runs the command of one job and writes down how it ended: ``python -m ui.job_runner FOLDER``.

It outlives the server that started it. SIGINT goes on to the command, which finishes what is under way; SIGTERM ends it
at once, by force where it takes longer than a few seconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

__all__ = ["main"]

_BETWEEN_SIGNALS_S = 0.3
_BY_FORCE_AFTER_S = 5.0
_POLL_S = 0.2


def main(folder: Path) -> int:
    """Run the job of `folder` to its end and give its exit status."""
    from ui.processes import note_process
    from ui.workspace import keep_json

    argv = json.loads((folder / "job.json").read_text(encoding="utf-8"))["argv"]
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, note)
    with (folder / "out.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
        try:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        except OSError as exc:
            err.write(f"{argv[0]}: {exc.strerror or exc}\n".encode())
            status = 127
        else:
            note_process(folder / "child.json", child.pid)
            status = _wait(child, asked)
    with contextlib.suppress(OSError):
        keep_json(folder / "exit.json", {"status": status, "ended": time.time()})
    return 0


def _wait(child: subprocess.Popen[bytes], asked: list[int]) -> int:
    """The exit status of `child`, which is sent what this process is asked."""
    by_force_at = float("inf")
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(timeout=_POLL_S)
        while asked:
            number = asked.pop(0)
            child.send_signal(number if number != signal.SIGHUP else signal.SIGTERM)
            if number != signal.SIGINT:
                time.sleep(_BETWEEN_SIGNALS_S)
                child.send_signal(signal.SIGTERM)  # the first one lets it finish what is under way
                by_force_at = time.monotonic() + _BY_FORCE_AFTER_S
        if time.monotonic() > by_force_at:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the command and its workers; what has a session of its own, as a store's server, is left alone."""
    import psutil

    with contextlib.suppress(psutil.Error):
        for each in psutil.Process(child.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error, OSError):
                if os.getpgid(each.pid) == os.getpgid(0):
                    each.kill()
    child.kill()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
