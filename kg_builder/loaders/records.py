"""json and jsonl: the text and the facts in the fields of records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown
from kg_builder.loaders.markup import require_size
from kg_builder.loaders.paragraphs import text_pieces
from kg_builder.loaders.pieces import Parsed, Piece, Source, clean

__all__ = ["parse_text"]

_LONG = 120
_TITLES = ("title", "headline", "标题", "题目")
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’)\]」』]*\s*$")
_MOST_LISTED = 50


def parse_text(source: Source, text: str) -> Parsed:
    """Short fields of a record as one statement, long ones as paragraphs."""
    try:
        by_line = source.path.suffix.lower() != ".json"
        values = list(_lines(text, source)) if by_line else [_whole(text, source)]
        pieces = [piece for value in values for piece in _pieces(value, source)]
    except RecursionError as exc:
        raise _too_deep(source) from exc
    only = values[0] if len(values) == 1 else None
    return Parsed(pieces, _title(only) if isinstance(only, dict) else source.path.stem)


def _whole(text: str, source: Source) -> Any:
    require_size(len(text), source)
    try:
        return _read(text)
    except json.JSONDecodeError as exc:
        if exc.msg == "Extra data" and "\n" in text.strip():
            return list(_lines(text, source))  # records by line under the other name
        raise _malformed(exc, text, source) from exc


def _lines(text: str, source: Source) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            require_size(len(line), source)
            try:
                yield _read(line)
            except json.JSONDecodeError as exc:
                raise _malformed(exc, line, source, number) from exc


def _read(text: str) -> Any:
    # Numbers stay as they are written.
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)


def _malformed(exc: json.JSONDecodeError, text: str, source: Source, line: int = 0) -> LoadError:
    cut = exc.pos >= len(text.rstrip()) or exc.msg.startswith("Unterminated string")
    where = f"line {line or exc.lineno}, column {exc.colno} of {shown(source.path)}"
    return LoadError(f"expected JSON, found: {exc.msg}: {where}", reason="truncated" if cut else "corrupt")


def _too_deep(source: Source) -> LoadError:
    return LoadError(
        f"expected values nested at most {source.limits.max_depth} deep, found deeper ones in {shown(source.path)}",
        reason="too-deep",
    )


def _title(record: dict[str, Any]) -> str:
    return next((clean(record[name]) for name in _TITLES if isinstance(record.get(name), str)), "")


def _pieces(value: Any, source: Source, depth: int = 0, names: tuple[str, ...] = ()) -> Iterator[Piece]:
    if depth > source.limits.max_depth:
        raise _too_deep(source)
    if isinstance(value, dict):
        yield from _record(value, source, depth, names)
    elif isinstance(value, list):
        for item in value:
            yield from _pieces(item, source, depth + 1, names)
    elif isinstance(value, str) and _is_prose(value):
        yield from text_pieces(value)
    elif (text := _scalar(value)) and not _is_number(value):
        yield Piece("table_row", f"{' '.join(names)}: {text}" if names else text)


def _record(record: dict[str, Any], source: Source, depth: int, names: tuple[str, ...]) -> Iterator[Piece]:
    prose = {name: value for name, value in record.items() if isinstance(value, str) and _is_prose(value)}
    title = _title(record) if prose else ""
    if title:
        yield Piece("heading", title, level=min(depth + 1, 6))
    fields = {name: text for name, value in record.items() if name not in prose and (text := _field(value))}
    if title:
        fields = {name: text for name, text in fields.items() if text != title}
    if fields:
        yield Piece("table_row", "; ".join(f"{' '.join((*names, name))}: {text}" for name, text in fields.items()))
    for text in prose.values():
        yield from text_pieces(text)
    for name, value in record.items():
        if isinstance(value, dict | list) and name not in fields:
            yield from _pieces(value, source, depth + 1, (*names, name))


def _field(value: Any) -> str:
    """A value that fits into a statement: a scalar, or a short list of words."""
    if isinstance(value, list):
        if not value or len(value) > _MOST_LISTED or not all(isinstance(item, str) for item in value):
            return ""
        if all(map(_is_number, value)) or any(map(_is_prose, value)):
            return ""
        return ", ".join(filter(None, map(clean, value)))
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(value) if isinstance(value, str) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"-?[\d.]+(?:[eE][-+]?\d+)?|NaN|-?Infinity", value) is not None


def _is_prose(value: str) -> bool:
    text = value.strip()
    return (
        len(text) > _LONG
        or "\n" in text
        or (_SENTENCE_END.search(text) is not None and (" " in text or len(text) > 12))
    )
