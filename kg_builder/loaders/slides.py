"""pptx."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.exc import PythonPptxError
from pptx.table import _Cell

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown
from kg_builder.loaders.packages import require_parts
from kg_builder.loaders.paragraphs import soft_lines
from kg_builder.loaders.pieces import Parsed, Piece, Source, clean, join_lines
from kg_builder.loaders.tables import table_pieces

__all__ = ["parse"]

_TITLES = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE)
_FURNITURE = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.HEADER, PP_PLACEHOLDER.SLIDE_NUMBER)
_LISTS = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY, PP_PLACEHOLDER.VERTICAL_OBJECT)


def parse(source: Source) -> Parsed:
    """Slide titles as headings, their points as list items, tables and speaker's notes; pages are slides."""
    require_parts(source)
    try:
        presentation = Presentation(io.BytesIO(source.data))
        slides = presentation.slides
        if len(slides) > source.limits.max_pages:
            raise LoadError(
                f"expected at most {source.limits.max_pages:,} slides, found {len(slides):,}: {shown(source.path)}",
                reason="too-large",
            )
        pieces = [piece for number, slide in enumerate(slides, 1) for piece in _slide(slide, number)]
        title = presentation.core_properties.title or ""
    except PythonPptxError as exc:
        raise LoadError(f"expected a presentation, found: {exc}: {shown(source.path)}", reason="corrupt") from exc
    # The library's own template names every new file so.
    return Parsed(pieces, "" if title == "PowerPoint Presentation" else title)


def _slide(slide: Any, page: int) -> Iterator[Piece]:
    shapes = list(_flat(slide.shapes))
    titles = [shape for shape in shapes if _role(shape) in _TITLES]
    for shape in titles:
        text = join_lines(shape.text_frame.text.replace("\v", "\n").split("\n"))
        if clean(text):
            yield Piece("heading", text, page, level=1)
    for shape in shapes:
        role = _role(shape)
        if role in _TITLES or role in _FURNITURE:
            continue
        if getattr(shape, "has_table", False):
            # By its elements: the library counts the rows anew for each.
            rows = [[_cell(_Cell(tc, shape)) for tc in tr.tc_lst] for tr in shape.table._tbl.tr_lst]
            yield from table_pieces(rows, header=True if shape.table.first_row else None, page=page, titled=True)
        elif shape.has_text_frame:
            yield from _text_frame(shape.text_frame, page, as_list=role in _LISTS)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield from _text_frame(slide.notes_slide.notes_text_frame, page, as_list=False)


def _flat(shapes: Iterable[Any]) -> Iterator[Any]:
    for shape in shapes:
        if hasattr(shape, "shapes"):  # a group
            yield from _flat(shape.shapes)
        else:
            yield shape


def _role(shape: Any) -> Any:
    return shape.placeholder_format.type if shape.is_placeholder else None


def _cell(cell: Any) -> str:
    return "" if cell.is_spanned else join_lines(cell.text.replace("\v", "\n").split("\n"))


def _text_frame(frame: Any, page: int, *, as_list: bool) -> Iterator[Piece]:
    paragraphs = [paragraph for paragraph in frame.paragraphs if clean(paragraph.text)]
    for paragraph in paragraphs:
        for line in soft_lines(paragraph.text.replace("\v", "\n").split("\n")):
            if as_list and len(paragraphs) > 1:
                yield Piece("list_item", line, page, level=paragraph.level + 1)
            else:
                yield Piece("paragraph", line, page)
