"""How much one file may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one file. A file over one of them is refused with a LoadError that names it; nothing is cut off."""

    max_bytes: int = 200_000_000
    """Size of the file."""
    max_characters: int = 20_000_000
    """Length of the text."""
    max_tree_bytes: int = 32_000_000
    """Size of markup that has to be held as a tree: html, md, rst, json, and each XML part of a zipped format."""
    max_uncompressed_bytes: int = 500_000_000
    """Size of all parts of a zipped format (docx, pptx, xlsx, epub, odt) when unpacked."""
    max_ratio: int = 200
    """Times that a zipped format may grow when unpacked, counted from 10 MB on: less cannot hurt."""
    max_members: int = 50_000
    """Parts of a zipped format."""
    max_depth: int = 200
    """Nesting of json, html and XML."""
    max_pages: int = 20_000
    """Pages of a PDF, slides of a presentation, sheets of a workbook."""
    max_cells: int = 20_000_000
    """Cells of all sheets of a workbook, the empty ones inside its rows included."""
