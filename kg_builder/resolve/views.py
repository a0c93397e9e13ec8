"""A name as the blocks and the scores look at it: its words, numbers, initials and script, worked out once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from kg_builder.resolve.chinese_names import has_han
from kg_builder.resolve.keys import loosened

__all__ = ["View", "is_acronym_like", "view_of"]

_WORD = re.compile(r"[^\W_]+(?:['+#][^\W_]*)*[+#]*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_HAN_NUMBER = re.compile(
    r"第?[一二三四五六七八九十百]+(?=[号期届代级线环路楼层年月日章条款次批版所中小区院组队营连师军厂等世])"
)
_SMALL = re.compile(r"(?:the|of|and|for|in|on|at|to|an?|de|la|le|du|des|von|van|der|und|et|y|e)\Z")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class View:
    """What is compared of a name. ``words`` are those of the looser key, in the order they are written in."""

    key: str
    loose: str
    words: tuple[str, ...]
    numbers: frozenset[str]
    initials: str
    all_initials: str
    han: bool
    script: str


@lru_cache(maxsize=1 << 20)
def view_of(key: str) -> View:
    """The view of a name by its key; one of more than 400 characters has no words to be compared by."""
    loose = loosened(key)
    if len(key) > _LONGEST:
        return View(key, loose, (), frozenset(), "", "", has_han(key), "long")
    han = has_han(key)
    kept = frozenset(_WORD.findall(loose))
    written = _WORD.findall(key)
    words = tuple(word for word in written if word in kept)
    if len(frozenset(words)) != len(kept):  # a numeral, a plural or a diacritic has another form in the looser key
        words = tuple(_WORD.findall(loose))
    numbers = frozenset(_NUMBER.findall(loose)) | (frozenset(_HAN_NUMBER.findall(loose)) if han else frozenset())
    heads = [word[0] for word in written if not _SMALL.match(word)]
    return View(
        key=key,
        loose=loose,
        words=words,
        numbers=numbers,
        initials="".join(heads) if len(heads) > 1 else "",
        all_initials="".join(word[0] for word in written) if len(written) > 1 else "",
        han=han,
        script=_script(key, han=han),
    )


def _script(key: str, *, han: bool) -> str:
    if han:
        return "han"
    for char in key:
        if char.isalpha():
            code = ord(char)
            return "latin" if code < 0x250 or 0x1E00 <= code < 0x1F00 else str(code >> 8)
    return "none"


def is_acronym_like(surface: str) -> bool:
    """Whether a surface is one word of two to six letters and digits, all in capitals: IBM, U.S.,."""
    text = surface.replace(".", "").replace("&", "").strip()
    return 2 <= len(text) <= 6 and text.isascii() and text.isalnum() and text.upper() == text and text[0].isalpha()
