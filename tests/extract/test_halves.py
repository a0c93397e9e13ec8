"""What would say only half in a graph is left out of it, or says all of it."""

from __future__ import annotations

import pytest

from kg_builder.extract.open_ie import OpenIE
from kg_builder.extract.open_ie.english.plausible import _word_start


def stated(text: str) -> set[tuple[str, str, str]]:
    return {(e.head.surface, e.relation.surface, e.tail.surface) for e in OpenIE().extract(text)}


@pytest.mark.parametrize(
    "text",
    [
        "The new pump is at least as strong as the old one.",
        "The last time the debt loomed this large, the bank was in trouble.",
        "The locks were too large.",
        "The second bridge is longer.",
        "The engineers were most comfortable and familiar with the pump.",
        "The cells are fed in exactly the same way.",
        "This plan requires iterating over the cells.",
        "Acme provides engineers with the ability to be promoted.",
        "The idea of selling the farm was rejected in favour of quietly restoring the old barn on the hill.",
        "That is what the module does today.",
        "Anna Lee describes how the cells slow the pump.",
        "The package ships a /usr/bin/kg3 binary.",
        "The PEP proposes a per-interpreter GIL.",
        "The grant enables farmers to buy new pumps.",
        "In summary, the pump fits into the wall.",
        "In her opinion, the pump fits into the wall.",
        "Support for older pumps is found in many towns.",
        "Reasons for closing the mine include the price of coal.",
    ],
)
def test_half_of_what_a_sentence_says_is_not_stated(text: str) -> None:
    half = {
        "as strong",
        "large",
        "this large",
        "too large",
        "longer",
        "iterating",
        "ability",
        "favour",
        "today",
        "bin",
        "per-interpreter",
        "farmers",
        "summary",
        "opinion",
    }
    heads = {"Support", "Reasons"}
    for head, relation, tail in stated(text):
        assert head not in heads and tail not in half and relation != "describes how", (relation, tail)


def test_a_noun_keeps_what_says_which_one_it_is() -> None:
    found = stated(
        "The strike was ended by a lack of any major objections in the town. Acme has limits relative to Beta."
    )
    assert "lack of any major objections" in {tail for _, _, tail in found}
    assert ("Acme", "has", "limits") in found
    (head,) = {head for head, _, _ in stated("The ease of switching to another bank was an advantage.")}
    assert head == "ease of switching to another bank"


def test_a_role_that_opens_a_sentence_is_not_what_is_done() -> None:
    found = stated("As one of the largest banks, Acme plays a critical role in Lima.")
    assert found and not [relation for _, relation, _ in found if "As" in relation.split()]


def test_what_is_done_to_a_noun_is_the_whole_chain_of_verbs() -> None:
    found = stated("The tools that people want to use are lost. This is a gap which the plan aims to fill.")
    assert {("people", "want to use", "tools"), ("plan", "aims to fill", "gap")} <= found


def test_what_may_come_to_be_does_nothing_yet() -> None:
    text = "Acme will open a plant that makes cars. The board may hire a lawyer who speaks French."
    assert not [e for e in OpenIE().extract(text) if e.is_fact and e.tail.surface in ("cars", "French")]
    (made,) = (e for e in OpenIE().extract("Acme bought a plant that makes cars.") if e.tail.surface == "cars")
    assert made.is_fact


def test_words_in_quotes_before_a_noun_belong_to_it() -> None:
    found = stated('The "retry" routine gets a new "status" field. Anna\'s "Silent Spring" was a success.')
    assert ('"retry" routine', "gets", 'new "status" field') in found
    assert "Silent Spring" in {head for head, _, _ in found}


def test_examples_belong_to_a_noun_right_before_them() -> None:
    found = stated("An automated test was performed, such as a scanning tool. It mixes liquids, such as oil.")
    assert ("oil", "is", "liquids") in found
    assert not [head for head, _, tail in found if tail == "automated test"]


def test_both_ends_and_both_owners_are_told() -> None:
    found = stated(
        "Light shows properties of both particles and waves. Buck covered the distance between Rome and Bari."
    )
    assert ("Light", "shows", "properties of both particles and waves") in found
    assert not [relation for _, relation, _ in found if relation.endswith("between")]


def test_what_stands_for_nothing_is_nobody() -> None:
    found = stated("The decision comes down to taste. While it makes sense to call Acme, it is late.")
    assert not [head for head, _, tail in found if tail == "Acme"]
    found = stated(
        "The best example is from science fiction, such as Solaris. The team, including Ann Lee, won the cup."
    )
    assert ("team", "including", "Ann Lee") in found
    assert not [head for head, _, _ in found if head == "Solaris"]


def test_looking_for_paths_takes_no_longer_where_there_are_no_spaces() -> None:
    assert _word_start("see /usr/bin", 9) == 4
    assert _word_start("x" * 1_000_000, 999_999) > 990_000
