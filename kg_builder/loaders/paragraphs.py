"""Plain lines to paragraphs: undoes hard wrapping, and tells headings and list items by their look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from unicodedata import east_asian_width

from kg_builder.loaders.pieces import Piece, join_lines

__all__ = ["is_tangled", "prose_pieces", "reads_as_code", "soft_lines", "text_pieces"]

_BULLET = re.compile(r"\s*(?:[-*•·‣▪●○◦–—]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+(?=\S)")
_SIGN_BULLET = re.compile(r"\s*(?:[-*•·‣▪●○◦]|\d{1,3}[.)]|\(\d{1,3}\))\s+(?=\S)")
_SIGNS = re.compile(r"={1,6}(?!=)|#{1,6}(?=\s)")
_UNDERLINE = re.compile(r"(?:={3,}|-{3,}|~{3,}|\*{3,})$")
_RULE = re.compile(r"[\s\-=*_~+#.·—–─═]+$")
_DIVISION = re.compile(
    r"(?:chapter|part|book|letter|section|volume|act|scene|appendix|stave|canto)\s+(?:[ivxlcdm]+|\d+|[a-z]+)\b[^a-z]{0,3}.{0,80}$"
    r"|(?:preface|prologue|epilogue|introduction|contents|conclusion|foreword|afterword|postscript)\.?$"
    r"|[IVXLC]{1,7}\.?$"
    r"|[一二三四五六七八九十]{1,3}、[^。；，！？]{1,30}$"
    r"|第[〇零一二三四五六七八九十百千\d]{1,6}[章节回卷部篇编集幕](?:\s.{0,40}|.{0,25})$",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?。！？…:：;；,，、][\"'”’」』)）\]]*$")
_LOWER = re.compile(r"[\"'“‘(]?[a-zà-öø-ÿ]")
_EMPTY_LINES = re.compile(r"\n[ \t]*\n")
_CODE = re.compile(r"[{}\[\]<>=;\\|$#@_*+/^~`]|\(\)|::|->|>>>")


def text_pieces(text: str) -> Iterator[Piece]:
    """The paragraphs, headings and list items of plain text."""
    groups = _groups(text)
    width = _wrap_width(groups)
    for group in groups:
        yield from _group_pieces(group, width)


def prose_pieces(text: str, *, page: int | None = None) -> list[Piece]:
    """Preformatted text as paragraphs where it is prose; nothing where it is program code or drawing."""
    if reads_as_code(text):
        return []
    return [Piece("paragraph" if p.kind == "heading" else p.kind, p.text, page, p.level) for p in text_pieces(text)]


def reads_as_code(text: str) -> bool:
    """True for listings: many signs that prose has few of, or hardly any sentence."""
    words = len(re.findall(r"[^\W\d_]{2,}", text)) + len(re.findall(r"[\u4e00-\u9fff]", text)) // 2
    sentences = len(re.findall(r"(?:[a-z,'’\")]\s+[a-z]+){3}|[\u4e00-\u9fff]{5}", text))
    return len(_CODE.findall(text)) > 0.12 * words or sentences * 25 < words or words < 4


def is_tangled(text: str, marks: re.Pattern[str], *, most: int = 3000) -> bool:
    """True where a paragraph has more `marks` than any author writes: parsers of inline markup take quadratic time."""
    chunks = _EMPTY_LINES.split(text)
    return any(len(chunk) > most and sum(1 for _ in marks.finditer(chunk)) > most for chunk in chunks)


def soft_lines(lines: Sequence[str]) -> list[str]:
    """Lines that an author broke by hand, joined where the sentence plainly goes on."""
    out: list[list[str]] = []
    for line in lines:
        line = line.strip()
        if not line:
            continue
        if out and (_LOWER.match(line) or out[-1][-1].endswith((",", "，", "、"))):
            out[-1].append(line)
        else:
            out.append([line])
    return [join_lines(together) for together in out]


def _groups(text: str) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for line in text.expandtabs(4).replace("\f", "\n\n").split("\n"):
        if line.strip():
            groups[-1].append(line.rstrip())
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def _wrap_width(groups: Sequence[Sequence[str]]) -> int:
    """The column at which the text is wrapped, or 0 where each line is a paragraph of its own."""
    widths = sorted(_columns(line) for group in groups for line in group[:-1])
    if not widths:
        return 0
    limit = widths[int(len(widths) * 0.95)]
    full = sum(limit * 0.7 <= width for width in widths)
    return limit if 36 <= limit <= 130 and full >= len(widths) * 0.5 else 0


def _columns(line: str) -> int:
    return len(line) if line.isascii() else len(line) + sum(east_asian_width(c) in "WF" for c in line)


def _group_pieces(group: list[str], width: int) -> Iterator[Piece]:
    while len(group) >= 2 and _UNDERLINE.match(group[1].strip()) and not _RULE.match(group[0]):
        level = 1 if group[1].strip().startswith(("=", "*")) else 2
        yield Piece("heading", group[0], level=level)
        group = group[2:]
    group = [line for line in group if not _RULE.match(line)]
    if not group:
        return
    if len(group) == 1 and (heading := _heading(group[0])):
        yield heading
        return
    for lines in _paragraphs(group, width):
        if marked := _marked_heading(lines[0]) if len(lines) == 1 else None:
            yield marked
        elif item := _SIGN_BULLET.match(lines[0]):
            yield Piece("list_item", join_lines([lines[0][item.end() :], *lines[1:]]), level=1)
        else:
            yield Piece("paragraph", join_lines(lines))


def _marked_heading(line: str) -> Piece | None:
    line = line.strip()
    match = _SIGNS.match(line)
    if match is None:
        return None
    # By hand: a regular expression for what stands between the signs takes quadratic time on long white space.
    signs, rest = match[0], line[match.end() :]
    if signs.startswith("#"):
        words = rest.strip().rstrip("#").rstrip() or rest.strip()
        return Piece("heading", words, level=len(signs))
    words = rest.removesuffix(signs).strip()
    return Piece("heading", words, level=max(1, len(signs) - 1)) if rest.endswith(signs) and words else None


def _heading(line: str) -> Piece | None:
    """A line that stands alone, if it looks like a heading."""
    if marked := _marked_heading(line):
        return marked
    text = line.strip()
    if len(text) > 100 or _SIGN_BULLET.match(line):
        return None
    if _DIVISION.match(text):
        return Piece("heading", text, level=1)
    letters = [c for c in text if c.isalpha()]
    shouted = len(letters) >= 3 and all(c.isupper() for c in letters) and not text.endswith((",", ";", "!", "?"))
    return Piece("heading", text, level=2) if shouted and len(text) <= 70 else None


def _paragraphs(group: Sequence[str], width: int) -> Iterator[list[str]]:
    """Cut lines without an empty line between them into paragraphs."""
    current: list[str] = []
    for line in group:
        if current and not _goes_on(current[-1], line, width):
            yield current
            current = []
        current.append(line)
    if current:
        yield current


def _goes_on(before: str, line: str, width: int) -> bool:
    """Whether `line` continues the paragraph of the line `before` it."""
    if _SIGN_BULLET.match(line) or _marked_heading(before) or _marked_heading(line):
        return False
    indent, indent_before = len(line) - len(line.lstrip()), len(before) - len(before.lstrip())
    if indent > indent_before and not _SIGN_BULLET.match(before) and _ENDS.search(before):
        return False  # an indented first line
    words = line.lstrip()
    if not width:
        return bool(_LOWER.match(words)) and not _ENDS.search(before)
    # The line was full: the next word would not have fitted.
    first_word = words.split(maxsplit=1)[0]
    room = width - _columns(before)
    if room <= max(8, min(_columns(first_word), 24)):
        return True
    return bool(_LOWER.match(words)) or before.rstrip().endswith((",", "，", "、"))
