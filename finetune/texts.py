"""Sentences of any files: documents that the loaders read, lines, or rows of a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from finetune.corpus import LeftOut, left_out, rows_of, sentences_of_text
from kg_builder.errors import DataError, LoadError
from kg_builder.loaders import discover, load
from kg_builder.sentences import split_sentences

__all__ = ["Text", "texts_of_paths"]

_ROWS = (".jsonl", ".ndjson", ".parquet")


class Text(NamedTuple):
    """A sentence (or any short text) and where it comes from: a file, and a number after a colon."""

    text: str
    source: str


def texts_of_paths(
    paths: Iterable[str],
    *,
    lines: bool = False,
    field: str = "text",
    sentences: Literal["whole", "first", "all"] = "all",
    longer_than: int = 0,
    shorter_than: int = 0,
) -> Iterator[Text | LeftOut]:
    """The sentences of files and folders, in order; a file that cannot be read is a `LeftOut` with its reason.

    With `lines` every line is a text of its own. Of JSON lines and Parquet the texts are those of `field`. Texts of
    `longer_than` characters or less, and of `shorter_than` or more (0: any number), are left out.

    Raises:
        DataError: there is no such path.
    """
    for item in _all_texts(paths, lines, field, sentences):
        if isinstance(item, Text) and len(item.text) <= longer_than:
            yield left_out(item.source, "too-short", item.text)
        elif isinstance(item, Text) and shorter_than and len(item.text) >= shorter_than:
            yield left_out(item.source, "too-long", item.text)
        else:
            yield item


def _all_texts(
    paths: Iterable[str], lines: bool, field: str, sentences: Literal["whole", "first", "all"]
) -> Iterator[Text | LeftOut]:
    for each in paths:
        path = Path(each)
        if not path.exists():
            raise DataError(f"expected a file or folder of texts, found nothing at {each!r}")
        for found in discover([path]):
            if found.problem is not None:
                yield LeftOut(found.path.name, 0, found.problem.reason, str(found.problem))
            elif found.path.suffix.lower() in _ROWS:
                yield from _row_texts(found.path, field, sentences)
            elif lines:
                yield from _line_texts(found.path)
            else:
                yield from _document_texts(found.path, sentences)


def _row_texts(path: Path, field: str, sentences: Literal["whole", "first", "all"]) -> Iterator[Text | LeftOut]:
    for row in rows_of(str(path)):
        if isinstance(row, LeftOut):
            yield row
        elif not isinstance(text := row.values.get(field), str):
            yield LeftOut(row.source, row.line, "fields", str(dict(row.values))[:160])
        else:
            for sentence in sentences_of_text(text, sentences, "language"):
                yield Text(sentence, f"{row.source}:{row.line}")


def _line_texts(path: Path) -> Iterator[Text | LeftOut]:
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                try:
                    line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                except UnicodeDecodeError:
                    yield LeftOut(path.name, number, "encoding", raw[:160].decode("utf-8", "replace").strip())
                    continue
                if line:
                    yield Text(line, f"{path.name}:{number}")
    except OSError as exc:
        yield LeftOut(path.name, 0, "unreadable", str(exc))


def _document_texts(path: Path, sentences: Literal["whole", "first", "all"]) -> Iterator[Text | LeftOut]:
    try:
        document = load(path)
    except LoadError as exc:
        yield LeftOut(path.name, 0, exc.reason, str(exc))
        return
    spans = split_sentences(document.text, blocks=document.blocks)
    if sentences == "whole":
        spans = [(0, len(document.text))]
    for start, end in spans[:1] if sentences == "first" else spans:
        yield Text(document.text[start:end].strip(), f"{path.name}:{start}")
