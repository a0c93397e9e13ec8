"""Who a pronoun means: answers on sentences of our own, and what never becomes a name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.extract.open_ie import OpenIE
from kg_builder.extract.open_ie.english.arguments import mention
from kg_builder.extract.open_ie.english.coreference import Antecedents, is_pronoun
from kg_builder.extract.open_ie.english.pipeline import load_english
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.recipe import Recipe
from kg_builder.stages import FileTask, process_file


def antecedent(text: str, pronoun: str) -> str | None:
    """The name that the last `pronoun` of a text refers to."""
    tree = Tree(load_english().read(text))
    at = max(i for i, word in enumerate(tree.word) if word.lower() == pronoun)
    found = Antecedents(tree).of(at)
    return None if found is None else mention(tree, found).surface


@pytest.mark.parametrize(
    ("text", "pronoun", "expected"),
    [
        ("Clara Stone moved to Lisbon. She opened a bakery.", "she", "Clara Stone"),
        ("Clara Stone met Peter Brand in 1990. He sold her a mill.", "he", "Peter Brand"),
        ("Clara Stone met Peter Brand in 1990. He sold her a mill.", "her", "Clara Stone"),
        ("Peter Brand was born in Bern. His father was a baker.", "his", "Peter Brand"),
        ("After she left Rome, Clara Stone joined Acme.", "she", "Clara Stone"),
        ("King Osric and Queen Hild ruled for ten years. She died first.", "she", "Queen Hild"),
        ("Peter Brand wrote to Paul Keller. In 1990 he moved to Rome, where he opened a mill.", "he", "Peter Brand"),
    ],
)
def test_he_and_she_mean_the_person_a_reader_would_take(text: str, pronoun: str, expected: str) -> None:
    assert antecedent(text, pronoun) == expected


@pytest.mark.parametrize(
    ("text", "pronoun", "expected"),
    [
        ("Acme Corp. built a new factory in Berlin. It employs 300 people.", "it", "Acme Corp."),
        ("The engineers repaired the turbines. They were paid by the city.", "they", "engineers"),
        ("The museum was founded in 1890. In 1920 it moved to Oslo.", "it", "museum"),
        ("Wolves live in groups. They hunt at night.", "they", "Wolves"),
    ],
)
def test_it_and_they_mean_what_a_reader_would_take(text: str, pronoun: str, expected: str) -> None:
    assert antecedent(text, pronoun) == expected


@pytest.mark.parametrize(
    ("text", "pronoun"),
    [
        ("The farm was sold. It rained for three days.", "it"),
        ("The bank closed the branch. It is clear that nobody was asked.", "it"),
        ("The court heard the case. It seems that the judge was ill.", "it"),
        ("The mill is old. They left.", "they"),
    ],
)
def test_it_and_they_mean_nothing_where_the_text_names_nothing(text: str, pronoun: str) -> None:
    assert antecedent(text, pronoun) is None


def test_what_several_did_each_of_them_did() -> None:
    found = {
        (e.head.surface, e.tail.surface)
        for e in OpenIE().extract("Clara Stone and Peter Brand met in Oslo, and they opened a mill.")
        if e.relation.lemma == "open"
    }
    assert found == {("Clara Stone", "mill"), ("Peter Brand", "mill")}


def test_a_statement_is_as_sure_as_what_its_pronoun_means() -> None:
    text = "Acme Corp. was founded in 1990. It employs 300 people."
    tree = Tree(load_english().read(text))
    sure = Antecedents(tree).sureness(tree.low.index("it"))
    [named] = [e for e in OpenIE().extract(text.replace("It", "Acme Corp.")) if e.tail.surface == "300 people"]
    [found] = [e for e in OpenIE().extract(text) if e.tail.surface == "300 people"]
    assert found.confidence == pytest.approx(named.confidence * sure, abs=0.05)


def test_what_is_somebodys_is_not_that_body() -> None:
    assert not [
        e for e in OpenIE().extract("Peter Brand ruled the valley. The castle was his.") if e.head.surface == "castle"
    ]


def test_a_pronoun_is_not_the_other_argument_of_its_verb() -> None:
    assert antecedent("Clara Stone lives in Rome. Anna Weber saw her.", "her") == "Clara Stone"


def test_without_people_nobody_is_meant() -> None:
    assert antecedent("The mill is old. He left.", "he") is None
    assert Antecedents(Tree(load_english().read("He left."))).sureness(0) == 0.0


def test_answers_say_how_likely_they_are() -> None:
    sure = Tree(load_english().read("Clara Stone moved to Lisbon. She opened a bakery."))
    open_ = Tree(load_english().read("Clara Stone, Anna Weber and Maria Brand moved to Lisbon. She opened a bakery."))
    likely = [Antecedents(t, least=0.0).sureness(t.low.index("she")) for t in (sure, open_)]
    assert likely[0] > 0.6 > likely[1]


def test_the_company_is_the_one_that_was_named() -> None:
    text = "Acme Corporation was founded in Oslo. The company builds ships. It employs 300 people."
    found = {(e.head.surface, e.relation.lemma) for e in OpenIE().extract(text)}
    assert {("Acme Corporation", "build"), ("Acme Corporation", "employ")} <= found


PRONOUNS = [
    *("He", "She", "It", "They", "This", "That", "Those", "Who", "One", "Everyone", "Himself", "We", "I", "You"),
    *("her", "him", "them", "his", "its", "themselves", "something", "these"),
]
PIECES = [*PRONOUNS, "Clara Stone", "the company", "bought", "is", "of", "saw", "and", "in Rome", "mill", ".", ",", "?"]


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14), st.booleans())
def test_no_entity_is_ever_a_pronoun(pieces: list[str], capitals: bool) -> None:
    text = " ".join(pieces)
    text = text.upper() if capitals else text
    for e in OpenIE().extract(text):
        for one in (e.head, e.tail):
            assert not is_pronoun(one.surface, text), text


CHINESE = [
    "他",
    "她",
    "它",
    "他们",
    "自己",
    "这",
    "那",
    "其",
    "该公司",
    "蓝海公司",
    "王强",
    "收购了",
    "是",
    "的",
    "。",
    "，",
    "说",
    "我",
    "你们",
]


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(CHINESE), max_size=12))
def test_no_chinese_entity_is_ever_a_pronoun(pieces: list[str]) -> None:
    for e in OpenIE().extract("".join(pieces)):
        for one in (e.head, e.tail):
            assert one.surface not in {"他", "她", "它", "他们", "自己", "这", "那", "其", "我", "你们", "该公司"}


def test_a_chinese_pronoun_with_something_before_it_is_no_entity() -> None:
    assert not [e for e in OpenIE().extract("蓝海公司收购了其你们。") if e.tail.surface == "你们"]


def test_an_abbreviation_is_no_pronoun() -> None:
    assert not is_pronoun("IT", "The IT department grew.")
    assert not is_pronoun("US", "They left the US.")
    assert is_pronoun("IT", "HE SAW IT.")
    assert is_pronoun("It", "It rains.")


def test_statements_that_are_held_back_are_counted_by_reason(tmp_path: Path) -> None:
    extractor = OpenIE()
    assert extractor.extract("He sold the house.") == []
    assert extractor.left_out == {"unresolved": 1}
    assert extractor.extract("Acme bought Beta.")
    assert not extractor.left_out
    file = tmp_path / "held-back.txt"
    file.write_text("He sold the house.\n\n他收购了银行。\n", encoding="utf-8")
    contribution = process_file(FileTask(file, "file:///held-back.txt", Recipe()))
    assert contribution.left_out["unresolved"] >= 1
    assert contribution.extracted == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Cisco owns Webex. Fen Ltd., hereafter the Company, is based in Leeds. Acme sued Cisco. "
            "The Company employs Mara Quill.",
            "Fen Ltd.",
        ),
        ('Acme Corp. (the "Company") bought Fen Acoustics. The Company employs Mara Quill.', "Acme Corp."),
        ("海能公司收购了北辰公司。深潮有限公司（以下简称公司）由马林创立。公司收购了远山公司。", "深潮有限公司"),
        ("海能公司收购了北辰公司。深潮有限公司（以下简称“该公司”）由马林创立。该公司收购了远山公司。", "深潮有限公司"),
    ],
)
def test_what_a_text_calls_the_company_from_here_on_is_that_company(text: str, expected: str) -> None:
    found = OpenIE().extract(text)
    assert found[-1].head.surface == expected or found[-2].head.surface == expected
    assert {"the Company", "Company", "公司", "该公司"}.isdisjoint(m.surface for x in found for m in (x.head, x.tail))


def test_a_name_in_another_language_is_of_the_type_of_the_one_it_goes_with() -> None:
    [first, *_] = OpenIE().extract("Alibaba, also known as 阿里巴巴, was founded by Jack Ma.")
    assert (first.tail.surface, first.tail.type) == ("阿里巴巴", first.head.type)
