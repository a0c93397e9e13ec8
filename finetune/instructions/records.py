"""What an annotated text says: the one record that every data set is turned into before it becomes instructions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from kg_builder.types import Language, Triple

__all__ = ["Annotated", "Argument", "Entity", "Event", "grounded", "problem_of"]

T = TypeVar("T")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Entity:
    """A name in a text and its type, in the words of the data set."""

    surface: str
    type: str


@dataclass(frozen=True, slots=True)
class Argument:
    """Who or what takes part in an event, and as what."""

    role: str
    surface: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens: its type, the word that says so, and who takes part."""

    type: str
    trigger: str
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Annotated:
    """A text with what people (or rules) found in it.

    ``source`` names the data set, and after a slash the part of it that has labels of its own
    (``text2kg_wikidata/1_movie``): candidates for a prompt are drawn from the labels of one source.
    Where the question is how two given entities relate, ``triples`` is the one triple that says so. ``withheld`` are
    labels that must not be asked for, since the answer is not known to be whole (`grounded`).
    """

    text: str
    entities: tuple[Entity, ...] = ()
    triples: tuple[Triple, ...] = ()
    events: tuple[Event, ...] = ()
    language: Language = "en"
    source: str = ""
    withheld: tuple[str, ...] = ()


def problem_of(record: Annotated) -> str:
    """Why a record cannot be used (``empty-text``, ``fields``, ``empty-field``, ``encoding``), or nothing."""
    words = [record.text, *_words(record)]
    if not all(isinstance(each, str) for each in words):
        return "fields"
    if not record.text.strip():
        return "empty-text"
    if not all(each.strip() for each in words):
        return "empty-field"
    return "encoding" if any(_SURROGATE.search(each) for each in words) else ""


def _words(record: Annotated) -> Iterator[str]:
    for entity in record.entities:
        yield from (entity.surface, entity.type)
    for triple in record.triples:
        yield from (triple.head, triple.relation, triple.tail)
    for event in record.events:
        yield from (event.type, event.trigger)
        for argument in event.arguments:
            yield from (argument.role, argument.surface)


def grounded(records: Iterable[Annotated], counts: Counter[str]) -> Iterator[Annotated]:
    """Records whose every name stands in their text, spelled as it stands there: a prompt asks for words of the text,
    so no answer may have any other. A label under which a text has something that it does not name is ``withheld``, for
    its answer would have a gap; those are counted (``not-in-text``), and a record without any other is left out."""
    for record in records:
        keeping = _Keeping(record.text, words=record.language != "zh")
        kept = keeping.record(record)
        counts.update({"not-in-text": len(kept.withheld)} if kept.withheld else {})
        if not kept.withheld or kept.entities or kept.triples or kept.events:
            yield kept


class _Keeping:
    """What of a record stands in its text, with `words` as words of their own."""

    def __init__(self, text: str, *, words: bool) -> None:
        self.text = text
        self.words = words
        self.withheld: set[str] = set()

    def record(self, record: Annotated) -> Annotated:
        """What is left of a record."""
        entities = self.all(record.entities, self.entity, lambda e: e.type)
        triples = self.all(record.triples, self.triple, lambda t: t.relation)
        events = self.all(record.events, self.event, lambda e: e.type)
        return replace(record, entities=entities, triples=triples, events=events, withheld=tuple(sorted(self.withheld)))

    def all(self, items: Sequence[T], respelled: Callable[[T], T], label: Callable[[T], str]) -> tuple[T, ...]:
        """The items of labels that are not withheld, spelled as in the text."""
        made = []
        for item in items:
            try:
                made.append(respelled(item))
            except LookupError:
                self.withheld.add(label(item))
        return tuple(each for each in made if label(each) not in self.withheld)

    def entity(self, entity: Entity) -> Entity:
        """An entity as the text spells it."""
        return replace(entity, surface=self.found(entity.surface))

    def triple(self, triple: Triple) -> Triple:
        """A triple as the text spells it."""
        return replace(triple, head=self.found(triple.head), tail=self.found(triple.tail))

    def event(self, event: Event) -> Event:
        """An event as the text spells it."""
        arguments = tuple(replace(each, surface=self.found(each.surface)) for each in event.arguments)
        return replace(event, trigger=self.found(event.trigger), arguments=arguments)

    def found(self, surface: str) -> str:
        """`surface` as the text spells it.

        Raises:
            LookupError: it is not there in any case.
        """
        for text, wanted in ((self.text, surface), (self.text.lower(), surface.lower())):
            at = text.find(wanted)
            while at >= 0:
                whole = not self.words or _stands_alone(text, at, at + len(wanted))
                if whole and len(text) == len(self.text):
                    return self.text[at : at + len(wanted)]
                at = text.find(wanted, at + 1)
        raise LookupError(surface)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no word of letters goes on over an edge: "art" is not in "artist", nor 5 in 2005. Chinese has no such
    edges."""
    edges = (at for at in (start, end) if 0 < at < len(text))
    return not any(all(c.isalnum() and c < "\u2e80" for c in text[at - 1 : at + 1]) for at in edges)
