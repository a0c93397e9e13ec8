"""Precision, recall and F1 of triples, micro-averaged: every triple counts once in its text, every text by its triples.

Four ways to match, each looser than the one before:

* ``string``: the three strings are equal.
* ``exact``: equal whole fields, apart from case, width, space around them and a final full stop.
* ``relaxed``: all punctuation and leading articles ignored too.
* ``head``: heads and tails by head word, relations by the head word of their canonical form, so that active and passive
  meet. The head word of an English phrase is the last word before its first preposition or comma ("the new mayor of
  Paris" is mayor; "in 1998" is 1998); a Chinese phrase has none that could be told without a parser, and counts whole.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from kg_builder.errors import EvaluationError
from kg_builder.relations import canonical_relation
from kg_builder.types import Relation, Triple

__all__ = ["MATCHES", "Match", "Scores", "score_by_relation", "score_triples"]

Match = Literal["string", "exact", "relaxed", "head"]
MATCHES: tuple[Match, ...] = ("string", "exact", "relaxed", "head")
Key = Callable[[Triple], Hashable]
Texts = Sequence[Collection[Triple]]


@dataclass(frozen=True, slots=True)
class Scores:
    """Counts of distinct triples, and what follows from them: figures in [0, 1], and 0 where nothing is counted."""

    matched: int
    predicted: int
    gold: int
    f1_interval: tuple[float, float] | None = None  # 95 %, by resampling the texts

    @property
    def precision(self) -> float:
        """The share of the predicted triples that are right."""
        return self.matched / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """The share of the gold triples that were found."""
        return self.matched / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return _f1(self.matched, self.predicted, self.gold)

    def to_dict(self) -> dict[str, Any]:
        """Figures and counts by name, figures rounded to four places."""
        figures = {name: round(getattr(self, name), 4) for name in ("precision", "recall", "f1")}
        low, high = self.f1_interval or (None, None)
        interval = {} if low is None or high is None else {"f1_low": round(low, 4), "f1_high": round(high, 4)}
        return {**figures, **interval, "matched": self.matched, "predicted": self.predicted, "gold": self.gold}


def score_triples(
    gold: Texts, predicted: Texts, *, match: Match = "exact", bootstrap: int = 0, seed: int = 17
) -> Scores:
    """The scores of `predicted` against `gold`, both with one collection of triples for each text, in the same order.

    `bootstrap` samples of the texts, drawn with `seed`, give the interval of F1 (0: none).

    Raises:
        EvaluationError: the two sides have different numbers of texts, or `match` is unknown.
    """
    return score_keys(_keys(gold, match), _keys(predicted, match), bootstrap=bootstrap, seed=seed)


def score_by_relation(gold: Texts, predicted: Texts, *, match: Match = "exact") -> dict[str, Scores]:
    """The scores of each relation by itself, the most frequent in gold first; told apart as `match` does."""
    _check(gold, predicted)
    key = match_key(match)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for gold_triples, predicted_triples in zip(gold, predicted, strict=True):
        relation_of = {key(t): t.relation for t in [*predicted_triples, *gold_triples]}
        names = {k: _relation_name(relation, match) for k, relation in relation_of.items()}
        wanted, found = {key(t) for t in gold_triples}, {key(t) for t in predicted_triples}
        for place, keys in enumerate((wanted & found, found, wanted)):
            for k in keys:
                counts[names[k]][place] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1][2], -item[1][1], item[0]))
    return {name: Scores(matched, found, wanted) for name, (matched, found, wanted) in ordered}


def score_keys(
    gold: Sequence[Collection[Hashable]],
    predicted: Sequence[Collection[Hashable]],
    *,
    bootstrap: int = 0,
    seed: int = 17,
) -> Scores:
    """The scores of anything that matches when it is equal, one collection for each text."""
    _check(gold, predicted)
    counts = [
        (len(wanted & found), len(found), len(wanted))
        for wanted, found in ((set(g), set(p)) for g, p in zip(gold, predicted, strict=True))
    ]
    interval = _interval(counts, bootstrap, seed) if bootstrap and counts else None
    return Scores(*_totals(counts), f1_interval=interval)


def match_key(match: Match) -> Key:
    """What two triples must share to match."""
    keys: dict[str, Key] = {"string": lambda t: t, "exact": _exact, "relaxed": _relaxed, "head": _by_head_word}
    if match not in keys:
        raise EvaluationError(f"expected a way to match among {', '.join(MATCHES)}, found {match!r}")
    return keys[match]


def _keys(texts: Texts, match: Match) -> list[list[Hashable]]:
    key = match_key(match)
    return [[key(triple) for triple in triples] for triples in texts]


def _check(gold: Sequence[object], predicted: Sequence[object]) -> None:
    if len(gold) != len(predicted):
        raise EvaluationError(
            f"expected predictions for the {len(gold)} gold texts, found {len(predicted)}: give an empty collection "
            "for a text without predictions"
        )


def _totals(counts: Collection[tuple[int, int, int]]) -> tuple[int, int, int]:
    return cast(tuple[int, int, int], tuple(map(sum, zip(*counts, strict=True)))) if counts else (0, 0, 0)


def _f1(matched: int, predicted: int, gold: int) -> float:
    return 2 * matched / (predicted + gold) if predicted + gold else 0.0


def _interval(counts: Sequence[tuple[int, int, int]], samples: int, seed: int) -> tuple[float, float]:
    """The middle 95 % of F1 over samples of the texts with replacement (percentile bootstrap; Efron 1979)."""
    chance = random.Random(seed)
    values = sorted(_f1(*_totals(chance.choices(counts, k=len(counts)))) for _ in range(samples))
    return values[int(0.025 * (samples - 1))], values[round(0.975 * (samples - 1))]


# --- what matches ----------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+(?:[+#]+(?!\w))?")
_ARTICLES = ("a", "an", "the")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af]")
_BEFORE = re.compile(
    r"(?:,|\b(?:of|in|on|at|for|from|to|with|by|about|between|among|within|near|under|over|into|onto|through|during|after"
    r"|before|since|until|as|than|against|across|around|who|which|that|whose|where)\b)"
)


def _exact(triple: Triple) -> Hashable:
    return tuple(_plain(field) for field in (triple.head, triple.relation, triple.tail))


def _plain(field: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", field).casefold().split()).rstrip(".。 ")


def _relaxed(triple: Triple) -> Hashable:
    return tuple(_loose(field) for field in (triple.head, triple.relation, triple.tail))


def _loose(field: str) -> str:
    plain = _plain(field)
    words = _WORD.findall(plain)
    while len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    if _HAN.search(plain):
        return "".join(words)
    return " ".join(words) or plain


def _by_head_word(triple: Triple) -> Hashable:
    relation = _canonical(triple.relation)
    ends = _head_word(triple.head), _head_word(triple.tail)
    head, tail = reversed(ends) if relation.inverted else ends
    return head, _head_word(relation.name), tail


def _canonical(relation: str) -> Any:
    return canonical_relation(Relation(relation), language="zh" if _HAN.search(relation) else "en")


def _head_word(phrase: str) -> str:
    plain = _plain(phrase)
    if _HAN.search(plain):
        return _loose(plain)
    before = _BEFORE.split(plain, maxsplit=1)[0]
    words = _WORD.findall(before) or _WORD.findall(plain)
    return words[-1] if words else plain


def _relation_name(relation: str, match: Match) -> str:
    if match == "string":
        return relation
    if match == "head":
        return str(_canonical(relation).name)
    return _plain(relation) if match == "exact" else _loose(relation)
