"""Printed lines to paragraphs: page furniture out, broken words and lines joined, headings told by size and outline."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from kg_builder.loaders.page_tables import HYPHEN, Line, cut_tables
from kg_builder.loaders.pieces import Piece, is_wide, join_lines

__all__ = ["lay_out", "squeeze"]

_MARGIN = 0.15
"""Part of the page's height, at its top and bottom, where headers and footers stand."""
_LARGE = 1.15
"""How many times as large as the body text a heading is printed."""
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|第)?\s*[-–—·|]?\s*(?:\d{1,5}|[ivxlc]{1,7})\s*[-–—·|]?\s*(?:页|頁)?(?:\s*(?:of|/|共)\s*\d{1,5}\s*(?:页|頁)?)?$",
    re.IGNORECASE,
)
_LEADER = re.compile(r"(?:\.{4,}|(?:\. ){4,}|…{2,}|·{4,}|_{4,})\s*[\divxlc]{1,6}$", re.IGNORECASE)
_BULLET = re.compile(
    r"(?:[•·‣▪●○◦■□❖➢✓\uf0b7\uf0a7\uf0d8*–-]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?=\S)|[•‣▪●○◦■❖➢\uf0b7\uf0a7]"
)
_SIGN = re.compile(r"[•·‣▪●○◦■□❖➢✓\uf0b7\uf0a7\uf0d8*–-]")
_ENDS = re.compile(r"[.!?。！？…:：;；][\"'”’」』)）\]]*$")
_LOWER = re.compile(r"[\"'“‘(]?[a-zà-öø-ÿ]")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_WORD = re.compile(r"([^\W\d_]+)$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_HEADING = 200


def lay_out(pages: Sequence[Sequence[Line]], outline: Mapping[tuple[int, str], int]) -> list[Piece]:
    """The pieces of a document from its pages' lines in reading order.

    Args:
        outline: levels of headings by page and `squeeze`d title.
    """
    furniture = _furniture(pages)
    lines = [line for page in pages for line in page if line not in furniture and not _LEADER.search(line.text)]
    if not lines:
        return []
    words = _words(lines)
    style = _Style(lines, outline)
    pieces: list[Piece] = []
    between: list[Line] = []
    for part in [*cut_tables(lines), []]:
        if isinstance(part, Line):
            between.append(part)
        else:
            pieces += [piece for group in _groups(between, style) for piece in _pieces(group, style, words)]
            pieces += part
            between = []
    return pieces


def squeeze(text: str) -> str:
    """`text` for comparison: no white space, folded case."""
    return "".join(text.split()).casefold()


def _furniture(pages: Sequence[Sequence[Line]]) -> set[Line]:
    """Headers, footers and page numbers: what stands at the same place of several pages, digits aside."""
    body = _body_size(line for page in pages for line in page)
    repeated: dict[tuple[int, int, str], list[Line]] = defaultdict(list)
    found: set[Line] = set()
    for page in pages:
        for line in page:
            middle = (line.top + line.bottom) / 2 / line.page_height if line.page_height else 0.5
            if _MARGIN < middle < 1 - _MARGIN or line.size > body * _LARGE:  # titles of chapters stand there, too
                continue
            if (middle < 0.1 or middle > 0.9) and _PAGE_NUMBER.match(line.text.strip()):
                found.add(line)
            repeated[round(line.bottom / 3), round(line.size), re.sub(r"\d+", "#", squeeze(line.text))].append(line)
    fewest = 2 if len(pages) <= 4 else 3
    for lines in repeated.values():
        if len({line.page for line in lines}) >= fewest:
            found.update(lines)
    return found


def _body_size(lines: Iterable[Line]) -> float:
    """The size that most characters are printed in."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _words(lines: Sequence[Line]) -> Counter[str]:
    """How often each word stands unbroken in the document."""
    words: Counter[str] = Counter()
    broken = False
    for line in lines:
        found = [word.lower() for word in _WORD.findall(line.text)]
        breaks = line.text.endswith((HYPHEN, "-"))
        words.update(found[int(broken) : len(found) - int(breaks)])
        broken = breaks
    return words


class _Style:
    """What is usual in a document: the size of its body text, its line spacing, where its lines end."""

    def __init__(self, lines: Sequence[Line], outline: Mapping[tuple[int, str], int]) -> None:
        self.body = _body_size(lines)
        self.outline = outline
        larger = {round(line.size) for line in lines if line.size >= self.body * _LARGE}
        self.ranks = {size: rank for rank, size in enumerate(sorted(larger, reverse=True), 1)}
        bold = sum(len(line.text) for line in lines if line.bold)
        self.bold_means_heading = bold < 0.25 * sum(len(line.text) for line in lines)
        gaps = [
            (a.bottom - b.bottom) / a.size
            for a, b in pairwise(lines)
            if a.page == b.page and a.size == b.size and 0.8 * a.size < a.bottom - b.bottom < 3 * a.size
        ]
        self.leading = statistics.median_low(gaps) if gaps else 1.2
        self.right: dict[tuple[int, int], float] = defaultdict(float)
        for line in lines:
            key = line.page, round(line.left / 12)
            self.right[key] = max(self.right[key], line.right)

    def heading_level(self, line: Line) -> int | None:
        """The level of a line that looks like a heading."""
        text = line.text.strip()
        if len(text) > _LONGEST_HEADING or not any(c.isalpha() for c in text):
            return None
        if level := self.outline.get((line.page, squeeze(text))):
            return min(level, 6)
        if rank := self.ranks.get(round(line.size)) if line.size >= self.body * _LARGE else None:
            return min(rank, 6)
        if (
            self.bold_means_heading
            and line.bold
            and line.size >= self.body
            and not _ENDS.search(text)
            and len(text) <= 100
        ):
            return min(len(self.ranks) + 1, 6)
        return None

    def is_full(self, line: Line, following: str) -> bool:
        """Whether the next word would not have fitted at the end of `line`."""
        edge = max(self.right[line.page, round(line.left / 12) + d] for d in (-1, 0, 1))
        word = following.split(maxsplit=1)[0] if following.split() else ""
        room = 1 if word and is_wide(word[0]) else len(word) + 1
        return line.right + room * line.size * (0.9 if room == 1 else 0.5) >= edge - line.size * 0.5


def _groups(lines: Iterable[Line], style: _Style) -> Iterator[list[Line]]:
    """Lines that make one paragraph, heading or item."""
    group: list[Line] = []
    for line in lines:
        if group and not _goes_on(group, line, style):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _goes_on(group: Sequence[Line], line: Line, style: _Style) -> bool:
    before = group[-1]
    level, level_before = style.heading_level(line), style.heading_level(before)
    if level or level_before:
        in_outline = (line.page, squeeze(line.text)) in style.outline
        same = level == level_before and line.page == before.page and abs(line.size - before.size) < 0.5
        return same and not in_outline and 0 < before.bottom - line.bottom < 1.6 * style.leading * line.size
    if before.text.endswith((HYPHEN, "-")) and _LAST_WORD.search(before.text[:-1]) and _FIRST_WORD.match(line.text):
        return True
    if _BULLET.match(line.text) or not 0.85 < line.size / before.size < 1.18:
        return False
    sentence_open = not _ENDS.search(before.text)
    continues = bool(_LOWER.match(line.text)) or (
        sentence_open and is_wide(line.text[:1] or " ") and is_wide(before.text[-1:])
    )
    gap = (before.bottom - line.bottom) / before.size
    if line.page != before.page or gap < -0.3:  # the next page or column
        return sentence_open and continues and (line.page - before.page) <= 1
    if abs(gap) <= 0.3:  # the same line, further right
        return line.left >= before.left
    if gap > style.leading * 1.35:
        return False
    indent = line.left - min(part.left for part in group)
    if indent > 1.2 * line.size and len(group) > 1 and not continues:
        return False
    hangs = sentence_open and line.left > group[0].left + 2 and _BULLET.match(group[0].text) is not None
    return style.is_full(before, line.text) or (continues and sentence_open) or hangs


def _pieces(group: Sequence[Line], style: _Style, words: Mapping[str, int]) -> list[Piece]:
    first = group[0]
    text = _joined([line.text for line in group], words)
    if level := style.heading_level(first):
        return [Piece("heading", text, first.page, level)]
    if item := _BULLET.match(text):
        rest = text[item.end() :]
        if not any(c.isalnum() for c in rest):
            return []  # a sign without words
        return [Piece("list_item", rest if _SIGN.match(text) else text, first.page, 1)]
    return [Piece("paragraph", text, first.page)] if any(c.isalnum() for c in text) else []


def _joined(lines: Sequence[str], words: Mapping[str, int]) -> str:
    """The lines as one, words that were broken at the end of a line put together again."""
    out = lines[0]
    for line in lines[1:]:
        if (
            out.endswith((HYPHEN, "-", "‐"))
            and (head := _LAST_WORD.search(out[:-1]))
            and (tail := _FIRST_WORD.match(line))
        ):
            out = out[:-1] + ("-" if _keeps_hyphen(head[1], tail[0], words) else "") + line
        else:
            out = join_lines((_plain(out), line))
    return _plain(out)


def _plain(text: str) -> str:
    return text.replace(HYPHEN, "-")


def _keeps_hyphen(head: str, tail: str, words: Mapping[str, int]) -> bool:
    """Whether the hyphen between two halves belongs to the word, by how the document writes it elsewhere."""
    if not tail[0].islower():
        return True
    compound, joined = f"{head}-{tail}".lower(), f"{head}{tail}".lower()
    if words.get(joined, 0) or words.get(compound, 0):
        return words.get(compound, 0) > words.get(joined, 0)
    # Both halves words of their own, elsewhere: a compound. `tail` itself stands at the start of a line once.
    return len(head) > 3 and len(tail) > 3 and words.get(head.lower(), 0) > 1 and words.get(tail.lower(), 0) > 1
