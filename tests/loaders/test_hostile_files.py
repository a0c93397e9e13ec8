"""Small files made to cost much: each of these once took minutes, gigabytes or forever, or got past a check."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_files import ENGLISH, MAKERS, make_docx, make_epub, make_xlsx, pdf_bytes

from kg_builder.errors import LoadError
from kg_builder.loaders import Limits, load

LONGEST_S = 10.0  # of CPU; most take well under one


def outcome(path: Path, *, limits: Limits | None = None) -> str:
    """The text, or the reason there is none; soon."""
    started = time.process_time()
    try:
        return load(path, limits=limits).text
    except LoadError as exc:
        return exc.reason
    finally:
        assert time.process_time() - started < LONGEST_S


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def repacked(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, change(name, data))
    return path


def replaced(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """The package with the first `old` in one of its parts replaced."""

    def change(name: str, data: bytes) -> bytes:
        assert name != part or old in data
        return data.replace(old, new, 1) if name == part else data

    return repacked(path, change)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("comments.txt", b"<!---->" * 5_000 + b"Words."),
        ("wiki.txt", b"=" + b" " * 20_000 + b"b"),
        ("hashes.txt", b"# a" + b" " * 100_000 + b"b"),
        ("header.rst", b"A: \n" * 500 + b"Words."),
        ("role.rst", b"Words :foo:`" + b"<" * 100_000 + b"`"),
        ("lines.html", b"<p>" + b"a<br>" * 50_000),
        ("cells.html", b"<table><tr>" + b"<td>a" * 50_000 + b"</table>"),
        ("narrow.csv", b"a\n" * 20_000 + b"a,b\n"),
        ("encoding.html", b"<meta charset=punycode><p>\xc4\xe3\xba\xc3 caf\xe9 " + b"a9-" * 50_000),
    ],
)
def test_texts_that_took_more_than_linear_time(tmp_path: Path, name: str, data: bytes) -> None:
    assert len(outcome(written(tmp_path / name, data))) >= 3


@pytest.mark.parametrize(
    "head",
    [
        b"From: " + b"a," * 50_000,
        b"To: " + b"(a)" * 50_000,
        b'To: "' + b'"a' * 50_000,
        b"Cc: " + b"a " * 50_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 5_000,
        b"Content-Type: text/plain; " + b"a*0=b;" * 20_000,
    ],
)
def test_long_headers_of_mail(tmp_path: Path, head: bytes) -> None:
    assert ENGLISH in outcome(written(tmp_path / "a.eml", head + b"\n\n" + ENGLISH.encode()))


def test_a_long_list_of_recipients_is_read_in_full(tmp_path: Path) -> None:
    people = b",\n ".join(b"=?utf-8?q?L=C3=ADn_%d?= <lin%d@xilan.example>" % (i, i) for i in range(300))
    text = outcome(written(tmp_path / "a.eml", b"To: " + people + b"\n\nWords."))
    assert "Lín 0 <lin0@xilan.example>" in text
    assert "Lín 299 <lin299@xilan.example>" in text


def test_an_element_with_countless_attributes(tmp_path: Path) -> None:
    countless = b" ".join(b"a%d='>'" % i for i in range(100_000))
    assert outcome(written(tmp_path / "a.html", b"<p " + countless + b">Words.")) == "too-large"
    long = b"<p title='" + b"word " * 50_000 + b"'>Words that stay.</p>"
    assert outcome(written(tmp_path / "b.html", long)) == "Words that stay."
    assert outcome(written(tmp_path / "c.html", b"<p>Words " + b'a<b="' * 50_000)).startswith("Words")


def test_substitutions_of_substitutions(tmp_path: Path) -> None:
    laughs = "".join(f".. |{a}| replace:: {f'|{b}| ' * 10}\n" for a, b in zip("abcdefg", "bcdefgh", strict=True))
    path = written(tmp_path / "a.rst", f"{laughs}.. |h| replace:: ha\n\nWords |a|\n".encode())
    assert outcome(path) == "too-large"
    circle = b".. |a| replace:: |b|\n.. |b| replace:: |a|\n.. |c| replace:: fine\n\nAll is |c| here, |a|.\n"
    assert "All is fine here" in outcome(written(tmp_path / "b.rst", circle))


@pytest.mark.parametrize("suffix", ["docx", "odt"])
def test_tables_in_tables_in_tables(tmp_path: Path, suffix: str) -> None:
    path = MAKERS[suffix](tmp_path / f"a.{suffix}")
    part, cell, start, end, anchor = {
        "docx": (
            "word/document.xml", b"<w:tc><w:p><w:r><w:t>%b</w:t></w:r></w:p>%b</w:tc>",
            b"<w:tbl><w:tr>", b"</w:tr></w:tbl>", b"<w:tbl>",
        ),
        "odt": (
            "content.xml", b"<table:table-cell><text:p>%b</text:p>%b</table:table-cell>",
            b"<table:table><table:table-row>", b"</table:table-row></table:table>", b"<table:table>",
        ),
    }[suffix]  # fmt: skip
    inner = b""
    for depth in range(40, 0, -1):
        inner = start + cell % (b"left", b"") + cell % (b"depth %d," % depth, inner) + end
    text = outcome(replaced(path, part, anchor, inner + anchor))
    assert all(text.count(f"depth {depth},") == 1 for depth in range(1, 41))


def test_many_styles_in_one_chain(tmp_path: Path) -> None:
    styles = b"".join(
        b'<w:style w:type="paragraph" w:styleId="S%d"><w:basedOn w:val="S%d"/></w:style>' % (i, i + 1)
        for i in range(2_000)
    )
    path = replaced(make_docx(tmp_path / "a.docx"), "word/styles.xml", b"</w:styles>", styles + b"</w:styles>")
    paragraphs = b"".join(b'<w:p><w:pPr><w:pStyle w:val="S%d"/></w:pPr></w:p>' % i for i in range(2_000))
    assert ENGLISH in outcome(replaced(path, "word/document.xml", b"<w:body>", b"<w:body>" + paragraphs))


def test_a_page_that_is_named_again_and_again_is_read_once(tmp_path: Path) -> None:
    path = replaced(
        make_epub(tmp_path / "a.epub"), "OEBPS/c.opf", b"<spine>", b"<spine>" + b'<itemref idref="a"/>' * 9_000
    )
    assert outcome(path).count(ENGLISH) == 1


def test_pages_that_are_one_and_the_same_object_add_up(tmp_path: Path) -> None:
    data = pdf_bytes([[(72, 700, 12, ENGLISH)]])
    page = data.split(b"/Kids [")[1].split(b"]")[0]
    path = written(tmp_path / "a.pdf", data.replace(b"/Count 1 /Kids [", b"/Count 4 /Kids [" + (page + b" ") * 3))
    assert outcome(path, limits=Limits(max_characters=3 * len(ENGLISH))) == "too-large"


def test_rows_with_nothing_but_a_far_cell(tmp_path: Path) -> None:
    rows = b"".join(b'<row r="%d"><c r="XFD%d"/></row>' % (i, i) for i in range(100, 2_000))
    path = replaced(make_xlsx(tmp_path / "a.xlsx"), "xl/worksheets/sheet1.xml", b"</sheetData>", rows + b"</sheetData>")
    assert outcome(path, limits=Limits(max_cells=100_000)) == "too-large"


def test_rows_of_a_slide_take_linear_time(tmp_path: Path) -> None:
    row = b'<a:tr h="1"><a:tc><a:txBody><a:p/></a:txBody></a:tc></a:tr>'
    path = MAKERS["pptx"](tmp_path / "a.pptx")
    assert "Ada Lovelace" in outcome(replaced(path, "ppt/slides/slide2.xml", b"</a:tbl>", row * 3_000 + b"</a:tbl>"))


@pytest.mark.parametrize("suffix", ["docx", "pptx", "xlsx"])
@pytest.mark.parametrize("how", ["behind a comment", "in UTF-16"])
def test_a_document_type_is_found_wherever_it_hides(tmp_path: Path, suffix: str, how: str) -> None:
    part = {"docx": "word/document.xml", "pptx": "ppt/slides/slide1.xml", "xlsx": "xl/workbook.xml"}[suffix]
    declaration = '<!DOCTYPE r [<!ENTITY a "ha">]>'

    def change(name: str, data: bytes) -> bytes:
        if name != part:
            return data
        text = data.decode()
        text = text[text.index("?>") + 2 :] if text.startswith("<?xml") else text
        if how == "in UTF-16":
            return f"{declaration}{text}".encode("utf-16")
        return f"<!--{' ' * 9_000}-->{declaration}{text}".encode()

    assert outcome(repacked(MAKERS[suffix](tmp_path / f"a.{suffix}"), change)) == "unsafe-xml"


@pytest.mark.parametrize("suffix", ["docx", "epub", "odt", "pptx", "xlsx"])
@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_that_unpack_without_a_bound(tmp_path: Path, suffix: str, method: int) -> None:
    path = MAKERS[suffix](tmp_path / f"a.{suffix}")
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w", method) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    with pytest.raises(LoadError, match=f"stored or deflated, found compression method {method}: .*save") as refused:
        load(path)
    assert refused.value.reason == "corrupt"


def test_a_table_with_blank_lines_above_it(tmp_path: Path) -> None:
    assert "name: ada; age: 3" in outcome(written(tmp_path / "a.csv", b"\n" * 60 + b"name,age\nada,3\n"))


def test_names_of_columns_too_long_to_say_in_every_row(tmp_path: Path) -> None:
    page = b"<table><tr><th>" + b"N" * 30_000 + b"<th>b</tr>" + b"<tr><td>x<td>y</tr>" * 5_000 + b"</table>"
    assert len(outcome(written(tmp_path / "a.html", page))) < 100_000
