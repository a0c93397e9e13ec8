"""Times and amounts are read as a reader would, or not at all; the table beside this file says what each stands for."""

import math
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kg_builder.times import parse_time
from kg_builder.values import VALUE_PROPERTIES, parse_value, value_properties

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "values.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def test_the_table_is_large_and_in_both_languages() -> None:
    texts = [row[0] for row in ROWS]
    chinese = [text for text in texts if re.search("[一-龥]", text)]
    assert len(set(zip(texts, (row[1] for row in ROWS), strict=True))) == len(ROWS) >= 200
    assert len(chinese) >= 80
    assert len(texts) - len(chinese) >= 80


@pytest.mark.parametrize(("text", "type_", "kind", "start", "end", "number", "unit"), ROWS)
def test_values(text: str, type_: str, kind: str, start: str, end: str, number: str, unit: str) -> None:
    value = parse_value(text, time=type_ == "Time")
    if kind == "-":
        assert value is None
        return
    assert value is not None
    assert (value.kind, value.start or "-", value.end or "-", value.unit or "-") == (kind, start, end, unit)
    if number == "-":
        assert value.number is None
    else:
        assert value.number == pytest.approx(float(number), rel=1e-9)


ENGLISH = ["since", "from", "to", "until", "2011", "2020", "May", "3", ",", "-", "–", "$", "€", "million", "hundred"]
ENGLISH += ["and", "a", "half", "km", "%", "people", "12", "years", "AD", "the", "century", "5th"]
CHINESE = ["自", "至", "起", "截至", "年", "月", "日", "2021", "二〇", "三", "百", "万", "亿", "元", "分之", "世纪"]
CHINESE += ["年代", "约", "个", "人", "米", "点", "零", "兆", "公元", "前", "后", "千"]
PIECES = st.lists(st.sampled_from(ENGLISH) | st.sampled_from(CHINESE), max_size=7)


@settings(max_examples=500)
@given(st.text(max_size=30) | PIECES.map("".join) | PIECES.map(" ".join))
@example("before AD 1")
@example("公元1年以前")
@example("１０^９９")
@example("9" * 60)
def test_whatever_is_read_can_be_compared(text: str) -> None:
    for time in (True, False):
        value = parse_value(text, time=time)
        if value is None:
            continue
        if value.kind == "date":
            days = [date.fromisoformat(day) for day in (value.start, value.end) if day]
            assert days
            assert days == sorted(days)
            assert value.number is None
        else:
            assert value.number is not None
            assert math.isfinite(value.number)
            assert (value.start, value.end) == (None, None)
        assert not time or value.kind in ("date", "duration")


@given(st.dates(min_value=date(1000, 1, 1), max_value=date(2999, 12, 31)))
def test_every_day_is_read_in_both_languages(day: date) -> None:
    month = "January February March April May June July August September October November December".split()  # noqa: SIM905
    for text in (
        day.isoformat(),
        f"{day.day} {month[day.month - 1]} {day.year}",
        f"{month[day.month - 1][:3]}. {day.day}, {day.year}",
        f"{day.year}年{day.month}月{day.day}日",
    ):
        span = parse_time(text)
        assert span is not None, text
        assert (span.start, span.end, span.precision) == (day.isoformat(), day.isoformat(), "day")


@given(st.integers(min_value=0, max_value=10**12), st.sampled_from(["km", "公里", "kg", "米", "%", "元"]))
def test_numbers_scale_with_their_unit(number: int, unit: str) -> None:
    one, many = parse_value(f"1{unit}"), parse_value(f"{number:,}{unit}")
    assert one is not None
    assert many is not None
    assert one.number is not None
    assert many.number == pytest.approx(one.number * number)
    assert (one.kind, one.unit) == (many.kind, many.unit)


def test_an_entity_has_the_value_of_its_best_name_that_can_be_read() -> None:
    assert value_properties("Person", ["2014"]) == {}
    found = value_properties("Time", ["that year", "12 March 2014", "2014"])
    assert (found["value_start"], found["value_end"], found["value_unit"]) == ("2014-03-12", "2014-03-12", "day")
    assert value_properties("Quantity", ["a lot"]) == dict.fromkeys(VALUE_PROPERTIES)


@pytest.mark.parametrize("unit", ["1", "一", "from ", "至", "1,", "百", "- ", "half ", "$"])
def test_hostile_texts_take_no_time(unit: str) -> None:
    for length in (80, 100_000):
        parse_value((unit * length)[:length])
        parse_value((unit * length)[:length], time=True)
