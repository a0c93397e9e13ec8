"""Whatever is wrong with a file comes out as a LoadError with one clear line and its reason."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_files import ENGLISH, MAKERS, make_docx, make_epub, make_pdf, make_xlsx, pdf_bytes

from kg_builder.errors import LoadError
from kg_builder.loaders import Limits, load, reading, sha256_of

TEXT_SUFFIXES = ["csv", "eml", "html", "json", "jsonl", "md", "rst", "tsv", "txt"]
ZIPPED = ["docx", "epub", "odt", "pptx", "xlsx"]


def problem(path: Path, *, limits: Limits | None = None) -> LoadError:
    with pytest.raises(LoadError) as caught:
        load(path, limits=limits)
    message = str(caught.value)
    assert message.startswith("expected ")
    assert "found" in message
    assert len(message.splitlines()) == 1
    assert repr(os.fspath(path)) in message
    return caught.value


def reason(path: Path, *, limits: Limits | None = None) -> str:
    return problem(path, limits=limits).reason


def written(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def repacked(path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The zip file at `path` with each part changed, or left out where `change` gives None."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            if (new := change(name, data)) is not None:
                package.writestr(name, new)
    return path


@pytest.mark.parametrize("suffix", sorted(MAKERS))
@pytest.mark.parametrize("data", [b"", b" \n\t\r\n"])
def test_empty_files(tmp_path: Path, suffix: str, data: bytes) -> None:
    assert reason(written(tmp_path / f"a.{suffix}", data)) == "empty"


@pytest.mark.parametrize("text", ["\ufeff", "<html><script>x()</script></html>", "<!-- nothing -->"])
def test_files_without_words(tmp_path: Path, text: str) -> None:
    assert reason(written(tmp_path / "a.html", text)) == "empty"


@pytest.mark.parametrize("suffix", TEXT_SUFFIXES)
def test_binary_under_a_text_name(tmp_path: Path, suffix: str) -> None:
    data = hashlib.sha512(b"x").digest() * 40 + bytes(100)
    assert reason(written(tmp_path / f"a.{suffix}", data)) in ("binary", "encoding", "corrupt")


@pytest.mark.parametrize("suffix", [*ZIPPED, "pdf"])
def test_binary_under_a_document_name(tmp_path: Path, suffix: str) -> None:
    data = hashlib.sha512(b"x").digest() * 40 + bytes(100)
    assert reason(written(tmp_path / f"a.{suffix}", data)) in ("corrupt", "binary")


@pytest.mark.parametrize("suffix", ZIPPED)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_truncated_packages(tmp_path: Path, suffix: str, share: float) -> None:
    path = MAKERS[suffix](tmp_path / f"a.{suffix}")
    data = path.read_bytes()
    assert reason(written(path, data[: int(len(data) * share)])) == "truncated"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.97])
def test_truncated_pdf(tmp_path: Path, share: float) -> None:
    path = make_pdf(tmp_path / "a.pdf")
    data = path.read_bytes()
    assert reason(written(path, data[: int(len(data) * share)])) == "truncated"


def test_truncated_json(tmp_path: Path) -> None:
    assert reason(written(tmp_path / "a.json", '{"a": "some te')) == "truncated"
    assert reason(written(tmp_path / "b.jsonl", '{"a": "x"}\n{"a": ')) == "truncated"


@pytest.mark.parametrize("text", ["{'a': 1}", '{"a": 1,}', '{"a": "x"} trailing', "nonsense here"])
def test_corrupt_json_names_the_place(tmp_path: Path, text: str) -> None:
    error = problem(written(tmp_path / "a.json", text))
    assert error.reason == "corrupt"
    assert "line 1, column" in str(error)


def test_corrupt_parts(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx")
    assert (
        reason(repacked(path, lambda name, data: data[: len(data) // 2] if name == "word/document.xml" else data))
        == "corrupt"
    )
    path = make_docx(tmp_path / "b.docx")
    assert reason(repacked(path, lambda name, data: None if name == "word/document.xml" else data)) == "corrupt"
    path = make_epub(tmp_path / "a.epub")
    assert reason(repacked(path, lambda name, data: None if name.endswith("two.xhtml") else data)) == "corrupt"


def test_encrypted_pdf(tmp_path: Path) -> None:
    path = written(tmp_path / "a.pdf", pdf_bytes([[(72, 700, 12, ENGLISH)]], encrypted=True))
    assert reason(path) == "encrypted"


def test_encrypted_office_file(tmp_path: Path) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(500)
    assert reason(written(tmp_path / "a.docx", ole)) == "encrypted"
    assert reason(written(tmp_path / "b.doc", ole.replace(b"E\0n\0c", b"X\0x\0x"))) == "unknown-format"


def test_encrypted_parts(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx")
    data = bytearray(path.read_bytes())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1  # the flag of an encrypted member
    assert reason(written(path, bytes(data))) == "encrypted"
    path = MAKERS["odt"](tmp_path / "a.odt")
    secret = b"<manifest><encryption-data/></manifest>"
    assert reason(repacked(path, lambda name, old: secret if name.endswith("manifest.xml") else old)) == "encrypted"


def test_pdf_of_images_asks_for_recognition(tmp_path: Path) -> None:
    error = problem(written(tmp_path / "a.pdf", pdf_bytes([[], []])))
    assert error.reason == "no-text"
    assert "OCR" in str(error)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", b"\x1f\x8b\x08" + bytes(30), "archive"),
        ("a.txt", b"7z\xbc\xaf\x27\x1c" + bytes(30), "archive"),
        ("a.docx", b"Rar!\x1a\x07\x00" + bytes(30), "archive"),
        ("a.txt", b"{\\rtf1 text}", "unknown-format"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(60), "binary"),
        ("a.eml", b"\n\n", "empty"),
        ("a.eml", b"no header here", "corrupt"),
    ],
)
def test_other_things_under_the_name_of_a_document(tmp_path: Path, name: str, data: bytes, expected: str) -> None:
    assert reason(written(tmp_path / name, data)) == expected


def test_a_plain_archive_under_the_name_of_a_document(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as package:
        package.writestr("hello.txt", "hello")
    assert reason(tmp_path / "a.docx") == "corrupt"
    (tmp_path / "a.docx").rename(tmp_path / "a.txt")
    assert reason(tmp_path / "a.txt") == "archive"


def test_200_megabytes_of_nothing(tmp_path: Path) -> None:
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(200_000_000)
    assert reason(tmp_path / "a.txt") == "binary"
    os.truncate(tmp_path / "a.txt", 200_000_001)
    assert reason(tmp_path / "a.txt") == "too-large"


@pytest.mark.parametrize("suffix", TEXT_SUFFIXES)
def test_more_characters_than_allowed(tmp_path: Path, suffix: str) -> None:
    text = json.dumps({"a": ENGLISH * 20}) if "json" in suffix else f"From: a\n\n{ENGLISH * 20}"
    assert reason(written(tmp_path / f"a.{suffix}", text), limits=Limits(max_characters=500)) == "too-large"


@pytest.mark.parametrize("suffix", ["html", "md", "rst", "json", "docx", "odt", "epub", "pptx", "xlsx"])
def test_more_markup_than_fits_a_tree(tmp_path: Path, suffix: str) -> None:
    path = MAKERS[suffix](tmp_path / f"a.{suffix}")
    assert reason(path, limits=Limits(max_tree_bytes=100)) == "too-large"


def test_more_pages_or_cells_than_allowed(tmp_path: Path) -> None:
    assert reason(make_pdf(tmp_path / "a.pdf"), limits=Limits(max_pages=3)) == "too-large"
    assert reason(MAKERS["pptx"](tmp_path / "a.pptx"), limits=Limits(max_pages=1)) == "too-large"
    assert reason(make_xlsx(tmp_path / "a.xlsx"), limits=Limits(max_cells=5)) == "too-large"


@pytest.mark.parametrize("depth", [300, 5_000, 100_000])
@pytest.mark.parametrize(
    ("name", "opening", "closing"),
    [
        ("a.json", "[", "]"),
        ("b.json", '{"a":', "}"),
        ("a.html", "<div>", "</div>"),
        ("a.md", "> ", ""),
        ("c.html", "<b>", ""),
    ],
)
def test_deep_nesting(tmp_path: Path, name: str, opening: str, closing: str, depth: int) -> None:
    inner = '"deep words here"' if "json" in name else "deep words here"
    path = written(tmp_path / name, opening * depth + inner + closing * depth)
    assert reason(path) == "too-deep"


@pytest.mark.parametrize("depth", [300, 20_000])
def test_deep_nesting_of_parts(tmp_path: Path, depth: int) -> None:
    deep = b"<a>" * depth + b"x" + b"</a>" * depth
    path = MAKERS["odt"](tmp_path / "a.odt")
    assert reason(repacked(path, lambda name, data: deep if name == "content.xml" else data)) == "too-deep"
    path = make_epub(tmp_path / "a.epub")
    page = b"<html><body>" + b"<div>" * depth + b"x" + b"</div>" * depth + b"</body></html>"
    assert reason(repacked(path, lambda name, data: page if name.endswith("two.xhtml") else data)) == "too-deep"
    path = make_docx(tmp_path / "a.docx")
    assert reason(repacked(path, lambda name, data: deep if name == "word/document.xml" else data)) in (
        "corrupt",
        "too-deep",
    )


def test_deep_nesting_of_rst(tmp_path: Path) -> None:
    text = "\n\n".join("  " * i + "quoted words" for i in range(2_000))
    assert reason(written(tmp_path / "a.rst", text)) == "too-deep"
    assert reason(written(tmp_path / "b.rst", "- " * 500 + "words")) == "too-deep"


@pytest.mark.parametrize("suffix", ZIPPED)
def test_zip_bombs(tmp_path: Path, suffix: str) -> None:
    path = MAKERS[suffix](tmp_path / f"a.{suffix}")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/media/zeros.xml", bytes(60_000_000))
    assert reason(path) == "zip-bomb"


def test_zip_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx")
    repacked(path, lambda name, data: b" " * 30_000_000 if name == "word/document.xml" else data)
    data = bytearray(path.read_bytes())
    size = (30_000_000).to_bytes(4, "little")
    assert data.count(size) >= 2
    assert reason(written(path, bytes(data).replace(size, (1000).to_bytes(4, "little")))) == "corrupt"


def test_many_parts_and_large_parts(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx")
    assert reason(path, limits=Limits(max_members=3)) == "too-large"
    assert reason(path, limits=Limits(max_uncompressed_bytes=1000)) == "too-large"


LAUGHS = (
    '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY {x} "{f"&{y};" * 10}">' for x, y in zip("cdefghij", "bcdefghi", strict=True))
    + ' <!ENTITY outside SYSTEM "file:///etc/passwd">]>'
)


@pytest.mark.parametrize("suffix", ["docx", "pptx", "xlsx"])
def test_entities_in_office_files_are_refused(tmp_path: Path, suffix: str) -> None:
    path = MAKERS[suffix](tmp_path / f"a.{suffix}")
    part = {"docx": "word/document.xml", "pptx": "ppt/slides/slide1.xml", "xlsx": "xl/workbook.xml"}[suffix]

    def poison(name: str, data: bytes) -> bytes:
        if name != part:
            return data
        declared = data.startswith(b"<?xml")
        return data.replace(b"?>", b"?>" + LAUGHS.encode(), 1) if declared else LAUGHS.encode() + data

    assert reason(repacked(path, poison)) == "unsafe-xml"


@pytest.mark.parametrize("entity", ["&j;", "&b;", "&outside;"])
def test_entities_of_other_files_are_not_expanded(tmp_path: Path, entity: str) -> None:
    path = MAKERS["odt"](tmp_path / "a.odt")

    def poison(name: str, data: bytes) -> bytes:
        return LAUGHS.encode() + data.replace(b"Ada Lovelace wrote", entity.encode()) if name == "content.xml" else data

    repacked(path, poison)
    page = LAUGHS.replace("DOCTYPE r", "DOCTYPE html") + f"<html><body><p>Words {entity}</p></body></html>"
    for file in (path, written(tmp_path / "a.xhtml", page)):
        try:
            text = load(file).text
        except LoadError as exc:
            assert exc.reason == "unsafe-xml"
        else:
            assert "haha" not in text
            assert "root:" not in text


def test_files_that_vanish_and_folders(tmp_path: Path) -> None:
    assert reason(tmp_path / "none.txt") == "vanished"
    assert reason(tmp_path) == "not-a-file"
    os.mkfifo(tmp_path / "pipe.txt")
    assert reason(tmp_path / "pipe.txt") == "not-a-file"
    with pytest.raises(LoadError):
        sha256_of(tmp_path / "none.txt")


class _Meddling(io.BufferedReader):
    """Reads a file while somebody else does something to it."""

    def __init__(self, raw: io.FileIO, meddle: Callable[[], None]) -> None:
        super().__init__(raw)
        self.meddle = meddle

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.meddle()
        return data


@pytest.mark.parametrize(
    ("meddle", "expected"),
    [
        (lambda path: path.unlink(), "vanished"),
        (lambda path: path.write_text("shorter"), "changed"),
        (lambda path: os.utime(path, (1, 1)), "changed"),
        (lambda path: path.replace(path.with_suffix(".old")), "vanished"),
    ],
)
def test_files_that_change_while_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meddle: Callable[[Path], None], expected: str
) -> None:
    path = written(tmp_path / "a.txt", ENGLISH * 100)
    monkeypatch.setattr(reading.io, "BufferedReader", lambda raw: _Meddling(raw, lambda: meddle(path)))
    assert reason(path) == expected


def test_files_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.txt", ENGLISH)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(reading.os, "open", refuse)
    assert reason(path) == "permission"


@pytest.mark.parametrize(
    "name",
    [
        "new\nline.txt",
        "quo'te\".txt",
        "emoji 😀.txt",
        "中文（一）.txt",
        "a%20b?#.txt",
        "back\\slash.txt",
        b"bad\xff\xfe.txt",
    ],
)
def test_odd_names(tmp_path: Path, name: str | bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    document = load(written(path, ENGLISH))
    assert document.text == ENGLISH
    assert document.uri.isascii()
    assert "\n" not in document.title
    document.title.encode("utf-8")
    assert problem(written(path, b"")).reason == "empty"
    assert document.sha256 == hashlib.sha256(ENGLISH.encode()).hexdigest()


def test_errors_cross_process_boundaries(tmp_path: Path) -> None:
    error = problem(written(tmp_path / "a.txt", b""))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.reason) == (str(error), error.reason)


def test_sha256_is_of_the_bytes_that_were_parsed(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx")
    assert load(path).sha256 == sha256_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "[" * 60_000),
        ("a.rst", "a_ " * 30_000),
        ("b.rst", "`a " * 30_000),
        ("a.html", "<table>" + "<tr><td rowspan=9999 colspan=999>a</td></tr>" * 300 + "</table>"),
        ("a.txt", "a\n" * 50_000),
        ("b.txt", "word " * 100_000),
    ],
)
def test_hostile_markup_takes_no_minutes(tmp_path: Path, name: str, text: str) -> None:
    started = time.monotonic()
    assert load(written(tmp_path / name, text)).text
    assert time.monotonic() - started < 20


def test_a_json_of_numbers_has_no_words(tmp_path: Path) -> None:
    assert reason(written(tmp_path / "a.json", "[1, 2, [3, 4.5e3]]")) == "empty"
