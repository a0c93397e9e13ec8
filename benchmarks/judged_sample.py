"""How many of the offline extractor's statements are right: a random sample, judged by a reader.

``python benchmarks/judged_sample.py draw en|zh --data $KG_DATA > FILE`` draws statements that the graph would store:
a document of that language at random, one of its segments, one of that segment's statements, and again, so that
each document counts the same whatever its length. The same seed and the same extractor give the same sample. The
reader fills in two columns: ``verdict`` (``right``: the sentence says so, and head, relation and tail can be
understood as they stand; else ``wrong``) and, of what is wrong, the ``cause``.

``python benchmarks/judged_sample.py show FILE --data $KG_DATA`` prints each statement under its sentence, which the
file itself does not hold; ``score FILE`` prints the precision, by folder too, and counts the causes.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import sys
from functools import cache
from pathlib import Path

from judged_rows import print_verdicts, rows_of

from kg_builder.extract import open_extractor
from kg_builder.loaders import discover, load
from kg_builder.normalize import to_statement
from kg_builder.segment import segment_document
from kg_builder.sentences import split_sentences
from kg_builder.types import Document, Extraction, Extractor, Segment

COLUMNS = (
    "number", "document", "start", "end", "head", "head_type", "relation", "tail", "tail_type", "confidence", "verdict",
    "cause",
)  # fmt: skip
_TRIES = 200  # draws for each statement wanted: many segments hold none


def draw(data: Path, language: str, *, seed: int, count: int, least: float) -> None:
    """Print a sample as tab-separated values."""
    names = sorted(
        f.path.relative_to(data / "documents").as_posix()
        for f in discover([data / "documents"])
        if f.path.relative_to(data / "documents").as_posix()[:2] == language
    )
    chance = random.Random(seed)
    extractor = open_extractor("open_ie")
    table = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    table.writerow(COLUMNS)
    seen: set[str] = set()
    for _ in range(count * _TRIES):
        if len(seen) == count:
            break
        name = chance.choice(names)
        segments = _segments(data / "documents" / name, language)
        found = _drawn(chance, extractor, segments, least)
        if found is None or found.id in seen:
            continue
        seen.add(found.id)
        start, end = _context(found)
        words = (found.head.surface, found.head.type, found.relation.surface, found.tail.surface, found.tail.type)
        table.writerow(
            [len(seen), name, start, end, *(" ".join(w.split()) for w in words), f"{found.confidence:.2f}", "", ""]
        )


def _drawn(chance: random.Random, extractor: Extractor, segments: list[Segment], least: float) -> Extraction | None:
    if not segments:
        return None
    segment = chance.choice(segments)
    at = chance.random()
    facts = [
        e.shifted(segment)
        for e in extractor.extract(segment.text)
        if e.is_fact and e.confidence >= least and to_statement(e, language=segment.language)
    ]
    return facts[int(at * len(facts))] if facts else None


@cache
def _document(path: Path) -> Document:
    return load(path)


@cache
def _segments(path: Path, language: str) -> list[Segment]:
    document = _document(path)
    if document.language != language:
        return []
    return [s for s in segment_document(document) if s.language == language]


def _context(extraction: Extraction) -> tuple[int, int]:
    """Where the sentences begin and end, in the document, that a statement was read from."""
    segment = extraction.segment
    assert segment is not None
    first = min(extraction.head.start, extraction.tail.start)
    last = max(extraction.head.end, extraction.tail.end)
    bounds = [(segment.start + a, segment.start + b) for a, b in split_sentences(segment.text)]
    touched = [(a, b) for a, b in bounds if a < last and b > first]
    return min(a for a, _ in touched), max(b for _, b in touched)


def show(file: Path, data: Path) -> None:
    """Print the statements with their sentences."""
    for row in rows_of(file):
        text = _document(data / "documents" / row["document"]).text[int(row["start"]) : int(row["end"])]
        print(f"{row['number']}. [{row['document']}] {' '.join(text.split())}")
        head, tail = (f"{row[end]} ({row[end + '_type']})" for end in ("head", "tail"))
        print(f"   {head} | {row['relation']} | {tail}   {row['confidence']} {row['verdict']} {row['cause']}\n")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = options.add_subparsers(dest="command", required=True)
    for command in ("draw", "show", "score"):
        parser = commands.add_parser(command)
        if command == "draw":
            parser.add_argument("language", choices=("en", "zh"))
            parser.add_argument("--seed", type=int, default=2026)
            parser.add_argument("--count", type=int, default=200)
            parser.add_argument("--least", type=float, default=0.0, help="the least confidence of a statement")
        else:
            parser.add_argument("file", type=Path)
        if command != "score":
            default = os.environ.get("KG_DATA")
            parser.add_argument("--data", type=Path, default=default, required=default is None)
    given = options.parse_args()
    if given.command == "draw":
        draw(Path(given.data), given.language, seed=given.seed, count=given.count, least=given.least)
    elif given.command == "show":
        show(given.file, Path(given.data))
    else:
        print_verdicts(given.file, lambda row: (row["document"].split("/")[0],))


if __name__ == "__main__":
    main()
