"""Mutations of real files for `fuzz_loaders`: of bytes, of markup, and of the parts of zipped formats. All by seed."""

from __future__ import annotations

import io
import random
import re
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["SUFFIXES", "Mutation", "mutate", "originals"]

Mutation = tuple[str, str, bytes]
"""The kind of the mutation, the suffix that the file gets, its bytes."""

SUFFIXES = (
    *("csv", "docx", "eml", "epub", "html", "json", "jsonl", "md", "odt", "pdf", "pptx", "rst", "tsv", "txt", "xlsx"),
)
ZIPPED = ("docx", "epub", "odt", "pptx", "xlsx")
LAUGHS = (
    b'<!DOCTYPE r [<!ENTITY a "ha ha ha">'
    + b"".join(b'<!ENTITY %c "%b">' % (x, b"&%c;" % (x - 1) * 10) for x in b"bcdefghij")
    + b'<!ENTITY out SYSTEM "file:///etc/passwd"><!ENTITY net SYSTEM "http://192.0.2.1/x">]>'
)
MAGIC = (
    LAUGHS, b"&j;", b"&out;", b"&net;", b'<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">', b"<![CDATA[", b"]]>",
    b"<!--", b"\x00", b"\x00" * 5000, b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xff\xfe\x00\x00",
    b"\xed\xa0\x80", b"\\ud800", b"&#xD800;", b"&#0;", b"../../../../etc/passwd", b"file:///etc/passwd",
    b"http://192.0.2.1/", b"a" * 100_000, b"=" + b" " * 3000 + b"b\n", b"# a" + b" " * 20_000 + b"b\n",
    b"<!---->" * 50, b"A: \n" * 50, b"\n" * 20_000, b"\t" * 20_000, b'"' * 999, b"((" * 5000, b"*_[" * 5000,
    b"`|" * 5000, b"a<br>" * 20_000, b"> " * 300, b"- " * 300, b"[" * 2000, b'{"a":' * 2000, b"<div>" * 300,
    b"<td colspan=999 rowspan=999>x" * 300, b"1" * 6000, b"\n.. include:: /etc/passwd\n",
    b"\n.. raw:: html\n   :file: /etc/passwd\n", b"\n.. csv-table::\n   :file: /etc/passwd\n",
    b"\n.. |a| replace:: |b| |b|\n.. |b| replace:: |a| |a|\n\n|a|\n", b"=HYPERLINK(\"http://192.0.2.1/\",1)",
    b"=cmd|' /C x'!A0", b"<script>fetch('http://192.0.2.1/')</script>", b"charset=punycode",
    b"Content-Type: multipart/mixed; boundary=x\n\n--x\n", b"/JavaScript (app.alert(1))",
    b"/URI (http://192.0.2.1/)", b" 99999999999 ", b"-1", b"/Kids [2 0 R]", b"/Count 2147483647", b"/Length 0",
    b"endobj", b"%PDF-1.4", b"PK\x03\x04", b"PK\x05\x06", b"%%EOF", b"\xe2\x80\xae", b"\xf0\x9f\x92\xa9" * 500,
)  # fmt: skip
RELATION = (
    b'<Relationship Id="rX%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%b" '
    b'Target="%b" %b/>'
)
TARGETS = (b"http://192.0.2.1/x", b"file:///etc/passwd", b"../../../../etc/passwd", b"/word/document.xml", b"", b"NULL")
_PRINTED = bytes(c if c > 31 or c in b"\t\n\r" else 32 for c in range(256))
TAG = re.compile(rb"<([A-Za-z_][\w:.-]*)[^<>]*>")


def mutate(rng: random.Random, suffix: str, data: bytes, other: Callable[[], bytes]) -> Mutation:
    """One mutation of a file; `other` gives another original to splice with."""
    if rng.random() < 0.05:
        return "wrong-suffix", rng.choice(SUFFIXES), data if rng.random() < 0.5 else _bytes(rng, data)
    if suffix in ZIPPED and rng.random() < 0.75:
        try:
            return _package(rng, suffix, data)
        except (zipfile.BadZipFile, ValueError):
            return "bytes", suffix, _bytes(rng, data)
    if rng.random() < 0.1:
        mate = other()
        return "splice", suffix, data[: rng.randrange(len(data) + 1)] + mate[rng.randrange(len(mate) + 1) :]
    if suffix == "html" and rng.random() < 0.4:
        return "markup", suffix, _markup(rng, data)
    return "bytes", suffix, (_bytes if suffix in ZIPPED or suffix == "pdf" else _text)(rng, data)


def _bytes(rng: random.Random, data: bytes) -> bytes:
    """Bits flipped, runs deleted, doubled, zeroed, moved, overwritten, or magic strings put in; the end cut off."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        at = rng.randrange(len(out) + 1)
        length = rng.choice((1, 2, 8, 64, 512, 4096))
        match rng.randrange(9):
            case 0 | 1 if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            case 2:
                del out[at : at + length]
            case 3:
                out[at:at] = out[at : at + length] * rng.choice((1, 1, 2, 50))
            case 4:
                out[at : at + length] = bytes(len(out[at : at + length]))
            case 5:
                out[at : at + length] = rng.randbytes(length)
            case 6 if rng.random() < 0.15:
                del out[at:]
            case 7 if out:
                start = rng.randrange(len(out))
                out[at:at] = out[start : start + length]
            case _:
                out[at:at] = rng.choice(MAGIC)
        del out[4_000_000:]
    return bytes(out)


def _text(rng: random.Random, data: bytes) -> bytes:
    """Bytes of a text; mostly without null characters, or all that would be tested is that these are refused."""
    out = _bytes(rng, data)
    return out if rng.random() < 0.1 else bytes(out.translate(_PRINTED))


def _markup(rng: random.Random, data: bytes) -> bytes:
    """XML or HTML that mostly stays well-formed: its own elements nested, repeated or moved, values replaced."""
    tags = list(TAG.finditer(data))
    if not tags:
        return _bytes(rng, data)
    at = rng.choice(tags).end()
    names = [match[1] for match in rng.choices(tags, k=rng.randint(1, 3))]
    match rng.randrange(7):
        case 0:  # deep
            times = rng.choice((5, 50, 80, 120, 250, 5000))
            opening = b"".join(b"<%b>" % name for name in names)
            closing = b"".join(b"</%b>" % name for name in reversed(names))
            return data[:at] + opening * times + b"words" + closing * times + data[at:]
        case 1:  # many
            return data[:at] + b"".join(b"<%b/>" % name for name in names) * rng.choice((100, 20_000)) + data[at:]
        case 2:  # an element again and again, whatever is in it
            first = rng.choice(tags)
            end = data.find(b"</%b>" % first[1], first.end())
            whole = data[first.start() : end + len(first[1]) + 3] if end > 0 else first[0]
            return data[: first.start()] + whole[:20_000] * rng.choice((2, 30, 500)) + data[first.start() :]
        case 3:  # entities, in the prolog or behind a comment that hides it
            hidden = b"<!--" + b" " * rng.choice((0, 5000)) + b"-->"
            start = tags[0].start()
            return (
                data[:start] + hidden + LAUGHS + data[start:at] + rng.choice((b"&j;", b"&out;", b"&net;")) + data[at:]
            )
        case 4:  # another value of an attribute
            values = list(re.finditer(rb'="([^"<>]*)"', data))
            if not values:
                return _bytes(rng, data)
            value = rng.choice(values)
            new = rng.choice(
                (b"-1", b"999999999999", b"\xc2\xb2", b"", b"NaN", b"XFD1048576", b"ZZZZ9", b"rId1", *TARGETS)
            )
            return data[: value.start(1)] + new + data[value.end(1) :]
        case 5:  # two elements change places
            one, two = sorted(rng.sample(tags, 2), key=lambda m: m.start()) if len(tags) > 1 else (tags[0], tags[0])
            return data[: one.start()] + two[0] + data[one.end() : two.start()] + one[0] + data[two.end() :]
        case _:
            return _bytes(rng, data)


def _package(rng: random.Random, suffix: str, data: bytes) -> Mutation:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = [(name, package.read(name)) for name in package.namelist()]
    marked = [i for i, (_, part) in enumerate(parts) if part.lstrip()[:1] == b"<"]
    i = rng.choice(marked or range(len(parts)))
    name, part = parts[i]
    kind = rng.choice(
        ("part", "part", "part", "part", "rename", "double", "leave-out", "relations", "formula", "sizes")
    )
    match kind:
        case "part":
            parts[i] = name, _markup(rng, part)
        case "rename":
            new = rng.choice(("../../", "/", "C:\\", "\x00", "a/" * 300, "..\\..\\", "\u202e")) + name
            parts[i] = rng.choice((new, name.upper(), name + " ")), part
        case "double":
            parts.insert(rng.randrange(len(parts) + 1), (name, _markup(rng, part)))
        case "leave-out":
            del parts[i]
        case "relations":
            rels = [k for k, (n, _) in enumerate(parts) if n.endswith(".rels")]
            if rels:
                k = rng.choice(rels)
                mode = rng.choice((b'TargetMode="External"', b""))
                types = (
                    b"footnotes",
                    b"hyperlink",
                    b"image",
                    b"styles",
                    b"oleObject",
                    b"attachedTemplate",
                    b"vbaProject",
                )
                new_rels = b"".join(
                    RELATION % (n, rng.choice(types), rng.choice(TARGETS), mode)
                    for n in range(rng.choice((1, 3, 2000)))
                )
                parts[k] = parts[k][0], parts[k][1].replace(b"</Relationships>", new_rels + b"</Relationships>")
        case "formula":
            formula = b'<c r="A1" t="str"><f>WEBSERVICE("http://192.0.2.1/")</f><v>shown</v></c>'
            field = b'<w:r><w:fldSimple w:instr="DDEAUTO c:\\\\x.exe"/></w:r>'
            parts[i] = name, part.replace(b"<c ", formula + b"<c ", 1).replace(b"</w:r>", b"</w:r>" + field, 1)
    return f"zip-{kind}", suffix, _zipped(rng, parts, lie=kind == "sizes")


def _zipped(rng: random.Random, parts: Sequence[tuple[str, bytes]], *, lie: bool) -> bytes:
    buffer = io.BytesIO()
    method = rng.choice((zipfile.ZIP_DEFLATED,) * 8 + (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as package:
        warnings.simplefilter("ignore")  # on names that come twice: they are meant
        for name, part in parts:
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))  # the same bytes from the same seed
            info.filename = name  # ZipInfo cuts names at a null character
            info.compress_type = method
            package.writestr(info, part + (b" " * 20_000_000 if lie and part is parts[-1][1] else b""))
    data = bytearray(buffer.getvalue())
    if lie:
        at = data.rfind(b"PK\x01\x02")  # the last entry of the central directory
        size = rng.choice((0, 1, 1000, 0xFFFFFFFF, rng.getrandbits(31)))
        data[at + 24 : at + 28] = size.to_bytes(4, "little")
    return bytes(data)


def originals(folders: Sequence[Path], *, max_bytes: int) -> list[Path]:
    """The files of the folders in one of the formats and not too large, smaller ones first."""
    found = {
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix[1:].lower() in SUFFIXES and path.is_file() and 0 < path.stat().st_size <= max_bytes
    }
    return sorted(found, key=lambda path: (path.stat().st_size, path))
