"""From what an extractor found to an ontology's relations and types.

First by words: the relation's lemma against the names, aliases and derivations of the ontology's relations, with the
direction that domain and range bear out. Then by what was learnt from examples, which also sees relations where the
extractor saw no verb. Then, where a callable for vectors is given, by the nearest name. What fits nothing is left out
and counted by reason (``strict``), or kept as it is (``open``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from kg_builder.errors import ConfigError
from kg_builder.named_callables import imported
from kg_builder.ontology.fitting import Fitting
from kg_builder.ontology.lexical import Lexical, Match
from kg_builder.ontology.phrases import readable
from kg_builder.ontology.predicting import Predictor, Proposal
from kg_builder.ontology.reading import read_ontology
from kg_builder.ontology.records import Ontology, RelationType
from kg_builder.types import Extraction, Mention, Relation, digest

__all__ = ["MODES", "Mapped", "Mapper", "Mode", "open_mapper"]

Mode = Literal["strict", "open"]
MODES: tuple[Mode, ...] = ("strict", "open")
MAPPING_VERSION = 2
LEAST = 0.25
"""The least confidence of a triple that is kept: what is most likely wrong is not for a graph."""
_FITS = 0.3
_SURELY = 0.5  # the other way round
_CLEARLY = 0.3  # better than as the sentence has it
_NEAR = 0.6  # cosine
_EXAMPLES_ENOUGH = 5  # of a relation, for the learnt part to speak for it alone

Vectors = Callable[[Sequence[str]], Any]


@dataclass(frozen=True, slots=True)
class Mapped:
    """Extractions in the ontology's relations and types, and how many were left out (or kept open), by reason;
    ``dropped`` are those themselves, as they were."""

    extractions: list[Extraction]
    left_out: dict[str, int] = field(default_factory=dict)
    dropped: list[tuple[Extraction, str]] = field(default_factory=list)


class Mapper:
    """Maps extractions of a text to `ontology`.

    Args:
        mode: ``strict`` leaves out what does not fit, ``open`` keeps it as the extractor gave it.
        least: the least confidence of what words say; what examples teach is kept from `Predictor.least`.
        vectors: texts in, an array (texts, dimensions) out, for names that no words connect.
    """

    def __init__(
        self,
        ontology: Ontology,
        *,
        mode: Mode = "strict",
        least: float = LEAST,
        vectors: Vectors | None = None,
    ) -> None:
        """Gets the ontology ready.

        Raises:
            OntologyError: its learnt part cannot be read.
        """
        self.ontology = ontology
        self._mode, self._least, self._vectors = mode, least, vectors
        self._lexical = Lexical(ontology)
        self._fitting = Fitting(ontology)
        self._predictor = Predictor(ontology, self._lexical) if ontology.learnt else None

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same extractions may be mapped in another way."""
        return digest("mapper", MAPPING_VERSION, self.ontology.fingerprint, self._mode, self._least)

    def map(self, text: str, extractions: Sequence[Extraction]) -> Mapped:
        """`extractions` of `text` (offsets into it) in the ontology's relations and types, in reading order.

        Every mention's surface stands in the text where it says; ``name`` is how the examples write it.
        """
        dropped: list[tuple[Extraction, str]] = []
        found: dict[tuple[str, str, str], Extraction] = {}
        others: list[Extraction] = []
        proposals = self._predictor.proposals(text, extractions) if self._predictor else []
        used: set[int] = set()
        for proposal in proposals:
            made = self._proposed(text, proposal, extractions, used)
            _keep(found, made)
        types = _types_by_name(extractions)
        for at, extraction in enumerate(extractions):
            made_or_reason = self._by_words(extraction, types)
            if isinstance(made_or_reason, Extraction):
                if extraction.relation.given or not self._spoken_for(made_or_reason):
                    _keep(found, self._written(made_or_reason))
            elif at not in used:
                dropped.append((extraction, made_or_reason))
                if self._mode == "open":
                    others.append(extraction)
        kept = [*self._agreed(list(found.values())), *others]
        kept.sort(key=lambda x: (min(x.head.start, x.tail.start), max(x.head.start, x.tail.start), x.relation.lemma))
        left_out = Counter(reason for _, reason in dropped)
        return Mapped(kept, dict(sorted(left_out.items())), dropped)

    def _agreed(self, extractions: list[Extraction]) -> list[Extraction]:
        """A name that is a company in one place and an organization in another is a company in both."""
        special: dict[str, str] = {}
        for mention in (m for x in extractions for m in (x.head, x.tail)):
            known = special.setdefault(mention.surface.casefold(), mention.type)
            if self.ontology.is_a(mention.type, known):
                special[mention.surface.casefold()] = mention.type

        def agreed(mention: Mention) -> Mention:
            best = special[mention.surface.casefold()]
            fits = best != mention.type and self.ontology.is_a(best, mention.type)
            return replace(mention, type=best) if fits else mention

        return [replace(x, head=agreed(x.head), tail=agreed(x.tail)) for x in extractions]

    def _spoken_for(self, extraction: Extraction) -> bool:
        """Whether examples enough show where the relation is and is not: what they do not bear out is left to them."""
        if self._predictor is None:
            return False
        return self._predictor.examples.get(extraction.relation.lemma, 0) >= _EXAMPLES_ENOUGH

    # --- by words ----------------------------------------------------------------------------------------------------

    def _by_words(self, extraction: Extraction, types: Mapping[str, set[str]]) -> Extraction | str:
        """The extraction in the relation that its words speak of, or why there is none.

        `types` has the types of each name in the text: an extractor takes a person for a company now and then.
        """
        given = self.ontology.relations.get(extraction.relation.lemma) if extraction.relation.given else None
        if given is not None:
            return self._as_given(extraction, given)
        matches = self._lexical.matches(extraction) or self._near(extraction)
        reason = "no relation of the ontology"
        best: tuple[float, Extraction] | None = None
        for match in matches:
            relation = self.ontology.relations[match.relation]
            turned, fit, problem = self._direction(extraction, relation, match, types)
            if problem:
                reason = problem if reason.startswith("no relation") else reason
                continue
            confidence = extraction.confidence * match.quality * (0.5 + 0.5 * fit)
            # Of a relation and its inverse, the one that reads as the sentence does.
            rank = confidence * (0.98 if turned else 1.0)
            if best is None or rank > best[0]:
                best = rank, self._typed(extraction, relation, turned, confidence)
        if best is None:
            return reason
        return best[1] if best[1].confidence >= self._least else "unsure of the relation"

    def _as_given(self, extraction: Extraction, relation: RelationType) -> Extraction | str:
        """What a language model said in the ontology's own terms: as it stands, but for a time or a number where the
        ontology wants a thing, and the other way round. What kind of thing a name is the model knows better."""
        sides = (("domain", extraction.head, relation.domain), ("range", extraction.tail, relation.range))
        for side, mention, wanted in sides:
            value = mention.type in ("Time", "Quantity") or all(each not in self.ontology.types for each in wanted)
            if value and self._fitting.best(mention, wanted)[0] < _FITS:
                return f"outside the {side} of {relation.name}"
        return self._typed(extraction, relation, turned=False, confidence=extraction.confidence)

    def _direction(
        self, extraction: Extraction, relation: RelationType, match: Match, types: Mapping[str, set[str]]
    ) -> tuple[bool, float, str]:
        """Whether the relation reads from tail to head, how well that fits, and what is wrong if neither way fits."""

        def fit(mention: Mention, wanted: Sequence[str]) -> float:
            best = self._fitting.best(mention, wanted)[0]
            others = types.get(mention.surface.casefold(), set()) - {mention.type}
            return max([best, *(0.9 * self._fitting.best(replace(mention, type=t), wanted)[0] for t in others)])

        said = (extraction.tail, extraction.head) if match.turned else (extraction.head, extraction.tail)
        ends = [fit(said[0], relation.domain), fit(said[1], relation.range)]
        other = [fit(said[1], relation.domain), fit(said[0], relation.range)]
        if min(ends) >= _FITS and (min(other) - min(ends) < _CLEARLY or relation.symmetric):
            return match.turned, min(ends), ""
        if min(other) >= _SURELY:
            return match.turned == relation.symmetric, 0.9 * min(other), ""
        side = "domain" if ends[0] < _FITS else "range"
        return match.turned, 0.0, f"outside the {side} of {relation.name}"

    def _typed(self, extraction: Extraction, relation: RelationType, turned: bool, confidence: float) -> Extraction:
        head, tail = (extraction.tail, extraction.head) if turned else (extraction.head, extraction.tail)
        arguments = (extraction.head_argument, extraction.tail_argument)
        _, head_type = self._fitting.best(head, relation.domain)
        _, tail_type = self._fitting.best(tail, relation.range)
        words = extraction.relation
        return replace(
            extraction,
            head=replace(head, type=head_type or head.type),
            tail=replace(tail, type=tail_type or tail.type),
            relation=_given(words, relation),
            confidence=round(min(1.0, confidence), 6),
            head_argument=arguments[1] if turned else arguments[0],
            tail_argument=arguments[0] if turned else arguments[1],
        )

    # --- by vectors --------------------------------------------------------------------------------------------------

    def _near(self, extraction: Extraction) -> list[Match]:
        if self._vectors is None:
            return []
        import numpy as np

        names, known = self._named_vectors
        words = extraction.relation.lemma or extraction.relation.surface
        vector = np.asarray(self._vectors([words]), dtype=np.float32)[0]
        scores = known @ (vector / (np.linalg.norm(vector) or 1.0))
        order = np.argsort(-scores, kind="stable")[:3]
        turned = extraction.relation.passive
        return [Match(names[i], float(scores[i]) * 0.8, turned) for i in order if scores[i] >= _NEAR]

    @cached_property
    def _named_vectors(self) -> tuple[list[str], Any]:
        import numpy as np

        assert self._vectors is not None
        names = list(self.ontology.relations)
        texts = [" ".join((readable(r.name), r.description)).strip() for r in self.ontology.relations.values()]
        made = np.asarray(self._vectors(texts), dtype=np.float32)
        return names, made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)

    # --- by examples -------------------------------------------------------------------------------------------------

    def _proposed(self, text: str, proposal: Proposal, extractions: Sequence[Extraction], used: set[int]) -> Extraction:
        """A proposal as an extraction: with the words, polarity and circumstances of the one that says it, if any."""
        relation = self.ontology.relations[proposal.relation]
        said = None
        for at, extraction in enumerate(extractions):
            for ends in ((extraction.head, extraction.tail), (extraction.tail, extraction.head)):
                if _meets(ends[0], proposal.head) and _meets(ends[1], proposal.tail):
                    used.add(at)
                    said = said or extraction
        head = Mention(text[slice(*proposal.head)], *proposal.head, proposal.head_type or "Other")
        tail = Mention(text[slice(*proposal.tail)], *proposal.tail, proposal.tail_type or "Other")
        head = replace(head, type=self._fitting.best(head, relation.domain)[1] or head.type)
        tail = replace(tail, type=self._fitting.best(tail, relation.range)[1] or tail.type)
        words = said.relation if said else Relation(relation.name)
        made = Extraction(
            head,
            _given(words, relation),
            tail,
            round(proposal.confidence, 6),
            said.extractor if said else "ontology",
        )
        if said is not None:
            made = replace(made, polarity=said.polarity, modality=said.modality, qualifiers=said.qualifiers)
        return self._written(made)

    def _written(self, extraction: Extraction) -> Extraction:
        """The extraction with the names that the examples would give its mentions."""
        if self._predictor is None:
            return extraction
        forms, relation = self._predictor.forms, extraction.relation.lemma

        def named(mention: Mention, side: str) -> Mention:
            name = forms.write(f"{relation}\t{side}", mention.surface)
            return replace(mention, name=name) if name != mention.surface else mention

        return replace(extraction, head=named(extraction.head, "h"), tail=named(extraction.tail, "t"))


def _given(words: Relation, relation: RelationType) -> Relation:
    return Relation(words.surface, words.start, words.end, relation.name, given=True, symmetric=relation.symmetric)


def _keep(found: dict[tuple[str, str, str], Extraction], made: Extraction) -> None:
    key = (made.relation.lemma, made.head.surface.casefold(), made.tail.surface.casefold())
    if key not in found or found[key].confidence < made.confidence:
        found[key] = made


def _types_by_name(extractions: Sequence[Extraction]) -> dict[str, set[str]]:
    types: dict[str, set[str]] = {}
    for mention in (m for x in extractions for m in (x.head, x.tail)):
        types.setdefault(mention.surface.casefold(), set()).add(mention.type)
    return types


def _meets(mention: Mention, place: tuple[int, int]) -> bool:
    return mention.start < place[1] and place[0] < mention.end


@lru_cache(maxsize=8)
def open_mapper(path: Path, mode: Mode = "strict", vectors: str = "") -> Mapper:
    """The mapper for an ontology file; the same object for the same arguments in one process.

    `vectors` names a callable as ``package.module:name``.

    Raises:
        OntologyError: the file cannot be used.
        ConfigError: no such mode or callable.
    """
    if mode not in MODES:
        raise ConfigError(f"expected one of the ontology modes {', '.join(MODES)}, found {mode!r}")
    return Mapper(read_ontology(path), mode=mode, vectors=imported(vectors) if vectors else None)
