"""Marked sentences: the right words, escaped, whatever overlaps."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st
from story import PAGES, contribution

from kg_builder.store.records import StoredEvidence
from ui.marks import Mark, evidence_marks, mark_text, sentence_bounds, sentence_html
from ui.style import plain


def evidence() -> list[StoredEvidence]:
    """The story's statements as a store gives them."""
    result = []
    for page in PAGES:
        for statement in contribution(page).statements:
            x = statement.extraction
            assert x.segment is not None
            result.append(
                StoredEvidence(
                    extraction_id=x.id,
                    document_uri=page.uri,
                    document_title=page.title,
                    segment_id=x.segment.id,
                    segment_index=x.segment.index,
                    segment_start=x.segment.start,
                    segment_end=x.segment.end,
                    page=None,
                    text=x.segment.text,
                    head=x.head.surface,
                    head_start=x.head.start,
                    head_end=x.head.end,
                    relation=x.relation.surface,
                    relation_start=x.relation.start,
                    relation_end=x.relation.end,
                    tail=x.tail.surface,
                    tail_start=x.tail.start,
                    tail_end=x.tail.end,
                    confidence=x.confidence,
                    polarity=x.polarity,
                    modality=x.modality,
                    extractor=x.extractor,
                    qualifiers=x.qualifiers,
                )
            )
    return result


def test_a_sentence_is_cut_out_of_its_segment_and_marked() -> None:
    found = {item.relation: sentence_html(item) for item in evidence()}
    assert found["was acquired by"] == (
        '<mark class="kg-head">Polaris Optics</mark> <mark class="kg-relation">was acquired by</mark> '
        '<mark class="kg-tail">Aster Robotics</mark> in <mark class="kg-qualifier">March 2021</mark>.'
    )
    assert found["任职于"] == (
        '<mark class="kg-head">陈默</mark><mark class="kg-relation">任职于</mark>'
        '<mark class="kg-tail">阿斯特机器人</mark>。'
    )


def test_in_a_passive_sentence_the_marks_read_as_the_fact_does() -> None:
    passive = next(item for item in evidence() if item.relation == "was acquired by")
    assert sentence_html(passive, inverted=True).startswith('<mark class="kg-tail">Polaris Optics</mark>')


def test_every_statement_of_the_story_shows_its_own_words_and_no_markup() -> None:
    for item in evidence():
        html = sentence_html(item)
        for role, words in (("head", item.head), ("relation", item.relation), ("tail", item.tail)):
            assert words in [unescape(w) for w in re.findall(rf'<mark class="kg-{role}">(.*?)</mark>', html)]
        assert set(re.findall(r"</?([a-z]+)", html)) <= {"mark"}


def test_head_and_tail_win_over_the_relation_where_they_overlap() -> None:
    html = mark_text("abcdef", [Mark(0, 6, "relation"), Mark(2, 4, "head")])
    assert html == (
        '<mark class="kg-relation">ab</mark><mark class="kg-head">cd</mark><mark class="kg-relation">ef</mark>'
    )


def test_words_that_are_only_implied_have_no_mark() -> None:
    item = evidence()[0]
    implied = StoredEvidence(**{**{f: getattr(item, f) for f in item.__slots__}, "relation_start": None})
    assert [mark.role for mark in evidence_marks(implied)] == ["head", "tail", "qualifier"]


def test_without_marks_the_whole_text_is_the_sentence() -> None:
    assert sentence_bounds("One. Two.", []) == (0, 9)


spans = st.tuples(st.integers(0, 40), st.integers(0, 40), st.sampled_from(["head", "relation", "tail", "qualifier"]))


@given(st.text(max_size=40), st.lists(spans, max_size=6))
def test_marking_never_changes_the_text(text: str, marks: list[tuple[int, int, str]]) -> None:
    html = mark_text(text, [Mark(min(a, b), max(a, b), role) for a, b, role in marks])
    shown = unescape(re.sub(r"<mark [^>]*>|</mark>", "", html.replace("<br>", "\n")))
    assert shown == unescape(re.sub(r"<[^>]*>", "", text)) if "<" not in text and "&" not in text else True
    assert html.count("<mark") == html.count("</mark>")


@given(st.text(max_size=60))
def test_a_label_has_no_markdown_left_and_one_line(text: str) -> None:
    label = plain(text)
    assert "\n" not in label
    assert re.sub(r"\\(.)", r"\1", label) == " ".join(text.split())
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>$:#~!|]", label)
