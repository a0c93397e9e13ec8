"""Whom "he" and "she" mean: a linear ranker over the people whom the text names nearby, and nobody."""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from kg_builder.errors import ExtractionError
from kg_builder.extract.open_ie.english.coreference_features import FEATURES, Candidate, Situation, describe
from kg_builder.extract.open_ie.english.people import Person, find_people
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.runtime import MODELS

__all__ = ["FEMALE", "MALE", "Answer", "PersonalPronouns", "load_weights"]

MALE = frozenset({"he", "him", "his", "himself"})
FEMALE = frozenset({"she", "her", "hers", "herself"})
WEIGHTS = MODELS / "en" / "coreference.json"
_REACH = 6  # sentences
_NEARBY = 40  # mentions that are looked at, so that work stays linear in the text
_LATER = 8  # of them behind the pronoun
_REMEMBERED = 12  # earlier pronouns of the same gender


class Answer(NamedTuple):
    """The mention that a pronoun means, and how likely that is."""

    place: int
    probability: float


class PersonalPronouns:
    """The people of one text, and the pronouns that mean them."""

    def __init__(self, tree: Tree, sentence_of: list[int], weights: Mapping[str, float] | None = None) -> None:
        self._tree = tree
        self._sentence_of = sentence_of
        self._weights = weights if weights is not None else load_weights()
        self._row = [self._weights.get(name, 0.0) for name in FEATURES]
        self._people: list[Person] | None = None
        self._mentions: list[tuple[int, Person]] = []
        self._pending: dict[str, list[int]] = {}
        self._earlier: dict[str, list[tuple[int, Person]]] = {"m": [], "f": []}
        self._answers: dict[int, Answer | None] = {}

    def of(self, i: int) -> Answer | None:
        """The likeliest answer for the pronoun at `i`; None where the text names nobody."""
        gender = "m" if self._tree.low[i] in MALE else "f"
        self._read()
        waiting = self._pending[gender]
        while waiting and waiting[-1] <= i:  # in reading order: who was meant before tells who is meant now
            self._resolve(waiting.pop(), gender)
        return self._answers.get(i)

    def situation(self, i: int) -> tuple[list[Candidate], list[list[float]]]:
        """The candidates for the pronoun at `i`, with their features, once all earlier pronouns have been answered."""
        self.of(i)
        gender = "m" if self._tree.low[i] in MALE else "f"
        return self._described(i, gender, [e for e in self._earlier[gender] if e[0] < i])

    def _read(self) -> None:
        if self._people is not None:
            return
        self._people = find_people(self._tree)
        self._mentions = sorted(((k, p) for p in self._people for k in p.places), key=lambda pair: pair[0])
        low = self._tree.low
        for gender, words in (("m", MALE), ("f", FEMALE)):
            self._pending[gender] = [i for i in range(len(low) - 1, -1, -1) if low[i] in words]

    def _resolve(self, i: int, gender: str) -> None:
        earlier = self._earlier[gender]
        candidates, rows = self._described(i, gender, earlier)
        if not candidates:
            self._answers[i] = None
            return
        scores = [sum(w * x for w, x in zip(self._row, row, strict=True) if x) for row in rows]
        best = max(range(len(scores)), key=lambda k: (scores[k], -k))
        top = max(scores[best], self._weights.get("nobody", 0.0))
        total = sum(math.exp(s - top) for s in scores) + math.exp(self._weights.get("nobody", 0.0) - top)
        self._answers[i] = Answer(candidates[best].place, math.exp(scores[best] - top) / total)
        earlier.append((i, candidates[best].person))

    def _described(
        self, i: int, gender: str, earlier: list[tuple[int, Person]]
    ) -> tuple[list[Candidate], list[list[float]]]:
        candidates = [c for c in self._candidates(i) if not c.person.titled or c.person.gender == gender]
        situation = Situation(i, gender, self._sentence_of[i], tuple(earlier[-_REMEMBERED:]))
        return candidates, describe(self._tree, self._sentence_of, situation, candidates)

    def _candidates(self, i: int) -> list[Candidate]:
        here = self._sentence_of[i]
        at = bisect_left(self._mentions, i, key=lambda pair: pair[0])
        first = self._people[0] if self._people else None
        seen: dict[int, Candidate] = {}
        for place, person in reversed(self._mentions[max(0, at - _NEARBY) : at]):
            if here - self._sentence_of[place] > _REACH:
                break
            if id(person) not in seen:
                seen[id(person)] = Candidate(person, place, bisect_left(person.places, i), person is first)
        for place, person in self._mentions[at : at + _LATER]:
            if self._sentence_of[place] != here:
                break
            if place != i and id(person) not in seen and person.places[0] > i:
                seen[id(person)] = Candidate(person, place, 0, person is first)
        return list(seen.values())


@lru_cache(maxsize=1)
def load_weights() -> dict[str, float]:
    """The shipped weights by feature, and under ``nobody`` that of nobody whom the text names.

    Raises:
        ExtractionError: the file is missing, or was made for other features.
    """
    try:
        weights: dict[str, float] = json.loads(WEIGHTS.read_text(encoding="utf-8"))["weights"]
    except (OSError, ValueError, KeyError) as exc:
        raise ExtractionError(
            f"expected the weights of coreference in {str(WEIGHTS)!r}, but {exc}: install the package again"
        ) from exc
    if weights.keys() != {*FEATURES, "nobody"}:
        odd = sorted(weights.keys() ^ {*FEATURES, "nobody"})
        raise ExtractionError(f"expected a weight for each feature in {str(WEIGHTS)!r}, found a difference in {odd}")
    return weights
