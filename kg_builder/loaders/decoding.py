"""Bytes to text: what the file declares, then what decodes strictly, then what reads like a language."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from kg_builder.errors import LoadError
from kg_builder.loaders.guessing import chinese_share, guess, guess_utf16
from kg_builder.loaders.locating import shown

__all__ = ["declared_encoding", "decode"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Browsers read these labels as their supersets (encoding.spec.whatwg.org), and so files are made.
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
# Python's own, and those of host names: no document is written so, and the latter take quadratic time.
_NO_TEXT = frozenset(("idna", "punycode", "raw-unicode-escape", "raw_unicode_escape", "undefined", "unicode_escape"))
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)|<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""",
    re.IGNORECASE,
)
_CONTROLS = bytes(sorted({*range(0x20), 0x7F} - {*b"\t\n\r\f\x0b\x1a\x1b\x08"}))
_TOLERATED = 0.01
"""Share of undecodable characters among the non-ASCII ones that is damage to a file, not proof of another encoding."""


def decode(data: bytes, path: Path, *, declared: str | None = None) -> str:
    """The text of `data`, line ends as ``\\n``.

    A byte order mark decides; else strict UTF-8; else the `declared` encoding if it fits; else what reads best.

    Raises:
        LoadError: ``binary`` (null characters, control characters) or ``encoding`` (no encoding fits).
    """
    text = _marked(data, path)
    if text is None:
        text = _unmarked(data, path, declared)
    text = text.removeprefix("\ufeff").rstrip("\x1a")  # a DOS end-of-file mark
    if "\x00" in text:
        raise LoadError(f"expected text, found null characters: {shown(path)} is binary", reason="binary")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def declared_encoding(data: bytes) -> str | None:
    """What the XML declaration or an HTML meta element in the first 2,048 bytes says."""
    match = _DECLARED.search(data[:2048])
    return (match[1] or match[2]).decode("ascii", "replace") if match else None


def _marked(data: bytes, path: Path) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _tolerant(data[len(mark) :], encoding, path)
    return None


def _unmarked(data: bytes, path: Path, declared: str | None) -> str:
    suspect = len(data.translate(None, _CONTROLS)) < len(data) * 0.98 or 0 in data
    wide = _wide_encoding(data) if suspect else None
    if wide:
        return _tolerant(data, wide, path)
    if suspect:
        raise LoadError(
            f"expected text, found control characters: {shown(path)} is binary, or not what its name says",
            reason="binary",
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf8(data, path, declared)
    return _second_thoughts(data, text)


def _second_thoughts(data: bytes, text: str) -> str:
    """`text`, decoded as UTF-8, unless the same short bytes read far better as Chinese.

    Two-byte sequences of UTF-8 can be characters of GBK (目录 is the classic), and UTF-16 without ASCII can be UTF-8.
    """
    if len(data) > 200 or text.isascii():
        return text
    if any(ord(c) > 0x7FF for c in text):
        return text
    try:
        chinese = data.decode("gb18030")
    except UnicodeDecodeError:
        return text
    return chinese if chinese_share(chinese, "gb18030") > 0.9 and not re.search(r"[A-Za-z]{2}", text) else text


def _not_utf8(data: bytes, path: Path, declared: str | None) -> str:
    codec = _codec(declared)
    if codec:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            pass  # a wrong label: go by the content
    damaged = data.decode("utf-8", "replace")
    beyond = len(damaged) - len(damaged.encode("ascii", "ignore"))
    errors = damaged.count("\ufffd")
    if errors <= max(3, beyond * _TOLERATED) and beyond - errors >= 4 * errors:
        return damaged
    encoding = guess(data)
    if encoding is None and codec:
        encoding = codec
    if encoding is None:
        raise LoadError(
            f"expected text in a known encoding, found bytes that fit none: {shown(path)}; save it as UTF-8",
            reason="encoding",
        )
    return _tolerant(data, encoding, path)


def _tolerant(data: bytes, encoding: str, path: Path) -> str:
    """`data` decoded with a few damaged characters replaced by U+FFFD."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
    errors = text.count("\ufffd")
    if errors > max(1, len(text) * _TOLERATED):
        raise LoadError(
            f"expected {encoding} text, found {errors:,} undecodable places: {shown(path)}; save it as UTF-8",
            reason="encoding",
        )
    return text


def _codec(declared: str | None) -> str | None:
    if not declared:
        return None
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):
        return None
    name = _SUPERSETS.get(name, name)
    if name in _NO_TEXT:
        return None
    try:
        b"a".decode(name)  # codecs such as base64 or rot13 make no text; UTF-16 would need a mark
    except (LookupError, UnicodeError, ValueError, TypeError):
        return None
    return name


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, where null or control bytes show that it is no narrower encoding."""
    head = data[:4096]
    if len(data) % 4 == 0 and head.count(0) > len(head) * 0.45:
        for encoding, columns in (("utf-32-le", (2, 3)), ("utf-32-be", (0, 1))):
            if not any(head[columns[0] :: 4]) and not any(head[columns[1] :: 4]):
                return encoding
    return guess_utf16(data)
