"""What the pages on texts read besides `ui.data`: mentions, neighbouring segments, other extractors' statements."""

from __future__ import annotations

from dataclasses import dataclass

from ui import data
from ui.graph import EdgeKey

__all__ = ["TextMention", "fact_of", "mentions", "neighbours"]

_MOST = 5000


@dataclass(frozen=True, slots=True)
class TextMention:
    """Words of a segment that name an entity. Offsets are absolute in the document."""

    segment_id: str
    start: int
    end: int
    entity_id: str
    name: str
    type: str


@data.cached
def _mentions(version: str, segment_ids: tuple[str, ...]) -> list[TextMention]:
    found = data.store().query(
        "UNWIND $ids AS id MATCH (s:Segment {id: id})<-[m:MENTIONED_IN]-(e:Entity) "
        "RETURN s.id, m.start, m.end, e.id, e.name, e.type",
        {"ids": list(segment_ids)},
        max_rows=_MOST,
    )
    return sorted((TextMention(*row) for row in found.rows), key=lambda each: (each.segment_id, each.start, each.end))


def mentions(segment_ids: tuple[str, ...]) -> list[TextMention]:
    """All mentions in these segments."""
    return _mentions(data.version(), segment_ids) if segment_ids else []


@data.cached
def _neighbours(version: str, segment_ids: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    found = data.store().query(
        "UNWIND $ids AS id MATCH (s:Segment {id: id})-[:PART_OF]->(d:Document) MATCH (d)<-[:PART_OF]-(n:Segment) "
        "WHERE n.index >= s.index - 1 AND n.index <= s.index + 1 AND n.index <> s.index "
        "RETURN s.id, n.index - s.index, n.text",
        {"ids": list(segment_ids)},
        max_rows=_MOST,
    )
    beside: dict[str, tuple[str, str]] = dict.fromkeys(segment_ids, ("", ""))
    for id_, step, text in found.rows:
        before, after = beside[id_]
        beside[id_] = (text, after) if step < 0 else (before, text)
    return beside


def neighbours(segment_ids: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """The texts of the segments before and after each of these; empty at a document's ends."""
    return _neighbours(data.version(), tuple(dict.fromkeys(segment_ids))) if segment_ids else {}


@data.cached
def _fact_of(version: str, extraction_id: str) -> EdgeKey | None:
    found = data.store().query(
        "MATCH (x:Extraction {id: $id})-[:HEAD]->(h:Entity) MATCH (x)-[:TAIL]->(t:Entity) WHERE x.edge IS NOT NULL "
        "RETURN h.id, x.relation, t.id, x.inverted",
        {"id": extraction_id},
        max_rows=1,
    )
    if not found.rows:
        return None
    head, relation, tail, inverted = found.rows[0]
    return EdgeKey(tail, relation, head) if inverted else EdgeKey(head, relation, tail)


def fact_of(extraction_id: str) -> EdgeKey | None:
    """The fact that a statement is evidence of; None for what is no fact."""
    return _fact_of(data.version(), extraction_id)
