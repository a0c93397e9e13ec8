"""What is never one though its spellings, its company and its documents are alike."""

from __future__ import annotations

import pytest

from kg_builder.names import name_key
from kg_builder.resolve.records import Profile
from kg_builder.resolve.scoring import link
from kg_builder.types import Name

DOCUMENTS = frozenset({"one", "two", "three"})
NEIGHBOURS = frozenset({"own>ships", "employ>people", "lead<ann", "buy>steel"})


def profile(surface: str, type_: str) -> Profile:
    return Profile(Name(name_key(surface), type_), {surface: 5}, NEIGHBOURS, DOCUMENTS)


@pytest.mark.parametrize(
    ("a", "b", "type_", "rule"),
    [
        ("2023", "March 2023", "Time", "other-value"),
        ("7.2 megawatts", "capacity of 7.2 megawatts", "Quantity", "other-value"),
        ("2023年", "2023年3月", "Time", "other-value"),
        ("grid", "Northmoor Grid", "Organization", "not-both-names"),
        ("agency", "Veyland Maritime Agency", "Organization", "not-both-names"),
        ("Sanna Vik", "Jonas Reed reports to Sanna Vik", "Person", "not-both-names"),
        ("barnacles", "growth of barnacles", "Other", "not-both-names"),
        ("Aldery Sound", "mouth of Aldery Sound", "Place", "not-both-names"),
        ("Boston", "Bank of Boston", "Organization", "named-within-the-other"),
        ("Mexico", "Gulf of Mexico", "Place", "named-within-the-other"),
        ("deputation", "reputation", "Other", "other-words"),
        ("truth", "Pruth", "Other", "other-words"),
        ("array of strings", "strings of the arrays", "Other", "other-words"),
        ("new interpreter", "only interpreter", "Other", "other-words"),
        ("Sam", "seemingly arbitrary man", "Person", "not-both-names"),
        ("Hunters", "bravest hunters", "Person", "not-both-names"),
        ("four days", "fourth day", "Time", "other-value"),
        ("one place", "first place", "Place", "other-value"),
        ("三年", "第三年", "Time", "other-value"),
        ("主人", "主管人员", "Person", "other-words"),
    ],
)
def test_what_no_company_outweighs(a: str, b: str, type_: str, rule: str) -> None:
    found = link(profile(a, type_), profile(b, type_))
    assert (found.probability, found.rule) == (0.0, rule)
    stated = Profile(Name(name_key(a), type_), {a: 5}, NEIGHBOURS, DOCUMENTS, frozenset({name_key(b)}))
    assert link(stated, profile(b, type_)).probability > 0.9  # but a text may say that they are one


@pytest.mark.parametrize(
    ("a", "b", "type_"),
    [
        ("Quill", "Mara Quill", "Person"),
        ("Linxi", "city of Linxi", "Place"),
        ("Oxford University", "University of Oxford", "Organization"),
        ("Fenn", "Fenn Acoustics", "Organization"),
        ("3 May 2023", "2023-05-03", "Time"),
        ("May 3", "May 3rd", "Time"),
        ("Brisbane Knights", "Brisbane Kights", "Organization"),
        ("Halden Software Mills", "Halden oftware Mills", "Organization"),
        ("build frontend", "build frontends", "Other"),
        ("current behaviour", "current behavior", "Other"),
        ("the child's disposition", "disposition of the child", "Other"),
        ("GIL", "global interpreter lock", "Other"),
        ("World War Two", "Second World War", "Event"),
        ("第三中学", "三中学", "Organization"),
    ],
)
def test_names_that_company_makes_one(a: str, b: str, type_: str) -> None:
    assert link(profile(a, type_), profile(b, type_)).probability > 0.5


@pytest.mark.parametrize(
    ("a", "b"),
    [
        *(("北京大学", "北京师范大学"), ("中国银行", "中国人民银行"), ("上海大学", "上海交通大学")),
        *(("北京医院", "北京协和医院"), ("刑法", "刑事诉讼法"), ("中国", "中华民国"), ("仲裁", "仲裁委员会")),
    ],
)
def test_what_leaves_out_a_word_is_no_short_form(a: str, b: str) -> None:
    one, other = (Profile(Name(name_key(each), "Organization"), {each: 5}, frozenset(), DOCUMENTS) for each in (a, b))
    assert link(one, other).probability < 0.5


@pytest.mark.parametrize(("a", "b"), [("中石化", "中国石油化工集团"), ("北大", "北京大学"), ("中行", "中国银行")])
def test_short_forms_of_chinese_names(a: str, b: str) -> None:
    one, other = (Profile(Name(name_key(each), "Organization"), {each: 5}, frozenset(), DOCUMENTS) for each in (a, b))
    assert link(one, other).probability > 0.5
