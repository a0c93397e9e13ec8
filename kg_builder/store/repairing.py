"""Mending a damaged graph: first the evidence, then all that follows from it.

Documents, segments and extractions are evidence: their ids are digests of what they say, so what has lost its place is
put back where its id proves that it belongs, and goes where nothing does. A document that is not whole afterwards is
marked, and the next ingest reads it again. Everything else (`projecting`) is worked out anew from the evidence,
compared with the graph, and written where it differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from kg_builder.errors import StoreError
from kg_builder.store import cypher, keeping_cypher
from kg_builder.store.connection import Connection, Run
from kg_builder.store.contributions import extraction_of, segment_of
from kg_builder.store.reading import Reader
from kg_builder.store.rows import Row
from kg_builder.store.tokens import Tokens
from kg_builder.types import Document, Extraction, digest

__all__ = ["Mender", "Repair", "mend_evidence"]

T = TypeVar("T")
_AT_ONCE = 500


@dataclass(slots=True)
class Repair:
    """One kind of damage that was mended: what was found, how often, an example, and what was done about it."""

    what: str
    done: str
    example: str
    count: int = 0


class Mender:
    """Changes that mend a graph, and what they were. The caller has seen to it that it is the only writer it knows."""

    def __init__(self, connection: Connection, reader: Reader, tokens: Tokens) -> None:
        self.connection = connection
        self.reader = reader
        self.tokens = tokens
        self.repairs: dict[str, Repair] = {}
        rows = connection.read(cypher.VERSION)
        self._version = int(rows[0]["version"]) if rows else 0

    def note(self, what: str, done: str, example: str) -> None:
        """Count a repair."""
        self.repairs.setdefault(what, Repair(what, done, example)).count += 1

    def change(self, work: Callable[[Run], object]) -> None:
        """One transaction, unless somebody else has written since the last: then all that was worked out is void."""

        def guarded(run: Run) -> int:
            version = int(run(cypher.TAKE_TURN)[0]["version"])
            if version != self._version + 1:
                raise StoreError(
                    "expected nobody else to write while the graph is being mended, but it was written to; "
                    "run the repair again when nothing is being ingested."
                )
            work(run)
            return version

        self._version = self.connection.writing(guarded)

    def each(self, rows: Iterable[Row], *statements: str) -> None:
        """Run statements on ``$rows``, and on their ids as ``$ids``, some rows to a transaction."""
        for some in _portions(rows):

            def work(run: Run, some: Sequence[Row] = some) -> None:
                for statement in statements:
                    run(statement, rows=some, ids=[row.get("id") for row in some], refs=[r.get("ref") for r in some])

            self.change(work)


def mend_evidence(mender: Mender) -> None:
    """Give documents, segments and extractions their places again, and mark the documents that are not whole."""
    _orphan_segments(mender)
    _orphan_extractions(mender)
    interrupted = {row["id"] for row in mender.connection.read(keeping_cypher.WRITING)}
    marked: list[Row] = []
    for row in mender.reader.sliced(keeping_cypher.DOCUMENT_LOADS, cypher.COUNT_DOCUMENTS):
        missing = (row["segments"], row["extractions"]) != (row["said_segments"], row["said_extractions"])
        if row["id"] in interrupted:
            what, reason = "documents whose writing was interrupted", "interrupted"
            detail = "writing was interrupted; ingest it again"
        elif missing:
            what, reason = "documents whose segments or extractions are not all there", "damaged"
            detail = (
                f"{row['segments']} of {row['said_segments']} segments and {row['extractions']} of "
                f"{row['said_extractions']} extractions are left; ingest it again"
            )
        else:
            continue
        mender.note(what, "marked as failed, so that the next `kg ingest` reads them again", row["uri"])
        state = {"state": "failed", "reason": reason, "detail": detail}
        counts = {"segments": row["segments"], "extractions": row["extractions"]}
        marked.append({"id": row["id"], "set": {**state, **counts}})
    mender.each(marked, keeping_cypher.SET_DOCUMENTS)


def _orphan_segments(mender: Mender) -> None:
    what = "segments without a document"
    orphans = list(mender.reader.sliced(keeping_cypher.ORPHAN_SEGMENTS, cypher.COUNT_SEGMENTS))
    if not orphans:
        return
    linked: dict[str, str] = {}
    for row in mender.reader.sliced(keeping_cypher.DOCUMENT_LOADS, cypher.COUNT_DOCUMENTS):
        if row["segments"] == row["said_segments"] and row["state"] != "writing":
            continue
        for orphan in orphans:
            if orphan["id"] == digest("segment", row["uri"], orphan["start"], orphan["end"], orphan["text"]):
                linked[orphan["id"]] = row["id"]
    for orphan in orphans:
        known = orphan["id"] in linked
        done = "put back into the document that their id proves, or taken out where there is none"
        mender.note(what, done, f"{orphan['id']}{'' if known else ' (taken out)'}")
    mender.each(({"id": s, "document": d} for s, d in linked.items()), keeping_cypher.LINK_SEGMENTS)
    gone = ({"id": orphan["id"]} for orphan in orphans if orphan["id"] not in linked)
    mender.each(gone, keeping_cypher.DELETE_SEGMENT_EXTRACTIONS, cypher.DELETE_SEGMENTS)


def _orphan_extractions(mender: Mender) -> None:
    """Find the segment of an extraction by way of what it mentions: the right one gives it its id."""
    done = "put back into the segment that their id proves, or taken out where there is none"
    found = mender.reader.sliced(keeping_cypher.ORPHAN_EXTRACTIONS, cypher.COUNT_EXTRACTIONS)
    for some in _portions(list(found)):
        orphans = {row["id"]: dict(row["x"]) for row in some}
        linked: dict[str, str] = {}
        for statement in keeping_cypher.MENTIONING_SEGMENTS:
            for row in mender.connection.read(statement, ids=sorted(orphans.keys() - linked.keys())):
                if _placed(orphans[row["id"]], row["d"], row["s"]).id == row["id"]:
                    linked[row["id"]] = row["s"]["id"]
        for id_ in orphans:
            mender.note("extractions without a segment", done, f"{id_}{'' if id_ in linked else ' (taken out)'}")
        mender.each(({"id": x, "segment": s} for x, s in linked.items()), keeping_cypher.LINK_EXTRACTIONS)
        mender.each(({"id": x} for x in orphans.keys() - linked.keys()), keeping_cypher.DELETE_EXTRACTIONS)


def _placed(extraction: Row, document: Row, segment: Row) -> Extraction:
    """An extraction as it would be in a segment."""
    text = " " * segment["start"] + segment["text"]
    return extraction_of(extraction, segment_of(Document(document["uri"], "", "", text, "other"), segment))


def _portions(rows: Iterable[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while some := list(islice(left, _AT_ONCE)):
        yield some
