"""Noun phrases of open-domain triples made one: macro, micro and pairwise F1 on CESI's data.

    KG_DATA=... python benchmarks/cesi.py [--threshold P] [--json]

The data (Vashishth et al. 2018, after Galárraga et al. 2014) are triples found by open information extraction with the
gold entity of each subject. As in CESI's evaluation every subject is a mention, named by its triple, and only subjects
are scored; objects are names like any other while clusters are made. The definitions, with C the clusters found and E
the gold ones:

- macro precision: the share of C's clusters whose mentions all are of one gold entity; recall: the same with C and E
  exchanged;
- micro precision: the share of mentions that belong to the most frequent gold entity of their cluster; recall: the same
  with C and E exchanged;
- pairwise precision: the share of pairs of mentions in one cluster that are of one gold entity; recall: the share of
  pairs of one gold entity that are in one cluster.

`resolve_names` is given what an import of the triples would know: names with their surfaces and facts, the file as
their one document, no types.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

from kg_builder.names import clean_name, name_key
from kg_builder.relations import canonical_relation
from kg_builder.resolve.batch import resolve_names
from kg_builder.resolve.grouping import DEFAULT
from kg_builder.resolve.records import Profile
from kg_builder.types import Name, Relation

SETS = {"Base": "base_valid.jsonl", "Ambiguous": "ambiguous_valid.jsonl"}
PUBLISHED = {"Base": (98.2, 99.8, 99.9), "Ambiguous": (66.2, 92.4, 91.9)}


def score(found: Mapping[str, Hashable], gold: Mapping[str, Hashable]) -> dict[str, float]:
    """Macro, micro and pairwise precision, recall and F1 over mentions, each from 0 to 1, and the mean of the F1s."""
    figures: dict[str, float] = {}
    for name, measure in (("macro", _macro), ("micro", _micro), ("pairwise", _pairwise)):
        precision, recall = measure(found, gold), measure(gold, found)
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        figures |= {f"{name}_precision": precision, f"{name}_recall": recall, f"{name}_f1": f1}
    figures["average_f1"] = sum(figures[f"{name}_f1"] for name in ("macro", "micro", "pairwise")) / 3
    return figures


def _cells(one: Mapping[str, Hashable], other: Mapping[str, Hashable]) -> Iterable[Counter[Hashable]]:
    """For each cluster of `one`, how many of its mentions each cluster of `other` has."""
    cells: dict[Hashable, Counter[Hashable]] = defaultdict(Counter)
    for mention, cluster in one.items():
        cells[cluster][other[mention]] += 1
    return cells.values()


def _macro(one: Mapping[str, Hashable], other: Mapping[str, Hashable]) -> float:
    cells = list(_cells(one, other))
    return sum(len(cell) == 1 for cell in cells) / max(1, len(cells))


def _micro(one: Mapping[str, Hashable], other: Mapping[str, Hashable]) -> float:
    return sum(max(cell.values()) for cell in _cells(one, other)) / max(1, len(one))


def _pairwise(one: Mapping[str, Hashable], other: Mapping[str, Hashable]) -> float:
    cells = list(_cells(one, other))
    together = sum(n * (n - 1) for cell in cells for n in [sum(cell.values())])
    hit = sum(n * (n - 1) for cell in cells for n in cell.values())
    return hit / together if together else 0.0


def profiles_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Profile]:
    """A profile for each name of the triples, by key."""
    surfaces: dict[str, Counter[str]] = defaultdict(Counter)
    facts: dict[str, set[str]] = defaultdict(set)
    documents: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        head, relation, tail = row["triple"]
        keys = name_key(head), name_key(tail)
        relation = canonical_relation(Relation(relation), language="en").name
        for key, surface in zip(keys, (head, tail), strict=True):
            surfaces[key][clean_name(surface)] += 1
            documents[key].add("import")
        facts[keys[0]].add(f"{relation}>{keys[1]}")
        facts[keys[1]].add(f"{relation}<{keys[0]}")
    return {
        key: Profile(Name(key, "Other"), dict(surfaces[key]), frozenset(facts[key]), frozenset(documents[key]))
        for key in surfaces
    }


def run(rows: list[dict[str, Any]], *, threshold: float) -> tuple[dict[str, float], dict[str, str], list[Any]]:
    """The figures, the cluster of each name by key, and the links."""
    profiles = profiles_of(rows)
    groups, links = resolve_names(profiles.values(), must=(), never=(), threshold=threshold)
    cluster = {name: members[0] for members in groups for name in members}
    of_key = {key: cluster[profile.id] for key, profile in profiles.items()}
    found = {str(row["_id"]): of_key[name_key(row["triple"][0])] for row in rows}
    gold = {str(row["_id"]): row["true_link"]["subject"] for row in rows}
    return score(found, gold), of_key, links


def main() -> None:
    """Print the figures of both sets."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    options.add_argument("--threshold", type=float, default=DEFAULT)
    options.add_argument("--json", action="store_true")
    arguments = options.parse_args()
    for name, file in SETS.items():
        path = Path(arguments.data) / "entity_resolution" / "cesi" / file
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        figures, _, _ = run(rows, threshold=arguments.threshold)
        if arguments.json:
            print(json.dumps({"set": name, **{key: round(value, 4) for key, value in figures.items()}}))
            continue
        shown = " / ".join(f"{100 * figures[f'{kind}_f1']:.1f}" for kind in ("macro", "micro", "pairwise"))
        published = PUBLISHED[name]
        print(
            f"{name}: {shown}, average {100 * figures['average_f1']:.2f}"
            f" (CESI {' / '.join(map(str, published))}, average {sum(published) / 3:.2f})"
        )


if __name__ == "__main__":
    main()
