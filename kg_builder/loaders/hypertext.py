"""html, and the pages inside an epub: what a reader would see of them."""

from __future__ import annotations

import re
from typing import Any

from kg_builder.errors import LoadError
from kg_builder.loaders.grids import table_rows
from kg_builder.loaders.locating import shown
from kg_builder.loaders.markup import local_name, parse_html
from kg_builder.loaders.paragraphs import prose_pieces, soft_lines
from kg_builder.loaders.pieces import Parsed, Piece, Source, clean, join_lines
from kg_builder.loaders.tables import table_pieces
from kg_builder.types import BlockKind

__all__ = ["page_pieces", "page_title", "parse_text"]

_UNSEEN = frozenset(
    (
        *("applet", "audio", "button", "canvas", "datalist", "dialog", "head", "iframe", "input", "map", "math", "nav"),
        *("noscript", "object", "rp", "rt", "script", "select", "style", "svg", "template", "textarea", "video"),
    )
)
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt"),
        *(
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "header",
            "hgroup",
            "hr",
            "html",
            "legend",
            "li",
            "main",
        ),
        *("menu", "ol", "p", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
_HEADING = re.compile(r"h([1-6])$")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BREAK = "\x00"  # a line broken by hand: no text has this character


def parse_text(source: Source, text: str) -> Parsed:
    """The headings, paragraphs, lists and tables of a page."""
    root = parse_html(text, source)
    return Parsed(page_pieces(root, source), page_title(root))


def page_title(root: Any) -> str:
    """What the page's title element says."""
    if root is None:
        return ""
    return next((clean("".join(e.itertext())) for e in root.iter() if local_name(e) == "title"), "")


def page_pieces(root: Any, source: Source, *, page: int | None = None) -> list[Piece]:
    """The blocks of a parsed page.

    Raises:
        LoadError: ``too-deep``.
    """
    if root is None:
        return []
    walker = _Walker(source, page)
    walker.element(root, 0)
    walker.flush()
    return walker.pieces


class _Walker:
    """Collects inline text and closes a piece wherever a block begins or ends."""

    def __init__(self, source: Source, page: int | None) -> None:
        self.source = source
        self.page = page
        self.pieces: list[Piece] = []
        self.buffer: list[str] = []
        self.kind: BlockKind = "paragraph"
        self.level: int | None = None
        self.lists = 0
        self.term = ""

    def element(self, element: Any, depth: int) -> None:
        if depth > self.source.limits.max_depth:
            raise LoadError(
                f"expected elements nested at most {self.source.limits.max_depth} deep, found deeper ones in "
                f"{shown(self.source.path)}",
                reason="too-deep",
            )
        name = local_name(element)
        if not name or name in _UNSEEN or _is_hidden(element):
            return
        if name == "br":
            self.buffer.append(_BREAK)
        elif name == "pre":
            self.flush()
            self.pieces += prose_pieces("".join(element.itertext()), page=self.page)
        elif name == "table":
            self._table(element, depth)
        elif name in _BLOCKS or _HEADING.match(name):
            self._block(element, name, depth)
        else:
            self._inside(element, depth)

    def flush(self) -> None:
        """Close the piece at hand."""
        lines = [join_lines(part.splitlines()) for part in "".join(self.buffer).split(_BREAK)]
        self.buffer.clear()
        if self.kind == "heading":
            lines = [join_lines(lines).rstrip("¶ ")]
        for line in soft_lines([clean(line) for line in lines]):
            if self.term and self.kind == "list_item":
                line, self.term = f"{self.term}: {line}", ""
            self.pieces.append(Piece(self.kind, line, self.page, self.level))

    def _inside(self, element: Any, depth: int) -> None:
        if element.text:
            self.buffer.append(element.text)
        for child in element:
            self.element(child, depth + 1)
            if child.tail:
                self.buffer.append(child.tail)

    def _block(self, element: Any, name: str, depth: int) -> None:
        self.flush()
        if name == "dt":
            self._inside(element, depth)
            self.term = clean(join_lines("".join(self.buffer).replace(_BREAK, " ").splitlines()))
            self.buffer.clear()
            return
        kind, level, lists = self.kind, self.level, self.lists
        if match := _HEADING.match(name):
            self.kind, self.level = "heading", int(match[1])
        elif name in ("ul", "ol", "menu", "dl"):
            self.lists += 1
        elif name in ("li", "dd"):
            self.kind, self.level = "list_item", max(1, self.lists)
        self._inside(element, depth)
        self.flush()
        if name == "dl" and self.term:
            self.pieces.append(Piece("paragraph", self.term, self.page))
            self.term = ""
        self.kind, self.level, self.lists = kind, level, lists

    def _table(self, element: Any, depth: int) -> None:
        self.flush()
        grid = table_rows(element)
        if grid is None:  # it only arranges the page
            self._inside(element, depth)
            self.flush()
            return
        kind, level = self.kind, self.level
        for caption in (child for child in element if local_name(child) == "caption"):
            self.kind, self.level = "paragraph", None
            self._inside(caption, depth)
            self.flush()
        self.kind, self.level = kind, level
        self.pieces += table_pieces(grid.rows, header=grid.header, page=self.page, titled=True)


def _is_hidden(element: Any) -> bool:
    if element.get("hidden") is not None or _HIDDEN.search(element.get("style") or ""):
        return True
    classes = (element.get("class") or "").split()
    return "reference" in classes or "headerlink" in classes  # footnote marks, permalinks
