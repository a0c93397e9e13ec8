"""From records to the rows that statements take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from kg_builder.times_validity import validity
from kg_builder.types import Document, Segment, Statement, digest

__all__ = ["Row", "batches", "document_row", "edge_key", "extraction_row", "portions", "segment_row"]

Row = dict[str, Any]
T = TypeVar("T")

_BATCH_ROWS = 5000
_BATCH_CHARACTERS = 4_000_000


def edge_key(subject: str, relation: str, object_: str) -> str:
    """Identity of the fact between two entities, by which its evidence is found."""
    return digest("edge", subject, relation, object_)


def document_row(document: Document, **more: Any) -> Row:
    """The properties of a document's node."""
    return {
        "id": document.id,
        "uri": document.uri,
        "sha256": document.sha256,
        "title": document.title,
        "language": document.language,
        **more,
    }


def segment_row(segment: Segment) -> Row:
    """The properties of a segment's node, but for its id."""
    return {
        "index": segment.index,
        "start": segment.start,
        "end": segment.end,
        "page": segment.page,
        "text": segment.text,
        "language": segment.language,
        "section": segment.section,
        "split": segment.split,
    }


def extraction_row(statement: Statement, edge: str | None, *, review: str = "", decision: str = "") -> Row:
    """The properties of an extraction's node, but for its id. `edge` is the key of the fact it supports.

    `review` is what a person said of it; `decision` the id of the one that it follows from, where nobody extracted it.
    """
    x = statement.extraction
    row: Row = {
        "relation": statement.relation,
        "surface": x.relation.surface,
        "relation_start": x.relation.start,
        "relation_end": x.relation.end,
        "lemma": x.relation.lemma or None,
        "passive": x.relation.passive,
        "symmetric": x.relation.symmetric or None,
        "polarity": x.polarity,
        "modality": x.modality,
        "confidence": x.confidence,
        "extractor": x.extractor,
        "inverted": statement.inverted,
        "head_name": statement.head.id,
        "tail_name": statement.tail.id,
        "edge": edge,
        "review": review or None,
        "decision": decision or None,
    }
    row["valid_from"], row["valid_to"] = validity(x)
    if x.qualifiers:
        circumstances = [{"role": q.role, "text": q.text, "start": q.start, "end": q.end} for q in x.qualifiers]
        row["qualifiers"] = json.dumps(circumstances, ensure_ascii=False)
    for side, mention, argument in (("head", x.head, x.head_argument), ("tail", x.tail, x.tail_argument)):
        row[side] = mention.surface
        row[f"{side}_start"] = mention.start
        row[f"{side}_end"] = mention.end
        row[f"{side}_type"] = mention.type
        if argument:
            row[f"{side}_argument"] = argument.surface
            row[f"{side}_argument_start"] = argument.start
            row[f"{side}_argument_end"] = argument.end
    return {key: value for key, value in row.items() if value is not None}


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """`rows` in portions that fit a message to the server."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        length = len(row["set"].get("text") or "") if "set" in row else 0
        if batch and (len(batch) >= _BATCH_ROWS or size + length > _BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += length
    if batch:
        yield batch


def portions(items: Sequence[T], sizes: Sequence[int], limit: int) -> Iterator[list[T]]:
    """`items` in order, in groups whose sizes add up to `limit` at most (an item larger than that is alone)."""
    group: list[T] = []
    total = 0
    for item, size in zip(items, sizes, strict=True):
        if group and total + size > limit:
            yield group
            group, total = [], 0
        group.append(item)
        total += size
    if group:
        yield group
