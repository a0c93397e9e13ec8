"""How often distant supervision is right: precision and recall of its labels against gold.

    KG_DATA=... python benchmarks/distant.py [--support N ...] [--limit N] [--json]

The graph is all gold triples of a set together, the texts are the set's own; a label is right if it is among the gold
of its own text. That flatters recall (the graph knows everything) and asks the question that matters: of the sentences
that name two related entities, which say so? WebNLG (dev): texts with all their triples. DuIE2: Chinese sentences,
incomplete gold. Re-DocRED (dev): sentences of documents; a triple is gold for those that are given as its evidence and
name both entities.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.corpus import LeftOut
from finetune.distant import Graph, Supervision, label_texts
from finetune.texts import Text
from kg_builder.names import name_key


@dataclass(frozen=True)
class Gold:
    """A triple, with all names of its ends."""

    heads: frozenset[str]
    relation: str
    tails: frozenset[str]


Labelled = list[tuple[str, list[Gold]]]


def webnlg(folder: Path) -> Labelled:
    rows = map(json.loads, (folder / "triples/webnlg_v2/dev.jsonl").open(encoding="utf-8"))
    return [
        (r["text"], [Gold(frozenset({plain(h)}), rel, frozenset({plain(t)})) for h, rel, t in r["triples"]])
        for r in rows
    ]


def plain(name: str) -> str:
    return name.replace("_", " ").strip('"')


def duie2(folder: Path) -> Labelled:
    rows = map(json.loads, (folder / "triples/duie2/train_4500.jsonl").open(encoding="utf-8"))
    return [
        (
            row["text"],
            [
                Gold(frozenset({each["subject"]}), each["predicate"], frozenset({value}))
                for each in row["spo_list"]
                for value in each["object"].values()
            ],
        )
        for row in rows
    ]


def re_docred(folder: Path) -> Labelled:
    found: Labelled = []
    for document in json.loads((folder / "triples/re_docred/dev_revised.json").read_text(encoding="utf-8")):
        names = [frozenset(mention["name"] for mention in each) for each in document["vertexSet"]]
        within = [{mention["sent_id"] for mention in each} for each in document["vertexSet"]]
        for number, words in enumerate(document["sents"]):
            gold = [
                Gold(names[label["h"]], label["r"], names[label["t"]])
                for label in document["labels"]
                if number in label["evidence"] and number in within[label["h"]] & within[label["t"]]
            ]
            found.append((" ".join(words), gold))
    return found


SETS = {"WebNLG": webnlg, "DuIE2": duie2, "Re-DocRED": re_docred}


def measure(rows: Labelled, supervision: Supervision) -> dict[str, Any]:
    graph = Graph()
    for _, triples in rows:
        for each in triples:
            ids = [name_key(min(names, key=lambda name: (-len(name), name))) for names in (each.heads, each.tails)]
            for id_, names in zip(ids, (each.heads, each.tails), strict=True):
                for name in names:
                    graph.names.add(name, id_)
            graph.add(ids[0], each.relation, ids[1])
    texts = [Text(text, str(number)) for number, (text, _) in enumerate(rows)]
    right = made = examples = empty = empty_right = 0
    started = time.perf_counter()
    for item in label_texts(graph, lambda: texts, supervision):
        if isinstance(item, LeftOut):
            continue
        gold = rows[int(item.source)][1]
        if not item.triples:
            empty += 1
            empty_right += not gold
            continue
        examples += 1
        for triple in item.triples:
            made += 1
            right += any(
                triple.relation == each.relation
                and matches(triple.head, each.heads)
                and matches(triple.tail, each.tails)
                for each in gold
            )
    total = sum(len(set(triples)) for _, triples in rows)
    return {
        "texts": len(rows),
        "examples": examples,
        "triples": made,
        "precision": round(right / made, 4) if made else 0.0,
        "recall": round(right / total, 4) if total else 0.0,
        "without_triples": empty,
        "rightly_so": empty_right,
        "seconds": round(time.perf_counter() - started, 1),
    }


def matches(surface: str, names: Iterable[str]) -> bool:
    return name_key(surface) in {name_key(name) for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--support", type=int, nargs="*", default=[0, 3])
    parser.add_argument("--limit", type=int, default=0, help="texts of each set (0: all)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = Path(os.environ["KG_DATA"])
    found = {}
    for name, reader in SETS.items():
        rows = reader(folder)[: options.limit or None]
        found[name] = {
            f"support {support}, several {several}": measure(rows, Supervision(support, several, negatives=0.5))
            for support in options.support
            for several in ("keep", "drop")
        }
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name, by_setting in found.items():
        print(name)
        for setting, figures in by_setting.items():
            print(f"  {setting}: " + ", ".join(f"{key} {value}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
