"""Parts of the store that need no server."""

from __future__ import annotations

import string
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.errors import ReadOnlyError
from kg_builder.resolve import clusters
from kg_builder.store import cypher
from kg_builder.store.clustering import Registry
from kg_builder.store.connection import redacted
from kg_builder.store.dialect import ARCADEDB, NEO4J, Dialect, dialect_of, quote_identifier
from kg_builder.store.guard import check_read_only, single_statement
from kg_builder.store.reading import id_slices
from kg_builder.store.rows import batches, portions
from kg_builder.store.sorting import in_order
from kg_builder.types import Name

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


# ---------------------------------------------------------------- names in Cypher
@given(ANY_TEXT)
def test_a_quoted_identifier_never_ends_early(name: str) -> None:
    if not name or "\x00" in name:
        with pytest.raises(ValueError, match="null"):
            quote_identifier(name)
        return
    quoted = quote_identifier(name)
    assert quoted[0] == quoted[-1] == "`"
    assert "`" not in quoted[1:-1].replace("``", "")
    assert quoted[1:-1].replace("``", "`") == name


@pytest.mark.parametrize("dialect", [ARCADEDB, NEO4J], ids=["ArcadeDB", "Neo4j"])
@given(names=st.sets(ANY_TEXT, max_size=20))
def test_tokens_can_be_held_and_keep_different_names_apart(dialect: Dialect, names: set[str]) -> None:
    tokens = {dialect.token(name) for name in names}
    assert len(tokens) == len(names)
    for token in tokens:
        assert token.strip()
        assert not (dialect.forbidden - {"%"}) & set(token)
        quote_identifier(token)


def test_a_plain_name_is_its_own_token_and_a_long_one_fits_a_file_name() -> None:
    for dialect in (ARCADEDB, NEO4J):
        assert dialect.token("WORK_FOR") == "WORK_FOR"
        assert dialect.token("成立于") == "成立于"
    assert len(ARCADEDB.token("长" * 300).encode()) < 150
    assert ARCADEDB.token("长" * 300) != ARCADEDB.token("长" * 301)
    assert NEO4J.token("长" * 300) == "长" * 300


def test_a_server_is_known_by_its_agent() -> None:
    assert dialect_of("Neo4j/5.26.0 compatible (ArcadeDB 26.10.2)") == (ARCADEDB, "ArcadeDB 26.10.2")
    assert dialect_of("Neo4j/5.26.30") == (NEO4J, "Neo4j 5.26.30")


def test_every_statement_with_a_name_in_it_quotes_it() -> None:
    evil = "x`]->() DETACH DELETE n //"
    for dialect in (ARCADEDB, NEO4J):
        for typed in (cypher.Typed(dialect, evil), cypher.Typed(dialect, evil, from_subject=False)):
            for text in (typed.create(), typed.add_support(), typed.delete()):
                assert quote_identifier(evil) in text
    assert quote_identifier(evil) in cypher.create_entities(ARCADEDB, [evil])


def test_addresses_are_shown_without_secrets() -> None:
    assert redacted("bolt://user:secret@host:7687") == "bolt://host:7687"
    assert redacted("embedded:/tmp/a@b") == "embedded:/tmp/a@b"


# ---------------------------------------------------------------- the guard
READS = [
    "MATCH (n) RETURN n.set, n.create AS delete",
    "match (n:`CREATE`) return n",
    "MATCH (set:Set)-[:CREATE]->() WHERE set.merge = $delete RETURN set",
    "RETURN '; CREATE (n)' /* ; DELETE */ // ; DROP",
    'RETURN "it\\"s; DELETE"',
    "CALL db.labels()",
    "CALL db.index.fulltext.queryNodes('a', 'b') YIELD node RETURN node",
    "CALL { MATCH (n) RETURN n } RETURN n",
    "MATCH (a) CALL (a) { RETURN 1 AS x } RETURN x",
    "EXPLAIN MATCH (n) RETURN n",
    "CYPHER 25 MATCH (n) RETURN n",
    "WITH 1 AS x RETURN {set: x, load: 2}",
    "RETURN 1 ;",
]
OTHERS = [
    "create (n)",
    "MATCH (n)SET n.x=1",
    "MATCH (n)/**/DELETE/**/n",
    "MATCH (n)\nDETACH\nDELETE n",
    "LOAD CSV FROM 'x' AS l RETURN l",
    "load csv with headers from 'x' as l return l",
    "CALL apoc.load.json('file:///etc/passwd') YIELD value RETURN value",
    "CALL `apoc`.`cypher`.`doIt`('x', {})",
    "CALL dbms.listConfig()",
    "CALL /* { */ db.createLabel('x')",
    "CALL db . createLabel('x')",
    "MATCH (n) CALL { WITH n DELETE n } IN TRANSACTIONS",
    "RETURN 1; RETURN 2",
    "RETURN 1 ;; CREATE (n)",
    "SHOW TRANSACTIONS",
    "DRYRUN CREATE USER x",
    "USE other MATCH (n) RETURN n",
    "INSERT (n:X)",
    "",
    ";",
]


def test_the_guard_lets_reading_pass() -> None:
    for statement in READS:
        check_read_only(single_statement(statement))


def test_the_guard_refuses_everything_else() -> None:
    for statement in OTHERS:
        with pytest.raises(ReadOnlyError):
            check_read_only(single_statement(statement))


@given(ANY_TEXT)
def test_the_guard_reads_any_text_without_failing(text: str) -> None:
    try:
        check_read_only(single_statement(text))
    except ReadOnlyError:
        return
    assert text.strip()


@given(st.text(string.printable, max_size=30), st.sampled_from("'\"`"))
def test_words_inside_quotes_are_never_taken_for_clauses(words: str, quote: str) -> None:
    inside = words.replace("\\", "").replace(quote, "")
    check_read_only(single_statement(f"RETURN {quote}{inside} CREATE {quote} AS x"))


# ---------------------------------------------------------------- order, slices, portions
@settings(deadline=None)
@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=30))
def test_rows_are_sorted_by_code_points(keys: list[tuple[str, str]]) -> None:
    assert list(in_order(((key, key) for key in keys), width=2)) == sorted(keys)


@settings(deadline=None)
@given(st.integers(1, 500), st.text("0123456789abcdef", min_size=32, max_size=32))
def test_slices_of_ids_hold_each_id_once(count: int, id_: str) -> None:
    slices = list(id_slices(count))
    assert len(slices) == count
    assert sum(low <= id_ < high for low, high in slices) == 1


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 20))
def test_portions_keep_order_and_stay_within_their_limit(sizes: list[int], limit: int) -> None:
    found = list(portions(list(range(len(sizes))), sizes, limit))
    assert [item for group in found for item in group] == list(range(len(sizes)))
    assert all(len(group) == 1 or sum(sizes[i] for i in group) <= limit for group in found)


def test_batches_are_bounded_by_text_too() -> None:
    rows = [{"set": {"text": "x" * 3_000_000}} for _ in range(3)]
    assert [len(batch) for batch in batches(rows)] == [1, 1, 1]
    assert [len(batch) for batch in batches({"id": n} for n in range(5001))] == [5000, 1]


# ---------------------------------------------------------------- clusters
def test_resolution_keeps_types_apart_and_lets_the_untyped_join_the_only_typed() -> None:
    other, person, place = Name("jordan", "Other"), Name("jordan", "Person"), Name("jordan", "Place")
    apart = Name("jordans", "Other")
    assert set(clusters([other, apart])) == {(other,), (apart,)}
    assert {frozenset(c) for c in clusters([other, person, apart])} == {frozenset([other, person]), frozenset([apart])}
    assert {frozenset(c) for c in clusters([other, person, place])} == {frozenset([n]) for n in (other, person, place)}
    assert clusters([]) == []


@given(st.lists(st.builds(Name, st.sampled_from("abc"), st.sampled_from(["Other", "Person", "Place"])), max_size=8))
def test_resolution_does_not_depend_on_order_and_leaves_no_name_out(names: list[Name]) -> None:
    found = clusters(names)
    assert found == clusters(reversed(names)) == clusters(set(names))
    assert sorted((n.key, n.type) for c in found for n in c) == sorted({(n.key, n.type) for n in names})


def test_a_name_that_was_assigned_stays_where_it_was_put() -> None:
    def row(name: Name, entity: str, *, assigned: bool = False) -> dict[str, object]:
        return {
            "id": name.id,
            "ref": f"ref-{name.id}",
            "key": name.key,
            "type": name.type,
            "surfaces": [name.key],
            "counts": [1],
            "assigned": assigned,
            "entity": entity,
            "entity_ref": f"ref-{entity}",
        }

    jordan, country = Name("jordan", "Other"), Name("hashemite kingdom", "Place")
    registry = Registry([row(jordan, "E", assigned=True), row(country, "E")])
    person = Name("jordan", "Person")
    registry.count({person.id: person}, {person.id: Counter(Jordan=1)})
    registry.resolve()
    planned = {frozenset(known.name for known in cluster.names) for cluster in registry.planned()}
    assert planned == {
        frozenset([jordan, country]),
        frozenset([person]),
    }  # a person is not a place, whoever put it there


def test_opening_the_library_loads_no_driver() -> None:
    code = "import sys, kg_builder.store; print([m for m in ('neo4j', 'psutil', 'sqlite3') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['sqlite3']")
