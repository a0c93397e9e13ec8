"""Small files in groups, for language models: one answers the segments of many files in the time of one.

A group is a task like any other. What comes of it is given for each file by itself, so that nobody else knows of
groups; a group that does not come to an end is run again, file by file.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from kg_builder.recipe import Recipe
from kg_builder.stages import FileGroup, FileTask
from kg_builder.types import Contribution
from kg_builder.workers import Failure, Outcome

__all__ = ["apart", "grouped"]

_AT_ONCE = 4  # times as many segments as are answered at a time

Ready = Outcome[FileTask, Contribution]


def grouped(tasks: Iterable[FileTask | Ready], recipe: Recipe, *, stop: threading.Event) -> Iterator[FileGroup | Ready]:
    """`tasks` in groups of about as much text as is answered together; what is an outcome already is passed on. Once
    `stop` is set, a group that is not whole is not begun."""
    most = _AT_ONCE * (recipe.model.batch_size if recipe.extractor == "llm" else recipe.model.concurrency)
    group: list[FileTask] = []
    size = 0
    for task in tasks:
        if isinstance(task, Outcome):
            yield task
            continue
        group.append(task)
        size += task.path.stat().st_size if task.path.exists() else 0
        if len(group) >= most or size >= most * recipe.segment_characters:
            yield FileGroup(tuple(group))
            group, size = [], 0
    if group and not stop.is_set():
        yield FileGroup(tuple(group))


def apart(
    outcomes: Generator[list[Outcome[Any, Any]], None, None], again: list[FileTask]
) -> Generator[list[Ready], None, None]:
    """The outcomes of groups as those of their files. Those of a group that hung or crashed are added to `again`, to be
    run one by one."""
    try:
        for ready in outcomes:
            yield [each for outcome in ready for each in _of_each(outcome, again)]
    finally:
        outcomes.close()


def _of_each(outcome: Outcome[Any, Any], again: list[FileTask]) -> Iterator[Ready]:
    if not isinstance(outcome.task, FileGroup):
        yield outcome
        return
    tasks, failure = outcome.task.tasks, outcome.failure
    seconds = outcome.seconds / len(tasks)
    if failure is not None and failure.error is None and len(tasks) > 1:
        again.extend(tasks)
    elif failure is not None:
        yield from (Outcome(task, failure=failure, seconds=seconds) for task in tasks)
    elif outcome.result is not None:
        for task, made in zip(tasks, outcome.result, strict=True):
            if isinstance(made, Contribution):
                yield Outcome(task, result=made, seconds=seconds)
            else:
                yield Outcome(task, failure=Failure("error", str(made), error=made), seconds=seconds)
