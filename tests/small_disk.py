"""A disk of a few megabytes, to be filled: a file system in memory, mounted by root or through sudo."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ["SmallDisk", "mounted"]


class SmallDisk:
    """A file system of a given size that can grow."""

    def __init__(self, path: Path, command: list[str]) -> None:
        self.path = path
        self._command = command

    def grow(self, size: str) -> None:
        """Make it larger, with all that is on it."""
        subprocess.run([*self._command, "mount", "-o", f"remount,size={size}", self.path], check=True)


@contextlib.contextmanager
def mounted(path: Path, size: str) -> Iterator[SmallDisk]:
    """A disk at `path` (made), gone afterwards. With ``CI=true`` it is a failure where nothing can be mounted."""
    path.mkdir()
    command = [] if os.geteuid() == 0 else ["sudo", "-n"]
    options = f"size={size},uid={os.geteuid()},mode=700"
    try:
        done = subprocess.run(
            [*command, "mount", "-t", "tmpfs", "-o", options, "none", path], capture_output=True, text=True, check=False
        )
        problem = done.stderr.strip() if done.returncode else ""
    except OSError as exc:
        problem = str(exc)
    if problem:
        told = f"a full disk needs the right to mount one: {problem}"
        pytest.fail(told) if os.environ.get("CI") == "true" else pytest.skip(told)
    try:
        yield SmallDisk(path, command)
    finally:
        subprocess.run([*command, "umount", "--lazy", path], check=True)
