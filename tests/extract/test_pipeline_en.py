from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg_builder.extract.open_ie import OpenIE
from kg_builder.extract.open_ie.english.pieces import WordPieces, word_shape
from kg_builder.extract.open_ie.english.pipeline import load_english

TEXTS = [
    "Marie Curie was born in Warsaw. She won the Nobel Prize in 1903.",
    "Short.",
    "The committee, which had been appointed by the minister after months of debate, rejected the proposal on Tuesday.",
    "Acme Corp. bought Beta Ltd. for $3 million in 2019; the deal closed in May.",
    "WHY IS EVERYTHING IN CAPITALS? BECAUSE THE SCANNER WAS OLD.",
]


def shape(text: str) -> list[tuple[str, str, str, int, str, str]]:
    doc = load_english().parse(text)
    return [(t.text, t.pos_, t.dep_, t.head.i, t.lemma_, t.ent_type_) for t in doc]


def test_a_plain_sentence_has_the_expected_tree() -> None:
    found = {t.text: (t.pos_, t.dep_, t.head.text) for t in load_english().parse("The cat chased a small mouse.")}
    assert found["cat"] == ("NOUN", "nsubj", "chased")
    assert found["mouse"] == ("NOUN", "obj", "chased")
    assert found["small"] == ("ADJ", "amod", "mouse")
    assert found["chased"] == ("VERB", "root", "chased")


def test_names_are_typed() -> None:
    doc = load_english().parse("Angela Merkel met Emmanuel Macron in Paris.")
    assert [(e.text, e.label_) for e in doc.ents][:2] == [("Angela Merkel", "PER"), ("Emmanuel Macron", "PER")]
    assert ("Paris", "LOC") in [(e.text, e.label_) for e in doc.ents]


def test_a_result_does_not_depend_on_neighbours_order_or_repetition() -> None:
    alone = {t: OpenIE().extract(t) for t in TEXTS}
    for texts in (TEXTS, TEXTS[::-1], TEXTS * 2, [t for t in TEXTS for _ in range(3)]):
        assert list(OpenIE().pipe(texts)) == [alone[t] for t in texts]
    assert [shape(t) for t in TEXTS] == [shape(t) for t in reversed(TEXTS)][::-1]


def test_every_sentence_has_one_root_and_every_word_a_head_in_its_sentence() -> None:
    for text in TEXTS:
        doc = load_english().parse(text)
        for sentence in doc.sents:
            assert sum(t.head.i == t.i for t in sentence) == 1
            assert all(sentence.start <= t.head.i < sentence.end for t in sentence)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=300))
def test_any_text_can_be_read_and_every_offset_is_exact(text: str) -> None:
    check_offsets(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "\n\nFirst line.\n\n\nSecond line is here.",
        "😀 John 😀 bought 🍎 for $5 😀",
        "if (x > 0) { return y[i]; } // Bob wrote this",
        "Tbe c0mpany w as f0unded 1n 1 9 8 4 hy J0hn Srnith.",
        "a" * 50_000,
        "Zoe\u0301 Müller was born in São Paulo.",
        "\u202eright to left\u202c John saw Mary.",
        "Mr. X said: \"Y\" -- 'Z' (W) [V] {U} <T>",
    ],
)
def test_odd_texts_do_not_crash(text: str) -> None:
    check_offsets(text)


def check_offsets(text: str) -> None:
    for e in OpenIE(verbatim=True).extract(text) + OpenIE().extract(text):
        for span in (e.head, e.tail, e.relation, e.head_argument, e.tail_argument, *e.qualifiers):
            if span is not None and span.start is not None:
                surface = span.text if hasattr(span, "text") else span.surface
                assert text[span.start : span.end] == surface
        assert 0 <= e.confidence <= 1


@pytest.mark.slow
def test_time_is_linear_without_a_full_stop() -> None:
    def seconds(count: int) -> float:
        text = "the company bought the other company and then " * count
        began = time.perf_counter()
        OpenIE().extract(text)
        return time.perf_counter() - began

    seconds(50)
    small, large = seconds(500), seconds(4000)
    assert large < 16 * small + 1


def test_reading_keeps_one_core_busy_and_no_other() -> None:
    script = (
        "import time; from kg_builder.extract.open_ie import OpenIE\n"
        "text = 'the company bought the other company and then ' * 100\n"
        "OpenIE().extract(text); every, own = time.process_time(), time.thread_time()\n"
        "for _ in range(8): OpenIE().extract(text)\n"
        "print((time.process_time() - every) / (time.thread_time() - own))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 1.2


def test_word_shapes_and_pieces() -> None:
    assert [word_shape(w) for w in ("dog", "Dog", "DOG", "iPhone", "1990", "F-16", "!")] == [1, 2, 3, 5, 6, 7, 8]
    pieces = WordPieces(["[UNK]", "[CLS]", "[SEP]", "play", "##ing", "cafe", "#", "中"])
    assert pieces.encode("Playing") == ((3, 4), 2)
    assert pieces.encode("CAFÉ") == ((5,), 3)
    assert pieces.encode("中中") == ((7, 7), 1) or pieces.encode("中中")[0] == (7, 7)
    assert pieces.encode("qq") == ((0,), 1)
    assert pieces.encode("\u200b")[0] == (0,)
