"""How well a mention fits a type, by the hierarchy, its extractor's type and its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kg_builder.ontology.phrases import base_types, folded
from kg_builder.ontology.records import Ontology
from kg_builder.types import Mention

__all__ = ["CONFUSED", "UNKNOWN", "Fitting"]

UNKNOWN = 0.6
"""How well a thing fits of which nothing is known."""
CONFUSED = 0.35
"""How well a name fits that its extractor may well have taken for another kind of name."""

_DATE = re.compile(r"\b[12]\d{3}\b|\d{1,2}[/-]\d{1,2}|[0-9一二三四五六七八九十]+[年月日]", re.UNICODE)
_DIGIT = re.compile(r"\d|[一二三四五六七八九十百千万亿]")


class Fitting:
    """Types of one ontology, made ready for judging mentions."""

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology
        self._bases = {name: self._bases_of(name) for name in ontology.types}
        self._by_words: dict[str, str] = {}
        for type_ in ontology.types.values():
            for words in (type_.name, *type_.aliases, *type_.examples):
                self._by_words.setdefault(folded(words), type_.name)

    def _bases_of(self, name: str) -> tuple[str, ...]:
        type_ = self._ontology.types[name]
        for each in self._ontology.above(name):
            for words in (each, *self._ontology.types[each].aliases):
                if bases := base_types(words):
                    return bases
        return base_types(type_.description.split(".")[0]) if type_.description else ()

    def best(self, mention: Mention, wanted: Sequence[str]) -> tuple[float, str]:
        """How well `mention` fits the best of the types `wanted` (none: anything), from 0 to 1, and that type.

        The type is the most special one that the mention's words name; empty where there is none to give.
        """
        if not wanted:
            return UNKNOWN, self._special(mention, "")
        return max(((self.fit(mention, type_), self._special(mention, type_)) for type_ in wanted), key=lambda x: x[0])

    def fit(self, mention: Mention, wanted: str) -> float:
        """How well `mention` fits one type, or kind of value."""
        types = self._ontology.types
        if wanted not in types:
            return self._fit_value(mention, wanted)
        if mention.type in types and mention.type not in _EXTRACTORS:
            return 1.0 if self._ontology.is_a(mention.type, wanted) else 0.7 * self._ontology.is_a(wanted, mention.type)
        named = self._by_words.get(folded(mention.surface), "")
        if named:
            return 1.0 if self._ontology.is_a(named, wanted) else 0.7 * self._ontology.is_a(wanted, named)
        bases = self._bases[wanted]
        if mention.type == wanted or mention.type in bases[:1]:
            return 0.95
        if not bases or mention.type == "Other":
            return UNKNOWN if mention.type not in ("Time", "Quantity") else 0.2
        if mention.type in bases:
            return 0.5
        # Names alone seldom show whether they are a person's or a firm's, and extractors take one for the other.
        confused = {mention.type, bases[0]} == {"Person", "Organization"} and not mention.surface[:1].islower()
        return CONFUSED if confused else 0.0

    def _fit_value(self, mention: Mention, kind: str) -> float:
        if kind == "date":
            return 0.95 if mention.type == "Time" or _DATE.search(mention.surface) else 0.0
        if kind == "number":
            return 0.95 if mention.type == "Quantity" or _DIGIT.search(mention.surface) else 0.0
        return UNKNOWN

    def _special(self, mention: Mention, wanted: str) -> str:
        for words in (mention.type, self._by_words.get(folded(mention.surface), "")):
            if words in self._ontology.types and (not wanted or self._ontology.is_a(words, wanted)):
                return words
        if wanted in self._ontology.types:
            return wanted
        return {"date": "Time", "number": "Quantity"}.get(wanted, "")

    def known(self, words: Iterable[str]) -> list[str]:
        """Those of `words` that are types of the ontology."""
        return [word for word in words if word in self._ontology.types]


_EXTRACTORS = frozenset({"Person", "Organization", "Place", "Time", "Quantity", "Event", "Work", "Product", "Other"})
