"""odt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown
from kg_builder.loaders.markup import parse_xml
from kg_builder.loaders.packages import open_package, read_member
from kg_builder.loaders.paragraphs import soft_lines
from kg_builder.loaders.pieces import Parsed, Piece, Source, clean, join_lines
from kg_builder.loaders.tables import table_pieces

__all__ = ["parse"]

_NAMESPACES = "urn:oasis:names:tc:opendocument:xmlns:"
_TEXT = f"{{{_NAMESPACES}text:1.0}}"
_TABLE = f"{{{_NAMESPACES}table:1.0}}"
_OFFICE = f"{{{_NAMESPACES}office:1.0}}"
_DRAW = f"{{{_NAMESPACES}drawing:1.0}}"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"

# Deleted text, comments, generated lists of contents, and the parts of fields that are not shown.
_UNSEEN = frozenset(
    f"{_TEXT}{name}"
    for name in (
        *("tracked-changes", "table-of-content", "illustration-index", "table-index", "object-index", "user-index"),
        *("alphabetical-index", "bibliography", "sequence-decls", "variable-decls", "user-field-decls", "ruby-text"),
    )
) | {f"{_OFFICE}annotation", f"{_OFFICE}annotation-end", f"{_OFFICE}forms"}
_MOST_REPEATED = 200
_ROW_GROUPS = frozenset(f"{_TABLE}table-{name}" for name in ("header-rows", "rows", "row-group"))


def parse(source: Source) -> Parsed:
    """Paragraphs, headings, list items, tables, and each note after the paragraph that it belongs to."""
    with open_package(source) as package:
        names = set(package.namelist())
        manifest = read_member(package, "META-INF/manifest.xml", source) if "META-INF/manifest.xml" in names else b""
        if b"encryption-data" in manifest:
            raise LoadError(
                f"expected a readable document, found one protected by a password: {shown(source.path)}",
                reason="encrypted",
            )
        content = parse_xml(read_member(package, "content.xml", source), source, part="content.xml")
        meta = (
            parse_xml(read_member(package, "meta.xml", source), source, part="meta.xml")
            if "meta.xml" in names
            else None
        )
    body = content.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise LoadError(f"expected the body of a text, found none: {shown(source.path)}", reason="corrupt")
    title = "" if meta is None else next((clean(e.text or "") for e in meta.iter(_TITLE)), "")
    return Parsed(list(_blocks(body, 0)), title)


def _blocks(parent: Any, lists: int) -> Iterator[Piece]:
    for child in parent:
        tag = child.tag
        if tag in _UNSEEN or not isinstance(tag, str):
            continue
        if tag == f"{_TEXT}h":
            level = child.get(f"{_TEXT}outline-level") or ""
            yield from _paragraph(child, 0, heading=int(level) if level.isdigit() else 1)
        elif tag == f"{_TEXT}p":
            yield from _paragraph(child, lists)
        elif tag == f"{_TEXT}list":
            yield from _blocks(child, lists + 1)
        elif tag == f"{_TABLE}table":
            yield from _table(child)
        else:  # list items, sections, frames
            yield from _blocks(child, lists)


def _paragraph(element: Any, lists: int, *, heading: int = 0) -> Iterator[Piece]:
    parts: list[str] = []
    apart: list[Any] = []
    _collect(element, parts, apart)
    lines = "".join(parts).split("\n")
    if heading:
        yield Piece("heading", join_lines(lines), level=heading)
    for line in [] if heading else soft_lines(lines):
        yield Piece("list_item", line, level=lists) if lists else Piece("paragraph", line)
    for inner in apart:
        yield from _blocks(inner, 0)


def _collect(element: Any, parts: list[str], apart: list[Any]) -> None:
    """The words of a paragraph; what stands beside it (notes, text boxes) goes into `apart`."""
    parts.append(_plain(element.text))
    for child in element:
        tag = child.tag
        if tag == f"{_TEXT}line-break":
            parts.append("\n")
        elif tag in (f"{_TEXT}s", f"{_TEXT}tab"):
            parts.append(" ")
        elif tag == f"{_TEXT}note":
            apart += child.findall(f"{_TEXT}note-body")
        elif tag == f"{_DRAW}text-box":
            apart.append(child)
        elif tag not in _UNSEEN and isinstance(tag, str):
            _collect(child, parts, apart)
        parts.append(_plain(child.tail))


def _plain(text: str | None) -> str:
    return (text or "").replace("\n", " ")


def _rows(parent: Any) -> Iterator[Any]:
    """The rows of a table, and not those of tables inside its cells: these are part of the cells' text."""
    for child in parent:
        if child.tag == f"{_TABLE}table-row":
            yield child
        elif child.tag in _ROW_GROUPS:
            yield from _rows(child)


def _table(table: Any) -> Iterator[Piece]:
    rows: list[list[str]] = []
    header = table.find(f"{_TABLE}table-header-rows") is not None or None
    for row in _rows(table):
        cells: list[str] = []
        for cell in row:
            if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                continue
            lines = [piece.text for piece in _blocks(cell, 0)]
            repeated = cell.get(f"{_TABLE}number-columns-repeated") or "1"
            times = min(int(repeated), _MOST_REPEATED) if repeated.isdigit() and len(repeated) < 7 else 1
            cells += [join_lines(lines)] * times
        rows.append(cells)
    yield from table_pieces(rows, header=header, titled=True)
