"""Reads the small markup in which the sample documents of binary formats are written.

A line is one block: ``# `` to ``### `` a heading, ``- `` or ``1. `` a list item, ``| `` a table row, anything else a
paragraph. Nothing nests, and nothing is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

Kind = Literal["heading", "paragraph", "bullet", "number", "row"]


@dataclass(frozen=True, slots=True)
class Line:
    """One block of a source; ``cells`` is filled for table rows, ``level`` for headings (1 = outermost)."""

    kind: Kind
    text: str
    level: int = 0
    cells: tuple[str, ...] = ()


def parse(source: str) -> list[Line]:
    """The blocks of a source, in order."""
    return [_line(raw) for raw in source.splitlines() if raw.strip()]


def runs(lines: list[Line]) -> Iterator[tuple[Kind, list[Line]]]:
    """Neighbouring blocks of one kind together, so that lists and tables come whole."""
    for kind, run in groupby(lines, key=lambda line: line.kind):
        yield kind, list(run)


def _line(raw: str) -> Line:
    if match := re.match(r"(#{1,3}) (.+)", raw):
        return Line("heading", match[2], level=len(match[1]))
    if raw.startswith("- "):
        return Line("bullet", raw[2:])
    if match := re.match(r"\d+\. (.+)", raw):
        return Line("number", match[1])
    if raw.startswith("|"):
        return Line("row", raw, cells=tuple(cell.strip() for cell in raw.strip("| ").split("|")))
    return Line("paragraph", raw)
