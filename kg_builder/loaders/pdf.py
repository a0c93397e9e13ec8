"""pdf: lines as they stand on the page, to paragraphs and headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown
from kg_builder.loaders.page_damage import count_damaged_streams, is_picture
from kg_builder.loaders.page_layout import lay_out, squeeze
from kg_builder.loaders.page_tables import HYPHEN, Cell, Line
from kg_builder.loaders.pieces import Parsed, Source, clean

__all__ = ["parse"]

_FEWEST_LETTERS = 3
_END_MARKS = (b"%%EOF", b"startxref")
_NO_TITLE = re.compile(
    r"(?:untitled|microsoft word - .*|powerpoint presentation|slide \d+"
    r"|.*\.(?:docx?|pptx?|xlsx?|indd|pdf|tex|rtf|odt|qxd))?$",
    re.IGNORECASE,
)
_SPECIAL = {0xA0: " ", 0xAD: "", 2: HYPHEN, 0xFFFE: HYPHEN, 0xFFFF: "", 0: ""}
_SMALLEST_FONT = 3.0
_BOLD = 600
_CELL_GAP = 1.0  # of the line's height; justified text stays below
_MOST_BOOKMARKS = 20_000
_MOST_RUNS = 50  # of page numbers in a message


def parse(source: Source) -> Parsed:
    """Paragraphs and headings by page. Page headers, footers, page numbers and lists of contents are left out.

    Raises:
        LoadError: ``encrypted``, ``truncated``, ``corrupt``, ``too-large`` or ``no-text``.
    """
    document = _open(source)
    try:
        read = _read(document, source)
        title = _title(document)
        outline = _outline(document)
    except pdfium.PdfiumError as exc:
        raise LoadError(f"expected a readable PDF, found: {exc}: {shown(source.path)}", reason="corrupt") from exc
    finally:
        document.close()
    if sum(c.isalpha() for lines in read.pages for line in lines for c in line.text) < _FEWEST_LETTERS:
        if read.damage:
            raise LoadError(f"expected text, found none: {shown(source.path)}; {read.damage}", reason="corrupt")
        raise LoadError(
            f"expected text, found {len(read.pages):,} pages without any, of images perhaps: {shown(source.path)}; "
            "run text recognition (OCR) on it first",
            reason="no-text",
        )
    return Parsed(lay_out(read.pages, outline), title, read.faults)


def _open(source: Source) -> pdfium.PdfDocument:
    where = shown(source.path)
    # The library repairs what it can, and pages that were cut off would be missing without a word.
    tail = source.data.rstrip(b"\x00 \t\r\n")[-2048:]
    whole = any(mark in tail for mark in _END_MARKS)
    try:
        document = pdfium.PdfDocument(source.data)
        pages = len(document)
    except pdfium.PdfiumError as exc:
        if getattr(exc, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            text = f"expected a readable PDF, found one protected by a password: {where}; save it without"
            raise LoadError(text, reason="encrypted") from exc
        if whole:
            text = f"expected a well-formed PDF, found damage ({exc}): {where}; open it elsewhere and save it again"
            raise LoadError(text, reason="corrupt") from exc
        raise _truncated(where) from exc
    problem = None
    if not whole:
        problem = _truncated(where)
    elif pages > source.limits.max_pages:
        text = f"expected at most {source.limits.max_pages:,} pages, found {pages:,}: {where}; split the file"
        problem = LoadError(text, reason="too-large")
    if problem:
        document.close()
        raise problem
    return document


def _truncated(where: str) -> LoadError:
    return LoadError(
        f"expected a whole PDF, found that its end is missing: {where}; copy the file again", reason="truncated"
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """The lines of each page, which pages are broken or pictures, and how many packed parts of the file are damaged."""

    pages: list[list[Line]]
    broken: list[int]
    pictures: list[int]
    damaged: int

    @property
    def damage(self) -> str:
        """What is lost by damage; "" where nothing is."""
        if not self.broken and not self.damaged:
            return ""
        what = _numbers(self.broken) if self.broken else f"words on some pages ({self.damaged:,} streams)"
        return f"{what}: damaged; open the file elsewhere and save it again"

    @property
    def faults(self) -> tuple[str, ...]:
        """All that gave no text though there may be some, one line each."""
        found = [self.damage] if self.damage else []
        if self.pictures:
            found.append(f"{_numbers(self.pictures)}: pictures without text; run text recognition (OCR) on the file")
        return tuple(found)


def _read(document: pdfium.PdfDocument, source: Source) -> _Read:
    pages: list[list[Line]] = []
    broken: list[int] = []
    pictures: list[int] = []
    empty: list[int] = []
    characters = 0
    for number in range(len(document)):
        try:
            lines, picture = _lines(document, number)
        except pdfium.PdfiumError:
            lines, picture = [], False
            broken.append(number + 1)
        pages.append(lines)
        if not lines:
            (pictures if picture else empty).append(number + 1)
        characters += sum(len(line.text) for line in lines)
        if characters > source.limits.max_characters:  # many pages can be one and the same object of the file
            raise LoadError(
                f"expected at most {source.limits.max_characters:,} characters of text, found more in "
                f"{shown(source.path)}; split the file, or raise the limit",
                reason="too-large",
            )
    damaged = count_damaged_streams(source.data)
    # In a file that is whole, a page without a mark is blank.
    return _Read(pages, empty if damaged else broken, pictures, damaged)


def _numbers(pages: Sequence[int]) -> str:
    """Page numbers in words: pages 3-5, 9."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    told = [str(first) if first == last else f"{first}-{last}" for first, last in runs[:_MOST_RUNS]]
    return f"page{'s' if len(pages) > 1 else ''} {', '.join(told)}{', …' if len(runs) > _MOST_RUNS else ''}"


def _lines(document: pdfium.PdfDocument, number: int) -> tuple[list[Line], bool]:
    """The lines of one page in the order of its content; of a page without any, whether it is a picture."""
    page = document[number]
    try:
        height = page.get_height()
        text_page = page.get_textpage()
        try:
            count = text_page.count_chars()
            handle = text_page.raw
            codes = [raw.FPDFText_GetUnicode(handle, i) for i in range(count)]
            lines = [_line(handle, codes, span, number + 1, height) for span in _line_spans(codes)]
            return lines, not lines and is_picture(page)
        finally:
            text_page.close()
    finally:
        page.close()


def _line_spans(codes: Sequence[int]) -> list[tuple[int, int]]:
    """Where each line with something on it starts and ends; a broken word's hyphen (2) ends a line as well."""
    spans, start = [], 0
    for i, code in enumerate([*codes, 10]):
        if code in (10, 13) or code in (2, 0xFFFE):
            end = i + (code not in (10, 13))
            if any(codes[k] > 32 and codes[k] != 0xA0 for k in range(start, min(end, len(codes)))):
                spans.append((start, end))
            start = i + 1
    return spans


def _line(handle: object, codes: Sequence[int], span: tuple[int, int], page: int, height: float) -> Line:
    start, end = span
    printed = [i for i in range(start, end) if codes[i] > 32]
    middle = printed[len(printed) // 2]
    boxes = [_box(handle, i) for i in {printed[0], middle, printed[-1]}]
    bottom, top = min(box[2] for box in boxes), max(box[3] for box in boxes)
    size = raw.FPDFText_GetFontSize(handle, middle)
    return Line(
        text="".join(map(_character, codes[start:end])).strip(" \t\xa0"),
        page=page,
        left=min(box[0] for box in boxes),
        right=max(box[1] for box in boxes),
        bottom=bottom,
        top=top,
        size=round(size if size >= _SMALLEST_FONT else top - bottom, 1),  # else the page itself is scaled
        bold=raw.FPDFText_GetFontWeight(handle, middle) >= _BOLD,
        page_height=height,
        cells=_cells(handle, codes, span, size=top - bottom),
    )


def _cells(handle: object, codes: Sequence[int], span: tuple[int, int], *, size: float) -> tuple[Cell, ...]:
    """The parts of a line that stand further apart than words do: cells of a table, perhaps."""
    start, end = span
    first = next(i for i in range(start, end) if codes[i] > 32)
    cells: list[Cell] = []
    for i in range(first + 1, end):
        if codes[i] not in (32, 0xA0) or i + 1 >= end or codes[i - 1] <= 32 or codes[i + 1] <= 32:
            continue
        following = _box(handle, i + 1)[0]
        if following - _box(handle, i - 1)[1] > _CELL_GAP * size:
            cells.append(_cell(handle, codes, first, i))
            first = i + 1
    return (*cells, _cell(handle, codes, first, end))


def _cell(handle: object, codes: Sequence[int], start: int, end: int) -> Cell:
    return Cell("".join(map(_character, codes[start:end])).strip(), _box(handle, start)[0])


def _character(code: int) -> str:
    if code in _SPECIAL:
        return _SPECIAL[code]
    character = chr(code) if code < 0x110000 else "\ufffd"
    if "\ufb00" <= character <= "\ufb06" or "\u2e80" <= character <= "\u2fdf":
        return normalize("NFKC", character)  # ligatures, and radicals in the place of characters
    return character


def _box(handle: object, index: int) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of a character, in points from the lower left corner of the page."""
    box = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(handle, index, box):
        return 0.0, 0.0, 0.0, 0.0
    return box.left, box.right, box.bottom, box.top


def _title(document: pdfium.PdfDocument) -> str:
    title = clean(document.get_metadata_value("Title"))
    return "" if _NO_TITLE.match(title) else title


def _outline(document: pdfium.PdfDocument) -> dict[tuple[int, str], int]:
    """Heading levels by page and squeezed title, as the document's own bookmarks give them."""
    levels: dict[tuple[int, str], int] = {}
    for count, mark in enumerate(document.get_toc()):
        if count >= _MOST_BOOKMARKS:
            break
        target = mark.get_dest()
        index = target.get_index() if target else None
        if index is not None:
            levels.setdefault((index + 1, squeeze(mark.get_title())), mark.level + 1)
    return levels
