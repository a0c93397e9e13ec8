from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder import Extraction, Mapper, Mention, Ontology, Relation, open_extractor
from kg_builder.errors import ConfigError
from kg_builder.normalize import relation_type, to_statement
from kg_builder.ontology import open_mapper
from kg_builder.ontology.building import build_ontology
from kg_builder.ontology.places import Places

COMPANY = {
    "types": {
        "person": {"aliases": ["人"]},
        "company": {},
        "bank": {"parent": "company", "examples": ["Fen Bank"]},
        "town": {},
    },
    "relations": {
        "founder": {"domain": "company", "range": "person", "aliases": ["创立者"]},
        "acquired": {"domain": "company", "range": "company", "aliases": ["收购"]},
        "employer": {"domain": "person", "range": "company", "aliases": ["works for", "就职于"]},
        "basedIn": {"domain": "company", "range": "town", "aliases": ["headquartered in", "总部位于"]},
        "inception": {"domain": "company", "range": "date", "aliases": ["founded in", "成立于"]},
        "spouse": {"domain": "person", "range": "person", "symmetric": True, "aliases": ["married to", "结婚"]},
    },
}


def ontology(**more: object) -> Ontology:
    return build_ontology({**COMPANY, **more}, Places("here"))


def said(
    text: str, head: str, words: str, tail: str, types: str, *, lemma: str = "", passive: bool = False
) -> Extraction:
    """An extraction as an extractor would give it: `types` are the head's and the tail's."""
    a, r, b = text.index(head), text.index(words), text.index(tail)
    of = dict(zip("PCTDO", ("Person", "Organization", "Place", "Time", "Other"), strict=True))
    return Extraction(
        Mention(head, a, a + len(head), of[types[0]]),
        Relation(words, r, r + len(words), lemma, passive),
        Mention(tail, b, b + len(tail), of[types[1]]),
        0.9,
        "test",
    )


def triples(extractions: list[Extraction]) -> list[tuple[str, str, str]]:
    return [(x.head.surface, x.relation.lemma, x.tail.surface) for x in extractions]


CASES = [
    ("Ada founded Acme.", "Ada", "founded", "Acme", "PC", ("Acme", "founder", "Ada")),
    ("Acme was founded by Ada.", "Acme", "was founded by", "Ada", "CP", ("Acme", "founder", "Ada")),
    ("Ada is the founder of Acme.", "Ada", "is the founder of", "Acme", "PC", ("Acme", "founder", "Ada")),
    ("Acme acquired Bolt.", "Acme", "acquired", "Bolt", "CC", ("Acme", "acquired", "Bolt")),
    ("Bolt was acquired by Acme.", "Bolt", "was acquired by", "Acme", "CC", ("Acme", "acquired", "Bolt")),
    ("Ada works for Acme.", "Ada", "works for", "Acme", "PC", ("Ada", "employer", "Acme")),
    ("Acme is headquartered in Rome.", "Acme", "is headquartered in", "Rome", "CT", ("Acme", "basedIn", "Rome")),
    ("Acme was founded in 1999.", "Acme", "was founded in", "1999", "CD", ("Acme", "inception", "1999")),
    ("李静创立了海能公司。", "李静", "创立", "海能公司", "PC", ("海能公司", "founder", "李静")),
    ("海能公司收购了北辰公司。", "海能公司", "收购", "北辰公司", "CC", ("海能公司", "acquired", "北辰公司")),
    ("北辰公司被海能公司收购。", "北辰公司", "被海能公司收购", "海能公司", "CC", ("海能公司", "acquired", "北辰公司")),
    ("李静就职于海能公司。", "李静", "就职于", "海能公司", "PC", ("李静", "employer", "海能公司")),
    ("海能公司成立于1999年。", "海能公司", "成立于", "1999年", "CD", ("海能公司", "inception", "1999年")),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_words_voice_and_types_decide_the_relation_and_its_direction(case: tuple[str, ...]) -> None:
    text, head, words, tail, types, expected = case
    lemma, passive = ("收购", True) if words.startswith("被") else ("", False)
    extraction = said(text, head, words, tail, types, lemma=lemma, passive=passive)
    (made,) = Mapper(ontology()).map(text, [extraction]).extractions
    assert triples([made]) == [expected]
    for mention in (made.head, made.tail):
        assert text[mention.start : mention.end] == mention.surface
    assert made.relation.surface == words and 0.25 <= made.confidence <= 0.9


def test_what_does_not_fit_is_left_out_by_reason_or_kept_open() -> None:
    text = "Ada sang in Rome. Rome founded Acme. Acme works for Ada."
    given_ = [
        said(text, "Ada", "sang in", "Rome", "PT"),
        said(text, "Rome", "founded", "Acme", "TC"),
        said(text, "Acme", "works for", "Ada", "CP"),
    ]
    strict = Mapper(ontology()).map(text, given_)
    assert strict.left_out == {"no relation of the ontology": 1, "outside the range of founder": 1}
    assert triples(strict.extractions) == [("Ada", "employer", "Acme")], "a wrong direction is repaired"
    kept = Mapper(ontology(), mode="open").map(text, given_)
    assert kept.left_out == strict.left_out
    assert [x for x in kept.extractions if not x.relation.given] == given_[:2]


def test_a_relation_that_holds_both_ways_is_marked() -> None:
    text = "Ada is married to Bo. Ada works for Acme. 李静与王明结婚。"
    given_ = [
        said(text, "Ada", "is married to", "Bo", "PP"),
        said(text, "Ada", "works for", "Acme", "PC"),
        said(text, "李静", "结婚", "王明", "PP"),
    ]
    made = Mapper(ontology()).map(text, given_).extractions
    assert {x.relation.lemma: x.relation.symmetric for x in made} == {"spouse": True, "employer": False}
    assert len(made) == 3


def test_mentions_get_the_most_special_type_that_their_words_name() -> None:
    text = "Ada founded Fen Bank."
    (made,) = Mapper(ontology()).map(text, [said(text, "Ada", "founded", "Fen Bank", "PC")]).extractions
    assert (made.head.type, made.tail.type) == ("bank", "person")


def test_an_earlier_extractors_own_types_of_the_ontology_are_believed() -> None:
    text = "Ada founded Acme."
    from dataclasses import replace

    given_ = said(text, "Ada", "founded", "Acme", "OO")
    given_ = replace(given_, head=replace(given_.head, type="person"), tail=replace(given_.tail, type="bank"))
    (made,) = Mapper(ontology()).map(text, [given_]).extractions
    assert triples([made]) == [("Acme", "founder", "Ada")] and made.head.type == "bank"


def test_polarity_and_circumstances_stay() -> None:
    from dataclasses import replace

    text = "Ada did not found Acme."
    given_ = replace(said(text, "Ada", "did not found", "Acme", "PC", lemma="found"), polarity="negative")
    (made,) = Mapper(ontology()).map(text, [given_]).extractions
    assert made.polarity == "negative" and not made.is_fact


def test_a_relation_of_an_ontology_has_a_type_of_its_own_in_the_graph() -> None:
    text = "Acme is headquartered in Rome. 李静就职于海能公司。"
    given_ = [said(text, "Acme", "is headquartered in", "Rome", "CT"), said(text, "李静", "就职于", "海能公司", "PC")]
    made = Mapper(ontology()).map(text, given_).extractions
    statements = [to_statement(x, language="en") for x in made]
    assert [relation_type(s.relation) for s in statements if s] == ["BASED_IN", "EMPLOYER"]
    named = Relation("词", lemma="政治面貌", given=True)
    other = to_statement(Extraction(made[0].head, named, made[0].tail, 0.5, "test"), language="zh")
    assert other is not None and relation_type(other.relation) == "政治面貌"


def letters(texts: list[str]) -> np.ndarray:
    """Vectors for a test: how often each letter occurs."""
    return np.array([[text.lower().count(c) for c in "abcdefghijklmnopqrstuvwxyz"] for text in texts])


def test_vectors_connect_what_no_words_do() -> None:
    text = "Ada empolys Acme."  # a slip of the pen that has the letters of "employer" but none of its stems
    extraction = said(text, "Ada", "empolys", "Acme", "PC")
    assert not Mapper(ontology()).map(text, [extraction]).extractions
    made = Mapper(ontology(), vectors=letters).map(text, [extraction]).extractions
    assert triples(made) == [("Ada", "employer", "Acme")]


def test_a_callable_or_a_mode_that_is_not_there_is_refused() -> None:
    file = Path(__file__).parents[2] / "data" / "ontology.toml"
    with pytest.raises(ConfigError, match="expected a callable at 'nowhere:at_all'"):
        open_mapper(file, "strict", "nowhere:at_all")
    with pytest.raises(ConfigError, match="strict, open"):
        open_mapper(file, "lax")  # type: ignore[arg-type]


@settings(deadline=None)  # the first one loads the models
@given(st.text(max_size=60))
def test_any_text_maps_to_what_stands_in_it(text: str) -> None:
    text = f"Ada founded Acme. {text}李静创立了海能公司。"
    extractions = open_extractor().extract(text)
    for mode in ("strict", "open"):
        made = Mapper(ontology(), mode=mode).map(text, extractions)
        assert len(made.extractions) <= len(extractions)
        for x in made.extractions:
            assert text[x.head.start : x.head.end] == x.head.surface
            assert text[x.tail.start : x.tail.end] == x.tail.surface
            assert 0 <= x.confidence <= 1
