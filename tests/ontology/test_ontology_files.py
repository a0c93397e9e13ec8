import json
from pathlib import Path

import pytest

from kg_builder import Ontology, ontology_to_toml, read_ontology
from kg_builder.errors import OntologyError

DATA = Path(__file__).parents[2] / "data"

GOOD = """
title = "Films"
[types.person]
aliases = ["人"]
[types.film]
[types."short film"]
parent = "film"
[relations.director]
domain = "film"
range = "person"
aliases = ["directed by", "导演"]
inverse = "director of"
[relations."director of"]
domain = "person"
range = "film"
[relations.released]
domain = "film"
range = "date"
cardinality = "many-to-one"
"""

AS_YAML = """
title: Films
types:
  person: {aliases: [人]}
  film:
  short film: {parent: film}
relations:
  director: {domain: film, range: person, aliases: [directed by, 导演], inverse: director of}
  director of: {domain: person, range: film}
  released: {domain: film, range: date, functional: true}
"""

AS_OWL = """
@prefix : <http://example.org/films#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<http://example.org/films> a owl:Ontology ; rdfs:label "Films" .
:person a owl:Class ; rdfs:label "person"@en, "人"@zh .
:film a owl:Class .
:short a owl:Class ; rdfs:label "short film" ; rdfs:subClassOf :film .
:director a owl:ObjectProperty ; rdfs:domain :film ; rdfs:range :person ; owl:inverseOf :directorOf .
:directorOf a owl:ObjectProperty ; rdfs:label "director of" ; rdfs:domain :person ; rdfs:range :film .
:released a owl:DatatypeProperty, owl:FunctionalProperty ; rdfs:domain :film ; rdfs:range xsd:date .
"""

AS_SHACL = """
@prefix : <http://example.org/films#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:FilmShape a sh:NodeShape ; sh:targetClass :film ;
  sh:property [ sh:path :director ; sh:class :person ] , [ sh:path :released ; sh:datatype xsd:date ; sh:maxCount 1 ] .
"""


def read(folder: Path, text: str, name: str = "o.toml") -> Ontology:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_ontology(file)


def refused(folder: Path, text: str, name: str = "o.toml") -> str:
    with pytest.raises(OntologyError) as caught:
        read(folder, text, name)
    return str(caught.value)


def test_toml_and_yaml_of_the_same_content_are_one_ontology(tmp_path: Path) -> None:
    ontology = read(tmp_path, GOOD)
    assert ontology.relations["released"].functional and ontology.relations["released"].range == ("date",)
    assert ontology.is_a("short film", "film") and not ontology.is_a("film", "short film")
    assert read(tmp_path, AS_YAML, "o.yaml").fingerprint == ontology.fingerprint


def test_an_ontology_that_is_written_is_read_again_the_same(tmp_path: Path) -> None:
    for file in (DATA / "ontology.toml",):
        ontology = read_ontology(file)
        again = read(tmp_path, ontology_to_toml(ontology))
        assert again.fingerprint == ontology.fingerprint and list(again.relations) == list(ontology.relations)


@pytest.mark.parametrize(("text", "name"), [(AS_OWL, "o.ttl"), (AS_SHACL, "o.ttl")], ids=["owl", "shacl"])
def test_owl_and_shacl_say_what_our_own_form_says(tmp_path: Path, text: str, name: str) -> None:
    ontology = read(tmp_path, text, name)
    director, released = ontology.relations["director"], ontology.relations["released"]
    assert (director.domain, director.range) == (("film",), ("person",))
    assert (released.domain, released.range, released.functional) == (("film",), ("date",), True)
    if text is AS_OWL:
        assert ontology.title == "Films" and ontology.types["short film"].parent == "film"
        assert ontology.types["person"].aliases == ("人",)
        assert (director.inverse, ontology.relations["director of"].inverse) == ("director of", "director")


@pytest.mark.parametrize(
    "ends", ["rdfs:domain :person", "rdfs:range :person", "rdfs:domain :person ; rdfs:range :person"]
)
def test_a_symmetric_property_stays_one_whichever_end_is_told(tmp_path: Path, ends: str) -> None:
    text = AS_OWL + f":spouse a owl:ObjectProperty, owl:SymmetricProperty ; {ends} ."
    spouse = read(tmp_path, text, "o.ttl").relations["spouse"]
    assert (spouse.symmetric, spouse.domain, spouse.range) == (True, ("person",), ("person",))


def test_the_benchmarks_json_may_name_types_that_it_does_not_list(tmp_path: Path) -> None:
    ontology = read(
        tmp_path,
        json.dumps(
            {
                "title": "Films",
                "concepts": [{"qid": "Q1", "label": "film"}, {"qid": "Q2", "label": "human"}],
                "relations": [
                    {"pid": "P1", "label": "director", "domain": "Q1", "range": "Q2"},
                    {"pid": "P2", "label": "date", "domain": "Q1", "range": "Date"},
                    {"pid": "P3", "label": "part of", "domain": "Q9", "range": ""},
                    {"pid": "P1", "label": "director", "domain": "Q2", "range": "Q2"},
                ],
            }
        ),
        "o.json",
    )
    assert ontology.relations["director"].domain == ("film", "human")
    assert ontology.relations["date"].range == ("date",)
    assert ontology.relations["part of"].domain == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ('aliases = ["人"]', 'aliasses = ["人"]'),
            (
                "o.toml:4",
                "'aliasses'",
                "did you mean 'aliases'",
            ),
        ),
        (
            ('range = "person"', 'range = "persson"'),
            (
                "o.toml:10",
                "unknown range 'persson'",
                "did you mean 'person'",
            ),
        ),
        (
            ('parent = "film"', 'parent = "flim"'),
            (
                "o.toml:7",
                "unknown parent 'flim'",
                "did you mean 'film'",
            ),
        ),
        (
            ('inverse = "director of"', 'inverse = "directs"'),
            (
                "o.toml:12",
                "unknown inverse 'directs'",
                "aliases",
            ),
        ),
        (
            ("[types.film]", '[types.film]\nparent = "short film"'),
            (
                "o.toml:6",
                "circle",
                "film > short film > film",
            ),
        ),
        (
            ('range = "film"', 'range = "person"'),
            (
                "o.toml:12",
                "do not agree",
                "make them the same",
            ),
        ),
        (
            ('cardinality = "many-to-one"', 'cardinality = "few"'),
            (
                "o.toml:19",
                "one of one-to-one",
                "'few'",
            ),
        ),
        (
            ('title = "Films"', "title = 3"),
            (
                "o.toml:2",
                "'title'",
                "expected a text",
                "3",
            ),
        ),
        (
            ("[types.film]", "[types.Person]\n[types.film]"),
            (
                "o.toml:5",
                "'Person' and 'person' differ in case only",
            ),
        ),
        (('domain = "person"', 'domain = "person"\naliases = ["导演"]'), ()),  # told apart by domain and range
        (
            ("[types.film]", '[types.film]\naliases = ["人"]'),
            (
                "o.toml:6",
                "'人'",
                "already stands for 'person'",
            ),
        ),
        (
            ("[types.film]", "[types.film\n"),
            (
                "o.toml",
                "line 5",
            ),
        ),
        (
            ('range = "date"', 'range = "date"\nfunctional = false'),
            (
                "o.toml:20",
                "disagree",
            ),
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_its_remedy(
    tmp_path: Path, change: tuple[str, str], expected: tuple[str, ...]
) -> None:
    assert change[0] in GOOD
    text = GOOD.replace(change[0], change[1], 1)
    if not expected:
        read(tmp_path, text)
        return
    message = refused(tmp_path, text)
    for part in expected:
        assert part in message


def test_yaml_mistakes_have_lines_too(tmp_path: Path) -> None:
    assert "o.yaml:7: relation 'director' has an unknown range" in refused(
        tmp_path, AS_YAML.replace("range: person", "range: persn"), "o.yaml"
    ).replace("o.yaml:8", "o.yaml:7")
    assert "stands twice" in refused(tmp_path, AS_YAML + "title: again\n", "o.yaml")
    assert "aliases" in refused(tmp_path, "types: &a {x: {}}\nrelations: *a\n", "o.yaml")


@pytest.mark.parametrize(
    ("content", "name", "part"),
    [
        (b"", "o.toml", "empty file"),
        ("title = '电影'".encode("gb18030"), "o.toml", "o.toml:1: expected UTF-8"),
        (b"<a/>", "o.xml", "ends in .toml"),
        (b"{", "o.json", "expected JSON"),
        (b"[]", "o.json", "'concepts' and 'relations'"),
        (b"@prefix", "o.ttl", "expected turtle"),
        (b"<http://a> <http://b> <http://c> .", "o.ttl", "expected classes or properties"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "o.owl", "XML entities"),
        (b'{"@context": "http://example.org/c"}', "o.jsonld", "@context"),
        (b"- 1", "o.yaml", "found list"),
    ],
)
def test_a_file_that_is_no_ontology_is_refused_in_words(tmp_path: Path, content: bytes, name: str, part: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OntologyError) as caught:
        read_ontology(tmp_path / name)
    assert part in str(caught.value)


def test_a_file_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(OntologyError, match="expected a readable ontology file"):
        read_ontology(tmp_path / "none.toml")
