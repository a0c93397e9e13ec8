"""One file in, one Document out; whatever is wrong with the file comes out as a LoadError."""

from __future__ import annotations

import hashlib
import importlib
import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from kg_builder.errors import LoadError
from kg_builder.loaders.formats import SUFFIXES, TEXT_FORMATS, binary_format, text_format
from kg_builder.loaders.limits import Limits
from kg_builder.loaders.locating import shown, uri_of
from kg_builder.loaders.pieces import Parsed, Source, assemble, clean
from kg_builder.loaders.reading import read_once
from kg_builder.types import Document

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["load"]

_MODULES = {
    "csv": "tabular",
    "docx": "word",
    "eml": "mail",
    "epub": "books",
    "html": "hypertext",
    "json": "records",
    "jsonl": "records",
    "md": "markdown",
    "odt": "opendocument",
    "pdf": "pdf",
    "pptx": "slides",
    "rst": "restructured",
    "tsv": "tabular",
    "txt": "plain",
    "xlsx": "spreadsheets",
}

# What the libraries raise on a file that is not what it should be, besides classes of their own that the readers name.
_PARSER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    StopIteration,
    SyntaxError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
)
_MAX_TITLE = 300


def load(path: Path, *, limits: Limits | None = None) -> Document:
    """The document in the file at `path`; its hash is of exactly the bytes that were parsed.

    The format is what the content says, the name decides between kinds of text. Nothing outside the file is read: no
    entities, inclusions, links, or parts of archives; no formulas, macros or scripts are run.

    Raises:
        LoadError: the file cannot be read or is not a document; docs/loaders.md lists the reasons.
    """
    path = Path(path)
    source = Source(path, read_once(path, limits=limits or Limits()), limits or Limits())
    try:
        parsed = _parse(source)
        text, blocks = assemble(parsed.pieces, source)
    except LoadError:
        raise
    except RecursionError as exc:
        raise LoadError(
            f"expected moderate nesting, found more than can be followed: {shown(path)}", reason="too-deep"
        ) from exc
    except MemoryError as exc:
        raise LoadError(
            f"expected a file that fits in memory, found one that does not: {shown(path)}; split it", reason="memory"
        ) from exc
    except _PARSER_ERRORS as exc:
        raise _corrupt(path, exc) from exc
    from kg_builder.language import detect_language

    return Document(
        uri=uri_of(path),
        sha256=hashlib.sha256(source.data).hexdigest(),
        title=_title(parsed, path),
        text=text,
        language=detect_language(text),
        blocks=blocks,
        faults=parsed.faults,
    )


def _parse(source: Source) -> Parsed:
    kind = binary_format(source.data, source.path)
    if kind == "pdf":
        return _reader("pdf")(source)
    if kind == "zip":
        from kg_builder.loaders.packages import package_format

        return _reader(package_format(source))(source)
    return _parse_text(source)


def _parse_text(source: Source) -> Parsed:
    from kg_builder.loaders.decoding import declared_encoding, decode

    named = SUFFIXES.get(source.path.suffix.lower(), "txt")
    if named == "eml":
        return _reader("eml")(source)  # each part has an encoding of its own
    if named not in TEXT_FORMATS and source.data.count(0):
        raise LoadError(
            f"expected {named}, as the name says, found neither that nor text: {shown(source.path)}; it is damaged",
            reason="corrupt",
        )
    text = decode(source.data, source.path, declared=declared_encoding(source.data))
    if not text.strip():
        raise LoadError(f"expected text, found only white space: {shown(source.path)}", reason="empty")
    if len(text) > source.limits.max_characters:
        raise LoadError(
            f"expected at most {source.limits.max_characters:,} characters, found {len(text):,} in "
            f"{shown(source.path)}; split the file, or raise the limit",
            reason="too-large",
        )
    module = importlib.import_module(f"kg_builder.loaders.{_MODULES[text_format(text, source.path)]}")
    parse: Callable[[Source, str], Parsed] = module.parse_text
    return parse(source, text)


def _reader(kind: str) -> Callable[[Source], Parsed]:
    module = importlib.import_module(f"kg_builder.loaders.{_MODULES[kind]}")
    reader: Callable[[Source], Parsed] = module.parse
    return reader


def _title(parsed: Parsed, path: Path) -> str:
    headings = (piece.text for piece in parsed.pieces if piece.kind == "heading")
    for title in (parsed.title, next(headings, "") if parsed.title == "" else ""):
        if clean(title):
            return clean(title)[:_MAX_TITLE]
    return clean(path.stem) or path.name


def _corrupt(path: Path, exc: BaseException) -> LoadError:
    said = " ".join(str(exc).split())[:300]
    return LoadError(
        f"expected a well-formed {path.suffix.lower() or 'file'}, found damage in {shown(path)}: "
        f"{type(exc).__name__}{': ' + said if said else ''}; open it in its own program and save it again",
        reason="corrupt",
    )
