"""How often the lexicon of relations names the right relation: a random sample from real documents, judged by a reader.

``python benchmarks/judged_relations.py draw --data $KG_DATA > FILE`` draws facts whose relation the lexicon named
otherwise than the text does (those that keep their words are left out), half of them from English and half from
Chinese documents: a document at random, one of its segments, one such fact, each pair of words and relation at most
twice. The reader fills in ``verdict``: ``right`` where relation and direction say what the words say between these
ends, whether or not the extraction itself is right; else ``wrong``, with a ``cause``. ``score FILE`` prints the
precision.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from judged_rows import print_verdicts

from kg_builder.extract import open_extractor
from kg_builder.loaders import discover, load
from kg_builder.normalize import canonical_relation, to_statement
from kg_builder.segment import segment_document
from kg_builder.sentences import split_sentences
from kg_builder.types import Extraction, Language, Segment

COLUMNS = ("number", "document", "start", "words", "subject", "relation", "object", "verdict", "cause")
_EACH = 2  # of the same words for the same relation, at most
_TRIES = 400


def draw(data: Path, *, seed: int, count: int) -> None:
    """Print a sample as tab-separated values; sentences go to stderr, since the file may not hold them."""
    chance = random.Random(seed)
    extractor = open_extractor("open_ie")
    table = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    table.writerow(COLUMNS)
    files = [f.path for f in discover([data / "documents"])]
    number = 0
    languages: tuple[Language, ...] = ("en", "zh")
    for language in languages:
        names = sorted(path for path in files if path.relative_to(data / "documents").as_posix()[:2] == language)
        seen: Counter[tuple[str, str]] = Counter()
        drawn: set[str] = set()
        for _ in range(count * _TRIES):
            if len(drawn) >= count // 2:
                break
            path = chance.choice(names)
            segments = _segments(path)
            at, which = chance.random(), chance.random()
            if not segments:
                continue
            segment = segments[int(at * len(segments))]
            found = [x for e in extractor.extract(segment.text) if (x := _renamed(e.shifted(segment), language))]
            if not found:
                continue
            extraction, row = found[int(which * len(found))]
            key = (row["words"], row["relation"])
            if seen[key] >= _EACH or extraction.id in drawn:
                continue
            seen[key] += 1
            drawn.add(extraction.id)
            number += 1
            name = path.relative_to(data / "documents").as_posix()
            table.writerow([number, name, extraction.head.start, *(_line(row[c]) for c in COLUMNS[3:7]), "", ""])
            print(f"{number}. {_sentence(segment, extraction)}\n   {row}", file=sys.stderr)


def _renamed(extraction: Extraction, language: Language) -> tuple[Extraction, dict[str, Any]] | None:
    statement = to_statement(extraction, language=language)
    base = canonical_relation(extraction.relation, language=language)
    if statement is None or not extraction.is_fact:
        return None
    if (statement.relation, statement.inverted) == (base.name, base.inverted):
        return None
    ends = [(each.surface, each.type) for each in (extraction.head, extraction.tail)]
    (subject, one), (object_, two) = reversed(ends) if statement.inverted else ends
    return extraction, {
        "words": extraction.relation.surface,
        "subject": f"{subject} ({one})",
        "relation": statement.relation,
        "object": f"{object_} ({two})",
    }


@cache
def _segments(path: Path) -> list[Segment]:
    return segment_document(load(path))


def _sentence(segment: Segment, extraction: Extraction) -> str:
    first = min(extraction.head.start, extraction.tail.start) - segment.start
    last = max(extraction.head.end, extraction.tail.end) - segment.start
    touched = [(a, b) for a, b in split_sentences(segment.text) if a < last and b > first]
    return _line(segment.text[min(a for a, _ in touched) : max(b for _, b in touched)])


def _line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("--data", type=Path, default=Path(os.environ.get("KG_DATA", ".")))
    drawing.add_argument("--seed", type=int, default=7)
    drawing.add_argument("--count", type=int, default=100)
    scoring = commands.add_parser("score")
    scoring.add_argument("file", type=Path)
    given = parser.parse_args()
    if given.command == "draw":
        draw(given.data, seed=given.seed, count=given.count)
    else:
        print_verdicts(given.file, lambda row: (row["document"][:2],))
