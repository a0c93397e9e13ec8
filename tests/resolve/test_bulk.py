"""Many names at once: pairs that are compared and links that are kept are those that looking one by one would give."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.names import name_key
from kg_builder.resolve import pairing
from kg_builder.resolve.batch import candidates, resolve_names
from kg_builder.resolve.blocking import BROAD, block_keys
from kg_builder.resolve.features import look_at
from kg_builder.resolve.keys import loose_key, loosened
from kg_builder.resolve.records import Profile
from kg_builder.resolve.scoring import likely_link, link
from kg_builder.resolve.views import view_of
from kg_builder.types import Name
from tests.resolve.test_linking import PROFILES, SURFACES, profile

_WORDS = ("Harbor", "Nova", "Quill", "Halden", "Mara", "Viktor", "Tide", "Energy", "IBM", "International", "Fenn")
_HAN = ("北京", "上海", "能源", "科技", "澜海", "大学", "公司")


def names(count: int, seed: int) -> dict[str, Profile]:
    """Names with many a word in common, so that most blocks are large."""
    chance = random.Random(seed)
    found = {}
    for _ in range(count):
        han = chance.random() < 0.3
        parts = chance.choices(_HAN if han else _WORDS, k=chance.randint(1, 4))
        surface = ("" if han else " ").join(parts) + (chance.choice("abcxyz") if chance.random() < 0.3 else "")
        each = Profile(
            Name(name_key(surface), chance.choice(("Person", "Organization", "Other"))),
            {surface: 1},
            frozenset(f"know>{chance.randint(0, 40)}" for _ in range(chance.randint(0, 4))),
            frozenset(f"d{chance.randint(0, 60)}" for _ in range(chance.randint(0, 3))),
        )
        found[each.id] = each
    return found


def by_definition(profiles: dict[str, Profile]) -> set[tuple[str, str]]:
    """The pairs that `candidates` describes, each block by itself."""
    blocks = defaultdict(list)
    for name in sorted(profiles):
        for key in block_keys(profiles[name]):
            blocks[key].append(name)
    small: dict[tuple[str, str], set[bool]] = defaultdict(set)
    refined: set[tuple[str, str]] = set()
    for key, members in blocks.items():
        most = 12 if key[0] in BROAD else 40
        if len(members) <= most:
            for pair in combinations(members, 2):
                small[pair].add(key[0] in "az")
            continue
        for kind in ("neighbours", "documents"):
            sharing = defaultdict(list)
            for name in members:
                for context in getattr(profiles[name], kind):
                    sharing[context].append(name)
            refined.update(pair for few in sharing.values() if len(few) <= most for pair in combinations(few, 2))
    short_only = {
        pair for pair, kinds in small.items() if kinds == {True} and all(map(is_long, pair_of(pair, profiles)))
    }
    return (small.keys() - short_only) | (refined - small.keys())


def pair_of(pair: tuple[str, str], profiles: dict[str, Profile]) -> tuple[Profile, Profile]:
    return profiles[pair[0]], profiles[pair[1]]


def is_long(each: Profile) -> bool:
    view = view_of(each.name.plain)
    return len(view.loose) > 4 if view.han else len(view.words) > 1


@pytest.mark.parametrize("count", [0, 1, 2, 30, 400, 1500])
@pytest.mark.parametrize("at_once", [1 << 20, 50])
def test_pairs_are_those_of_the_definition_each_once(count: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "_AT_ONCE", at_once)
    profiles = names(count, seed=count)
    found = list(candidates(profiles))
    assert all(a < b for a, b in found)
    assert len(found) == len(set(found))
    assert set(found) == by_definition(profiles)


@settings(max_examples=500, deadline=None)
@given(PROFILES, PROFILES, st.sampled_from([0.0, 0.02, 0.2, 0.5, 0.9]))
def test_a_likely_link_is_the_link_where_it_is_likely(a: Profile, b: Profile, least: float) -> None:
    found = link(a, b)
    assert likely_link(look_at(a), look_at(b), least) == (found if found.probability >= least else None)


def test_likely_links_of_names_with_words_in_common_are_their_links() -> None:
    profiles = names(300, seed=1)
    kept = 0
    for a, b in candidates(profiles):
        found = link(profiles[a], profiles[b])
        likely = likely_link(look_at(profiles[a]), look_at(profiles[b]), 0.2)
        assert likely == (found if found.probability >= 0.2 else None)
        kept += likely is not None
    assert kept


def test_a_stated_alias_is_likely_however_it_is_spelt() -> None:
    a, b = profile("Nova Tide", stated=("Harbor Quill",)), profile("Harbor Quill")
    assert likely_link(look_at(a), look_at(b), 0.5) == link(a, b)


def test_the_order_of_names_does_not_matter() -> None:
    profiles = list(names(400, seed=2).values())
    groups, links = resolve_names(profiles)
    random.Random(3).shuffle(profiles)
    assert resolve_names(profiles) == (groups, links)


@settings(max_examples=300, deadline=None)
@given(SURFACES)
def test_the_looser_key_is_one_of_the_key(surface: str) -> None:
    assert loosened(name_key(surface)) == loose_key(surface) == view_of(name_key(surface)).loose
