"""epub: the pages of a book in the order of its spine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

from kg_builder.errors import LoadError
from kg_builder.loaders.hypertext import page_pieces
from kg_builder.loaders.locating import shown
from kg_builder.loaders.markup import local_name, parse_xhtml, parse_xml
from kg_builder.loaders.packages import open_package, read_member
from kg_builder.loaders.pieces import Parsed, Source, clean

__all__ = ["parse"]

_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


def parse(source: Source) -> Parsed:
    """All pages that are read in order; the table of contents is left out."""
    with open_package(source) as package:
        names = set(package.namelist())
        _require_readable(package, names, source)
        container = parse_xml(read_member(package, "META-INF/container.xml", source), source, part="container.xml")
        root = next((e.get("full-path") for e in container.iter() if local_name(e) == "rootfile"), None)
        if not root:
            raise LoadError(f"expected a package document, found none named: {shown(source.path)}", reason="corrupt")
        book = parse_xml(read_member(package, root, source), source, part=root)
        title = next((clean("".join(e.itertext())) for e in book.iter() if local_name(e) == "title"), "")
        pieces = []
        for name in _spine(book, posixpath.dirname(root)):
            if name not in names:
                raise LoadError(f"expected a page {name!r}, found none: {shown(source.path)}", reason="corrupt")
            page = parse_xhtml(read_member(package, name, source), source, part=name)
            pieces += page_pieces(page, source)
    return Parsed(pieces, title)


def _require_readable(package: ZipFile, names: set[str], source: Source) -> None:
    if "META-INF/encryption.xml" not in names:
        return
    listing = parse_xml(read_member(package, "META-INF/encryption.xml", source), source, part="encryption.xml")
    targets = [e.get("URI") or "" for e in listing.iter() if local_name(e) == "cipherreference"]
    if any(
        target.lower().endswith((".xhtml", ".html", ".htm", ".xml")) for target in targets
    ):  # fonts alone do not matter
        raise LoadError(f"expected a readable book, found a protected one: {shown(source.path)}", reason="encrypted")


def _spine(book: Any, folder: str) -> Iterator[str]:
    """The names of the pages in reading order, each once."""
    seen: set[str] = set()
    items = {e.get("id"): e for e in book.iter() if local_name(e) == "item"}
    for reference in (e for e in book.iter() if local_name(e) == "itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _PAGES or "nav" in (item.get("properties") or "").split():
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "").partition("#")[0]))
        if name not in seen:  # a short spine could name a long page a million times
            seen.add(name)
            yield name
