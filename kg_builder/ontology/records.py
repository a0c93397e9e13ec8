"""What an ontology says: types in a hierarchy, and relations with their domain and range.

All are frozen and keep the order of their file. A name is written once, as the file writes it; aliases are other ways
to say it, in any language, and are what the mapping reads texts with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Literal

__all__ = ["LITERALS", "EntityType", "Literal_", "Ontology", "RelationType"]

Literal_ = Literal["date", "number", "string"]
LITERALS: tuple[Literal_, ...] = ("date", "number", "string")
"""What a range may be that is no type of the ontology: a value. An ontology that has a type of the name means its
type."""


@dataclass(frozen=True, slots=True)
class EntityType:
    """A class of entities. ``parent`` is empty for the uppermost ones; ``id`` is what another system calls it."""

    name: str
    parent: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class RelationType:
    """A relation from things of ``domain`` to things of ``range`` (no types: anything).

    ``functional``: a head has one tail at a time, ``inverse_functional``: a tail has one head. ``inverse`` is the
    relation, of this ontology, that says the same from the other end. ``symmetric``: it holds both ways.
    """

    name: str
    domain: tuple[str, ...] = ()
    range: tuple[str, ...] = ()
    description: str = ""
    aliases: tuple[str, ...] = ()
    inverse: str = ""
    symmetric: bool = False
    functional: bool = False
    inverse_functional: bool = False
    id: str = ""


@dataclass(frozen=True)
class Ontology:
    """Types and relations by name; ``learnt`` is what `kg_builder.ontology.learning` made of examples (empty:
    nothing), as the text that files hold it in."""

    title: str = ""
    description: str = ""
    types: Mapping[str, EntityType] = field(default_factory=dict)
    relations: Mapping[str, RelationType] = field(default_factory=dict)
    learnt: str = field(default="", repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """128 bits in hex: the same for the same types, relations and learnt part, whatever file they came from."""
        said = {
            "types": [asdict(self.types[name]) for name in sorted(self.types)],
            "relations": [asdict(self.relations[name]) for name in sorted(self.relations)],
            "learnt": self.learnt,
        }
        text = json.dumps(said, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def above(self, name: str) -> Iterator[str]:
        """The type of that name and the types above it, nearest first."""
        seen: set[str] = set()
        while name in self.types and name not in seen:
            seen.add(name)
            yield name
            name = self.types[name].parent

    def is_a(self, name: str, wanted: str) -> bool:
        """Whether everything of the type `name` is of the type `wanted`."""
        return wanted in self.above(name)
