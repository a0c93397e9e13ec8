"""What the converters share: lines and objects of damaged files, and tokens put together to text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from finetune.instructions.records import Annotated, problem_of
from kg_builder.errors import DataError

__all__ = ["Reader", "Spelled", "array", "converted", "lines", "objects", "spans_of_tags", "spelled"]

Reader = Callable[[Path, Counter[str]], Iterator[Annotated]]
Row = TypeVar("Row")


def lines(path: Path, counts: Counter[str]) -> Iterator[str]:
    """The lines of a UTF-8 file without their ends; those in another encoding are counted and left out.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file):
                try:
                    yield raw.decode("utf-8-sig" if number == 0 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError:
                    counts["encoding"] += 1
    except OSError as exc:
        raise DataError(f"expected a data set at {str(path)!r}, but {exc.strerror or exc}") from exc


def objects(path: Path, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines; what is none is counted."""
    for line in lines(path, counts):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            counts["json"] += 1
            continue
        if isinstance(found, dict):
            yield found
        else:
            counts["fields"] += 1


def array(path: Path) -> list[Any]:
    """The one JSON list that a file holds.

    Raises:
        DataError: it holds none.
    """
    try:
        found = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as exc:
        raise DataError(f"expected a data set at {str(path)!r}, but {exc.strerror or exc}") from exc
    except (ValueError, RecursionError) as exc:
        raise DataError(f"expected one list in JSON, in UTF-8, in {str(path)!r}, but {exc}") from exc
    if not isinstance(found, list):
        raise DataError(f"expected a list in {str(path)!r}, found {type(found).__name__}")
    return found


def converted(
    rows: Iterable[Row], convert: Callable[[Row], Iterable[Annotated]], counts: Counter[str]
) -> Iterator[Annotated]:
    """The records that `convert` makes of rows; a row or a record that is not as it should be is counted."""
    for row in rows:
        try:
            made = list(convert(row))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            counts["fields"] += 1
            continue
        for record in made:
            problem = problem_of(record)
            if problem:
                counts[problem] += 1
            else:
                yield record


# --- tokens ----------------------------------------------------------------------------------------------------------

_SPELLINGS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}", "``": '"', "''": '"'}
_NO_SPACE_BEFORE = frozenset(".,;:!?%)]}…")
_CLITIC = re.compile(r"(?i)['’](?:s|re|ve|ll|d|m)|n['’]t")
_NO_SPACE_AFTER = frozenset("([{$£€#@")


@dataclass(frozen=True, slots=True)
class Spelled:
    """Tokens as running text. ``starts`` and ``ends`` are the offsets of each token in it."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def surface(self, first: int, beyond: int) -> str:
        """The words from token `first` up to, but not including, `beyond`."""
        if not 0 <= first < beyond <= len(self.starts):
            raise ValueError(f"expected tokens of {len(self.starts)}, found {first} to {beyond}")
        return self.text[self.starts[first] : self.ends[beyond - 1]]


def spelled(tokens: Sequence[str]) -> Spelled:
    """Tokens with the spaces that a writer of English would set."""
    text, starts, ends = "", [], []
    glued = True
    for token in tokens:
        word = _SPELLINGS.get(token, token)
        if not (glued or word in _NO_SPACE_BEFORE or _CLITIC.fullmatch(word)):
            text += " "
        starts.append(len(text))
        text += word
        ends.append(len(text))
        glued = word in _NO_SPACE_AFTER
    return Spelled(text, tuple(starts), tuple(ends))


def spans_of_tags(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Spans ``(first, beyond, type)`` of tags in IO, BIO or BILOU.

    Raises:
        ValueError: a tag is of no such scheme.
    """
    spans: list[tuple[int, int, str]] = []
    open_at, open_type = 0, ""
    for number, tag in enumerate([*tags, "O"]):
        place, _, kind = tag.partition("-")
        if place not in ("O", "B", "I", "L", "U", "E", "S") or (place == "O") != (not kind):
            raise ValueError(f"expected a tag of BIO or BILOU, found {tag!r}")
        goes_on = bool(open_type) and place in ("I", "L", "E") and kind == open_type
        if open_type and not goes_on:
            spans.append((open_at, number, open_type))
            open_type = ""
        if place != "O" and not goes_on:
            open_at, open_type = number, kind
        if place in ("L", "U", "E", "S"):
            spans.append((open_at, number + 1, open_type))
            open_type = ""
    return spans
