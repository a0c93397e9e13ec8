"""Bytes to text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_builder.errors import LoadError
from kg_builder.loaders import load
from kg_builder.loaders.decoding import decode

HERE = Path("a.txt")
SIMPLIFIED = "中华人民共和国公民在法律面前一律平等。国家尊重和保障人权，公司应当向消费者说明合同的主要条款。"
TRADITIONAL = "臺灣的首都是臺北市。這家公司於二〇〇九年成立，總部位於高雄，董事長為林若汐，員工約有九百人。"
FRENCH = "L'été dernier, Zoë a dîné à l'hôtel « Élysée » : garçon, ça coûte 12 £. Où êtes-vous allés, cœur naïf ?"
GERMAN = "Größere Straßen führen über Österreich nach Süden – „Äpfel und Öl“ überall."


@pytest.mark.parametrize("text", [SIMPLIFIED, TRADITIONAL, FRENCH, GERMAN, "Plain ASCII."])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_encodings(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), HERE) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [SIMPLIFIED, TRADITIONAL, FRENCH, "Plain ASCII.", "一九四九年十月一日\n中国"])
def test_utf16_without_a_mark(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), HERE) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SIMPLIFIED, "gb2312"),
        (TRADITIONAL, "gb18030"),
        ("目录", "gbk"),
        ("中国", "gbk"),
        ("北京大学", "gbk"),
        ("联通", "gbk"),
        ("合同条款", "gb18030"),
        ("中國", "big5"),
        ("臺灣銀行", "big5"),
        ("總統選舉", "big5"),
        (FRENCH, "cp1252"),
        ("café", "latin-1"),
        ("Ça va", "latin-1"),
        ("führen", "latin-1"),
        ("naïve “quotes” – it’s", "cp1252"),
        ("Москва является столицей России и крупнейшим городом страны.", "cp1251"),
        ("東京は日本の首都であり、世界最大の都市の一つです。", "shift_jis"),
    ],
)
def test_old_encodings_from_a_word_upward(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), HERE) == text


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le", "utf-16-be"])
def test_every_stretch_of_eight_simplified_characters(encoding: str) -> None:
    wrong = [s for i in range(len(SIMPLIFIED) - 7) if decode((s := SIMPLIFIED[i : i + 8]).encode(encoding), HERE) != s]
    assert wrong == []


def test_every_stretch_of_six_traditional_characters_in_big5() -> None:
    text = TRADITIONAL.replace("〇", "零")
    assert [s for i in range(len(text) - 5) if decode((s := text[i : i + 6]).encode("big5"), HERE) != s] == []


def test_a_damaged_byte_does_not_turn_a_utf8_file_into_another_encoding() -> None:
    data = bytearray(SIMPLIFIED.encode())
    data[31] = 0xFF
    text = decode(bytes(data), HERE)
    assert "\ufffd" in text
    assert text.startswith(SIMPLIFIED[:10])


def test_utf8_cut_in_the_middle_of_a_character() -> None:
    assert decode(SIMPLIFIED.encode()[:-1], HERE) == SIMPLIFIED[:-1] + "\ufffd"


def test_declarations_of_pages_count(tmp_path: Path) -> None:
    text = "<html><head><meta charset='big5'></head><body><p>訊</p></body></html>"
    (tmp_path / "a.html").write_bytes(text.encode("big5"))
    assert load(tmp_path / "a.html").text == "訊"


def test_a_wrong_declaration_does_not_spoil_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(f"<meta charset=gb2312><p>{SIMPLIFIED}</p>".encode())
    assert load(tmp_path / "a.html").text == SIMPLIFIED


@pytest.mark.parametrize("name", ["a.csv", "a.md", "a.rst", "a.json", "a.txt", "a.tsv", "a.jsonl"])
@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_every_text_format_takes_every_encoding(tmp_path: Path, name: str, encoding: str) -> None:
    text = f'{{"正文": "{SIMPLIFIED}"}}' if "json" in name else SIMPLIFIED
    (tmp_path / name).write_bytes(text.encode(encoding))
    assert SIMPLIFIED in load(tmp_path / name).text


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02\x03" * 50, b"text \x00 text", bytes(range(256)) * 4, b"\x7fELF\x02\x01\x01" + bytes(50)]
)
def test_binary_is_told(data: bytes) -> None:
    with pytest.raises(LoadError) as caught:
        decode(data, HERE)
    assert caught.value.reason in ("binary", "encoding")


def test_line_ends_are_one_character() -> None:
    assert decode(b"a\r\nb\rc\n", HERE) == "a\nb\nc\n"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1))
def test_utf8_with_a_mark_comes_back_as_it_was(text: str) -> None:
    assert decode(b"\xef\xbb\xbf" + text.encode(), HERE) == text.removeprefix("\ufeff")


@given(st.binary(min_size=1, max_size=400))
def test_any_bytes_give_text_or_a_reason(data: bytes) -> None:
    try:
        decode(data, HERE).encode("utf-8")
    except LoadError as exc:
        assert exc.reason in ("binary", "encoding")
