"""The texts that a teacher is to label, out of files."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from kg_builder.errors import DataError
from kg_builder.language import detect_language
from kg_builder.types import Language, digest

__all__ = ["Row", "Texts"]

_LONE = re.compile(r"[\ud800-\udfff]")  # half a surrogate pair: no text


@dataclass(frozen=True, slots=True)
class Row:
    """A text to label, from a line of its file."""

    line: int  # counted from 1 in its file
    text: str
    language: Language
    source: str


@dataclass(slots=True)
class Texts:
    """The texts of files: JSON lines with ``text`` where a file's name ends in ``.jsonl``, else one text a line.

    Iterating gives each text once, and afterwards ``lines``, ``repeated`` and ``unusable`` (by reason) say what else
    was there: ``lines == texts given + repeated + unusable``. Blank lines do not count.
    """

    paths: Sequence[Path]
    lines: int = 0
    repeated: int = 0
    unusable: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Row]:
        self.lines, self.repeated, self.unusable = 0, 0, Counter()
        seen: set[bytes] = set()
        for path in self.paths:
            try:
                with path.open("rb") as file:
                    for number, raw in enumerate(file, 1):
                        if not raw.strip():
                            continue
                        self.lines += 1
                        row = _row(raw, number, path)
                        if isinstance(row, str):
                            self.unusable[row] += 1
                            continue
                        mark = bytes.fromhex(digest(row.text))
                        if mark in seen:
                            self.repeated += 1
                            continue
                        seen.add(mark)
                        yield row
            except OSError as exc:
                raise DataError(f"expected a readable file of texts at {str(path)!r}, but {exc}") from exc


def _row(raw: bytes, number: int, path: Path) -> Row | str:
    """The text of a line, or why there is none."""
    try:
        line = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return "encoding"
    if path.suffix != ".jsonl":
        return Row(number, line, detect_language(line), path.name)
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return "json"
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        return "fields"
    text = found["text"].strip()
    if not text or _LONE.search(text):
        return "encoding" if text else "empty-text"
    language = found.get("language")
    language = cast(Language, language) if language in ("en", "zh", "other") else detect_language(text)
    source = found.get("source")
    return Row(number, text, language, source if isinstance(source, str) and source else path.name)
