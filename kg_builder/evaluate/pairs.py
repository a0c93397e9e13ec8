"""Pairs of records that are one thing, or are not: what ``kg evaluate --pairs`` learns, predicts and measures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg_builder.errors import EvaluationError
from kg_builder.evaluate.pairs_features import Rarity, Record, features_of, unlearnt_log_odds
from kg_builder.evaluate.pairs_model import Forest, fit_forest
from kg_builder.evaluate.pairs_words import WordEvidence, fit_words

__all__ = ["Pair", "PairScorer", "PairScores", "evaluate_pairs", "learn_pairs", "read_pairs"]

_COLUMN = re.compile(r"COL (.+?) VAL(?= |\Z)")
_FOLDS = 5
_SEEDS = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records, by column, and whether they are one thing."""

    one: Record
    other: Record
    same: bool


@dataclass(frozen=True, slots=True)
class PairScores:
    """How well pairs were told apart: figures of the class "one thing"."""

    precision: float
    recall: float
    f1: float
    pairs: int
    positive: int
    predicted: int
    correct: int
    threshold: float
    learnt_pairs: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PairScorer:
    """What was learnt from pairs: `threshold` is a probability, chosen on parts of the pairs that were held out."""

    columns: tuple[str, ...]
    rarity: Rarity
    words: WordEvidence
    forests: tuple[Forest, ...]
    threshold: float
    learnt_pairs: int

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """How likely the two records of each pair are one."""
        said = [self.words.log_odds(pair.one, pair.other) for pair in pairs]
        rows = _rows(pairs, self.columns, self.rarity, said)
        return _probability(np.mean([forest.log_odds(rows) for forest in self.forests], axis=0))


def evaluate_pairs(test: Path, *, learn: Path | None = None) -> PairScores:
    """Precision, recall and F1 on the file `test`; with `learn`, of a scorer learnt from that file.

    Both are in Ditto's form (Li et al. 2020), see `read_pairs`. Without `learn`, a fixed rule: how much of the
    telling words two records share, and whether their numbers and codes contradict each other.

    Raises:
        EvaluationError: a file that cannot be read or a line that cannot be understood; nothing to learn from.
    """
    pairs = read_pairs(test)
    if learn is None:
        threshold, learnt = 0.5, 0
        rarity = Rarity(record for pair in pairs for record in (pair.one, pair.other))
        chance = _probability(np.array([unlearnt_log_odds(pair.one, pair.other, rarity) for pair in pairs]))
    else:
        scorer = learn_pairs(read_pairs(learn), source=learn)
        threshold, learnt, chance = scorer.threshold, scorer.learnt_pairs, scorer.probabilities(pairs)
    return _scores(np.array([pair.same for pair in pairs]), chance >= threshold, threshold=threshold, learnt=learnt)


def learn_pairs(pairs: Sequence[Pair], *, source: Path | None = None, seed: int = 0) -> PairScorer:
    """A scorer learnt from labelled pairs; the same pairs in the same order and the same seed give the same one.

    Raises:
        EvaluationError: fewer than five pairs of one kind.
    """
    labels = np.array([pair.same for pair in pairs], dtype=bool)
    if min(labels.sum(), (~labels).sum()) < _FOLDS:
        raise EvaluationError(
            f"expected at least {_FOLDS} pairs that are one and {_FOLDS} that are not to learn from, found "
            f"{labels.sum()} and {(~labels).sum()}: {source or 'pairs'}"
        )
    columns = tuple(dict.fromkeys(column for pair in pairs for record in (pair.one, pair.other) for column in record))
    rarity = Rarity(record for pair in pairs for record in (pair.one, pair.other))
    words, said = fit_words([(pair.one, pair.other) for pair in pairs], labels, seed=seed)
    rows = _rows(pairs, columns, rarity, said)
    held_out = np.zeros(len(pairs))
    folds = np.zeros(len(pairs), dtype=np.int64)
    random = np.random.default_rng(seed)
    for kind in (labels, ~labels):
        folds[random.permutation(np.flatnonzero(kind))] = np.arange(kind.sum()) % _FOLDS
    for fold in range(_FOLDS):
        out = folds == fold
        held_out[out] = fit_forest(rows[~out], labels[~out], seed=seed).log_odds(rows[out])
    forests = tuple(fit_forest(rows, labels, seed=seed + i) for i in range(_SEEDS))
    return PairScorer(columns, rarity, words, forests, _best_threshold(labels, _probability(held_out)), len(pairs))


def _rows(
    pairs: Sequence[Pair], columns: Sequence[str], rarity: Rarity, said: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.float64]:
    rows = [features_of(pair.one, pair.other, columns, rarity) for pair in pairs]
    return np.column_stack([np.array(rows), np.asarray(said)])


def _probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def _best_threshold(labels: NDArray[np.bool_], chance: NDArray[np.float64]) -> float:
    """The threshold of the best F1 on held-out pairs, or one about as good that is more likely to last.

    Of calibrated probabilities the best threshold is half of the best F1 (Lipton, Elkan and Naryanaswamy 2014); among
    those that lose next to nothing, the fewer pairs the more, the one nearest to it is taken.
    """
    tried = np.union1d(np.clip(np.round(chance, 3), 0.02, 0.98), np.linspace(0.05, 0.95, 91))
    f1 = np.array([_scores(labels, chance >= t, threshold=0.0, learnt=0).f1 for t in tried])
    near = tried[f1 >= f1.max() - 0.004 - 0.6 / max(1, labels.sum())]
    return round(float(near[np.abs(near - f1.max() / 2).argmin()]), 4)


def _scores(labels: NDArray[np.bool_], found: NDArray[np.bool_], *, threshold: float, learnt: int) -> PairScores:
    correct, predicted, positive = int((labels & found).sum()), int(found.sum()), int(labels.sum())
    precision = correct / predicted if predicted else 0.0
    recall = correct / positive if positive else 0.0
    f1 = 2 * correct / (predicted + positive) if predicted + positive else 0.0
    return PairScores(precision, recall, f1, len(labels), positive, predicted, correct, threshold, learnt)


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file in Ditto's form: ``COL name VAL value COL …``, a tab, the other record, a tab, 0 or 1.

    Raises:
        EvaluationError: a file that is not UTF-8 or has no pair, or a line of another form, with its number.
    """
    pairs = []
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    pairs.append(_pair(line, path, number))
    except (OSError, UnicodeDecodeError) as exc:
        raise EvaluationError(f"expected a file of pairs in UTF-8, could not read {path}: {exc}") from exc
    if not pairs:
        raise EvaluationError(f"expected at least one pair of records, a line each, found none: {path}")
    return pairs


def _pair(line: str, path: Path, number: int) -> Pair:
    fields = line.rstrip("\r\n").split("\t")
    if len(fields) != 3:
        raise EvaluationError(
            f"expected two records and 0 or 1 with tabs between them, found {len(fields)} fields: {path}:{number}"
        )
    label = fields[2].strip()
    if label not in ("0", "1"):
        raise EvaluationError(f"expected 0 or 1 behind the two records, found {label[:40]!r}: {path}:{number}")
    return Pair(_record(fields[0], path, number), _record(fields[1], path, number), label == "1")


def _record(text: str, path: Path, number: int) -> dict[str, str]:
    text = text.strip()
    places = list(_COLUMN.finditer(text))
    if not places or places[0].start() > 0:
        raise EvaluationError(f"expected a record as 'COL name VAL value', found {text[:60]!r}: {path}:{number}")
    ends = [place.start() for place in places[1:]] + [len(text)]
    record: dict[str, str] = {}
    for place, end in zip(places, ends, strict=True):
        record[place[1]] = f"{record.get(place[1], '')} {text[place.end() : end]}".strip()
    return record
