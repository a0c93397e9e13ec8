"""What the grammar of answers admits: lines that parse, of heads and tails that stand in the text."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.extract.anchoring import anchored
from kg_builder.extract.grammar import MOST_TRIPLES, grammar_for
from kg_builder.language_models import load_tokenizer
from kg_builder.prompt import format_triples, parse_triples
from kg_builder.types import Triple

pytest.importorskip("llguidance")
pytest.importorskip("transformers")

HOSTILE = [
    'He said "a|b" \\ {x: [1]} <|im_end|> </s> %regex /x/ \n\n New\n York – ok\t!',
    "- item one\n1. item two (yes)\n* x • y + z\n12) last",
    "\ud800 lone \x00\x01 \x7f",
    "a\u2028b\u0085c\ufeff d\u00a0e\u3000f\u200bg",
    "(a|b|c)\n```python\n| x | y | z |\nHere are the triples:",
    "｜全角｜ 李明｜北京，“引号”《书》",
    "\\n \\| \\\\ \\u0041",
    "1.5 million, 3) four 5、six ７）八",
]


@pytest.fixture(scope="module")
def tokens(tiny: Callable[[Any], Path]) -> Any:
    return _tokens(tiny("qwen"))


@lru_cache
def _tokens(folder: Path) -> Any:
    import llguidance.hf

    tokenizer = load_tokenizer(str(folder))
    return llguidance.hf.from_tokenizer(tokenizer, eos_token=[tokenizer.eos_token_id])


def admits(tokens: Any, text: str, answer: str, **options: Any) -> bool:
    """Whether the grammar of `text` has all of `answer`."""
    import llguidance

    matcher = llguidance.LLMatcher(tokens, grammar_for(text, **options), log_level=0)
    assert not matcher.is_error(), matcher.get_error()
    ids = tokens.tokenize_str(answer)
    return bool(matcher.try_consume_tokens(ids) == len(ids) and matcher.is_accepting())


def walk(tokens: Any, grammar: str, seed: int, most: int = 90) -> str:
    """Something that the grammar admits, by chance; lines end early, and one that does not is left out."""
    import llguidance
    import numpy as np
    from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask

    chance = random.Random(seed)
    matcher = llguidance.LLMatcher(tokens, grammar, log_level=0)
    assert not matcher.is_error(), matcher.get_error()
    made: list[int] = []
    bits = allocate_token_bitmask(1, tokens.vocab_size)
    marks = {tokens.tokenize_str(mark)[0] for mark in "|\n"}
    while len(made) < most and not matcher.is_stopped():
        fill_next_token_bitmask(matcher, bits)
        admitted = np.flatnonzero(np.unpackbits(bits.view(np.uint8), bitorder="little")).tolist()
        ends = [each for each in admitted if each in marks]
        token = chance.choice(ends if ends and chance.random() < 0.3 else admitted)
        if token == tokens.eos_token:
            return str(tokens.decode_str(made))
        assert matcher.consume_token(token)
        made.append(token)
    text = str(tokens.decode_str(made))
    return text if matcher.is_accepting() else text[: text.rfind("\n") + 1]


def check(text: str, answer: str, relations: tuple[str, ...] = ()) -> int:
    """That all lines of an answer are triples that are found in their text; how many there are."""
    parsed = parse_triples(answer)
    assert not parsed.malformed
    assert len(parsed.triples) == sum(bool(line) for line in answer.split("\n"))
    assert not relations or {each.relation for each in parsed.triples} <= set(relations)
    _, left_out = anchored(text, parsed.triples, extractor="llm", language="other")
    assert not left_out.keys() & {"head-not-in-text", "tail-not-in-text"}
    return len(parsed.triples)


def test_lines_of_entities_of_the_text_are_admitted_and_nothing_else(tokens: Any) -> None:
    text = "Ada Lovelace worked for Analytical Engines in London."
    for answer in (
        "",
        "Ada Lovelace|works for|Analytical Engines",
        "Ada Lovelace|works for|Analytical Engines\nAda|is in|London.",
    ):
        assert admits(tokens, text, answer), answer
    for answer in (
        "Ada Love|works for|London",  # not a whole word
        "Ada|works for|Paris",
        "Ada||London",
        "Ada| works for|London",
        " Ada|works for|London",
        "Ada|works|for|London",
        "Ada|works for|",
        "Ada|works for|London\n",
        "ada|works for|London",
        "Lovelace Ada|works for|London",
        "Ada|works\\|for|London",
        f"Ada|{'x' * 61}|London",
    ):
        assert not admits(tokens, text, answer), answer


def test_chinese_is_read_by_characters_and_over_the_end_of_a_line(tokens: Any) -> None:
    text = "李明出生于北\n京，现居上海。Python 3.12 很好。"
    for answer in ("李明|出生于|北京", "李明|用|Python 3.12", "上海。Python|是|3"):
        assert admits(tokens, text, answer), answer
    for answer in ("李明|出生于|北 京", "李明|用|Pyth", "明李|是|上海"):
        assert not admits(tokens, text, answer), answer


def test_relations_that_are_given_are_the_only_ones(tokens: Any) -> None:
    text = "Ada met Bob."
    relations = ("works for", "a|b\\", 'born"in', "{x}", "出生于", " led", "x\ny")
    for relation in relations:
        line = format_triples([Triple("Ada", relation, "Bob")]).rstrip("\n")
        assert admits(tokens, text, line, relations=relations), line
        assert check(text, line, relations) == 1
    assert not admits(tokens, text, "Ada|met|Bob", relations=relations)


def test_an_answer_has_so_many_lines_and_no_more(tokens: Any) -> None:
    lines = ["Ada|x|Bob"] * (MOST_TRIPLES + 1)
    assert admits(tokens, "Ada Bob", "\n".join(lines[1:]))
    assert not admits(tokens, "Ada Bob", "\n".join(lines))


@pytest.mark.parametrize("text", ["", " \n\t\u3000"])
def test_about_nothing_nothing_can_be_said(tokens: Any, text: str) -> None:
    assert admits(tokens, text, "")
    assert walk(tokens, grammar_for(text), 0) == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_give_lines_that_parse(tokens: Any, text: str) -> None:
    assert sum(check(text, walk(tokens, grammar_for(text), seed)) for seed in range(6)) > 0
    relations = ("a|b", "is\\", "}", '"')
    assert sum(check(text, walk(tokens, grammar_for(text, relations=relations), s), relations) for s in range(6)) > 0


PIECES = st.sampled_from(
    [*'|\\\n\r\t "{}()[]/%-*•1２.)、:：｜李明北京éñ가ก', "New York", "\ud800", "\u2028", "```", "\x00"]
)


@settings(max_examples=40, deadline=None)
@given(text=st.lists(PIECES | st.text(max_size=3), max_size=20).map("".join), seed=st.integers(0, 99))
def test_whatever_is_admitted_parses_into_triples_of_the_text(tokens: Any, text: str, seed: int) -> None:
    check(text, walk(tokens, grammar_for(text), seed, most=60))
