"""Which documents mean one thing by a name: a table of what they tell, in English and Chinese."""

from __future__ import annotations

import random

import pytest

from kg_builder.resolve.records import Context
from kg_builder.resolve.senses import may_be_several, senses

PHYSICIST = "be>physicist; physicist at>mit"
FOOTBALLER = "be>english footballer; play for>leeds united"


def parts(type_: str, *documents: str, seed: int = 0) -> set[frozenset[int]]:
    """The documents that mean one thing, by number; each is told as facts with ``;`` between them."""
    numbered = list(enumerate(documents))
    random.Random(seed).shuffle(numbered)
    contexts = {
        f"{n:032x}": Context(f"{n:032x}", frozenset(each.strip() for each in told.split(";") if each.strip()))
        for n, told in numbered
    }
    found = {frozenset(int(document, 16) for document in part) for part in senses(type_, contexts)}
    several = may_be_several(type_, [each for context in contexts.values() for each in context.neighbours])
    assert several or len(found) == 1  # the quick look misses nothing
    return found


@pytest.mark.parametrize(
    ("type_", "documents", "expected"),
    [
        ("Person", ["lead>acme", "found>harbor trust"], [{0, 1}]),
        ("Person", [PHYSICIST, FOOTBALLER], [{0}, {1}]),
        ("Person", [PHYSICIST, FOOTBALLER, "be>physicist", "score against>arsenal"], [{0, 2}, {1, 3}]),
        ("Person", [PHYSICIST, FOOTBALLER, "know>mara quill"], [{0}, {1}, {2}]),
        ("Person", [PHYSICIST, FOOTBALLER, "live in>mit"], [{0, 2}, {1}]),
        ("Person", ["be>physicist; know>mara quill", "be>footballer; know>mara quill"], [{0, 1}]),
        ("Person", ["be>lawyer", "be>politician"], [{0, 1}]),
        ("Person", ["be>american painter", "be>japanese painter"], [{0}, {1}]),
        ("Person", ["be>english painter", "be>scottish painter"], [{0, 1}]),
        ("Person", ["born on>1950; know>mara quill", "born on>march 3, 1985; know>mara quill"], [{0}, {1}]),
        ("Person", ["born on>1950", "born on>1951"], [{0, 1}]),
        ("Person", ["die on>2003", "die on>1903年"], [{0}, {1}]),
        ("Person", ["born in>ohio", "born in>texas"], [{0}, {1}]),
        ("Person", ["born in>ohio", "born in>canada"], [{0, 1}]),
        ("Person", ["是>物理学家", "是>足球运动员"], [{0}, {1}]),
        ("Person", ["是>中国演员", "是>法国演员"], [{0}, {1}]),
        ("Person", ["演员>中国", "play for>上海队"], [{0}, {1}]),
        ("Place", ["city in>illinois", "city in>massachusetts"], [{0}, {1}]),
        ("Place", ["city in>illinois", "town in>canada"], [{0, 1}]),
        ("Place", ["位于>河北省", "位于>河北"], [{0, 1}]),
        ("Place", ["位于>河北省", "位于>湖南"], [{0}, {1}]),
        ("Place", ["border on>ohio", "border on>illinois"], [{0, 1}]),
        ("Organization", ["base in>ohio", "base in>texas"], [{0}, {1}]),
        ("Organization", ["base in>ohio; owned by>tidal group", "base in>texas; owned by>tidal group"], [{0, 1}]),
        ("Organization", ["be>physicist", "be>footballer"], [{0, 1}]),
        ("Other", ["born on>1950", "born on>1985"], [{0, 1}]),
        ("Person", ["physicist<be", "footballer<be"], [{0, 1}]),
        ("Person", ["", ""], [{0, 1}]),
    ],
)
def test_what_documents_tell_parts_them(type_: str, documents: list[str], expected: list[set[int]]) -> None:
    for seed in range(4):
        assert parts(type_, *documents, seed=seed) == {frozenset(part) for part in expected}


def test_parts_of_one_source_stay_together() -> None:
    contexts = {
        "a": Context("s", frozenset({"be>physicist"})),
        "b": Context("s", frozenset({"be>footballer"})),
        "c": Context("t", frozenset({"be>footballer"})),
    }
    assert senses("Person", contexts) == [("a", "b", "c")]


def test_a_name_in_very_many_documents_is_not_looked_at() -> None:
    told = ["be>physicist", "be>footballer"] * 151
    assert len(parts("Person", *told)) == 1
    assert len(parts("Person", *told[:100])) == 2
