"""Whatever a text holds, both extractors end, in time linear in it, and say exactly where everything stands."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from anchors import spans
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg_builder.extract.open_ie import OpenIE
from kg_builder.extract.open_ie.chinese.extraction import extract_chinese
from kg_builder.extract.open_ie.english.extraction import extract_en
from kg_builder.extract.open_ie.english.pipeline import load_english
from kg_builder.types import ENTITY_TYPES, MODALITIES, POLARITIES, Extraction


def english(text: str, *, verbatim: bool = False) -> list[Extraction]:
    return extract_en(load_english().read(text), verbatim=verbatim)


def chinese(text: str, *, verbatim: bool = False) -> list[Extraction]:
    return extract_chinese(text, verbatim=verbatim)


EXTRACTORS = [english, chinese]


def assert_sound(text: str, found: list[Extraction]) -> None:
    for e in found:
        assert {e.head.type, e.tail.type} <= set(ENTITY_TYPES)
        assert e.polarity in POLARITIES
        assert e.modality in MODALITIES
        assert 0 < e.confidence < 1
        assert e.relation.surface.strip()
        assert any(c.isalnum() for c in e.head.surface)
        assert any(c.isalnum() for c in e.tail.surface)
        for surface, start, end in spans(e):
            assert (start is None) == (end is None)
            if start is not None:
                assert text[start:end] == surface != ""


@pytest.mark.parametrize("extract", EXTRACTORS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=120))
def test_any_unicode_text(extract: Callable[..., list[Extraction]], text: str) -> None:
    assert_sound(text, extract(text))
    assert_sound(text, extract(text, verbatim=True))


WORDS = [
    "The",
    "firm",
    "Acme",
    "bought",
    "Clara Stone",
    "she",
    "it",
    "蓝海公司",
    "收购了",
    "他",
    "的",
    "2019年",
    "in 2019",
    "was",
]
ODD = [
    "\ud800",
    "\x00",
    "\u200b",
    "\u202e",
    "\ufeff",
    "👩‍🔬",
    "🇳🇴",
    "e\u0301",
    "ﬁ",
    "Ⅷ",
    "½",
    "\n\n",
    "\t|\t",
    "\r\n",
    "…",
    "--",
    "''",
    "((",
    "{};",
    "\u3000",
]


@pytest.mark.parametrize("extract", EXTRACTORS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    pieces=st.lists(st.sampled_from([*WORDS, *WORDS, *ODD, ".", "。", ",", "，"]), max_size=30),
    gap=st.sampled_from(["", " "]),
)
def test_words_among_odd_characters(extract: Callable[..., list[Extraction]], pieces: list[str], gap: str) -> None:
    text = gap.join(pieces)
    assert_sound(text, extract(text))
    assert_sound(text, extract(text, verbatim=True))


STORY = (
    "Clara Stone founded Acme in Lisbon in 1990. She sold it to Peter Brand, who lives in Oslo. The company, which "
    "builds ships, did not buy Beta. According to Anna Weber, it may open an office in Rome. "
)
STORY_ZH = "王强于1998年在北京创办了蓝海公司。他没有收购绿洲公司，但可能参观上海。据李娜介绍，该公司生产手机和电脑。"
CODE = "def f(x: int) -> str:\n    return {'a': [x for x in range(10)]}  # see PEP 8\nfor (;;) { *p++ = q->r; }\n"
TABLE = "Name | Year | Place\n--- | --- | ---\nAcme | 1990 | Lisbon\nBeta | 1991 | Oslo\n"
RECORDS = "Name: Acme; Year: 1990; Place: Lisbon\nName: Beta; Year: 1991; Place: Oslo\n"
NOISE = "Tne c0mpany,wh1ch bui1ds sh-\nips , d1d n0t buv Beta .lt rnay 0pen an off1ce ir Rorne . . ,\n"
SAMPLES = {
    "upper case": STORY.upper(),
    "lower case": STORY.lower(),
    "scanned": NOISE * 3,
    "code": CODE * 3,
    "table": TABLE * 3,
    "records": RECORDS * 3,
    "mixed languages": STORY + STORY_ZH + STORY_ZH + STORY,
    "emoji": STORY.replace(" ", " 🚢 ") + STORY_ZH.replace("，", "😀"),
    "one word": "x" * 5000,
    "one character of Chinese": "的" * 1000,
    "brackets": "(" * 500 + "Acme bought Beta" + ")" * 500,
    "commas": "Acme, " * 500,
    "addresses": "see https://example.org/a?b=c&d=e#f and mail@example.org, 10.0.0.1:80 " * 10,
    "empty": "",
    "blank": " \n\t\u3000\r\n ",
}


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES.keys())
def test_texts_that_are_no_prose(text: str) -> None:
    for extract in (*EXTRACTORS, OpenIE().extract):
        assert_sound(text, extract(text))


def test_upper_case_loses_no_statement_about_the_plainest_sentence() -> None:
    assert [e.relation.lemma for e in english("ACME BOUGHT BETA.")] == ["buy"]


def endless(extract: Callable[..., list[Extraction]]) -> str:
    """A run of words without any full stop."""
    return (
        "王强收购蓝海公司他参观北京，"
        if extract is chinese
        else "clara stone bought the old mill and she sold it to peter brand "
    )


KINDS: dict[str, Callable[[Callable[..., list[Extraction]]], str]] = {
    "prose": lambda extract: STORY_ZH if extract is chinese else STORY,
    "without a full stop": endless,
    "questions": lambda extract: "他是谁？" if extract is chinese else "Who bought it? ",
    "one character": lambda extract: "的" if extract is chinese else "x",
    "line ends": lambda extract: "公司\n" if extract is chinese else "Acme Beta\n",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("extract", EXTRACTORS)
def test_time_is_linear(extract: Callable[..., list[Extraction]], kind: str) -> None:
    piece = KINDS[kind](extract)
    size = 40_000 if kind == "one character" and extract is english else 1_500
    extract(piece * 3)
    tried = []
    for _ in range(3):  # threads that wait for a busy core spin, and their spinning counts as work
        times = [_seconds(extract, piece * (length // len(piece))) for length in (size, 4 * size)]
        if times[1] < 9 * times[0] + 0.4:  # 4 where time is linear, 16 where it is quadratic
            return
        tried.append(times)
    pytest.fail(f"each time longer than linear: {tried}")


def _seconds(extract: Callable[..., list[Extraction]], text: str) -> float:
    """Seconds of the processor for a text, whose extractions are checked."""
    began = time.process_time()
    found = extract(text)
    taken = time.process_time() - began
    assert_sound(text, found)
    return taken
