"""csv and tsv."""

from __future__ import annotations

import csv
import io
from itertools import islice

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown
from kg_builder.loaders.pieces import Parsed, Source
from kg_builder.loaders.tables import table_pieces

__all__ = ["parse_text"]

_DELIMITERS = ",;\t|"
_LONGEST_FIELD = 10_000_000


def parse_text(source: Source, text: str) -> Parsed:
    """Each row as a statement of its columns."""
    tab = source.path.suffix.lower() == ".tsv"
    delimiter = "\t" if tab and "\t" in text[:100_000] else _delimiter(text)
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True))
    except csv.Error as exc:
        raise LoadError(f"expected a table of cells, found {exc}: {shown(source.path)}", reason="corrupt") from exc
    return Parsed(table_pieces(rows, titled=True))


def _delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into the same number of cells, and into most cells."""
    head = text[:50_000]
    best, most = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        if delimiter not in head:
            continue
        try:
            rows = filter(None, csv.reader(io.StringIO(head, newline=""), delimiter=delimiter))
            widths = [len(row) for row in islice(rows, 50)]
        except csv.Error:
            continue
        if not widths:
            continue
        usual = max(set(widths), key=widths.count)
        share = widths.count(usual) / len(widths)
        if usual > 1 and (round(share, 1), usual) > most:
            best, most = delimiter, (round(share, 1), usual)
    return best
