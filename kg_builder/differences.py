"""Two extractors' opinions on the same texts, side by side: what both say, and what only one does.

Both read the same segments and both keep what they make in the cache, so that an opinion once formed costs nothing. A
triple is the same where the same sentence gives the same canonical names, relation, polarity and modality: other
spellings, types and confidences make no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from kg_builder.errors import KGError, LoadError
from kg_builder.loaders import discover
from kg_builder.recipe import Recipe
from kg_builder.sentences import split_sentences
from kg_builder.stages import FileTask, process_file
from kg_builder.types import Contribution, Modality, Polarity, Statement
from kg_builder.workers import run_tasks

__all__ = ["Comparison", "Content", "Differing", "compare_extractors", "statements_by_content"]


@dataclass(frozen=True, slots=True)
class Differing:
    """A triple that one extractor found and the other did not. Offsets count code points of the document's text."""

    extractor: str  # as it was asked for
    head: str
    relation: str
    tail: str
    head_start: int
    head_end: int
    relation_start: int | None
    relation_end: int | None
    tail_start: int
    tail_end: int
    polarity: Polarity
    modality: Modality
    confidence: float
    sentence: str
    sentence_start: int
    sentence_end: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """One document: how many triples both extractors found, and those that only the one or the other did.

    ``faults`` are segments that an extractor failed on and pages that cannot be read; ``problem`` says why a document
    could not be compared.
    """

    document: str
    both: int = 0
    only_first: tuple[Differing, ...] = ()
    only_second: tuple[Differing, ...] = ()
    faults: tuple[str, ...] = ()
    problem: KGError | None = None

    @property
    def equal(self) -> bool:
        """Whether the two agree on all of it."""
        return not (self.only_first or self.only_second or self.faults or self.problem)


def compare_extractors(
    paths: Iterable[Path | str],
    *,
    first: Recipe,
    second: str,
    cache: Path | None = None,
    workers: int | None = None,
    file_timeout_s: float | None = None,
    file_memory_bytes: int | None = None,
) -> Iterator[Comparison]:
    """What the extractor of `first` and the one named `second` make of each file, in the order of discovery.

    Args:
        first: how to read the files; with the first extractor's name.
        second: the other's name (``open_ie``, or ``package.module:attribute``).
        cache: file of extractions already made; what is new is added.
        workers: processes; None: one for each core; 0: everything in this process.
        file_timeout_s: seconds that a file may take, both times.
        file_memory_bytes: private memory a worker may take; without effect where it loads a language model.

    Raises:
        ConfigError: no extractor has one of the names.
    """
    other = replace(first, extractor=second)
    for recipe in (first, other):
        recipe.open()  # a wrong name is an error here, and not of every file
    kept_to: dict[str, Any] = {
        "timeout_s": file_timeout_s,
        "memory_bytes": None if other.loads_model else first.memory_limit(file_memory_bytes),
        "network": first.needs_network or other.needs_network,
    }
    return _compared([Path(path) for path in paths], first, other, cache, workers, kept_to)


@dataclass(frozen=True, slots=True)
class _Task:
    tasks: tuple[FileTask, FileTask]


def _compared(
    paths: Iterable[Path],
    first: Recipe,
    second: Recipe,
    cache: Path | None,
    workers: int | None,
    kept_to: dict[str, Any],
) -> Iterator[Comparison]:
    def tasks() -> Iterator[_Task]:
        for file in discover(paths):
            one, other = (FileTask(file.path, file.uri, recipe, cache) for recipe in (first, second))
            yield _Task((one, other))

    count = min(first.workers(workers), second.workers(workers))
    for outcome in run_tasks(compare_file, tasks(), workers=count, ordered=True, **kept_to):
        if outcome.result is not None:
            yield outcome.result
        elif outcome.failure is not None:
            failure = outcome.failure
            problem = failure.error or LoadError(failure.message, reason=failure.reason)
            yield Comparison(outcome.task.tasks[0].uri, problem=problem)


def compare_file(task: _Task) -> Comparison:
    """Both opinions on one file, compared. For a worker process.

    Raises:
        LoadError: the file cannot be read.
    """
    made = [process_file(each) for each in task.tasks]
    first, second = (statements_by_content(each) for each in made)
    names = [each.recipe.extractor for each in task.tasks]
    faults = [f"{name}: {fault}" for name, each in zip(names, made, strict=True) for fault in each.faults]
    faults += made[0].document.faults
    return Comparison(
        task.tasks[0].uri,
        len(first.keys() & second.keys()),
        _only(first, second, names[0]),
        _only(second, first, names[1]),
        tuple(faults),
    )


Content = tuple[int, str, str, str, Polarity, Modality]
"""Where the sentence begins, head, relation and tail in canonical form, polarity and modality: what two opinions on a
text must share to be one."""


def statements_by_content(contribution: Contribution) -> dict[Content, tuple[Statement, tuple[int, int]]]:
    """Statements by what they say and the sentence they say it in; of equal ones the surest."""
    found: dict[Content, tuple[Statement, tuple[int, int]]] = {}
    for statement in contribution.statements:
        x = statement.extraction
        start, end = _sentence(statement)
        content = (start, statement.subject.plain, statement.relation, statement.object.plain, x.polarity, x.modality)
        known = found.get(content)
        if known is None or known[0].extraction.confidence < x.confidence:
            found[content] = (statement, (start, end))
    return found


def _only(
    mine: dict[Content, tuple[Statement, tuple[int, int]]], other: Iterable[Content], extractor: str
) -> tuple[Differing, ...]:
    differing = []
    for content in mine.keys() - set(other):
        statement, (start, end) = mine[content]
        x = statement.extraction
        differing.append(
            Differing(
                extractor,
                x.head.surface,
                x.relation.surface,
                x.tail.surface,
                x.head.start,
                x.head.end,
                x.relation.start,
                x.relation.end,
                x.tail.start,
                x.tail.end,
                x.polarity,
                x.modality,
                x.confidence,
                x.segment.document.text[start:end] if x.segment else "",
                start,
                end,
            )
        )
    return tuple(sorted(differing, key=lambda d: (d.head_start, d.tail_start, d.relation, d.polarity, d.modality)))


_sentences = lru_cache(maxsize=64)(split_sentences)


def _sentence(statement: Statement) -> tuple[int, int]:
    """Where the sentence (the sentences, where it takes several) that holds head and tail stands in the document."""
    x = statement.extraction
    base, text = (x.segment.start, x.segment.text) if x.segment else (0, "")
    first, last = min(x.head.start, x.tail.start) - base, max(x.head.end, x.tail.end) - base
    spans = [(start, end) for start, end in _sentences(text) if end > first and start < last]
    return base + min([first, *(start for start, _ in spans)]), base + max([last, *(end for _, end in spans)])
