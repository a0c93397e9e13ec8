"""Names that several things have, found among those of a graph, and what is to be said by other names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from kg_builder.resolve.records import Context
from kg_builder.resolve.senses import SENSED_TYPES, may_be_several, senses
from kg_builder.resolving_index import Index
from kg_builder.store.parting import Part
from kg_builder.types import Name

if TYPE_CHECKING:
    from kg_builder.store.resolution import Resolution

__all__ = ["Senses", "decided_parts"]

_AT_ONCE = 100


class Senses:
    """The names of one run that have to be looked at."""

    def __init__(self, at: Resolution, index: Index, parted: Mapping[Name, Collection[str]]) -> None:
        self._at = at
        self._index = index
        self._parted = parted
        self._several: set[Name] = set()

    def note(self, names: Iterable[Name]) -> None:
        """Look at those among `names`, which the index has just learnt, that several things may have."""
        for name in names:
            plain = name.in_sense("")
            if name.sense or plain in self._parted or (name.type in SENSED_TYPES and self._may_be_several(name)):
                self._several.add(plain)

    def _may_be_several(self, name: Name) -> bool:
        """Whether a name means several things, or might by what is known of it."""
        ids = self._index.in_senses(name)
        if len(ids) > 1:
            return True
        found = [profile for profile in map(self._index.profile, ids) if profile is not None]
        return any(p.name.sense or (len(p.documents) > 1 and may_be_several(name.type, p.neighbours)) for p in found)

    def parts(self) -> Iterator[list[Part]]:
        """What is to be said by other names, some at a time; each name is looked at once."""
        names = sorted(self._several, key=lambda name: name.id)
        self._several.clear()
        for start in range(0, len(names), _AT_ONCE):
            some = {name: self._index.in_senses(name) for name in names[start : start + _AT_ONCE]}
            contexts: dict[str, dict[str, Context]] = {}
            for (id_, document), context in self._at.contexts(id_ for ids in some.values() for id_ in ids).items():
                contexts.setdefault(id_, {})[document] = context
            parts: list[Part] = []
            for name, ids in some.items():
                apart = self._parted.get(name, ())
                if apart:
                    parts += decided_parts(self._at, name, ids, apart)
                parts += _parts_of(name, ids, contexts, apart)
            if parts:
                yield parts


def decided_parts(at: Resolution, name: Name, ids: Iterable[str], documents: Collection[str]) -> Iterator[Part]:
    """What is to be said by another name than it is (`ids` are those of all its senses), as people decided it of
    `documents`."""
    for old, document in at.said_in(documents, ids):
        wanted = name.in_sense(document)
        if old != wanted.id:
            yield Part(old, wanted, (document,))


def _parts_of(
    name: Name, ids: Iterable[str], contexts: Mapping[str, Mapping[str, Context]], apart: Collection[str]
) -> Iterator[Part]:
    """What is to be said by another name than it is, of a name in all its senses, but for documents `apart`."""
    said: dict[str, list[str]] = {}  # by whom, by document
    together: dict[str, Context] = {}
    for id_ in sorted(ids):
        for document, context in contexts.get(id_, {}).items():
            if document in apart:
                continue
            said.setdefault(document, []).append(id_)
            there = together.get(document)
            neighbours = context.neighbours | there.neighbours if there else context.neighbours
            together[document] = Context(context.source, neighbours)
    parted: dict[tuple[str, Name], list[str]] = {}
    for number, documents in enumerate(senses(name.type, together) if together else ()):
        wanted = name.in_sense(documents[0] if number else "")
        for document in documents:
            for id_ in said[document]:
                if id_ != wanted.id:
                    parted.setdefault((id_, wanted), []).append(document)
    for (old, new), some in parted.items():
        yield Part(old, new, tuple(some))
