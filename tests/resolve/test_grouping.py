"""Entities from links: the same in any order, without what was decided against, without chains."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.resolve.batch import resolve_names
from kg_builder.resolve.grouping import contradictions, group
from kg_builder.resolve.records import Link, Profile
from tests.resolve.test_linking import profile

NAMES = [f"n{i}" for i in range(9)]
PAIR = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] < pair[1])
LINKS = st.dictionaries(PAIR, st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0, -1.0])), max_size=24).map(
    lambda found: [Link(a, b, p, "rule", {"says less": s}) for (a, b), (p, s) in found.items()]
)
KINDS = st.fixed_dictionaries({name: st.sampled_from(["Person", "Place", "Other"]) for name in NAMES})


def linked(a: str, b: str, probability: float) -> Link:
    return Link(min(a, b), max(a, b), probability, "rule")


@settings(max_examples=400, deadline=None)
@given(KINDS, LINKS, st.sets(PAIR, max_size=3), st.sets(PAIR, max_size=4), st.randoms())
def test_entities_do_not_depend_on_order_and_keep_what_was_decided(
    types: dict[str, str],
    links: list[Link],
    must: set[tuple[str, str]],
    never: set[tuple[str, str]],
    chance: random.Random,
) -> None:
    found = group(types, links, must=must, never=never)
    assert sorted(name for names in found for name in names) == sorted(types)
    assert found == sorted(tuple(sorted(names)) for names in found)
    shuffled_types = list(types.items())
    turned = [Link(x.b, x.a, x.probability, x.rule, {"says less": -x.scores["says less"]}) for x in links]
    for each in (shuffled_types, turned):
        chance.shuffle(each)
    again = group(dict(shuffled_types), turned, must=sorted(must), never=[(b, a) for a, b in never])
    assert again == found
    entity = {name: names for names in found for name in names}
    assert all(entity[a] == entity[b] for a, b in must)
    if not contradictions(must, never):
        assert all(entity[a] != entity[b] for a, b in never)
    if not must:
        assert all(len({types[name] for name in names} - {"Other"}) <= 1 for names in found)


@settings(max_examples=200, deadline=None)
@given(KINDS, LINKS)
def test_a_component_is_decided_by_its_own_names_and_links(types: dict[str, str], links: list[Link]) -> None:
    others = {f"x{name}": type for name, type in types.items()}
    copies = [Link(f"x{link.a}", f"x{link.b}", link.probability, link.rule, link.scores) for link in links]
    found = group(types, links)
    assert group(types | others, links + copies) == sorted(
        found + [tuple(f"x{name}" for name in names) for names in found]
    )


def clique(names: Iterable[str]) -> list[Link]:
    listed = list(names)
    return [linked(a, b, 0.95) for i, a in enumerate(listed) for b in listed[i + 1 :]]


def test_one_wrong_link_does_not_glue_two_large_entities() -> None:
    left, right = [f"a{i}" for i in range(12)], [f"b{i}" for i in range(12)]
    links = clique(left) + clique(right) + [linked("a3", "b7", 0.99)]
    assert group(dict.fromkeys(left + right, "Other"), links) == [tuple(sorted(left)), tuple(sorted(right))]


def test_a_chain_of_near_names_does_not_become_one_entity() -> None:
    names = [f"c{i:02}" for i in range(30)]
    links = [linked(a, b, 0.8) for a, b in pairwise(names)]
    links += [linked(a, b, 0.05) for a, b in zip(names, names[2:], strict=False)]
    assert max(len(found) for found in group(dict.fromkeys(names, "Other"), links)) <= 3


def test_variants_of_one_name_gather_around_it() -> None:
    names = ["hub", *(f"v{i:03}" for i in range(200))]
    links = [linked("hub", name, 0.9) for name in names[1:]]
    assert group(dict.fromkeys(names, "Other"), links) == [tuple(sorted(names))]


def test_a_name_that_could_be_either_stays_apart_until_something_speaks_for_one() -> None:
    types = {"john": "Person", "robert": "Person", "peel": "Person"}
    two = linked("john", "robert", 0.01)
    assert len(group(types, [two, linked("peel", "john", 0.7), linked("peel", "robert", 0.7)])) == 3
    assert ("john", "peel") in group(types, [two, linked("peel", "john", 0.97), linked("peel", "robert", 0.7)])


def test_decisions_outweigh_links_and_types() -> None:
    types = {"a": "Person", "b": "Place", "c": "Other"}
    assert group(types, [], must=[("a", "b"), ("b", "c")]) == [("a", "b", "c")]
    assert group(types, [linked("a", "c", 1.0)], never=[("c", "a")]) == [("a",), ("b",), ("c",)]
    assert contradictions([("a", "b"), ("b", "c")], [("c", "a"), ("a", "d")]) == [
        (("c", "a"), [("c", "b"), ("b", "a")])
    ]
    assert contradictions([("a", "b")], [("a", "c")]) == []


def test_a_component_of_thousands_of_names_takes_seconds() -> None:
    chance = random.Random(3)
    names = [f"n{i:05}" for i in range(5_000)]
    links = [linked("n00000", name, 0.9) for name in names[1:]]
    links += [linked(*chance.sample(names, 2), chance.random()) for _ in range(15_000)]
    begin = time.process_time()
    found = group(dict.fromkeys(names, "Other"), links)
    assert time.process_time() - begin < 20
    assert sum(map(len, found)) == len(names)


# --- names, not ids ---------------------------------------------------------------------------------------------------


def entities(profiles: list[Profile]) -> set[frozenset[str]]:
    groups, _ = resolve_names(profiles)
    shown = {each.id: f"{each.name.key}/{each.name.type}" for each in profiles}
    return {frozenset(shown[name] for name in names) for names in groups}


def test_two_people_of_one_surname_stay_two() -> None:
    john = profile("John Peel", "Person", facts=("host>radio show", "work for>bbc"), documents=("d1",))
    robert = profile("Robert Peel", "Person", facts=("found>police", "lead>government"), documents=("d2",))
    alone = profile("Peel", "Person")
    assert len(entities([john, robert, alone])) == 3
    known = profile("Peel", "Person", facts=("host>radio show", "work for>bbc"), documents=("d1",))
    assert frozenset(["john peel/Person", "peel/Person"]) in entities([john, robert, known])


def test_one_name_under_several_types_attaches_by_evidence_or_stays_apart() -> None:
    country = profile("Jordan", "Place", facts=("border>syria", "have>king"), documents=("d1",))
    player = profile("Jordan", "Person", facts=("play for>bulls", "win>title"), documents=("d2",))
    unknown = profile("Jordan")
    assert len(entities([country, player, unknown])) == 3
    assert len(entities([country, unknown])) == 1
    told = profile("Jordan", facts=("play for>bulls", "win>title"), documents=("d2",))
    assert frozenset(["jordan/Person", "jordan/Other"]) in entities([country, player, told])


@pytest.mark.parametrize(
    ("names", "count"),
    [
        (("北京大学", "上海大学", "北京科技大学", "北京大学医院"), 4),
        (("3号线", "13号线", "3号楼"), 3),
        (("Java", "JavaScript", "iPhone", "iPhone 手机壳"), 4),
        (("张伟", "张玮", "章伟", "张大伟"), 4),
        (("中国银行", "中国人民银行", "中国农业银行", "中国工商银行"), 4),
        (("machine learning", "machine", "learning", "machine learning algorithm"), 4),
        (("北京大学", "北大"), 1),
        (("Acme Inc.", "Acme", "ACME Incorporated"), 1),
    ],
)
def test_names_alone(names: tuple[str, ...], count: int) -> None:
    assert len(entities([profile(name) for name in names])) == count


def test_the_order_of_names_does_not_matter() -> None:
    surfaces = [
        "John Peel",
        "Robert Peel",
        "Peel",
        "J. Peel",
        "北京大学",
        "北大",
        "清华",
        "清华大学",
        "IBM",
        "I.B.M. Corp.",
    ]
    profiles = [profile(s, t) for s in surfaces for t in ("Person", "Organization", "Other")]
    wanted = resolve_names(profiles)
    for seed in range(5):
        random.Random(seed).shuffle(profiles)
        assert resolve_names(profiles) == wanted
