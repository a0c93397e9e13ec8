"""Precision, recall and F1 of triples, micro-averaged: every triple counts once in its text, every text by its triples.

Four ways to match, each looser than the one before:

* ``string``: the three strings are equal.
* ``exact``: equal whole fields, apart from case, width, space around them and a final full stop.
* ``relaxed``: all punctuation and leading articles ignored too.
* ``head``: heads and tails by head word, relations by the head word of their canonical form, so that active and passive
  meet. The head word of an English phrase is the last word before its first preposition or comma ("the new mayor of
  Paris" is mayor; "in 1998" is 1998). In a Chinese phrase the head comes last: it is what follows the last 的
  ("北京大学的校长" is 校长), and the whole phrase where there is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kg_builder.errors import EvaluationError
from kg_builder.relations import canonical_relation
from kg_builder.types import Relation, Triple

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MATCHES", "Difference", "Match", "Scores", "compare_triples", "score_by_relation", "score_triples"]

Match = Literal["string", "exact", "relaxed", "head"]
MATCHES: tuple[Match, ...] = ("string", "exact", "relaxed", "head")
Key = Callable[[Triple], Hashable]
Texts = Sequence[Collection[Triple]]
Interval = tuple[float, float]
Sides = Sequence[Collection[Hashable]]


@dataclass(frozen=True, slots=True)
class Scores:
    """Counts of distinct triples, and what follows from them: figures in [0, 1], and 0 where nothing is counted."""

    matched: int
    predicted: int
    gold: int
    f1_interval: Interval | None = None  # 95 %, by resampling the texts
    precision_interval: Interval | None = None
    recall_interval: Interval | None = None

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


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher F1 is `after` than `before`, on the same texts.

    ``interval`` are its 95 %, ``better_in`` is the share of the samples in which it is above zero.
    """

    f1: float
    interval: Interval
    better_in: float

    def to_dict(self) -> dict[str, float]:
        """Figures by name, rounded to four places."""
        low, high = self.interval
        figures = {"f1": self.f1, "f1_low": low, "f1_high": high, "better_in": self.better_in}
        return {name: round(value, 4) for name, value in figures.items()}


def score_triples(
    gold: Texts, predicted: Texts, *, match: Match = "exact", bootstrap: int = 0, seed: int = 17
) -> Scores:
    """The scores of `predicted` against `gold`, both with one collection of triples for each text, in the same order.

    `bootstrap` samples of the texts, drawn with `seed`, give the intervals (0: none).

    Raises:
        EvaluationError: the two sides have different numbers of texts, or `match` is unknown.
    """
    return score_keys(_keys(gold, match), _keys(predicted, match), bootstrap=bootstrap, seed=seed)


def compare_triples(
    gold: Texts, before: Texts, after: Texts, *, match: Match = "exact", bootstrap: int = 1000, seed: int = 17
) -> Difference:
    """By how much `after` is better than `before`: a paired bootstrap, in which both are scored on the same samples of
    the texts (Efron and Tibshirani 1993; for tests of language systems Berg-Kirkpatrick et al. 2012).

    Raises:
        EvaluationError: the sides have different numbers of texts or none, or `match` is unknown.
    """
    import numpy as np

    sides = [_keys(side, match) for side in (gold, before, after)]
    for side in sides[1:]:
        _check(sides[0], side)
    if not gold or bootstrap < 1:
        raise EvaluationError(f"expected texts and samples of them to compare on, found {len(gold)} and {bootstrap}")
    counts = np.array([(*_counts(g, b), *_counts(g, a)) for g, b, a in zip(*sides, strict=True)])
    sampled = _resampled(counts, bootstrap, seed)
    differences = _f1s(sampled[:, 3:]) - _f1s(sampled[:, :3])
    total = counts.sum(0)
    return Difference(
        _f1(*map(int, total[3:])) - _f1(*map(int, total[:3])), _middle(differences), float(np.mean(differences > 0))
    )


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


def score_keys(gold: Sides, predicted: Sides, *, bootstrap: int = 0, seed: int = 17) -> Scores:
    """The scores of anything that matches when it is equal, one collection for each text."""
    _check(gold, predicted)
    counts = [_counts(g, p) for g, p in zip(gold, predicted, strict=True)]
    matched, found, wanted = (sum(each[place] for each in counts) for place in range(3))
    if not bootstrap or not counts:
        return Scores(matched, found, wanted)
    import numpy as np

    sampled = _resampled(np.array(counts), bootstrap, seed)
    return Scores(
        matched,
        found,
        wanted,
        f1_interval=_middle(_f1s(sampled)),
        precision_interval=_middle(_shares(sampled[:, 0], sampled[:, 1])),
        recall_interval=_middle(_shares(sampled[:, 0], sampled[:, 2])),
    )


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


def _counts(gold: Collection[Hashable], predicted: Collection[Hashable]) -> tuple[int, int, int]:
    """Matched, predicted and gold of one text, each distinct key once."""
    wanted, found = set(gold), set(predicted)
    return len(wanted & found), len(found), len(wanted)


def _f1(matched: int, predicted: int, gold: int) -> float:
    return 2 * matched / (predicted + gold) if predicted + gold else 0.0


# --- intervals -------------------------------------------------------------------------------------------------------


def _resampled(counts: NDArray[Any], samples: int, seed: int) -> NDArray[Any]:
    """Sums of `counts` ``(texts, figures)`` over samples of the texts with replacement: ``(samples, figures)``."""
    import numpy as np

    chance = np.random.default_rng(seed)
    return np.stack([counts[chance.integers(0, len(counts), len(counts))].sum(0) for _ in range(samples)])


def _f1s(counts: NDArray[Any]) -> NDArray[Any]:
    return _shares(2 * counts[:, 0], counts[:, 1] + counts[:, 2])


def _shares(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[Any]:
    """`part` / `whole`, and 0 where nothing is counted."""
    import numpy as np

    shares: NDArray[Any] = part / np.maximum(whole, 1)
    return shares


def _middle(values: NDArray[Any]) -> Interval:
    """The middle 95 % (percentile bootstrap; Efron 1979)."""
    import numpy as np

    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


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
        return _loose(plain.rpartition("的")[2].strip() or plain)
    before = _BEFORE.split(plain, maxsplit=1)[0]
    words = _WORD.findall(before) or _WORD.findall(plain)
    return words[-1] if words else plain


def _relation_name(relation: str, match: Match) -> str:
    if match == "string":
        return relation
    if match == "head":
        return str(_canonical(relation).name)
    return _plain(relation) if match == "exact" else _loose(relation)
