"""Scores of answers that ought to be one of a few labels: accuracy, balanced accuracy, F1, and who is taken for whom.

An answer stands for a label if its first line is the label (case, width, quotes and punctuation around it ignored), or
else if exactly one label occurs in it. Any other answer is no label: wrong, in a column of its own, and counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg_builder.errors import EvaluationError
from kg_builder.evaluate import is_in_text
from kg_builder.language_models import needed

__all__ = [
    "NO_LABEL",
    "LabelScores",
    "OfLabel",
    "macro_f1_of_directed",
    "match_label",
    "plot_confusion",
    "score_labels",
]

NO_LABEL = "(no label)"
_AROUND = " \t\r\n\"'`“”‘’「」『』《》()（）[]【】<>*_.。,，;；:：!！?？、|"
_HAN = re.compile(r"[㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af]")


@dataclass(frozen=True, slots=True)
class OfLabel:
    """The figures of one label, in [0, 1]; ``support``: how often it is right, ``predicted``: how often it was said."""

    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Scores over examples that each have one label.

    ``balanced_accuracy`` is the mean recall of the labels that occur; macro-F1 is the mean over those that occur or
    were said, weighted F1 weighs by how often they occur. ``confusion[i][j]`` counts examples of label i that were said
    to be of label j; the last column is that of `NO_LABEL`. ``inferred`` answers held a label among other words.
    """

    labels: tuple[str, ...]
    examples: int
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    weighted_f1: float
    by_label: dict[str, OfLabel]
    confusion: tuple[tuple[int, ...], ...]
    no_label: int
    inferred: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Figures by name, rounded to four places."""
        figures = {
            name: round(getattr(self, name), 4) for name in ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1")
        }
        by_label = {
            label: {
                "precision": round(each.precision, 4),
                "recall": round(each.recall, 4),
                "f1": round(each.f1, 4),
                "support": each.support,
                "predicted": each.predicted,
            }
            for label, each in self.by_label.items()
        }
        return {
            "examples": self.examples,
            **figures,
            "no_label": self.no_label,
            "inferred": self.inferred,
            "by_label": by_label,
            "labels": list(self.labels),
            "confusion": [list(row) for row in self.confusion],
        }


def match_label(answer: str, labels: Sequence[str]) -> tuple[str, bool]:
    """The label that an answer stands for, or `NO_LABEL`; and whether the answer is that label and nothing else."""
    lines = [line for line in answer.splitlines() if line.strip(_AROUND)]
    if not lines:
        return NO_LABEL, False
    said = _plain(lines[0])
    by_form = {_plain(label): label for label in labels}
    if said in by_form:
        return by_form[said], True
    found = [label for label in labels if is_in_text(label, answer)]
    longest = [a for a in found if not any(a != b and _plain(a) in _plain(b) for b in found)]
    return (longest[0], False) if len(longest) == 1 else (NO_LABEL, False)


def score_labels(gold: Sequence[str], answers: Sequence[str], *, labels: Sequence[str] = ()) -> LabelScores:
    """The scores of `answers` against the labels `gold`; an answer may be any of `labels` and of those in gold.

    Raises:
        EvaluationError: the sides have different lengths, or are empty.
    """
    if len(gold) != len(answers) or not gold:
        raise EvaluationError(f"expected an answer for each of the {len(gold)} labels, found {len(answers)}")
    known = list(dict.fromkeys([*labels, *sorted(set(gold))]))
    matched = [match_label(answer, known) for answer in answers]
    said = [label for label, _ in matched]
    there = {*gold, *said}
    told = [label for label in known if label in there]
    support, predicted = Counter(gold), Counter(said)
    pairs = Counter(zip(gold, said, strict=True))
    by_label = {label: _of_label(pairs[label, label], support[label], predicted[label]) for label in told}
    occurring = [each for each in by_label.values() if each.support]
    return LabelScores(
        labels=tuple(told),
        examples=len(gold),
        accuracy=sum(pairs[label, label] for label in told) / len(gold),
        balanced_accuracy=sum(each.recall for each in occurring) / len(occurring),
        macro_f1=sum(each.f1 for each in by_label.values()) / len(by_label),
        weighted_f1=sum(each.f1 * each.support for each in occurring) / len(gold),
        by_label=by_label,
        confusion=tuple(tuple(pairs[right, answer] for answer in (*told, NO_LABEL)) for right in told),
        no_label=predicted[NO_LABEL],
        inferred=sum(label != NO_LABEL and not alone for label, alone in matched),
    )


def macro_f1_of_directed(gold: Sequence[str], said: Sequence[str], *, other: str = "Other") -> float:
    """The official score of SemEval-2010 task 8: F1 of each relation, both directions as one, averaged over the
    relations of gold without `other`. The right relation in the wrong direction counts as wrong, once among what was
    said of that relation and once among what is of it (Hendrickx et al. 2010; their scorer, version 1.2)."""
    if len(gold) != len(said) or not gold:
        raise EvaluationError(f"expected an answer for each of the {len(gold)} labels, found {len(said)}")

    def undirected(label: str) -> str:
        return re.sub(r"\(e[12],e[12]\)$", "", label)

    right = Counter(undirected(a) for a, b in zip(gold, said, strict=True) if a == b)
    of_gold, of_said = Counter(map(undirected, gold)), Counter(map(undirected, said))
    relations = [relation for relation in of_gold if relation != other]
    return sum(2 * right[r] / (of_gold[r] + of_said[r]) for r in relations) / len(relations) if relations else 0.0


def plot_confusion(scores: LabelScores, path: Path, *, title: str = "") -> None:
    """Draw the confusion matrix as a PNG: rows are what is right, columns what was said, shades the share of a row.

    Chinese labels need a font that has them; where there is none, labels are numbered as in the report.
    """
    needed("matplotlib")
    from matplotlib import font_manager, rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [*scores.labels, NO_LABEL] if scores.no_label else list(scores.labels)
    families = ["DejaVu Sans"]
    if any(_HAN.search(name) for name in names):
        there = {font.name for font in font_manager.fontManager.ttflist}
        chinese = [name for name in _CHINESE_FONTS if name in there]
        families += chinese
        if not chinese:
            names = [str(number) for number in range(1, len(names) + 1)]
    rows = [row[: len(names)] for row in scores.confusion]
    side = max(3.5, 0.45 * len(names) + 1.8)
    with rc_context({"font.family": families}):
        figure = Figure(figsize=(side, side * len(rows) / len(names) + 0.6), dpi=110, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        shares = [[count / max(sum(row), 1) for count in row] for row in rows]
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(rows)), names[: len(rows)])
        axes.set_xlabel("said")
        axes.set_ylabel("right")
        axes.set_title(title or f"accuracy {scores.accuracy:.3f}, {scores.examples} examples")
        for y, row in enumerate(rows):
            for x, count in enumerate(row):
                if count:
                    axes.text(
                        x, y, str(count), ha="center", va="center", color="white" if shares[y][x] > 0.5 else "black"
                    )
        figure.savefig(path)


_CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Heiti SC",
)


def _of_label(right: int, support: int, predicted: int) -> OfLabel:
    precision, recall = right / predicted if predicted else 0.0, right / support if support else 0.0
    return OfLabel(precision, recall, 2 * right / (support + predicted) if right else 0.0, support, predicted)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(_AROUND)
