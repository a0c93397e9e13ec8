"""Chinese characters: the simplified form of traditional ones, and numbers."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

__all__ = ["HAN_DIGITS", "ambiguous_to_simplified", "han_number", "to_simplified"]

HAN_DIGITS = "〇一二三四五六七八九零"
"""The digits, each at its value; 零 comes last, modulo ten."""

_UNITS = {"十": 10, "百": 100, "千": 1000}


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[int, str], dict[int, str]]:
    """Characters with a simplified form of their own, and those that share one (`finetune.pipelines.zh_characters`)."""
    text = (files("kg_builder") / "models" / "zh" / "simplified.txt").read_text(encoding="utf-8")
    one, many = ({ord(pair[0]): pair[1] for pair in line.split()[1:]} for line in text.splitlines())
    return one, many


def to_simplified(text: str) -> str:
    """`text` with simplified characters, where that cannot make one word of two: 臺大 becomes 台大, 後 stays."""
    return text if text.isascii() else text.translate(_tables()[0])


def ambiguous_to_simplified(text: str) -> str:
    """`text` with the other traditional characters simplified as well: 後 becomes 后, 鍾 and 鐘 become 钟."""
    return text if text.isascii() else text.translate(_tables()[1])


def han_number(text: str) -> int | None:
    """What Chinese or Arabic digits stand for (三十五, 二〇二三, 35), up to 9999; None for any other text."""
    if text.isascii() and text.isdecimal():
        return int(text) if len(text) <= 4 else None
    if not text or len(text) > 9 or any(c not in HAN_DIGITS and c not in _UNITS for c in text):
        return None
    if not any(c in _UNITS for c in text):
        if len(text) > 4:
            return None
        return int("".join(str(HAN_DIGITS.index(c) % 10) for c in text))
    total, digit, smallest, digits = 0, 0, 10_000, 0
    for c in text:
        if c in _UNITS:
            unit = _UNITS[c]
            if unit >= smallest or (digit == 0 and unit != 10):
                return None
            total += (digit or 1) * unit
            digit, smallest, digits = 0, unit, 0
        elif c not in "零〇":
            digit, digits = HAN_DIGITS.index(c), digits + 1
            if digits > 1:
                return None
    return total + digit
