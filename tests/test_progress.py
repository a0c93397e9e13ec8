"""What is shown while something runs, on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

from kg_builder.backup import back_up
from kg_builder.store import GraphStore


def on_a_terminal(*command: str) -> str:
    """What a command that succeeds says on standard error, which is a terminal 120 columns wide."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs) as run:
        os.close(theirs)
        said = b""
        while True:
            try:
                read = os.read(ours, 10_000)
            except OSError:  # what Linux gives at the end of a terminal
                break
            if not read:
                break
            said += read
    os.close(ours)
    assert run.returncode == 0, said.decode()
    return said.decode()


def test_a_bar_follows_an_ingestion_a_backup_and_a_restore(
    embedded_store: GraphStore, log: Path, tmp_path: Path
) -> None:
    (tmp_path / "documents").mkdir()
    for i in range(3):
        (tmp_path / "documents" / f"{i}.txt").write_text(f"Person {i} likes Deep Tide.")
    kg = (sys.executable, "-m", "kg_builder.cli")
    at = ("--store", embedded_store.uri)
    said = on_a_terminal(*kg, "ingest", str(tmp_path / "documents"), *at, "--extractor", "priced:Priced")
    assert "100% |" in said
    assert "3/3 files, 0 failed" in said
    said = on_a_terminal(*kg, "backup", str(tmp_path / "graph.zip"), *at)
    assert "writing 3 of 3 documents" in said
    said = on_a_terminal(*kg, "restore", str(tmp_path / "graph.zip"), "--replace", *at)
    assert "verifying 3 of 3 documents" in said
    assert "restoring 3 of 3 documents" in said
    assert back_up(embedded_store, tmp_path / "again.zip").counts.documents == 3
