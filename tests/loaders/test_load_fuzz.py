"""Damaged files of every format: a document or a LoadError, nothing else, and soon."""

from __future__ import annotations

import random
import time
import zipfile
from pathlib import Path

import pytest
from sample_files import MAKERS

from kg_builder.errors import LoadError
from kg_builder.loaders import load

ROUNDS = 30
SLOWEST_S = 10.0


def mutated(data: bytes, rng: random.Random) -> bytes:
    """`data` with a few bytes or stretches overwritten, left out, doubled or moved."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(out) + 1)
        length = rng.choice((1, 1, 2, 8, 64, 512))
        match rng.randrange(6):
            case 0:
                out[at : at + length] = rng.randbytes(length)
            case 1:
                del out[at : at + length]
            case 2:
                out[at:at] = out[at : at + length]
            case 3:
                out[at:at] = rng.choice(
                    (b"\x00", b"\xff\xff\xff\xff", b"<", b"&a;", b"99999999999", b'"', b"]]>", b"\r\n")
                )
            case 4:
                out[at : at + length] = out[: len(out[at : at + length])]
            case _ if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
    return bytes(out)


def check(path: Path) -> bool:
    started = time.monotonic()
    try:
        document = load(path)
    except LoadError as exc:
        assert str(exc).startswith("expected ")
        return False
    else:
        document.text.encode("utf-8")
        assert document.blocks
        return True
    finally:
        assert time.monotonic() - started < SLOWEST_S


@pytest.mark.parametrize("suffix", sorted(MAKERS))
def test_damaged_files(tmp_path: Path, suffix: str) -> None:
    rng = random.Random(suffix)
    path = MAKERS[suffix](tmp_path / f"a.{suffix}")
    data = path.read_bytes()
    for _ in range(ROUNDS):
        path.write_bytes(mutated(data, rng))
        check(path)


@pytest.mark.parametrize("suffix", ["docx", "epub", "odt", "pptx", "xlsx"])
def test_damaged_parts_in_a_whole_package(tmp_path: Path, suffix: str) -> None:
    rng = random.Random(suffix)
    path = MAKERS[suffix](tmp_path / f"a.{suffix}")
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    for _ in range(ROUNDS):
        name = rng.choice([name for name in parts if name.endswith((".xml", ".rels", ".xhtml", ".opf"))])
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
            for other, data in parts.items():
                package.writestr(other, mutated(data, rng) if other == name else data)
        check(path)
