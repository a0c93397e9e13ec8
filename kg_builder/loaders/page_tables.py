"""Tables in print: lines whose parts stand in columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kg_builder.loaders.pieces import Piece, join_lines
from kg_builder.loaders.tables import table_pieces

__all__ = ["HYPHEN", "Cell", "Line", "cut_tables"]

HYPHEN = "\x02"
"""Stands at the end of a line for the hyphen that breaks a word, or happens to stand there."""

_MARKER = re.compile(r"(?:[^\w\s]|\(?\w{1,2}[.)]|[\d.]{1,8})$")


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a line that stands apart from the others."""

    text: str
    left: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of print. Lengths are points, from the lower left corner of the page."""

    text: str
    page: int
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool
    page_height: float
    cells: tuple[Cell, ...] = ()


@dataclass(slots=True)
class _Row:
    cells: dict[int, list[str]]
    top: float
    bottom: float
    last: dict[int, float] = field(default_factory=dict)  # the lowest line so far, by column


def cut_tables(lines: Sequence[Line]) -> Iterator[Line | list[Piece]]:
    """The lines in order, with those that make a table replaced by its pieces."""
    i = 0
    while i < len(lines):
        taken, pieces = _table(lines, i) if _starts_row(lines[i]) else (0, [])
        if pieces:
            yield pieces
            i += taken
        else:
            yield lines[i]
            i += 1


def _starts_row(line: Line) -> bool:
    return len(line.cells) > 1 and _MARKER.match(line.cells[0].text) is None


def _table(lines: Sequence[Line], start: int) -> tuple[int, list[Piece]]:
    """How many lines from `start` on make a table, and its pieces; none where they make no table."""
    first = lines[start]
    columns = [cell.left for cell in first.cells]
    rows: list[_Row] = []
    end = start
    while end < len(lines) and lines[end].page == first.page:
        line = lines[end]
        if not (rows and _continues(line, rows[-1], columns)):
            below = not rows or 0 < rows[-1].bottom - line.top < 2.5 * line.size
            if not below or not _fits(line, columns):
                break
            rows.append(_Row({}, line.top, line.bottom))
        _put(line, rows[-1], columns)
        end += 1
    if len(rows) < 2 and len(columns) < 3:
        return 0, []
    table = [[join_lines(row.cells.get(c, [])).replace(HYPHEN, "-") for c in range(len(columns))] for row in rows]
    return end - start, table_pieces(table, page=first.page)


def _fits(line: Line, columns: Sequence[float]) -> bool:
    """Whether `line` is a further row: as many parts as there are columns, or each below the start of one."""
    if not 1 < len(line.cells) <= len(columns):
        return False
    near = [_column(cell.left, columns, line.size) is not None for cell in line.cells]
    return near[0] and (len(line.cells) == len(columns) > 2 or all(near))


def _continues(line: Line, row: _Row, columns: list[float]) -> bool:
    """Whether `line` is a further line of a cell of `row`, or its next cell."""
    if len(line.cells) == 1:
        column = _column(line.left, columns, line.size)
        if column:  # text below the first column may be anything
            return 0 < row.last.get(column, row.top) - line.bottom < 1.7 * line.size
        beside = abs(line.top - row.top) < 0.5 * line.size and line.left > columns[-1]
        return column is None and beside
    return False


def _put(line: Line, row: _Row, columns: list[float]) -> None:
    if len(line.cells) == 1 and line.left > columns[-1] + line.size:
        columns.append(line.left)
    for i, cell in enumerate(line.cells):
        column = i if len(line.cells) == len(columns) else _column(cell.left, columns, line.size) or 0
        row.cells.setdefault(column, []).append(cell.text)
        row.last[column] = line.bottom
    row.bottom = min(row.bottom, line.bottom)


def _column(left: float, columns: Sequence[float], size: float) -> int | None:
    """Which column starts at `left`."""
    return next((i for i, column in enumerate(columns) if abs(column - left) < 0.6 * size), None)
