"""How many of the merges of a graph are right: a random sample, judged by a reader.

``python benchmarks/judged_merges.py draw STORE > FILE`` draws links, each of which made two names one entity; every
link has the same chance, and the same seed and graph give the same sample. The reader fills in ``verdict`` (``right``:
the documents mean one thing by both names, or two wordings of one; else ``wrong``) and, of what is wrong, the
``cause``.

``python benchmarks/judged_merges.py show FILE STORE`` prints each pair with a sentence or two of either name; ``score
FILE`` prints the precision, by probability and by rule too, and counts the causes. Names that one key makes one are
not drawn: their spelling is the same but for case, width and the like.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from judged_rows import print_verdicts, rows_of

from kg_builder.store import GraphStore, open_store

COLUMNS = ("number", "one", "one_type", "other", "other_type", "probability", "rule", "verdict", "cause")
_MOST = 1_000_000
_AROUND = 120  # characters of a sentence on either side of a name
LINKS = (
    "MATCH (a:Name)-[l:LINKED]->(b:Name) RETURN a.name AS one, a.type AS one_type, b.name AS other, "
    "b.type AS other_type, l.probability AS probability, l.rule AS rule"
)
SENTENCES = (
    "MATCH (n:Name {name: $name, type: $type})-[:NAMES]->(e:Entity) MATCH (e)-[m:MENTIONED_IN]->(s:Segment) "
    "WHERE m.name = n.id MATCH (s)-[:PART_OF]->(d:Document) RETURN d.uri AS uri, s.text AS text, s.start AS base, "
    "m.start AS start, m.end AS end ORDER BY uri, start LIMIT 400"
)


def draw(uri: str, *, seed: int, count: int) -> None:
    """Print a sample as tab-separated values."""
    with open_store(uri) as store:
        found = store.query(LINKS, max_rows=_MOST, timeout_s=300).rows
    rows = sorted((*map(str, row[:4]), f"{row[4]:.2f}", str(row[5])) for row in found)
    chance = random.Random(seed)
    table = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    table.writerow(COLUMNS)
    print(f"{len(rows):,} links: {dict(Counter(row[5] for row in rows))}", file=sys.stderr)
    for number, row in enumerate(chance.sample(rows, min(count, len(rows))), 1):
        table.writerow([number, *(" ".join(cell.split()) for cell in row), "", ""])


def show(file: Path, uri: str, *, sentences: int) -> None:
    """Print the pairs with what is said by either name."""
    with open_store(uri) as store:
        for row in rows_of(file):
            print(f"{row['number']}. {row['probability']} {row['rule']} {row['verdict']} {row['cause']}")
            for side in ("one", "other"):
                print(f"   {row[side]} ({row[f'{side}_type']})")
                for line in _said(store, row[side], row[f"{side}_type"], sentences):
                    print(f"      {line}")


def _said(store: GraphStore, name: str, type_: str, sentences: int) -> Iterator[str]:
    """Where a name stands: the first mentions in different documents, or else in different segments."""
    rows = store.query(SENTENCES, {"name": name, "type": type_}, timeout_s=120).rows
    by_document = {row[0]: row for row in reversed(rows)}
    chosen = [*by_document.values(), *(row for row in rows if row != by_document[row[0]])]
    for document, text, base, start, end in chosen[:sentences]:
        first, last = start - base, end - base
        before, behind = text[max(0, first - _AROUND) : first], text[last : last + _AROUND]
        words = f"{before}[{text[first:last]}]{behind}"
        yield f"{str(document).rpartition('/')[2]}: {' '.join(words.split())}"


def groups_of(row: dict[str, str]) -> tuple[str, str]:
    """By which the verdicts on merges are counted."""
    return f"{int(min(float(row['probability']), 0.99) * 10) / 10:.1f} and more", row["rule"]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = options.add_subparsers(dest="command", required=True)
    drawing, showing, scoring = (commands.add_parser(name) for name in ("draw", "show", "score"))
    drawing.add_argument("store")
    drawing.add_argument("--seed", type=int, default=2026)
    drawing.add_argument("--count", type=int, default=100)
    showing.add_argument("file", type=Path)
    showing.add_argument("store")
    showing.add_argument("--sentences", type=int, default=2, help="of each name")
    scoring.add_argument("file", type=Path)
    given = options.parse_args()
    if given.command == "draw":
        draw(given.store, seed=given.seed, count=given.count)
    elif given.command == "show":
        show(given.file, given.store, sentences=given.sentences)
    else:
        print_verdicts(given.file, groups_of)


if __name__ == "__main__":
    main()
