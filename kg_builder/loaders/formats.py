"""What kind of file it is: by what it holds first, by its name where the content leaves a choice."""

from __future__ import annotations

import re
from pathlib import Path

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown

__all__ = ["ARCHIVE_SUFFIXES", "SUFFIXES", "TEXT_FORMATS", "binary_format", "text_format"]

SUFFIXES = {
    ".csv": "csv",
    ".docx": "docx",
    ".eml": "eml",
    ".epub": "epub",
    ".htm": "html",
    ".html": "html",
    ".json": "json",
    ".jsonl": "jsonl",
    ".markdown": "md",
    ".md": "md",
    ".ndjson": "jsonl",
    ".odt": "odt",
    ".pdf": "pdf",
    ".pptx": "pptx",
    ".rst": "rst",
    ".text": "txt",
    ".tsv": "tsv",
    ".txt": "txt",
    ".xhtml": "html",
    ".xlsx": "xlsx",
}
"""The formats that are read, by suffix."""

TEXT_FORMATS = frozenset({"csv", "eml", "html", "json", "jsonl", "md", "rst", "tsv", "txt"})

ARCHIVE_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("7z", "ar", "bz2", "cab", "deb", "gz", "iso", "jar", "lz", "lz4", "lzma", "rar", "rpm", "tar", "tbz", "tbz2"),
        *("tgz", "txz", "war", "whl", "xz", "z", "zip", "zst"),
    )
)

_ARCHIVES = (
    b"\x1f\x8b",
    b"BZh",
    b"7z\xbc\xaf\x27\x1c",
    b"\xfd7zXZ\x00",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
    b"MSCF\x00",
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(
    # What matched is not tried in another way: a run of comments has as many of these as there are subsets of it.
    r"\s*+(?:<\?xml[^>]*\?>\s*+)?+(?>(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)


def binary_format(data: bytes, path: Path) -> str | None:
    """``pdf`` or ``zip`` where the bytes say so, None where they may be text.

    Raises:
        LoadError: ``archive``, ``encrypted`` or ``unknown-format``, for what is certainly neither.
    """
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    if data.startswith(_ARCHIVES) or data[257:262] == b"ustar":
        raise LoadError(f"expected a document, found an archive: {shown(path)}; unpack it first", reason="archive")
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise LoadError(
                f"expected a readable document, found one protected by a password: {shown(path)}; save it without",
                reason="encrypted",
            )
        raise LoadError(
            f"expected docx, pptx or xlsx, found the older Office format: {shown(path)}; save it in the newer one",
            reason="unknown-format",
        )
    if data.startswith(b"{\\rtf"):
        raise LoadError(f"expected a known format, found RTF: {shown(path)}; save it as docx", reason="unknown-format")
    return None


def text_format(text: str, path: Path) -> str:
    """The format of a text: its suffix decides, unless it names no text format or the content is plainly html."""
    named = SUFFIXES.get(path.suffix.lower(), "txt")
    if named in ("txt", "pdf", "docx", "pptx", "xlsx", "epub", "odt") and _HTML.match(text):
        return "html"
    return named if named in TEXT_FORMATS else "txt"
