"""Trains and measures the confidence of the offline extractor's statements.

``python -m finetune.pipelines.confidence --data $KG_DATA`` writes ``kg_builder/models/en/confidence.json`` and prints
what is in docs/confidence.md; with ``--diagram FILE.png`` it draws the reliability diagram (needs matplotlib).
``--language zh`` does the same for Chinese.
Logistic regression with an L2 penalty, then Platt scaling (Platt 1999) on predictions for sentences that were left out
in turn. One third of the sentences is kept for measuring. The expected calibration error is over 15 bins of equal mass.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finetune.pipelines.confidence_data import Example, english_examples, load_oie2016, oie2016_examples
from finetune.pipelines.confidence_data_zh import chinese_examples
from kg_builder.extract.open_ie.confidence import Weights

__all__ = ["calibration_error", "fit", "main", "measures", "predict"]

KEPT = 33  # per cent of the sentences, for measuring
PENALTY = 60.0
RAREST = 20  # times that a feature must occur
FOLDS = 5
BINS = 15
WEIGHTS = {"wiki, graph": 0.5, "judged": 2.0}  # of an example in training; 1 of all others
_Floats = NDArray[np.float64]
_MODELS = Path(__file__).parents[2] / "kg_builder/models"


def fit(examples: list[Example], *, penalty: float = PENALTY, rarest: int = RAREST) -> Weights:
    """Calibrated weights. What a graph has is calibrated once more, by readers: they are stricter than tuples that
    overlap."""
    counts = Counter(name for e in examples for name in e.features)
    names = sorted(name for name, count in counts.items() if count >= rarest)
    matrix, right, weight = _matrix(examples, names), _right(examples), _weight(examples)
    left_out = np.zeros(len(examples))
    fold = np.array([e.part % FOLDS for e in examples])
    for k in range(FOLDS):
        inside = fold != k
        left_out[~inside] = matrix[~inside] @ _solve(matrix[inside], right[inside], weight[inside], penalty)
    scale, shift = _platt(left_out, right, weight)
    solved = _solve(matrix, right, weight, penalty) * scale
    solved[-1] += shift
    weights = Weights({name: round(float(w), 4) for name, w in zip([*names, ""], solved, strict=True)})
    read = np.array([e.source == "judged" for e in examples])
    if not read.any():
        return weights
    again = _platt((left_out * scale + shift)[read], right[read], np.ones(int(read.sum())))
    return replace(weights, scale=round(again[0], 4), shift=round(again[1], 4))


def _platt(scores: _Floats, right: _Floats, weight: _Floats) -> tuple[float, float]:
    """The scale and the shift that make scores chances."""
    scale, shift = _solve(np.column_stack([scores, np.ones(len(scores))]), right, weight, 0.0)
    return float(scale), float(shift)


def _solve(matrix: _Floats, right: _Floats, weight: _Floats, penalty: float) -> _Floats:
    minimize = import_module("scipy.optimize").minimize

    def loss(solution: _Floats) -> tuple[float, _Floats]:
        scores = matrix @ solution
        chances = 1 / (1 + np.exp(-scores))
        value = (weight * (np.logaddexp(0, scores) - right * scores)).sum() + penalty / 2 * (solution[:-1] ** 2).sum()
        gradient = matrix.T @ (weight * (chances - right))
        gradient[:-1] += penalty * solution[:-1]
        return float(value), gradient

    start = np.zeros(matrix.shape[1])
    found: _Floats = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000}).x
    return found


def _matrix(examples: list[Example], names: list[str]) -> _Floats:
    column = {name: k for k, name in enumerate(names)}
    matrix = np.zeros((len(examples), len(names) + 1))
    matrix[:, -1] = 1.0
    for row, e in enumerate(examples):
        for name, value in e.features.items():
            if name in column:
                matrix[row, column[name]] = value
    return matrix


def _right(examples: list[Example]) -> _Floats:
    return np.array([e.right for e in examples], dtype=float)


def _weight(examples: list[Example]) -> _Floats:
    return np.array([WEIGHTS.get(e.source, 1.0) for e in examples])


def predict(examples: list[Example], weights: Weights) -> _Floats:
    """What each example is given."""
    return np.array([weights.chance(e.features) for e in examples])


def _bins(chances: _Floats, bins: int) -> list[NDArray[np.int64]]:
    return np.array_split(np.argsort(chances, kind="stable"), bins)


def calibration_error(chances: _Floats, right: _Floats, bins: int = BINS) -> float:
    """The mean distance of what was promised from what was kept, over bins of equal mass."""
    parts = [b for b in _bins(chances, bins) if len(b)]
    return float(sum(len(b) * abs(chances[b].mean() - right[b].mean()) for b in parts) / len(chances))


def measures(examples: list[Example], weights: Weights) -> dict[str, Any]:
    """How well the weights do on these examples."""
    return _measured(predict(examples, weights), _right(examples))


def _measured(chances: _Floats, right: _Floats) -> dict[str, Any]:
    order = np.argsort(chances, kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    positive = right.sum()
    area = (ranks[right == 1].sum() - positive * (positive + 1) / 2) / max(1.0, positive * (len(right) - positive))
    return {
        "statements": len(right),
        "right": round(float(right.mean()), 3),
        "promised": round(float(chances.mean()), 3),
        "calibration_error": round(calibration_error(chances, right), 3),
        "brier": round(float(((chances - right) ** 2).mean()), 3),
        "auc": round(float(area), 3),
    }


def thresholds(examples: list[Example], weights: Weights) -> list[tuple[float, float, float]]:
    """(least confidence, share that is kept, share of those that is right)."""
    chances, right = predict(examples, weights), _right(examples)
    rows = []
    for least in (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        kept = chances >= least
        rows.append((least, round(float(kept.mean()), 3), round(float(right[kept].mean()), 3) if kept.any() else 0.0))
    return rows


def draw(examples: dict[str, list[Example]], weights: Weights, to: Path) -> None:
    """The reliability diagram: what was promised against what was kept, 15 bins of equal mass."""
    matplotlib = import_module("matplotlib")
    matplotlib.use("Agg")
    figure, axes = import_module("matplotlib.pyplot").subplots(figsize=(4.5, 4.5), dpi=110)
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for name, part in examples.items():
        chances, right = predict(part, weights), _right(part)
        parts = _bins(chances, BINS)
        axes.plot(
            [chances[b].mean() for b in parts], [right[b].mean() for b in parts], marker="o", markersize=4, label=name
        )
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False)
    figure.tight_layout()
    to.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(to, metadata={"Software": None})


def _write(weights: Weights, to: Path) -> None:
    about = "Weights of the confidence of statements; made by finetune.pipelines.confidence."
    fitted = {"about": about, "graph": {"scale": weights.scale, "shift": weights.shift}, "weights": weights.of}
    text = json.dumps(fitted, indent=1, ensure_ascii=False)
    to.write_text(text + "\n", encoding="utf-8")


def _chinese(data: Path, out: Path) -> None:
    """Few examples: each fold is measured with weights fitted to the others, and all are fitted to in the end."""
    every = list(chinese_examples(data))
    measured: list[Example] = []
    chances: list[float] = []
    for k in range(FOLDS):
        weights = fit([e for e in every if e.part // 20 != k], penalty=10.0, rarest=10)
        inside = [e for e in every if e.part // 20 == k]
        measured += inside
        chances += predict(inside, weights).tolist()
    _write(fit(every, penalty=10.0, rarest=10), out)
    for name in ("all", *sorted({e.source for e in every})):
        part = [i for i, e in enumerate(measured) if name in ("all", e.source)]
        print(name, json.dumps(_measured(np.array(chances)[part], _right([measured[i] for i in part]))))  # noqa: T201


def main() -> None:
    """Train, write and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    options.add_argument("--language", choices=("en", "zh"), default="en")
    options.add_argument("--out", type=Path)
    options.add_argument("--diagram", type=Path)
    options.add_argument("--newswire", action="store_true", help="measure on the half that may not be learnt from, too")
    arguments = options.parse_args()
    data = Path(arguments.data)
    if arguments.language == "zh":
        _chinese(data, arguments.out or _MODELS / "zh/confidence.json")
        return
    every = list(english_examples(data))
    kept = [e for e in every if e.part < KEPT]
    weights = fit([e for e in every if e.part >= KEPT])
    _write(weights, arguments.out or _MODELS / "en/confidence.json")
    parts = {"kept": kept} | {s: [e for e in kept if e.source == s] for s in sorted({e.source for e in kept})}
    if arguments.newswire:
        path = data / "openie/oie2016_train/newswire_propbank.train.oie.conll"
        parts["newswire"] = list(oie2016_examples(load_oie2016(path), "newswire"))
    for name, part in parts.items():
        print(name, json.dumps(measures(part, weights)))  # noqa: T201
    print("least confidence, kept, right:", thresholds(kept, weights))  # noqa: T201
    if arguments.diagram:
        draw({"kept, as sentences have them": parts["wiki, reading"]}, weights, arguments.diagram)


if __name__ == "__main__":
    main()
