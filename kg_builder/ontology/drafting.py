"""Proposes an ontology from what documents say: the relations they use, between what, and how else they put them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from kg_builder.ontology.phrases import HAN, content_stems
from kg_builder.ontology.records import EntityType, Ontology, RelationType
from kg_builder.ontology.writing import ontology_to_toml, table_header
from kg_builder.relation_types import PREPOSITIONS
from kg_builder.relations import canonical_relation
from kg_builder.types import ENTITY_TYPES, Extraction, Language

__all__ = ["Draft"]

_EXAMPLES = 5
_SHARE = 0.15  # of a relation's statements that a type must have to belong to its domain or range
_EMPTY = frozenset({"be", "have", "是", "为", "有", "do", "say", "make"})  # say nothing of what they relate
_FUNCTIONAL_LEAST = 5
_FUNCTIONAL_SHARE = 0.95


@dataclass(slots=True)
class _Relation:
    count: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    heads: Counter[str] = field(default_factory=Counter)
    tails: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    pairs: dict[str, set[str]] = field(default_factory=dict)


class Draft:
    """Takes extractions and proposes an ontology from the facts among them."""

    def __init__(self) -> None:
        self.facts = 0
        self._relations: dict[str, _Relation] = {}
        self._types: dict[str, Counter[str]] = {}

    def add(self, extractions: Iterable[Extraction]) -> None:
        """Count what `extractions` assert."""
        for extraction in extractions:
            if extraction.is_fact:
                self.facts += 1
                self._add(extraction)

    def _add(self, x: Extraction) -> None:
        language: Language = "zh" if HAN.search(x.relation.surface) else "en"
        canonical = canonical_relation(x.relation, language=language)
        head, tail = (x.tail, x.head) if canonical.inverted else (x.head, x.tail)
        for mention in (head, tail):
            self._types.setdefault(mention.type, Counter())[mention.surface] += 1
        if canonical.name in _EMPTY:
            return
        known = self._relations.setdefault(canonical.name, _Relation())
        known.count += 1
        known.heads[head.type] += 1
        known.tails[tail.type] += 1
        known.pairs.setdefault(head.surface, set()).add(tail.surface)
        if not canonical.inverted:  # "was founded by" is the other way round
            known.forms[x.relation.surface.lower()] += 1
        if len(known.examples) < _EXAMPLES:
            known.examples.append(f"{head.surface} | {tail.surface}")

    def ontology(self, *, least: int = 3, most: int = 60) -> tuple[Ontology, dict[str, str]]:
        """The proposal, and a remark on each relation: how often it was found, and where for example.

        Relations that differ only in how a verb is inflected or derived are one, its other names aliases.
        """
        groups = self._groups(least, most)
        relations: dict[str, RelationType] = {}
        remarks: dict[str, str] = {}
        used: set[str] = set()
        taken = {name.casefold() for name, _, _ in groups}
        for name, others, known in groups:
            domain, range_ = _usual(known.heads), _usual(known.tails)
            used.update((*domain, *range_))
            aliases = []
            for alias in (*others, *(form for form, _ in known.forms.most_common(6))):
                if alias.casefold() not in taken and "|" not in alias and alias.strip():
                    taken.add(alias.casefold())
                    aliases.append(alias)
            relations[name] = RelationType(
                name, domain, range_, aliases=tuple(aliases), functional=_is_functional(known)
            )
            remarks[name] = f"found {known.count} times: {'; '.join(known.examples)}"
        types = {}
        for name in (*ENTITY_TYPES, *sorted(set(self._types) - set(ENTITY_TYPES))):
            if name in used and name != "Other":
                examples = tuple(words for words, _ in self._types[name].most_common(_EXAMPLES))
                types[name] = EntityType(name, examples=examples)
        return Ontology("Draft", "", types, relations), remarks

    def _groups(self, least: int, most: int) -> list[tuple[str, list[str], _Relation]]:
        by_stem: dict[tuple[frozenset[str], str], list[str]] = {}
        for name in sorted(self._relations, key=lambda n: (-self._relations[n].count, n)):
            words = name.split()
            preposition = words[-1] if len(words) > 1 and words[-1] in PREPOSITIONS else ""
            by_stem.setdefault((content_stems(name), preposition), []).append(name)
        groups = []
        for names in by_stem.values():
            made = _Relation()
            for name in names:
                _merge(made, self._relations[name])
            if made.count >= least and not any("|" in name or len(name) > 200 for name in names):
                groups.append((names[0], names[1:6], made))
        return sorted(groups, key=lambda group: (-group[2].count, group[0]))[:most]

    def to_toml(self, *, least: int = 3, most: int = 60) -> str:
        """The proposal as a TOML file, with the remarks as comments."""
        ontology, remarks = self.ontology(least=least, most=most)
        lines = [
            f"# Proposed from {self.facts} statements. Look it over: rename, merge, remove, say what belongs to",
            "# which type. `kg ontology check FILE` finds mistakes.",
            *ontology_to_toml(ontology).splitlines(),
        ]
        made: list[str] = []
        headers = {table_header("relations", name): name for name in ontology.relations}
        for line in lines:
            if line in headers:
                made.append("# " + " ".join(remarks[headers[line]].split()))
            made.append(line)
        return "\n".join(made) + "\n"


def _merge(made: _Relation, more: _Relation) -> None:
    made.count += more.count
    made.forms.update(more.forms)
    made.heads.update(more.heads)
    made.tails.update(more.tails)
    made.examples = [*made.examples, *more.examples][:_EXAMPLES]
    for head, tails in more.pairs.items():
        made.pairs.setdefault(head, set()).update(tails)


def _usual(types: Counter[str]) -> tuple[str, ...]:
    """The types that stand there often; none where too much of it is of no type."""
    total = types.total()
    if types["Other"] > 0.5 * total:
        return ()
    return tuple(sorted(name for name, n in types.items() if name != "Other" and n >= max(2, _SHARE * total)))


def _is_functional(known: _Relation) -> bool:
    """Whether hardly any head has two tails, among heads enough that might."""
    single = sum(len(tails) == 1 for tails in known.pairs.values())
    return (
        len(known.pairs) >= _FUNCTIONAL_LEAST
        and known.count > len(known.pairs)
        and single >= _FUNCTIONAL_SHARE * len(known.pairs)
    )
