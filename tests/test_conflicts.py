"""Facts that exclude each other are found with both their sides; what only looks so is not."""

import json
from pathlib import Path

from annotated import contribute
from click.testing import CliRunner

from kg_builder.cli import cli
from kg_builder.conflicts import Rule, find_conflicts, rules_of_ontology
from kg_builder.relation_types import given_relation
from kg_builder.store import GraphStore, open_store
from kg_builder.types import Language

DOCUMENTS: list[tuple[str, Language, list[str]]] = [
    (
        "a.txt",
        "en",
        [
            "[Ada Holt|Person] (was born in) [Bergen|Place].",
            "[Ada Holt|Person] (was born on) [3 May 1961|Time].",
            "[Acme|Organization] (was founded in) [2014|Time].",
            "[Ada Holt|Person] (was CEO of) [Acme|Organization] {from 2014 to 2019}.",
            "[Ben Orr|Person] (has been CEO of) [Acme|Organization] {since 2019}.",
            "[Cy Dane|Person] (was mayor of) [Bergen|Place] {in 2010}.",
        ],
    ),
    (
        "b.txt",
        "en",
        [
            "[Ada Holt|Person] (was born in) [Oslo|Place].",
            "[Ada Holt|Person] (was born in) [1961|Time].",
            "[Ben Orr|Person] (was born in) [Hull|Place].",
            "[Ben Orr|Person] (was born in) [Hull|Organization].",
            "[Acme|Organization] (was founded in) [2013|Time].",
            "[Acme|Organization] (was founded on) [12 March 2014|Time].",
            "[Dee Fox|Person] (is the CEO of) [Acme|Organization] {since 2019}.",
            "[Eve Moss|Person] (is mayor of) [Bergen|Place].",
            "not: [Ada Holt|Person] (was not born in) [Rome|Place].",
        ],
    ),
    (
        "c.txt",
        "zh",
        [
            "[鲁文|Person](出生于)[绍兴|Place]。",
            "[鲁文|Person](出生于)[浙江绍兴|Place]。",
            "[鲁文|Person](出生于)[浙江|Place]。",
            "[绍兴|Place](位于)[浙江|Place]。",
            "[鲁文|Person](生于)[1881年|Time]。",
            "[鲁文|Person](生于)[1882年9月25日|Time]。",
        ],
    ),
]


def fill(store: GraphStore) -> None:
    for uri, language, sentences in DOCUMENTS:
        store.write(contribute(uri, uri, language, sentences), size_bytes=1, recipe="test")


def told(store: GraphStore, rules: list[Rule] | None = None) -> dict[frozenset[str], tuple[str, str]]:
    return {
        frozenset(side.entity.name for side in each.sides): (each.kind, each.relation)
        for each in find_conflicts(store, rules=rules)
    }


def test_contradictions_and_supersessions(any_store: GraphStore) -> None:
    fill(any_store)
    assert told(any_store) == {
        frozenset({"Bergen", "Oslo"}): ("contradiction", "born in"),
        frozenset({"2013", "2014"}): ("contradiction", "founded on"),
        frozenset({"2013", "12 March 2014"}): ("contradiction", "founded on"),
        frozenset({"1881年", "1882年9月25日"}): ("contradiction", "born on"),
        frozenset({"Ada Holt", "Ben Orr"}): ("supersession", "CEO of"),
        frozenset({"Ada Holt", "Dee Fox"}): ("supersession", "CEO of"),
        frozenset({"Ben Orr", "Dee Fox"}): ("contradiction", "CEO of"),
        frozenset({"Cy Dane", "Eve Moss"}): ("undated", "mayor of"),
    }
    assert any_store.check() == []


def test_both_sides_are_named_with_their_evidence(any_store: GraphStore) -> None:
    fill(any_store)
    [birth] = [each for each in find_conflicts(any_store) if each.relation == "born in"]
    assert (birth.entity.name, birth.end, birth.support) == ("Ada Holt", "head", 2)
    assert {(s.entity.name, s.evidence[0].document_uri) for s in birth.sides} == {
        ("Bergen", "a.txt"),
        ("Oslo", "b.txt"),
    }
    supports = [each.support for each in find_conflicts(any_store)]
    assert supports == sorted(supports, reverse=True)


def test_a_later_fact_ends_an_open_one(any_store: GraphStore) -> None:
    lines = ["[Ada|Person] (is CEO of) [Acme|Organization] {since 2011}."]
    lines += ["[Ben|Person] (is CEO of) [Acme|Organization] {since March 2019}."]
    any_store.write(contribute("a.txt", "a", "en", lines), size_bytes=1, recipe="test")
    [found] = find_conflicts(any_store)
    assert found.kind == "supersession"
    assert [(side.entity.name, side.closed_on) for side in found.sides] == [("Ada", "2019-03-01"), ("Ben", None)]


def test_rules_of_ones_own(any_store: GraphStore) -> None:
    lines = ["[Ada|Person] (drives) [Volvo|Product].", "[Ada|Person] (drives) [Saab|Product]."]
    any_store.write(contribute("a.txt", "a", "en", lines), size_bytes=1, recipe="test")
    assert find_conflicts(any_store) == []
    assert told(any_store, [Rule("drive", "head", False)]) == {frozenset({"Volvo", "Saab"}): ("contradiction", "drive")}


def test_of_a_symmetric_relation_either_end_has_one_other(any_store: GraphStore, tmp_path: Path) -> None:
    lines = ["[Ada|Person] (is the twin of) [Ben|Person].", "[Ben|Person] (is the twin of) [Ada|Person]."]
    lines += ["[Cy|Person] (is the twin of) [Ada|Person].", "[Dee|Person] (is the twin of) [Eve|Person]."]
    any_store.write(contribute("a.txt", "a", "en", lines), size_bytes=1, recipe="test")
    ontology = tmp_path / "family.toml"
    ontology.write_text('[types.Person]\n[relations."twin of"]\nsymmetric = true\nfunctional = true\n')
    assert rules_of_ontology(ontology) == [Rule(given_relation("twin of"), "either", True)]
    [found] = find_conflicts(any_store, rules=[Rule("twin of", "either", True)])
    assert (found.entity.name, found.kind, found.end) == ("Ada", "undated", "either")
    assert {side.entity.name for side in found.sides} == {"Ben", "Cy"}
    assert all(side.evidence for side in found.sides)
    assert all(found.entity in found.ends_of(side) for side in found.sides)


def test_commands_print_relations_and_conflicts(tmp_path: Path) -> None:
    uri = f"embedded:{tmp_path / 'graph'}"
    with open_store(uri) as store:
        fill(store)
    run = CliRunner()
    listed = run.invoke(cli, ["relations", "--store", uri, "--json"])
    found = {each["relation"]: each for each in json.loads(listed.stdout)["relations"]}
    assert (found["CEO of"]["facts"], found["CEO of"]["type"], found["CEO of"]["zh"]) == (3, "CEO_OF", "首席执行官")
    shown = run.invoke(cli, ["relations", "--store", uri])
    assert "born in" in shown.stdout
    assert run.invoke(cli, ["relations", "--store", uri, "--clusters"]).exit_code == 0
    printed = run.invoke(cli, ["conflicts", "--store", uri])
    assert "Ada Holt | born in | Bergen  (1 statement)" in printed.stdout
    assert "Ada Holt was born in Oslo.  [b.txt]" in printed.stdout
    as_json = json.loads(run.invoke(cli, ["conflicts", "--store", uri, "--json"]).stdout)["conflicts"]
    assert len(as_json) == 8
    assert all(len(each["sides"]) == 2 and each["sides"][0]["evidence"] for each in as_json)
