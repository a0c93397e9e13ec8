"""What there is still to decide of a question."""

from __future__ import annotations

from kg_builder.review_queue import QueueFact, QueueItem
from kg_builder.store.records import StoredEvidence
from ui import data

__all__ = ["evidence_of_fact", "is_decided", "open_item"]

_EVIDENCE = 20


def evidence_of_fact(one: QueueFact, *, fresh: bool = False) -> list[StoredEvidence]:
    """The statements behind a fact; `fresh`: as they are now, whatever is kept."""
    ends = (one.head.id, one.relation, one.tail.id)
    return data.store().evidence(*ends, limit=_EVIDENCE) if fresh else data.evidence(*ends, limit=_EVIDENCE)


def is_decided(evidence: StoredEvidence) -> bool:
    """Whether somebody has decided on a statement, or put it there."""
    return bool(evidence.review or evidence.decision)


def open_item(item: QueueItem, *, fresh: bool = False) -> bool:
    """Whether there is still something to decide of it."""
    if item.entities:
        get = data.store().entity if fresh else data.entity
        return all(get(entity.id) is not None for entity in item.entities)
    sides = [evidence_of_fact(each, fresh=fresh) for each in item.facts]
    if item.kind == "conflict":
        return all(sides) and not all(any(map(is_decided, side)) for side in sides)
    return bool(sides[0]) and not any(map(is_decided, sides[0]))
