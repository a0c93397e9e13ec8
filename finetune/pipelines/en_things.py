"""Trains the ranker behind "it" and "they" on the freely licensed documents of GUM's train part (annotation CC BY 4.0).

``python -m finetune.pipelines.en_things --data $KG_DATA --out kg_builder/models/en/things.json``: a linear model with
a softmax over the nouns of the sentences before, and nothing of them ("it rains", what a clause says, somebody whom the
text does not name). Two rounds, since what earlier pronouns mean is itself an answer of the model.
``python benchmarks/pronouns.py`` measures the result on GUM's dev part.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from finetune.pipelines.gum_coreference import GumDocument, parse_documents, place_mentions
from finetune.pipelines.ranking import Example, fit
from kg_builder.extract.open_ie.english.coreference import nouns_of, sentence_numbers
from kg_builder.extract.open_ie.english.thing_pronouns import PLURAL, THING, ThingPronouns
from kg_builder.extract.open_ie.english.tree import Tree

__all__ = ["read_examples"]

DECAY = 1e-3
ROUNDS = 2
SEEN = 5


def read_examples(documents: Iterable[tuple[GumDocument, Tree]], weights: Mapping[str, float]) -> Iterator[Example]:
    """One example for each "it" and "they" (in all their forms), as the model sees it that has these `weights`."""
    for document, tree in documents:
        entities = place_mentions(tree, document)
        pronouns = ThingPronouns(tree, sentence_numbers(tree), nouns_of(tree), weights)
        for i, low in enumerate(tree.low):
            if low in THING or low in PLURAL:
                candidates, rows = pronouns.described(i)
                meant = entities.get(i, frozenset())
                right = [bool(entities.get(n, frozenset()) & meant) for n in candidates]
                yield Example(rows, [*right, not any(right)])


def main() -> None:
    """Train and write the weights."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    options.add_argument("--out", type=Path, required=True)
    arguments = options.parse_args()
    documents = [pair for pair in parse_documents(Path(arguments.data), "train") if pair[0].free]
    weights: dict[str, float] = {}
    for _ in range(ROUNDS):
        weights = fit(list(read_examples(documents, weights)), decay=DECAY, seen=SEEN)
    about = "Weights of the ranker behind it and they; made by finetune.pipelines.en_things from GUM (CC BY 4.0)."
    arguments.out.write_text(json.dumps({"about": about, "weights": weights}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
