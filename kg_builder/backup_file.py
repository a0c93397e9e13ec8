"""The file of a backup: a zip of JSON Lines with a manifest, written and read as a stream."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from kg_builder.errors import BackupError, StoreError
from kg_builder.resolve.records import Decision
from kg_builder.reviewing_records import StatementDecision, decision_from_row, row_of_decision
from kg_builder.types import Name

if TYPE_CHECKING:
    from kg_builder.store.answers import Answer
    from kg_builder.store.contributions import WholeDocument
    from kg_builder.store.keeping import Placement

__all__ = ["FORMAT_VERSION", "Amounts", "BackupReader", "BackupWriter", "Manifest", "opened"]

FORMAT = "kg-builder backup"
FORMAT_VERSION = 1
"""Goes up when an older version of this project could not read the file."""

_MANIFEST, _DOCUMENTS, _ENTITIES = "manifest.json", "documents.jsonl", "entities.jsonl"
_DECISIONS, _ANSWERS = "decisions.jsonl", "answers.jsonl"  # older backups have none
_REVIEWS = "reviews.jsonl"  # nor these
_LONGEST_LINE = 1 << 28  # bytes: a segment or an extraction to a line, so no backup of ours comes near


@dataclass(slots=True)
class Amounts:
    """How much of everything a backup holds."""

    documents: int = 0
    segments: int = 0
    extractions: int = 0
    entities: int = 0
    names: int = 0


@dataclass(slots=True)
class Manifest:
    """What a backup says of itself. ``parts`` has the sha256 of each part, ``made_at`` is UTC in ISO 8601."""

    made_at: str
    made_with: str  # the version of this project
    counts: Amounts = field(default_factory=Amounts)
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """The same for backups of the same content."""
        parts = (self.parts.get(part, "") for part in (_DOCUMENTS, _ENTITIES, _DECISIONS, _REVIEWS, _ANSWERS))
        return hashlib.sha256("".join(parts).encode()).hexdigest()


# ---------------------------------------------------------------- writing
class BackupWriter:
    """Writes documents, then entities, then what there was of both."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin a backup in an empty file; `finish` makes it one."""
        self.manifest = Manifest(datetime.now(UTC).isoformat(timespec="seconds"), _our_version())
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def __enter__(self) -> BackupWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    def documents(self, documents: Iterable[WholeDocument]) -> Generator[int, None, None]:
        """Write documents; yields how many are written after each."""
        counts = self.manifest.counts
        with self._part(_DOCUMENTS) as write:
            for whole in documents:
                whole.contribution()  # that it can be restored is known now, not when it is needed
                for line in _lines_of(whole):
                    write(line)
                counts.documents += 1
                counts.segments += len(whole.segments)
                counts.extractions += whole.size
                yield counts.documents

    def entities(self, placements: Iterable[Placement]) -> None:
        """Write which names are one entity."""
        with self._part(_ENTITIES) as write:
            for placement in placements:
                write(asdict(placement))
                self.manifest.counts.entities += 1
                self.manifest.counts.names += len(placement.names)

    def decisions(self, decisions: Iterable[Decision]) -> None:
        """Write what people decided on names."""
        with self._part(_DECISIONS) as write:
            for decision in decisions:
                write(asdict(decision))

    def reviews(self, decisions: Iterable[StatementDecision]) -> None:
        """Write what people decided on statements."""
        with self._part(_REVIEWS) as write:
            for decision in decisions:
                write(row_of_decision(decision))

    def answers(self, answers: Iterable[Answer]) -> None:
        """Write what a judge answered, if it did."""
        with self._part(_ANSWERS) as write:
            for answer in answers:
                write(asdict(answer))

    def finish(self) -> None:
        """Write the manifest; the file is a backup now."""
        about = {"format": FORMAT, "version": FORMAT_VERSION, **asdict(self.manifest)}
        self._archive.writestr(_MANIFEST, json.dumps(about, indent=2) + "\n")
        self._archive.close()

    @contextlib.contextmanager
    def _part(self, name: str) -> Iterator[Callable[[object], None]]:
        """Takes values as lines of a part, and notes its sha256 at the end."""
        sha = hashlib.sha256()
        with self._archive.open(name, "w", force_zip64=True) as file:

            def write(value: object) -> None:
                line = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
                sha.update(line)
                file.write(line)

            yield write
        self.manifest.parts[name] = sha.hexdigest()


def _lines_of(whole: WholeDocument) -> Iterator[dict[str, Any]]:
    yield {"document": _sorted(whole.document)}
    for id_, name in sorted(whole.names.items()):
        yield {"name": [id_, *name]}
    for segment in whole.segments:
        yield {"segment": _sorted(segment)}
        for extraction in whole.extractions.get(segment["id"], ()):
            yield {"extraction": _sorted(extraction)}


def _sorted(properties: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(properties.items()))


def _our_version() -> str:
    try:
        return version("kg-builder")
    except PackageNotFoundError:
        return "unknown"


# ---------------------------------------------------------------- reading
class BackupReader:
    """What a backup holds."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        """Read the manifest.

        Raises:
            BackupError: it is that of no backup, or of a newer format.
        """
        self._archive = archive
        self._path = path
        self.manifest = _manifest(archive, path)

    def documents(self) -> Iterator[WholeDocument]:
        """All documents with all they gave."""
        return _documents(self._lines(_DOCUMENTS))

    def placements(self) -> Iterator[Placement]:
        """Which names are one entity."""
        return map(_placement, self._lines(_ENTITIES))

    def decisions(self) -> Iterator[Decision]:
        """What people decided on names."""
        return map(_decision, self._lines(_DECISIONS)) if _DECISIONS in self.manifest.parts else iter(())

    def reviews(self) -> Iterator[StatementDecision]:
        """What people decided on statements."""
        return map(decision_from_row, self._lines(_REVIEWS)) if _REVIEWS in self.manifest.parts else iter(())

    def answers(self) -> Iterator[Answer]:
        """What a judge answered."""
        return map(_answer, self._lines(_ANSWERS)) if _ANSWERS in self.manifest.parts else iter(())

    def verify(self) -> Iterator[int]:
        """Read all of it and make of it what will be written, so that nothing of a bad one ever is.

        Yields how many documents are verified after each; all is verified when this comes to its end.

        Raises:
            BackupError: it is not what was once written.
        """
        found = Amounts()
        try:
            for whole in self.documents():
                whole.contribution()
                found.documents += 1
                found.segments += len(whole.segments)
                found.extractions += whole.size
                yield found.documents
            for placement in self.placements():
                found.entities += 1
                found.names += len(placement.names)
            for _ in (*self.decisions(), *self.reviews(), *self.answers()):
                pass
        except (KeyError, ValueError, TypeError, AttributeError, IndexError, StoreError) as exc:
            raise self._damaged(str(exc)) from exc
        if found != self.manifest.counts:
            raise self._damaged(f"it holds {asdict(found)} where its manifest says {asdict(self.manifest.counts)}")

    def _lines(self, part: str) -> Iterator[Any]:
        """The values of a part; at its end it is known whether the part is what was written."""
        sha = hashlib.sha256()
        with self._archive.open(part) as file:
            while line := file.readline(_LONGEST_LINE):
                sha.update(line)
                try:
                    value = json.loads(line)
                except ValueError as exc:
                    raise self._damaged(f"a line of {part} is no JSON") from exc
                yield value
        if sha.hexdigest() != self.manifest.parts[part]:
            raise self._damaged(f"{part} has another sha256 than its manifest says")

    def _damaged(self, why: str) -> BackupError:
        return BackupError(
            f"expected a whole backup at {str(self._path)!r}, found a damaged one: {why}. Nothing was written; "
            "use another."
        )


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BackupReader]:
    """A backup to read; what is wrong with the file becomes one clear error, whenever it comes to light."""
    try:
        file = path.open("rb")
    except OSError as exc:
        raise BackupError(f"expected a backup at {str(path)!r}, found none: {exc.strerror or exc}.") from exc
    with file:
        try:
            with zipfile.ZipFile(file) as archive:
                yield BackupReader(archive, path)
        except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError) as exc:
            raise BackupError(
                f"expected a whole backup at {str(path)!r}, found a file that is truncated, damaged, or no backup "
                f"({exc}); use another backup."
            ) from exc


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        about = json.loads(archive.read(_MANIFEST))
        if about["format"] != FORMAT:
            raise ValueError(f"its format is {about['format']!r}")
        if about["version"] > FORMAT_VERSION:
            raise BackupError(
                f"expected a backup of format {FORMAT_VERSION} or older at {str(path)!r}, found format "
                f"{about['version']}, made by version {about.get('made_with')} of this program; update this one."
            )
        manifest = Manifest(about["made_at"], about["made_with"], Amounts(**about["counts"]), dict(about["parts"]))
        for part in {_DOCUMENTS, _ENTITIES, *manifest.parts}:
            archive.getinfo(part)
            manifest.parts[part]
    except (KeyError, ValueError, TypeError, AttributeError) as exc:
        raise BackupError(f"expected a backup made by `kg backup` at {str(path)!r}, found another file: {exc}") from exc
    return manifest


def _documents(lines: Iterable[Any]) -> Iterator[WholeDocument]:
    from kg_builder.store.contributions import WholeDocument

    whole: WholeDocument | None = None
    for line in lines:
        ((kind, value),) = line.items()
        if kind == "document":
            if whole is not None:
                yield whole
            whole = WholeDocument(value)
        elif whole is None:
            raise ValueError(f"a {kind} comes before any document")
        elif kind == "name":
            whole.names[value[0]] = (value[1], value[2])
        elif kind == "segment":
            whole.segments.append(value)
        elif kind == "extraction":
            whole.extractions.setdefault(whole.segments[-1]["id"], []).append(value)
        else:
            raise ValueError(f"a line is a {kind!r}")
    if whole is not None:
        yield whole


def _placement(line: dict[str, Any]) -> Placement:
    from kg_builder.store.keeping import Placement

    return Placement(line["entity"], tuple(line["names"]), tuple(line["assigned"]))


def _decision(line: dict[str, Any]) -> Decision:
    a, b = line.pop("a"), line.pop("b")
    return Decision(**line, a=Name(a["key"], a["type"]), b=Name(b["key"], b["type"]) if b else None)


def _answer(line: dict[str, Any]) -> Answer:
    from kg_builder.store.answers import Answer

    if line["one"] not in (True, False, None):
        raise ValueError(f"an answer is {line['one']!r}")
    return Answer(**line)
