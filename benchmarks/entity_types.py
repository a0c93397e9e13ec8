"""F1 of names with their types, as the shipped English pipeline finds them in sentences that are cut into words.

``python benchmarks/entity_types.py --data $KG_DATA`` prints one line for each set: WikiANN's dev part (first 3,000
sentences; persons, places, organizations), WNUT17's dev part (tweets; works, products and the rest are one type)
and Wikigold (which the weights were trained on: no more than a check). ``--written upper`` or ``lower`` rewrites the
words first.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
from collections.abc import Iterable
from pathlib import Path

from finetune.pipelines.en_data import Example, name_columns, names
from finetune.pipelines.en_train import spans
from kg_builder.extract.open_ie.english.pipeline import load_english

_LIMIT = 3000


def score(examples: Iterable[Example], *, misc: bool) -> dict[str, float | int]:
    pipeline = load_english()
    right = found = gold = sentences = 0
    for example in examples:
        words = [word.replace(" ", "") or "-" for word in example.words]
        here = {(e.start, e.end, e.label_) for e in pipeline.parse_words(words).ents if misc or e.label_ != "MISC"}
        there = {name for name in spans(list(example.ner)) if misc or name[2] != "MISC"}
        right, found, gold = right + len(here & there), found + len(here), gold + len(there)
        sentences += 1
    precision, recall = right / max(1, found), right / max(1, gold)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {
        "sentences": sentences,
        "names": gold,
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "f1": round(f1, 3),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    options.add_argument("--written", choices=("plain", "upper", "lower"), default="plain")
    arguments = options.parse_args()
    data = Path(arguments.data)
    sets = {
        "wikiann dev": (names(data, "dev")[:_LIMIT], False),
        "wnut17 dev": (name_columns(data / "ner/wnut17/dev.conll", "\t"), True),
        "wikigold (trained on)": (name_columns(data / "ner/wikigold/wikigold.conll.txt", " "), True),
    }
    rewrite = {"plain": str, "upper": str.upper, "lower": str.lower}[arguments.written]
    for name, (examples, misc) in sets.items():
        written = [dataclasses.replace(e, words=tuple(map(rewrite, e.words))) for e in examples]
        print(name, json.dumps(score(written, misc=misc)))


if __name__ == "__main__":
    main()
