"""Pairs of names, and what their keys say of them: one name, perhaps one, or nothing.

Level ``exact``: one key. ``loose``: two keys, one looser key. ``none``: neither. A pair may be one name and no key see
it (that is left to scores and context), or two names with one looser key (which is why it never merges by itself).
"""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.han import han_number
from kg_builder.names import clean_name, name_key, says_something
from kg_builder.resolve.keys import loose_key
from kg_builder.resolve.scripts import looks_like, mixed_scripts

_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(t))")


def read_pairs() -> list[tuple[str, str, str, str]]:
    lines = Path(__file__).with_name("name_pairs.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    return [(unescaped(a), unescaped(b), verdict, level) for a, b, verdict, level, _ in rows]


def unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: "\t" if m[3] else chr(int(m[1] or m[2], 16)), text)


PAIRS = read_pairs()


def level_of(one: str, other: str) -> str:
    if name_key(one) == name_key(other):
        return "exact"
    return "loose" if loose_key(one) == loose_key(other) else "none"


@pytest.mark.parametrize(("one", "other", "verdict", "level"), PAIRS, ids=[f"{p[0]!a}-{p[1]!a}" for p in PAIRS])
def test_what_the_keys_say_of_a_pair(one: str, other: str, verdict: str, level: str) -> None:
    assert level_of(one, other) == level == level_of(other, one)


def test_the_table_is_broad_and_no_exact_key_joins_two_names() -> None:
    assert len(set(PAIRS)) == len(PAIRS) >= 200
    verdicts = Counter(verdict for _, _, verdict, _ in PAIRS)
    assert set(verdicts) == {"same", "different"}
    assert min(verdicts.values()) >= 90
    assert sum(re.search("[㐀-鿿]", one + other) is not None for one, other, _, _ in PAIRS) >= 90
    assert not [pair for pair in PAIRS if pair[2:] == ("different", "exact")]


NAMELIKE = st.lists(
    st.sampled_from(
        [
            "the ",
            "a ",
            "Mr. ",
            "Dr. ",
            "J. ",
            "Quill",
            ", ",
            " Inc.",
            " & ",
            " Co.",
            " Ltd",
            "II",
            " III",
            "May 3",
            " 2023",
        ]
    )
    | st.sampled_from(
        [
            "张",
            "先生",
            "博士",
            "有限公司",
            "集团",
            "三",
            "十",
            "号",
            "第",
            "線",
            "後",
            "《",
            "》",
            "·",
            "é",
            "ё",
            "™",
            " ",
        ]
    ),
    max_size=8,
).map("".join)


@settings(max_examples=400)
@given(st.text(max_size=40) | NAMELIKE)
def test_names_with_one_key_have_one_looser_key(surface: str) -> None:
    key = name_key(surface)
    assert name_key(key) == key
    assert loose_key(key) == loose_key(surface)
    assert bool(loose_key(surface)) == bool(surface)


@pytest.mark.parametrize(
    "surface", ["", " ", "\u200b", "\u3164", "\ufe0f", "…", "--", "™", "Ltd", "先生", "有限公司", "the"]
)
def test_names_of_next_to_nothing(surface: str) -> None:
    assert bool(name_key(surface)) == bool(surface) == bool(loose_key(surface))
    assert says_something(surface) == (surface in ("Ltd", "先生", "有限公司", "the", "™"))


@pytest.mark.parametrize(
    "unit", ["Mara ", "北京", "三十", "Dr. ", "a. ", "a\u0301", "™ ", "& ", "\u202ea", "é'", "第一", "Ltd "]
)
def test_names_of_ten_thousand_characters_keep_apart_and_take_linear_time(unit: str) -> None:
    long = (unit * 10_000)[:10_000]
    begin = time.process_time()
    assert name_key(long) == name_key(f" {long}\u200b ")
    assert name_key(long + "x") != name_key(long + "y")
    assert loose_key(long + "x") != loose_key(long + "y")
    assert mixed_scripts(long) == ()
    assert time.process_time() - begin < 2


def test_names_from_right_to_left_keep_their_letters_and_their_order() -> None:
    assert clean_name("\u202bשלום עולם\u202c") == "שלום עולם"
    assert name_key("القاهرة") != name_key("قاهرة")
    assert level_of("נתן כהן", "כהן, נתן") == "loose"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pаypal", ("pаypal",)),
        ("the Аpple of Мoscow", ("Аpple", "Мoscow")),
        ("Αlpha Tide", ("Αlpha",)),
        ("paypal", ()),
        ("Москва", ()),
        ("Москва Tide", ()),
        ("TGFβ", ()),
        ("iPhone手机壳", ()),
        ("カタカナABC", ()),
        ("café", ()),
        ("", ()),
    ],
)
def test_words_that_mix_alphabets_are_flagged(name: str, words: tuple[str, ...]) -> None:
    assert mixed_scripts(name) == words


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("pаypal", "paypal", True),
        ("ОРЕС", "OPEC", True),
        ("ОРЕС", "opec", True),
        ("Χανια", "Xavia", True),
        ("paypal", "PayPal", False),
        ("Москва", "Mockba", False),
        ("北京大学", "上海大学", False),
        ("", " ", False),
    ],
)
def test_names_that_look_alike_stay_two_and_are_flagged(one: str, other: str, alike: bool) -> None:
    assert looks_like(one, other) == alike == looks_like(other, one)
    assert not alike or level_of(one, other) == "none"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三", 3),
        ("十", 10),
        ("十三", 13),
        ("三十", 30),
        ("一百零五", 105),
        ("三千二百一十", 3210),
        ("二〇二三", 2023),
        ("35", 35),
    ],
)
def test_chinese_numbers(text: str, value: int) -> None:
    assert han_number(text) == value


@pytest.mark.parametrize("text", ["百", "三四十", "十百", "万", "", "12345", "²", "一二三四五"])
def test_what_is_no_chinese_number_below_ten_thousand(text: str) -> None:
    assert han_number(text) is None
