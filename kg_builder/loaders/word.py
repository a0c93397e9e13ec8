"""docx."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from docx import Document as open_docx
from docx.opc.exceptions import OpcError
from docx.oxml.exceptions import InvalidXmlError

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown
from kg_builder.loaders.markup import parse_xml
from kg_builder.loaders.packages import require_parts
from kg_builder.loaders.paragraphs import soft_lines
from kg_builder.loaders.pieces import Parsed, Piece, Source, clean, join_lines
from kg_builder.loaders.tables import table_pieces

__all__ = ["parse"]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_VALUE = f"{_W}val"
_NOTES = ("/footnotes", "/endnotes")
_HEADING_STYLE = re.compile(r"(?:heading|标题|標題)\s*(\d)$", re.IGNORECASE)
_WRAPPERS = (f"{_W}sdt", f"{_W}customXml", f"{_W}ins", f"{_W}moveTo")
_BREAK = "\n"
_MOST_SPAN = 200
_LONGEST_CHAIN = 100  # of styles that are based on one another; Word allows about ten


def parse(source: Source) -> Parsed:
    """Paragraphs, headings by outline level, list items, tables, text boxes and notes, in reading order.

    Deleted text, comments, page headers and footers, and the table of contents are left out; inserted text is taken.
    """
    require_parts(source)
    try:
        document = open_docx(io.BytesIO(source.data))
    except (OpcError, InvalidXmlError) as exc:
        raise LoadError(f"expected a Word document, found: {exc}: {shown(source.path)}", reason="corrupt") from exc
    reader = _Reader(_Styles(document.styles.element))
    pieces = list(reader.blocks(document.element.body))
    relations = [r for r in document.part.rels.values() if r.reltype.endswith(_NOTES) and not r.is_external]
    for blob in {relation.target_part.partname: relation.target_part.blob for relation in relations}.values():
        root = parse_xml(blob, source, part="notes")
        notes = (note for note in root if note.get(f"{_W}type") not in ("separator", "continuationSeparator"))
        pieces += [piece for note in notes for piece in reader.blocks(note)]
    return Parsed(pieces, document.core_properties.title or reader.title)


class _Styles:
    """What a style says of a paragraph: its outline level, and whether it makes list items."""

    def __init__(self, root: Any) -> None:
        self._elements = {style.get(f"{_W}styleId"): style for style in root.iter(f"{_W}style")}
        self._known: dict[str, tuple[int | None, bool, bool]] = {}

    def look_up(self, name: str | None) -> tuple[int | None, bool, bool]:
        """Heading level (1 = outermost), list item or not, title or not."""
        if name is None:
            return None, False, False
        if name not in self._known:
            self._known[name] = self._resolve(name)
        return self._known[name]

    def _resolve(self, name: str) -> tuple[int | None, bool, bool]:
        seen: set[str | None] = set()
        current: str | None = name
        while current in self._elements and current not in seen and len(seen) < _LONGEST_CHAIN:
            seen.add(current)
            style = self._elements[current]
            label = _value(style.find(f"{_W}name")).lower()
            properties = style.find(f"{_W}pPr")
            level = _outline(properties)
            if match := _HEADING_STYLE.match(label):
                level = int(match[1])
            if label in ("title", "标题", "標題"):
                return 1, False, True
            if level or label.startswith("toc "):
                return level, False, False
            if label.startswith("list") or (properties is not None and properties.find(f"{_W}numPr") is not None):
                return None, True, False
            current = _value(style.find(f"{_W}basedOn")) or None
        return None, False, False


class _Reader:
    """Walks the blocks of a body, a cell, a note or a text box."""

    def __init__(self, styles: _Styles) -> None:
        self.styles = styles
        self.title = ""

    def blocks(self, parent: Any) -> Iterator[Piece]:
        for child in parent:
            if child.tag == f"{_W}p":
                yield from self._paragraph(child)
            elif child.tag == f"{_W}tbl":
                yield from self._table(child)
            elif child.tag in _WRAPPERS and not _is_contents(child):
                inner = child.find(f"{_W}sdtContent")
                yield from self.blocks(child if inner is None else inner)

    def _paragraph(self, element: Any) -> Iterator[Piece]:
        properties = element.find(f"{_W}pPr")
        style = None if properties is None else properties.find(f"{_W}pStyle")
        name = None if style is None else _value(style)
        level, is_item, is_title = self.styles.look_up(name)
        level = _outline(properties) or level
        numbering = None if properties is None else properties.find(f"{_W}numPr")
        if (name or "").upper().startswith("TOC") and (name or "")[3:].strip().isdigit():
            return
        boxes: list[Any] = []
        text = _text(element, boxes)
        if level:
            heading = join_lines(text.split(_BREAK))
            if clean(heading):
                self.title = self.title or (heading if is_title else "")
                yield Piece("heading", heading, level=level)
        else:
            item = is_item or (numbering is not None and _value(numbering.find(f"{_W}numId")) != "0")
            depth = _value(numbering.find(f"{_W}ilvl")) if numbering is not None else ""
            for line in soft_lines(text.split(_BREAK)):
                if item:
                    yield Piece("list_item", line, level=1 + int(depth) if depth.isdigit() else 1)
                else:
                    yield Piece("paragraph", line)
        for box in boxes:
            yield from self.blocks(box)

    def _table(self, table: Any) -> Iterator[Piece]:
        rows: list[list[str]] = []
        header: bool | None = None
        above: list[str] = []
        cells_below: list[Any] = []
        for row in _rows(table):
            properties = row.find(f"{_W}trPr")
            if not rows and properties is not None and properties.find(f"{_W}tblHeader") is not None:
                header = True
            above = _cells(row, above)
            rows.append(above)
            cells_below += [inner for cell in _own_cells(row) for inner in cell if inner.tag == f"{_W}tbl"]
        if max((sum(map(bool, row)) for row in rows), default=0) <= 1:  # a frame around paragraphs
            for row in _rows(table):
                for cell in _own_cells(row):
                    yield from self.blocks(cell)
            return
        yield from table_pieces(rows, header=header, titled=True)
        for inner in cells_below:
            yield from self._table(inner)


def _rows(table: Any) -> Iterator[Any]:
    for child in table:
        if child.tag == f"{_W}tr":
            yield child
        elif child.tag == f"{_W}sdt" and (inner := child.find(f"{_W}sdtContent")) is not None:
            yield from _rows(inner)


def _own_cells(row: Any) -> Iterator[Any]:
    """The cells of a row, and not those of tables inside them: these come again where their own table is read."""
    for child in row:
        inner = child.find(f"{_W}sdtContent") if child.tag == f"{_W}sdt" else None
        if child.tag == f"{_W}tc":
            yield child
        elif inner is not None:
            yield from inner.findall(f"{_W}tc")


def _cells(row: Any, above: list[str]) -> list[str]:
    """The texts of a row's cells in their columns; a cell merged downward is said in each row."""
    out: list[str] = []
    for cell in _own_cells(row):
        properties = cell.find(f"{_W}tcPr")
        merged = None if properties is None else properties.find(f"{_W}vMerge")
        span = "" if properties is None else _value(properties.find(f"{_W}gridSpan"))
        if merged is not None and _value(merged) != "restart":
            out.append(above[len(out)] if len(out) < len(above) else "")
        else:
            lines = (_text(p, []) for p in cell.iterchildren(f"{_W}p"))
            out.append(clean(join_lines(part for line in lines for part in line.split(_BREAK))))
        out += [""] * (min(int(span), _MOST_SPAN) - 1 if span.isdigit() else 0)
    return out


def _text(element: Any, boxes: list[Any]) -> str:
    """The words of a paragraph as they are shown; text boxes anchored in it are put into `boxes`."""
    parts: list[str] = []
    _collect(element, parts, boxes)
    return "".join(parts)


def _collect(element: Any, parts: list[str], boxes: list[Any]) -> None:
    for child in element:
        tag = child.tag
        if tag == f"{_W}t":
            parts.append(child.text or "")
        elif tag in (f"{_W}tab", f"{_W}ptab"):
            parts.append(" ")
        elif tag in (f"{_W}br", f"{_W}cr"):
            parts.append(_BREAK)
        elif tag == f"{_W}noBreakHyphen":
            parts.append("-")
        elif tag == f"{_W}txbxContent":
            boxes.append(child)
        elif tag not in (f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", _FALLBACK):
            _collect(child, parts, boxes)


def _outline(properties: Any) -> int | None:
    level = "" if properties is None else _value(properties.find(f"{_W}outlineLvl"))
    return int(level) + 1 if level.isdigit() and int(level) < 9 else None


def _is_contents(element: Any) -> bool:
    gallery = element.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
    return gallery is not None and _value(gallery) == "Table of Contents"


def _value(element: Any) -> str:
    return "" if element is None else element.get(_VALUE) or ""
