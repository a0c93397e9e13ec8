"""A whole store as one file, and a store made from one: between servers, too.

The file is a zip of JSON Lines. ``documents.jsonl`` has every document with all it gave, ``entities.jsonl`` which names
are one entity and which of them people have put there, ``decisions.jsonl`` and ``reviews.jsonl`` what people decided on
names and on statements, ``answers.jsonl`` what a judge answered, ``manifest.json`` how much there is and the sha256 of
each. Entities' properties, edges, counts and what follows from decisions are not in the file. Equal stores give equal
parts.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kg_builder.backup_file import Amounts, BackupWriter, Manifest, opened
from kg_builder.errors import BackupError
from kg_builder.files import replacing
from kg_builder.reports import Step
from kg_builder.resolving_decisions import Decided
from kg_builder.store.touching import Move

if TYPE_CHECKING:
    from kg_builder.store import GraphStore
    from kg_builder.store.contributions import WholeDocument

__all__ = ["Amounts", "Manifest", "back_up", "read_manifest", "restore"]

_WRITTEN_TOGETHER = 2000  # extractions
_DOCUMENTS_TOGETHER = 500

OnProgress = Callable[[Step], None]
"""Called with each step: documents and entities written, verified, restored."""

T = TypeVar("T")


def back_up(store: GraphStore, path: Path, *, on_progress: OnProgress | None = None) -> Manifest:
    """Write all that `store` knows to `path`. The file appears when it is complete; memory stays flat.

    Raises:
        BackupError: the file cannot be written, somebody else changed the graph meanwhile, or a restore into it is not
            finished.
        StoreError: the graph is damaged in a way that could not be restored.
    """
    keeper = store.keeper
    if keeper.restoring() is not None:
        raise BackupError(
            f"expected a whole store at {store.uri!r}, found one whose restore was interrupted; run `kg restore` with "
            "the same file again, which goes on with it."
        )
    before, there = keeper.version(), store.counts()
    try:
        with replacing(path) as file, BackupWriter(file) as backup:
            with contextlib.closing(backup.documents(keeper.documents())) as written:
                for _ in _told(written, on_progress, "writing", "documents", there.documents):
                    pass
            backup.entities(_told(keeper.placements(), on_progress, "writing", "entities", there.entities))
            backup.decisions(store.resolution.decisions())
            backup.reviews(store.reviews.decisions())
            backup.answers(store.answers.all())
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
        manifest, counts = backup.manifest, backup.manifest.counts
        for _ in _told(backup.verify(), on_progress, "verifying", "documents", counts.documents):
            pass
        _make_room(store, manifest, replace=replace, on_progress=on_progress)
        keeper = store.keeper
        store.reviews.decide(backup.reviews())  # what is written from here on follows them
        for together in _together(_told(backup.documents(), on_progress, "restoring", "documents", counts.documents)):
            keeper.put_back(together)
        keeper.place(_told(backup.placements(), on_progress, "restoring", "entities", counts.entities))
        decisions = list(backup.decisions())
        store.resolution.decide(decisions)
        store.answers.keep(*backup.answers())
        decided = Decided(decisions)
        if move := Move(shown=dict(decided.shown), typed=dict(decided.typed)):
            store.resolution.place(move)
        keeper.end_restore()
    return manifest


def _told(items: Iterable[T], on_progress: OnProgress | None, doing: str, unit: str, total: int) -> Iterator[T]:
    """`items`, each told of when whoever takes them comes for the next one."""
    begun = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        if on_progress:
            on_progress(Step(doing, done, total, unit, time.monotonic() - begun))


def _make_room(store: GraphStore, manifest: Manifest, *, replace: bool, on_progress: OnProgress | None) -> None:
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
        if on_progress:
            on_progress(Step("throwing away what is there", 0, 0, ""))
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
    there = asdict(store.counts())
    there["extractions"] -= store.reviews.count_decided()
    for name, count in asdict(counts).items():
        if there[name] != count:
            raise BackupError(
                f"expected {there[name]:,} {name} that belong to something, found {count:,}: the graph is "
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
