"""txt."""

from __future__ import annotations

import re

from kg_builder.loaders.paragraphs import text_pieces
from kg_builder.loaders.pieces import Parsed, Source

__all__ = ["parse_text"]

_TITLE = re.compile(r"^Title:[ \t]*(\S.*)$", re.MULTILINE)
_MARKED = re.compile(r"\s*(?:#\s+\S|=\s+\S.*=\s*$|\S.*\n={3,}\s*$)", re.MULTILINE)


def parse_text(source: Source, text: str) -> Parsed:
    """Paragraphs on one line each, whatever column they were wrapped at."""
    pieces = list(text_pieces(text))
    named = _TITLE.search(text[:5000])
    if named:
        return Parsed(pieces, named[1])
    # Only what is marked up as a title is one: the first line of a letter or a novel seldom names it.
    if pieces and pieces[0].kind == "heading" and _MARKED.match(text):
        return Parsed(pieces, pieces[0].text)
    return Parsed(pieces, source.path.stem)
