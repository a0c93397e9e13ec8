"""Trains the ranker behind "he" and "she" on the first half of GAP's development part (Apache-2.0).

``python -m finetune.pipelines.en_coreference --data $KG_DATA --out kg_builder/models/en/coreference.json``: a linear
model with a softmax over the people whom a text names, and nobody. Where GAP says that neither of its two names is
meant, anybody else may be. Two rounds, since whom earlier pronouns mean is itself an answer of the model.
``python benchmarks/gap.py --half 1`` measures the result on the other half.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from finetune.pipelines.ranking import Example, fit
from kg_builder.extract.open_ie.english.coreference import sentence_numbers
from kg_builder.extract.open_ie.english.coreference_features import FEATURES, Candidate
from kg_builder.extract.open_ie.english.personal_pronouns import PersonalPronouns
from kg_builder.extract.open_ie.english.pipeline import load_english
from kg_builder.extract.open_ie.english.tree import Tree

__all__ = ["load_examples"]

ROWS = 1000  # the first half; the second is for measuring
DECAY = 1e-3
ROUNDS = 2


def load_examples(rows: list[dict[str, str]], trees: list[Tree], weights: dict[str, float]) -> list[Example]:
    """One example for each row, as the model sees it that has these weights."""
    return [found for row, tree in zip(rows, trees, strict=True) if (found := _example(row, tree, weights))]


def _example(row: dict[str, str], tree: Tree, weights: dict[str, float]) -> Example | None:
    pronoun = bisect_right(tree.start, int(row["Pronoun-offset"])) - 1
    candidates, described = PersonalPronouns(tree, sentence_numbers(tree), weights).situation(pronoun)
    if not candidates:
        return None
    named = {name: np.array([_is_called(tree, c, row, name) for c in candidates]) for name in ("A", "B")}
    true = [named[name] for name in ("A", "B") if row[f"{name}-coref"].upper() == "TRUE"]
    good = true[0] if true else ~(named["A"] | named["B"])
    right = np.append(good, not true or not good.any())
    rows = [dict(zip(FEATURES, row, strict=True)) for row in described]
    return Example([*rows, {"nobody": 1.0}], right.tolist())


def _is_called(tree: Tree, candidate: Candidate, row: dict[str, str], name: str) -> bool:
    start = int(row[f"{name}-offset"])
    end = start + len(row[name])
    words = set(row[name].lower().split())
    for place in candidate.person.places:
        if tree.start[place] < end and start < tree.end[place]:
            return True
        if words <= candidate.person.words and abs(tree.start[place] - start) < 40:
            return True
    return False


def _read(data: Path) -> Iterator[tuple[dict[str, str], Tree]]:
    pipeline = load_english()
    with (data / "coref/gap/gap-development.tsv").open(encoding="utf-8", newline="") as file:
        for row in list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[:ROWS]:
            yield row, Tree(pipeline.read(row["Text"]))


def main() -> None:
    """Train and write the weights."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    options.add_argument("--out", type=Path, required=True)
    arguments = options.parse_args()
    pairs = list(_read(Path(arguments.data)))
    rows, trees = [row for row, _ in pairs], [tree for _, tree in pairs]
    weights: dict[str, float] = {}
    for _ in range(ROUNDS):
        weights = fit(load_examples(rows, trees, weights), decay=DECAY)
    about = "Weights of the ranker behind he and she; made by finetune.pipelines.en_coreference from GAP (Apache-2.0)."
    arguments.out.write_text(json.dumps({"about": about, "weights": weights}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
