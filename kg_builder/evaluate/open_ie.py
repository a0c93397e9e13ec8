"""Scores of open information extraction by the rules of two public benchmarks.

* CaRB (Bhardwaj, Aggarwal and Mausam, EMNLP 2019): words shared between tuples, at every confidence.
* BenchIE (Gashteovski et al., ACL 2022): facts, each with every acceptable wording, matched as a whole.
"""

from __future__ import annotations

import re
import string
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from kg_builder.errors import EvaluationError

__all__ = ["CarbScores", "CarbTuple", "FactScores", "load_benchie", "load_carb", "score_benchie", "score_carb"]


class CarbTuple(NamedTuple):
    """A tuple of a sentence. ``arguments`` holds the subject, then all others; gold tuples need no confidence."""

    sentence: str
    relation: str
    arguments: tuple[str, ...]
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class CarbScores:
    """Precision, recall and F1 at the confidence with the best F1, and the area under the curve."""

    precision: float
    recall: float
    f1: float
    auc: float


@dataclass(frozen=True, slots=True)
class FactScores:
    """Precision over predicted tuples, recall over gold facts, and their harmonic mean."""

    precision: float
    recall: float
    f1: float


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


# --- CaRB ------------------------------------------------------------------------------------------------------------

_BE = frozenset({"be", "is", "am", "are", "was", "were", "been", "being"})
_SAYING = ("said", "told", "added", "adds", "says")
_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def load_carb(path: Path) -> list[CarbTuple]:
    """The gold tuples of CaRB: sentence, relation and arguments in tab-separated columns."""
    tuples = []
    for number, line in enumerate(_lines(path), 1):
        columns = line.strip().split("\t")
        if len(columns) < 3:
            raise EvaluationError(
                f"expected a sentence, a relation and arguments, found {line[:60]!r}: {path}:{number}"
            )
        arguments = tuple(column.strip() for column in columns[2:] if "C: " not in column)  # "C: " marks a context
        tuples.append(CarbTuple(columns[0].strip(), columns[1].strip(), arguments))
    return tuples


def score_carb(gold: Iterable[CarbTuple], predicted: Iterable[CarbTuple]) -> CarbScores:
    """CaRB's scores with its lenient matching of binary tuples (all arguments after the subject are joined).

    At a cut, a sentence's recall is the sum over its gold tuples of the best recall that any kept tuple has for them;
    its precision pairs gold and kept tuples off greedily by precision. Both are summed over all sentences.
    """
    golds: dict[str, list[CarbTuple]] = defaultdict(list)
    for one in gold:
        golds[_sentence_key(one.sentence)].append(one)
    found: dict[str, list[CarbTuple]] = {key: [] for key in golds}
    cuts = set()
    for one in predicted:
        cuts.add(one.confidence)
        key = _sentence_key(one.sentence)
        if key in found:
            found[key].append(one)
    changes: dict[float, list[_Change]] = defaultdict(list)
    for key, wanted in golds.items():
        for confidence, change in _changes(wanted, found[key]):
            changes[confidence].append(change)
    gold_count = sum(map(len, golds.values()))
    precision_sum = recall_sum = kept = 0.0
    points = []
    for cut in sorted(cuts, reverse=True):
        for change in changes[cut]:
            precision_sum += change.precision
            recall_sum += change.recall
            kept += change.kept
        recall = recall_sum / gold_count if gold_count else 0.0
        points.append((recall, precision_sum / kept if kept else 1.0))
    if not points:
        return CarbScores(0.0, 0.0, 0.0, 0.0)
    recall, precision = max(reversed(points), key=lambda point: _f1(*point))
    return CarbScores(precision, recall, _f1(precision, recall), _area([(0.0, 1.0), *points]))


class _Change(NamedTuple):
    """What a sentence adds to the sums as the cut falls to the confidence of its next tuples."""

    precision: float
    recall: float
    kept: int


def _changes(gold: Sequence[CarbTuple], predicted: Sequence[CarbTuple]) -> list[tuple[float, _Change]]:
    pairs = [[_pair_scores(g, p) for p in predicted] for g in gold]
    before, changes = (0.0, 0.0, 0), []
    for cut in sorted({p.confidence for p in predicted}, reverse=True):
        kept = [j for j, p in enumerate(predicted) if p.confidence >= cut]
        recall = sum(max(row[j][1] for j in kept) for row in pairs)
        now = (_paired_off([[row[j][0] for j in kept] for row in pairs]), recall, len(kept))
        changes.append((cut, _Change(now[0] - before[0], now[1] - before[1], now[2] - before[2])))
        before = now
    return changes


def _paired_off(scores: Sequence[Sequence[float]]) -> float:
    """The sum of greedily chosen cells, the best first, no two in one row or column."""
    cells = sorted(((score, -i, -j) for i, row in enumerate(scores) for j, score in enumerate(row)), reverse=True)
    rows: set[int] = set()
    columns: set[int] = set()
    total = 0.0
    for score, i, j in cells:
        if i not in rows and j not in columns:
            rows.add(i)
            columns.add(j)
            total += score
    return total


def _pair_scores(gold: CarbTuple, predicted: CarbTuple) -> tuple[float, float]:
    """Precision and recall of one tuple against another; what is said and who says it may change places."""
    wanted, found = _slots(gold), _slots(predicted)
    best = _overlap_scores(wanted, found)
    if any(word in gold.relation for word in _SAYING) and len(found) >= 3:
        best = max(best, _overlap_scores(wanted, [found[0], found[2], found[1]]))
    return best


def _slots(one: CarbTuple) -> list[list[str]]:
    """Words of the relation, of the subject, and of all other arguments together."""
    slots = [one.relation, *one.arguments[:1]]
    if len(one.arguments) > 1:
        slots.append(" ".join(one.arguments[1:]))
    return [slot.split() for slot in slots]


def _overlap_scores(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> tuple[float, float]:
    relation = Counter(gold[0]) & Counter(predicted[0])
    shared = relation.total()
    if (Counter(predicted[0]) - relation)["be"] and not _BE.isdisjoint(gold[0]):
        shared += 1  # "be" stands for any of its forms
    if not shared or len(predicted) < min(len(gold), 3):
        return 0.0, 0.0
    shared += sum((Counter(g) & Counter(p)).total() for g, p in zip(gold[1:], predicted[1:], strict=False))
    words = sum(len(p) for _, p in zip(gold, predicted, strict=False))
    return shared / words, shared / sum(map(len, gold))


def _sentence_key(sentence: str) -> str:
    """The sentence without spaces and punctuation, by which differently tokenized files meet."""
    text = re.sub("|".join(_BRACKETS), lambda m: _BRACKETS[m[0]], sentence.strip().replace(" ", ""))
    return text.translate(_PUNCTUATION)


def _area(points: Sequence[tuple[float, float]]) -> float:
    """The area under (recall, precision) points by the trapezoid rule."""
    return abs(sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points)))


# --- BenchIE ---------------------------------------------------------------------------------------------------------

_Slot = tuple[tuple[bool, str], ...]  # pieces of a wording: whether it may be left out, and its text
_Fact = list[tuple[_Slot, ...]]
Facts = dict[int, list[_Fact]]


def load_benchie(path: Path) -> Facts:
    """The gold facts of BenchIE by number of the sentence: clusters of ``subject --> relation --> object`` wordings."""
    facts: Facts = {}
    sentence: list[_Fact] | None = None
    for number, line in enumerate(_lines(path), 1):
        if header := re.match(r"sent_id:(\d+)\t", line):
            sentence = facts.setdefault(int(header[1]), [])
        elif sentence is not None and re.match(r"\d+--> *Cluster", line):
            sentence.append([])
        elif "-->" in line:
            slots = line.split("-->")
            if not sentence or len(slots) < 3:
                raise EvaluationError(f"expected a wording inside a cluster, found {line[:60]!r}: {path}:{number}")
            sentence[-1].append(tuple(_pieces(slot) for slot in slots[:3]))
    return facts


def score_benchie(gold: Facts, predicted: Iterable[tuple[int, str, str, str]]) -> FactScores:
    """BenchIE's scores of (sentence number, subject, relation, object) rows; rows for other sentences are passed over.

    A row is right if it is a wording of some fact, every repetition counts as a row of its own, and a fact is found if
    some row is a wording of it.
    """
    right = rows = 0
    found: Mapping[int, set[int]] = {sentence: set() for sentence in gold}
    for sentence, *slots in predicted:
        if sentence not in gold:
            continue
        said = tuple(" ".join(slot.lower().split()) for slot in slots)
        hits = {
            index
            for index, fact in enumerate(gold[sentence])
            if any(all(map(_is_wording, wording, said)) for wording in fact)
        }
        rows += 1
        right += bool(hits)
        found[sentence].update(hits)
    facts = sum(map(len, gold.values()))
    precision = right / rows if rows else 0.0
    recall = sum(map(len, found.values())) / facts if facts else 0.0
    return FactScores(precision, recall, _f1(precision, recall))


def _pieces(slot: str) -> _Slot:
    parts = re.split(r"(\[[^\]]*\])", slot.lower())
    return tuple((p.startswith("["), p[1:-1] if p.startswith("[") else p) for p in parts if p)


def _is_wording(slot: _Slot, said: str) -> bool:
    """Whether `said` is what `slot` says, with or without each of its optional pieces, however spaced."""
    states = {(0, False)}  # position in `said`, and whether a space is due before the next word
    for optional, piece in slot:
        after = {end for state in states if (end := _read(piece, said, state)) is not None}
        states = after | states if optional else after
    return any(position == len(said) for position, _ in states)


def _read(piece: str, said: str, state: tuple[int, bool]) -> tuple[int, bool] | None:
    position, spaced = state
    for token in re.findall(r"\s+|\S+", piece):
        if token.isspace():
            spaced = True
            continue
        if spaced and position:
            token = f" {token}"
        if not said.startswith(token, position):
            return None
        position, spaced = position + len(token), False
    return position, spaced


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as exc:
        raise EvaluationError(f"expected a text file in UTF-8, could not read {path}: {exc}") from exc
