"""Lines to paragraphs, pieces to text and blocks."""

from __future__ import annotations

import textwrap
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_builder.loaders import Limits, load
from kg_builder.loaders.paragraphs import reads_as_code, text_pieces
from kg_builder.loaders.pieces import Piece, Source, assemble, clean, join_lines
from kg_builder.loaders.tables import header_index, statement, table_pieces

SOURCE = Source(Path("a.txt"), b"", Limits())
NOVEL = (
    "You will rejoice to hear that no disaster has accompanied the commencement of an enterprise which you have "
    "regarded with such evil forebodings. I arrived here yesterday, and my first task is to assure my dear sister of "
    "my welfare and increasing confidence in the success of my undertaking."
)
CHINESE = "江屿示范项目由子岚海洋能源有限公司投资建设，总投资六点八亿元。四台机组从望潮码头运出，由工程船吊装。" * 3


def test_hard_wrapped_paragraphs_come_on_one_line() -> None:
    text = f"{textwrap.fill(NOVEL, 72)}\n\n{textwrap.fill(NOVEL, 72)}\n"
    assert [p.text for p in text_pieces(text)] == [NOVEL, NOVEL]


def test_hard_wrapped_chinese_gets_no_spaces() -> None:
    lines = "\n".join(CHINESE[i : i + 35] for i in range(0, len(CHINESE), 35))
    assert [p.text for p in text_pieces(lines)] == [CHINESE]


def test_lines_that_are_paragraphs_stay_apart() -> None:
    assert [p.text for p in text_pieces(f"{NOVEL}\n{NOVEL}\n{NOVEL}")] == [NOVEL] * 3


def test_indented_first_lines_begin_paragraphs() -> None:
    wrapped = textwrap.fill(NOVEL, 60, initial_indent="    ")
    assert [p.text for p in text_pieces(f"{wrapped}\n{wrapped}\n")] == [NOVEL, NOVEL]


def test_addresses_and_short_lines_stay_apart() -> None:
    text = f"{textwrap.fill(NOVEL, 72)}\n\nAda Lovelace\nQuay Street 4\nPort Aldery\n"
    assert [p.text for p in text_pieces(text)][1:] == ["Ada Lovelace", "Quay Street 4", "Port Aldery"]


@pytest.mark.parametrize(
    ("line", "level"),
    [("CHAPTER IV. The Rabbit", 1), ("第三章 归来", 1), ("== Background ==", 1), ("=== Crew ===", 2),
     ("THE END OF IT", 2), ("一、参观潮汐电站", 1), ("Introduction", 1)],
)  # fmt: skip
def test_headings_of_plain_text(line: str, level: int) -> None:
    pieces = list(text_pieces(f"{NOVEL}\n\n{line}\n\n{NOVEL}\n"))
    assert (pieces[1].kind, pieces[1].level) == ("heading", level)


def test_underlined_headings_and_list_items_of_plain_text() -> None:
    pieces = list(text_pieces("Results\n=======\n\nWe saw:\n\n- a porpoise, which\n  was small;\n- two boats.\n"))
    assert [(p.kind, p.text) for p in pieces] == [
        ("heading", "Results"),
        ("paragraph", "We saw:"),
        ("list_item", "a porpoise, which was small;"),
        ("list_item", "two boats."),
    ]


def test_code_is_told_from_prose() -> None:
    assert reads_as_code("for (i = 0; i < n; i++) {\n  total += a[i];\n}")
    assert reads_as_code("$ pip install foo\n$ foo --help")
    assert not reads_as_code(NOVEL)
    assert not reads_as_code(CHINESE)


def test_lines_join_with_a_space_only_where_words_need_one() -> None:
    assert join_lines(["the", "end"]) == "the end"
    assert join_lines(["中国", "人民"]) == "中国人民"
    assert join_lines(["2023", "年"]) == "2023年"
    assert join_lines(["他说：", "“好”。"]) == "他说：“好”。"
    assert join_lines(["他用", "Python"]) == "他用 Python"
    assert join_lines(["it ended—", "at last"]) == "it ended—at last"


def test_rows_without_names_and_with_gaps() -> None:
    assert statement(["a", "", "b\nc"], None) == "a | b c"
    assert statement(["a", "", "b", "c"], ["X", "Y", ""]) == "X: a; b; c"


def test_header_is_found_below_a_title_and_not_among_numbers() -> None:
    assert header_index([["Staff", "", ""], ["Name", "Role", "Since"], ["Ada", "analyst", "1842"]]) == 1
    assert header_index([["1", "2"], ["3", "4"]]) is None
    assert header_index([["Name", "Name"], ["a", "b"]]) is None
    assert [p.kind for p in table_pieces([["only"], ["one column"]])] == ["paragraph", "paragraph"]


def test_clean_leaves_one_printable_line() -> None:
    assert clean(" a\u00a0b\tc\r\n\x07d\u00ade\ufeff\ud800 ") == "a b c de\ufffd"


TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=40)
PIECES = st.lists(
    st.builds(
        Piece,
        st.sampled_from(["heading", "paragraph", "list_item", "table_row"]),
        TEXT,
        st.none() | st.integers(1, 9),
        st.none() | st.integers(1, 6),
    ),
    max_size=30,
)


@given(PIECES)
def test_blocks_cover_the_text_whatever_the_pieces(pieces: list[Piece]) -> None:
    kept = [piece for piece in pieces if clean(piece.text)]
    if not kept:
        return
    text, blocks = assemble(pieces, SOURCE)
    text.encode("utf-8")
    assert [(b.kind, text[b.start : b.end], b.page, b.level) for b in blocks] == [
        (p.kind, clean(p.text), p.page, p.level) for p in kept
    ]
    gaps = [text[a.end : b.start] for a, b in pairwise(blocks)]
    alike = [a.kind == b.kind in ("table_row", "list_item") for a, b in pairwise(kept)]
    assert gaps == ["\n" if same else "\n\n" for same in alike]
    assert (blocks[0].start, blocks[-1].end) == (0, len(text))


@given(TEXT)
def test_clean_is_done_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(max_size=300))
def test_plain_text_loses_no_letter(text: str) -> None:
    letters = [c for c in text if c.isalpha()]
    assert [c for piece in text_pieces(text) for c in piece.text if c.isalpha()] == letters or _has_marker(text)


def _has_marker(text: str) -> bool:
    """Lines that are list signs, rules or markup lose those."""
    return any(line.strip()[:1] in "-*•·‣▪●○◦(=#0123456789~_+.—–─═" for line in text.splitlines())


def test_a_gutenberg_title_line_names_the_document(tmp_path: Path) -> None:
    (tmp_path / "84.txt").write_text(f"Title: Frankenstein\n\n{NOVEL}\n")
    assert load(tmp_path / "84.txt").title == "Frankenstein"
