"""From the pieces that a format's reader finds to one text with blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kg_builder.errors import LoadError
from kg_builder.loaders.limits import Limits
from kg_builder.loaders.locating import shown
from kg_builder.types import Block, BlockKind

__all__ = ["Parsed", "Piece", "Source", "assemble", "clean", "is_wide", "join_lines"]

_CHARACTERS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA1), 0x2028, 0x2029), " ")
# What only tells a program how to set the text: soft hyphen, byte order mark, zero-width space, bidirectional marks.
_CHARACTERS |= dict.fromkeys((0xAD, 0xFEFF, 0x200B, 0x2060, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "")
_UNUSUAL = re.compile("[\x00-\x1f\x7f-\xa0\xad\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(" {2,}")
_WIDE = re.compile(
    "[\u2e80-\u303f\u3040-\u31bf\u31f0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
_WIDE_STOPS = re.compile("[\u3000-\u303f\ufe30-\ufe4f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65“”‘’…—]")


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of one file on their way to a reader."""

    path: Path
    data: bytes = field(repr=False)
    limits: Limits


@dataclass(frozen=True, slots=True)
class Piece:
    """The words of one block."""

    kind: BlockKind
    text: str
    page: int | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reader found: pieces in reading order, the document's own title where it has one, and a line on each part
    of the file that it could not read."""

    pieces: Sequence[Piece]
    title: str = ""
    faults: tuple[str, ...] = ()


def assemble(pieces: Iterable[Piece], source: Source) -> tuple[str, tuple[Block, ...]]:
    """One text and its blocks: rows of a table and items of a list on lines of their own, else an empty line between.

    Raises:
        LoadError: ``empty`` or ``too-large``.
    """
    parts: list[str] = []
    blocks: list[Block] = []
    position = 0
    for piece in pieces:
        text = clean(piece.text)
        if not text:
            continue
        if blocks:
            together = piece.kind == blocks[-1].kind and piece.kind in ("table_row", "list_item")
            parts.append("\n" if together else "\n\n")
            position += 1 if together else 2
        parts.append(text)
        blocks.append(Block(piece.kind, position, position + len(text), piece.page, piece.level))
        position += len(text)
        if position > source.limits.max_characters:
            raise LoadError(
                f"expected at most {source.limits.max_characters:,} characters of text, found more in "
                f"{shown(source.path)}; split the file, or raise the limit",
                reason="too-large",
            )
    if not blocks:
        raise LoadError(f"expected text, found none in {shown(source.path)}", reason="empty")
    return "".join(parts), tuple(blocks)


def clean(text: str) -> str:
    """`text` on one line: white space as single spaces, none at the ends, no control characters or lone surrogates."""
    if _UNUSUAL.search(text):
        text = _SURROGATES.sub("\ufffd", text).translate(_CHARACTERS)
    return _SPACES.sub(" ", text).strip()


def is_wide(character: str) -> bool:
    """True for characters that are written without spaces between words: Han, kana, full-width punctuation."""
    return _WIDE.match(character) is not None


def join_lines(lines: Iterable[str]) -> str:
    """Lines of one paragraph as one line: with a space between words, without where Chinese or Japanese goes on."""
    out: list[str] = []
    last = ""
    for line in lines:
        line = line.strip()
        if not line:
            continue
        if last:
            out.append(_between(last, line[0]))
        out.append(line)
        last = line[-1]
    return "".join(out)


def _between(left: str, right: str) -> str:
    if left == "—":
        return ""
    if is_wide(left) and (is_wide(right) or right.isdigit() or _WIDE_STOPS.match(left)):
        return ""
    if is_wide(right) and (left.isdigit() or _WIDE_STOPS.match(right)):
        return ""
    if (_WIDE_STOPS.match(left) and is_wide(right)) or (_WIDE_STOPS.match(right) and is_wide(left)):
        return ""  # quotes and dashes are the same characters in both scripts
    return " "
