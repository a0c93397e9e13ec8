"""Letters that look alike in several alphabets: names that seem to be one and are not are flagged, never merged."""

from __future__ import annotations

import re
import unicodedata

from kg_builder.names import clean_name, name_key, says_something

__all__ = ["LOOK_ALIKE", "drawn", "looks_like", "mixed_scripts"]

LOOK_ALIKE = "look-alike-letters"
"""The rule of a link between two names that only look the same: it is for a person to say what they are."""

# Lower and upper case apart: в is no b, but В is a B.
_CYRILLIC = dict(zip("асеорхуіјѕԁһԛԝӏьАВСЕНІЈКМОРЅТХУԚԜ", "aceopxyijsdhqwlbABCEHIJKMOPSTXYQW", strict=True))
_GREEK = dict(zip("αινορυχκΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳ", "aivopuxkABEZHIKMNOPTYXcj", strict=True))
_ARMENIAN = dict(zip("օսհոցՕՍ", "ouhngOU", strict=True))
_LATIN_OF = str.maketrans(_CYRILLIC | _GREEK | _ARMENIAN)
_WORD = re.compile(r"[^\W\d_]+")
_UNMISTAKABLE = re.compile(r"[\x00-\x7f\u4e00-\u9fff]*")
"""Latin and Chinese characters: none of another alphabet comes out of them, however they are normalized."""


def mixed_scripts(name: str) -> tuple[str, ...]:
    """The words of `name` that mix alphabets and hold a letter that looks Latin and is not, as written and in order.

    Such a word is a homoglyph or a slip of the keyboard. ``TGFβ`` is neither: β looks like no Latin letter.
    """
    text = unicodedata.normalize("NFKC", clean_name(name))
    return tuple(
        word for word in _WORD.findall(text) if len(_alphabets(word)) > 1 and word.translate(_LATIN_OF) != word
    )


def looks_like(one: str, other: str) -> bool:
    """Whether two names have two keys, yet look the same: ОРЕС in Cyrillic letters and OPEC in Latin ones."""
    if _UNMISTAKABLE.fullmatch(one) and _UNMISTAKABLE.fullmatch(other):
        return False
    return name_key(one) != name_key(other) and says_something(one) and drawn(one) == drawn(other)


def drawn(name: str) -> str:
    """The key of `name` in Latin letters wherever one looks the same."""
    if _UNMISTAKABLE.fullmatch(name):
        return name_key(name)
    return name_key(unicodedata.normalize("NFKC", clean_name(name)).translate(_LATIN_OF))


def _alphabets(word: str) -> set[str]:
    """The alphabets of which `word` has letters; Chinese, Japanese and Korean ones stand beside Latin in many names."""
    names = (unicodedata.name(c, "").partition(" ")[0] for c in word)
    return {name for name in names if name in ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")}
