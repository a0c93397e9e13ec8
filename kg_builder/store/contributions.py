"""A document's whole contribution, read back from the graph.

The graph has the segments of a text and not what lies between them. A text whose gaps are blanks has every word that
anything points to at its place, so all offsets hold and all ids come out as they were: that they do is checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from kg_builder.errors import StoreError
from kg_builder.store import cypher, keeping_cypher
from kg_builder.store.connection import Connection, Run
from kg_builder.store.reading import Reader
from kg_builder.store.rows import Row, portions
from kg_builder.types import (
    Contribution,
    Document,
    Extraction,
    Mention,
    Name,
    Qualifier,
    Relation,
    Segment,
    Span,
    Statement,
)

__all__ = ["WholeDocument", "extraction_of", "segment_of", "segments_as_written", "whole_documents"]

_AT_ONCE = 4000  # extractions that one statement should give, about
_DOCUMENTS_AT_ONCE = 500


@dataclass(slots=True)
class WholeDocument:
    """All that a store knows of a document, as the properties of nodes.

    ``extractions`` are by the id of their segment; ``names`` has key and type of each name they mention, by its id.
    """

    document: Row
    segments: list[Row] = field(default_factory=list)
    extractions: dict[str, list[Row]] = field(default_factory=dict)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many extractions there are."""
        return sum(map(len, self.extractions.values()))

    def contribution(self) -> Contribution:
        """The contribution that the document gave.

        Raises:
            StoreError: when something does not have the id that it should have, so that it cannot be what was written.
        """
        p = self.document
        document = Document(
            p["uri"],
            p.get("sha256", ""),
            p.get("title", ""),
            _text(self.segments),
            p.get("language", "other"),
        )
        if document.id != p["id"]:
            raise _altered("document", document.uri, document.uri)
        segments: list[Segment] = []
        statements: list[Statement] = []
        for row in self.segments:
            segment = segment_of(document, row)
            if segment.id != row["id"]:
                raise _altered("segment", row["id"], document.uri)
            segments.append(segment)
            statements += [self._statement(each, segment) for each in self.extractions.get(segment.id, ())]
        return Contribution(document, tuple(segments), tuple(statements), p.get("quarantined", 0))

    def _statement(self, row: Row, segment: Segment) -> Statement:
        extraction = extraction_of(row, segment)
        if extraction.id != row["id"]:
            raise _altered("extraction", row["id"], segment.document.uri)
        head, tail = (self._name(row[side], segment.document.uri) for side in ("head_name", "tail_name"))
        return Statement(extraction, head, tail, row["relation"], bool(row.get("inverted")))

    def _name(self, id_: str, uri: str) -> Name:
        if id_ not in self.names:
            raise StoreError(f"expected the name {id_!r} that {uri!r} mentions, found none; run `kg doctor --repair`.")
        name = Name(*self.names[id_])
        if name.id != id_:
            raise _altered("name", id_, uri)
        return name


def whole_documents(connection: Connection, reader: Reader, document_id: str | None = None) -> Iterator[WholeDocument]:
    """All documents (or the one of that id) with all they gave, by id; no more than a few are in memory at a time."""
    if document_id is not None:
        slices: Iterator[list[Any]] = iter([connection.read(cypher.DOCUMENT, id=document_id)])
    else:
        slices = reader.slices(cypher.DOCUMENTS, cypher.COUNT_DOCUMENTS)
    for rows in slices:
        found = sorted((dict(row["d"]) for row in rows), key=lambda d: str(d["id"]))
        sizes = [max(d.get("extractions", 0), _AT_ONCE // _DOCUMENTS_AT_ONCE) for d in found]
        for portion in portions(found, sizes, _AT_ONCE):
            yield from _filled(connection, [WholeDocument(d) for d in portion])


def segments_as_written(run: Run, ids: Sequence[str]) -> tuple[list[WholeDocument], dict[str, str]]:
    """Segments with what was extracted from them, as parts of their documents, and the references of those by id.

    Segments that are not there are left out.
    """
    documents: dict[str, WholeDocument] = {}
    owner: dict[str, WholeDocument] = {}
    refs: dict[str, str] = {}
    for row in run(keeping_cypher.SEGMENTS_BY_ID, ids=list(ids)):
        segment, document = dict(row["s"]), dict(row["d"])
        refs[document["id"]] = row["ref"]
        owner[segment["id"]] = documents.setdefault(document["id"], WholeDocument(document))
        owner[segment["id"]].segments.append(segment)
    _fill(run, owner, list(owner))
    return list(_in_order(list(documents.values()))), refs


def _filled(connection: Connection, documents: Sequence[WholeDocument]) -> Sequence[WholeDocument]:
    """Documents with their segments, extractions and names."""
    by_id = {each.document["id"]: each for each in documents}
    owner: dict[str, WholeDocument] = {}
    loads: dict[str, int] = {}
    for row in connection.read(keeping_cypher.SEGMENTS_OF, ids=list(by_id)):
        segment = dict(row["s"])
        owner[segment["id"]] = by_id[row["document"]]
        loads[segment["id"]] = row["extractions"]
        owner[segment["id"]].segments.append(segment)
    loaded = [id_ for id_, load in loads.items() if load]
    for ids in portions(loaded, [loads[id_] for id_ in loaded], _AT_ONCE):
        _fill(connection.read, owner, ids)
    return _in_order(documents)


def _fill(read: Run, owner: Mapping[str, WholeDocument], segments: Sequence[str]) -> None:
    """Give documents what was extracted from some of their segments, and the names that it mentions."""
    mentioned: dict[str, list[WholeDocument]] = {}
    for row in read(keeping_cypher.EXTRACTIONS_OF, ids=list(segments)):
        x, whole = dict(row["x"]), owner[row["segment"]]
        for following in ("edge", "review"):  # from the rest, and from decisions
            x.pop(following, None)
        whole.extractions.setdefault(row["segment"], []).append(x)
        for side in ("head_name", "tail_name"):
            mentioned.setdefault(x[side], []).append(whole)
    for row in read(keeping_cypher.NAMES_BY_ID, ids=sorted(mentioned)):
        for whole in mentioned[row["id"]]:
            whole.names[row["id"]] = (row["key"], row["type"])


def _in_order(documents: Sequence[WholeDocument]) -> Sequence[WholeDocument]:
    for each in documents:
        each.segments.sort(key=lambda s: (s["index"], s["start"], s["id"]))
        for extractions in each.extractions.values():
            extractions.sort(key=lambda x: (x["head_start"], x["tail_start"], x["id"]))
    return documents


def extraction_of(row: Mapping[str, Any], segment: Segment) -> Extraction:
    """An extraction from the properties of its node: what `rows.extraction_row` made of it, undone."""

    def argument(side: str) -> Span | None:
        words = row.get(f"{side}_argument")
        if words is None:
            return None
        return Span(words, row.get(f"{side}_argument_start"), row.get(f"{side}_argument_end"))

    head, tail = (
        Mention(row[side], row[f"{side}_start"], row[f"{side}_end"], row.get(f"{side}_type", "Other"))
        for side in ("head", "tail")
    )
    return Extraction(
        head,
        Relation(
            row.get("surface", ""),
            row.get("relation_start"),
            row.get("relation_end"),
            row.get("lemma") or "",
            bool(row.get("passive")),
            symmetric=bool(row.get("symmetric")),
        ),
        tail,
        row["confidence"],
        row["extractor"],
        segment=segment,
        polarity=row["polarity"],
        modality=row["modality"],
        qualifiers=tuple(Qualifier(**each) for each in json.loads(row.get("qualifiers") or "[]")),
        head_argument=argument("head"),
        tail_argument=argument("tail"),
    )


def segment_of(document: Document, row: Mapping[str, Any]) -> Segment:
    """A segment of a document from the properties of its node."""
    return Segment(
        document,
        row["index"],
        row["start"],
        row["end"],
        row.get("page"),
        cast(Any, row.get("language", "other")),
        row.get("section", ""),
        bool(row.get("split")),
    )


def _text(segments: Sequence[Row]) -> str:
    """The text that has each segment at its place, and blanks between them."""
    pieces: list[str] = []
    at = 0
    for row in sorted(segments, key=lambda s: (s["start"], s["end"])):
        if row["start"] > at:
            pieces.append(" " * (row["start"] - at))
            at = row["start"]
        if row["end"] > at:
            pieces.append(row["text"][at - row["start"] :])
            at = row["end"]
    return "".join(pieces)


def _altered(what: str, id_: str, uri: str) -> StoreError:
    return StoreError(
        f"expected the {what} {id_!r} of {uri!r} as it was written, found it altered: its id is that of other content. "
        "Withdraw the document (`kg remove`) and read it again."
    )
