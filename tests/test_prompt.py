import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.prompt import format_triples, parse_triples
from kg_builder.types import Triple

FIELD = st.text(min_size=1, max_size=20) | st.text(
    alphabet=list("|\\nru0020()- \n\r\t1.*;：｜`\u2028\u00a0\u3000\x85"), min_size=1, max_size=12
)
TRIPLES = st.lists(st.builds(Triple, FIELD, FIELD, FIELD), max_size=6)


@settings(max_examples=500)
@given(TRIPLES)
def test_what_is_written_is_read_back(triples: list[Triple]) -> None:
    text = format_triples(triples)
    assert text.count("\n") == len(triples) == len(text.splitlines())
    parsed = parse_triples(text)
    assert list(parsed.triples) == triples
    assert not parsed.malformed


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    parsed = parse_triples(text)
    assert all(t.head and t.relation and t.tail for t in parsed.triples)


def test_plain_triples_are_written_plainly() -> None:
    assert (
        format_triples([Triple("北京大学", "位于", "北京"), Triple("A", "b", "C.")]) == "北京大学|位于|北京\nA|b|C.\n"
    )


@pytest.mark.parametrize(
    ("line", "triple"),
    [
        ("a|b|c", ("a", "b", "c")),
        ("  a | b | c  ", ("a", "b", "c")),
        ("- a|b|c", ("a", "b", "c")),
        ("* a|b|c", ("a", "b", "c")),
        ("• a|b|c", ("a", "b", "c")),
        ("1. a|b|c", ("a", "b", "c")),
        ("12) a|b|c", ("a", "b", "c")),
        ("(3) a|b|c", ("a", "b", "c")),
        ("2、 甲|是|乙", ("甲", "是", "乙")),
        ("(a|b|c)", ("a", "b", "c")),
        ("(a|b|c),", ("a", "b", "c")),
        ("| a | b | c |", ("a", "b", "c")),
        ("(a; b; c)", ("a", "b", "c")),
        ("甲｜是｜乙", ("甲", "是", "乙")),
        (r"a\|b|c|d\\", ("a|b", "c", "d\\")),
        (r"a\nb|c|d", ("a\nb", "c", "d")),
        ("1984|written by|Orwell", ("1984", "written by", "Orwell")),
        ("-5|is|low", ("-5", "is", "low")),
        ("(a) b|is|c (d)", ("(a) b", "is", "c (d)")),
        ("Apple Inc.|in|U.S.", ("Apple Inc.", "in", "U.S.")),
    ],
)
def test_lines_that_hold_a_triple(line: str, triple: tuple[str, str, str]) -> None:
    parsed = parse_triples(line)
    assert parsed.triples == (Triple(*triple),)
    assert not parsed.malformed


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("I cannot do that.", "no-separator"),
        ("(a, b, c)", "no-separator"),
        ("(a; b)", "no-separator"),
        ("(a; b; c; d)", "no-separator"),
        ("a|b", "too-few-fields"),
        ("a|b|c|d", "too-many-fields"),
        ("a||c", "empty-field"),
        ("|b|c", "empty-field"),
    ],
)
def test_lines_that_hold_none_are_kept_with_their_reason(line: str, reason: str) -> None:
    parsed = parse_triples(line)
    assert not parsed.triples
    assert parsed.malformed == ((line, reason),)


def test_a_models_answer_is_read_through_its_wrapping() -> None:
    text = "Here are the triples:\n```text\n1. a|b|c\n\n2. d|e|f\n```\nI hope this helps!"
    parsed = parse_triples(text)
    assert parsed.triples == (Triple("a", "b", "c"), Triple("d", "e", "f"))
    assert parsed.malformed == (("I hope this helps!", "no-separator"),)


def test_a_table_is_read_without_its_rule() -> None:
    parsed = parse_triples("| head | relation | tail |\n|---|:--|---|\n| a | b | c |")
    assert parsed.triples[1:] == (Triple("a", "b", "c"),)
    assert not parsed.malformed
