"""Which relation of an ontology an extraction speaks of, by its words alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kg_builder.ontology.phrases import HAN, content_stems, readable
from kg_builder.ontology.records import Ontology, RelationType
from kg_builder.relation_types import PREPOSITIONS
from kg_builder.relations import canonical_relation, without_negation
from kg_builder.types import Extraction, Language, Relation

__all__ = ["Lexical", "Match"]

_AGENT = re.compile(r"(?:er|or|ist|ian|member|author|star|spouse|parent|[人者员家])\Z")
_EXACT, _NAMED_OTHERWISE, _WITHOUT_PREPOSITION = 1.0, 0.9, 0.85
_LEAST = 0.55
_EMPTY = frozenset({"be", "have", "do", "是", "为", "有"})  # with a preposition they say something else


@dataclass(frozen=True, slots=True)
class Match:
    """A relation that an extraction may speak of, how surely by its words (0 to 1), and whether from tail to head."""

    relation: str
    quality: float
    turned: bool


class Lexical:
    """The relations of one ontology by the words that texts say them with."""

    def __init__(self, ontology: Ontology) -> None:
        self._exact: dict[str, list[Match]] = {}
        self._stems: list[tuple[frozenset[str], Match]] = []
        for relation in ontology.relations.values():
            for at, phrase in enumerate((relation.name, *relation.aliases)):
                self._add(relation, readable(phrase) if not HAN.search(phrase) else phrase, named=not at)
            self._add_described(relation)

    def _add(self, relation: RelationType, phrase: str, *, named: bool) -> None:
        name, turned = _canonical(phrase)
        self._put(name, Match(relation.name, _EXACT, turned))
        words = name.split()
        if len(words) > 1 and words[-1] in PREPOSITIONS:
            self._put(" ".join(words[:-1]), Match(relation.name, _WITHOUT_PREPOSITION, turned))
        agent = named and not turned and _AGENT.search(name) is not None
        if not words or words[-1] not in PREPOSITIONS:
            # "Is the director of": the one who is it stands first; in film, director, person it stands last.
            self._put(f"{name} of", Match(relation.name, _NAMED_OTHERWISE, not turned))
        if stems := content_stems(phrase):
            # "A directed B" has the director first as well.
            self._stems.append((stems, Match(relation.name, _NAMED_OTHERWISE, turned or agent)))

    def _add_described(self, relation: RelationType) -> None:
        words = re.findall(r"[^\W\d_]{4,}", relation.description.lower())[:12]
        if words and not HAN.search(relation.description):
            self._stems.append((content_stems(" ".join(words)), Match(relation.name, 0.7, False)))

    def _put(self, key: str, match: Match) -> None:
        if key:
            self._exact.setdefault(key, []).append(match)

    def matches(self, extraction: Extraction) -> list[Match]:
        """The relations that `extraction` may speak of, best first; directions as the extraction has its arguments."""
        language: Language = "zh" if HAN.search(extraction.relation.surface) else "en"
        canonical = canonical_relation(extraction.relation, language=language)
        name = without_negation(canonical.name) if extraction.polarity == "negative" else canonical.name
        found = list(self._by_name(name))
        if not any(match.quality >= _EXACT for match in found):
            found += self._by_stems(name)
        best: dict[str, Match] = {}
        for match in found:
            turned = match.turned != canonical.inverted
            if match.relation not in best or best[match.relation].quality < match.quality:
                best[match.relation] = Match(match.relation, match.quality, turned)
        return sorted(best.values(), key=lambda match: (-match.quality, match.relation))

    def _by_name(self, name: str) -> Iterator[Match]:
        yield from self._exact.get(name, ())
        words = name.split()
        if len(words) > 1 and words[-1] in PREPOSITIONS:
            for match in self._exact.get(" ".join(words[:-1]), ()):
                yield Match(match.relation, min(match.quality, _WITHOUT_PREPOSITION), match.turned)
        if words and words[-1] not in PREPOSITIONS and name not in _EMPTY:
            ends = tuple(f" {preposition}" for preposition in PREPOSITIONS - {"of"})
            for match in (m for end in ends for m in self._exact.get(name + end, ())):
                yield Match(match.relation, min(match.quality, _WITHOUT_PREPOSITION), match.turned)

    def _by_stems(self, name: str) -> Iterator[Match]:
        said = content_stems(name)
        for stems, match in self._stems:
            shared = len(said & stems)
            if not shared:
                continue
            quality = match.quality * 2 * shared / (len(said) + len(stems))
            if quality >= _LEAST:
                yield Match(match.relation, quality * 0.95, match.turned)


def _canonical(phrase: str) -> tuple[str, bool]:
    language: Language = "zh" if HAN.search(phrase) else "en"
    made = canonical_relation(Relation(phrase), language=language)
    return made.name, made.inverted


def names_of(matches: Iterable[Match]) -> list[str]:
    """The relations of `matches`, in order."""
    return [match.relation for match in matches]
