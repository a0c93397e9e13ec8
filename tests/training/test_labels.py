"""Labels without a teacher: from what a graph knows of texts, and from what people said of a graph."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from preparing import PEOPLE, PLACES, lines, prepare, read

from finetune.corpus import LeftOut
from finetune.corrections import Correction, FromStore, correction_of, examples_of_store
from finetune.distant import Graph, Supervision, label_texts, load_graph
from finetune.examples import Example
from finetune.mentions import Names, tokens_of
from finetune.texts import Text, texts_of_paths
from kg_builder.reviewing import accept, edit, reject
from kg_builder.store import GraphStore
from kg_builder.types import Triple

sys.path.insert(0, str(Path(__file__).parents[1] / "store"))

from making import contribute, write


# ---------------------------------------------------------------- names in texts
def test_names_are_found_as_whole_words_the_longest_first() -> None:
    names = Names()
    for name, id_ in (("Ann", "1"), ("New York", "2"), ("New York Times", "3"), ("北京", "4"), ("北京大学", "5")):
        names.add(name, id_)
    names.add("company", "6")
    names.add("X", "7")

    def found(text: str) -> list[tuple[str, str]]:
        return [(text[each.start : each.end], *each.entities) for each in names.find(tokens_of(text))]  # type: ignore[misc]

    assert found("Anna and Ann's New  York Times.") == [("Ann", "1"), ("New  York Times", "3")]
    assert found("New York-based X; Company") == [("New York", "2"), ("Company", "6")]
    assert found("他在北京大学，北京。") == [("北京大学", "5"), ("北京", "4")]


# ---------------------------------------------------------------- distant supervision
def born_in_graph() -> Graph:
    graph = Graph()
    for person, place in zip(PEOPLE, PLACES, strict=True):
        graph.names.add(person, person)
        graph.names.add(place, place)
        graph.add(person, "birthPlace", place)
    graph.names.add("Ada", "Ada Lovelace")
    return graph


def labelled(texts: list[str], graph: Graph | None = None, **options: Any) -> list[Example | LeftOut]:
    items = [Text(each, f"x:{number}") for number, each in enumerate(texts, 1)]
    return list(label_texts(graph or born_in_graph(), lambda: items, Supervision(**options)))


BORN = [f"{person} came into the world in {place}." for person, place in zip(PEOPLE, PLACES, strict=True)]
NOISE = [f"{a} met {b} and {c}." for a, b, c in zip(PEOPLE, PEOPLE[1:], PEOPLE[2:], strict=False)]


def test_sentences_that_name_related_entities_are_labelled() -> None:
    found = labelled([*BORN, "Ada came into the world in London."])
    assert [each.triples for each in found if isinstance(each, Example)] == [
        *((Triple(person, "birthPlace", place),) for person, place in zip(PEOPLE, PLACES, strict=True)),
        (Triple("Ada", "birthPlace", "London"),),
    ]


def test_a_triple_without_a_cue_is_dropped() -> None:
    dropped: Counter[str] = Counter()
    texts = [Text(each, "") for each in [*BORN, *NOISE, "Ada Lovelace hated London."]]
    found = list(label_texts(born_in_graph(), lambda: texts, Supervision(negatives=0), dropped=dropped))
    assert Counter(each.reason for each in found if isinstance(each, LeftOut)) == {"no-relation": 6, "no-cue": 1}
    assert dropped == {"no-cue": 1}
    without = labelled([*BORN, *NOISE, "Ada Lovelace hated London."], support=0, negatives=0)
    assert sum(isinstance(each, Example) for each in without) == 9


def test_a_word_of_the_relations_name_is_a_cue() -> None:
    (found,) = labelled(["Ada Lovelace's birthplace was London."])
    assert isinstance(found, Example)
    zh = Graph()
    for name in ("李明", "北京大学"):
        zh.names.add(name, name)
    zh.add("李明", "毕业院校", "北京大学")
    first, second = labelled(["李明毕业于北京大学。", "李明路过北京大学。"], zh)
    assert isinstance(first, Example)
    assert first.triples == (Triple("李明", "毕业院校", "北京大学"),)
    assert isinstance(second, LeftOut)


def test_sentences_without_a_known_relation_become_examples_up_to_a_share() -> None:
    found = labelled(BORN + NOISE, negatives=0.3)
    empty = [each for each in found if isinstance(each, Example) and not each.triples]
    assert 1 <= len(empty) <= 3
    assert all(each.text in NOISE for each in empty)
    assert found == labelled(BORN + NOISE, negatives=0.3)
    assert not [each for each in labelled(BORN + NOISE, negatives=0) if isinstance(each, Example) and not each.triples]


def test_several_relations_of_a_pair_are_kept_or_dropped() -> None:
    graph = born_in_graph()
    for person, place in zip(PEOPLE, PLACES, strict=True):
        graph.add(person, "country", place)
    both = labelled(BORN, graph)
    assert all(isinstance(each, Example) and len(each.triples) == 2 for each in both)
    assert not any(isinstance(each, Example) for each in labelled(BORN, graph, several="drop"))


def test_a_name_that_means_several_entities_is_told_by_what_is_related_to_it() -> None:
    graph = born_in_graph()
    graph.names.add("Ada Lovelace", "a ship")
    found = labelled(BORN, graph)
    assert isinstance(found[0], Example)
    graph.add("a ship", "home port", "London")
    assert isinstance(labelled(BORN, graph)[0], LeftOut)


def test_crowded_sentences_are_left_out() -> None:
    (found,) = labelled([" ".join([*PEOPLE, *PLACES])])
    assert isinstance(found, LeftOut)
    assert found.reason == "many-entities"


def test_a_graph_and_documents_give_a_prepared_folder(tmp_path: Path) -> None:
    rows = [
        {"head": p, "relation": "birthPlace", "tail": c, "head_id": p, "head_aliases": [p.split()[0]]}
        for p, c in zip(PEOPLE, PLACES, strict=True)
    ]
    graph = lines(tmp_path / "graph.jsonl", [*rows, {"head": "", "relation": "r", "tail": "t"}])
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.md").write_text("# People\n\n" + " ".join(BORN[:4]), encoding="utf-8")
    (texts / "b.txt").write_text("\n\n".join(each.replace(" Marsh", "") for each in BORN[4:]), encoding="utf-8")
    (texts / "c.pdf").write_bytes(b"%PDF-broken")
    out = tmp_path / "out"
    prepare("--from-graph", graph, "--texts", texts, "--out", out, "--test", 2, "--allow-problems", 0.2)
    found = read(out / "train.jsonl") + read(out / "test.jsonl")
    assert len(found) == 8
    assert {"head": "Eve", "relation": "birthPlace", "tail": "Madrid"} in [each["triples"][0] for each in found]
    assert load_graph(str(graph)).refused == {"empty-head": 1}
    data = json.loads((out / "data.json").read_text())
    assert sum(data["problems"].values()) == 1
    assert data["triples_dropped"] == {"graph-empty-head": 1}


def test_every_line_can_be_a_text_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_bytes("One. Two.\n\n李明。\n".encode() + "李明".encode("gb18030") + b"\n")
    found = list(texts_of_paths([str(file)], lines=True))
    assert found[:2] == [Text("One. Two.", "x.txt:1"), Text("李明。", "x.txt:3")]
    assert [each.reason for each in found[2:] if isinstance(each, LeftOut)] == ["encoding"]
    short = list(texts_of_paths([str(file)], lines=True, longer_than=3))
    assert [each.reason for each in short if isinstance(each, LeftOut)] == ["too-short", "encoding"]


# ---------------------------------------------------------------- from a store
LINES = [
    "Ann:Person | knows | Bob:Person",
    "Cat:Person | !likes | Dan:Person @ 0.9",
    "Eve:Person | leads | Acme:Organization @ 0.3",
    "Finn:Person | owns | Mill:Place @ 0.9",
    "Gail:Person | <hired | Hugh:Person",
]


def ids() -> list[str]:
    return [each.extraction.id for each in contribute("file:///a.txt", LINES).statements]


def from_store(store: GraphStore, corrections: dict[str, Correction] | None = None, **options: Any) -> dict[str, str]:
    found = {}
    for each in examples_of_store(store, FromStore(**options), corrections=corrections):
        if isinstance(each, Example):
            found[each.text] = each.answer
        else:
            found[each.found] = each.reason
    return found


def test_facts_of_a_graph_become_examples(embedded_store: GraphStore) -> None:
    write(embedded_store, "file:///a.txt", *LINES)
    assert from_store(embedded_store) == {
        "Ann knows Bob.": "Ann|knows|Bob",
        "Cat likes Dan.": "no-facts",
        "Eve leads Acme.": "unsure",
        "Finn owns Mill.": "Finn|owns|Mill",
        "Gail hired Hugh.": "Gail|hired|Hugh",
    }
    by_segment = from_store(embedded_store, unit="segment")
    assert by_segment["Ann knows Bob. Cat likes Dan."] == "Ann|knows|Bob"
    assert from_store(embedded_store, canonical=True)["Gail hired Hugh."] == "Hugh|hired|Gail"
    assert from_store(embedded_store, min_confidence=0.2)["Eve leads Acme."] == "Eve|leads|Acme"


def test_people_override_the_extractor(embedded_store: GraphStore) -> None:
    write(embedded_store, "file:///a.txt", *LINES)
    ann, cat, eve, finn, gail = ids()
    corrections = {
        each.extraction: each
        for each in (
            Correction("reject", ann),
            Correction("accept", cat),
            Correction("accept", eve),
            Correction("edit", finn, relation="runs"),
            Correction("edit", gail, head="Nobody"),
            Correction("reject", "gone"),
        )
    }
    assert from_store(embedded_store, corrections) == {
        "Ann knows Bob.": "",
        "Cat likes Dan.": "",
        "Eve leads Acme.": "Eve|leads|Acme",
        "Finn owns Mill.": "Finn|runs|Mill",
        gail: "edit-not-in-text",
        "Gail hired Hugh.": "",
        "gone": "unknown-extraction",
    }
    assert from_store(embedded_store, {ann: corrections[ann]}, reviewed_only=True)["Finn owns Mill."] == "not-reviewed"


def test_what_was_decided_in_the_store_holds_and_a_file_goes_before_it(
    tmp_path: Path, embedded_store: GraphStore
) -> None:
    write(embedded_store, "file:///a.txt", *LINES)
    ann, cat, eve, finn, gail = ids()
    reject(embedded_store, [ann])
    accept(embedded_store, [eve, cat])
    edit(embedded_store, finn, relation="runs")
    assert from_store(embedded_store) == {
        "Ann knows Bob.": "",
        "Cat likes Dan.": "",
        "Eve leads Acme.": "Eve|leads|Acme",
        "Finn owns Mill.": "Finn|runs|Mill",
        "Gail hired Hugh.": "Gail|hired|Hugh",
    }
    assert from_store(embedded_store, canonical=True)["Finn owns Mill."] == "Finn|run|Mill"
    reviewed = from_store(embedded_store, reviewed_only=True)
    assert (reviewed["Gail hired Hugh."], reviewed["Eve leads Acme."]) == ("not-reviewed", "Eve|leads|Acme")
    assert from_store(embedded_store, {gail: Correction("reject", gail)})["Gail hired Hugh."] == ""
    file = lines(
        tmp_path / "corrections.jsonl",
        [{"action": "edit", "extraction": ann, "tail": "x"}, {"action": "accept", "extraction": ann}, {"action": "?"}],
    )
    out = tmp_path / "out"
    arguments = (
        "--from-store",
        embedded_store.uri,
        "--corrections",
        file,
        "--out",
        out,
        "--test",
        1,
        "--allow-problems",
        0.5,
    )
    prepare(*arguments)
    rows = {each["text"]: each for name in ("train", "test") for each in read(out / f"{name}.jsonl")}
    assert rows["Ann knows Bob."]["triples"] == [{"head": "Ann", "relation": "knows", "tail": "Bob"}]
    assert json.loads((out / "data.json").read_text())["problems"] == {"fields": 1}


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"action": "accept", "extraction": " x "}, Correction("accept", "x")),
        ({"action": "edit", "extraction": "x", "tail": "T", "head": None}, Correction("edit", "x", tail="T")),
        ({"action": "edit", "extraction": "x", "tail": " "}, "empty-edit"),
        ({"action": "accept"}, "fields"),
        ({"action": "maybe", "extraction": "x"}, "fields"),
        ({"action": "accept", "extraction": 3}, "fields"),
    ],
)
def test_a_correction_is_a_record(record: dict[str, Any], found: object) -> None:
    assert correction_of(record) == found
