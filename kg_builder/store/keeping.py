"""Taking out of a store all that it knows, and putting it into another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from kg_builder.store import cypher, keeping_cypher, resolving_cypher
from kg_builder.store.access import Access
from kg_builder.store.contributions import WholeDocument, whole_documents
from kg_builder.store.drafts import Draft
from kg_builder.store.rows import Row
from kg_builder.types import Contribution

__all__ = ["Keeper", "Placement"]

_NAMES_AT_ONCE = 1000
_DELETED_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Placement:
    """The names that are one entity, by id and sorted; ``assigned`` are those that the rules leave where they are."""

    entity: str
    names: tuple[str, ...]
    assigned: tuple[str, ...] = ()


class Keeper:
    """What backup and restore need of a store beyond documents in and graph out. `GraphStore.keeper` has one."""

    def __init__(self, access: Access) -> None:
        self._connection = access.connection
        self._reader = access.reader
        self._writer = access.writer
        self._exclusive = access.exclusive

    # ------------------------------------------------------------ out
    def version(self) -> int:
        """A number that grows with every change of the graph."""
        rows = self._connection.read(cypher.VERSION)
        return int(rows[0]["version"]) if rows else 0

    def documents(self) -> Iterator[WholeDocument]:
        """All documents with all they gave, by id; memory stays flat."""
        return whole_documents(self._connection, self._reader)

    def contribution(self, document_id: str) -> Contribution | None:
        """What one document gave; None when there is no such document."""
        found = whole_documents(self._connection, self._reader, document_id)
        return next((each.contribution() for each in found), None)

    def placements(self) -> Iterator[Placement]:
        """Which names are one entity, for all entities, by id; memory stays flat."""
        for rows in self._reader.slices(keeping_cypher.PLACEMENTS, cypher.COUNT_ENTITIES):
            found = sorted((row["entity"], row["name"], bool(row["assigned"])) for row in rows)
            for entity, members in groupby(found, key=lambda row: row[0]):
                names = [(name, assigned) for _, name, assigned in members]
                yield Placement(entity, tuple(n for n, _ in names), tuple(n for n, by_hand in names if by_hand))

    def texts(self) -> Iterator[str]:
        """The words of all segments, in no particular order; memory stays flat."""
        rows = self._reader.sliced(keeping_cypher.SEGMENT_TEXTS, cypher.COUNT_SEGMENTS)
        return (row["text"] for row in rows)

    # ------------------------------------------------------------ in
    def put_back(self, documents: Sequence[WholeDocument]) -> None:
        """Write documents as they were, with states, reasons and times. Those that are there already are no work.

        Raises:
            StoreError: when a document is not what was once written, or cannot be written.
        """
        rows = self._connection.read(keeping_cypher.DOCUMENTS_BY_ID, ids=[each.document["id"] for each in documents])
        there = {row["d"]["id"]: dict(row["d"]) for row in rows}
        news = [each for each in documents if not _is_whole(there.get(each.document["id"], {}), each.document)]
        drafts = [Draft.as_it_was(each.contribution(), dict(each.document)) for each in news]
        if drafts:
            with self._exclusive():
                self._writer.write(drafts)

    def place(self, placements: Iterable[Placement]) -> None:
        """Put names where they were, and mark those that were assigned. To be called when all documents are there."""
        left = iter(placements)
        while portion := list(islice(left, _NAMES_AT_ONCE)):
            wanted = {name: each.entity for each in portion for name in each.names}
            rows = self._connection.read(keeping_cypher.PLACES_OF_NAMES, ids=sorted(wanted))
            there = {row["name"]: row["entity"] for row in rows}
            marked = {row["name"] for row in rows if row["assigned"]}
            moved = {name: entity for name, entity in wanted.items() if there.get(name) != entity}
            assigned = [name for each in portion for name in each.assigned if name not in marked]
            if moved or assigned:
                with self._exclusive():
                    self._writer.assign(moved, marked=assigned)

    def empty(self) -> None:
        """Take everything out that this project has put into the store; what else a server holds stays."""
        with self._exclusive():
            for count, delete in keeping_cypher.EMPTIED:
                while self._connection.read(count)[0]["n"]:
                    self._change(delete, limit=_DELETED_AT_ONCE)
            self._change(resolving_cypher.FORGET_STATE)
            self._change(resolving_cypher.FORGET_ANSWERS)

    def restoring(self) -> tuple[str, bool] | None:
        """The sha256 of the backup that is being restored, and whether the store is still being emptied for it; None
        when no restore is under way.
        """
        rows = self._connection.read(keeping_cypher.RESTORE)
        return (rows[0]["backup"], bool(rows[0]["emptying"])) if rows else None

    def begin_restore(self, backup: str, *, emptying: bool = False) -> None:
        """Note that a backup is being restored, so that an interrupted restore can go on."""
        with self._exclusive():
            self._change(keeping_cypher.SET_RESTORE, backup=backup, emptying=emptying)

    def end_restore(self) -> None:
        """Note that all of it is there."""
        with self._exclusive():
            self._change(keeping_cypher.END_RESTORE)

    # ------------------------------------------------------------ inside
    def _change(self, statement: str, **parameters: object) -> None:
        def change(run: Callable[..., object]) -> None:
            run(cypher.TAKE_TURN)
            run(statement, **parameters)

        self._connection.writing(change)


def _is_whole(there: Row, wanted: Row) -> bool:
    """Whether a document of these properties is wholly there: its state is set when all is written, and not before."""
    return there.get("state") != "writing" and all(there.get(key) == value for key, value in wanted.items())
