"""Rows of any table as statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kg_builder.loaders.pieces import Piece, clean

__all__ = ["header_index", "statement", "table_pieces"]

Row = Sequence[str]

_NUMERIC = re.compile(r"[\W_]*\d[\d.,:/\-\s年月日%％e+]*[\W_]*(?:[A-Za-z%]{1,3})?", re.IGNORECASE)
_LONGEST_HEADER = 80
_DEEPEST_HEADER = 5
_LONGEST_NAMES = 20_000  # of all columns together
_MOST_CHARACTERS = 100_000_000


def table_pieces(
    rows: Iterable[Row], *, header: bool | None = None, page: int | None = None, titled: bool = False
) -> list[Piece]:
    """The rows of one table as pieces.

    Args:
        header: whether the first row names the columns; None: judged by its cells.
        titled: whether a leading row with a single cell is the table's title.
    """
    filled = [cells for row in rows if any(cells := [clean(cell) for cell in row])]
    pieces: list[Piece] = []
    if titled:
        first_wide = next((i for i, row in enumerate(filled) if _count(row) > 1), 0)
        pieces += [Piece("paragraph", "".join(row), page) for row in filled[:first_wide]]
        del filled[:first_wide]
    if not filled:
        return pieces
    if max(map(len, filled)) == 1 and header is not True:
        return [*pieces, *(Piece("paragraph", row[0], page) for row in filled)]  # a frame around text, not a table
    first = header_index(filled) if header is None else 0 if header and len(filled) > 1 else None
    names = 0 if first is None else sum(map(len, filled[first]))
    if names > _LONGEST_NAMES:  # they are said again in every row
        first = None
    if sum(len(cell) for row in filled for cell in row) > _MOST_CHARACTERS:
        raise MemoryError  # cells that span rows make far more text than the file has
    for i, row in enumerate(filled):
        if first is None or i < first:
            alone = _count(row) == 1 and header is None
            pieces.append(Piece("paragraph" if alone else "table_row", statement(row, None), page))
        elif i > first:
            pieces.append(Piece("table_row", statement(row, filled[first]), page))
    return pieces


def statement(cells: Row, names: Row | None) -> str:
    """One row: ``name: cell; name: cell`` where the columns have names, else ``cell | cell``; empty cells left out."""
    cells = [clean(cell) for cell in cells]
    if names is None:
        return " | ".join(cell for cell in cells if cell)
    out = []
    for i, cell in enumerate(cells):
        if cell:
            name = clean(names[i]).rstrip(":：") if i < len(names) else ""
            out.append(f"{name}: {cell}" if name else cell)
    return "; ".join(out)


def header_index(rows: Sequence[Row]) -> int | None:
    """Which of the first rows names the columns: short distinct words, no numbers, and something below; or None."""
    width = max((_last(row) for row in rows[:50]), default=0)
    for i, row in enumerate(rows[:_DEEPEST_HEADER]):
        if _last(row) >= width - 1 and width > 1:  # above it stand only titles and remarks
            return i if i + 1 < len(rows) and _names_columns(row) else None
    return None


def _names_columns(row: Row) -> bool:
    names = [cell.strip() for cell in row[: _last(row)]]
    if len(names) < 2 or not all(names[1:]):  # the corner cell may be empty
        return False
    if any(len(name) > _LONGEST_HEADER or _NUMERIC.fullmatch(name) for name in names if name):
        return False
    return len(set(names)) == len(names)


def _last(row: Row) -> int:
    """How many cells there are up to the last one with text."""
    return next((i for i in range(len(row), 0, -1) if row[i - 1].strip()), 0)


def _count(row: Row) -> int:
    return sum(bool(cell) for cell in row)
