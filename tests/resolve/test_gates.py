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
    ],
)
def test_names_that_company_makes_one(a: str, b: str, type_: str) -> None:
    assert link(profile(a, type_), profile(b, type_)).probability > 0.5
