"""Many ways to say it, one relation: the table beside this file says which, and which must stay apart."""

import random
import re
from pathlib import Path

import pytest
from annotated import contribute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg_builder.errors import ConfigError
from kg_builder.normalize import relation_type, to_statement
from kg_builder.relation_lexicon import is_symmetric, known_relation, known_relations, lexicon_text, looked_up, read
from kg_builder.relations import identifier
from kg_builder.relations_clusters import found_relations, relation_clusters
from kg_builder.store import GraphStore
from kg_builder.types import ENTITY_TYPES, Extraction, Language, Mention, Relation

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "relations.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
STORY: list[tuple[str, Language, list[str]]] = [
    (
        "a.txt",
        "en",
        [
            "[Acme|Organization] (was founded by) [Ann|Person].",
            "[Ann|Person] (is the founder of) [Acme|Organization].",
            "[Ann|Person] (married) [Bo|Person].",
            "[Ann|Person] (is the CEO of) [Acme|Organization] {from 2011 to 2015}.",
        ],
    ),
    (
        "b.txt",
        "en",
        [
            "[Bo|Person] (is married to) [Ann|Person].",
            "[Ann|Person] (is the CEO of) [Acme|Organization] {since 2013}.",
            "[Ann|Person] (is the CEO of) [Acme|Organization].",
        ],
    ),
    ("c.txt", "zh", ["[Ann|Person](创立了)[Acme|Organization]。", "[Bo|Person](嫁给了)[Ann|Person]。"]),
    (
        "d.txt",
        "en",
        ["[Ann|Person] (is the CEO of) [Acme|Organization] {until 2020}.", "[Ann|Person] (left) [Oslo|Place]."],
    ),
]


@pytest.mark.parametrize(("surface", "language", "head", "tail", "relation", "turned"), ROWS)
def test_relations(surface: str, language: Language, head: str, tail: str, relation: str, turned: str) -> None:
    statement = to_statement(
        Extraction(Mention("Ann", 0, 3, head), Relation(surface), Mention("Bo", 4, 6, tail), 1.0, "test"),
        language=language,
    )
    assert statement is not None
    assert (statement.relation, statement.inverted) == (relation, turned == "turned")


def test_what_is_denied_is_the_same_relation() -> None:
    denied = Extraction(
        Mention("A", 0, 1, "Organization"),
        Relation("was not founded by"),
        Mention("B", 2, 3, "Person"),
        1.0,
        "test",
        polarity="negative",
    )
    statement = to_statement(denied, language="en")
    assert statement is not None
    assert (statement.relation, statement.inverted) == ("found", True)


def test_the_lexicon_has_a_type_and_a_chinese_name_for_each_relation() -> None:
    relations = known_relations()
    assert 80 <= len(relations) <= 200
    types = [relation_type(each.name) for each in relations]
    assert len(set(types)) == len(types)
    for each in relations:
        assert relation_type(each.name) == identifier(each.name.upper())
        assert re.search("[一-龥]", each.zh), each.name
        assert each.symmetric != bool(each.inverse), each.name
        assert known_relation(each.name) == each


def test_no_form_is_hidden_by_another() -> None:
    lexicon = read(lexicon_text(), "relations.txt")
    hidden = [
        (words, one.relation.name, two.relation.name)
        for words, forms in lexicon.forms.items()
        for i, two in enumerate(forms)
        for one in forms[:i]
        if two.heads <= one.heads
        and two.tails <= one.tails
        and (one.relation, one.turned) != (two.relation, two.turned)
    ]
    assert hidden == []


def test_a_canonical_relation_stays_what_it_is() -> None:
    """Statements that go through twice, as those of an import do, come out the same."""
    for each in known_relations():
        for head in ENTITY_TYPES:
            for tail in ENTITY_TYPES:
                found = looked_up(each.name, each.name, head, tail)
                if found is not None and found[0] == each:
                    assert not found[1], (each.name, head, tail)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("= found | 创立\n> found\n+ establish", 3),
        ("> found", 1),
        ("= found | 创立 | by | 由 | funny", 1),
        ("= found | 创立\n: P>Z", 2),
        ("= found | 创立\n> found; ", 2),
        ("= found | 创立\n\n= found | 创办", 3),
    ],
)
def test_a_broken_lexicon_names_its_line(text: str, line: int) -> None:
    with pytest.raises(ConfigError, match=f"mine.txt, line {line}: expected"):
        read(text, "mine.txt")


def facts(store: GraphStore) -> list[tuple[object, ...]]:
    return [(e.head.name, e.relation, e.tail.name, e.support, e.valid_from, e.valid_to) for e in store.edges()]


def write(store: GraphStore, uri: str, language: Language, sentences: list[str]) -> None:
    store.write(contribute(uri, uri, language, sentences), size_bytes=1, recipe="test")


def test_all_ways_to_say_it_are_one_edge_with_its_time_in_any_order(any_store: GraphStore) -> None:
    seen = set()
    for seed in range(3):
        any_store.execute("MATCH (n) DETACH DELETE n")
        story = STORY * 2 if seed == 2 else list(STORY)
        random.Random(seed).shuffle(story)
        for uri, language, sentences in story:
            write(any_store, uri, language, sentences)
        assert any_store.check() == []
        seen.add(tuple(facts(any_store)))
    [found] = seen
    ceo = ("Ann", "CEO of", "Acme", 4, None, None)  # 2013 has no end, 2020 no beginning
    assert ceo in found
    assert ("Ann", "found", "Acme", 3, None, None) in found
    assert [row[3] for row in found if row[1] == "marry"] == [3]
    assert [row[:3] for row in found if row[1] == "leave"] == [("Ann", "leave", "Oslo")]


def test_an_edges_time_follows_its_evidence_when_that_is_withdrawn(any_store: GraphStore) -> None:
    for uri, language, sentences in STORY:
        write(any_store, uri, language, sentences)

    def span() -> tuple[object, ...]:
        [row] = [row[4:] for row in facts(any_store) if row[1] == "CEO of"]
        return row

    assert span() == (None, None)
    any_store.remove("d.txt")
    assert span() == ("2011-01-01", None)
    any_store.remove("b.txt")
    assert span() == ("2011-01-01", "2015-12-31")
    write(any_store, "b.txt", "en", ["[Ann|Person] (is the CEO of) [Acme|Organization] {in 2018}."])
    assert span() == ("2011-01-01", "2018-12-31")
    any_store.remove("a.txt")
    assert span() == ("2018-01-01", "2018-12-31")
    assert any_store.check() == []


MARKS = st.sampled_from(["", " {in 2014}", " {since 2011}", " {until 2019}", " {from 2012 to 2016}"])
SAYINGS = st.sampled_from(["(is CEO of)", "(married)", "(works for)"])
PEOPLE = st.sampled_from(["[Ann|Person]", "[Bo|Person]"])
SENTENCES = st.builds(lambda a, says, b, mark: f"{a} {says} {b}{mark}.", PEOPLE, SAYINGS, PEOPLE, MARKS)
STEPS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.lists(SENTENCES, min_size=1, max_size=4) | st.none()), max_size=7
)


def test_any_history_gives_the_times_of_a_build_from_scratch(embedded_store: GraphStore) -> None:
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(steps=STEPS)
    def check(steps: list[tuple[str, list[str] | None]]) -> None:
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        for uri, sentences in steps:
            if sentences is None:
                embedded_store.remove(uri)
            else:
                write(embedded_store, uri, "en", sentences)
        assert embedded_store.check() == []
        after = list(embedded_store.edges())
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        for uri, sentences in sorted(dict(steps).items(), reverse=True):
            if sentences is not None:
                write(embedded_store, uri, "en", sentences)
        assert list(embedded_store.edges()) == after

    check()


def test_a_damaged_time_or_value_is_found_and_mended(any_store: GraphStore) -> None:
    for uri, language, sentences in STORY[:1]:
        write(any_store, uri, language, sentences)
    write(any_store, "t.txt", "en", ["[Acme|Organization] (was founded in) [May 2009|Time]."])
    before = facts(any_store)
    any_store.execute("MATCH ()-[r:CEO_OF]->() SET r.valid_from = '1999-01-01'")
    any_store.execute("MATCH (t:Time) SET t.value_start = '1999-01-01'")
    assert any("time" in problem for problem in any_store.check())
    any_store.repair()
    assert any_store.check() == []
    assert facts(any_store) == before
    [row] = any_store.query("MATCH (t:Time) RETURN t.value_start, t.value_end, t.value_kind, t.value_unit").rows
    assert row == ("2009-05-01", "2009-05-31", "date", "month")


def test_a_symmetric_edge_stays_one_when_names_move(any_store: GraphStore) -> None:
    for uri, language, sentences in STORY:
        write(any_store, uri, language, sentences)
    write(any_store, "e.txt", "en", ["[Robert|Person] (married) [Ann|Person].", "[Anna|Person] (married) [Bo|Person]."])
    ids = {entity.name: entity.id for entity in any_store.entities()}
    any_store.assign({ids["Robert"]: ids["Bo"], ids["Anna"]: ids["Ann"]})
    assert [row[3] for row in facts(any_store) if row[1] == "marry"] == [5]
    assert any_store.check() == []
    any_store.assign({ids["Robert"]: "apart", ids["Anna"]: "away"})
    assert sorted(row[3] for row in facts(any_store) if row[1] == "marry") == [1, 1, 3]
    assert any_store.check() == []


def test_relations_are_listed_and_the_long_tail_grouped(any_store: GraphStore) -> None:
    assert is_symmetric("marry")
    lines = [f"[P{i}|Person] (mends) [T{i}|Other]." for i in range(4)]
    lines += [f"[P{i}|Person] (patches up) [T{i}|Other]." for i in range(3)]
    lines += [f"[T{i}|Other] (gets help from) [P{i}|Person]." for i in range(2)]
    lines += ["[Ann|Person] (founded) [Acme|Organization].", "[Ann|Person] (dreams of) [Oslo|Place]."]
    write(any_store, "a.txt", "en", lines)
    found = {each.relation: each for each in found_relations(any_store)}
    assert (found["found"].type, found["found"].facts) == ("FOUND", 1)
    assert found["found"].known is not None
    assert found["mend"].known is None
    [cluster] = relation_clusters(any_store)
    assert (cluster.relation, cluster.facts, cluster.known) == ("mend", 4, False)
    assert [(m.relation, m.shared, m.turned) for m in cluster.members] == [
        ("patch up", 3, False),
        ("get help from", 2, True),
    ]
    assert cluster.members[0].examples[0] == ("P0", "T0") or len(cluster.members[0].examples) == 3
