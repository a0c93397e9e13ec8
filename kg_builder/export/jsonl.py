"""JSON Lines: one object per edge, with its evidence."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, TextIO

from kg_builder.sentences import split_sentences
from kg_builder.store.records import StoredEdge, StoredEntity, StoredEvidence
from kg_builder.values import Value

if TYPE_CHECKING:
    from kg_builder.export import GraphSource

__all__ = ["sentence_span", "to_json", "write_jsonl"]

# Legal inside JSON, but Python's splitlines and some readers take them for the end of a line; lone surrogates have no
# UTF-8 form. Both are written as \uXXXX, which every JSON reader turns back.
_UNSAFE = re.compile("[\u0085\u2028\u2029\ud800-\udfff]")


def to_json(value: object) -> str:
    """`value` as JSON on one line, readable in every script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def write_jsonl(store: GraphSource, file: TextIO) -> int:
    """Writes every edge as one line, in the store's order."""
    count = 0
    for edge in store.edges():
        file.write(to_json(_edge(edge)) + "\n")
        count += 1
    return count


def _edge(edge: StoredEdge) -> dict[str, object]:
    return {
        **_entity("head", edge.head),
        "relation": edge.relation,
        "type": edge.type,
        **_entity("tail", edge.tail),
        "support": edge.support,
        "confidence": edge.confidence,
        "valid_from": edge.valid_from,
        "valid_to": edge.valid_to,
        "evidence": [_evidence(one) for one in edge.evidence],
    }


def _entity(role: str, entity: StoredEntity) -> dict[str, object]:
    return {
        f"{role}_id": entity.id,
        role: entity.name,
        f"{role}_type": entity.type,
        f"{role}_aliases": list(entity.aliases),
        **({f"{role}_value": _value(entity.value)} if entity.value is not None else {}),
    }


def _value(value: Value) -> dict[str, object]:
    return {key.removeprefix("value_"): each for key, each in value.properties().items()}


def _evidence(one: StoredEvidence) -> dict[str, object]:
    start, end = sentence_span(one)
    return {
        "id": one.extraction_id,
        "document": one.document_uri,
        "segment": one.segment_id,
        "segment_start": one.segment_start,
        "segment_end": one.segment_end,
        "page": one.page,
        "sentence": one.text[start:end],
        "sentence_start": one.segment_start + start,
        "sentence_end": one.segment_start + end,
        "head": one.head,
        "head_start": one.head_start,
        "head_end": one.head_end,
        "relation": one.relation,
        "relation_start": one.relation_start,
        "relation_end": one.relation_end,
        "tail": one.tail,
        "tail_start": one.tail_start,
        "tail_end": one.tail_end,
        "confidence": one.confidence,
        "extractor": one.extractor,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "qualifiers": [{"role": q.role, "text": q.text, "start": q.start, "end": q.end} for q in one.qualifiers],
    }


# Edges come sorted by name, so the sentences of a segment are asked for again and again, but not in a row.
_sentences = lru_cache(maxsize=512)(split_sentences)


def sentence_span(one: StoredEvidence) -> tuple[int, int]:
    """The sentence in the segment (the sentences, where it takes several) that holds head, relation and tail."""
    starts = [start for start in (one.head_start, one.relation_start, one.tail_start) if start is not None]
    ends = [end for end in (one.head_end, one.relation_end, one.tail_end) if end is not None]
    first, last = min(starts) - one.segment_start, max(ends) - one.segment_start
    spans = [(start, end) for start, end in _sentences(one.text) if end > first and start < last]
    return min([first, *(start for start, _ in spans)]), max([last, *(end for _, end in spans)])
