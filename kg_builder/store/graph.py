"""The graph store: documents in, a graph out, on an embedded server or any other that speaks Bolt."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

from kg_builder.errors import ReadOnlyError
from kg_builder.store import cypher
from kg_builder.store.access import Access
from kg_builder.store.answers import Answers
from kg_builder.store.checking import check_graph
from kg_builder.store.connection import Connection, redacted
from kg_builder.store.drafts import Draft
from kg_builder.store.exploring import EdgeFilter, Explorer
from kg_builder.store.keeping import Keeper
from kg_builder.store.projecting import mend_graph
from kg_builder.store.querying import PlanKind, Querying
from kg_builder.store.reading import Reader
from kg_builder.store.records import (
    Counts,
    End,
    GraphEdge,
    QueryResult,
    StoredDocument,
    StoredEdge,
    StoredEntity,
    StoredEvidence,
    StoredSegment,
    Subgraph,
)
from kg_builder.store.repairing import Repair
from kg_builder.store.resolution import Resolution
from kg_builder.store.reviews import Reviews
from kg_builder.store.tokens import Tokens
from kg_builder.store.writing import Writer
from kg_builder.types import Contribution, digest

__all__ = ["GraphStore"]


class GraphStore:
    """A graph of entities, with the evidence for every edge. Readers may share one between threads."""

    def __init__(self, uri: str, connection: Connection) -> None:
        """Use `kg_builder.store.open_store` instead."""
        self.uri = redacted(uri)
        self._connection = connection
        self._writing = threading.Lock()
        self._tokens = Tokens(connection)
        self._reader = Reader(connection, self._tokens)
        self._explorer = Explorer(connection, self._reader)
        self._querying = Querying(connection)
        self._writer = Writer(connection, self._tokens)
        access = Access(connection, self._reader, self._writer, self._exclusive)
        self.keeper = Keeper(access)
        self.resolution = Resolution(access)
        self.reviews = Reviews(access)
        self.answers = Answers(access)
        if not connection.read_only:
            self._make_schema()

    @property
    def server(self) -> str:
        """The server's name and version."""
        return self._connection.server

    def __enter__(self) -> GraphStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; an embedded server stops by itself once nobody uses it."""
        self._querying.close()
        self._connection.close()
        if self._connection.embedded is not None:
            self._connection.embedded.close()

    # ------------------------------------------------------------ writing
    def write(self, contribution: Contribution, *, size_bytes: int, recipe: str) -> None:
        """Make `contribution` all that its document gives to the graph, in place of any earlier one.

        `recipe` says what it was made with. Writing the same twice changes nothing; an interrupted write is repaired by
        writing again.

        Raises:
            StoreError: when it cannot be written, for example because an extraction has no segment of the document.
        """
        self.write_all([(contribution, size_bytes, recipe)])

    def write_all(self, written: Iterable[tuple[Contribution, int, str]]) -> None:
        """Write several documents, each with its size in bytes and recipe: the same as `write` for each, but faster.

        Small documents share transactions: each comes whole or not at all, and what is written stays written, but which
        of them are is known only when this returns.
        """
        drafts = [Draft.of(each, _properties(each, size_bytes, recipe)) for each, size_bytes, recipe in written]
        if drafts:
            with self._exclusive():
                self._writer.write(drafts)

    def record_problem(
        self,
        *,
        uri: str,
        sha256: str,
        title: str,
        size_bytes: int,
        state: Literal["failed", "skipped"],
        reason: str,
        detail: str,
    ) -> None:
        """Note that a document could not be read, or was left out. What an earlier version of it gave stays."""
        with self._exclusive():
            self._writer.note(
                {
                    "id": _document_id(uri),
                    "uri": uri,
                    "sha256": sha256,
                    "title": title,
                    "size_bytes": size_bytes,
                    "state": state,
                    "reason": reason,
                    "detail": detail,
                    "ingested_at": _now(),
                }
            )

    def remove(self, uri: str) -> bool:
        """Withdraw a document and all it gave; False when there is none of that uri."""
        with self._exclusive():
            if self.document(uri) is None:
                return False
            self._writer.remove(_document_id(uri))
            return True

    def assign(self, assignment: Mapping[str, str]) -> None:
        """Move names (by id) to the entities of the given ids, and their evidence and edges with them.

        Names given the same id that no entity has (any string) come together in a new entity, which is how one is
        split. An entity's own id is afterwards the smallest of its names' ids, as always. The rules for names of one
        key leave names that were assigned where they are. `kg_builder.resolving.resolve_graph` does not, once it has a
        reason to look at them, unless a decision says so (`kg_builder.resolving_by_hand`).
        """
        if assignment:
            with self._exclusive():
                self._writer.assign(assignment)

    # ------------------------------------------------------------ reading
    def documents(self, *, state: str | None = None) -> Iterator[StoredDocument]:
        """All documents (in a state) by uri."""
        return (each for each in self._reader.documents() if state is None or each.state == state)

    def document(self, uri: str) -> StoredDocument | None:
        """One document."""
        return self._reader.document(_document_id(uri))

    def uris(self, prefix: str) -> list[str]:
        """The uris of all documents that begin so, sorted."""
        return self._reader.uris(prefix)

    def places(self, names: Iterable[str]) -> dict[str, str]:
        """The entity of each name, both by id; names that are not there are left out."""
        return self._reader.places(names)

    def segments(self, uri: str) -> list[StoredSegment]:
        """The segments of a document in reading order."""
        return self._reader.segments(_document_id(uri), uri)

    def contribution(self, uri: str) -> Contribution | None:
        """All that a document gave, as it was written but for text outside its segments; None: no such document."""
        return self.keeper.contribution(_document_id(uri))

    def counts(self) -> Counts:
        """How much the store holds."""
        return self._reader.counts()

    def entities(self, *, type: str | None = None) -> Iterator[StoredEntity]:
        """All entities (of a type) by name, type and id; memory stays flat."""
        return self._reader.entities(type)

    def edges(self, *, with_evidence: bool = True) -> Iterator[StoredEdge]:
        """All edges by head's name, relation and tail's name (code points), then ids; memory stays flat."""
        return self._reader.edges(with_evidence=with_evidence)

    def graph_edges(self) -> Iterator[GraphEdge]:
        """All edges by their ends' ids, in no particular order."""
        return self._reader.graph_edges()

    def search(self, text: str, *, type: str | None = None, limit: int = 20) -> list[StoredEntity]:
        """Entities by a name, an alias or a part of one; case and width make no difference."""
        return self._reader.search(text, type, limit)

    def entity(self, id: str) -> StoredEntity | None:
        """One entity."""
        return self._reader.entity(id)

    def neighbourhood(
        self,
        ids: Sequence[str],
        *,
        depth: int = 1,
        limit: int = 200,
        min_confidence: float = 0.0,
        relations: Sequence[str] | None = None,
        without: Sequence[str] | None = None,
        types: Sequence[str] | None = None,
        documents: Sequence[str] | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Subgraph:
        """The edges within `depth` steps of entities, best supported first, at most `limit` of them.

        `without` leaves relations out; `documents` (ids) keeps what one of them states; `since` and `until` (days in
        ISO 8601) keep what holds at some time between, and leave out what says no time; ``""`` is before all days.
        """
        wanted = EdgeFilter(min_confidence, relations, without, types, documents, since, until)
        return self._explorer.neighbourhood(ids, depth=depth, limit=limit, wanted=wanted)

    def most_mentioned(
        self,
        *,
        entities: int = 300,
        limit: int = 1000,
        min_confidence: float = 0.0,
        relations: Sequence[str] | None = None,
        without: Sequence[str] | None = None,
        types: Sequence[str] | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Subgraph:
        """The edges among the most mentioned entities, best supported first, at most `limit` of them.

        Entities without such an edge are left out; the filters are those of `neighbourhood`.
        """
        wanted = EdgeFilter(min_confidence, relations, without, types, None, since, until)
        return self._explorer.most_mentioned(entities=entities, limit=limit, wanted=wanted)

    def path(self, a: str, b: str, *, max_length: int = 6) -> Subgraph:
        """A shortest path between two entities, directions set aside; empty when there is none."""
        return self._explorer.path(a, b, max_length=max_length)

    def evidence(self, head_id: str, relation: str, tail_id: str, *, limit: int = 50) -> list[StoredEvidence]:
        """The sentences that support an edge, the surest first. `relation` is the edge's property, not its type."""
        return self._reader.evidence(head_id, relation, tail_id, limit)

    def statements(self, entity_id: str, *, limit: int = 200) -> list[StoredEvidence]:
        """All that is said of an entity, facts or not."""
        return self._reader.statements(entity_id, limit)

    def types(self) -> list[tuple[str, int]]:
        """Types of entities with their numbers, most frequent first."""
        return self._reader.types()

    def left_out(self) -> dict[str, int]:
        """How many statements extractors held back in all documents, by reason."""
        return self._reader.left_out()

    def relations(self) -> list[tuple[str, str, int]]:
        """Relations with their relationship types and numbers of edges, most frequent first."""
        return self._reader.relations()

    def facts_of(self, relations: Sequence[str], *, end: End = "head") -> Iterator[list[tuple[str, str, Any]]]:
        """The edges of some relations, portion by portion, all those that have one entity at that end in one portion.

        Each is the id of that entity, that of the one at the other end, and a row of ``head``, ``relation``, ``tail``
        (ids again), ``support``, ``confidence``, ``valid_from`` and ``valid_to``. With "either" an edge comes twice.
        """
        return self._reader.facts_of(relations, end=end)

    def entities_by_id(self, ids: Iterable[str]) -> list[StoredEntity]:
        """Those of these entities that exist, by name, type and id."""
        return self._reader.entities_by_id(ids)

    def query(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        max_rows: int = 1000,
        timeout_s: float = 30.0,
        plan: PlanKind | None = None,
        cancel: threading.Event | None = None,
    ) -> QueryResult:
        """The rows of a Cypher statement that only reads.

        `plan` asks how the server would run it ("explain", no rows) or ran it ("profile"). Setting `cancel`, from
        another thread, ends the statement here and, but for an ArcadeDB that is not embedded, on the server.

        Raises:
            ReadOnlyError: for any other, before it runs.
            QueryError: when the server cannot run it, it takes longer than `timeout_s`, or it was cancelled.
        """
        return self._querying.query(
            cypher, parameters, max_rows=max_rows, timeout_s=timeout_s, plan=plan, cancel=cancel
        )

    def execute(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        max_rows: int = 1000,
        timeout_s: float = 30.0,
    ) -> QueryResult:
        """The rows of any Cypher statement; it may write.

        Raises:
            QueryError: when the server cannot run it, or it takes longer than `timeout_s`.
        """
        return self._querying.execute(cypher, parameters, max_rows=max_rows, timeout_s=timeout_s)

    def check(self) -> list[str]:
        """What is wrong with the graph, in words; empty when nothing is."""
        return check_graph(self._connection, self._reader)

    def repair(self) -> list[Repair]:
        """Mend what `check` finds, and say what was done; what is left for `check` afterwards is nothing.

        Documents that lost evidence are marked as failed, so that the next ingest reads them again.

        Raises:
            StoreError: somebody else wrote meanwhile; what was mended until then stays.
        """
        with self._exclusive():
            repairs = mend_graph(self._connection, self._reader, self._tokens)
        if repairs:
            self.resolution.forget()  # whoever resolves next looks at everything anew
        return repairs

    # ------------------------------------------------------------ inside
    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Be the only writer: of this process, and of all on an embedded store. (On a server, writers take turns
        there.)
        """
        if self._connection.read_only:
            raise ReadOnlyError(
                "expected a store opened for writing, found one opened read-only; open it without that."
            )
        embedded = self._connection.embedded
        with self._writing, embedded.writing() if embedded is not None else contextlib.nullcontext():
            yield

    def _make_schema(self) -> None:
        embedded = self._connection.embedded
        with embedded.writing() if embedded is not None else contextlib.nullcontext():
            for statement in cypher.schema(self._connection.dialect):
                self._connection.schema(statement)


def _properties(contribution: Contribution, size_bytes: int, recipe: str) -> dict[str, Any]:
    """What is to be known of a document whose contribution is in the graph."""
    return {
        "ingested_at": _now(),
        "size_bytes": size_bytes,
        "segments": len(contribution.segments),
        "extractions": len({statement.extraction.id for statement in contribution.statements}),
        "quarantined": contribution.quarantined,
        "left_out": json.dumps(dict(contribution.left_out), ensure_ascii=False) if contribution.left_out else "",
        "recipe": recipe,
        "state": "partial" if contribution.reason else "complete",
        "reason": contribution.reason or "",
        "detail": "\n".join(contribution.trouble),
    }


def _document_id(uri: str) -> str:
    return digest("document", uri)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
