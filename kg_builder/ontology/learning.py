"""Learns from examples which spans of a text stand in which relation, and how names are written."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kg_builder.ontology.examples import Example
from kg_builder.ontology.forms import Forms, Index, align
from kg_builder.ontology.lexical import Lexical
from kg_builder.ontology.phrases import folded
from kg_builder.ontology.prior import Prior, load_prior
from kg_builder.ontology.reader import Seen, read
from kg_builder.ontology.records import Ontology
from kg_builder.ontology.spans import read_text
from kg_builder.ontology.training import SEED, Case, fitted
from kg_builder.ontology.understanding import Understanding
from kg_builder.ontology.weights import pack
from kg_builder.types import Extraction

__all__ = ["Learnt", "learn", "learn_prior"]

_LISTED_ONE, _LISTED_ALL = 0.04, 0.15
"""How much a text counts against a relation that its example does not list: less where examples list one triple each,
since what texts say is seldom one thing."""
_PRIOR_LEAST = 0.08  # smaller weights are left out of the prior
_MANY = 1.1  # tails of a head in a text, on average


@dataclass(slots=True)
class Learnt:
    """What `learn` made: ``text`` is for `Ontology.learnt`. ``aligned`` of ``triples`` had both names in the text."""

    text: str
    examples: int
    triples: int
    aligned: int
    by_relation: dict[str, int]
    unknown: dict[str, int] = field(default_factory=dict)


def learn(
    ontology: Ontology,
    examples: Sequence[Example],
    extractions: Sequence[Sequence[Extraction]],
    *,
    prior: Prior | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> Learnt:
    """Learn from `examples`, for which an extractor gave `extractions` (one list each).

    A triple counts where both its names stand in the text, word for word or nearly so (`forms.align`). Triples of
    relations that the ontology lacks are counted as ``unknown``. The same input gives the same weights.
    """
    prior = prior or load_prior()
    relations = list(ontology.relations)
    cases, pairs, unknown, by_relation = _cases(relations, examples, extractions)
    seen = _seen_in(cases)
    lexical = Lexical(ontology)
    for case in cases:
        certain = [place for _, heads, tails in case.triples for place in (*heads, *tails)]
        case.reading = read(case.example.text, case.extractions, lexical, seen, own=case.own, certain=certain)
    listed = [len(case.triples) for case in cases if case.triples]
    complete = min(1.0, max(0.0, sum(listed) / max(1, len(listed)) - 1.0))
    elsewhere = _LISTED_ONE + complete * (_LISTED_ALL - _LISTED_ONE)
    view = Understanding(ontology, relations)
    usable = [case for case in cases if case.reading and case.reading.spans]
    weights = fitted(relations, usable, elsewhere, prior, lambda _: view, on_progress)
    said: dict[str, Any] = {"forms": Forms.of(pairs).to_dict(), "seen": seen, "examples": by_relation}
    said["single"] = _single(relations, cases)
    said["prior"] = prior.digest
    said["complete"] = round(complete, 4)
    total = sum(len(case.example.triples) for case in cases)
    return Learnt(pack(weights, said), len(examples), total, sum(by_relation.values()), by_relation, unknown)


def learn_prior(
    sets: Sequence[tuple[Ontology, Sequence[Example], Sequence[Sequence[Extraction]]]],
    *,
    on_progress: Callable[[str], None] | None = None,
) -> bytes:
    """What all relations of many ontologies have in common, for `Prior`.

    Every text counts once for each relation that its example lists, as if there were no other, and a little as having
    nothing of one that it does not list.
    """
    one, random = ["*"], np.random.default_rng(SEED)
    cases: list[Case] = []
    views: dict[int, Understanding] = {}
    for ontology, examples, extractions in sets:
        relations, lexical = list(ontology.relations), Lexical(ontology)
        made, _, _, _ = _cases(relations, examples, extractions)
        seen = _seen_in(made)
        alone = [Understanding(ontology, [name]) for name in relations]
        for case in made:
            certain = [place for _, heads, tails in case.triples for place in (*heads, *tails)]
            reading = read(case.example.text, case.extractions, lexical, seen, own=case.own, certain=certain)
            listed = sorted({triple[0] for triple in case.triples})
            others = [relation for relation in range(len(relations)) if relation not in listed]
            for relation in [*listed, *random.permutation(others)[:1].tolist()]:
                triples = [(0, heads, tails) for r, heads, tails in case.triples if r == relation]
                cases.append(Case(case.example, (), triples, {}, reading))
                views[id(cases[-1])] = alone[relation]
    blank = Prior(b"")
    usable = [case for case in cases if case.reading and case.reading.spans]
    weights = fitted(one, usable, _LISTED_ALL, blank, lambda case: views[id(case)], on_progress)
    weights.bias += blank.bias
    return base64.b64decode(pack(weights, {"from": len(cases)}, least=_PRIOR_LEAST))


def _seen_in(cases: Sequence[Case]) -> Seen:
    seen: Seen = {}
    for case in cases:
        for key, slots in case.own.items():
            for slot, n in slots.items():
                known = seen.setdefault(key, {})
                known[slot] = known.get(slot, 0) + n
    return seen


def _cases(
    relations: Sequence[str], examples: Sequence[Example], extractions: Sequence[Sequence[Extraction]]
) -> tuple[list[Case], dict[str, Counter[tuple[str, str]]], dict[str, int], dict[str, int]]:
    number = {_plain(name): i for i, name in enumerate(relations)}
    pairs: dict[str, Counter[tuple[str, str]]] = {}
    unknown: Counter[str] = Counter()
    by_relation: Counter[str] = Counter()
    cases: list[Case] = []
    for example, found in zip(examples, extractions, strict=True):
        text = read_text(example.text)
        index = Index(text)
        case = Case(example, found, [], {})
        for triple in dict.fromkeys(example.triples):
            relation = number.get(_plain(triple.relation))
            if relation is None:
                unknown[triple.relation] += 1
                continue
            ends = align(triple.head, index), align(triple.tail, index)
            for side, name, spans in zip("ht", (triple.head, triple.tail), ends, strict=True):
                if not spans:
                    continue
                words = text.text[text.starts[spans[0][0]] : text.ends[spans[0][1] - 1]]
                slot = f"{relations[relation]}\t{side}"
                pairs.setdefault(slot, Counter())[words, name] += 1
                slots = case.own.setdefault(folded(words), {})
                slots[slot] = slots.get(slot, 0) + 1
            if ends[0] and ends[1]:
                by_relation[relations[relation]] += 1
            case.triples.append((relation, *ends))
        cases.append(case)
    return cases, pairs, dict(unknown), dict(by_relation)


def _single(relations: Sequence[str], cases: Sequence[Case]) -> list[str]:
    """The relations that a text seldom says twice of one head: a second tail is then more likely a mistake."""
    tails: dict[int, list[int]] = {}
    for case in cases:
        for relation, head in {(triple[0], tuple(triple[1])) for triple in case.triples if triple[1]}:
            found = {tuple(t[2]) for t in case.triples if t[0] == relation and tuple(t[1]) == head}
            tails.setdefault(relation, []).append(len(found))
    return [relations[i] for i, counts in sorted(tails.items()) if sum(counts) <= _MANY * len(counts)]


def _plain(name: str) -> str:
    return "".join(name.replace("_", " ").split()).casefold()
