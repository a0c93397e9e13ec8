"""Dropped files, kept in a folder of their own inside the workspace, so that their documents can be read again."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

from ui.processes import new_name
from ui.workspace import safe_name, workspace

__all__ = ["Upload", "save_ontology", "save_uploads"]


class Upload(Protocol):
    """A dropped file, as the browser sent it."""

    name: str

    def seek(self, offset: int, /) -> int:
        """Go to a place in it."""

    def read(self, size: int = -1, /) -> bytes:
        """Its bytes from there on."""


def save_uploads(files: Sequence[Upload]) -> Path:
    """Write dropped files into a new folder and give that. Their names are made safe, and told apart where need be."""
    folder = workspace() / "uploads" / new_name()
    folder.mkdir(parents=True, mode=0o700)
    taken: set[str] = set()
    for file in files:
        name = _free(safe_name(file.name), taken)
        taken.add(name.casefold())
        _save(file, folder / name)
    return folder


def save_ontology(file: Upload) -> Path:
    """Write a dropped ontology into a new folder, apart from the documents, and give its path."""
    folder = workspace() / "ontologies" / new_name()
    folder.mkdir(parents=True, mode=0o700)
    path = folder / safe_name(file.name)
    _save(file, path)
    return path


def _save(file: Upload, path: Path) -> None:
    file.seek(0)
    source: IO[bytes] = file  # type: ignore[assignment]
    with path.open("xb") as target:
        shutil.copyfileobj(source, target)


def _free(name: str, taken: set[str]) -> str:
    """`name`, with a number where another file of the same folder has it, on any system."""
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    number, free = 2, name
    while free.casefold() in taken:
        free = f"{stem} ({number}){dot}{suffix}"
        number += 1
    return free
