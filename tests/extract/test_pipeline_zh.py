"""The Chinese pipeline: exact offsets, whatever the text holds, and results that depend on the text alone."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.errors import ExtractionError
from kg_builder.extract.open_ie.chinese import pipeline as pipeline_zh
from kg_builder.extract.open_ie.chinese.lexicon import dictionary_features
from kg_builder.extract.open_ie.chinese.units import split_sentences, split_units

TEXTS = [
    "张伟于2009年在北京创办了星辰科技有限公司。该公司的总部位于上海市浦东新区。",
    "  北京大学（Peking University，简称“北大”）\n\n成立于 1898 年。\t\n",
    "Apple Inc. 发布了 iPhone 15！😀 乔布斯创立了苹果公司\r\n下一行",
    "价格为3.5元，增长12%；网址https://example.org/a?b=1，邮箱a.b@example.org。",
    "",
    " ",
    "\n",
    "𠮷野家、e\u0301、\u200b零宽、\ufeff头",
]


@pytest.fixture(scope="module")
def pipeline() -> pipeline_zh.ChinesePipeline:
    return pipeline_zh.load()


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_stand_where_the_text_has_them(pipeline: pipeline_zh.ChinesePipeline, text: str) -> None:
    doc = pipeline(text)
    assert doc.text == text
    for token in doc:
        assert text[token.idx : token.idx + len(token.text)] == token.text
        assert token.head.sent == token.sent


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="他在北京工作。，！ \n\tAb1.（）《》“”是的0😀\u3000é", max_size=60))
def test_any_text_keeps_its_characters(text: str) -> None:
    assert pipeline_zh.load()(text).text == text


def test_a_well_known_name_is_one_word_but_not_across_others(pipeline: pipeline_zh.ChinesePipeline) -> None:
    words = {token.text for text in ("华为与微软合作。", "中国移动任命了董事长。") for token in pipeline(text)}
    assert {"华为", "微软", "中国移动"} <= words
    assert "京东" not in {token.text for token in pipeline("他住在东京东部。")}
    assert "华为" not in {token.text for token in pipeline("中华为一家。")}


def test_plain_sentence_has_the_tree_a_reader_expects(pipeline: pipeline_zh.ChinesePipeline) -> None:
    doc = pipeline("公司收购了银行。")
    assert [(t.text, t.dep_, t.head.text) for t in doc if t.pos_ != "PUNCT"] == [
        ("公司", "nsubj", "收购"),
        ("收购", "ROOT", "收购"),
        ("了", "aux", "收购"),
        ("银行", "obj", "收购"),
    ]


def test_results_do_not_depend_on_other_texts_their_order_or_repetition(pipeline: pipeline_zh.ChinesePipeline) -> None:
    texts = [t * k for t in TEXTS for k in (1, 3)]
    alone = {t: pipeline.parse(t) for t in texts}
    shuffled = texts * 2
    random.Random(1).shuffle(shuffled)
    assert all(pipeline.parse(t) == alone[t] for t in shuffled)
    assert pipeline_zh.ChinesePipeline(pipeline_zh.MODEL).parse(texts[0]) == alone[texts[0]]


def test_time_grows_no_faster_than_the_text_without_a_full_stop(pipeline: pipeline_zh.ChinesePipeline) -> None:
    def seconds(text: str) -> float:
        began = time.process_time()
        pipeline.parse(text)
        return time.process_time() - began

    seconds("热身的话")
    small, large = seconds("他们去了北京又去上海" * 200), seconds("他们去了北京又去上海" * 1600)
    assert large < 8 * small * 2.5


def test_loads_in_under_a_second_of_processor_time() -> None:
    began = time.process_time()
    pipeline_zh.ChinesePipeline(pipeline_zh.MODEL)
    assert time.process_time() - began < 1.5


def test_missing_model_is_named(tmp_path: object) -> None:
    with pytest.raises(ExtractionError, match=r"units\.onnx"):
        pipeline_zh.load(tmp_path)  # type: ignore[arg-type]


def test_units_are_characters_numbers_and_latin_words() -> None:
    text = "在2009年，GDP增长 3.5%（约1,200亿）"
    assert [text[u.start : u.end] for u in split_units(text)] == (
        ["在", "2009", "年", "，", "GDP", "增", "长", "3.5%", "（", "约", "1,200", "亿", "）"]
    )
    assert [u.symbol for u in split_units(text)][1:5] == ["<year>", "年", ",", "<EN>"]


def test_sentences_keep_their_closing_quotes_and_long_ones_are_cut_at_commas() -> None:
    text = "他说：“你好。”然后走了！第二句"
    assert [text[a:b] for a, b in split_sentences(text)] == ["他说：“你好。”", "然后走了！", "第二句"]
    long = "一二三四五，" * 100
    pieces = [long[a:b] for a, b in split_sentences(long, limit=50)]
    assert "".join(pieces) == long
    assert all(len(p) <= 50 and p.endswith("，") for p in pieces)


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    text = "Apple Inc. 发布了手机。"
    assert [text[a:b] for a, b in split_sentences(text)] == [text]


def test_dictionary_features_know_words_that_start_end_and_run_over() -> None:
    rows = dictionary_features(list("北京大学"), {"北京": 3, "大学": 1, "北京大学": 4})
    assert [r[:3] for r in rows] == [(4, 0, 0), (0, 2, 4), (2, 0, 4), (0, 4, 0)]
    assert rows[0][3] == rows[3][4] == 4
