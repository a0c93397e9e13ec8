"""A whole store as one file, and a store made from one: between servers, too.

The file is a zip of JSON Lines. ``documents.jsonl`` has every document with all it gave, ``entities.jsonl`` which names
are one entity and which of them people have put there, ``manifest.json`` how much there is and the sha256 of both.
Entities' properties, edges and counts follow from these and are not in the file. Equal stores give equal parts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from kg_builder.backup_file import Amounts, BackupWriter, Manifest, opened
from kg_builder.errors import BackupError
from kg_builder.files import replacing

if TYPE_CHECKING:
    from kg_builder.store import GraphStore
    from kg_builder.store.contributions import WholeDocument

__all__ = ["Amounts", "Manifest", "back_up", "read_manifest", "restore"]

_WRITTEN_TOGETHER = 2000  # extractions
_DOCUMENTS_TOGETHER = 500

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
    try:
        with replacing(path) as file, BackupWriter(file) as backup:
            with contextlib.closing(backup.documents(keeper.documents())) as written:
                for done in written:
                    if on_progress:
                        on_progress(done, total)
            backup.entities(keeper.placements())
            backup.finish()
            _insist_on_all(store, backup.manifest.counts, unchanged=keeper.version() == before)
    except OSError as exc:
        raise BackupError(
            f"expected a file that can be written, found {str(path)!r}: {exc.strerror or exc}; "
            "name a file in an existing folder with enough free space. What was there before stays."
        ) from exc
    return backup.manifest


def read_manifest(path: Path) -> Manifest:
    """What a backup holds, without a look at its content.

    Raises:
        BackupError: the file is no backup, or one of a newer format.
    """
    with opened(path) as backup:
        return backup.manifest


def restore(store: GraphStore, path: Path, *, replace: bool = False, on_progress: OnProgress | None = None) -> Manifest:
    """Put all that a backup holds into an empty store. A restore that was interrupted goes on when it is run again.

    The whole file is verified before anything is written. With `replace`, what the store holds is thrown away then.

    Raises:
        BackupError: the file is damaged or no backup, or the store is not empty; nothing was written.
    """
    with opened(path) as backup:
        manifest = backup.manifest
        backup.verify()
        _make_room(store, manifest, replace=replace)
        keeper, done = store.keeper, 0
        for together in _together(backup.documents()):
            keeper.put_back(together)
            done += len(together)
            if on_progress:
                on_progress(done, manifest.counts.documents)
        keeper.place(backup.placements())
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


def _together(documents: Iterable[WholeDocument]) -> Iterator[list[WholeDocument]]:
    """Documents in groups that are written together."""
    left = iter(documents)
    while group := list(islice(left, 1)):
        size = group[0].size
        while size < _WRITTEN_TOGETHER and len(group) < _DOCUMENTS_TOGETHER and (more := next(left, None)) is not None:
            group.append(more)
            size += more.size
        yield group
