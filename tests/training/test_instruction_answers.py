"""Forms of answers: what is written in one is read back, and whatever else a model writes is counted."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest
from hypothesis import example as case
from hypothesis import given, settings
from hypothesis import strategies as st
from instructed import forms_of

from finetune.instructions.answers import Answer, AnswerForm, Asked, format_answer, parse_answer
from finetune.instructions.records import Argument, Entity, Event
from kg_builder.types import Triple

words = st.one_of(
    st.text(min_size=1, max_size=12),
    st.text("\\,:<>()[]{}\"'|-1. \n\r\t\u3000\u2028\ufeff，：（）无none", min_size=1, max_size=8),
)
items = {
    "triples": st.builds(Triple, words, words, words),
    "ner": st.builds(Entity, words, words),
    "events": st.builds(Event, words, words, st.lists(st.builds(Argument, words, words), max_size=3).map(tuple)),
}
answers = st.sampled_from(get_args(Asked)).flatmap(
    lambda asked: st.tuples(st.just(asked), st.lists(items[asked], max_size=4))
)


@settings(max_examples=150, deadline=None)
@given(answers, st.sampled_from(["en", "zh"]))
@case(("triples", [Triple("-", "- a", "1. b"), Triple("none", "无", "[]")]), "zh")
@case(("ner", [Entity("a，b", "关系：头"), Entity("\\", ",")]), "en")
def test_every_form_gives_back_what_was_written(answer: tuple[Asked, list[Triple]], language: str) -> None:
    asked, said = answer
    for form in forms_of(asked):
        text = format_answer(said, form, language=language)  # type: ignore[arg-type]
        assert parse_answer(text, asked, form) == Answer(
            triples=tuple(said) if asked == "triples" else (),
            entities=tuple(said) if asked == "ner" else (),  # type: ignore[arg-type]
            events=tuple(said) if asked == "events" else (),  # type: ignore[arg-type]
        ), form


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.text('[{}]()<>:,|\\"\n ab：，（）', max_size=40)), answers, st.integers(0, 400)
)
def test_nothing_that_a_model_writes_is_an_error(text: str, answer: tuple[Asked, list[Triple]], cut: int) -> None:
    asked, said = answer
    for form in forms_of(asked):
        parse_answer(text, asked, form)
        whole = format_answer(said, form)
        cut_off = parse_answer(whole[:cut], asked, form)
        at_least = max(0, len(cut_off.items) - (form != "json"))  # a line may be cut off where it still reads as one
        assert list(cut_off.items[:at_least]) == said[:at_least]


def test_json_nested_beyond_measure_is_counted() -> None:
    for text in ("[" * 100_000, '[{"head": ' + "[" * 100_000, '{"a":' * 100_000, '[{"head": ' + "9" * 5_000 + "}]"):
        assert [reason for _, reason in parse_answer(text, "triples", "json").malformed] in (["json"], ["json-fields"])


@pytest.mark.parametrize(
    ("asked", "form", "text", "said", "reasons"),
    [
        ("triples", "tuple", "(Ada, live in, London)\nAda lives\n(Ada, London)\n(a, b, c, d)\n(a, , c)\n(a)", 1,
         ["no-brackets", "empty-field", "too-few-fields", "too-few-fields", "too-many-fields"]),
        ("triples", "bracket", "- [Ada, live in, London]\n2. [Bob, know, Ada]\n[Ada", 2, ["no-brackets"]),
        ("triples", "angle", "```\n<Ada><live in><London>\n```\n<Ada><London>", 1, ["too-few-fields"]),
        ("triples", "colon", "live in: Ada, London\nAda lives in London\nlive in: Ada", 1,
         ["no-label", "too-few-fields"]),
        ("triples", "colon", "居住：李明，上海", 1, []),
        ("triples", "tuple", "（李明，居住，上海）\n无。", 1, []),
        ("triples", "angle", "《李明》《居住》《上海》", 1, []),
        ("triples", "json", '[{"head": "A", "relation": "b", "tail": "C"}, {"head": "A", "tail": "C"}, '
         '{"head": "", "relation": "b", "tail": "C"}, {"head": "A", "relation": "b', 1,
         ["json-fields", "empty-field", "json"]),
        ("triples", "json", 'Here you are:\n```json\n[{"head": "A", "relation": "b", "tail": "C"}]\n```', 1, []),
        ("triples", "json", '{"head": "A", "relation": "b", "tail": "C"}', 1, []),
        ("triples", "json", "I see no relation.", 0, ["json"]),
        ("triples", "json", "None", 0, []),
        ("triples", "pipe", "Ada|live in|London\nAda|London", 1, ["too-few-fields"]),
        ("ner", "tuple", "(Ada, person)\n(Ada, person, London)", 1, ["too-many-fields"]),
        ("events", "tuple", "(loan, lent, lender, Bank, borrower)\n(loan, lent, lender, Bank)\n(loan, lent)", 2,
         ["odd-fields"]),
        ("events", "json", '[{"event_type": "loan", "trigger": "lent", "arguments": [{"role": "lender"}]}]', 0,
         ["json-fields"]),
        ("events", "json", '[{"event_type": "loan", "trigger": "lent", "arguments": "none"}]', 0, ["json-fields"]),
    ],
)  # fmt: skip
def test_what_is_malformed_is_counted(asked: Asked, form: AnswerForm, text: str, said: int, reasons: list[str]) -> None:
    answer = parse_answer(text, asked, form)
    assert len(answer.items) == said
    assert Counter(reason for _, reason in answer.malformed) == Counter(reasons)
