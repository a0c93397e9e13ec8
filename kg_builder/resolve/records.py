"""What resolution is told of names, and what it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kg_builder.types import Name, document_id

__all__ = ["Context", "Decision", "Kind", "Link", "Profile"]

Kind = Literal["merge", "never-merge", "split", "part", "rename", "retype"]


@dataclass(frozen=True, slots=True)
class Profile:
    """A name with what the graph knows of it.

    ``surfaces`` are its spellings with how often each is mentioned. ``neighbours`` are the names it has facts with, as
    ``relation>key`` where it is the subject and ``relation<key`` where it is the object; ``documents`` are the ids of
    those that mention it; ``stated`` are the keys of names that a text calls its other names ("also known as",
    "又称", a name in brackets). Of a name that is everywhere a fixed choice of each will do, the same every time.
    """

    name: Name
    surfaces: Mapping[str, int]
    neighbours: frozenset[str] = field(default=frozenset())
    documents: frozenset[str] = field(default=frozenset())
    stated: frozenset[str] = field(default=frozenset())
    id: str = field(init=False, repr=False, compare=False)
    """The name's id, worked out once: every comparison asks for it."""

    def __post_init__(self) -> None:
        """Work out the id."""
        object.__setattr__(self, "id", self.name.id)


@dataclass(frozen=True, slots=True)
class Context:
    """What one document says by a name: ``neighbours`` as in `Profile`; ``source`` is the id of the document, or of the
    first part where an import has a source in several."""

    source: str
    neighbours: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Link:
    """How likely two names (by id, ``a`` < ``b``) are one entity.

    ``probability`` is calibrated, from 0 to 1. ``rule`` says in one word what carried it, ``scores`` are the features
    it was computed from, as numbers that can be shown.
    """

    a: str
    b: str
    probability: float
    rule: str
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about names: data that outlives the graph it was made on.

    ``merge`` and ``never-merge`` are about two names, ``split`` takes ``a`` out of its entity, ``part`` has one
    document (its uri) mean another thing by ``a``, whose name is ``b`` (`Decision.parting`), ``rename`` has ``b``
    shown for the entity of ``a``, ``retype`` has that entity be of the type of ``b``. ``at`` is an ISO time in UTC,
    ``source`` says where it comes from (a command, a file with its line, the browser).
    """

    kind: Kind
    a: Name
    b: Name | None
    who: str
    at: str
    source: str = ""
    note: str = ""
    document: str = ""

    @classmethod
    def parting(
        cls, name: Name, document: str, who: str = "", at: str = "", source: str = "", note: str = ""
    ) -> Decision:
        """That the document of the uri `document` means another thing by `name` than all others."""
        plain = name.in_sense("")
        return cls("part", plain, plain.in_sense(document_id(document)), who, at, source, note, document)
