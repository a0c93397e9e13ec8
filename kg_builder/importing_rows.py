"""Triples in a file from elsewhere, row by row: JSON lines, CSV with a header, or ``head|relation|tail`` lines.

A row that cannot be used becomes a `RefusedRow` with its reason, and the rest goes on. A file is never held in memory.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from kg_builder.errors import LoadError
from kg_builder.names import says_something

__all__ = ["FORMATS", "NEEDED", "Form", "ImportedRow", "RefusedRow", "form_of", "row_of", "rows_of"]

Form = Literal["jsonl", "csv", "pipe"]
FORMATS: tuple[Form, ...] = ("jsonl", "csv", "pipe")

_LONGEST_LINE = 1 << 20  # bytes
_LONGEST_WORDS = 2000  # characters of a head, a relation or a tail
_SUFFIXES: Mapping[str, Form] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "pipe",
    ".pipe": "pipe",
    ".psv": "pipe",
}
NEEDED = ("head", "relation", "tail")
_OPTIONAL = ("head_type", "tail_type", "sentence", "source", "confidence")


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One triple. ``number`` counts the rows of the file from 1, ``line`` is where it ends there, from 1 too."""

    number: int
    line: int
    head: str
    relation: str
    tail: str
    head_type: str = ""
    tail_type: str = ""
    sentence: str = ""
    source: str = ""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be used: ``reason`` is a short stable slug, ``detail`` a sentence for people."""

    number: int
    line: int
    reason: str
    detail: str


class _BadRowError(ValueError):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(slots=True)
class _Numbers:
    row: int = 0
    line: int = 0
    header: list[str] = field(default_factory=list)


def form_of(path: Path) -> Form:
    """The form that the suffix of `path` stands for.

    Raises:
        LoadError: for any other suffix.
    """
    form = _SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise LoadError(
            f"expected a file whose name ends in {', '.join(_SUFFIXES)}, found {str(path)!r}; "
            f"say what it holds with --format {'|'.join(FORMATS)}.",
            reason="unknown-format",
        )
    return form


def rows_of(path: Path, form: Form) -> Iterator[ImportedRow | RefusedRow]:
    """The rows of a file in order, those that cannot be used with their reasons. Blank lines are no rows.

    Raises:
        LoadError: the file cannot be read, is not in UTF-8 from its beginning, or has no usable header.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise LoadError(
                    f"expected text in UTF-8 in {str(path)!r}, found UTF-16; save it as UTF-8.", reason="encoding"
                )
            file.seek(3 if start.startswith(b"\xef\xbb\xbf") else 0)
            yield from (_csv_rows(path, file) if form == "csv" else _line_rows(file, form))
    except OSError as exc:
        raise LoadError(
            f"expected a file that can be read, found {str(path)!r}: {exc.strerror or exc}.", reason="unreadable"
        ) from exc


# ---------------------------------------------------------------- lines
def _line_rows(file: IO[bytes], form: Form) -> Iterator[ImportedRow | RefusedRow]:
    at = _Numbers()
    while raw := file.readline(_LONGEST_LINE + 1):
        at.line += 1
        whole = len(raw) <= _LONGEST_LINE
        while not whole and not raw.endswith(b"\n") and (more := file.readline(_LONGEST_LINE)):
            raw = more
        try:
            values = _line_values(raw, form, whole=whole)
            if values is None:
                continue
        except _BadRowError as exc:
            at.row += 1
            yield RefusedRow(at.row, at.line, exc.reason, str(exc))
            continue
        at.row += 1
        yield _row(at, values)


def _line_values(raw: bytes, form: Form, *, whole: bool) -> dict[str, Any] | None:
    """What a line says by name; None for one that says nothing."""
    if not whole:
        raise _BadRowError("too-long", f"expected at most {_LONGEST_LINE:,} bytes to a line, found more")
    try:
        text = raw.decode("utf-8").strip("\r\n")
    except UnicodeDecodeError as exc:
        raise _BadRowError("encoding", f"expected text in UTF-8, found {exc.reason}") from exc
    return _json_values(text) if form == "jsonl" else _pipe_values(text)


def _json_values(text: str) -> dict[str, Any] | None:
    if not text.strip():
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise _BadRowError("no-json", f"expected a JSON object, found {text[:60]!r}: {exc}") from exc
    if not isinstance(value, dict):
        raise _BadRowError("no-json", f"expected a JSON object, found {text[:60]!r}")
    return value


def _pipe_values(text: str) -> dict[str, Any] | None:
    from kg_builder.prompt import parse_triples

    # Behind a first line, since that may be words that announce the rest, and is passed over then.
    parsed = parse_triples(f"\n{text}")
    for line, reason in parsed.malformed:
        raise _BadRowError(reason, f"expected head|relation|tail, found {line[:60]!r}")
    if not parsed.triples:
        return None
    triple = parsed.triples[0]
    return {"head": triple.head, "relation": triple.relation, "tail": triple.tail}


# ---------------------------------------------------------------- CSV
def _csv_rows(path: Path, file: IO[bytes]) -> Iterator[ImportedRow | RefusedRow]:
    at = _Numbers()

    def lines() -> Iterator[str]:
        while raw := file.readline(_LONGEST_LINE):
            yield raw.decode("utf-8", "surrogateescape")  # what is no UTF-8 is refused with its row

    text = lines()
    first = next(text, "")
    reader = csv.reader((line for line in _first_and(first, text)), delimiter=_delimiter(path, first))
    try:
        at.header = [cell.strip().casefold() for cell in next(reader, [])]
    except csv.Error:
        at.header = []
    missing = [name for name in NEEDED if name not in at.header]
    if missing:
        raise LoadError(
            f"{path}:1: expected a header with the columns head, relation and tail (and perhaps "
            f"{', '.join(_OPTIONAL)}), found {first.strip()[:80]!r}; name the columns so.",
            reason="header",
        )
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as exc:
            at.row += 1
            yield RefusedRow(at.row, reader.line_num, "no-csv", f"expected a row of CSV: {exc}")
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        at.row, at.line = at.row + 1, reader.line_num
        if len(cells) > len(at.header):
            told = f"expected {len(at.header)} cells as in the header, found {len(cells)}"
            yield RefusedRow(at.row, at.line, "too-many-fields", told)
            continue
        yield _row(at, {name: cell for name, cell in zip(at.header, cells, strict=False) if cell.strip()})


def _first_and(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _delimiter(path: Path, header: str) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    return max(",;\t", key=header.count)


# ---------------------------------------------------------------- one row
def _row(at: _Numbers, values: Mapping[str, Any]) -> ImportedRow | RefusedRow:
    return row_of(at.row, at.line, values)


def row_of(number: int, line: int, values: Mapping[str, Any]) -> ImportedRow | RefusedRow:
    """The row that `values` by column make, or why it cannot be used."""
    try:
        texts = {name: _text(values, name) for name in (*NEEDED, "head_type", "tail_type", "sentence", "source")}
        for name in NEEDED:
            if not says_something(texts[name]):
                raise _BadRowError(f"empty-{name}", f"expected words for {name!r}, found {texts[name][:60]!r}")
            if len(texts[name]) > _LONGEST_WORDS:
                many = f"expected at most {_LONGEST_WORDS:,} characters for {name!r}, found {len(texts[name]):,}"
                raise _BadRowError("too-long", many)
        return ImportedRow(number, line, **texts, confidence=_confidence(values.get("confidence")))
    except _BadRowError as exc:
        return RefusedRow(number, line, exc.reason, str(exc))


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is None and name not in NEEDED:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        kind = "nothing" if value is None else type(value).__name__
        raise _BadRowError(f"no-{name.replace('_', '-')}", f"expected a text for {name!r}, found {kind}")
    text = str(value).strip()
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise _BadRowError("encoding", f"expected text for {name!r}, found half a character or no UTF-8") from exc
    return text


def _confidence(value: Any) -> float:
    if value is None or value == "":
        return 1.0
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number <= 1:
        raise _BadRowError("bad-confidence", f"expected a number from 0 to 1 for 'confidence', found {value!r}")
    return number
