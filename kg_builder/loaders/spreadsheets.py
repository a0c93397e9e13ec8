"""xlsx: the values that the cells show; formulas are not computed."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Iterator
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown
from kg_builder.loaders.packages import require_parts
from kg_builder.loaders.pieces import Parsed, Piece, Source
from kg_builder.loaders.tables import header_index, table_pieces

__all__ = ["parse"]

_MOST_ROWS = 1_048_576  # of a sheet, by the format


def parse(source: Source) -> Parsed:
    """Each sheet as a heading and the rows of its tables; an empty row ends a table."""
    require_parts(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on styles and extensions that do not matter here
        try:
            workbook = load_workbook(io.BytesIO(source.data), read_only=True, data_only=True, keep_links=False)
        except InvalidFileException as exc:
            raise LoadError(f"expected a workbook, found: {exc}: {shown(source.path)}", reason="corrupt") from exc
        try:
            pieces: list[Piece] = []
            cells = 0
            if len(workbook.worksheets) > source.limits.max_pages:
                raise _too_large(source, f"{source.limits.max_pages:,} sheets")
            for sheet in workbook.worksheets:
                rows = []
                for width, row in _rows(sheet, source):
                    cells += width
                    if cells > source.limits.max_cells:
                        raise _too_large(source, f"{source.limits.max_cells:,} cells")
                    rows.append(row)
                found = list(_tables(rows))
                if found:
                    pieces += [Piece("heading", sheet.title, level=1), *found]
            title = workbook.properties.title or source.path.stem
        finally:
            workbook.close()
    return Parsed(pieces, title)


def _rows(sheet: Any, source: Source) -> Iterator[tuple[int, list[str]]]:
    """Each row up to its last cell with something in it, and how many cells it took to read."""
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    for number, row in enumerate(sheet.iter_rows()):
        if number >= _MOST_ROWS:
            raise _too_large(source, f"{_MOST_ROWS:,} rows in a sheet")
        cells = [_shown(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        yield len(row), cells


def _tables(rows: list[list[str]]) -> Iterator[Piece]:
    names: list[str] | None = None
    table: list[list[str]] = []
    for row in [*rows, []]:
        if row:
            table.append(row)
        elif table:
            at = header_index(table)
            if all(sum(map(bool, row)) == 1 for row in table):
                yield from table_pieces(table)  # remarks below or above a table
            elif at is not None or names is None or max(map(len, table)) > len(names):
                yield from table_pieces(table, titled=True)
                names = None if at is None else table[at]
            else:  # the table above goes on
                yield from table_pieces([names, *table], header=True)
            table = []


def _shown(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, int | float):
        if "%" in (cell.number_format or ""):
            return f"{value * 100:.10g}%"
        return str(value) if isinstance(value, int) else f"{value:.12g}"
    return str(value)


def _too_large(source: Source, what: str) -> LoadError:
    return LoadError(f"expected at most {what}, found more: {shown(source.path)}", reason="too-large")
