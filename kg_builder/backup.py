"""A whole store as one file, and a store made from one: between servers, too.

The file is a zip of JSON Lines. ``documents.jsonl`` has every document with all it gave, ``entities.jsonl`` which names
are one entity and which of them people have put there, ``manifest.json`` how much there is and the sha256 of both.
Entities' properties, edges and counts follow from these and are not in the file. Equal stores give equal parts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kg_builder.errors import BackupError, StoreError

if TYPE_CHECKING:
    from kg_builder.store import GraphStore
    from kg_builder.store.contributions import WholeDocument
    from kg_builder.store.keeping import Placement

__all__ = ["FORMAT_VERSION", "Amounts", "Manifest", "back_up", "read_manifest", "restore"]

FORMAT = "kg-builder backup"
FORMAT_VERSION = 1
"""Goes up when an older version of this project could not read the file."""

_MANIFEST, _DOCUMENTS, _ENTITIES = "manifest.json", "documents.jsonl", "entities.jsonl"
_LONGEST_LINE = 1 << 28  # bytes: a segment or an extraction to a line, so no backup of ours comes near
_WRITTEN_TOGETHER = 2000  # extractions
_DOCUMENTS_TOGETHER = 500


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
        return hashlib.sha256("".join(self.parts[part] for part in (_DOCUMENTS, _ENTITIES)).encode()).hexdigest()


OnProgress = Callable[[int, int], None]
"""Called with the number of documents done, and of all."""


def back_up(store: GraphStore, path: Path, *, on_progress: OnProgress | None = None) -> Manifest:
    """Write all that `store` knows to `path`. The file appears when it is complete; memory stays flat.

    Raises:
        BackupError: the file cannot be written, somebody else changed the graph meanwhile, or a restore into it is not
            finished.
        StoreError: the graph is damaged in a way that could not be restored.
    """
    keeper = store.keeper
    if keeper.restoring() is not None:
        raise BackupError(f"expected a whole store at {store.uri!r}, found one whose restore was interrupted; end it.")
    before, total = keeper.version(), store.counts().documents
    manifest = Manifest(datetime.now(UTC).isoformat(timespec="seconds"), _our_version())
    counts = manifest.counts
    try:
        with _replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            with _part(archive, manifest, _DOCUMENTS) as write:
                for whole in keeper.documents():
                    whole.contribution()  # that it can be restored is known now, not when it is needed
                    for line in _lines_of(whole):
                        write(line)
                    counts.documents += 1
                    counts.segments += len(whole.segments)
                    counts.extractions += whole.size
                    if on_progress:
                        on_progress(counts.documents, total)
            with _part(archive, manifest, _ENTITIES) as write:
                for placement in keeper.placements():
                    write(asdict(placement))
                    counts.entities += 1
                    counts.names += len(placement.names)
            about = {"format": FORMAT, "version": FORMAT_VERSION, **asdict(manifest)}
            archive.writestr(_MANIFEST, json.dumps(about, indent=2) + "\n")
            _insist_on_all(store, counts, unchanged=keeper.version() == before)
    except OSError as exc:
        raise BackupError(
            f"expected a file that can be written, found {str(path)!r}: {exc.strerror or exc}; "
            "name a file in an existing folder with enough free space."
        ) from exc
    return manifest


def read_manifest(path: Path) -> Manifest:
    """What a backup holds, without a look at its content.

    Raises:
        BackupError: the file is no backup, or one of a newer format.
    """
    with _opened(path) as archive:
        return _manifest(archive, path)


def restore(store: GraphStore, path: Path, *, replace: bool = False, on_progress: OnProgress | None = None) -> Manifest:
    """Put all that a backup holds into an empty store. A restore that was interrupted goes on when it is run again.

    The whole file is verified before anything is written. With `replace`, what the store holds is thrown away then.

    Raises:
        BackupError: the file is damaged or no backup, or the store is not empty; nothing was written.
    """
    with _opened(path) as archive:
        manifest = _manifest(archive, path)
        _verify(archive, manifest, path)
        _make_room(store, manifest, replace=replace)
        keeper, done = store.keeper, 0
        for together in _together(_documents(_lines(archive, manifest, _DOCUMENTS, path))):
            keeper.put_back(together)
            done += len(together)
            if on_progress:
                on_progress(done, manifest.counts.documents)
        keeper.place(map(_placement, _lines(archive, manifest, _ENTITIES, path)))
        keeper.end_restore()
    return manifest


def _make_room(store: GraphStore, manifest: Manifest, *, replace: bool) -> None:
    keeper = store.keeper
    under_way = keeper.restoring()
    again = under_way is not None and under_way[0] == manifest.identity
    counts = store.counts()
    if not again and not replace and (counts.documents or counts.entities):
        what = "the restore of another backup, not finished," if under_way else "one"
        raise BackupError(
            f"expected an empty store at {store.uri!r}, found {what} with {counts.documents:,} documents and "
            f"{counts.entities:,} entities; restore into another, or throw away what is there with --replace."
        )
    if (replace and not again) or (under_way is not None and under_way[1]):
        keeper.begin_restore(manifest.identity, emptying=True)
        keeper.empty()
    keeper.begin_restore(manifest.identity)


def _insist_on_all(store: GraphStore, counts: Amounts, *, unchanged: bool) -> None:
    """See to it that the backup is one state of the graph, and all of it."""
    if not unchanged:
        raise BackupError(
            f"expected {store.uri!r} to stay as it is during the backup, but it was written to; "
            "run the backup again when nothing is being ingested."
        )
    there = store.counts()
    for name, count in asdict(counts).items():
        if getattr(there, name) != count:
            raise BackupError(
                f"expected {getattr(there, name):,} {name} that belong to something, found {count:,}: the graph is "
                "damaged. `kg doctor` says how, `kg doctor --repair` mends it."
            )


# ---------------------------------------------------------------- writing the file
@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new file beside `path` that takes its place when the block ends well, and is gone when it does not."""
    target = path.resolve()
    if target.is_dir():
        raise IsADirectoryError(None, "it is a folder", str(path))
    draft = target.with_name(f".kg-backup-{secrets.token_hex(8)}.part")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _part(archive: zipfile.ZipFile, manifest: Manifest, name: str) -> Iterator[Callable[[object], None]]:
    """Takes values as lines of a part, and notes its sha256 at the end."""
    sha = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as file:

        def write(value: object) -> None:
            line = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
            sha.update(line)
            file.write(line)

        yield write
    manifest.parts[name] = sha.hexdigest()


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


# ---------------------------------------------------------------- reading the file
@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        file = path.open("rb")
    except OSError as exc:
        raise BackupError(f"expected a backup at {str(path)!r}, found none: {exc.strerror or exc}.") from exc
    with file:
        try:
            with zipfile.ZipFile(file) as archive:
                yield archive
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
        for part in (_DOCUMENTS, _ENTITIES):
            archive.getinfo(part)
            manifest.parts[part]
    except (KeyError, ValueError, TypeError, AttributeError) as exc:
        raise BackupError(f"expected a backup made by `kg backup` at {str(path)!r}, found another file: {exc}") from exc
    return manifest


def _lines(archive: zipfile.ZipFile, manifest: Manifest, part: str, path: Path) -> Iterator[Any]:
    """The values of a part; at its end it is known whether the part is what was written."""
    sha = hashlib.sha256()
    with archive.open(part) as file:
        while line := file.readline(_LONGEST_LINE):
            sha.update(line)
            try:
                value = json.loads(line)
            except ValueError as exc:
                raise _damaged(path, f"a line of {part} is no JSON") from exc
            yield value
    if sha.hexdigest() != manifest.parts[part]:
        raise _damaged(path, f"{part} has another sha256 than its manifest says")


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


def _together(documents: Iterable[WholeDocument]) -> Iterator[list[WholeDocument]]:
    """Documents in groups that are written together."""
    left = iter(documents)
    while group := list(islice(left, 1)):
        size = group[0].size
        while size < _WRITTEN_TOGETHER and len(group) < _DOCUMENTS_TOGETHER and (more := next(left, None)) is not None:
            group.append(more)
            size += more.size
        yield group


def _verify(archive: zipfile.ZipFile, manifest: Manifest, path: Path) -> None:
    """Read all of a backup and make of it what will be written, so that nothing of a bad one ever is."""
    found = Amounts()
    try:
        for whole in _documents(_lines(archive, manifest, _DOCUMENTS, path)):
            whole.contribution()
            found.documents += 1
            found.segments += len(whole.segments)
            found.extractions += whole.size
        for placement in map(_placement, _lines(archive, manifest, _ENTITIES, path)):
            found.entities += 1
            found.names += len(placement.names)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, StoreError) as exc:
        raise _damaged(path, str(exc)) from exc
    if found != manifest.counts:
        raise _damaged(path, f"it holds {asdict(found)} where its manifest says {asdict(manifest.counts)}")


def _damaged(path: Path, why: str) -> BackupError:
    return BackupError(
        f"expected a whole backup at {str(path)!r}, found a damaged one: {why}. Nothing was written; use another."
    )
