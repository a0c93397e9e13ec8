"""XML and HTML into trees, safely: no entities, no network, no DTD, bounded depth and size."""

from __future__ import annotations

import html
import re
from typing import Any

from lxml import etree

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown
from kg_builder.loaders.pieces import Source

__all__ = ["local_name", "parse_html", "parse_xhtml", "parse_xml", "require_size"]

_NAMED_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,31});")
# A tag with its quoted values, and no way of matching it twice.
_TAG = re.compile(rb"""<[A-Za-z](?>[^<>"'=]++|=\s*+(?>"[^"]*+"|'[^']*+')?+|["'<])*+""")
_VALUE = re.compile(rb"""=\s*+(?>"[^"]*+"|'[^']*+')""")
_MOST_ATTRIBUTES = 5_000
_XML_OWN = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))


def parse_xml(data: bytes, source: Source, *, part: str = "") -> Any:
    """The root element of an XML document. Entities stay unexpanded, nothing outside is read.

    Raises:
        LoadError: ``corrupt``, ``unsafe-xml``, ``too-deep`` or ``too-large``.
    """
    require_size(len(data), source, part=part)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        raise _syntax(exc, source, part) from exc


def parse_xhtml(data: bytes, source: Source, *, part: str = "") -> Any:
    """The root element of an XHTML page, read as HTML where it is not well-formed."""

    def plain(match: re.Match[bytes]) -> bytes:
        if match[1] in _XML_OWN:
            return match[0]
        return html.unescape(match[0].decode("ascii")).encode("ascii", "xmlcharrefreplace")

    try:
        return parse_xml(_NAMED_ENTITY.sub(plain, data), source, part=part)
    except LoadError as exc:
        if exc.reason != "corrupt":
            raise
    from kg_builder.loaders.decoding import declared_encoding, decode

    return parse_html(decode(data, source.path, declared=declared_encoding(data)), source, part=part)


def parse_html(text: str, source: Source, *, part: str = "") -> Any:
    """The root element of an HTML page, however badly written, or None where there is no element at all.

    Raises:
        LoadError: ``too-deep`` or ``too-large``.
    """
    data = text.encode("utf-8", "replace")
    require_size(len(data), source, part=part)
    _require_few_attributes(data, source, part)
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        raise _syntax(exc, source, part) from exc
    for entry in parser.error_log:
        if "depth" in entry.message:  # the parser leaves out what is deeper, and would not say so
            raise _too_deep(source, part)
    return root


def require_size(size: int, source: Source, *, part: str = "") -> None:
    """Refuse markup that would not fit in memory as a tree."""
    if size > source.limits.max_tree_bytes:
        where = f"{part} of {shown(source.path)}" if part else shown(source.path)
        raise LoadError(
            f"expected at most {source.limits.max_tree_bytes:,} bytes of markup, found {size:,} in {where}; "
            "split the file, or raise the limit",
            reason="too-large",
        )


def _require_few_attributes(data: bytes, source: Source, part: str) -> None:
    """Refuse an element with thousands of attributes: the parser compares each with all others."""
    for tag in _TAG.finditer(data):
        if tag.end() - tag.start() < 2 * _MOST_ATTRIBUTES:
            continue
        if len(set(_VALUE.sub(b" ", tag[0]).split())) > _MOST_ATTRIBUTES:
            where = f"{part} of {shown(source.path)}" if part else shown(source.path)
            raise LoadError(
                f"expected elements of at most {_MOST_ATTRIBUTES:,} attributes, found more: {where}", reason="too-large"
            )


def local_name(element: Any) -> str:
    """The element's tag without its namespace, in lower case; empty for comments, entities and the like."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _syntax(exc: etree.XMLSyntaxError, source: Source, part: str) -> LoadError:
    said = str(exc)
    if "depth" in said:
        return _too_deep(source, part)
    where = f"{part} of {shown(source.path)}" if part else shown(source.path)
    reason = "unsafe-xml" if "amplification" in said else "corrupt"
    return LoadError(f"expected well-formed markup, found: {' '.join(said.split())}: {where}", reason=reason)


def _too_deep(source: Source, part: str) -> LoadError:
    where = f"{part} of {shown(source.path)}" if part else shown(source.path)
    return LoadError(f"expected elements nested at most 256 deep, found deeper ones in {where}", reason="too-deep")
