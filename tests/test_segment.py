import time
import unicodedata
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.errors import ConfigError
from kg_builder.segment import segment_document, split_sentences
from kg_builder.types import Block, Document, Segment

# One string per sentence; the text is their concatenation with a space between (none in Chinese).
ENGLISH = [
    ["Dr. Smith met Mr. J. R. R. Tolkien at 5 p.m. on Jan. 5.", "They talked."],
    ["The U.S. economy grew 3.5% in 2020.", "It shrank later."],
    ["Apple Inc. was founded by Steve Jobs.", "It is in Cupertino."],
    ["He works for Acme Corp. in Ohio.", "His wife does not."],
    ["In May Ada joined Acme Corp.", "James Hale, who founded it, left.", "Acme Corp. Chief Ann Hale did not."],
    ["See e.g. Fig. 3 and Sec. 4.2, i.e. the plots.", "Nothing else matters."],
    ["No. 5 is alive.", "He said no.", "Then he left."],
    ["Visit https://example.com/a.b?c=d.", "It is free."],
    ['"Stop!" he said.', "She did not."],
    ['"Stop!" John said.', "She did not."],
    ["He asked: “Why?”", "Nobody knew."],
    ["Well... not today.", "Perhaps."],
    ["Wait… what?", "Yes."],
    ["What?!", "No way!!", "Really."],
    ["1. First point.", "2. Second point."],
    ["John F. Kennedy was shot in 1963.", "Lyndon B. Johnson followed."],
    ["She holds a Ph.D. from M.I.T. and lives here.", "We met."],
    ["It was cited before.[3]", "Later work agreed."],
    ["It was cited before. [3] [4]", "Later work agreed."],
    ["He saw Henry V.", "The play is long."],
    ["The case Roe v. Wade was decided (see p. 12).", "The court agreed."],
    ["He lives at 10 Main St. in Boston.", "He is old."],
    ["Prices rose to $1,000.50 vs. $900.", "Demand fell."],
    ["(This is an aside.)", "This is not."],
    ["Smith et al. found it.", "Others did not."],
    ["It fell; it rose.", "It stayed."],
    ["The sun.", "Peter saw it."],
    ["Martin Luther King Jr. Day is in January.", "Most offices close."],
    ["IT STOPPED.", "NOBODY KNEW."],
]
CHINESE = [
    ["他来了。", "她走了！", "真的吗？", "是的……"],
    ["他说：“我来了。”", "然后他走了。"],
    ["“你好！”他说。", "她笑了。"],
    ["“你好！”她大声问道，没有人回答。", "天黑了。"],
    ["“走吧。”", "小明说：“好。”"],
    ["公司成立于1998年；", "总部位于北京。"],
    ["他（一名医生；后来是作家）住在上海。", "他很老。"],
    ["增长率为3.5%，为No.1。", "第二年下降。"],
    ["他……走了。", "没有人知道。"],
    ["《你好！》的作者是他。", "他很有名。"],
    ["太好了！！！", "真的？！", "是。"],
    ["我用Python 3.11编程。", "他也是。"],
    ["苹果公司(Apple Inc.)在美国。", "它很大。"],
    ["臺灣大學位於臺北。", "它成立於1928年。"],
    ["你好!我是小明.", "他是谁?"],
]


@pytest.mark.parametrize("sentences", ENGLISH, ids=lambda s: s[0][:30])
def test_english_sentences_end_where_a_reader_ends_them(sentences: list[str]) -> None:
    text = " ".join(sentences)
    assert [text[a:b] for a, b in split_sentences(text)] == sentences


@pytest.mark.parametrize("sentences", CHINESE[:-1], ids=lambda s: s[0][:10])
def test_chinese_sentences_end_where_a_reader_ends_them(sentences: list[str]) -> None:
    text = "".join(sentences)
    assert [text[a:b] for a, b in split_sentences(text)] == sentences


def test_ascii_stops_end_chinese_sentences() -> None:
    text = "你好!我是小明.他是谁?"
    assert [text[a:b] for a, b in split_sentences(text)] == ["你好!", "我是小明.", "他是谁?"]


def test_blocks_and_blank_lines_end_sentences() -> None:
    text = "A heading\nSome text that\nruns on\n\nand new text"
    blocks = [Block("heading", 0, 9, level=1), Block("paragraph", 10, len(text))]
    assert [text[a:b] for a, b in split_sentences(text, blocks=blocks)] == [
        "A heading",
        "Some text that\nruns on",
        "and new text",
    ]


def test_text_between_blocks_is_not_lost() -> None:
    text = "before. block after"
    assert [text[a:b] for a, b in split_sentences(text, blocks=[Block("paragraph", 8, 13)])] == [
        "before.",
        "block",
        "after",
    ]


# --- properties ------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        *(
            "the",
            "Company",
            "3.5",
            "U.S.",
            "Dr.",
            "e.g.",
            "(see",
            "below)",
            "a,b",
            "end.",
            "why?",
            "so;",
            "Ltd.",
            "...",
        ),
        *("…", "[3]", "supercalifragilistic", "é", '"Yes!"', "e\u0301\u0301", "🇫🇷🇩🇪", "👩\u200d🚀", "\n", "\n\n"),
    ]
)
HAN = st.sampled_from(["\n\n", *"他 公司 成立于 。 ！ ？” “ ； ， …… 1998年 （ ） ： 北京大学".split()])  # noqa: SIM905
PLAIN = st.text(alphabet="ab é一\u0301", max_size=300)
TEXTS = st.one_of(
    st.lists(WORDS, max_size=80).map(" ".join),
    st.lists(HAN, max_size=120).map("".join),
    st.lists(st.one_of(WORDS, HAN), max_size=100).map(" ".join),
    PLAIN,
    st.text(max_size=200),
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(TEXTS)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    kinds = st.sampled_from(["heading", "paragraph", "list_item", "table_row"])
    blocks = tuple(
        Block(draw(kinds), a, b, page=index + 1, level=draw(st.integers(1, 4)))
        for index, (a, b) in enumerate(pairwise(cuts))
        if draw(st.integers(0, 3))
    )
    return Document("u", "h", "t", text, "en", blocks)


def tokens(text: str) -> int:
    """A length like a tokenizer's: words, and each four letters of a long one."""
    return sum(1 + len(word) // 5 for word in text.split())


def assert_covers(text: str, spans: list[tuple[int, int]]) -> None:
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text)
        assert not text[at:start].strip()
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        at = end
    assert not text[at:].strip()


@given(documents())
def test_sentences_cover_the_text_in_order(document: Document) -> None:
    assert_covers(document.text, split_sentences(document.text, blocks=document.blocks))


@given(documents())
def test_no_sentence_crosses_a_block(document: Document) -> None:
    for start, end in split_sentences(document.text, blocks=document.blocks):
        assert not any(start < edge < end for b in document.blocks for edge in (b.start, b.end))


@settings(max_examples=200)
@given(documents(), st.integers(1, 120), st.sampled_from([len, tokens]))
def test_segments_cover_the_text_in_order(document: Document, budget: int, length: Callable[[str], int]) -> None:
    segments = segment_document(document, budget=budget, length=length)
    assert_covers(document.text, [(s.start, s.end) for s in segments])
    assert [s.index for s in segments] == list(range(len(segments)))
    for s in segments:
        assert length(s.text) <= budget or len(s.text) == 1


@settings(max_examples=200)
@given(documents(), st.integers(1, 120), st.sampled_from([len, tokens]))
def test_only_sentences_over_the_budget_are_cut(document: Document, budget: int, length: Callable[[str], int]) -> None:
    sentences = split_sentences(document.text, blocks=document.blocks)
    starts, ends = {a for a, _ in sentences}, {b for _, b in sentences}
    long = [(a, b) for a, b in sentences if length(document.text[a:b]) > budget]
    for s in segment_document(document, budget=budget, length=length):
        assert s.split == (s.start not in starts or s.end not in ends)
        assert s.start in starts or any(a < s.start < b for a, b in long)
        assert s.end in ends or any(a < s.end < b for a, b in long)


def fewest(text: str, sentences: list[tuple[int, int]], budget: int, length: Callable[[str], int]) -> int:
    """The smallest number of runs of sentences within the budget, by dynamic programming over all packings."""
    best = [0] + [len(sentences) + 1] * len(sentences)
    for end in range(1, len(sentences) + 1):
        for first in range(end):
            if length(text[sentences[first][0] : sentences[end - 1][1]]) <= budget:
                best[end] = min(best[end], best[first] + 1)
    return best[-1]


@settings(max_examples=200)
@given(documents(), st.integers(0, 80), st.sampled_from([len, tokens]))
def test_segments_are_as_few_as_can_be(document: Document, extra: int, length: Callable[[str], int]) -> None:
    """Checked run by run, since a change of language is the one boundary that no segment crosses."""
    text = document.text
    sentences = split_sentences(text, blocks=document.blocks)
    budget = max((length(text[a:b]) for a, b in sentences), default=1) + extra
    segments = segment_document(document, budget=budget, length=length)
    runs: list[list[Segment]] = []
    for segment in segments:
        if not runs or runs[-1][-1].language != segment.language:
            runs.append([])
        runs[-1].append(segment)
    for run in runs:
        inside = [(a, b) for a, b in sentences if run[0].start <= a and b <= run[-1].end]
        assert len(run) == fewest(text, inside, budget, length)


# --- cuts, languages, pages, sections --------------------------------------------------------------------------------


def segments_of(text: str, budget: int, **options: object) -> list[Segment]:
    return segment_document(Document("u", "h", "t", text, "en"), budget=budget, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("alpha beta gamma; delta, epsilon zeta", "alpha beta gamma;"),
        ("alpha beta gamma, delta epsilon zeta", "alpha beta gamma,"),
        ("alpha beta 10,000 delta epsilon zeta", "alpha beta 10,000 delta"),
        ("alphabetagammadeltaepsilonzeta", "alphabetagammadeltaepsilo"),
        ("公司在北京成立并且发展壮大，后来它又搬到了上海并且继续发展", "公司在北京成立并且发展壮大，"),
        ("a" * 24 + "e\u0301" + "b" * 20, "a" * 24),
        ("a" * 22 + "👩\u200d🚀" + "b" * 20, "a" * 22 + "👩\u200d🚀"),
        ("a" * 23 + "👩\u200d🚀" + "b" * 20, "a" * 23),
    ],
)
def test_a_long_sentence_is_cut_at_the_best_inner_boundary(text: str, first: str) -> None:
    segments = segments_of(text, 25)
    assert segments[0].text == first
    assert all(s.split for s in segments)
    assert len(segments) > 1


def test_no_cut_inside_a_combining_sequence() -> None:
    text = "e\u0301" * 500
    for segment in segments_of(text, 33):
        assert not unicodedata.combining(segment.text[0])


def test_a_budget_below_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        segments_of("text", 0)


def lines(*rows: tuple[str, str, int | None, int | None]) -> Document:
    """A document with one block per row of (kind, text, page, level)."""
    blocks, at = [], 0
    for kind, text, page, level in rows:
        blocks.append(Block(kind, at, at + len(text), page=page, level=level))  # type: ignore[arg-type]
        at += len(text) + 1
    return Document("u", "h", "t", "\n".join(row[1] for row in rows), "en", tuple(blocks))


ENGLISH_TEXT = "The company was founded in Berlin in 1998 by two engineers."
CHINESE_TEXT = "公司于1998年在柏林成立，由两名工程师创办。"
FRENCH_TEXT = "La société a été fondée à Berlin en 1998 par deux ingénieurs et elle est grande."


def test_a_change_of_language_between_blocks_starts_a_segment() -> None:
    document = lines(*(("paragraph", text, None, None) for text in (ENGLISH_TEXT, CHINESE_TEXT, FRENCH_TEXT)))
    assert [s.language for s in segment_document(document)] == ["en", "zh", "other"]


@pytest.mark.parametrize("odd", ["API", "目录", "12.5", "Größe", "---"])
def test_one_short_odd_block_does_not_cut(odd: str) -> None:
    for text, language in ((ENGLISH_TEXT, "en"), (CHINESE_TEXT, "zh")):
        document = lines(*(("paragraph", t, None, None) for t in (odd, text, odd, text, odd)))
        assert [s.language for s in segment_document(document)] == [language]


def test_page_and_section_are_those_of_the_start() -> None:
    document = lines(
        ("heading", "Report", 1, 1),
        ("heading", "Method", 1, 2),
        ("paragraph", ENGLISH_TEXT, 1, None),
        ("paragraph", ENGLISH_TEXT, 2, None),
        ("heading", "Results", 2, 2),
        ("paragraph", ENGLISH_TEXT, 3, None),
    )
    found = [(s.page, s.section) for s in segment_document(document, budget=61)]
    assert found == [(1, ""), (1, "Report > Method"), (2, "Report > Method"), (2, "Report"), (3, "Report > Results")]


# --- speed -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unit", ["word ", "a", "字", ".", "。", '"', "！”的", "\n", "\n ", "；", "（；", "e\u0301", "1,0", "A. ", "?!"]
)
@pytest.mark.parametrize("length", [len, tokens])
def test_a_megabyte_without_structure_takes_linear_time(unit: str, length: Callable[[str], int]) -> None:
    text = unit * (1_000_000 // len(unit))
    begin = time.process_time()
    segments = segments_of(text, 1024, length=length)
    assert time.process_time() - begin < 20
    assert sum(s.end - s.start for s in segments) <= len(text)
