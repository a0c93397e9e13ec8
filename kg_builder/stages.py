"""The stages from a file to its contribution, as plain functions that a worker process or a cluster can run.

Each takes and returns values that pickle and touches no store.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kg_builder.cache import Answer
from kg_builder.classifying import open_classifier
from kg_builder.contributing import contribute
from kg_builder.errors import ExtractionError, KGError, LoadError
from kg_builder.heartbeat import SEVERAL, beat, kept_alive
from kg_builder.memory import Memory
from kg_builder.recipe import Recipe
from kg_builder.types import (
    Contribution,
    Document,
    Extraction,
    Extractor,
    Segment,
    Usage,
)

if TYPE_CHECKING:
    from kg_builder.ontology import Mapper

__all__ = [
    "FileGroup",
    "FileTask",
    "TextTask",
    "answers_of",
    "extract_file",
    "extract_segment",
    "extract_texts",
    "is_anchored",
    "load_file",
    "process_file",
    "process_group",
]


@dataclass(frozen=True, slots=True)
class FileTask:
    """One file to process. ``uri`` is the identity that discovery gave it."""

    path: Path
    uri: str
    recipe: Recipe
    cache: Path | None = None  # where extractions are kept as soon as they are made, and found again
    avoid: tuple[tuple[int, str], ...] = ()  # segments that are not to be tried, each with the reason


@dataclass(frozen=True, slots=True)
class FileGroup:
    """Files that are processed together, all with the same recipe."""

    tasks: tuple[FileTask, ...]


@dataclass(frozen=True, slots=True)
class TextTask:
    """Texts to extract from, each by itself; ``first`` is the number of the first one."""

    texts: tuple[str, ...]
    first: int
    recipe: Recipe


def process_file(task: FileTask) -> Contribution:
    """The contribution of one file: loaded, segmented, extracted, normalized.

    Raises:
        LoadError: the file cannot be read; the reason is a slug, the message a sentence.
    """
    document = load_file(task)
    return _contributed(document, _extract(document, task))


def process_group(group: FileGroup) -> list[Contribution | LoadError]:
    """The contribution of each file of a group, or why it cannot be read: their segments are answered together.

    Raises:
        KGError: the extractor as a whole cannot run.
    """
    extractor = group.tasks[0].recipe.open()
    begun: list[_Begun | LoadError] = []
    for task in group.tasks:
        beat(SEVERAL)
        try:
            begun.append(_begin(load_file(task), task, extractor))
        except LoadError as exc:
            begun.append(exc)
    ready = [each for each in begun if isinstance(each, _Begun)]
    made = answers_of(extractor, [(SEVERAL, segment.text) for each in ready for segment in each.unknown])
    return [_contributed(b.document, b.fill(made)) if isinstance(b, _Begun) else b for b in begun]


def extract_file(task: FileTask) -> tuple[list[Extraction], tuple[str, ...]]:
    """The extractions of one file, anchored in its document, without normalization; and what is missing.

    Raises:
        LoadError: the file cannot be read.
    """
    document = load_file(task)
    found = _extract(document, task)
    return found.extractions, (*found.faults, *document.faults)


def extract_segment(extractor: Extractor, text: str) -> tuple[Answer, Usage]:
    """What an extractor makes of one segment's text, and what that cost."""
    extractions = extractor.extract(text)
    answer = Answer(extractions, dict(getattr(extractor, "left_out", {})))
    return answer, getattr(extractor, "usage", None) or Usage()


def extract_texts(task: TextTask) -> list[tuple[list[Extraction], str]]:
    """The extractions of each text, with offsets into that text; and why there are none where the extractor failed.

    Raises:
        KGError: the extractor as a whole cannot run, or gives fewer answers than it was given texts.
    """
    extractor, mapper = task.recipe.open(), task.recipe.open_mapper()
    made: list[tuple[list[Extraction], str]] = []
    if hasattr(extractor, "extract_many"):
        for text, (answer, _) in zip(task.texts, answers_of(extractor, list(enumerate(task.texts))), strict=True):
            if isinstance(answer, Exception):
                made.append(([], _told(answer)))
            else:
                found = answer.extractions
                made.append((mapper.map(text, found).extractions if mapper is not None else found, ""))
        return made
    while len(made) < len(task.texts):
        before = len(made)
        try:
            for extractions in extractor.pipe(task.texts[before:]):  # in order: the one that fails is the next
                if mapper is not None:
                    extractions = mapper.map(task.texts[len(made)], extractions).extractions
                made.append((extractions, ""))
        except KGError:
            raise
        except Exception as exc:  # noqa: BLE001 - the border that keeps one text's fault from the others
            made.append(([], _told(exc)))
        if len(made) == before:
            raise ExtractionError(
                f"expected an answer for each text from the extractor {task.recipe.extractor!r}, found none for "
                f"{len(task.texts) - before} of {len(task.texts)}."
            )
    return made


def answers_of(
    extractor: Extractor, texts: Sequence[tuple[int, str]], *, alone: bool = False
) -> Iterator[tuple[Answer | Exception, Usage]]:
    """What an extractor makes of each text, or the error that it ends with, and what that cost; in order, lazily.

    Each text comes with its place, which is told as a sign of life. An extractor that answers texts together
    (``batch_size``, ``extract_many``) is given as many as it likes, but with `alone` one at a time.

    Raises:
        KGError: the extractor as a whole cannot run.
    """
    many = getattr(extractor, "extract_many", None)
    if many is None:
        for place, text in texts:
            beat(place)
            yield _answer_of(extractor, text)
        return
    size = 1 if alone else max(1, getattr(extractor, "batch_size", 1))
    for at in range(0, len(texts), size):
        some = texts[at : at + size]
        beat(some[0][0] if len(some) == 1 else SEVERAL)
        given = 0
        try:
            for answered in many([text for _, text in some]):
                given += 1
                if isinstance(answered, Exception):
                    yield answered, Usage()
                else:
                    yield Answer(answered.extractions, dict(answered.left_out)), answered.usage
        except KGError:
            raise
        except Exception as exc:  # noqa: BLE001 (the rest of these texts have no answer; others may)
            yield from [(exc, Usage())] * (len(some) - given)


def _answer_of(extractor: Extractor, text: str) -> tuple[Answer | Exception, Usage]:
    before = getattr(extractor, "usage", None)
    try:
        return extract_segment(extractor, text)
    except KGError:
        raise  # the extractor as a whole cannot run
    except Exception as exc:  # noqa: BLE001 - the border that keeps one segment's fault from the others
        spent = getattr(extractor, "usage", None)
        paid = spent is not None and spent is not before  # an answer that made no sense was paid for all the same
        return exc, spent if paid and spent is not None else Usage()


def load_file(task: FileTask) -> Document:
    """The document in a file, under the uri that discovery gave it.

    Raises:
        LoadError: the file cannot be read.
    """
    from kg_builder.loaders import Limits, load

    return replace(load(task.path, limits=Limits(max_bytes=task.recipe.max_file_bytes)), uri=task.uri)


@dataclass(slots=True)
class _Found:
    segments: list[Segment]
    extractions: list[Extraction] = field(default_factory=list)
    quarantined: int = 0
    faults: list[str] = field(default_factory=list)
    reused: int = 0
    unkept: int = 0
    extracted: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    usage: Usage = field(default_factory=Usage)
    mapper: Mapper | None = None

    def wanted(self, recipe: Recipe) -> list[Segment]:
        """The segments of the topics that the recipe names; the others are counted. All, if it names none."""
        if not recipe.classifier:
            return self.segments
        beat(SEVERAL)
        with kept_alive():
            topics = list(open_classifier(recipe.classifier).topics([segment.text for segment in self.segments]))
        if recipe.topics_of == "documents":
            sizes: Counter[str] = Counter()
            for segment, topic in zip(self.segments, topics, strict=True):
                sizes[topic] += len(segment.text)
            topics = [max(sizes, key=lambda topic: (sizes[topic], topic))] * len(topics) if topics else []
        self.left_out.update(f"segments of the topic {each}" for each in topics if each not in recipe.topics)
        return [each for each, topic in zip(self.segments, topics, strict=True) if topic in recipe.topics]

    def add(self, segment: Segment, answer: Answer) -> None:
        """Take what was found in a segment, in the ontology's terms if there is one, but for what does not stand there
        as it says."""
        text = segment.text
        if self.mapper is not None:
            # After the cache, so that another ontology costs no new extraction.
            anchored = [x for x in answer.extractions if is_anchored(x, text)]
            self.quarantined += len(answer.extractions) - len(anchored)
            self.extracted += len(answer.extractions) - len(anchored)
            mapped = self.mapper.map(text, anchored)
            self.left_out.update(mapped.left_out)
            answer = Answer(mapped.extractions, answer.left_out)
        self.left_out.update(answer.left_out)
        self.extracted += len(answer.extractions)
        for extraction in answer.extractions:
            if is_anchored(extraction, text):
                self.extractions.append(extraction.shifted(segment))
            else:
                self.quarantined += 1


@dataclass(slots=True)
class _Begun:
    """A document before its segments are answered; of those that are ``wanted`` the ``unknown`` ones are to be."""

    task: FileTask
    document: Document
    found: _Found
    memory: Memory
    wanted: list[Segment]
    unknown: list[Segment]

    def fill(self, made: Iterator[tuple[Answer | Exception, Usage]]) -> _Found:
        """What was found, with the next answers of `made` for the segments that are unknown."""
        found, memory, avoid = self.found, self.memory, dict(self.task.avoid)
        try:
            for segment in self.wanted:
                where = f"segment {segment.index} ({segment.start}-{segment.end})"
                if segment.index in avoid:
                    found.faults.append(f"{where}: {avoid[segment.index]}")
                    continue
                known = memory.recall(segment)
                if known is not None:
                    found.reused += 1
                    found.add(segment, known)
                    continue
                answer, usage = next(made)
                found.usage += usage
                if isinstance(answer, Exception):
                    found.faults.append(f"{where}: {_told(answer)}")
                    continue
                memory.keep(segment, answer)
                found.add(segment, answer)
        finally:
            memory.save()
        found.unkept = memory.unkept
        return found


def _begin(document: Document, task: FileTask, extractor: Extractor) -> _Begun:
    from kg_builder.segment import segment_document

    found = _Found(segment_document(document, budget=task.recipe.segment_characters), mapper=task.recipe.open_mapper())
    # An answer of a model takes seconds, or money; the offline extractor is nearly as fast as a disk.
    at_once = task.recipe.extractor != "open_ie"
    memory = Memory(task.cache, extractor.fingerprint, found.segments, at_once=at_once)
    avoid = dict(task.avoid)
    wanted = found.wanted(task.recipe)
    unknown = [s for s in wanted if s.index not in avoid and memory.recall(s) is None]
    return _Begun(task, document, found, memory, wanted, unknown)


def _extract(document: Document, task: FileTask) -> _Found:
    extractor = task.recipe.open()
    begun = _begin(document, task, extractor)
    # After a crash one by one: the place of the next one is that of the segment that does it.
    asked = [(segment.index, segment.text) for segment in begun.unknown]
    return begun.fill(answers_of(extractor, asked, alone=bool(task.avoid)))


def _contributed(document: Document, found: _Found) -> Contribution:
    made = contribute(
        document, found.segments, found.extractions, quarantined=found.quarantined, faults=tuple(found.faults)
    )
    return replace(
        made,
        reused=found.reused,
        unkept=found.unkept,
        extracted=found.extracted,
        left_out=dict(sorted((+found.left_out).items())),
        usage=found.usage,
    )


def _told(exc: Exception) -> str:
    """An error on one line, with the calls that led to it, innermost last."""
    frames = traceback.extract_tb(exc.__traceback__)[-5:]
    origin = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    said = f"{type(exc).__name__}: {' '.join(str(exc).split())}"
    return f"{said} ({origin})" if origin else said


def is_anchored(extraction: Extraction, text: str) -> bool:
    """Whether both mentions, and the relation where it claims a place, stand in the text as they say."""
    relation = extraction.relation
    return (
        text[extraction.head.start : extraction.head.end] == extraction.head.surface != ""
        and text[extraction.tail.start : extraction.tail.end] == extraction.tail.surface != ""
        and (relation.start is None or text[relation.start : relation.end] == relation.surface)
    )
