import json
from dataclasses import replace
from pathlib import Path

import pytest

from kg_builder import Mapper, Ontology, ontology_to_toml, open_extractor, read_ontology, teach
from kg_builder.errors import OntologyError
from kg_builder.ontology.building import build_ontology
from kg_builder.ontology.examples import Example, read_examples
from kg_builder.ontology.forms import Index, align, written_as
from kg_builder.ontology.learning import learn
from kg_builder.ontology.places import Places
from kg_builder.ontology.spans import read_text
from kg_builder.ontology.weights import pack, unpack
from kg_builder.recipe import Recipe
from kg_builder.types import Triple

FILMS = build_ontology(
    {
        "types": {"film": {}, "person": {}},
        "relations": {
            "director": {"domain": "film", "range": "person"},
            "released": {"domain": "film", "range": "date"},
            "genre": {"domain": "film"},
        },
    },
    Places("here"),
)
PEOPLE = [
    "Ann Moss",
    "Bo Lind",
    "Cy Hale",
    "Di Pohl",
    "Ed Kerr",
    "Flo Rand",
    "Gus Wynn",
    "Hal Dorn",
    "Ida Beck",
    "Jo Stam",
]
TITLES = [
    "Red Tide",
    "The Long Wall",
    "Iron Harvest",
    "Blue Hour",
    "Salt",
    "Night Ferry",
    "Cold Peak",
    "Glass Road",
    "Tin Bird",
    "Far Shore",
]
GENRES = ["comedy", "drama", "western", "thriller", "comedy", "drama", "western", "thriller", "comedy", "drama"]
ZH_PEOPLE = ["林若汐", "陈远帆", "许知微", "周望舒", "苏砚秋", "何青禾", "顾北辰", "沈清越", "陆知行", "江晚吟"]
ZH_TITLES = ["红潮", "长墙", "铁的收获", "蓝色时刻", "盐", "夜渡", "寒峰", "玻璃之路", "锡鸟", "远岸"]


def english(at: int) -> Example:
    title, person, genre, year = TITLES[at], PEOPLE[at], GENRES[at], 1971 + 3 * at
    text = f"{title} is a {year} {genre} film with {person} in the director's chair."
    triples = (
        Triple(title.replace(" ", "_"), "director", person),
        Triple(title, "released", f"01 January {year}"),
        Triple(title, "genre", genre),
    )
    return Example(text, triples, at + 1)


def chinese(at: int) -> Example:
    title, person = ZH_TITLES[at], ZH_PEOPLE[at]
    text = f"电影《{title}》于{1971 + 3 * at}年上映，出自{person}之手。"
    return Example(text, (Triple(title, "director", person), Triple(title, "released", f"{1971 + 3 * at}年")), at + 1)


def taught(examples: list[Example], ontology: Ontology = FILMS) -> Ontology:
    found = [open_extractor().extract(example.text) for example in examples]
    return replace(ontology, learnt=learn(ontology, examples, found).text)


def found_in(mapper: Mapper, text: str) -> set[tuple[str, str, str]]:
    mapped = mapper.map(text, open_extractor().extract(text))
    for x in mapped.extractions:
        assert text[x.head.start : x.head.end] == x.head.surface
        assert text[x.tail.start : x.tail.end] == x.tail.surface
        assert 0.15 <= x.confidence <= 1
    return {
        (x.head.name or x.head.surface, x.relation.lemma, x.tail.name or x.tail.surface) for x in mapped.extractions
    }


@pytest.mark.parametrize("make", [english, chinese], ids=["en", "zh"])
def test_examples_teach_relations_that_no_words_of_the_ontology_say(make: object) -> None:
    assert callable(make)
    mapper = Mapper(taught([make(at) for at in range(8)]))
    right = wanted = said = 0
    for at in (8, 9):
        example = make(at)
        gold = {(t.head.replace("_", " "), t.relation, t.tail) for t in example.triples}
        found = found_in(mapper, example.text)
        right, wanted, said = right + len(gold & found), wanted + len(gold), said + len(found)
    assert right >= 0.75 * wanted and right >= 0.75 * said, (right, wanted, said)


def test_the_same_examples_give_the_same_bytes() -> None:
    examples = [english(at) for at in range(4)]
    assert taught(examples).learnt == taught(examples).learnt


def test_a_relation_without_examples_is_still_found_by_its_words() -> None:
    more = {**FILMS.relations, "sequel": replace(FILMS.relations["director"], name="sequel", range=("film",))}
    ontology = taught([english(at) for at in range(6)], replace(FILMS, relations=more))
    assert ("Amber Days", "sequel", "Amber Falls") in found_in(
        Mapper(ontology), "Amber Falls is the sequel of Amber Days."
    )


def test_what_was_learnt_travels_in_the_file_and_changes_the_fingerprint(tmp_path: Path) -> None:
    ontology = taught([english(at) for at in range(4)])
    file = tmp_path / "o.toml"
    file.write_text(ontology_to_toml(ontology), encoding="utf-8")
    again = read_ontology(file)
    assert again.learnt == ontology.learnt
    assert again.fingerprint == ontology.fingerprint != replace(ontology, learnt="").fingerprint
    file.write_text(file.read_text().replace(ontology.learnt[20:60], "A" * 40), encoding="utf-8")
    with pytest.raises(OntologyError, match="kg ontology learn"):
        Mapper(read_ontology(file))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("Turn_Me_On_(album)", "The album Turn Me On is short.", "Turn Me On"),
        ("Akron,_Ohio", "He lives in Akron.", "Akron"),
        ("1908-05-02", "She was born on May 2nd, 1908.", "May 2nd, 1908"),
        ("01 January 2013", "It came out in 2013.", "2013"),
        ("83.0", "It runs for 83 minutes.", "83"),
        ("Arròs_negre", "Arros negre is a dish.", "Arros negre"),
        ("Polish_language", "They speak Polish.", "Polish"),
        ("2009年", "公司成立于2009年。", "2009年"),
        ("Nobody", "Somebody was here.", ""),
    ],
)
def test_an_examples_names_are_found_as_the_text_writes_them(name: str, text: str, words: str) -> None:
    read = read_text(text)
    spans = align(name, Index(read))
    assert [text[read.starts[a] : read.ends[b - 1]] for a, b in spans[:1]] == ([words] if words else [])


@pytest.mark.parametrize(
    ("form", "surface", "written"),
    [
        ("iso", "May 2nd, 1908", "1908-05-02"),
        ("long", "1908-05-02", "02 May 1908"),
        ("year-long", "2013", "01 January 2013"),
        ("float", "83", "83.0"),
        ("{} language", "Polish", "Polish language"),
        ("iso", "last week", "last week"),
    ],
)
def test_forms_apply_where_they_fit(form: str, surface: str, written: str) -> None:
    assert written_as(form, surface) == written


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("{", "2: expected"),
        ('{"text": "a"}', "no 'triples'"),
        ('{"text": "a", "triples": [{"head": "a"}]}', "no 'relation'"),
        ('{"text": 3, "triples": []}', "is no text"),
    ],
)
def test_a_bad_example_is_named_by_its_line(tmp_path: Path, line: str, part: str) -> None:
    file = tmp_path / "e.jsonl"
    file.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(OntologyError) as caught:
        read_examples(file)
    assert f"{file}:2" in str(caught.value) and part in str(caught.value)


def test_examples_of_other_relations_are_refused(tmp_path: Path) -> None:
    ontology, examples = tmp_path / "o.toml", tmp_path / "e.jsonl"
    ontology.write_text(ontology_to_toml(FILMS), encoding="utf-8")
    row = {"text": "Salt is short.", "triples": [{"head": "Salt", "relation": "length", "tail": "short"}]}
    examples.write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(OntologyError, match="found none among 1"):
        teach(ontology, examples, tmp_path / "out.toml", recipe=Recipe(), workers=0)
    assert not (tmp_path / "out.toml").exists()


def test_what_another_prior_was_part_of_is_to_be_learnt_again() -> None:
    ontology = taught([english(at) for at in range(3)])
    weights, said = unpack(ontology.learnt)
    other = replace(ontology, learnt=pack(weights, {**said, "prior": "another"}))
    with pytest.raises(OntologyError, match="another version"):
        Mapper(other)


def test_a_very_long_text_is_read_in_windows() -> None:
    mapper = Mapper(taught([english(at) for at in range(8)]))
    texts = [english(at).text for at in range(10)]
    text = " ".join(texts * 6) + " " + "铁" * 5000 + "Word " * 3000
    mapped = mapper.map(text, [])
    found = [x.head.surface for x in mapped.extractions if x.relation.lemma == "director"]
    assert len(set(found)) >= 8
    for x in mapped.extractions:
        assert text[x.tail.start : x.tail.end] == x.tail.surface
