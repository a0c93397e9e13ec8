"""Pronouns and names on GAP (Webster et al. 2018, "Mind the GAP", TACL), development part.

``python benchmarks/gap.py --data $KG_DATA`` prints F1 over the decisions "does the pronoun mean name A (B)?", for
masculine and feminine pronouns, their quotient (bias: feminine over masculine) and both together: as GAP's own scorer
does. The text alone is given: names are found by the pipeline, and a decision is yes where the name that was chosen is
A (B), or is called the same. ``--half 1`` takes the second thousand rows, which no weights were fitted to; ``--least
0.5`` leaves pronouns out whose antecedent is less likely than that; ``--parses FILE`` keeps the parses.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import pickle
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from kg_builder.extract.open_ie.english.arguments import mention
from kg_builder.extract.open_ie.english.columns import Columns
from kg_builder.extract.open_ie.english.coreference import Antecedents
from kg_builder.extract.open_ie.english.pipeline import load_english
from kg_builder.extract.open_ie.english.tree import Tree

_FEMININE = frozenset({"she", "her", "hers"})
Row = dict[str, str]


def load_rows(data: Path) -> list[Row]:
    with (data / "coref/gap/gap-development.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def parsed(rows: list[Row], keep: Path | None) -> list[Columns]:
    if keep is not None and keep.exists():
        kept: list[Columns] = pickle.loads(keep.read_bytes())
        return kept
    pipeline = load_english()
    read = [pipeline.read(row["Text"]) for row in rows]
    if keep is not None:
        keep.write_bytes(pickle.dumps(read))
    return read


def decisions(row: Row, columns: Columns, least: float | None) -> tuple[bool, bool, bool]:
    """Whether the pronoun means A, whether it means B, and whether anything was answered."""
    tree = Tree(columns)
    antecedents = Antecedents(tree) if least is None else Antecedents(tree, least=least)
    pronoun = bisect_right(tree.start, int(row["Pronoun-offset"])) - 1
    found = antecedents.of(pronoun)
    if found is None:
        return False, False, False
    span = mention(tree, found)
    yes = []
    for name in ("A", "B"):
        start = int(row[f"{name}-offset"])
        end = start + len(row[name])
        yes.append((span.start < end and start < span.end) or _same(span.surface, row[name]))
    return yes[0], yes[1], True


def _same(found: str, wanted: str) -> bool:
    """Whether one of two names holds all words of the other."""
    a, b = set(found.lower().split()), set(wanted.lower().split())
    return a <= b or b <= a


def score(rows: list[Row], answers: list[tuple[bool, bool, bool]]) -> dict[str, float]:
    counts: Counter[tuple[str, str]] = Counter()
    for row, answer in zip(rows, answers, strict=True):
        gender = "feminine" if row["Pronoun"].lower() in _FEMININE else "masculine"
        for name, said in zip(("A", "B"), answer[:2], strict=True):
            true = row[f"{name}-coref"].upper() == "TRUE"
            outcome = {(True, True): "tp", (True, False): "fp", (False, True): "fn"}.get((said, true), "tn")
            counts[gender, outcome] += 1
            counts["overall", outcome] += 1
    result: dict[str, float] = {"answered": round(sum(a[2] for a in answers) / max(1, len(answers)), 3)}
    for group, (precision, recall, f1) in _measures(counts):
        result |= {f"{group}_precision": precision, f"{group}_recall": recall, f"{group}_f1": f1}
    result["bias"] = round(result["feminine_f1"] / max(1e-9, result["masculine_f1"]), 3)
    return result


def _measures(counts: Counter[tuple[str, str]]) -> Iterator[tuple[str, tuple[float, float, float]]]:
    for group in ("masculine", "feminine", "overall"):
        tp, fp, fn = (counts[group, outcome] for outcome in ("tp", "fp", "fn"))
        precision, recall = tp / max(1, tp + fp), tp / max(1, tp + fn)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        yield group, (round(precision, 3), round(recall, 3), round(f1, 3))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    options.add_argument("--half", type=int, choices=(0, 1))
    options.add_argument("--least", type=float, help="how sure an antecedent must be; default: as the extractor asks")
    options.add_argument("--parses", type=Path)
    arguments = options.parse_args()
    rows = load_rows(Path(arguments.data))
    columns = parsed(rows, arguments.parses)
    if arguments.half is not None:
        half = slice(0, 1000) if arguments.half == 0 else slice(1000, 2000)
        rows, columns = rows[half], columns[half]
    answers = [decisions(row, read, arguments.least) for row, read in zip(rows, columns, strict=True)]
    print(json.dumps(score(rows, answers)))


if __name__ == "__main__":
    main()
