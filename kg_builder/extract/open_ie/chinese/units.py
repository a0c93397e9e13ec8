"""Chinese text as the units that the model reads: single characters, whole numbers, whole Latin words.

A unit keeps its place in the text and gets a symbol, in which full and half width are one, and numbers and Latin words
are known by their shape only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Unit", "is_enumerator", "split_sentences", "split_units"]

_LATIN = r"A-Za-zÀ-ɏͰ-ϿЀ-ӿ"
_UNIT = re.compile(
    r"(?P<url>https?://[!-~]+|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,32})+(?<![^\x00-\x7f]))"
    r"|(?P<number>[0-9０-９]+(?:[,，][0-9]{3}(?![0-9]))*(?:[.．:/-][0-9０-９]+)*[%％‰]?)"
    rf"|(?P<latin>[{_LATIN}]+(?:['’.&_/+-]?[{_LATIN}0-9]+)*\+*)"
    r"|(?P<other>\S)",
    re.ASCII,
)
_DIGITS = "零〇一二三四五六七八九十百千"
_ENUMERATOR = re.compile(  # 第五条, （三）, 二、, 1.: what numbers a paragraph is no part of its first sentence
    rf"[\s　]*(?:第[{_DIGITS}0-9]{{1,6}}[编章节条款](?:之[{_DIGITS}]{{1,3}})?(?=[\s　])|[（(][{_DIGITS}0-9]{{1,3}}[）)]"
    rf"|[{_DIGITS}]{{1,3}}、|[0-9]{{1,2}}[、．]|[0-9]{{1,2}}\.(?![0-9])|#{{1,6}}(?=[ \t]))[\s　]*"
)
_ENDS = "。！？!?；;\n\r…"
_CLOSERS = "”’」』）)》〉】\"'"
_SOFT = "，,：:、 \t"


class Unit(NamedTuple):
    """``text[start:end]``, and what the model sees of it; `spaced` where white space stands before it."""

    start: int
    end: int
    symbol: str
    spaced: bool


def split_units(text: str, start: int = 0, end: int | None = None) -> list[Unit]:
    """The units of ``text[start:end]`` in order, white space left out."""
    units: list[Unit] = []
    stop = len(text) if end is None else end
    last = start
    for match in _UNIT.finditer(text, start, stop):
        at, to = match.span()
        units.append(Unit(at, to, _symbol(match.lastgroup or "", match.group()), at > last))
        last = to
    return units


@lru_cache(maxsize=1 << 14)
def _symbol(kind: str, form: str) -> str:
    if kind == "number":
        if form[-1] in "%％‰":
            return "<pct>"
        if len(form) == 4 and form.isdigit():
            return "<year>"
        return "<num>" if form.isdigit() else "<dec>"
    if kind == "latin":
        if len(form) == 1:
            return "<letter>"
        return "<EN>" if form.isupper() else "<En>" if form[0].isupper() else "<en>"
    if kind == "url":
        return "<url>"
    plain = unicodedata.normalize("NFKC", form)
    return plain if len(plain) == 1 else form


def split_sentences(text: str, *, limit: int = 160) -> Iterator[tuple[int, int]]:
    """Half-open spans of sentences, without the white space around them.

    A sentence longer than `limit` characters is cut at the last comma, or failing that anywhere: work stays linear in
    the text whatever it holds.
    """
    for start, end in _whole_sentences(text):
        at = start
        number = _ENUMERATOR.match(text, start, end)
        if number:
            yield from _trimmed(text, at, number.end())
            at = number.end()
        while end - at > limit:
            cut = max((text.rfind(mark, at + limit // 3, at + limit) for mark in _SOFT), default=-1)
            cut = at + limit if cut < 0 else cut + 1
            yield from _trimmed(text, at, cut)
            at = cut
        yield from _trimmed(text, at, end)


def is_enumerator(sentence: str) -> bool:
    """Whether one span of `split_sentences` only numbers what follows."""
    return bool(_ENUMERATOR.fullmatch(sentence + " "))


def _whole_sentences(text: str) -> Iterator[tuple[int, int]]:
    start = i = 0
    n = len(text)
    while i < n:
        char = text[i]
        i += 1
        if char not in _ENDS and not (char == "." and _ends_with_dot(text, i)):
            continue
        while char not in "\n\r" and i < n and (text[i] in _CLOSERS or (text[i] in _ENDS and text[i] not in "\n\r")):
            i += 1
        yield start, i
        start = i
    if start < n:
        yield start, n


def _ends_with_dot(text: str, after: int) -> bool:
    """Whether the full stop before `after` ends a Latin sentence: not in "Inc. 发布"."""
    rest = text[after : after + 8].lstrip(" ")
    return not rest or rest[0] in "\n\r" or (text[after].isspace() and rest[0].isascii() and rest[0].isupper())


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
