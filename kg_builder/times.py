"""Points and spans of time as first and last day: "March 2021" is 2021-03-01 to 2021-03-31, "since 2019" has no end.

Only what can be read one way, and only with its year: 03/05/2023, 2011-12, "May", "last year" and 90年代 stay unread.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from kg_builder.dates import DAY, HAN_YEAR, MONTH, MONTH_NUMBERS, YEAR
from kg_builder.han import HAN_DIGITS, han_number, to_simplified

__all__ = ["TimeSpan", "parse_time"]

_LONGEST = 80  # characters

_ORDINALS: tuple[str, ...] = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
)
_ORDINALS += ("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth")
_ORDINALS += ("nineteenth", "twentieth")
_NTH = {name: i for i, name in enumerate(_ORDINALS, 1)} | {"twenty-first": 21, "twenty first": 21}

_WEEKDAY = r"(?:(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun),? )?"
_CLOCK = r"(?:,? (?:at )?\d\d?:\d\d(?::\d\d)?(?: ?[ap]\.?m\.?)?(?: [+-]\d{4}| [a-z]{2,4})?)?"
_PARTLY = r"(?:the )?(?:(?:early|mid|late)[ -]|(?:end|beginning|start|middle) of )?"
_NUMBER = r"\d{1,2}|[一二三四五六七八九十]{1,3}"
_CENTURY = rf"(?P<century>{_NUMBER})世纪"

_DAYS = (
    rf"{_WEEKDAY}(?:the )?{MONTH} {DAY},? {YEAR}{_CLOCK}",
    rf"{_WEEKDAY}(?:the )?{DAY} (?:of )?{MONTH},? {YEAR}{_CLOCK}",
    rf"{YEAR}(?P<mark>[-/])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}})(?:[t ]\d\d:\d\d(?::\d\d)?\S*)?",
    rf"{HAN_YEAR}(?P<month>{_NUMBER})月(?P<day>{_NUMBER})[日号](?:上午|下午|晚|凌晨|中午|早上|晚上)?",
)
_OF_MONTHS = (
    rf"{_PARTLY}{MONTH},? (?:of )?{YEAR}",
    rf"{HAN_YEAR}(?P<month>{_NUMBER})月(?:份|初|中旬|上旬|下旬|底|末|间|中)?",
)
_OF_YEARS = (
    rf"(?:{_PARTLY}|the year |in the year )(?:ad )?{YEAR}(?: ad| ce)?",
    rf"{HAN_YEAR}(?:初|底|末|中|间|年初|年底|年末|年中|春|夏|秋|春天|夏天|秋天|春季|夏季|秋季|春节)?",
    rf"公元{HAN_YEAR}",
    r"(?:ad (?P<early>\d{1,3})|(?P<early2>\d{1,3}) (?:ad|ce)|公元(?P<early3>\d{1,3})年)",
)
_HALVES = (rf"(?:the )?(?P<half>first|second) half of {YEAR}", rf"{HAN_YEAR}的?(?P<half>上|下)半年")
_QUARTERS = (
    rf"(?:the )?(?P<quarter>first|second|third|fourth) quarter of {YEAR}",
    rf"q(?P<quarter>[1-4]) (?:of )?{YEAR}",
    rf"{HAN_YEAR}第?(?P<quarter>[一二三四1-4])季度?",
)
_DECADES = (
    rf"{_PARTLY}(?P<decade>[12]\d(?!00)\d0)['’]?s",
    r"(?P<decade>[12]\d[1-9]0)年代(?:初|中期|末|后期|初期|中|早期|末期)?",
    rf"{_CENTURY}(?P<tens>[1-9]0|[一二三四五六七八九]十)年代(?:初|中期|末|后期|初期|中|早期|末期)?",
)
_CENTURIES = (
    rf"{_PARTLY}(?P<century>\d{{1,2}})(?:st|nd|rd|th)[ -]century(?: ad| ce)?",
    rf"{_PARTLY}(?P<nth>{'|'.join(sorted(_NTH, key=len, reverse=True))}) century(?: ad| ce)?",
    rf"(?:公元)?{_CENTURY}(?:初|中叶|中期|末|末期|初期|后期|早期|上半叶|下半叶|前期)?",
)
_POINTS = [
    (precision, re.compile(pattern))
    for precision, patterns in (
        ("day", _DAYS),
        ("month", _OF_MONTHS),
        ("year", _OF_YEARS),
        ("half-year", _HALVES),
        ("quarter", _QUARTERS),
        ("decade", _DECADES),
        ("century", _CENTURIES),
    )
    for pattern in patterns
]

_OPEN = "present|the present|now|today|date|至今|今|现在"
_PAIRS = [
    re.compile(r"(?P<word>between) (?P<a>.+?) and (?P<b>.+)"),
    re.compile(r"(?P<word>from )?(?P<a>.+?)(?: to | until | till | through | ?[-–—~] ?)(?P<b>.+)"),
    re.compile(r"(?P<word>自|从|由|在|于)?(?P<a>.+?)(?:至|到|[-–—~]+)(?P<b>.+?)(?:期间|间|之间|止|为止)?"),
]
_SINCE = [
    re.compile(
        r"(?:ever )?(?:since|from|starting(?: in| on| from)?|beginning(?: in| on)?) (?P<a>.+?)(?: on| onwards?)?"
    ),
    re.compile(r"(?P<a>.+?) onwards?"),
    re.compile(r"(?:自|从|自从|由)?(?P<a>.+?)(?:起|以来|至今|开始|起至今|始)"),
    re.compile(r"(?:自|自从|从)(?P<a>.+)"),
]
_AFTER = [re.compile(r"after (?P<a>.+)"), re.compile(r"(?P<a>.+?)(?:以后|之后|后)")]
_UNTIL = [
    re.compile(r"(?:until|till|up to|up until|through|as of|to) (?:the end of )?(?P<a>.+)"),
    re.compile(r"(?:截至|截止到?|直到|直至|至|到)(?P<a>.+?)(?:止|为止)?"),
]
_BEFORE = [re.compile(r"(?:before|prior to) (?P<a>.+)"), re.compile(r"(?P<a>.+?)(?:以前|之前|前)")]
_IN = re.compile(
    r"(?:(?:in|on|at|during|throughout|within|by the time of) (?:the (?=\D))?|[于在])(?P<a>.+?)(?:期间|间|的时候|时)?"
)
_DAYS_OF_MONTH = re.compile(rf"{MONTH} (?P<a>\d{{1,2}}) ?(?:-|–|—|to) ?(?P<b>\d{{1,2}}),? (?P<year>[12]\d{{3}})")
_ZH_PREFIX = re.compile(r"(?P<year>.{4}年)(?P<month>[^年月]{1,3}月)?.*")


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """From the first day to the last, both ISO 8601 and inclusive; None at a side that the text leaves open.

    ``precision``: ``day``, ``month``, ``quarter``, ``half-year``, ``year``, ``decade`` or ``century`` of what is named
    as one; ``span`` for what is given by its ends.
    """

    start: str | None
    end: str | None
    precision: str


@lru_cache(maxsize=1 << 13)
def parse_time(text: str) -> TimeSpan | None:
    """The time that all of `text` names, with its preposition or without; None where it can't be read one way only."""
    if not text or len(text) > _LONGEST:
        return None
    words = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(" ,.;，。；()（）")
    words = to_simplified(words)
    return _span(words) or _point(words)


def _span(words: str) -> TimeSpan | None:
    for found in (_pair(words), _relative(words)):
        if found is not None:
            return found
    inside = _IN.fullmatch(words)
    return (_point(inside["a"]) or _pair(inside["a"])) if inside else None


def _relative(words: str) -> TimeSpan | None:
    """Since, after, until or before a point."""
    for patterns, keep_start, shift in ((_SINCE, True, 0), (_UNTIL, False, 0), (_AFTER, True, 1), (_BEFORE, False, -1)):
        for pattern in patterns:
            found = pattern.fullmatch(words)
            point = _point(found["a"]) if found else None
            if point is None or point.start is None or point.end is None:
                continue
            if keep_start:
                return TimeSpan(_moved(point.end, 1) if shift else point.start, None, "span")
            return TimeSpan(None, _moved(point.start, -1) if shift else point.end, "span")
    return None


def _moved(day: str, by: int) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=by)).isoformat()
    except OverflowError:  # before the year 1
        return day


def _pair(words: str) -> TimeSpan | None:
    days = _DAYS_OF_MONTH.fullmatch(words)
    if days is not None:
        month, year = days["month"], days["year"]
        return _between(_point(f"{month} {days['a']} {year}"), _point(f"{month} {days['b']} {year}"))
    for pattern in _PAIRS:
        found = pattern.fullmatch(words)
        if found is None:
            continue
        a, b = found["a"].strip(), found["b"].strip()
        if b in _OPEN:
            point = _point(a)
            return TimeSpan(point.start, None, "span") if point else None
        for first, last in _completed(a, b):
            span = _between(_point(first), _point(last))
            if span is not None:
                return span
    return None


def _completed(a: str, b: str) -> list[tuple[str, str]]:
    """What both ends may stand for: "March to May 2021", "3 to 5 May 2021" and 2021年3月至5月 name the year once."""
    pairs = [(a, b)]
    if a.isascii() and b.isascii():
        if not re.search(r"\d{4}", a):
            if year := re.search(r"[12]\d{3}\Z", b):
                pairs.append((f"{a} {year[0]}", b))
            if re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)?", a) and (rest := re.fullmatch(r"\d{1,2}\S* (.+)", b)):
                pairs.append((f"{a} {rest[1]}", b))
        return pairs
    prefix = _ZH_PREFIX.fullmatch(a)
    if prefix is not None:
        pairs.append((a, prefix["year"] + b))
        if prefix["month"]:
            pairs.append((a, prefix["year"] + prefix["month"] + b))
    elif re.fullmatch(r"[12]\d{3}", a):
        pairs.append((f"{a}年", b))
    return pairs


def _between(first: TimeSpan | None, last: TimeSpan | None) -> TimeSpan | None:
    if first is None or last is None or first.start is None or last.end is None or first.start > last.end:
        return None
    return TimeSpan(first.start, last.end, "span")


def _point(words: str) -> TimeSpan | None:
    for precision, pattern in _POINTS:
        found = pattern.fullmatch(words)
        if found is None:
            continue
        try:
            days = _days({key: value for key, value in found.groupdict().items() if value is not None}, precision)
        except ValueError:  # 30 February
            return None
        return TimeSpan(days[0].isoformat(), days[1].isoformat(), precision) if days else None
    return None


def _number(text: str) -> int:
    return han_number(text) or 0


def _days(parts: dict[str, str], precision: str) -> tuple[date, date] | None:
    """The first and the last day of what a pattern found."""
    year = _year(parts)
    if precision in ("day", "month"):
        month = MONTH_NUMBERS.get(parts["month"]) or _number(parts["month"])
        if precision == "day":
            day = date(year, month, _number(parts["day"]))
            return day, day
        first = date(year, month, 1)
        return first, first.replace(day=monthrange(year, month)[1])
    if precision == "half-year":
        early = parts["half"] in ("first", "上")
        return (date(year, 1, 1), date(year, 6, 30)) if early else (date(year, 7, 1), date(year, 12, 31))
    if precision == "quarter":
        quarter = _NTH.get(parts["quarter"]) or _number(parts["quarter"])
        last = 3 * quarter
        return date(year, last - 2, 1), date(year, last, monthrange(year, last)[1])
    if precision == "decade":
        first_year = int(parts["decade"]) if "decade" in parts else _decade(parts)
        return date(first_year, 1, 1), date(first_year + 9, 12, 31)
    if precision == "century":
        century = _NTH.get(parts.get("nth", "")) or _number(parts.get("century", ""))
        return (date(100 * century - 99, 1, 1), date(100 * century, 12, 31)) if 0 < century < 30 else None
    return date(year, 1, 1), date(year, 12, 31)


def _decade(parts: dict[str, str]) -> int:
    century, tens = _number(parts["century"]), _number(parts["tens"])
    if not 0 < century < 30:
        raise ValueError
    return 100 * (century - 1) + tens


def _year(parts: dict[str, str]) -> int:
    text = parts.get("year") or parts.get("early") or parts.get("early2") or parts.get("early3") or "1"
    if not text.isdecimal():
        text = "".join(str(HAN_DIGITS.index(digit) % 10) for digit in text)
    return int(text)
