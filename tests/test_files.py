"""A file is there whole, or as it was before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kg_builder.files import replacing, replacing_text

WRITER = """
import sys, time
from pathlib import Path
from kg_builder.files import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    time.sleep(600)
"""


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "graph.jsonl"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b"new")
        raise RuntimeError
    assert [each.name for each in tmp_path.iterdir()] == ["graph.jsonl"]
    assert path.read_text() == "old"
    with pytest.raises(IsADirectoryError), replacing(tmp_path):
        pass


def test_the_new_file_has_the_permissions_of_the_old_one_and_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "graph.jsonl", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o600)
    link.symlink_to(path)
    with replacing_text(link) as file:
        file.write("new\r\n")
    assert link.is_symlink()
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new\r\n", 0o600)


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(tmp_path: Path) -> None:
    path = tmp_path / "graph.jsonl"
    command = [sys.executable, "-c", WRITER, str(path)]

    def begun() -> subprocess.Popen[str]:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        return process

    killed, alive = begun(), begun()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    drafts = list(tmp_path.iterdir())
    assert (len(drafts), path.exists()) == (2, False)
    for draft in drafts:
        os.utime(draft, (0, 0))
    with replacing(path) as file:
        file.write(b"whole")
    assert len(list(tmp_path.iterdir())) == 2  # the file, and the draft of the living one
    alive.kill()
    alive.wait()
    for process in (killed, alive):
        process.stdout.close()  # type: ignore[union-attr]
    assert path.read_bytes() == b"whole"
