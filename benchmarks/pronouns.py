"""What pronouns and "the company" mean, on GUM (Zeldes 2017, "The GUM corpus", LREV).

``python benchmarks/pronouns.py --data $KG_DATA`` reads the dev documents (``--part train``: those of closed genres that
no weights were fitted to: fiction, how-tos, conversations, podcasts, essays) as text, and asks of every "he", "she",
"it" and "they" in all their forms: was it answered, and does the answer head a mention of the entity that GUM says is
meant? Recall counts the pronouns whose entity a noun before names. ``--least 0.6`` leaves out what is less likely than
that (about what a graph does), ``--least 0`` nothing.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from pathlib import Path

from finetune.pipelines.gum_coreference import parse_documents, place_mentions
from kg_builder.extract.open_ie.english.coreference import Antecedents, nouns_of
from kg_builder.extract.open_ie.english.personal_pronouns import FEMALE, MALE
from kg_builder.extract.open_ie.english.thing_pronouns import PLURAL, THING
from kg_builder.extract.open_ie.english.tree import Tree

_GROUPS = {"he, she": MALE | FEMALE, "it": THING, "they": PLURAL}
_COMPANY = "the company"


def count(
    tree: Tree, antecedents: Antecedents, entities: dict[int, frozenset[int]], counts: Counter[tuple[str, str]]
) -> None:
    """Adds the answers of one document to the counts by group and outcome."""
    nouns = nouns_of(tree)
    nothing: frozenset[int] = frozenset()
    for i, low in enumerate(tree.low):
        group = next((name for name, words in _GROUPS.items() if low in words), "")
        found: int | None
        if group:
            found = antecedents.of(i)
            counts[group, "named"] += any(entities.get(n, nothing) & entities.get(i, nothing) for n in nouns if n < i)
        else:
            found, group = antecedents.of_description(i), _COMPANY
            if found == i:
                continue
        counts[group, "all"] += 1
        if found is not None:
            counts[group, "answered"] += 1
            counts[group, "right"] += bool(entities.get(found, nothing) & entities.get(i, nothing))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    options.add_argument("--part", choices=("dev", "train"), default="dev")
    options.add_argument("--least", type=float, help="how likely an answer must be; default: as sentences are read")
    arguments = options.parse_args()
    least = arguments.least
    counts: Counter[tuple[str, str]] = Counter()
    for document, tree in parse_documents(Path(arguments.data), arguments.part):
        if arguments.part == "dev" or not document.free:
            antecedents = Antecedents(tree) if least is None else Antecedents(tree, least=least, least_thing=least)
            count(tree, antecedents, place_mentions(tree, document), counts)
    for group in (*_GROUPS, _COMPANY):
        total, answered, right, named = (counts[group, name] for name in ("all", "answered", "right", "named"))
        row: dict[str, object] = {"of": group, "all": total, "answered": answered}
        row["precision"] = round(right / max(1, answered), 3)
        if named:
            row |= {"recall": round(right / named, 3), "f1": round(2 * right / (answered + named), 3)}
        print(json.dumps(row))


if __name__ == "__main__":
    main()
