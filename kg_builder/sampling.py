"""Measuring files before a run: a sample of them is loaded, and some segments of it are extracted.

The sample is drawn with a seed, from every format and from small and large files alike. Loading tells how many segments
there are and needs little time, so that comes first, for many files; then some segments of each are extracted, but not
all of a long file's, so that a novel does not use up the time.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg_builder.errors import LoadError
from kg_builder.heartbeat import SEVERAL, beat
from kg_builder.loaders import Found
from kg_builder.memory import Memory
from kg_builder.recipe import Recipe
from kg_builder.stages import FileTask, answers_of, load_file
from kg_builder.types import Usage
from kg_builder.workers import run_together

__all__ = ["Loaded", "Sample", "Tried", "draw", "measure"]

_STRATA = 4  # groups of equally many files by size, in each format
_SEGMENTS_TRIED = 8  # of one file
_FILE_S = 1.0  # seconds of extraction for one file
_LOADING = 0.3  # of the time, for loading alone
_GIVE_UP_S = 30.0  # without a sign of life


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file holds. ``unknown`` are the segments that are to be extracted: the cache does not know them."""

    format: str
    size_bytes: int
    segments: int = 0
    unknown: int = 0
    seconds: float = 0.0
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """What extracting ``segments`` of a file gave; the extractor failed on ``failed`` of them, or the file's worker
    did not come to an end.
    """

    format: str
    segments: int
    extractions: int
    seconds: float
    failed: int = 0
    usage: Usage = field(default_factory=Usage)
    paid: bool = False
    startup_s: float = 0.0
    fault: str = ""  # why the first one failed


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured, in how many seconds."""

    loaded: Sequence[Loaded]
    tried: Sequence[Tried]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Task:
    file: FileTask
    format: str
    size_bytes: int
    extract_s: float | None  # None: load only


def draw(todo: Sequence[tuple[str, Found]], seed: int) -> list[tuple[str, Found]]:
    """All files, each with its format, in an order of which any beginning is a sample of every format and size."""
    chance = random.Random(seed)
    by_format: dict[str, list[tuple[str, Found]]] = defaultdict(list)
    for name, file in sorted(todo, key=lambda item: (item[1].size_bytes, item[1].uri)):
        by_format[name].append((name, file))
    strata: list[list[tuple[str, Found]]] = []
    for files in by_format.values():
        step = -(-len(files) // _STRATA)
        strata += [files[at : at + step] for at in range(0, len(files), step)]
    for stratum in strata:
        chance.shuffle(stratum)
    # Where there are more bytes, there is more to be wrong about.
    strata.sort(key=lambda stratum: -sum(file.size_bytes for _, file in stratum))
    return [stratum[at] for at in range(max(map(len, strata), default=0)) for stratum in strata if at < len(stratum)]


def measure(
    files: Sequence[tuple[str, Found]],
    recipe: Recipe,
    *,
    cache: Path | None,
    workers: int,
    seconds: float,
    memory_bytes: int,
) -> Sample:
    """Load, and extract from, as many of `files` as there is time for, in worker processes as a run would.

    Raises:
        KGError: the extractor cannot run at all.
    """
    begun = time.monotonic()
    since: list[float] = []  # when the first result came: what it takes to start is not taken from the sample's time

    def over(share: float) -> bool:
        return bool(since) and time.monotonic() > since[0] + share * seconds

    def tasks() -> Iterator[_Task]:
        for extract_s, share in ((None, _LOADING), (min(_FILE_S, seconds / 4), 1.0)):
            for name, file in files:
                if over(share):
                    break
                yield _Task(FileTask(file.path, file.uri, recipe, cache), name, file.size_bytes, extract_s)

    loaded: list[Loaded] = []
    tried: list[Tried] = []
    limit = recipe.memory_limit(memory_bytes)
    outcomes = run_together(
        measure_file,
        tasks(),
        workers=workers,
        timeout_s=_GIVE_UP_S,
        memory_bytes=limit,
        network=recipe.needs_network,
    )
    with contextlib.closing(outcomes):
        for ready in outcomes:
            since = since or [time.monotonic()]
            for outcome in ready:
                task, result = outcome.task, outcome.result
                if isinstance(result, Tried):
                    if not tried:
                        since = [time.monotonic() - _LOADING * seconds]  # models load with the first text
                    tried.append(result)
                    continue
                error = outcome.failure.error if outcome.failure else None
                if error is not None and not isinstance(error, LoadError):
                    raise error
                if result is not None:
                    loaded.append(result)
                elif task.extract_s is None:
                    loaded.append(Loaded(task.format, task.size_bytes, seconds=outcome.seconds, failed=True))
                elif error is None:
                    why = outcome.failure.message if outcome.failure else ""
                    tried.append(Tried(task.format, 0, 0, 0.0, failed=1, fault=why))
            if over(1.0) and tried:
                break
    return Sample(loaded, tried, time.monotonic() - begun)


def measure_file(task: _Task) -> Loaded | Tried:
    """Load a file and count its segments, or extract some of them; in a worker process.

    Raises:
        LoadError: the file cannot be read.
        KGError: the extractor cannot run at all.
    """
    from kg_builder.segment import segment_document

    extractor = task.file.recipe.open()
    begun = time.monotonic()
    document = load_file(task.file)
    segments = segment_document(document, budget=task.file.recipe.segment_characters)
    seconds = time.monotonic() - begun
    memory = Memory(task.file.cache, extractor.fingerprint, segments)
    unknown = [segment for segment in segments if memory.recall(segment) is None]
    if task.extract_s is None:
        return Loaded(task.format, task.size_bytes, len(segments), len(unknown), seconds)
    chosen = random.Random(task.file.uri).sample(unknown, min(_SEGMENTS_TRIED, len(unknown)))
    ours = task.file.recipe.extractor in ("open_ie", "llm")  # nobody else's is asked for nothing: it may be paid
    beat(SEVERAL)
    startup_s = _warm_up(extractor, [segment.language for segment in chosen]) if ours else 0.0
    tried = extractions = failed = 0
    paid, usage, fault = False, Usage(), ""
    begun = time.monotonic()
    try:
        made = answers_of(extractor, [(segment.index, segment.text) for segment in chosen])
        for segment, (answer, used) in zip(chosen, made, strict=False):
            usage += used
            paid = paid or used.tokens > 0 or getattr(extractor, "usage", None) is not None
            if isinstance(answer, Exception):  # one segment's fault, as in a run: it costs its time all the same
                failed += 1
                fault = fault or f"{type(answer).__name__}: {' '.join(str(answer).split())}"
            else:
                extractions += len(answer.extractions)
                if paid:
                    memory.keep(segment, answer)
            tried += 1
            if time.monotonic() - begun > task.extract_s:
                break
    finally:
        memory.save()
    seconds = time.monotonic() - begun
    return Tried(task.format, tried, extractions, seconds, failed, usage, paid, startup_s, fault)


_WARM: set[str] = set()  # languages whose models this process has loaded
_WARMING = {"en": "Ada Lovelace met Charles Babbage.", "zh": "张伟创立了公司。"}


def _warm_up(extractor: Any, languages: Iterable[str]) -> float:
    """Load the models that will be needed, which a run does once in each worker; seconds that it took."""
    begun = time.monotonic()
    for language in set(languages) - _WARM:
        _WARM.add(language)
        if language in _WARMING:
            extractor.extract(_WARMING[language])
    return time.monotonic() - begun
