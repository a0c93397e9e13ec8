# ruff: noqa: E501 - markup is easier to read on its own line
"""Files of every format, made when a test needs them."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from pathlib import Path

import docx
import openpyxl
import pptx

PEOPLE = [["Name", "Role", "Since"], ["Ada Lovelace", "analyst", "1842"], ["林若汐", "董事长", "2009"]]
ENGLISH = "Ada Lovelace wrote the first program. She worked with Charles Babbage in London."
WRAPPED = ENGLISH.replace(". ", ".\n")
CHINESE = "林若汐创办了汐岚能源。公司总部位于临汐市。"


def make_docx(path: Path) -> Path:
    document = docx.Document()
    document.core_properties.title = "Minutes"
    document.add_heading("Minutes of the meeting", 0)
    document.add_heading("People", 1)
    document.add_paragraph(ENGLISH)
    document.add_paragraph(CHINESE)
    document.add_paragraph("First decision.", style="List Bullet")
    document.add_paragraph("Second decision.", style="List Bullet 2")
    table = document.add_table(rows=0, cols=3)
    for row in PEOPLE:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.sections[0].header.paragraphs[0].text = "CONFIDENTIAL HEADER"
    document.save(str(path))
    return path


def make_pptx(path: Path) -> Path:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Three generations"
    frame = slide.placeholders[1].text_frame
    frame.text = "The first turbine was built in 2016."
    point = frame.add_paragraph()
    point.text, point.level = "It was sold in 2018.", 1
    slide.notes_slide.notes_text_frame.text = "Say that the second turbine is larger."
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "人员"
    table = slide.shapes.add_table(len(PEOPLE), 3, 0, 0, 9144000, 900000).table
    for r, row in enumerate(PEOPLE):
        for c, text in enumerate(row):
            table.cell(r, c).text = text
    deck.save(str(path))
    return path


def make_xlsx(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "People"
    for row in PEOPLE:
        sheet.append(row)
    sheet.append([])
    sheet.append(["Remark that stands alone"])
    second = book.create_sheet("Numbers")
    second.append(["Plant", "Share", "Sum", "Half"])
    second.append(["North", 0.25, 1200.0, "=C2/2"])
    second["B2"].number_format = "0%"
    book.save(str(path))
    return path


def make_csv(path: Path) -> Path:
    path.write_text("\n".join(",".join(row) for row in PEOPLE), encoding="utf-8")
    return path


def make_tsv(path: Path) -> Path:
    path.write_text("\n".join("\t".join(row) for row in PEOPLE), encoding="utf-8")
    return path


HTML = f"""<!DOCTYPE html><html><head><title>Page title</title><style>p {{color: red}}</style>
<script>var leaked = "script text";</script></head><body><nav>Home | About</nav>
<h1>The harbour</h1><p>{ENGLISH}<br></p><p hidden>hidden words</p>
<h2>人物</h2><p>{CHINESE}</p><ul><li>First <b>point</b>.<ul><li>Nested point.</li></ul></li><li>Second point.</li></ul>
<table><tr><th>Name</th><th>Role</th></tr><tr><td>Ada<br>Lovelace</td><td>analyst</td></tr><tr><td>Bob</td><td></td></tr>
</table><dl><dt>Array</dt><dd>A group of turbines.</dd></dl></body></html>"""


def make_html(path: Path) -> Path:
    path.write_text(HTML, encoding="utf-8")
    return path


def make_md(path: Path) -> Path:
    path.write_text(
        f"---\ntitle: Front title\nauthor: Ada\n---\n# The harbour\n\n{WRAPPED}\n\n<!-- a comment -->\n\n"
        f"## 人物\n\n{CHINESE[:11]}\n{CHINESE[11:]}\n\n- First *point*.\n  1. Nested point.\n"
        "- Second [point](http://x.example).\n\n"
        "| Name | Role |\n|---|---|\n| Ada | analyst |\n| Bob | |\n\n```python\nimport os\nos.remove('x')\n```\n",
        encoding="utf-8",
    )
    return path


def make_rst(path: Path) -> Path:
    path.write_text(
        f"The harbour\n===========\n\n.. a comment that must not leak\n\n:Author: Ada\n:Version: 2\n\n{WRAPPED}\n\n"
        f"人物\n----\n\n{CHINESE}\n\n- First *point*.\n- Second point.\n\n  - Nested point.\n\nArray\n  A group of turbines.\n\n"
        "====  =======\nName  Role\n====  =======\nAda   analyst\nBob   pilot\n====  =======\n\n"
        ".. include:: /etc/passwd\n\n.. raw:: html\n\n   <b>raw words</b>\n\n.. unknown-thing:: x\n   :option: leaked\n\nSee :foo:`the role`.\n",
        encoding="utf-8",
    )
    return path


def make_txt(path: Path) -> Path:
    path.write_text(f"{ENGLISH}\n\n{CHINESE}\n", encoding="utf-8")
    return path


def make_json(path: Path) -> Path:
    record = {
        "title": "Facts about the array",
        "text": ENGLISH,
        "place": {"name": "临汐", "people": 900},
        "tags": ["tide", "power"],
        "points": [[1, 2], [3, 4]],
    }
    path.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    return path


def make_jsonl(path: Path) -> Path:
    path.write_text(
        f'{{"author": "Ada", "text": "{ENGLISH}"}}\n{{"author": "林若汐", "text": "{CHINESE}"}}\n', encoding="utf-8"
    )
    return path


def make_eml(path: Path) -> Path:
    message = EmailMessage()
    message["Subject"] = "Re: 合资 and the array"
    message["From"], message["To"] = "Ada Lovelace <ada@mts.example>", "Lin <lin@xilan.example>"
    message["Date"] = "Mon, 06 Mar 2023 10:00:00 +0000"
    message.set_content(f"{ENGLISH}\n\n{CHINESE}\n")
    message.add_alternative(f"<p>{ENGLISH}</p>", subtype="html")
    message.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream", filename="plan.bin")
    path.write_bytes(bytes(message))
    return path


def make_epub(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/c.opf" '
            'media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        book.writestr(
            "OEBPS/c.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
            '<dc:title>Harbour stories</dc:title></metadata><manifest><item id="b" href="two.xhtml" '
            'media-type="application/xhtml+xml"/><item id="a" href="one%20page.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>',
        )
        page = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{}</body></html>'
        book.writestr("OEBPS/one page.xhtml", page.format(f"<h1>One&nbsp;day</h1><p>{ENGLISH}</p>"))
        book.writestr("OEBPS/two.xhtml", page.format(f"<h1>两天</h1><p>{CHINESE}</p>"))
        book.writestr("OEBPS/nav.xhtml", page.format("<nav><ol><li>One day</li></ol></nav>"))
    return path


def make_odt(path: Path) -> Path:
    names = "urn:oasis:names:tc:opendocument:xmlns:"
    head = f'xmlns:office="{names}office:1.0" xmlns:text="{names}text:1.0" xmlns:table="{names}table:1.0"'
    rows = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in row)
        + "</table:table-row>"
        for row in PEOPLE
    )
    content = (
        f"<office:document-content {head}><office:body><office:text><text:tracked-changes><text:p>deleted words</text:p>"
        f'</text:tracked-changes><text:h text:outline-level="1">The harbour</text:h><text:p>{ENGLISH}<text:note>'
        "<text:note-citation>1</text:note-citation><text:note-body><text:p>A note of its own.</text:p></text:note-body>"
        f"</text:note></text:p><text:p>{CHINESE}</text:p><text:list><text:list-item><text:p>First<text:s/>point.</text:p>"
        "<text:list><text:list-item><text:p>Nested point.</text:p></text:list-item></text:list></text:list-item></text:list>"
        f"<table:table>{rows}</table:table></office:text></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        package.writestr("content.xml", content)
        package.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


Print = tuple[float, float, float, str]


def pdf_bytes(
    pages: Sequence[Sequence[Print]], *, encrypted: bool = False, title: str = "", packed: bool = False
) -> bytes:
    """A PDF of lines (x, y, size, text): Latin text in Helvetica, other text in a Chinese font that is not embedded."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    objects.append(
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [<< /Type /Font "
        "/Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> "
        "/DW 1000 /FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /Ascent 880 /Descent -120 "
        "/FontBBox [0 -120 1000 880] /ItalicAngle 0 /CapHeight 700 /StemV 80 >> >>] >>"
    )
    numbers = []
    for lines in pages:
        stream = "BT\n" + "".join(_shown(*line) for line in lines) + "ET"
        kind = ""
        if packed:
            kind, stream = "/Filter /FlateDecode ", zlib.compress(stream.encode("latin-1")).decode("latin-1")
        objects.append(f"<< {kind}/Length {len(stream)} >>\nstream\n{stream}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
        )
        numbers.append(len(objects))
    objects[1] = f"<< /Type /Pages /Count {len(numbers)} /Kids [{' '.join(f'{n} 0 R' for n in numbers)}] >>"
    trailer = "/Root 1 0 R"
    if title:
        objects.append(f"<< /Title ({title}) >>")
        trailer += f" /Info {len(objects)} 0 R"
    if encrypted:  # the check of the empty password must fail, and it does for any keys but the right ones
        objects.append(f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'11' * 32}> /U <{'22' * 32}> >>")
        trailer += f" /Encrypt {len(objects)} 0 R /ID [<{'33' * 16}> <{'33' * 16}>]"
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1"))
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.write("".join(f"{offset:010} 00000 n \n" for offset in offsets).encode())
    out.write(f"trailer\n<< /Size {len(objects) + 1} {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def _shown(x: float, y: float, size: float, text: str) -> str:
    if all(ord(c) < 256 for c in text):
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        return f"/F1 {size} Tf 1 0 0 1 {x} {y} Tm ({escaped}) Tj\n"
    return f"/F2 {size} Tf 1 0 0 1 {x} {y} Tm <{text.encode('utf-16-be').hex()}> Tj\n"


def make_pdf(path: Path) -> Path:
    pages = []
    for number in range(1, 5):
        lines: list[Print] = [(72, 750, 9, "Annual report of the harbour"), (300, 30, 9, f"Page {number} of 4")]
        lines.append((72, 700, 18, f"Chapter {number}"))
        body = [
            "The tidal array near the harbour was built in eleven months by the engi-",
            "neers of the company, who had worked on it since the spring of that year.",
            f"It was opened in 201{number} by the mayor.",
        ]
        lines += [(72, 660 - 14 * i, 11, text) for i, text in enumerate(body)]
        chinese = ["江屿示范项目由子岚海洋能源有限公司投资建设，项目计划安装二十台机组，总装机", "容量为二十四兆瓦。"]
        lines += [(72, 590 - 16 * i, 11, text) for i, text in enumerate(chinese)]
        pages.append(lines)
    path.write_bytes(pdf_bytes(pages, title="Harbour report"))
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    "csv": make_csv, "docx": make_docx, "eml": make_eml, "epub": make_epub, "html": make_html, "json": make_json,
    "jsonl": make_jsonl, "md": make_md, "odt": make_odt, "pdf": make_pdf, "pptx": make_pptx, "rst": make_rst,
    "tsv": make_tsv, "txt": make_txt, "xlsx": make_xlsx,
}  # fmt: skip
