"""What of a PDF gave no text though there may be some: pictures of text, and damage that the library passes over."""

from __future__ import annotations

import re
import zlib

import pypdfium2 as pdfium
import pypdfium2.raw as raw

__all__ = ["count_damaged_streams", "is_picture"]

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_DICTIONARY_BYTES = 2_000
_PACKED_ONCE = re.compile(rb"/Filter\s*(?:/FlateDecode\b|\[\s*/FlateDecode\s*\])")
_NO_TEXT = (b"/Image", b"/Length1", b"/ICCBased", b"/Metadata")
_MOST_BYTES = 32_000_000  # of one stream, unpacked; a longer one is not looked at to its end
_CHUNK = 1 << 16
_PICTURE_SHARE = 0.5
_DEEPEST = 3  # a scan can lie in a form, and that in another


def is_picture(page: pdfium.PdfPage) -> bool:
    """Whether pictures cover at least half of a page, as a scan does."""
    width, height = page.get_size()
    covered = 0.0
    for found in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEPEST):
        left, bottom, right, top = found.get_bounds() if hasattr(found, "get_bounds") else found.get_pos()
        covered += max(0.0, min(right, width) - max(left, 0.0)) * max(0.0, min(top, height) - max(bottom, 0.0))
    return bool(covered >= _PICTURE_SHARE * width * height > 0)


def count_damaged_streams(data: bytes) -> int:
    """How many packed parts of a PDF, but pictures and fonts, cannot be unpacked to their end.

    PDFium unpacks what comes before the damage and says nothing. Each part carries a checksum of its own (RFC 1950).
    In an encrypted file none can be told from damage: 0.
    """
    if b"/Encrypt" in data:
        return 0
    damaged = 0
    for stream in _STREAM.finditer(data):
        before = data[max(0, stream.start() - _DICTIONARY_BYTES) : stream.start()]
        dictionary = before[before.rfind(b" obj") + 1 :]
        if _PACKED_ONCE.search(dictionary) and not any(kind in dictionary for kind in _NO_TEXT):
            damaged += not _is_whole(data, stream.end())
    return damaged


def _is_whole(data: bytes, start: int) -> bool:
    unpacker, view, unpacked = zlib.decompressobj(), memoryview(data), 0
    packed = b""
    try:
        while not unpacker.eof and unpacked < _MOST_BYTES:
            if not packed:
                packed, start = bytes(view[start : start + _CHUNK]), start + _CHUNK
                if not packed:
                    return False
            unpacked += len(unpacker.decompress(packed, _CHUNK * 16))
            packed = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return True
