"""Events as part of a graph: a node for each event, and an edge named for its role to everyone who takes part.

The rows are what ``kg import`` takes. An event is called by its trigger and its type, and by its participants too, for
"acquired" alone would make one node of every acquisition there ever was.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from finetune.instructions.records import Event
from kg_builder.relation_lexicon import looked_up
from kg_builder.relations import canonical_relation
from kg_builder.types import Language, Relation

__all__ = ["event_name", "event_rows", "write_event_rows"]

_TYPED = {
    "person": "Person",
    "人物": "Person",
    "organization": "Organization",
    "机构": "Organization",
    "place": "Place",
    "地点": "Place",
    "time": "Time",
    "时间": "Time",
    "日期": "Time",
    "price": "Quantity",
    "amount": "Quantity",
    "金额": "Quantity",
}
"""Roles that say by themselves what plays them."""


def event_name(event: Event) -> str:
    """``acquired (acquisition: Halden Group, Corvane Marine)``."""
    taking_part = ", ".join(dict.fromkeys(each.surface for each in event.arguments))
    return f"{event.trigger} ({event.type}: {taking_part})" if taking_part else f"{event.trigger} ({event.type})"


def event_rows(
    events: Iterable[Event],
    *,
    sentence: str = "",
    source: str = "",
    language: Language = "en",
    types: Mapping[str, str] = _TYPED,
    counts: Counter[str] | None = None,
) -> Iterator[dict[str, str]]:
    """Rows of ``kg import``, one for each role of each event: from the event, of type Event, to who plays the role.
    `types` says of which type who plays a role is. An event without any gives no row and is counted (``no-roles``)."""
    counts = Counter() if counts is None else counts
    for event in events:
        if not event.arguments:
            counts["no-roles"] += 1
        for argument in event.arguments:
            row = {
                "head": event_name(event),
                "head_type": "Event",
                "relation": _edge(argument.role, types.get(argument.role, "Other"), language),
                "tail": argument.surface,
                "tail_type": types.get(argument.role, ""),
                "sentence": sentence,
                "source": source,
            }
            yield {key: value for key, value in row.items() if value}


def _edge(role: str, type: str, language: Language) -> str:
    """The role as a relation. One that would lose its word, because it reads like a passive ("被收购方") or like a
    known relation ("founder" of a person, "price" of a quantity), says "has"."""
    canonical = canonical_relation(Relation(role), language=language)
    known = looked_up(canonical.name, role, "Event", type)
    if canonical.inverted or (known and (known[1] or known[0].name != canonical.name)):
        return f"有{role}" if language == "zh" else f"has {role}"
    return role


def write_event_rows(path: Path, rows: Iterable[Mapping[str, str]]) -> int:
    """Write rows as JSON lines for ``kg import``; how many there were."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count
