"""What becomes of each format."""

from __future__ import annotations

from pathlib import Path

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from sample_files import CHINESE, ENGLISH, HTML, MAKERS, make_docx, make_html, make_json, pdf_bytes

from kg_builder.loaders import load
from kg_builder.types import Document

PROSE = sorted(set(MAKERS) - {"csv", "tsv", "xlsx", "pdf", "pptx", "json"})


def texts(document: Document, kind: str | None = None) -> list[str]:
    return [document.text[b.start : b.end] for b in document.blocks if kind in (None, b.kind)]


def loaded(folder: Path, suffix: str) -> Document:
    return load(MAKERS[suffix](folder / f"sample.{suffix}"))


def from_text(folder: Path, name: str, text: str) -> Document:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load(path)


@pytest.mark.parametrize("suffix", sorted(MAKERS))
def test_blocks_are_ordered_and_leave_out_only_the_space_between(tmp_path: Path, suffix: str) -> None:
    document = loaded(tmp_path, suffix)
    end = 0
    for block in document.blocks:
        assert document.text[end : block.start] in ("", "\n", "\n\n")
        text = document.text[block.start : block.end]
        assert text == text.strip() != ""
        assert "\n" not in text
        end = block.end
    assert end == len(document.text)


@pytest.mark.parametrize("suffix", PROSE)
def test_paragraphs_of_both_languages_come_whole(tmp_path: Path, suffix: str) -> None:
    paragraphs = texts(loaded(tmp_path, suffix), "paragraph")
    assert ENGLISH in paragraphs
    assert CHINESE in paragraphs


@pytest.mark.parametrize("suffix", ["csv", "docx", "odt", "pptx", "tsv", "xlsx"])
def test_rows_read_as_statements_of_their_columns(tmp_path: Path, suffix: str) -> None:
    rows = texts(loaded(tmp_path, suffix), "table_row")
    assert rows[:2] == ["Name: Ada Lovelace; Role: analyst; Since: 1842", "Name: 林若汐; Role: 董事长; Since: 2009"]


def test_loading_twice_gives_the_same_document(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx")
    assert load(path) == load(path)


@pytest.mark.parametrize(
    ("suffix", "title"),
    [
        ("docx", "Minutes"),
        ("html", "Page title"),
        ("md", "Front title"),
        ("rst", "The harbour"),
        ("pdf", "Harbour report"),
    ],
)
def test_title_is_the_documents_own(tmp_path: Path, suffix: str, title: str) -> None:
    assert loaded(tmp_path, suffix).title == title


def test_title_is_the_file_name_where_there_is_no_other(tmp_path: Path) -> None:
    assert loaded(tmp_path, "csv").title == "sample"


def test_word_keeps_levels_and_leaves_out_page_headers(tmp_path: Path) -> None:
    document = loaded(tmp_path, "docx")
    assert [(b.level, document.text[b.start : b.end]) for b in document.blocks if b.kind == "heading"] == [
        (1, "Minutes of the meeting"),
        (1, "People"),
    ]
    assert texts(document, "list_item") == ["First decision.", "Second decision."]
    assert "CONFIDENTIAL" not in document.text


def test_word_takes_insertions_and_links_but_no_deletions(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Ada ")
    for tag, word in (("w:ins", "wrote"), ("w:del", "stole")):
        change = OxmlElement(tag)
        run = OxmlElement("w:r")
        text = OxmlElement("w:t" if tag == "w:ins" else "w:delText")
        text.text = word
        run.append(text)
        change.append(run)
        paragraph._p.append(change)
    paragraph.add_run(" it.")
    document.save(str(tmp_path / "a.docx"))
    assert load(tmp_path / "a.docx").text == "Ada wrote it."


def test_word_cells_merged_downward_are_said_in_each_row(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(rows=3, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Company", "Person"
    table.cell(1, 0).merge(table.cell(2, 0)).text = "MTS"
    table.cell(1, 1).text, table.cell(2, 1).text = "Mara", "Ines"
    document.save(str(tmp_path / "a.docx"))
    assert load(tmp_path / "a.docx").text == "Company: MTS; Person: Mara\nCompany: MTS; Person: Ines"


def test_word_headings_of_a_style_of_ones_own(tmp_path: Path) -> None:
    document = docx.Document()
    style = document.styles.add_style("Kapitel", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("Own heading", style="Kapitel")
    properties = document.add_paragraph("By outline level")._p.get_or_add_pPr()
    level = OxmlElement("w:outlineLvl")
    level.set(qn("w:val"), "2")
    properties.append(level)
    document.save(str(tmp_path / "a.docx"))
    assert [(b.kind, b.level) for b in load(tmp_path / "a.docx").blocks] == [("heading", 2), ("heading", 3)]


def test_slides_are_pages_with_titles_points_and_notes(tmp_path: Path) -> None:
    document = loaded(tmp_path, "pptx")
    assert [(b.kind, b.page, b.level) for b in document.blocks][:4] == [
        ("heading", 1, 1),
        ("list_item", 1, 1),
        ("list_item", 1, 2),
        ("paragraph", 1, None),
    ]
    assert document.blocks[-1].page == 2


def test_sheets_show_values_and_compute_nothing(tmp_path: Path) -> None:
    document = loaded(tmp_path, "xlsx")
    assert texts(document, "heading") == ["People", "Numbers"]
    assert "Remark that stands alone" in texts(document, "paragraph")
    assert texts(document, "table_row")[-1] == "Plant: North; Share: 25%; Sum: 1200"


def test_sheet_rows_after_an_empty_one_keep_their_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Title of the table"], [], ["Town", "People"], ["Linxi", 900], [], ["Aldery", 1200]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert load(tmp_path / "a.xlsx").text.endswith(
        "Title of the table\n\nTown: Linxi; People: 900\nTown: Aldery; People: 1200"
    )


def test_pages_show_what_a_reader_sees(tmp_path: Path) -> None:
    document = load(make_html(tmp_path / "a.html"))
    for unseen in ("leaked", "color", "hidden words", "About"):
        assert unseen not in document.text
    assert texts(document, "list_item") == [
        "First point.",
        "Nested point.",
        "Second point.",
        "Array: A group of turbines.",
    ]
    assert texts(document, "table_row") == ["Name: Ada Lovelace; Role: analyst", "Name: Bob"]


def test_html_tables_fill_spans_and_read_row_names(tmp_path: Path) -> None:
    document = from_text(
        tmp_path,
        "a.html",
        "<table><tr><th>Company</th><th>Person</th></tr><tr><td rowspan=2>MTS</td><td>Mara</td></tr>"
        "<tr><td>Ines</td></tr></table><p>Then:</p><table><tr><th>Born</th><td>1950</td></tr><tr><th>Died</th><td>2001</td></tr></table>"
        "<p>And:</p><table><tr><td><p>A frame around text.</p></td></tr></table>",
    )
    assert texts(document, "table_row") == [
        "Company: MTS; Person: Mara",
        "Company: MTS; Person: Ines",
        "Born: 1950",
        "Died: 2001",
    ]
    assert texts(document, "paragraph") == ["Then:", "And:", "A frame around text."]


def test_markdown_drops_comments_and_code(tmp_path: Path) -> None:
    document = loaded(tmp_path, "md")
    assert "comment" not in document.text
    assert "os.remove" not in document.text
    assert [b.level for b in document.blocks if b.kind == "list_item"] == [1, 2, 1]


def test_markdown_keeps_prose_that_is_set_like_code(tmp_path: Path) -> None:
    quote = "The company was founded in 2014 by two engineers who had met at the university of the capital."
    assert quote in from_text(tmp_path, "a.md", f"# Quote\n\n    {quote}\n").text


def test_rst_neither_includes_nor_leaks(tmp_path: Path) -> None:
    document = loaded(tmp_path, "rst")
    for unseen in ("root:", "raw words", "must not leak", "leaked", "unknown-thing", "include"):
        assert unseen not in document.text
    assert texts(document, "table_row") == [
        "Author: Ada; Version: 2",
        "Name: Ada; Role: analyst",
        "Name: Bob; Role: pilot",
    ]
    assert texts(document, "list_item")[-1] == "Array: A group of turbines."
    assert texts(document, "paragraph")[-1] == "See the role."


def test_rst_is_quiet_about_errors(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from_text(tmp_path, "a.rst", "Title\n==\n\n*unclosed and `more\n\n.. figure::\n")
    assert capfd.readouterr() == ("", "")


def test_json_fields_become_statements_and_paragraphs(tmp_path: Path) -> None:
    document = load(make_json(tmp_path / "a.json"))
    assert document.title == "Facts about the array"
    assert texts(document) == [
        "Facts about the array",
        "tags: tide, power",
        ENGLISH,
        "place name: 临汐; place people: 900",
    ]


def test_json_numbers_stay_as_written(tmp_path: Path) -> None:
    assert from_text(tmp_path, "a.json", '{"a": 1.50, "b": 123456789012345678901234567890, "c": "x"}').text == (
        "a: 1.50; b: 123456789012345678901234567890; c: x"
    )


def test_json_by_lines_under_the_other_name(tmp_path: Path) -> None:
    assert from_text(tmp_path, "a.json", '{"a": "x"}\n{"a": "y"}\n').text == "a: x\na: y"


def test_mail_head_is_a_statement_and_attachments_are_counted(tmp_path: Path) -> None:
    document = loaded(tmp_path, "eml")
    assert document.title == "Re: 合资 and the array"
    assert texts(document, "table_row") == [
        "Subject: Re: 合资 and the array; From: Ada Lovelace <ada@mts.example>; To: Lin <lin@xilan.example>; "
        "Date: Mon, 06 Mar 2023 10:00:00 +0000; Attachments: 1 (plan.bin)"
    ]


def test_mail_of_html_alone_in_a_chinese_encoding(tmp_path: Path) -> None:
    head = b"From: a@x.example\r\nSubject: =?gb2312?B?us/Xyg==?=\r\nContent-Type: text/html; charset=gb2312\r\n"
    (tmp_path / "a.eml").write_bytes(
        head + b"Content-Transfer-Encoding: 8bit\r\n\r\n" + f"<p>{CHINESE}</p>".encode("gb18030")
    )
    document = load(tmp_path / "a.eml")
    assert texts(document, "paragraph") == [CHINESE]
    assert document.title == "合资"


def test_books_follow_the_spine_and_skip_the_contents(tmp_path: Path) -> None:
    assert texts(loaded(tmp_path, "epub")) == ["One day", ENGLISH, "两天", CHINESE]


def test_odt_notes_stand_after_their_paragraph(tmp_path: Path) -> None:
    document = loaded(tmp_path, "odt")
    paragraphs = texts(document, "paragraph")
    assert paragraphs.index("A note of its own.") == paragraphs.index(ENGLISH) + 1
    assert "deleted words" not in document.text
    assert texts(document, "list_item") == ["First point.", "Nested point."]


def test_pdf_pages_lose_headers_footers_and_broken_words(tmp_path: Path) -> None:
    document = loaded(tmp_path, "pdf")
    assert "Annual report" not in document.text
    assert "Page" not in document.text
    assert texts(document, "heading") == ["Chapter 1", "Chapter 2", "Chapter 3", "Chapter 4"]
    assert texts(document, "paragraph")[:3] == [
        "The tidal array near the harbour was built in eleven months by the engineers of the company, who had worked "
        "on it since the spring of that year.",
        "It was opened in 2011 by the mayor.",
        "江屿示范项目由子岚海洋能源有限公司投资建设，项目计划安装二十台机组，总装机容量为二十四兆瓦。",
    ]
    assert [b.page for b in document.blocks] == [n for n in (1, 2, 3, 4) for _ in range(4)]


def test_pdf_hyphens_that_belong_to_the_word_stay(tmp_path: Path) -> None:
    lines = [
        (
            72.0,
            700.0,
            11.0,
            "The agreement is a well-known case of a power-purchase contract that was signed by a well-",
        ),
        (72.0, 686.0, 11.0, "known company and by the North-"),
        (72.0, 672.0, 11.0, "South Bank, for the construction of the array."),
    ]
    (tmp_path / "a.pdf").write_bytes(pdf_bytes([lines]))
    assert "by a well-known company and by the North-South Bank" in load(tmp_path / "a.pdf").text


def test_pdf_tables_read_as_statements(tmp_path: Path) -> None:
    rows = [("Year", "Revenue", "Staff"), ("2021", "1.7", "54"), ("2022", "3.1", "67")]
    lines = [(72.0 + 150 * c, 700.0 - 16 * r, 11.0, cell) for r, row in enumerate(rows) for c, cell in enumerate(row)]
    lines.insert(0, (72.0, 740.0, 11.0, "The company grew in both years, as the table shows in some detail."))
    (tmp_path / "a.pdf").write_bytes(pdf_bytes([lines]))
    assert texts(load(tmp_path / "a.pdf"), "table_row") == [
        "Year: 2021; Revenue: 1.7; Staff: 54",
        "Year: 2022; Revenue: 3.1; Staff: 67",
    ]


def test_pdf_paragraph_goes_on_over_the_page(tmp_path: Path) -> None:
    first = [(72.0, 700.0, 11.0, "The array was built by the yard that had also been"), (300.0, 20.0, 9.0, "1")]
    second = [(72.0, 700.0, 11.0, "chosen for the repair of the older turbines."), (300.0, 20.0, 9.0, "2")]
    (tmp_path / "a.pdf").write_bytes(pdf_bytes([first, second]))
    document = load(tmp_path / "a.pdf")
    assert (
        document.text
        == "The array was built by the yard that had also been chosen for the repair of the older turbines."
    )
    assert document.blocks[0].page == 1


@pytest.mark.parametrize(
    ("suffix", "name"), [("pdf", "a.txt"), ("docx", "a.pdf"), ("xlsx", "b.docx"), ("epub", "c.html")]
)
def test_content_decides_under_a_wrong_name(tmp_path: Path, suffix: str, name: str) -> None:
    right = load(MAKERS[suffix](tmp_path / f"right.{suffix}"))
    wrong = load(MAKERS[suffix](tmp_path / name))
    assert (wrong.text, wrong.blocks) == (right.text, right.blocks)


def test_a_page_saved_under_another_name_is_still_a_page(tmp_path: Path) -> None:
    assert from_text(tmp_path, "report.pdf", HTML).title == "Page title"


def test_csv_delimiters_quotes_and_missing_headers(tmp_path: Path) -> None:
    assert (
        from_text(tmp_path, "a.csv", 'Town;Note\nLinxi;"two\nlines; and more"\n').text
        == "Town: Linxi; Note: two lines; and more"
    )
    assert from_text(tmp_path, "b.csv", "1,2,3\n4,5,x\n").text == "1 | 2 | 3\n4 | 5 | x"
