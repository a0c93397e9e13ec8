"""Numbers as people write them: 3,500, three hundred and five, 两千零五, 3.5亿. Exact, and nothing guessed."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from kg_builder.han import HAN_DIGITS, han_number

__all__ = ["ENGLISH_WORDS", "english_number", "han_amount", "plain_number"]

_PLAIN = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,24})(?:\.\d{1,24})?")
_UNITS = "zero one two three four five six seven eight nine".split()  # noqa: SIM905
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()  # noqa: SIM905
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_SMALL = {word: i for i, word in enumerate(_UNITS)}
_TEEN = {word: i for i, word in enumerate(_TEENS, 10)}
_TEN = {word: 10 * i for i, word in enumerate(_TENS, 2)}
_SCALES = {
    "thousand": 10**3,
    "million": 10**6,
    "millions": 10**6,
    "billion": 10**9,
    "billions": 10**9,
    "trillion": 10**12,
    "trillions": 10**12,
}
_PARTS = {"half": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5, "tenth": 10}
ENGLISH_WORDS = frozenset({*_SMALL, *_TEEN, *_TEN, *_SCALES, *_PARTS, "hundred", "dozen", "a", "an", "and"})
"""All words that numbers are made of."""


def plain_number(text: str) -> Decimal | None:
    """Digits, with commas between groups of three or without, and a decimal point; None for any other text."""
    return Decimal(text.replace(",", "")) if _PLAIN.fullmatch(text) else None


def english_number(text: str) -> Decimal | None:
    """A number in digits, words or both ("3.5 million"), lower case; None for any other text."""
    words = text.replace("-", " ").split() if not _PLAIN.fullmatch(text) else [text]
    if not words or len(words) > 16:
        return None
    fraction = _fraction(words)
    if fraction is not None:
        return Decimal(fraction.numerator) / Decimal(fraction.denominator)
    total, below, at = Decimal(0), 10**15, 0
    while at < len(words):
        if total and words[at] == "and":
            at += 1
        group = _below_thousand(words, at)
        if group is None:
            return None
        value, at = group
        if words[at : at + 3] == ["and", "a", "half"]:
            value, at = value + Decimal("0.5"), at + 3
        scale = 1
        while at < len(words) and words[at] in _SCALES:
            scale, at = scale * _SCALES[words[at]], at + 1
        if scale >= below or (total and value * scale >= below):
            return None
        total, below = total + value * scale, scale
    return total


def _fraction(words: list[str]) -> Fraction | None:
    if words[:1] == ["half"]:
        rest = words[2:] if words[1:2] in (["a"], ["an"]) else words[1:]
        scale = 1
        for word in rest:
            scale *= _SCALES.get(word, 0)
        return Fraction(scale, 2) if scale and rest else None
    if len(words) == 2 and words[1] in _PARTS:
        count = 1 if words[0] in ("a", "one") else _SMALL.get(words[0], 0)
        return Fraction(count, _PARTS[words[1]]) if count else None
    return None


def _below_thousand(words: list[str], at: int) -> tuple[Decimal, int] | None:
    """The number below a thousand (or in digits) that begins at a word, and where it ends."""
    word = words[at] if at < len(words) else ""
    digits = plain_number(word)
    if digits is not None:
        at += 1
        if words[at : at + 1] == ["hundred"]:
            return digits * 100, at + 1
        return digits, at
    if word in ("a", "an") and words[at + 1 : at + 2] and words[at + 1] in (*_SCALES, "hundred", "dozen"):
        value, at = 1, at + 1
    else:
        found = _below_hundred(words, at)
        if found is None:
            return (Decimal(12), at + 1) if word == "dozen" else None
        value, at = found
    if words[at : at + 1] == ["dozen"]:
        return Decimal(12 * value), at + 1
    if words[at : at + 1] == ["hundred"]:
        value, at = value * 100, at + 1
        rest = _below_hundred(words, at + 1 if words[at : at + 1] == ["and"] else at)
        if rest is not None:
            value, at = value + rest[0], rest[1]
    return Decimal(value), at


def _below_hundred(words: list[str], at: int) -> tuple[int, int] | None:
    word = words[at] if at < len(words) else ""
    if word in _TEN:
        after = _SMALL.get(words[at + 1], 0) if at + 1 < len(words) else 0
        return _TEN[word] + after, at + (2 if after else 1)
    if word in _TEEN:
        return _TEEN[word], at + 1
    return (_SMALL[word], at + 1) if word in _SMALL else None


# ---------------------------------------------------------------- Chinese
_HAN = HAN_DIGITS + "十百千"
_PART = rf"(?:\d[\d,]*(?:\.\d+)?[百千]?|[{_HAN}两]+(?:点[{HAN_DIGITS}]+)?)"
_AMOUNT = re.compile(rf"(?:(?P<yi>{_PART}万?)亿)?零?(?:(?P<wan>{_PART})万)?(?P<zero>零?)(?P<rest>{_PART})?")
_LOOSE_END = re.compile(r"[百千万亿][一二三四五六七八九]")


def han_amount(text: str) -> Decimal | None:
    """A number in Chinese or Arabic digits with 万 and 亿 (3.5亿, 两千零五, 350万); None for any other text.

    三百五 and 一万二 (which leave the last unit out) are not read; nor is 兆, which is a million or a trillion.
    """
    if not text or len(text) > 40:
        return None
    digits = plain_number(text)
    if digits is not None:
        return digits
    found = _AMOUNT.fullmatch(text)
    if found is None or _LOOSE_END.fullmatch(text[-2:]):
        return None
    total, below = Decimal(0), Decimal(10) ** 20
    for name, scale in (("yi", 10**8), ("wan", 10**4), ("rest", 1)):
        part = found[name]
        if part is None:
            continue
        many = name == "yi" and part.endswith("万")
        value = _part(part[:-1] if many else part)
        if value is None or value * scale >= below:
            return None
        total += value * scale * (10**4 if many else 1)
        below = Decimal(scale)
    return total


def _part(text: str) -> Decimal | None:
    scale = 1
    if text[0].isdecimal():
        if text[-1] in "百千":
            text, scale = text[:-1], {"百": 100, "千": 1000}[text[-1]]
        number = plain_number(text)
        return None if number is None else number * scale
    whole, point, decimals = text.replace("两", "二").partition("点")
    value = han_number(whole)
    if value is None:
        return None
    if not point:
        return Decimal(value)
    return Decimal(f"{value}." + "".join(str(HAN_DIGITS.index(c) % 10) for c in decimals))
