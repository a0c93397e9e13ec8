"""Chinese extraction on sentences of our own: facts, polarity, modality, sources, names, tables, pronouns, offsets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from anchors import spans
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.extract.open_ie.chinese.extraction import extract_chinese, extract_sentences
from kg_builder.extract.open_ie.chinese.pipeline import Sentence
from kg_builder.extract.open_ie.chinese.types import entity_type
from kg_builder.types import ENTITY_TYPES

CASES = Path(__file__).with_name("open_ie_zh.txt")
Statement = tuple[str, str, str, str, str]
POLARITY = [
    line.split("\t")
    for line in Path(__file__).with_name("polarity_zh.tsv").read_text(encoding="utf-8").splitlines()
    if line
]
FAILS = {
    "这座桥不是法国人建造的。": "是 … 的 around a whole clause is read as a plain 是",
    "市长呼吁居民节约能源。": "the tree takes 呼吁 for a noun",
}


def cases() -> Iterator[tuple[str, Statement]]:
    for line in CASES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            text, head, lemma, tail, *rest = line.split("|")
            polarity, modality = [*rest, *("positive", "asserted")[len(rest) :]]
            yield text, (head, lemma, tail, polarity, modality)


def statements(text: str) -> list[Statement]:
    return [(e.head.surface, e.relation.lemma, e.tail.surface, e.polarity, e.modality) for e in extract_chinese(text)]


@pytest.mark.parametrize(("text", "expected"), list(cases()))
def test_sentence_gives_the_statement_a_reader_would(text: str, expected: Statement) -> None:
    assert expected in statements(text)


@pytest.mark.parametrize(
    "text",
    [
        "该校成立于1956年。",  # which one, another sentence says
        "双方尚未签署合同。",
        "消费者权益保护典型案例",  # a heading
        "从事移植的医疗机构应当登记。",  # which ones are meant, not what they do
        "有关部门应当公布有关规定。",
        "爆速为4000米每秒。",
    ],
)
def test_what_nobody_understands_by_itself_is_no_fact(text: str) -> None:
    assert not [e for e in extract_chinese(text) if e.is_fact]


def test_items_of_a_list_stand_under_what_its_header_says() -> None:
    text = "有下列情形之一的，处以罚款：\n（一）公司销售假药；\n（二）公司隐瞒事故。"
    found = {(e.relation.lemma, e.modality) for e in extract_chinese(text)}
    assert {("销售", "conditional"), ("隐瞒", "conditional")} <= found


def test_the_set_on_polarity_is_large_enough_and_nearly_all_of_it_holds() -> None:
    assert len(POLARITY) >= 150
    assert len(FAILS) <= 0.05 * len(POLARITY)
    assert FAILS.keys() <= {row[0] for row in POLARITY}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(r, id=r[0], marks=[pytest.mark.xfail(reason=FAILS[r[0]], strict=True)] if r[0] in FAILS else [])
        for r in POLARITY
    ],
)
def test_polarity_modality_and_source(row: list[str]) -> None:
    """`none` stands for no statement at all: 请关闭窗户 tells no fact. The last column is the source of hearsay."""
    text, tail, polarity, modality, *source = row
    found = [e for e in extract_chinese(text, verbatim=True) if tail in e.tail.surface]
    if modality == "none":
        assert not found
        return
    assert {(e.polarity, e.modality) for e in found} == {(polarity, modality)}
    for e in found if source else ():
        assert [q.text for q in e.qualifiers if q.role == "source"] == [s for s in source if s]


TEXT = (
    "北京大学（Peking University，简称“北大”）成立于1898年，位于北京市海淀区。2015年，王强在上海创办了蓝海公司，"
    "该公司没有收购绿洲公司。\n姓名: 王强; 职位: 经理\n据报道，李娜可能离开公司！他把资料交给了李娜。"
)


@pytest.mark.parametrize("verbatim", [False, True])
def test_every_offset_gives_its_surface(verbatim: bool) -> None:
    found = extract_chinese(TEXT, verbatim=verbatim)
    assert len(found) > 8
    for e in found:
        assert e.head.type in ENTITY_TYPES
        assert e.tail.type in ENTITY_TYPES
        assert 0 <= e.confidence <= 1
        for surface, start, end in spans(e):
            if start is not None and end is not None:
                assert TEXT[start:end] == surface


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="他她公司北京王强在收购了的是不没有把被由，。？：；《》“”（）123年 \n:;Ab", max_size=50))
def test_no_text_breaks_the_rules(text: str) -> None:
    for e in extract_chinese(text) + extract_chinese(text, verbatim=True):
        assert text[e.head.start : e.head.end] == e.head.surface
        assert text[e.tail.start : e.tail.end] == e.tail.surface


def test_passive_is_marked_and_keeps_the_order_of_the_sentence() -> None:
    (found,) = (e for e in extract_chinese("绿洲公司被蓝海公司收购。") if e.relation.lemma == "收购")
    assert found.relation.passive
    assert (found.head.surface, found.tail.surface) == ("绿洲公司", "蓝海公司")


def test_time_and_place_qualify_a_statement() -> None:
    (found,) = (e for e in extract_chinese("2015年，王强在上海创办了蓝海公司。") if e.relation.lemma == "创办")
    assert {q.role: q.text for q in found.qualifiers} == {"time": "2015年", "place": "在上海"}


def test_hearsay_names_its_source() -> None:
    (found,) = (e for e in extract_chinese("王强表示，蓝海公司收购了绿洲公司。") if e.relation.lemma == "收购")
    assert found.modality == "reported"
    assert [(q.role, q.text) for q in found.qualifiers] == [("source", "王强")]


def test_a_table_row_reads_as_statements_of_its_first_cell() -> None:
    text = "姓名: 王强; 职位: 经理; 部门: 市场部\n姓名: 李娜; 职位: 工程师; 部门: 研发部"
    assert [(e.head.surface, e.relation.surface, e.tail.surface) for e in extract_chinese(text)] == [
        ("王强", "职位", "经理"),
        ("王强", "部门", "市场部"),
        ("李娜", "职位", "工程师"),
        ("李娜", "部门", "研发部"),
    ]


def test_no_pronoun_becomes_an_entity() -> None:
    text = "他收购了公司。它位于上海。她们参观了北京。这是事实。他们创办了银行。"
    names = {m.surface for e in extract_chinese(text) for m in (e.head, e.tail)}
    assert not names & {"他", "它", "她们", "这", "他们"}
    assert any(e.head_argument and e.head_argument.surface == "他" for e in extract_chinese(text, verbatim=True))


def test_a_pronoun_with_one_candidate_takes_its_name() -> None:
    text = "王强创办了银行。他参观了北京。"
    (found,) = (e for e in extract_chinese(text) if e.relation.lemma == "参观")
    assert (found.head.surface, found.head.start) == ("王强", 0)
    assert found.head_argument is not None
    assert found.head_argument.surface == "他"


def test_a_pronoun_is_nobody_whom_its_own_sentence_names_after_it() -> None:
    text = "陈远帆在上海认识了伊内斯·瓦尔加。瓦尔加是子午公司的工程师。她向陈远帆介绍了潮翼二号。"
    who = {e.head.surface for e in extract_chinese(text) if e.tail.surface == "潮翼二号"}
    assert who and "陈远帆" not in who


def test_a_short_form_in_brackets_is_that_of_the_name_before_them() -> None:
    text = "2022年，汐岚能源与子午潮汐系统公司（Meridian Tidal Systems，简称MTS）签署合资协议。"
    assert {e.head.surface for e in extract_chinese(text) if e.tail.surface == "MTS"} == {"子午潮汐系统公司"}


def test_the_company_is_the_one_that_its_names_are_of() -> None:
    text = "海蓝科技有限公司（简称“海蓝科技”）是一家海上新能源企业。公司成立于2009年，由李明创立。"
    heads = {e.head.surface for e in extract_chinese(text) if e.tail.surface in ("2009年", "李明")}
    assert heads == {"海蓝科技有限公司"}


def test_a_pronoun_with_two_candidates_is_left_out() -> None:
    assert not [e for e in extract_chinese("王强和李娜创办了银行。他参观了北京。") if e.relation.lemma == "参观"]


def sentence(*rows: tuple[str, str, str, int, str]) -> tuple[str, Sentence]:
    text, found = "", Sentence([], [], [], [], [], [])
    for form, upos, xpos, head, label in rows:
        found.starts.append(len(text))
        text += form
        found.ends.append(len(text))
        found.upos.append(upos)
        found.xpos.append(xpos)
        found.heads.append(head)
        found.labels.append(label)
    return text, found


def test_rules_on_a_correct_tree_share_subjects_among_verbs_and_objects() -> None:
    text, tree = sentence(
        ("公司", "NOUN", "NN", 2, "nsubj"),
        ("生产", "VERB", "VV", 0, "root"),
        ("汽车", "NOUN", "NN", 2, "obj"),
        ("和", "CCONJ", "CC", 5, "cc"),
        ("轮船", "NOUN", "NN", 3, "conj"),
        ("，", "PUNCT", ",", 8, "punct"),
        ("并", "SCONJ", "RB", 8, "mark"),
        ("销售", "VERB", "VV", 2, "parataxis"),
        ("零件", "NOUN", "NN", 8, "obj"),
        ("。", "PUNCT", ".", 2, "punct"),
    )
    found = {(e.head.surface, e.relation.lemma, e.tail.surface) for e in extract_sentences(text, [tree])}
    assert found == {("公司", "生产", "汽车"), ("公司", "生产", "轮船"), ("公司", "销售", "零件")}


def test_rules_on_a_correct_tree_read_the_object_marker() -> None:
    text, tree = sentence(
        ("学校", "NOUN", "NN", 4, "nsubj"),
        ("将", "ADP", "BB", 3, "case"),
        ("校名", "NOUN", "NN", 4, "obl:patient"),
        ("改", "VERB", "VV", 0, "root"),
        ("为", "VERB", "VC", 4, "mark"),
        ("北方", "NOUN", "NN", 7, "nmod"),
        ("大学", "NOUN", "NN", 4, "obj"),
        ("。", "PUNCT", ".", 4, "punct"),
    )
    found = {(e.head.surface, e.relation.lemma, e.tail.surface) for e in extract_sentences(text, [tree])}
    assert found == {("校名", "改为", "北方大学")}
    (whole,) = extract_sentences(text, [tree], verbatim=True)
    assert (whole.relation.surface, whole.relation.start, whole.relation.end) == ("将校名改为", 2, 7)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("清华大学", "Organization"),
        ("蓝海公司", "Organization"),
        ("浙江省", "Place"),
        ("北京", "Place"),
        ("2009年", "Time"),
        ("5月3日", "Time"),
        ("三百名员工", "Quantity"),
        ("55%", "Quantity"),
        ("玛丽·居里", "Person"),
        ("总经理", "Person"),
        ("世界杯", "Event"),
        ("婚姻法", "Work"),
        ("京东", "Organization"),
        ("微软", "Organization"),
        ("支付宝", "Product"),
    ],
)
def test_types_of_entities(text: str, kind: str) -> None:
    assert entity_type(text) == kind


def test_a_family_name_makes_a_proper_noun_a_person() -> None:
    assert entity_type("周海宁", name=True) == "Person"
    assert entity_type("《红楼梦》", quoted=True) == "Work"


@pytest.mark.parametrize(
    ("text", "head", "relation", "tail"),
    [("李娜毕业于清华大学。", "李娜", "毕业于", "清华大学"), ("腾讯的创始人是马化腾。", "马化腾", "创始人", "腾讯")],
)
def test_a_relation_has_the_words_of_the_sentence(text: str, head: str, relation: str, tail: str) -> None:
    assert (head, relation, tail) in [
        (each.head.surface, each.relation.surface, each.tail.surface) for each in extract_chinese(text)
    ]


def test_ji_between_names_says_that_they_are_one() -> None:
    (one,) = extract_chinese("北大即北京大学。")
    assert (one.head.surface, one.relation.lemma, one.tail.surface) == ("北大", "即", "北京大学")
    assert [x.relation.lemma for x in extract_chinese("行政机关即国家权力机关的执行机关。")] == ["是"]


def test_the_title_of_a_case_is_no_statement() -> None:
    assert not [e for e in extract_chinese("张甲诉上海市闵行区民政局法定继承案") if e.relation.surface == "诉"]


def test_whose_role_somebody_has_is_sure_enough_for_a_graph() -> None:
    [found] = extract_chinese("腾讯的创始人是马化腾。")
    assert (found.head.surface, found.relation.surface, found.tail.surface) == ("马化腾", "创始人", "腾讯")


@pytest.mark.parametrize("text", ["江屿位于白沙湾。", "江屿是一座小岛。", "江屿盛产牡蛎。", "江屿的面积为六平方公里。"])
def test_what_lies_somewhere_or_has_an_area_is_a_place(text: str) -> None:
    [found, *_] = extract_chinese(text)
    assert found.head.type == "Place"


def test_where_somebody_is_born_is_a_place() -> None:
    for text in ("周海宁生于江屿。", "船队抵达江屿。"):
        [found, *_] = extract_chinese(text)
        assert found.tail.type == "Place", text


def test_what_people_do_makes_nobody_a_place() -> None:
    for text in ("江屿绘制了海底地形图。", "陈屿毕业于北京大学。", "江屿是江屿人。"):
        [found, *_] = extract_chinese(text)
        assert found.head.type == "Person", text
