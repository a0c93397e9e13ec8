"""Days and months that names are made of, in one form: "3 May 2023" and 2023年5月3日 are one day.

Only what can be read one way: 03/05/2023 is March or May, 2024.1.3 may be a version, and both stay as they are.
"""

from __future__ import annotations

import re
from datetime import date

from kg_builder.han import HAN_DIGITS, han_number

__all__ = ["DAY", "HAN_YEAR", "MONTH", "MONTH_NUMBERS", "YEAR", "date_without_year", "unified_date"]

_MONTHS: tuple[str, ...] = ("january", "february", "march", "april", "may", "june", "july")
_MONTHS += ("august", "september", "october", "november", "december")
MONTH_NUMBERS = {name: i for i, name in enumerate(_MONTHS, 1)} | {name[:3]: i for i, name in enumerate(_MONTHS, 1)}
MONTH_NUMBERS["sept"] = 9
MONTH = rf"(?P<month>{'|'.join(sorted(MONTH_NUMBERS, key=len, reverse=True))})\.?"
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?"
DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
YEAR = r"(?P<year>[12]\d{3})"
_HAN_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
HAN_YEAR = rf"(?P<year>[12]\d{{3}}|[一二][{HAN_DIGITS}]{{3}})年"
_HAN_MONTH = rf"(?P<month>{_HAN_NUMBER})月"
_HAN_DAY = rf"(?P<day>{_HAN_NUMBER})[日号]"

_WITH_YEAR = [
    re.compile(pattern)
    for pattern in (
        rf"{_WEEKDAY}{MONTH} {DAY},? {YEAR}",
        rf"{_WEEKDAY}{DAY} (?:of )?{MONTH},? {YEAR}",
        rf"{YEAR}(?P<separator>[-/])(?P<month>\d{{1,2}})(?P=separator)(?P<day>\d{{1,2}})",
        rf"{HAN_YEAR}{_HAN_MONTH}{_HAN_DAY}",
        rf"{MONTH},? {YEAR}",
        rf"{HAN_YEAR}{_HAN_MONTH}",
    )
]
_WITHOUT_YEAR = [
    re.compile(pattern)
    for pattern in (
        rf"{_WEEKDAY}{MONTH} {DAY}",
        rf"{_WEEKDAY}{DAY} (?:of )?{MONTH}",
        rf"{_HAN_MONTH}{_HAN_DAY}",
    )
]
_LONGEST = 40  # characters; no form above is longer
_NEEDED = re.compile(r"[\d年月]")  # every form above has one


def unified_date(text: str) -> str | None:
    """``2023-05-03`` for a day, ``may 2023`` for a month of a year; None for any other text and for 30 February.

    `text` comes case-folded and in NFKC. (``2023-05`` would not do for a month: 2011-12 is a season of sports.)
    """
    return _first(_WITH_YEAR, text)


def date_without_year(text: str) -> str | None:
    """``may 3`` for a day of any year, or None; `text` as for `unified_date`."""
    return _first(_WITHOUT_YEAR, text)


def _first(patterns: list[re.Pattern[str]], text: str) -> str | None:
    if len(text) > _LONGEST or not _NEEDED.search(text):
        return None
    for pattern in patterns:
        if found := pattern.fullmatch(text):
            return _written(found.groupdict())
    return None


def _written(parts: dict[str, str | None]) -> str | None:
    month = MONTH_NUMBERS.get(parts["month"] or "") or han_number(parts["month"] or "") or 0
    year = parts.get("year")
    if year is not None and not year.isdecimal():
        year = "".join(str(HAN_DIGITS.index(digit) % 10) for digit in year)
    day = han_number(parts.get("day") or "")
    try:
        # 29 February is a day of some year.
        date(int(year or 2000), month, 1 if day is None else day)
    except ValueError:
        return None
    if day is None:
        return f"{_MONTHS[month - 1]} {year}"
    return f"{year}-{month:02}-{day:02}" if year else f"{_MONTHS[month - 1]} {day}"
