"""Numbers, dates, money and quantities as values that can be compared: "$3.5 million", 350万元, "12 km", "March 2021".

`parse_value` reads a whole name and guesses nothing: 03/05/2023, "more than 300" and "the 1900s" stay unread.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from kg_builder.han import to_simplified
from kg_builder.lemma import lemma_en
from kg_builder.times import parse_time
from kg_builder.values_numbers import ENGLISH_WORDS, english_number, han_amount
from kg_builder.values_units import currency, unit

__all__ = ["VALUE_PROPERTIES", "Kind", "Value", "parse_value", "value_properties"]

Kind = Literal["date", "duration", "number", "percent", "money", "quantity", "count"]

VALUE_PROPERTIES = ("value_kind", "value_start", "value_end", "value_number", "value_unit")
"""What the node of an entity of type Time or Quantity may have besides."""

_LONGEST = 80  # characters
_LARGEST = Decimal(10) ** 24


@dataclass(frozen=True, slots=True)
class Value:
    """What a name of a time or a quantity stands for.

    A date has ``start`` and ``end``: the first and the last day of what is named, in ISO 8601, None where it is open;
    its ``unit`` says how precise it is (``day``, ``month``, ``year`` … or ``span``). All else has ``number``, in the
    unit that such things are compared in: SI for quantities, ``s`` or ``month`` for durations, a currency's code for
    money, ``%``, what is counted (``employee``, 人), or None for a bare number.
    """

    kind: Kind
    start: str | None = None
    end: str | None = None
    number: float | None = None
    unit: str | None = None

    def properties(self) -> dict[str, Any]:
        """The value as properties of a node, those that are None left out."""
        values = (self.kind, self.start, self.end, self.number, self.unit)
        return {key: value for key, value in zip(VALUE_PROPERTIES, values, strict=True) if value is not None}


_ABOUT = re.compile(r"(?:about|around|approximately|approx\.?|roughly|some|~|≈) ?")
_ABOUT_ZH = re.compile(r"(?:大约|大概|约为|约|共计|共|合计|总计)")
_DIGITS = r"[+-]?\d[\d,]*(?:\.\d+)?"
_SIGN = r"(?:us|hk|nt|au|ca|cn|jp|a|c|s)?\$|[€£₹₩₽]|(?:cn|jp)?¥"
_SHORT = {"k": 10**3, "m": 10**6, "mn": 10**6, "mm": 10**6, "bn": 10**9, "b": 10**9, "tn": 10**12}
_MONEY_BEFORE = re.compile(
    rf"(?P<sign>{_SIGN}) ?(?P<number>{_DIGITS})(?P<short> ?(?:k|mn|mm|m|bn|b|tn)\b)?(?P<words>.*)"
)
_CODE_BEFORE = re.compile(r"(?P<sign>[a-z]{3}) (?P<number>\d.*)")
_ZH_NUMBER = r"[\d,.〇零一二三四五六七八九十百千万亿两点]+"
_ZH_AMOUNT = re.compile(rf"(?:人民币)?(?P<number>{_ZH_NUMBER}) ?(?P<unit>\D{{0,12}})")
_ZH_PERCENT = re.compile(rf"(?P<base>百|千|万)分之(?P<number>{_ZH_NUMBER})")
_ZH_TENTHS = re.compile(r"(?P<number>[一二三四五六七八九])成")
_ZH_PART = re.compile(r"(?P<base>[二三四五六七八九十])分之(?P<number>[一二三四五六七八九])")
_MEASURES = "个名位台座条艘辆家所项只头匹把张件次种套架颗棵支枚株户间栋幢层道根份篇本部幅首场届轮门户口处组批"
_PART_OF = re.compile(r"(.*?\d ?%|.+? per ?cent)(?: of .+|的.+)")
_MORE_ZH = ("以上", "以下", "以内", "之多", "多", "余", "上下", "不到", "不等")
_NOUN = re.compile(r"[a-z][a-z'’-]*(?: [a-z][a-z'’-]*){0,2}")
_NOT_COUNTED = frozenset(["of", "or", "in", "on", "at", "per", "and", "to", "from", "by", "than", "more", "less"])
_NOT_COUNTED |= {"times", "ago", "later", "old", "long", "high", "wide", "percentage", "points", "or so"}
_HAN = re.compile(r"[㐀-䶿一-鿿豈-\ufaff]")
_FAHRENHEIT = ("°f", "degrees fahrenheit", "华氏度")


@lru_cache(maxsize=1 << 14)
def parse_value(text: str, *, time: bool = False) -> Value | None:
    """The value that all of `text` names, in English or Chinese, or None.

    With `time` four digits alone are a year and "three years" a duration, and nothing else is read; without, four
    digits are a number.
    """
    if not text or len(text) > _LONGEST:
        return None
    exact = to_simplified(" ".join(unicodedata.normalize("NFKC", text).split()))
    words = exact.casefold()
    if time:
        return _date(words) or _only_duration(_amount(exact, words))
    return _amount(exact, words) or _date(words)


def value_properties(type_: str, surfaces: Sequence[str]) -> dict[str, Any]:
    """What the node of an entity gets from its surfaces, the best of them first: the value of the first one that can be
    read, if it is a time or a quantity, with None for what that value does not have.
    """
    if type_ not in ("Time", "Quantity"):
        return {}
    values = (parse_value(surface, time=type_ == "Time") for surface in surfaces)
    value = next((value for value in values if value is not None), None)
    return dict.fromkeys(VALUE_PROPERTIES) | (value.properties() if value is not None else {})


def _date(words: str) -> Value | None:
    span = parse_time(words)
    return Value("date", span.start, span.end, unit=span.precision) if span else None


def _only_duration(value: Value | None) -> Value | None:
    return value if value is not None and value.kind == "duration" else None


def _made(kind: Kind, number: Decimal | None, unit_: str | None) -> Value | None:
    return Value(kind, number=float(number), unit=unit_) if number is not None and abs(number) < _LARGEST else None


def _amount(exact: str, words: str) -> Value | None:
    """A number with what it is a number of."""
    if about := _ABOUT.match(words):
        exact, words = exact[about.end() :], words[about.end() :]
    if about := _ABOUT_ZH.match(words):
        exact, words = exact[about.end() :], words[about.end() :]
    words, exact = words.removesuffix("左右"), exact.removesuffix("左右")
    if part := _PART_OF.fullmatch(words):  # a share, whatever it is a share of
        words, exact = part[1], exact[: part.end(1)]
    words, exact = words.removeprefix("the "), exact[4:] if words.startswith("the ") else exact
    if words.isascii() or not _HAN.search(words):
        return _money_before(words) or _english(exact, words)
    return _money_before(words) or _chinese(words)


def _money_before(words: str) -> Value | None:
    """$3.5 million, €20m, USD 300, RMB 3 million."""
    found = _MONEY_BEFORE.fullmatch(words)
    if found is not None:
        number = english_number(f"{found['number']}{found['words']}") if not found["short"] else None
        if found["short"] and not found["words"]:
            plain = english_number(found["number"])
            number = plain * _SHORT[found["short"].strip()] if plain is not None else None
        number = number if number is not None else han_amount(f"{found['number']}{found['words']}")
        return _made("money", number, currency(found["sign"]))
    found = _CODE_BEFORE.fullmatch(words)
    if found is not None and (code := currency(found["sign"])):
        return _made("money", english_number(found["number"]), code)
    return None


def _english(exact: str, words: str) -> Value | None:
    """Digits or words of a number, then a unit, a currency or what is counted."""
    glued = re.fullmatch(rf"(?P<number>{_DIGITS})(?P<rest>[^\d\s.,].*)", words)
    if glued and glued["rest"] != "s":  # 90s may be the nineties
        at = glued.start("rest")
        return _with_unit(exact[at:], words[at:], english_number(glued["number"]))
    number = english_number(words)
    if number is not None:
        return _made("number", number, None)
    tokens, exact_tokens = words.split(" "), exact.split(" ")
    for end in range(len(tokens) - 1, 0, -1):
        if not all(t in ENGLISH_WORDS or t[0].isdigit() or "-" in t for t in tokens[:end] if t):
            continue
        number = english_number(" ".join(tokens[:end]))
        if number is None and tokens[:end] in (["a"], ["an"]):  # a mile is one; a lot is nothing that counts
            value = _with_unit(" ".join(exact_tokens[end:]), " ".join(tokens[end:]), Decimal(1))
            return None if value is None or value.kind == "count" else value
        if number is not None:
            return _with_unit(" ".join(exact_tokens[end:]), " ".join(tokens[end:]), number)
    return None


def _with_unit(exact: str, words: str, number: Decimal | None) -> Value | None:
    if number is None:
        return None
    if words in _FAHRENHEIT:
        return _made("quantity", (number - 32) * 5 / 9, "°C")
    code = currency(words)
    known = unit(exact) or unit(words)
    if known is not None:
        normal, factor = known
        kind: Kind = "percent" if normal == "%" else "duration" if normal in ("s", "month") else "quantity"
        return _made(kind, number * factor, normal)
    if code is not None:
        return _made("money", number, code)
    if _NOUN.fullmatch(words) and not _NOT_COUNTED.intersection(words.split()) and not ENGLISH_WORDS & {*words.split()}:
        *before, noun = words.split()
        return _made("count", number, " ".join([*before, lemma_en(noun, "NOUN")]))
    return None


def _chinese(words: str) -> Value | None:
    """350万元, 百分之二十, 三成, 12公里, 300人, 20台机组."""
    if found := _ZH_PERCENT.fullmatch(words):
        number = han_amount(found["number"])
        scale = {"百": Decimal(1), "千": Decimal("0.1"), "万": Decimal("0.01")}[found["base"]]
        return _made("percent", number * scale if number is not None else None, "%")
    if found := _ZH_TENTHS.fullmatch(words):
        return _made("percent", (han_amount(found["number"]) or Decimal(0)) * 10, "%")
    if found := _ZH_PART.fullmatch(words):
        part, whole = han_amount(found["number"]), han_amount(found["base"])
        return _made("number", part / whole, None) if part and whole else None
    found = _ZH_AMOUNT.fullmatch(words)
    if found is None:
        return None
    number = han_amount(found["number"].rstrip(","))
    what = found["unit"].strip()
    if number is None or (not what and words.isascii()):
        return None
    if not what:
        return _made("money", number, "CNY") if words.startswith("人民币") else _made("number", number, None)
    if what in ("年", "日") and (number >= 10 or words[0].isdecimal()) and not _plain_duration(words, number):
        return None  # 98年 may be a year, 12日 a day of a month
    value = _with_unit(what, what, number)
    if value is not None and value.kind != "count":
        return value
    if what in ("人", "户", "人次", "人口"):
        return _made("count", number, what)
    if what[0] in _MEASURES and not what.endswith(_MORE_ZH):
        return _made("count", number, what[1:] or what)
    return None


def _plain_duration(words: str, number: Decimal) -> bool:
    """Whether a number of 年 counts years: in Chinese digits (三年, 二十年), or a single Arabic one (5年)."""
    if words.endswith("日"):
        return False
    return not words[0].isdecimal() or number < 10
