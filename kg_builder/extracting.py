"""Extraction without a store: files, folders, standard input, or one text a line. What ``kg extract`` prints."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg_builder.errors import KGError, LoadError
from kg_builder.loaders import discover
from kg_builder.recipe import Recipe
from kg_builder.reports import missing
from kg_builder.stages import FileTask, TextTask, extract_file, extract_texts
from kg_builder.types import Extraction
from kg_builder.workers import run_tasks

__all__ = ["Extracted", "extract_lines", "extract_paths"]

LINES_PER_TASK = 256
STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Extracted:
    """What one file, or one line of one, gave. ``line`` is counted from 1, None for whole files.

    ``problem`` says why there is nothing, or (``extraction``) of which segments there is nothing.
    """

    document: str
    line: int | None
    extractions: Sequence[Extraction]
    problem: KGError | None = None


def extract_paths(
    paths: Sequence[str],
    *,
    recipe: Recipe,
    workers: int | None = None,
    file_timeout_s: float | None = None,
    file_memory_bytes: int | None = None,
) -> Iterator[Extracted]:
    """The extractions of each file, in the order of discovery; ``-`` reads standard input as plain text.

    A file, or one of its segments, may take `file_timeout_s` seconds and `file_memory_bytes` of private memory.
    """
    with tempfile.TemporaryDirectory(prefix="kg-extract-") as folder:
        tasks = _file_tasks(paths, recipe, Path(folder))
        outcomes = run_tasks(
            extract_file,
            tasks,
            workers=recipe.workers(workers),
            ordered=True,
            timeout_s=file_timeout_s,
            memory_bytes=recipe.memory_limit(file_memory_bytes),
            network=recipe.needs_network,
        )
        for outcome in outcomes:
            uri, failure = outcome.task.uri, outcome.failure
            problem = (failure.error or LoadError(failure.message, reason=failure.reason)) if failure else None
            extractions, trouble = outcome.result or ((), ())
            if trouble:
                problem = LoadError(missing(trouble), reason="extraction")
            yield Extracted(uri, None, extractions, problem)


def extract_lines(paths: Sequence[str], *, recipe: Recipe, workers: int | None = None) -> Iterator[Extracted]:
    """The extractions of each line, in order, with offsets into the line. Empty lines count but give nothing."""
    for path in paths:
        name = STANDARD_INPUT if path == STANDARD_INPUT else str(path)
        try:
            with _open_text(path) as file:
                yield from _lines_of(file, name, recipe, recipe.workers(workers))
        except (OSError, UnicodeDecodeError) as exc:
            error = LoadError(f"expected readable UTF-8 text at {path!r}, but {exc}", reason="unreadable")
            yield Extracted(name, None, (), error)


def _lines_of(file: Iterable[str], name: str, recipe: Recipe, workers: int) -> Iterator[Extracted]:
    tasks = _text_tasks(file, recipe)
    for outcome in run_tasks(extract_texts, tasks, workers=workers, ordered=True, network=recipe.needs_network):
        task = outcome.task
        if outcome.result is None:
            message = outcome.failure.message if outcome.failure else "no result"
            last = task.first + len(task.texts) - 1
            error = LoadError(f"lines {task.first} to {last}: {message}", reason="extraction")
            yield Extracted(name, task.first, (), error)
            continue
        for number, (extractions, fault) in enumerate(outcome.result, task.first):
            problem = LoadError(f"line {number}: {fault}", reason="extraction") if fault else None
            yield Extracted(name, number, extractions, problem)


def _text_tasks(lines: Iterable[str], recipe: Recipe) -> Iterator[TextTask]:
    batch: list[str] = []
    first = 1
    for line in lines:
        batch.append(line.rstrip("\r\n"))
        if len(batch) == LINES_PER_TASK:
            yield TextTask(tuple(batch), first, recipe)
            first += len(batch)
            batch = []
    if batch:
        yield TextTask(tuple(batch), first, recipe)


def _file_tasks(paths: Sequence[str], recipe: Recipe, folder: Path) -> Iterator[FileTask]:
    for path in paths:
        if path == STANDARD_INPUT:
            copy = folder / "stdin.txt"
            copy.write_bytes(sys.stdin.buffer.read())
            yield FileTask(copy, STANDARD_INPUT, recipe)
            continue
        for file in discover([Path(path)]):
            yield FileTask(file.path, file.uri, recipe)


def _open_text(path: str) -> io.TextIOBase:
    # Only line feeds end a line: a text may hold any other separator Unicode has.
    if path == STANDARD_INPUT:
        return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="\n")
    return Path(path).open(encoding="utf-8-sig", newline="\n")
