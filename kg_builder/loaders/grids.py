"""HTML tables as rows of cells, spans filled in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kg_builder.loaders.markup import local_name
from kg_builder.loaders.pieces import clean, join_lines

__all__ = ["Grid", "table_rows"]

_MOST_SPAN = 1000
_MOST_COLUMNS = 500  # that spans may make; cells of their own may be more
_LONGEST_VALUE = 600
_STRUCTURE = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre"))
_UNSEEN = frozenset(("script", "style", "template", "noscript", "svg", "math"))


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a table; ``header`` None: not said by the markup."""

    rows: list[list[str]]
    header: bool | None


def table_rows(table: Any) -> Grid | None:
    """The rows of a data table, or None where the table only arranges parts of a page."""
    if table.get("role") == "presentation":
        return None
    rows: list[list[str]] = []
    names: list[str] | None = None
    spanning: dict[int, tuple[int, str]] = {}
    for row, in_head in _rows(table):
        cells = [cell for cell in row if local_name(cell) in ("td", "th")]
        if any(_arranges(cell) for cell in cells):
            return None
        kinds = [local_name(cell) for cell in cells]
        is_names = in_head or (not rows and len(kinds) > 1 and set(kinds) == {"th"})
        line = _fill(cells, spanning, repeat=is_names)
        if is_names and not rows:
            names = line if names is None else _stack(names, line)
        elif names is None and len(kinds) > 1 and kinds[0] == "th" and set(kinds[1:]) == {"td"}:
            rows.append([f"{line[0].rstrip(':：')}: {' | '.join(filter(None, line[1:]))}", ""])  # the row's own name
        else:
            rows.append(line)
    if names is not None:
        return Grid([names, *rows], header=True)
    return Grid(rows, header=False if any(len(row) == 2 and row[1] == "" for row in rows) else None)


def _arranges(cell: Any) -> bool:
    """True for a cell that holds a part of a page and not a value: another table, or long text with a structure."""
    inside = {local_name(inner) for inner in cell.iterdescendants()}
    return "table" in inside or (bool(inside & _STRUCTURE) and sum(map(len, cell.itertext())) > _LONGEST_VALUE)


def _rows(table: Any) -> Iterator[tuple[Any, bool]]:
    for child in table:
        name = local_name(child)
        if name == "tr":
            yield child, False
        elif name in ("thead", "tbody", "tfoot"):
            yield from ((row, name == "thead") for row in child if local_name(row) == "tr")


def _fill(cells: list[Any], spanning: dict[int, tuple[int, str]], *, repeat: bool) -> list[str]:
    """The texts of one row. A cell over several rows is said in each, a heading over several columns for each."""
    line: list[str] = []
    queue = deque(cells)
    while queue or any(column >= len(line) for column in spanning):
        column = len(line)
        if column in spanning:
            left, text = spanning.pop(column)
            line.append(text)
            if left > 1:
                spanning[column] = (left - 1, text)
            continue
        if not queue:
            line.append("")
            continue
        cell = queue.popleft()
        text = _cell_text(cell)
        for i in range(_span(cell, "colspan")):
            if i and (len(line) in spanning or len(line) >= _MOST_COLUMNS):
                break
            value = text if i == 0 or repeat else ""
            if (rows := _span(cell, "rowspan")) > 1 and len(line) < _MOST_COLUMNS:
                spanning[len(line)] = (rows - 1, value)
            line.append(value)
    return line


def _span(cell: Any, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return min(max(int(value), 1), _MOST_SPAN) if value.isascii() and value.isdigit() and len(value) < 7 else 1


def _stack(upper: list[str], lower: list[str]) -> list[str]:
    width = max(len(upper), len(lower))
    upper, lower = upper + [""] * (width - len(upper)), lower + [""] * (width - len(lower))
    return [a if a == b else " ".join(filter(None, (a, b))) for a, b in zip(upper, lower, strict=True)]


def _cell_text(cell: Any) -> str:
    parts: list[str] = []
    _collect(cell, parts)
    return clean(join_lines("".join(parts).splitlines()))


def _collect(element: Any, parts: list[str]) -> None:
    parts.append(element.text or "")
    for child in element:
        name = local_name(child)
        if name in ("br", "p", "div", "li"):
            parts.append("\n")
        if name and name not in _UNSEEN and "reference" not in (child.get("class") or "").split():
            _collect(child, parts)
        parts.append(child.tail or "")
