"""Makes the sample documents that are not plain UTF-8 text, the same bytes every time.

    python data/source/build.py            # needs reportlab besides what the project itself uses

The other documents (md, html, rst, csv, tsv, json, jsonl, eml and one txt) are written by hand in ``data/sample``.
"""

from __future__ import annotations

import datetime as dt
import html
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import markup
from markup import Line

SOURCE = Path(__file__).parent
SAMPLE = SOURCE.parent / "sample"
MOMENT = dt.datetime(2025, 6, 2, 8, 0, 0)
ZIP_MOMENT = MOMENT.timetuple()[:6]


def main() -> None:
    """Write every built document into ``data/sample``."""
    built = {
        "annual-report-2023.pdf": pdf(
            "annual-report-2023", "Meridian Tidal Systems · Annual report", "Page {}", margin=80
        ),
        "生态监测公示.pdf": pdf("生态监测公示", "临汐海洋研究所", "第 {} 页", font="STSong-Light", margin=80),
        "board-minutes-2024-03.docx": docx("board-minutes-2024-03"),
        "合资协议摘要.docx": docx("合资协议摘要"),
        "tidewing-briefing.pptx": pptx("tidewing-briefing"),
        "项目汇报.pptx": pptx("项目汇报"),
        "turbines.xlsx": xlsx("turbines"),
        "porpoise-survey.odt": odt("porpoise-survey", language="en"),
        "江屿岛志.odt": odt("江屿岛志", language="zh"),
        "harbour-stories.epub": epub("harbour-stories", author="Carrick Holm"),
        "临汐日报.txt": read("临汐日报.txt").encode("gb18030"),
        "考察纪要.txt": b"\xff\xfe" + read("考察纪要.txt").encode("utf-16-le"),
        "项目一览.csv": read("项目一览.csv").encode("utf-8-sig"),
    }
    for name, content in built.items():
        (SAMPLE / name).write_bytes(content)
        sys.stdout.write(f"{name}: {len(content)} bytes\n")


def read(name: str) -> str:
    """The source text of that name."""
    return (SOURCE / name).read_text(encoding="utf-8")


def blocks(stem: str) -> list[Line]:
    """The parsed source of a built document."""
    return markup.parse(read(f"{stem}.txt"))


def repacked(content: bytes) -> bytes:
    """The same zip archive with the time stamps that libraries leave in it set to one moment."""
    result = io.BytesIO()
    stamp = MOMENT.strftime("%Y-%m-%dT%H:%M:%SZ")
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name == "docProps/core.xml":
                body = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp.encode(), body)
            _add(new, name, body)
    return result.getvalue()


def _add(archive: zipfile.ZipFile, name: str, body: bytes | str, *, stored: bool = False) -> None:
    info = zipfile.ZipInfo(name, date_time=ZIP_MOMENT)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    archive.writestr(info, body)


def pdf(stem: str, header: str, footer: str, *, font: str = "Times-Roman", margin: int = 50) -> bytes:
    """An A5 document with a header and a page number on each page; words break where soft hyphens allow."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A5
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer, Table

    if font == "STSong-Light":
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    wrap = "CJK" if font == "STSong-Light" else None
    body = ParagraphStyle(
        "body", fontName=font, fontSize=11, leading=15, spaceAfter=7, alignment=0 if wrap else 4, wordWrap=wrap
    )
    heads = [
        ParagraphStyle(f"h{n}", parent=body, fontSize=size, leading=size * 1.3, spaceBefore=8, spaceAfter=6)
        for n, size in ((1, 20), (2, 15), (3, 13))
    ]
    flow: list[Flowable] = []
    for kind, run in markup.runs(blocks(stem)):
        if kind == "row":
            table = Table(
                [list(line.cells) for line in run],
                style=[("GRID", (0, 0), (-1, -1), 0.4, colors.grey), ("FONT", (0, 0), (-1, -1), font, 9)],
            )
            flow += [table, Spacer(1, 8)]
            continue
        for line in run:
            flow.append(Paragraph(html.escape(line.text), heads[line.level - 1] if kind == "heading" else body))

    def decorate(canvas: Canvas, _document: BaseDocTemplate) -> None:
        canvas.setFont(font, 9)
        canvas.drawString(margin, A5[1] - 34, header)
        canvas.drawCentredString(A5[0] / 2, 28, footer.format(canvas.getPageNumber()))

    target = io.BytesIO()
    document = BaseDocTemplate(target, pagesize=A5, invariant=1, title=blocks(stem)[0].text)
    frame = Frame(margin, 50, A5[0] - 2 * margin, A5[1] - 100, id="text")
    document.addPageTemplates(PageTemplate(id="page", frames=[frame], onPage=decorate))
    document.build(flow)
    return target.getvalue()


def docx(stem: str) -> bytes:
    """A Word document with headings, lists and tables as such."""
    import docx as word

    document = word.Document()
    document.core_properties.title = blocks(stem)[0].text
    document.core_properties.author = ""
    styles = {"bullet": "List Bullet", "number": "List Number", "paragraph": None}
    for kind, run in markup.runs(blocks(stem)):
        if kind == "heading":
            for line in run:
                document.add_heading(line.text, level=line.level)
        elif kind == "row":
            table = document.add_table(rows=0, cols=len(run[0].cells), style="Table Grid")
            for line in run:
                for cell, text in zip(table.add_row().cells, line.cells, strict=True):
                    cell.text = text
        else:
            for line in run:
                document.add_paragraph(line.text, style=styles[kind])
    _drop(document.part.rels, "stylesWithEffects")
    _drop(document.part.package.rels, "thumbnail")
    target = io.BytesIO()
    document.save(target)
    return repacked(target.getvalue())


def _drop(relations: Any, kind: str) -> None:
    """Leave out a part of the library's template that no reader needs, to keep the file small."""
    for key in [key for key, relation in relations.items() if relation.reltype.endswith(f"/{kind}")]:
        relations.pop(key)


def pptx(stem: str) -> bytes:
    """A presentation: each heading opens a slide; the first has a subtitle, the others bullets or a table."""
    import pptx as power
    from pptx.util import Inches

    deck = power.Presentation()
    deck.core_properties.title = blocks(stem)[0].text
    deck.core_properties.author = ""
    slide = None
    for kind, run in markup.runs(blocks(stem)):
        if kind == "heading":
            slide = deck.slides.add_slide(deck.slide_layouts[1 if len(deck.slides) else 0])
            slide.shapes.title.text = run[0].text
        elif slide is not None and kind == "row":
            placeholder = slide.placeholders[1]
            placeholder.element.getparent().remove(placeholder.element)
            frame = slide.shapes.add_table(len(run), len(run[0].cells), Inches(1), Inches(2), Inches(8), Inches(2))
            for row, line in enumerate(run):
                for column, text in enumerate(line.cells):
                    frame.table.cell(row, column).text = text
        elif slide is not None:
            slide.placeholders[1].text = "\n".join(line.text for line in run)
    _drop(deck.part.package._rels, "thumbnail")
    target = io.BytesIO()
    deck.save(target)
    return repacked(target.getvalue())


def xlsx(stem: str) -> bytes:
    """A workbook from tab-separated text, where ``#sheet NAME`` opens a sheet; numbers and dates are cells as such."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    sheet = None
    for line in read(f"{stem}.tsv").splitlines():
        if line.startswith("#sheet "):
            sheet = book.create_sheet(line.removeprefix("#sheet "))
        elif sheet is not None:
            sheet.append([_cell(text) for text in line.split("\t")])
    target = io.BytesIO()
    book.save(target)
    return repacked(target.getvalue())


def _cell(text: str) -> str | int | float | dt.date:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return dt.date.fromisoformat(text)
    if re.fullmatch(r"\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"\d+\.\d+", text) else text


def odt(stem: str, *, language: str) -> bytes:
    """An OpenDocument text with headings and lists as such."""
    names = ("office", "text", "style", "meta", "fo", "dc")
    spaces = " ".join(f'xmlns:{name}="{_odf_space(name)}"' for name in names)
    parts: list[str] = []
    for kind, run in markup.runs(blocks(stem)):
        if kind == "heading":
            parts += [f'<text:h text:outline-level="{x.level}">{html.escape(x.text)}</text:h>' for x in run]
        elif kind in ("bullet", "number"):
            items = (f"<text:list-item><text:p>{html.escape(x.text)}</text:p></text:list-item>" for x in run)
            parts.append(f"<text:list>{''.join(items)}</text:list>")
        else:
            parts += [f"<text:p>{html.escape(x.text)}</text:p>" for x in run]
    start = '<?xml version="1.0" encoding="UTF-8"?>\n'
    content = (
        f'{start}<office:document-content {spaces} office:version="1.3"><office:body><office:text>'
        f"{''.join(parts)}</office:text></office:body></office:document-content>"
    )
    meta = (
        f'{start}<office:document-meta {spaces} office:version="1.3"><office:meta>'
        f"<dc:title>{html.escape(blocks(stem)[0].text)}</dc:title><dc:language>{language}</dc:language>"
        "</office:meta></office:document-meta>"
    )
    mime = "application/vnd.oasis.opendocument.text"
    entries = (("/", mime), ("content.xml", "text/xml"), ("meta.xml", "text/xml"))
    listed = "".join(f'<m:file-entry m:full-path="{path}" m:media-type="{medium}"/>' for path, medium in entries)
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        _add(archive, "mimetype", mime, stored=True)
        _add(archive, "content.xml", content)
        _add(archive, "meta.xml", meta)
        _add(
            archive,
            "META-INF/manifest.xml",
            f'{start}<m:manifest xmlns:m="{space}" m:version="1.3">{listed}</m:manifest>',
        )
    return target.getvalue()


def _odf_space(name: str) -> str:
    if name == "dc":
        return "http://purl.org/dc/elements/1.1/"
    return f"urn:oasis:names:tc:opendocument:xmlns:{'xsl-fo-compatible' if name == 'fo' else name}:1.0"


def epub(stem: str, *, author: str) -> bytes:
    """An EPUB 3 book: the first heading is its title, every other heading opens a chapter."""
    lines = blocks(stem)
    title, chapters = lines[0].text, [lines[:1]]
    for line in lines[1:]:
        if line.kind == "heading":
            chapters.append([])
        chapters[-1].append(line)
    ids = [f"chapter{number}" for number in range(len(chapters))]
    items = "".join(f'<item id="{i}" href="{i}.xhtml" media-type="application/xhtml+xml"/>' for i in ids)
    package = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        'unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:x-sample:{stem}</dc:identifier><dc:title>{html.escape(title)}</dc:title>'
        f"<dc:creator>{author}</dc:creator><dc:language>en</dc:language>"
        f'<meta property="dcterms:modified">{MOMENT:%Y-%m-%dT%H:%M:%SZ}</meta></metadata><manifest>'
        f'<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>{items}</manifest>'
        f"<spine>{''.join(f'<itemref idref={chr(34)}{i}{chr(34)}/>' for i in ids)}</spine></package>"
    )
    container = (
        '<?xml version="1.0"?>\n<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles>'
        "</container>"
    )
    links = "".join(
        f'<li><a href="{i}.xhtml">{html.escape(c[0].text)}</a></li>' for i, c in zip(ids, chapters, strict=True)
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        _add(archive, "mimetype", "application/epub+zip", stored=True)
        _add(archive, "META-INF/container.xml", container)
        _add(archive, "OEBPS/content.opf", package)
        nav = f'<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc"><ol>{links}</ol></nav>'
        _add(archive, "OEBPS/nav.xhtml", _xhtml(title, nav))
        for name, chapter in zip(ids, chapters, strict=True):
            body = "".join(_html_block(line) for line in chapter)
            _add(archive, f"OEBPS/{name}.xhtml", _xhtml(chapter[0].text, body))
    return target.getvalue()


def _html_block(line: Line) -> str:
    tag = f"h{line.level}" if line.kind == "heading" else "p"
    return f"<{tag}>{html.escape(line.text)}</{tag}>"


def _xhtml(title: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head>'
        f"<title>{html.escape(title)}</title></head><body>{body}</body></html>"
    )


if __name__ == "__main__":
    main()
