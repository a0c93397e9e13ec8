"""Pages of a PDF that give nothing are named: pictures of text, and damage that the library passes over."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from sample_files import ENGLISH, Print, pdf_bytes

from kg_builder.errors import LoadError
from kg_builder.loaders import load
from kg_builder.pipeline import build_graph
from kg_builder.store import GraphStore

WORDS = ("Ashford", "Brighton", "Canterbury", "Dover", "Exeter")
PAGES: list[list[Print]] = [[(72, 700, 12, f"The ferry sails from {word} at noon.")] for word in WORDS]


@pytest.fixture(name="loaded")
def loading(tmp_path: Path) -> Callable[[bytes], tuple[str, tuple[str, ...]]]:
    def loaded(data: bytes) -> tuple[str, tuple[str, ...]]:
        path = tmp_path / "a.pdf"
        path.write_bytes(data)
        document = load(path)
        return document.text, document.faults

    return loaded


def stream_of(data: bytes, page: int) -> tuple[int, int]:
    """Where the packed content of a page, from 0, starts and ends."""
    start = end = -1
    for _ in range(page + 1):
        start = data.index(b">>\nstream\n", end + 1) + len(b">>\nstream\n")
        end = data.index(b"\nendstream", start)
    return start, end


def with_pictures(pages: list[int], *, share: float = 1.0) -> bytes:
    """The pages, with a picture over `share` of the height of new empty ones before some of them."""
    document = pdfium.PdfDocument(pdf_bytes(PAGES))
    for at in pages:
        page = document.new_page(612, 792, index=at)
        picture = pdfium.PdfImage.new(document)
        picture.set_bitmap(pdfium.PdfBitmap.new_native(8, 8, pdfium.raw.FPDFBitmap_BGR))
        picture.set_matrix(pdfium.PdfMatrix().scale(612, 792 * share))
        page.insert_obj(picture)
        page.gen_content()
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize("packed", [False, True])
def test_a_whole_file_with_a_blank_page_has_no_fault(
    loaded: Callable[[bytes], tuple[str, tuple[str, ...]]], packed: bool
) -> None:
    text, faults = loaded(pdf_bytes([*PAGES[:2], [], *PAGES[2:]], packed=packed))
    assert all(word in text for word in WORDS)
    assert faults == ()


def test_pages_that_are_pictures_are_named(loaded: Callable[[bytes], tuple[str, tuple[str, ...]]]) -> None:
    text, faults = loaded(with_pictures([1, 2, 3, 5]))
    assert all(word in text for word in WORDS)
    assert faults == ("pages 2-4, 6: pictures without text; run text recognition (OCR) on the file",)


def test_a_small_picture_on_an_empty_page_is_none(loaded: Callable[[bytes], tuple[str, tuple[str, ...]]]) -> None:
    assert loaded(with_pictures([2], share=0.3))[1] == ()


def test_a_page_whose_content_is_damaged_is_named(loaded: Callable[[bytes], tuple[str, tuple[str, ...]]]) -> None:
    data = bytearray(pdf_bytes(PAGES, packed=True))
    start, _ = stream_of(data, 2)
    data[start : start + 8] = b"\xff" * 8
    text, faults = loaded(bytes(data))
    assert "Canterbury" not in text and "Brighton" in text and "Dover" in text
    assert faults == ("page 3: damaged; open the file elsewhere and save it again",)


def test_damage_within_a_page_is_told(loaded: Callable[[bytes], tuple[str, tuple[str, ...]]]) -> None:
    long: list[Print] = [
        (72, 700 - 14 * i, 12, f"Ferry {i * 7919 % 97} sails at {i}. {ENGLISH[:40]}") for i in range(40)
    ]
    data = bytearray(pdf_bytes([*PAGES, long], packed=True))
    start, end = stream_of(data, len(PAGES))
    data[(start + end) // 2] ^= 0xFF
    text, faults = loaded(bytes(data))
    assert "Exeter" in text
    assert faults == ("words on some pages (1 streams): damaged; open the file elsewhere and save it again",)


def test_a_page_that_is_no_page_is_named(loaded: Callable[[bytes], tuple[str, tuple[str, ...]]]) -> None:
    data = pdf_bytes(PAGES)
    second = data.index(b"/Type /Page ", data.index(b"/Type /Page ") + 1)
    start = data.rindex(b"<<", 0, second)
    end = data.index(b"endobj", second) - 1
    text, faults = loaded(data[:start] + b"null".ljust(end - start) + data[end:])
    assert "Brighton" not in text and "Ashford" in text and "Exeter" in text
    assert faults == ("page 2: damaged; open the file elsewhere and save it again",)


def test_a_file_of_damaged_pages_alone_is_refused(tmp_path: Path) -> None:
    data = bytearray(pdf_bytes(PAGES[:2], packed=True))
    for page in range(2):
        start, _ = stream_of(data, page)
        data[start : start + 8] = b"\xff" * 8
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    with pytest.raises(LoadError, match="pages 1-2: damaged") as caught:
        load(path)
    assert caught.value.reason == "corrupt"


def test_a_graph_says_which_pages_it_lacks_and_does_not_read_them_again(
    embedded_store: GraphStore, tmp_path: Path
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "scan.pdf").write_bytes(with_pictures([1]))
    first = build_graph([folder], store=embedded_store, workers=1)
    assert (first.loaded, first.partial, first.failed) == (1, 1, 0)
    assert [(p.state, p.reason, p.message[:16]) for p in first.problems] == [("partial", "pages", "missing: page 2:")]
    (document,) = embedded_store.documents(state="partial")
    assert document.reason == "pages"
    assert document.detail.startswith("page 2: pictures without text")
    again = build_graph([folder], store=embedded_store, workers=1)
    assert (again.loaded, again.unchanged, again.partial) == (0, 1, 0)
    (folder / "scan.pdf").write_bytes(pdf_bytes(PAGES))
    better = build_graph([folder], store=embedded_store, workers=1)
    assert (better.loaded, better.partial) == (1, 0)
    assert not list(embedded_store.documents(state="partial"))
