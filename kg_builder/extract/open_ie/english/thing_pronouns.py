"""What "it" and "they" mean: a linear ranker over the nouns of the sentences before, and nothing of them."""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from kg_builder.errors import ExtractionError
from kg_builder.extract.open_ie.english.positions import ancestors
from kg_builder.extract.open_ie.english.thing_features import (
    PLURAL,
    THING,
    Features,
    Noun,
    Place,
    agrees,
    of_nothing,
    of_noun,
    of_pair,
    pronoun_group,
    read_noun,
)
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.runtime import MODELS

__all__ = ["PLURAL", "THING", "Meaning", "ThingPronouns", "load_weights"]

WEIGHTS = MODELS / "en" / "things.json"
_REACH = 4  # sentences
_NEARBY = 40  # nouns that are looked at, so that work stays linear in the text
_REMEMBERED = 8  # earlier pronouns of the same number


class Meaning(NamedTuple):
    """The noun that a pronoun means, and how likely it is that this word is meant."""

    place: int
    probability: float


class ThingPronouns:
    """The nouns of one text, and the pronouns that mean them.

    `stands_for` gives the name that a noun is another word for ("the company"), or the noun: what they gather counts
    together.
    """

    def __init__(
        self,
        tree: Tree,
        sentence_of: list[int],
        nouns: list[int],
        weights: Mapping[str, float] | None = None,
        *,
        stands_for: Callable[[int], int] = lambda n: n,
    ) -> None:
        self._tree = tree
        self._sentence_of = sentence_of
        self._nouns = nouns
        self._weights = load_weights() if weights is None else weights
        self._stands_for = stands_for
        self._read: dict[int, Noun] = {}
        self._alone: dict[tuple[int, bool], float] = {}
        self._places: dict[str, list[int]] | None = None
        self._last: dict[bool, list[tuple[int, int]]] = {False: [], True: []}
        self._pending: dict[bool, list[int]] = {}
        self._answers: dict[int, Meaning | None] = {}

    def of(self, i: int) -> Meaning | None:
        """What the pronoun `i` means most likely; None where it is likelier nothing that the text names."""
        many = self._tree.low[i] in PLURAL
        self._begin()
        waiting = self._pending[many]
        while waiting and waiting[-1] <= i:  # in reading order: what was meant before tells what is meant now
            self._resolve(waiting.pop(), many)
        return self._answers.get(i)

    def described(self, i: int) -> tuple[list[int], list[Features]]:
        """The candidates for the pronoun `i` and the features of each and, last, those of nothing; all earlier pronouns
        have been answered."""
        self.of(i)
        many = self._tree.low[i] in PLURAL
        candidates, at, firsts = self._around(i, many, [pair for pair in self._last[many] if pair[0] < i])
        tree = self._tree
        rows = [of_noun(tree, n, self._noun(n), many=many) | self._pair(at, n, firsts, many) for n in candidates]
        return candidates, [*rows, of_nothing(tree, self._sentence_of, at, many=many)]

    def _begin(self) -> None:
        if self._places is not None:
            return
        tree, places = self._tree, defaultdict(list)
        for n in self._nouns:
            places[tree.lemma[n].lower()].append(n)
        self._places = places
        for many, words in ((False, THING), (True, PLURAL)):
            self._pending[many] = [i for i in range(len(tree.low) - 1, -1, -1) if tree.low[i] in words]

    def _noun(self, n: int) -> Noun:
        found = self._read.get(n)
        if found is None:
            found = self._read[n] = read_noun(self._tree, n)
        return found

    def _around(self, i: int, many: bool, last: list[tuple[int, int]]) -> tuple[list[int], Place, set[int]]:
        """The candidates for the pronoun `i`, what stands around it, and which are the first of their sentences."""
        tree, here = self._tree, self._sentence_of[i]
        at = bisect_left(self._nouns, i)
        near = [n for n in self._nouns[max(0, at - _NEARBY) : at] if here - self._sentence_of[n] <= _REACH]
        candidates = [n for n in near if self._may_mean(self._noun(n), many)]
        fitting = [n for n in candidates if agrees(self._noun(n), many=many)]
        firsts, seen = set(), set()
        for n in candidates:
            if self._sentence_of[n] not in seen:
                seen.add(self._sentence_of[n])
                firsts.add(n)
        place = Place(i, here, pronoun_group(tree, i), fitting, last[-_REMEMBERED:], ancestors(tree, i))
        return candidates, place, firsts

    def _may_mean(self, noun: Noun, many: bool) -> bool:
        if many:
            return noun.number != "single" or noun.type == "Organization" or noun.kind in ("person", "organization")
        return noun.number != "plural"

    def _pair(self, at: Place, n: int, firsts: set[int], many: bool) -> Features:
        noun = self._noun(n)
        earlier = bisect_left((self._places or {})[noun.lemma], at.pronoun)
        return of_pair(self._tree, self._sentence_of, at, n, noun, earlier, first=n in firsts, many=many)

    def _resolve(self, i: int, many: bool) -> None:
        self._answers[i] = None
        candidates, at, firsts = self._around(i, many, self._last[many])
        if not candidates:
            return
        weigh = self._weigh
        scores = [self._of_noun(n, many) + weigh(self._pair(at, n, firsts, many)) for n in candidates]
        nothing = weigh(of_nothing(self._tree, self._sentence_of, at, many=many))
        top = max(*scores, nothing)
        odds = [math.exp(score - top) for score in scores]
        total = sum(odds) + math.exp(nothing - top)
        words = [self._noun(self._stands_for(n)).lemma for n in candidates]
        by_word: dict[str, float] = defaultdict(float)
        for word, share in zip(words, odds, strict=True):
            by_word[word] += share
        likeliest = max(by_word, key=by_word.__getitem__)
        if by_word[likeliest] <= math.exp(nothing - top):
            return
        best = max((k for k, word in enumerate(words) if word == likeliest), key=odds.__getitem__)
        self._answers[i] = Meaning(candidates[best], by_word[likeliest] / total)
        self._last[many].append((i, candidates[best]))

    def _of_noun(self, n: int, many: bool) -> float:
        found = self._alone.get((n, many))
        if found is None:
            found = self._alone[n, many] = self._weigh(of_noun(self._tree, n, self._noun(n), many=many))
        return found

    def _weigh(self, features: Features) -> float:
        weight: Callable[[str, float], float] = self._weights.get
        return sum(weight(name, 0.0) * value for name, value in features.items())


@lru_cache(maxsize=1)
def load_weights() -> dict[str, float]:
    """The shipped weights by feature; a feature without one counts nothing.

    Raises:
        ExtractionError: the file is missing, or holds something else.
    """
    try:
        return {str(name): float(w) for name, w in json.loads(WEIGHTS.read_text(encoding="utf-8"))["weights"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ExtractionError(
            f"expected the weights for 'it' and 'they' in {str(WEIGHTS)!r}, but {exc}: install the package again"
        ) from exc
