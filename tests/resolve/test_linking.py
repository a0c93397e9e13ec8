"""Blocks, links and their explanations: what speaks for two names being one, and what against."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.names import name_key
from kg_builder.resolve.batch import resolve_names
from kg_builder.resolve.blocking import block_keys
from kg_builder.resolve.explaining import explain
from kg_builder.resolve.records import Profile
from kg_builder.resolve.scoring import link, weight_of
from kg_builder.types import Name
from tests.resolve.test_name_pairs import PAIRS


def profile(
    surface: str,
    type: str = "Other",
    *,
    facts: tuple[str, ...] = (),
    documents: tuple[str, ...] = (),
    stated: tuple[str, ...] = (),
) -> Profile:
    return Profile(
        Name(name_key(surface), type),
        {surface: 1},
        frozenset(facts),
        frozenset(documents),
        frozenset(name_key(other) for other in stated),
    )


@pytest.mark.parametrize(("one", "other", "verdict", "level"), PAIRS, ids=[f"{p[0]!a}-{p[1]!a}" for p in PAIRS])
def test_the_table_of_pairs_holds(one: str, other: str, verdict: str, level: str) -> None:
    a, b = profile(one), profile(other)
    if level == "exact":
        assert a.id == b.id
    elif verdict == "different":
        assert link(a, b).probability < 0.5, link(a, b)
    elif level == "loose":
        assert block_keys(a) & block_keys(b)


def test_most_of_what_the_looser_key_joins_links_without_other_evidence() -> None:
    same = [pair for pair in PAIRS if pair[2:] == ("same", "loose")]
    linked = [pair for pair in same if link(profile(pair[0]), profile(pair[1])).probability >= 0.5]
    assert len(linked) >= 0.8 * len(same)


SURFACES = st.lists(
    st.sampled_from(
        ["Mara ", "Quill", "Dr. ", "J. ", "IBM", "北京", "大学", "北大", "3", "号线", " Inc.", "é", "Ж", "\u200b"]
    ),
    max_size=5,
).map("".join) | st.text(max_size=12)
TYPES = st.sampled_from(["Person", "Organization", "Other"])
PROFILES = st.builds(
    lambda surface, type, facts, documents: profile(surface, type, facts=tuple(facts), documents=tuple(documents)),
    SURFACES,
    TYPES,
    st.lists(st.sampled_from(["know>a", "know<b", "own>c", "own>ibm"]), max_size=3),
    st.lists(st.sampled_from(["d1", "d2"]), max_size=2),
)


@settings(max_examples=300, deadline=None)
@given(PROFILES, PROFILES)
def test_a_link_is_symmetric_and_types_that_differ_never_link(a: Profile, b: Profile) -> None:
    found = link(a, b)
    assert found == link(b, a)
    assert found.a <= found.b
    assert 0 <= found.probability <= 1
    if a.name.type != b.name.type and "Other" not in (a.name.type, b.name.type):
        assert found.probability == 0
        assert found.rule == "types"
    for language in ("en", "zh"):
        assert explain(a, b, found, language) == explain(a, b, found, language) != ""


@settings(max_examples=300, deadline=None)
@given(PROFILES)
def test_every_name_has_a_few_blocks_that_depend_on_its_profile_alone(a: Profile) -> None:
    keys = block_keys(a)
    assert keys == block_keys(Profile(a.name, dict(a.surfaces), a.neighbours, a.documents, a.stated))
    assert 1 <= len(keys) <= 20
    assert all(re.match("[a-z]:", key) for key in keys)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("International Business Machines", "IBM"),
        ("Rupert Murdoch", "Murdoch"),
        ("Jonathan Halverson", "Jonathan Halvorson"),
        ("Viktor Halden", "Victor Halden"),
        ("J. Tolkien", "John Tolkien"),
        ("Harbor Robotics", "Harbour Robotics"),
        ("北京大学", "北大"),
        ("中国建设银行", "建设银行"),
        ("中国建设银行", "建行"),
        ("清华大学", "清华"),
        ("上海交通大学", "上海交大"),
        ("中国石油化工集团公司", "中石化"),
        ("澜海能源股份有限公司", "澜海能源"),
    ],
)
def test_names_that_may_be_one_share_a_block_and_link_with_context(one: str, other: str) -> None:
    context = {"facts": ("own>tide", "buy>nova", "lead<mara"), "documents": ("d1",)}
    a, b = profile(one, **context), profile(other, **context)
    assert block_keys(a) & block_keys(b)
    assert link(a, b).probability >= 0.5


@pytest.mark.parametrize(
    ("one", "other"), [("阿里巴巴", "Alibaba"), ("汐岚", "Nova Tide"), ("the Company", "Acme Inc.")]
)
def test_what_a_text_calls_another_name_links(one: str, other: str) -> None:
    a, b = profile(one, "Organization", stated=(other,)), profile(other, "Organization")
    assert block_keys(a) & block_keys(b)
    assert link(a, b).probability >= 0.9
    assert link(a, b).rule == "stated"


def test_context_speaks_for_and_against() -> None:
    bare = link(profile("Mara Quill"), profile("Quill")).probability
    together = {"facts": ("lead>halden", "know>viktor halden", "bear in>oslo"), "documents": ("d1", "d2")}
    apart = {"facts": ("play>chess", "win>cup", "marry>tobias fenn"), "documents": ("d3", "d4")}
    assert link(profile("Mara Quill", **together), profile("Quill", **together)).probability > bare
    assert link(profile("Mara Quill", **together), profile("Quill", **apart)).probability < min(0.5, bare)


def test_letters_that_look_alike_never_link() -> None:
    assert link(profile("pаypal"), profile("paypal")).probability < 0.1
    assert link(profile("ОРЕС", "Organization"), profile("OPEC", "Organization")).probability < 0.1


def test_an_explanation_names_what_weighs_in_both_languages() -> None:
    a = profile("Rupert Murdoch", "Person", facts=("own>fox",), documents=("d",))
    b = profile("Murdoch", "Person", facts=("own>fox",), documents=("d",))
    english, chinese = explain(a, b, link(a, b)), explain(a, b, link(a, b), "zh")
    assert english.startswith('"Rupert Murdoch" and "Murdoch" are one')
    assert "one is the last word of the other" in english
    assert "是同一实体" in chinese
    other = profile("Murdoch", "Place")
    assert "types differ (Person and Place)" in explain(a, other, link(a, other))


def test_every_feature_of_a_link_has_a_weight_and_words() -> None:
    from finetune.pipelines.name_links import PRIOR
    from kg_builder.resolve.explaining import PHRASES

    assert all(weight_of(name) for name in PRIOR)
    assert {name.partition(" (")[0] for name in PRIOR} - set(PHRASES) == {"constant"}


@pytest.mark.parametrize("unit", ["Mara ", "北京", "a. ", "IBM ", "3 ", "! "])
def test_names_of_ten_thousand_characters_are_compared_in_no_time(unit: str) -> None:
    long = (unit * 10_000)[:10_000]
    begin = time.process_time()
    a, b = profile(long), profile(long + "x")
    assert block_keys(a)
    assert link(a, b).probability < 0.5
    assert time.process_time() - begin < 2


def test_resolving_nothing_and_names_of_nothing() -> None:
    assert resolve_names([], must=(), never=()) == ([], [])
    odd = [profile(surface) for surface in ("", "!!!", "…", "\u200b", "😀", "٣", "שלום")]
    groups, _ = resolve_names(odd)
    assert len(groups) == len({each.id for each in odd})
