"""Triples of a language model, found again in the text that they were read from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.extract.anchoring import UNSTATED_CONFIDENCE, anchored
from kg_builder.language import detect_language
from kg_builder.prompt import format_triples, parse_triples
from kg_builder.types import Extraction, Triple


def found(text: str, *triples: tuple[str, str, str], **options: object) -> list[Extraction]:
    extractions, _ = anchored(
        text,
        [Triple(*each) for each in triples],
        extractor="llm",
        language=detect_language(text),
        **options,  # type: ignore[arg-type]
    )
    for x in extractions:
        assert text[x.head.start : x.head.end] == x.head.surface
        assert text[x.tail.start : x.tail.end] == x.tail.surface
        if x.relation.start is not None:
            assert text[x.relation.start : x.relation.end] == x.relation.surface
    return extractions


def left_out(text: str, *triples: tuple[str, str, str], **options: object) -> dict[str, int]:
    _, counts = anchored(
        text,
        [Triple(*each) for each in triples],
        extractor="llm",
        language=detect_language(text),
        **options,  # type: ignore[arg-type]
    )
    return dict(counts)


@pytest.mark.parametrize(
    ("text", "triple", "head", "tail"),
    [
        ("Ada met Bob.", ("Ada", "met", "Bob"), "Ada", "Bob"),
        ("ADA met\n  Bob Stone.", ("Ada", "met", "bob stone"), "ADA", "Bob Stone"),
        ("“Harbor’s” owner is ＡＢＣ.", ("Harbor's", "owner", "ABC"), "Harbor’s", "ＡＢＣ"),
        ("张伟在北\n京工作。", ("张伟", "工作", "北京"), "张伟", "北\n京"),
        ("It makes engines, said Ada.", ("Ada", "makes", "engine"), "Ada", "engine"),
        ("Café Nord hired Zoë.", ("Cafe\u0301 Nord", "hired", "Zoe\u0308"), "Café Nord", "Zoë"),
        ("Straße 5 is in Köln.", ("STRASSE 5", "is in", "köln"), "Straße 5", "Köln"),
    ],
)
def test_names_are_found_as_written_or_but_for_case_width_quotes_and_space(
    text: str, triple: tuple[str, str, str], head: str, tail: str
) -> None:
    (x,) = found(text, triple)
    assert (x.head.surface, x.tail.surface) == (head, tail)


def test_whole_words_come_before_parts_of_words() -> None:
    (x,) = found("Hannah and Ann met Joanna.", ("Ann", "met", "Joanna"))
    assert (x.head.start, x.head.end) == (11, 14)


def test_what_stands_nowhere_is_counted_by_reason() -> None:
    text = "Ada met Bob at the artist's house."
    assert left_out(text, ("Carol", "met", "Bob")) == {"head-not-in-text": 1}
    assert left_out(text, ("Ada", "met", "Dan")) == {"tail-not-in-text": 1}
    assert left_out(text, ("Ada", "met", "use")) == {"tail-not-in-text": 1}  # within a word
    assert left_out(text, ("Ada", "is", "Ada")) == {"head-is-tail": 1}
    assert left_out(text, ("Ada", "met", "Bob"), ("Ada", "met", "Bob")) == {"repeated": 1}
    assert left_out(text, ("Ada", "met", "Bob"), relations=["knows"]) == {"relation-not-asked": 1}
    assert left_out("", ("Ada", "met", "Bob")) == {"head-not-in-text": 1}


def test_the_places_that_stand_closest_together_are_taken() -> None:
    text = "Ada met Bob. Later Ada married Carol, and Bob left."
    met, married = found(text, ("Ada", "met", "Bob"), ("Ada", "married", "Carol"))
    assert (met.head.start, met.tail.start, met.relation.start) == (0, 8, 4)
    assert (married.head.start, married.relation.start) == (19, 23)
    assert found("Bob saw Bob.", ("Bob", "saw", "Bob"))[0].tail.start == 8
    (x,) = found("The Bank of England is in England.", ("Bank of England", "in", "England"))
    assert x.tail.start == 26  # not the one inside the head


def test_a_relation_in_other_words_has_no_place() -> None:
    (x,) = found("Ada worked for Bob.", ("Ada", "employee of", "Bob"))
    assert (x.relation.surface, x.relation.start, x.relation.given) == ("employee of", None, False)


def test_relations_that_were_asked_for_are_given() -> None:
    (x,) = found("Ada works for Bob.", ("Ada", "employer", "Bob"), relations=["employer", "spouse"])
    assert (x.relation.lemma, x.relation.given) == ("employer", True)


def test_types_and_polarity_come_from_the_sentence() -> None:
    text = "Mara Quill did not join Harbor Robotics in 2012. If it rains, Mara Quill will visit Paris."
    joined, visited = found(
        text, ("Mara Quill", "join", "Harbor Robotics"), ("Mara Quill", "visit", "Paris"), confidences=[0.9, 0.5]
    )
    assert (joined.head.type, joined.polarity, joined.modality) == ("Person", "negative", "asserted")
    assert (visited.tail.type, visited.polarity) == ("Place", "positive")
    assert visited.modality in ("conditional", "planned")
    assert (joined.confidence, visited.confidence) == (0.9, 0.5)
    assert found(text, ("Mara Quill", "join", "2012"))[0].tail.type == "Time"
    assert found("Did Ada leave Paris?", ("Ada", "leave", "Paris"))[0].modality == "question"


def test_the_same_in_chinese() -> None:
    text = "张伟没有加入晨光公司。张伟出生于北京。李明计划收购星海工厂。"
    x, y, z = found(text, ("张伟", "加入", "晨光公司"), ("张伟", "出生于", "北京"), ("李明", "收购", "星海工厂"))
    assert (x.head.type, x.tail.type, x.polarity) == ("Person", "Organization", "negative")
    assert (y.tail.type, y.polarity, y.modality) == ("Place", "positive", "asserted")
    assert z.modality == "planned"
    assert y.confidence == UNSTATED_CONFIDENCE


def test_other_languages_have_no_types() -> None:
    (x,) = found("Анна живёт в Москве.", ("Анна", "живёт в", "Москве"))
    assert (x.head.type, x.tail.type, x.modality) == ("Other", "Other", "asserted")


WORDS = st.sampled_from(
    ["Ada", "Bob Stone", "北京", "李明", "|", "\\", "\n", " ", "a", "é", "ﬁ", "Ⅳ", "\u0130", "、", "'"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=12).map("".join), st.data())
def test_every_part_of_a_text_that_is_not_within_a_word_is_found(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    name = text[start:end].strip()
    if not name or any(a.isalnum() and b.isalnum() for a, b in [(text[start - 1 : start], text[start : start + 1])]):
        return
    if end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        return
    (triple,) = parse_triples(format_triples([Triple(name, "x", name)])).triples
    reasons = left_out(text, (triple.head, "x", triple.tail))
    assert not reasons.keys() & {"head-not-in-text", "tail-not-in-text"}
