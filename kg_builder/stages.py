"""The stages from a file to its contribution, as plain functions that a worker process or a cluster can run.

Each takes and returns values that pickle and touches no store.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kg_builder.cache import Answer
from kg_builder.errors import ExtractionError, KGError
from kg_builder.extract import open_extractor
from kg_builder.heartbeat import beat
from kg_builder.memory import Memory
from kg_builder.types import (
    ENTITY_TYPES,
    Contribution,
    Document,
    Extraction,
    Extractor,
    Language,
    Name,
    Segment,
    Statement,
    Usage,
    digest,
)

if TYPE_CHECKING:
    from kg_builder.ontology import Mapper, Mode

__all__ = [
    "FileTask",
    "Recipe",
    "TextTask",
    "contribute",
    "extract_file",
    "extract_segment",
    "extract_texts",
    "load_file",
    "process_file",
]

STAGES_VERSION = 3
"""Goes up when loading, segmenting or normalizing gives something else for the same file, so that it is read again."""

DOMINANCE = 3
"""How many times as often one type of a name must occur in a document for the rarer types to be taken as slips."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a contribution is made with: another recipe for the same file means work to do."""

    extractor: str = "open_ie"
    segment_characters: int = 1024
    max_file_bytes: int = 200_000_000
    verbatim: bool = False  # read sentences as they stand, unresolved pronouns included; not for graphs
    ontology: str = ""  # a file; what the extractor finds is mapped to it. Empty: to none
    ontology_mode: Mode = "strict"
    ontology_vectors: str = ""  # package.module:name of a callable, texts -> array

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same file may give another contribution. Loads the extractor."""
        mapper = self.open_mapper()
        with_ontology = (mapper.fingerprint, self.ontology_vectors) if mapper else ()
        return digest("recipe", STAGES_VERSION, self.open().fingerprint, self.segment_characters, *with_ontology)

    def open(self) -> Extractor:
        """The extractor that this recipe names."""
        return open_extractor(self.extractor, verbatim=self.verbatim)

    def open_mapper(self) -> Mapper | None:
        """What maps extractions to the ontology that this recipe names, if any.

        Raises:
            OntologyError: the ontology cannot be used.
        """
        if not self.ontology:
            return None
        from kg_builder.ontology import open_mapper

        return open_mapper(Path(self.ontology), self.ontology_mode, self.ontology_vectors)


@dataclass(frozen=True, slots=True)
class FileTask:
    """One file to process. ``uri`` is the identity that discovery gave it."""

    path: Path
    uri: str
    recipe: Recipe
    cache: Path | None = None  # where extractions are kept as soon as they are made, and found again
    avoid: tuple[tuple[int, str], ...] = ()  # segments that are not to be tried, each with the reason


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
    found = _extract(document, task)
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


def extract_file(task: FileTask) -> tuple[list[Extraction], tuple[str, ...]]:
    """The extractions of one file, anchored in its document, without normalization; and the segments that failed.

    Raises:
        LoadError: the file cannot be read.
    """
    found = _extract(load_file(task), task)
    return found.extractions, tuple(found.faults)


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


def contribute(
    document: Document,
    segments: Sequence[Segment],
    extractions: Sequence[Extraction],
    *,
    quarantined: int = 0,
    faults: tuple[str, ...] = (),
) -> Contribution:
    """The contribution of a document whose `extractions` are anchored in it.

    Equal statements at the same place are one, the others are rejected as ``repeated``; so is, with its reason, a
    statement without a usable name or relation. `quarantined` says how many more the extractor gave, not anchored.
    """
    from kg_builder.normalize import statement_problem, to_statement

    statements: dict[str, Statement] = {}
    rejected: Counter[str] = Counter()
    for extraction in extractions:
        language: Language = extraction.segment.language if extraction.segment else document.language
        statement = to_statement(extraction, language=language)
        if statement is None:
            rejected[statement_problem(extraction) or "unusable"] += 1
            continue
        kept = statements.get(extraction.id)
        rejected["repeated"] += kept is not None
        if kept is None or kept.extraction.confidence < extraction.confidence:
            statements[extraction.id] = statement
    agreed = _agree_on_types(list(statements.values()))
    return Contribution(
        document,
        tuple(segments),
        tuple(agreed),
        quarantined,
        faults,
        rejected=dict(sorted((+rejected).items())),
        extracted=len(extractions) + quarantined,
    )


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

    def add(self, segment: Segment, answer: Answer) -> None:
        """Take what was found in a segment, in the ontology's terms if there is one, but for what does not stand there
        as it says."""
        text = segment.text
        if self.mapper is not None:
            # After the cache, so that another ontology costs no new extraction.
            anchored = [x for x in answer.extractions if _is_anchored(x, text)]
            self.quarantined += len(answer.extractions) - len(anchored)
            self.extracted += len(answer.extractions) - len(anchored)
            mapped = self.mapper.map(text, anchored)
            self.left_out.update(mapped.left_out)
            answer = Answer(mapped.extractions, answer.left_out)
        self.left_out.update(answer.left_out)
        self.extracted += len(answer.extractions)
        for extraction in answer.extractions:
            if _is_anchored(extraction, text):
                self.extractions.append(extraction.shifted(segment))
            else:
                self.quarantined += 1


def _extract(document: Document, task: FileTask) -> _Found:
    from kg_builder.segment import segment_document

    found = _Found(segment_document(document, budget=task.recipe.segment_characters), mapper=task.recipe.open_mapper())
    extractor = task.recipe.open()
    memory = Memory(task.cache, extractor.fingerprint, found.segments)
    avoid = dict(task.avoid)
    for segment in found.segments:
        where = f"segment {segment.index} ({segment.start}-{segment.end})"
        if segment.index in avoid:
            found.faults.append(f"{where}: {avoid[segment.index]}")
            continue
        known = memory.recall(segment)
        if known is not None:
            found.reused += 1
            found.add(segment, known)
            continue
        beat(segment.index)
        before = getattr(extractor, "usage", None)
        try:
            answer, usage = extract_segment(extractor, segment.text)
        except KGError:
            raise  # the extractor as a whole cannot run
        except Exception as exc:  # noqa: BLE001 - the border that keeps one segment's fault from the others
            found.faults.append(f"{where}: {_told(exc)}")
            spent = getattr(extractor, "usage", None)
            if spent is not None and spent is not before:  # an answer that made no sense was paid for all the same
                found.usage += spent
            continue
        found.usage += usage
        memory.keep(segment, answer)
        found.add(segment, answer)
    memory.save()
    found.unkept = memory.unkept
    return found


def _told(exc: Exception) -> str:
    """An error on one line, with the calls that led to it, innermost last."""
    frames = traceback.extract_tb(exc.__traceback__)[-5:]
    origin = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(exc).__name__}: {' '.join(str(exc).split())} ({origin})"


def _is_anchored(extraction: Extraction, text: str) -> bool:
    """Whether both mentions, and the relation where it claims a place, stand in the text as they say."""
    relation = extraction.relation
    return (
        text[extraction.head.start : extraction.head.end] == extraction.head.surface != ""
        and text[extraction.tail.start : extraction.tail.end] == extraction.tail.surface != ""
        and (relation.start is None or text[relation.start : relation.end] == relation.surface)
    )


def _rank(type: str) -> int:
    return ENTITY_TYPES.index(type) if type in ENTITY_TYPES else len(ENTITY_TYPES)


def _agree_on_types(statements: list[Statement]) -> list[Statement]:
    """Let a name have its dominant type throughout a document where the others look like slips of the tagger.

    Two types that both occur repeatedly stay two names: a person and a place can share theirs. What the document
    writes in lower case as often as not is a common noun ("Porpoises" at the start of a sentence), and no name's type
    counts for it.
    """
    counts: dict[str, Counter[str]] = {}
    common: dict[str, Counter[str]] = {}  # types where a word stands in lower case; "" counts the capitals
    for statement in statements:
        x = statement.extraction
        for name, mention in ((statement.head, x.head), (statement.tail, x.tail)):
            if name.type != "Other":
                counts.setdefault(name.key, Counter())[name.type] += 1
            if mention.surface[0].isupper() or mention.surface[0].islower():
                written = name.type if mention.surface.islower() else ""
                common.setdefault(name.key, Counter())[written] += 1
    dominant: dict[tuple[str, str], str] = {}
    for key, types in counts.items():
        best, most = min(types.items(), key=lambda item: (-item[1], _rank(item[0]), item[0]))
        dominant.update({(key, t): best for t, n in types.items() if n == 1 or n * DOMINANCE <= most})
        lower = common.get(key, Counter())
        if 2 * (lower.total() - lower[""]) >= lower.total() > lower[""] > 0:
            del lower[""]
            best = min(lower, key=lambda t: (-lower[t], t))
            dominant.update({(key, t): best for t in ("Other", *types)})

    def agreed(name: Name) -> Name:
        return Name(name.key, dominant.get((name.key, name.type), name.type))

    return [replace(s, head=agreed(s.head), tail=agreed(s.tail)) for s in statements]
