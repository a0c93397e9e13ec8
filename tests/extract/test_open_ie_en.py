from __future__ import annotations

from pathlib import Path

import pytest

from kg_builder.extract.open_ie import OpenIE
from kg_builder.types import Extraction, Extractor

POLARITY = [
    line.split("\t")
    for line in (Path(__file__).parent / "polarity_en.tsv").read_text(encoding="utf-8").splitlines()
    if line.strip()
]


def lemmas(text: str) -> set[tuple[str, str, str]]:
    """Head, relation in base form, tail; passives with an agent turned round."""
    return {triple(e) for e in OpenIE().extract(text)}


def triple(e: Extraction) -> tuple[str, str, str]:
    if e.relation.passive:
        return e.tail.surface, e.relation.lemma, e.head.surface
    return e.head.surface, e.relation.lemma, e.tail.surface


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme bought Beta in 2019.", ("Acme", "buy", "Beta")),
        ("Beta was bought by Acme in 2019.", ("Acme", "buy", "Beta")),
        ("Acme was founded in 1990.", ("Acme", "founded in", "1990")),
        ("The museum is located in Paris.", ("museum", "located in", "Paris")),
        ("Oslo is the capital of Norway.", ("Oslo", "capital of", "Norway")),
        ("Maria works for Acme.", ("Maria", "work for", "Acme")),
        ("Paul gave Anna a book.", ("Paul", "give", "book")),
        ("Acme took over Beta.", ("Acme", "take over", "Beta")),
        ("The ship carried coal and iron.", ("ship", "carry", "iron")),
        ("Paul and Anna visited Rome.", ("Anna", "visit", "Rome")),
        ("Paul bought and sold cars.", ("Paul", "buy", "cars")),
        ("Paul bought and sold cars.", ("Paul", "sell", "cars")),
        ("Paul wrote the book and left Rome.", ("Paul", "leave", "Rome")),
        ("Marie Curie, who was born in Warsaw, won the prize.", ("Marie Curie", "born in", "Warsaw")),
        ("The house that Paul bought is old.", ("Paul", "buy", "house")),
        ("The city in which Anna lives is Rome.", ("Anna", "live in", "city")),
        ("Anna lives in a house built by Acme.", ("Acme", "build", "house")),
        ("Maria managed to sell the farm.", ("Maria", "manage to sell", "farm")),
        ("Lugo continued to live in Venezuela.", ("Lugo", "live in", "Venezuela")),
        ("The judge asked Paul to pay the fine.", ("Paul", "pay", "fine")),
        ("Tim Cook, the CEO of Apple, visited Rome.", ("Tim Cook", "ceo of", "Apple")),
        ("Apple's CEO Tim Cook visited Rome.", ("Tim Cook", "ceo of", "Apple")),
        ("There are three hospitals in Basel.", ("three hospitals", "be in", "Basel")),
        ("Acme has an office in Lima.", ("Acme", "have", "office")),
        ("Cities such as Rome attract tourists.", ("Rome", "be", "Cities")),
        ("The company was accused of fraud.", ("company", "accused of", "fraud")),
        ("The council re-elected Paul in 1879.", ("council", "re-elect", "Paul")),
        ("TideWing 2 replaced TideWing 1 in 2018.", ("TideWing 2", "replace", "TideWing 1")),
        ("The deal was signed by Ann Lee and Bea Roth, chairwoman of Acme.", ("Bea Roth", "chairwoman of", "Acme")),
        ("Many animals live in the forest, such as foxes and owls.", ("foxes", "be", "animals")),
        ("Yeast plays a role in raising bread.", ("Yeast", "raise", "bread")),
        ("Tanning is the process of treating skins.", ("Tanning", "treat", "skins")),
        ("Acme is the joint-venture partner of Beta.", ("Acme", "joint-venture partner of", "Beta")),
        ("A herder named Kaldi discovered the bean.", ("Kaldi", "discover", "bean")),
        ("Clerks copied religious and historical texts.", ("Clerks", "copy", "religious and historical texts")),
        ("Acme announced a plan to buy Beta.", ("Acme", "announce plan to buy", "Beta")),
        ("The newt has the ability to regrow its tail.", ("newt", "regrow", "tail")),
        ("Felix looked forward to the feast.", ("Felix", "look forward to", "feast")),
        ("The pump was put together by Acme.", ("Acme", "put together", "pump")),
        ("Vaccinations followed, including the rabies vaccine.", ("Vaccinations", "include", "rabies vaccine")),
    ],
)
def test_plain_sentences(text: str, expected: tuple[str, str, str]) -> None:
    assert expected in lemmas(text)


def test_the_polarity_and_modality_set_is_large_enough() -> None:
    assert len(POLARITY) >= 150


@pytest.mark.parametrize("row", POLARITY, ids=[row[0] for row in POLARITY])
def test_polarity_and_modality(row: list[str]) -> None:
    text, tail, polarity, modality = row
    found = [e for e in OpenIE(verbatim=True).extract(text) if tail in e.tail.surface]
    assert found, f"no statement with tail {tail!r}"
    assert {(e.polarity, e.modality) for e in found} == {(polarity, modality)}


def test_hearsay_keeps_its_source() -> None:
    for text in ("Maria said that Acme bought Beta.", "According to Maria, Acme bought Beta."):
        (found,) = [e for e in OpenIE().extract(text) if e.tail.surface == "Beta"]
        assert ("source", "Maria") in [(q.role, q.text) for q in found.qualifiers]


def test_time_and_place_are_qualifiers() -> None:
    (found,) = [e for e in OpenIE().extract("Acme bought Beta in Paris in 2019.") if e.tail.surface == "Beta"]
    assert {(q.role, q.text) for q in found.qualifiers} == {("time", "2019"), ("place", "Paris")}


def test_types_of_mentions() -> None:
    found = {
        m.surface: m.type for e in OpenIE().extract("Angela Merkel visited Paris in 2019.") for m in (e.head, e.tail)
    }
    assert found == {"Angela Merkel": "Person", "Paris": "Place", "2019": "Time"}


def test_pronouns_become_names_or_nothing() -> None:
    found = lemmas("Marie Curie moved to Paris. She won the prize.")
    assert ("Marie Curie", "win", "prize") in found
    for text in ("He saw it.", "They bought them.", "It rains.", "I love you.", "This is it."):
        assert OpenIE().extract(text) == []


def test_no_mention_is_a_pronoun() -> None:
    text = "John met Paul. He gave him his book. They left. It was late. She, who knew them, stayed with us."
    names = {m.surface.lower() for e in OpenIE().extract(text) for m in (e.head, e.tail)}
    assert not names & {"he", "him", "his", "they", "it", "she", "them", "us", "who", "this"}


def test_verbatim_keeps_pronouns_as_the_sentence_has_them() -> None:
    (found,) = [e for e in OpenIE(verbatim=True).extract("He left Rome.") if e.tail.surface == "Rome"]
    assert found.head_argument is not None and found.head_argument.surface == "He"


def test_two_views_of_one_statement() -> None:
    (found,) = [
        e for e in OpenIE().extract("The old king of France built a very large castle.") if e.relation.lemma == "build"
    ]
    assert found.head_argument is not None and found.head_argument.surface == "The old king of France"
    assert len(found.head.surface.split()) <= 4
    assert found.head.surface in found.head_argument.surface


def test_table_rows_become_statements() -> None:
    found = [
        (e.head.surface, e.relation.surface, e.tail.surface)
        for e in OpenIE().extract("Name: Acme; City: Lima; Staff: 300")
    ]
    assert ("Acme", "City", "Lima") in found
    assert ("Acme", "Staff", "300") in found


def test_titles_state_nothing_and_stay_with_a_single_name() -> None:
    found = lemmas("Aunt Sally met Judge Thatcher. President Richard Nixon left Rome.")
    assert {head for head, _, _ in found} == {"Aunt Sally", "Richard Nixon"}
    assert ("Aunt Sally", "meet", "Judge Thatcher") in found
    assert all(relation != "be" for _, relation, _ in found)


@pytest.mark.parametrize(
    "text",
    [
        "n/a | 1 | n/a | prop | The name of the system | x",
        "Discussion thread (python-dev)\nIssues\nGuides and templates\nhttps://example.org/a/b",
        "PEP: 287; Status: Active; Version: 2.7",
        "Release segment: N(.N)*\nPost-release segment: .postN",
    ],
)
def test_code_addresses_and_broken_lines_state_nothing(text: str) -> None:
    assert [triple(e) for e in OpenIE().extract(text) if e.relation.lemma == "be"] == []


def test_lower_case_nouns_take_no_type_from_the_name_model() -> None:
    found = OpenIE().extract("The turbine feeds the prop. The porpoises avoid the turbine.")
    assert {m.type for e in found for m in (e.head, e.tail)} <= {"Other"}


@pytest.mark.parametrize("number", ["four", "38"])
def test_per_cent_in_two_words_is_one_measure(number: str) -> None:
    (owned, *_) = OpenIE().extract(f"Fenn owns {number} per cent of MTS.")
    assert triple(owned) == ("Fenn", "own", f"{number} per cent of MTS")
    assert owned.tail.type == "Quantity"


def test_a_number_that_ends_a_name_is_no_quantity() -> None:
    found = OpenIE().extract("The TideWing 1 was designed by Tobias Fenn.")
    assert {m.surface: m.type for e in found for m in (e.head, e.tail)}["TideWing 1"] not in ("Quantity", "Time")


def test_what_something_is_an_example_of_is_not_counted() -> None:
    found = lemmas(
        "It mixes two immiscible liquids, such as oil and water. Acme sells several products, including pumps."
    )
    assert {("oil", "be", "immiscible liquids"), ("products", "include", "pumps")} <= found


def test_what_is_listed_or_described_belongs_to_its_own_noun() -> None:
    text = "The deal was signed by Ann Lee and Bea Roth, chairwoman of Acme. Many animals live here, such as foxes."
    found = lemmas(text)
    assert "Ann Lee" not in {head for head, relation, _ in found if relation == "chairwoman of"}
    assert not [relation for _, relation, tail in found if tail == "foxes" and relation.startswith("live")]


def test_nothing_is_done_through_what_is_denied_or_only_thought_of() -> None:
    text = "Acme has not the power to build ships. Salt plays no role in raising bread. I like the idea of mixing oil."
    assert not [e for e in OpenIE().extract(text) if e.is_fact and e.tail.surface in ("ships", "bread", "oil")]


def test_a_measure_before_a_preposition_is_no_part_of_what_follows() -> None:
    found = OpenIE(verbatim=True).extract("A stone was erected in 1866, over 100 years after his death.")
    assert "his death" in {e.tail_argument.surface for e in found if e.tail_argument}


def test_a_relation_holds_no_word_of_the_names_it_joins() -> None:
    text = "The terms are used by the National Institute of Standards and Technology (NIST) in Lima."
    for e in OpenIE().extract(text):
        words = set(e.relation.surface.split())
        assert not words & {"Institute", "Standards"} or "Institute" not in e.tail.surface, e


def test_where_an_agent_is_does_nothing() -> None:
    found = OpenIE(verbatim=True).extract("The coating was tested by the institute of physics in Lima.")
    assert {e.tail.surface for e in found if e.relation.passive} == {"institute of physics"}
    assert any("Lima" in e.tail.surface for e in found)


def test_code_with_dots_is_not_cut() -> None:
    found = OpenIE().extract("The value is wrapped in types.MappingProxyType to make it read-only.")
    assert not [e for e in found if e.tail.surface in ("types", "MappingProxyType")]


def test_a_note_is_nobody_who_says_so() -> None:
    row = "name: Owen Tarrant; department: joint venture; joined: 2018; note: Owen Tarrant moved to Linxi in 2022."
    assert {e.modality for e in OpenIE().extract(row) if e.relation.lemma.startswith("move")} == {"asserted"}


def test_names_with_hyphens_stay_whole() -> None:
    names = {m.surface for e in OpenIE().extract("Saxon-JS has limits. It was not tested.") for m in (e.head, e.tail)}
    assert "Saxon-JS" in names


def test_a_set_apart_or_supposed_clause_is_no_fact() -> None:
    for text in ("Acme builds engines rather than selling cars.", "Acme acts as though it owned Rome."):
        assert not [e for e in OpenIE().extract(text) if e.is_fact and e.tail.surface in ("cars", "Rome")]


def test_other_languages_give_nothing() -> None:
    assert OpenIE().extract("Der Hund hat die Katze nicht gesehen, weil er schlief.") == []


def test_it_is_an_extractor_with_a_stable_fingerprint() -> None:
    extractor = OpenIE()
    assert isinstance(extractor, Extractor)
    assert extractor.name == "open_ie"
    assert extractor.fingerprint == OpenIE().fingerprint != OpenIE(verbatim=True).fingerprint
