"""The weights of ``kg_builder.resolve.scoring``, learnt from pairs of names.

From three sources: the mentions of Re-DocRED (Tan et al. 2022, MIT), names of one entity in one document, with its
relations as facts, once by whole documents and once with every document cut in two, so that names of one entity also
occur apart; the names of ``name_links.txt``, written for this project; and the table of pairs of its tests. Candidates
are those that share a block. Logistic regression, drawn towards what is set below by hand (a Gaussian prior), since
Chinese short forms, say, have few examples.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg_builder.names import name_key
from kg_builder.resolve.batch import candidates
from kg_builder.resolve.features import LESS, compare
from kg_builder.resolve.records import Profile
from kg_builder.types import Name

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_OUT = _ROOT / "kg_builder" / "models" / "resolution" / "weights.json"
_TYPES = {"PER": "Person", "ORG": "Organization", "LOC": "Place", "MISC": "Work"}
_UNTYPED = 0.25  # the share of mentions whose type is hidden
_NARROW = 0.5  # how far the weights of the context may depart: a corpus of unconnected articles has its own habits

_POLICY = frozenset(["stated alias", "other order of words", "characters that share a simplified one"])
"""Weights that are decided and not learnt: what a text says counts, and what the spelling leaves open stays open."""

PRIOR: Mapping[str, float] = {
    "constant": -2.0,
    "same key": 4.0,
    "look-alike letters": -6.0,
    "looser key": 4.0,
    "titles differ": -4.0,
    "legal forms differ": -3.0,
    "initials differ": -4.0,
    "accents on a common noun": -3.0,
    "a plural": 0.0,
    "plural of a name": -3.0,
    "other order of words": -2.0,
    "a trade alone": -3.0,
    "characters that share a simplified one": -2.0,
    "a capital on one side": -1.0,
    "other number": -5.0,
    "number on one side": -2.5,
    "other script": -2.0,
    "acronym": 2.0,
    "acronym letters": 1.0,
    "initials": 1.5,
    "short given name": 1.7,
    "nothing but initials": -3.0,
    "typing error": 0.5,
    "length": 1.0,
    "first letter differs": -1.0,
    "last letters differ": -0.5,
    "two known words": -2.5,
    "Chinese typing error": -1.0,
    "surname": 1.2,
    "given name": 0.2,
    "part of the name": -1.0,
    "words more": -0.7,
    "a word is misspelt": -1.0,
    "an initial only": -1.0,
    "only common nouns more": -0.5,
    "a number more": -1.5,
    "share of the letters": 1.0,
    "a common noun alone": -0.5,
    "at the beginning": 0.0,
    "at the end": 0.0,
    "several words": 0.5,
    "Chinese part": -2.0,
    "short form": 2.0,
    "without its country": 1.0,
    "without its kind": 0.0,
    "two characters": -0.3,
    "initials of words": 0.3,
    "different": -2.5,
    "similar spelling": 1.0,
    "common words": 0.5,
    "common letters": 0.5,
    "a word instead of another": -0.5,
    "one character differs": -1.0,
    "same type": 0.5,
    "one has no type": -0.2,
    "stated alias": 9.0,
    "facts in common": 0.8,
    "facts in common (part)": 1.0,
    "facts in common (different)": 0.8,
    "neighbours in common (different)": 0.5,
    "no neighbour in common (different)": -0.5,
    "documents in common (different)": 0.0,
    "always together (different)": 0.0,
    "no document in common (different)": -0.5,
    "neighbours in common": 0.5,
    "neighbours in common (part)": 0.7,
    "no neighbour in common": -0.5,
    "no neighbour in common (part)": -0.5,
    "a fact between the two": -2.0,
    "documents in common": 0.0,
    "documents in common (part)": 1.0,
    "always together": 0.0,
    "always together (part)": 1.0,
    "no document in common": -0.5,
    "no document in common (part)": -1.5,
}
"""Log-odds by hand, from which the learnt ones depart as far as there is evidence. Those that begin with "no" stay as
they are: nobody annotated which names of two articles are one, so that the data say nothing about them."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Features of two names, whether they are one entity, how much the pair counts, and their ids in their corpus."""

    features: dict[str, float]
    same: bool
    weight: float = 1.0
    a: str = ""
    b: str = ""


@dataclass(slots=True)
class _Draft:
    surfaces: dict[str, int]
    neighbours: set[str]
    documents: set[str]
    types: set[str] = field(default_factory=set)


def re_docred(data: Path, *, cut: bool, typed: bool, seed: int, held_out: bool | None = None) -> Iterator[Pair]:
    """Pairs of names of one corpus; with `cut`, the halves of a document are documents; `typed` or without types.

    `held_out` takes every fifth article, or the others, instead of all.
    """
    articles = json.loads((data / "triples" / "re_docred" / "dev_revised.json").read_text(encoding="utf-8"))
    drafts: dict[Name, _Draft] = {}
    same: set[tuple[str, str]] = set()
    chance = random.Random(seed)
    for number, article in enumerate(articles):
        if held_out is not None and (number % 5 == 0) != held_out:
            continue
        halves = len(article["sents"]) / 2 if cut else 1e9
        names = [
            _mentions(entity, number, halves, drafts, chance if typed else None) for entity in article["vertexSet"]
        ]
        for group in names:
            same.update((a.id, b.id) for a in group for b in group if a.id < b.id)
        for label in article["labels"]:
            if names[label["h"]] and names[label["t"]]:
                for _ in range(chance.choice((1, 1, 2, 3))):  # a fact is said once, or again with other names
                    head, tail = chance.choice(names[label["h"]]), chance.choice(names[label["t"]])
                    drafts[head].neighbours.add(f"{label['r']}>{tail.key}")
                    drafts[tail].neighbours.add(f"{label['r']}<{head.key}")
    yield from _pairs(drafts, same | _hidden(drafts), f"{cut}{typed}")


def _mentions(
    entity: list[dict[str, Any]],
    number: int,
    middle: float,
    drafts: dict[Name, _Draft],
    types: random.Random | None,
) -> list[Name]:
    """The names of one entity, entered into the drafts; without `types` none has a type, with it most have one."""
    found: list[Name] = []
    if entity[0]["type"] in ("NUM", "TIME"):
        return found
    for mention in entity:
        surface = re.sub(r"\s+([.,;:)\]])|([(\[])\s+|\s+(?=[-–])|(?<=[-–])\s+", r"\1\2", mention["name"]).strip()
        if surface:
            known = types is not None and types.random() >= _UNTYPED
            name = Name(name_key(surface), _TYPES[entity[0]["type"]] if known else "Other")
            draft = drafts.setdefault(name, _Draft({}, set(), set()))
            draft.surfaces[surface] = draft.surfaces.get(surface, 0) + 1
            draft.types.add(_TYPES[entity[0]["type"]])
            draft.documents.add(f"{number}.{int(mention['sent_id'] >= middle)}")
            found.append(name)
    return found


def _hidden(drafts: Mapping[Name, _Draft]) -> set[tuple[str, str]]:
    """A name without a type and one of its key with a type, where the hidden type is that one."""
    found = set()
    for name, draft in drafts.items():
        if name.type == "Other" and len(draft.types) == 1:
            other = Name(name.key, next(iter(draft.types)))
            if other in drafts:
                found.add((min(name.id, other.id), max(name.id, other.id)))
    return found


def own_names(*, context: bool) -> Iterator[Pair]:
    """Pairs of the names written for this project; with `context`, those of one entity occur together."""
    drafts: dict[Name, _Draft] = {}
    same: set[tuple[str, str]] = set()
    for number, line in enumerate((_HERE / "name_links.txt").read_text(encoding="utf-8").splitlines()):
        if not line or line.startswith("#"):
            continue
        kind, rest = line.split(": ", 1)
        one, *others = rest.split(" ! ")
        names = [Name(name_key(surface.strip()), kind) for surface in one.split(" = ")]
        for surface in [*one.split(" = "), *others]:
            draft = drafts.setdefault(Name(name_key(surface.strip()), kind), _Draft({}, set(), set()))
            draft.surfaces[surface.strip()] = 1
            if context:
                draft.documents.add(str(number))
        same.update((a.id, b.id) for a in names for b in names if a.id < b.id)
    yield from _pairs(drafts, _closed(same), f"own{context}")


def table_of_tests() -> Iterator[Pair]:
    """The pairs of ``tests/resolve/name_pairs.tsv``: without types, neighbours or documents."""
    rows = (_ROOT / "tests" / "resolve" / "name_pairs.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for row in rows:
        a, b, verdict, level, _ = row.split("\t")
        if level != "exact" and "\\" not in a + b:
            one, other = (Profile(Name(name_key(s), "Other"), {s: 1}) for s in (a, b))
            yield Pair(compare(one, other)[1], verdict == "same", 3.0)


def misspelt(data: Path, *, seed: int) -> Iterator[Pair]:
    """Names of Re-DocRED and of our own with a typing error each: swapped, dropped, doubled or replaced letters."""
    chance = random.Random(seed)
    articles = json.loads((data / "triples" / "re_docred" / "dev_revised.json").read_text(encoding="utf-8"))
    names = sorted({m["name"] for a in articles for e in a["vertexSet"] for m in e if len(m["name"]) > 7})
    for surface in chance.sample(names, 400):
        wrong = _with_error(surface, chance)
        one, other = (Profile(Name(name_key(s), "Other"), {s: 1}) for s in (surface, wrong))
        if one.name.key != other.name.key:
            yield Pair(compare(one, other)[1], True, 0.3)


def _with_error(text: str, chance: random.Random) -> str:
    places = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if not places:
        return text
    i = chance.choice(places)
    letter = chance.choice("abcdefghilmnoprstu")
    kinds = (
        text[:i] + text[i + 1] + text[i] + text[i + 2 :],
        text[:i] + text[i + 1 :],
        text[:i] + text[i] + text[i:],
        text[:i] + letter + text[i + 1 :],
    )
    return chance.choice(kinds)


def _closed(same: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """`same` with what follows of it."""
    near: dict[str, set[str]] = defaultdict(set)
    for a, b in same:
        near[a].add(b)
        near[b].add(a)
    return same | {(a, b) for ends in near.values() for a in ends for b in ends if a < b}


def _pairs(drafts: Mapping[Name, _Draft], same: set[tuple[str, str]], corpus: str) -> Iterator[Pair]:
    profiles = {
        name.id: Profile(name, d.surfaces, frozenset(d.neighbours), frozenset(d.documents))
        for name, d in drafts.items()
    }
    for a, b in candidates(profiles):
        features = compare(profiles[a], profiles[b])[1]
        if "type conflict" not in features:
            yield Pair(features, (a, b) in same, 1.0, corpus + a, corpus + b)


def fit(pairs: Sequence[Pair], *, spread: float = 1.5, rounds: int = 5) -> dict[str, float]:
    """Maximum a posteriori by Newton's method, with a Gaussian of `spread` around the weights set by hand.

    What `kg_builder.resolve.grouping` does with rivals is part of the model: of the names that a name could belong to
    and that are two, only one can be meant, so that the odds of each are divided by 1 + the odds of the best other.
    These divisors are worked out with the weights of the round before.
    """
    place = {name: i for i, name in enumerate(PRIOR)}
    if unknown := {name for pair in pairs for name in pair.features} - set(place) - {LESS}:
        raise SystemExit(f"features without a prior: {sorted(unknown)}")
    rows = np.zeros((len(pairs), len(place)))
    rows[:, place["constant"]] = 1
    for i, pair in enumerate(pairs):
        for name, value in pair.features.items():
            if name != LESS:
                rows[i, place[name]] = value
    labels = np.array([pair.same for pair in pairs], dtype=float)
    counts = np.array([pair.weight for pair in pairs])
    prior = np.array(list(PRIOR.values()))
    context = ("in common", "together", "between the two", "type", "constant")
    widths = [
        0.01
        if name.startswith("no ") or name in _POLICY
        else 0.2
        if "(different)" in name
        else _NARROW
        if any(c in name for c in context)
        else spread
        for name in PRIOR
    ]
    stiff = 1 / np.array(widths) ** 2
    weights = prior.copy()
    for _ in range(rounds):
        offset = _divisors(pairs, np.clip(rows @ weights, -12, 12))
        for _ in range(30):
            chance = 1 / (1 + np.exp(-np.clip(rows @ weights - offset, -30, 30)))
            slope = rows.T @ (counts * (chance - labels)) + (weights - prior) * stiff
            bend = (rows.T * (counts * chance * (1 - chance))) @ rows + np.diag(stiff)
            step = np.linalg.solve(bend, slope)
            weights -= np.clip(step, -1, 1)
            if np.abs(step).max() < 1e-6:
                break
    return {name: round(float(weights[place[name]]), 3) for name in place}


def _divisors(pairs: Sequence[Pair], odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each pair the logarithm of 1 + the odds of the best rival, at whichever of its ends that is more."""
    near: dict[str, list[tuple[float, str]]] = defaultdict(list)
    same = {(pair.a, pair.b) for pair in pairs if pair.same}
    for pair, value in zip(pairs, odds, strict=True):
        if pair.a and value > -3:
            less = pair.features.get(LESS, 0.0)
            if less >= 0:
                near[pair.a].append((float(value), pair.b))
            if less <= 0:
                near[pair.b].append((float(value), pair.a))
    best = {name: sorted(ends, reverse=True)[:16] for name, ends in near.items()}
    found = np.zeros(len(pairs))
    for i, pair in enumerate(pairs):
        less = pair.features.get(LESS, 0.0)
        ends = [(pair.a, pair.b)] * (less >= 0) + [(pair.b, pair.a)] * (less <= 0)
        for name, candidate in ends:
            for value, rival in best.get(name, ()):
                one, other = sorted((candidate, rival))
                if rival != candidate and (one, other) not in same:
                    found[i] = max(found[i], float(np.log1p(np.exp(value))))
                    break
    return found


def held_out(data: Path, *, seed: int = 7) -> dict[str, object]:
    """Figures on every fifth article of weights learnt without them: after rivals are considered, as groups do it."""
    weights = fit(all_pairs(data, seed=seed, held_out=False))
    pairs = [p for t in (False, True) for p in re_docred(data, cut=False, typed=t, seed=seed, held_out=True)]
    odds = np.array(
        [weights["constant"] + sum(weights.get(name, 0) * value for name, value in p.features.items()) for p in pairs]
    )
    chance = 1 / (1 + np.exp(_divisors(pairs, np.clip(odds, -12, 12)) - odds))
    labels = np.array([pair.same for pair in pairs])
    bins = np.digitize(chance, (0.1, 0.3, 0.5, 0.7, 0.9))
    right = int((labels & (chance >= 0.5)).sum())
    return {
        "pairs": len(pairs),
        "same": int(labels.sum()),
        "precision": round(right / int((chance >= 0.5).sum()), 3),
        "recall": round(right / int(labels.sum()), 3),
        "calibration": {
            f"{chance[bins == i].mean():.2f}": [round(float(labels[bins == i].mean()), 2), int((bins == i).sum())]
            for i in range(6)
        },
    }


def all_pairs(data: Path, *, seed: int = 7, held_out: bool | None = None) -> list[Pair]:
    """Everything that is learnt from."""
    found: list[Pair] = []
    for cut in (False, True):
        for typed in (False, True):
            found += re_docred(data, cut=cut, typed=typed, seed=seed, held_out=held_out)
    for context in (False, True):
        found += own_names(context=context)
    found += table_of_tests()
    found += misspelt(data, seed=seed)
    return found


def main() -> None:
    """Learn and write the weights."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    options.add_argument("--out", type=Path, default=_OUT)
    options.add_argument("--held-out", action="store_true", help="measure on articles not learnt from; write nothing")
    arguments = options.parse_args()
    if arguments.held_out:
        sys.stdout.write(json.dumps(held_out(Path(arguments.data))) + "\n")
        return
    pairs = all_pairs(Path(arguments.data))
    same = sum(pair.same for pair in pairs)
    weights = fit(pairs)
    text = json.dumps(
        {
            "about": "Log-odds by feature, for names that share a block; made by finetune.pipelines.name_links from "
            "Re-DocRED (MIT) and names written for this project.",
            "pairs": len(pairs),
            "same": same,
            "weights": weights,
        },
        indent=1,
        ensure_ascii=False,
    )
    arguments.out.write_text(text + "\n", encoding="utf-8")
    sys.stderr.write(f"{len(pairs)} pairs, {same} of one entity: {arguments.out}\n")


if __name__ == "__main__":
    main()
