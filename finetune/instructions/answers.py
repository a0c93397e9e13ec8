"""Answers: triples, entities or events in one of the forms of `finetune.instructions.formats`, and back again.

``pipe`` is the project's own form, ``head|relation|tail`` (`kg_builder.prompt`); only triples have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from finetune.instructions.formats import FORMS, Form, Row, format_json, format_rows, parse_json, parse_rows
from finetune.instructions.records import Argument, Entity, Event
from kg_builder.prompt import format_triples, parse_triples
from kg_builder.types import Language, Triple

__all__ = ["ANSWER_FORMS", "Answer", "AnswerForm", "Asked", "format_answer", "parse_answer"]

Asked = Literal["triples", "ner", "events"]
AnswerForm = Form | Literal["pipe"]
ANSWER_FORMS: tuple[AnswerForm, ...] = (*FORMS, "pipe")
Item = Triple | Entity | Event
T = TypeVar("T", Triple, Entity, Event)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says; two of the three are empty. ``malformed`` has what could not be read, with its reason: those
    of `finetune.instructions.formats.Rows`, ``too-many-fields``, and ``odd-fields`` for a role without a name."""

    triples: tuple[Triple, ...] = ()
    entities: tuple[Entity, ...] = ()
    events: tuple[Event, ...] = ()
    malformed: tuple[tuple[str, str], ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """All that it says."""
        return (*self.triples, *self.entities, *self.events)


def format_answer(items: Iterable[Item], form: AnswerForm, *, language: Language = "en") -> str:
    """The answer with these items; `parse_answer` gives them back."""
    if form == "pipe":
        return format_triples(each for each in items if isinstance(each, Triple)).rstrip("\n")
    if form == "json":
        return format_json(map(_object, items))
    return format_rows((_row(each, leading=form == "colon") for each in items), form, language=language)


def parse_answer(text: str, asked: Asked, form: AnswerForm) -> Answer:
    """What a model's answer says. What cannot be read is counted, never raised."""
    if form == "pipe":
        parsed = parse_triples(text)
        return Answer(triples=parsed.triples, malformed=parsed.malformed)
    rows = parse_json(text, lambda found: _row_of_object(found, asked)) if form == "json" else parse_rows(text, form)
    made: list[Item] = []
    malformed = list(rows.malformed)
    for row in rows.rows:
        item = _item(row, asked, leading=form == "colon")
        if isinstance(item, str):
            malformed.append((", ".join(row), item))
        else:
            made.append(item)
    return Answer(_only(Triple, made), _only(Entity, made), _only(Event, made), tuple(malformed))


def _only(kind: type[T], items: Sequence[Item]) -> tuple[T, ...]:
    return tuple(each for each in items if isinstance(each, kind))


# --- items and rows --------------------------------------------------------------------------------------------------
# A triple: head, relation, tail. An entity: surface, type. An event: type, trigger, role, surface, role, surface …
# In the form "colon" the relation or type leads.


def _row(item: Item, *, leading: bool) -> Row:
    if isinstance(item, Triple):
        return (item.relation, item.head, item.tail) if leading else (item.head, item.relation, item.tail)
    if isinstance(item, Entity):
        return (item.type, item.surface) if leading else (item.surface, item.type)
    return (item.type, item.trigger, *(each for a in item.arguments for each in (a.role, a.surface)))


def _item(row: Row, asked: Asked, *, leading: bool) -> Item | str:
    """What a row says, or why it says nothing."""
    if asked == "events":
        if len(row) % 2:
            return "odd-fields"
        roles = tuple(Argument(role, surface) for role, surface in zip(row[2::2], row[3::2], strict=True))
        return Event(row[0], row[1], roles)
    wanted = 3 if asked == "triples" else 2
    if len(row) != wanted:
        return f"too-{'few' if len(row) < wanted else 'many'}-fields"
    if asked == "ner":
        return Entity(row[1], row[0]) if leading else Entity(*row)
    return Triple(row[1], row[0], row[2]) if leading else Triple(*row)


def _object(item: Item) -> dict[str, Any]:
    if isinstance(item, Triple):
        return {"head": item.head, "relation": item.relation, "tail": item.tail}
    if isinstance(item, Entity):
        return {"entity": item.surface, "type": item.type}
    arguments = [{"role": each.role, "argument": each.surface} for each in item.arguments]
    return {"event_type": item.type, "trigger": item.trigger, "arguments": arguments}


def _row_of_object(found: dict[str, Any], asked: Asked) -> Row | None:
    """The row of an object of an answer in JSON; None where its fields are others."""
    keys = {"triples": ("head", "relation", "tail"), "ner": ("entity", "type"), "events": ("event_type", "trigger")}
    values = [found.get(key) for key in keys[asked]]
    if asked == "events":
        arguments = found.get("arguments", [])
        for each in arguments if isinstance(arguments, list) else [None]:
            values += [each.get("role"), each.get("argument")] if isinstance(each, dict) else [None]
    row = [value for value in values if isinstance(value, str)]
    return tuple(row) if len(row) == len(values) else None
