"""Trains the ranker behind "he" and "she": on the first half of GAP's development part (Apache-2.0), and on the freely
licensed documents of GUM's train part (annotation CC BY 4.0).

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
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from finetune.pipelines.gum_coreference import GumDocument, parse_documents, place_mentions
from finetune.pipelines.ranking import Example, fit
from kg_builder.extract.open_ie.english.coreference import sentence_numbers
from kg_builder.extract.open_ie.english.coreference_features import FEATURES, Candidate
from kg_builder.extract.open_ie.english.personal_pronouns import FEMALE, MALE, PersonalPronouns
from kg_builder.extract.open_ie.english.pipeline import load_english
from kg_builder.extract.open_ie.english.tree import Tree

__all__ = ["from_gap", "from_gum"]

ROWS = 1000  # the first half; the second is for measuring
DECAY = 1e-3
ROUNDS = 2


def from_gap(rows: list[dict[str, str]], trees: list[Tree], weights: dict[str, float]) -> Iterator[Example]:
    """One example for each row, as the model sees it that has these weights."""
    for row, tree in zip(rows, trees, strict=True):
        pronoun = bisect_right(tree.start, int(row["Pronoun-offset"])) - 1
        candidates, described = PersonalPronouns(tree, sentence_numbers(tree), weights).situation(pronoun)
        if candidates:
            named = {name: np.array([_is_called(tree, c, row, name) for c in candidates]) for name in ("A", "B")}
            true = [named[name] for name in ("A", "B") if row[f"{name}-coref"].upper() == "TRUE"]
            good = true[0] if true else ~(named["A"] | named["B"])
            yield _example(described, good.tolist(), nobody=not true or not good.any())


def from_gum(documents: Iterable[tuple[GumDocument, Tree]], weights: dict[str, float]) -> Iterator[Example]:
    """One example for each "he" and "she" in all their forms, as the model sees it that has these weights."""
    for document, tree in documents:
        entities = place_mentions(tree, document)
        pronouns = PersonalPronouns(tree, sentence_numbers(tree), weights)
        for i, low in enumerate(tree.low):
            if low in MALE or low in FEMALE:
                meant = entities.get(i, frozenset())
                candidates, described = pronouns.situation(i)
                right = [any(entities.get(k, frozenset()) & meant for k in c.person.places) for c in candidates]
                if candidates:
                    yield _example(described, right, nobody=not any(right))


def _example(described: list[list[float]], right: list[bool], *, nobody: bool) -> Example:
    rows = [dict(zip(FEATURES, row, strict=True)) for row in described]
    return Example([*rows, {"nobody": 1.0}], [*right, nobody])


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
    documents = [pair for pair in parse_documents(Path(arguments.data), "train") if pair[0].free]
    weights: dict[str, float] = {}
    for _ in range(ROUNDS):
        examples = [*from_gap(rows, trees, weights), *from_gum(documents, weights)]
        weights = fit(examples, decay=DECAY)
    about = "Weights of the ranker behind he and she; made by finetune.pipelines.en_coreference from GAP and GUM."
    arguments.out.write_text(json.dumps({"about": about, "weights": weights}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
