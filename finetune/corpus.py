"""Rows of any data set, and the sentences or labelled examples in them.

Read are JSON lines, a JSON array, Parquet, folders of these, a data set that Hugging Face's `datasets` saved, and names
of data sets on its hub. What cannot be used becomes a `LeftOut` with its reason, and the rest goes on.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from finetune.examples import Example, example_of
from finetune.instructions.mixing import conversation_of
from kg_builder.errors import ConfigError, DataError
from kg_builder.language import detect_language
from kg_builder.language_models import needed
from kg_builder.prompt import parse_triples
from kg_builder.sentences import split_sentences

__all__ = ["UNLABELLED", "LeftOut", "Row", "Selection", "examples_of_rows", "left_out", "rows_of", "sentences_of_text"]

UNLABELLED = "unlabelled"
"""The task of an example that has no answer yet: a text for a teacher to label."""

_LINES = (".jsonl", ".ndjson", ".json")
_FOUND = 160  # characters of a row that are shown
_SURROGATE = re.compile("[\ud800-\udfff]")
_EXAMPLE = ("messages", "label", "triples", "language", "relations", "task")


@dataclass(frozen=True, slots=True)
class Row:
    """An object of a data set; ``line`` counts from 1, lines of a file or rows where there are none."""

    source: str
    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What became no example. ``reason`` is a short stable slug; ``is_problem`` is False for what is left out because
    it was asked for: rows of another kind, texts of another length, repeats."""

    source: str
    line: int
    reason: str
    found: str = ""
    is_problem: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"source": self.source, "line": self.line, "reason": self.reason, "found": self.found}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows are taken, and what of them.

    ``where`` names fields and the values they must have; ``text`` and ``answers`` are fields, of the answers the first
    that a row has. ``sentences``: the whole text, its first sentence, or all; ``rule``: ``period`` ends a sentence at
    the first full stop (. or 。), ``language`` where the language does. A text is kept that has more characters than
    ``longer_than`` and fewer than ``shorter_than`` (0: any number). ``in_text_only`` leaves out triples whose head or
    tail does not stand in the text; with ``allow_empty`` a text may have no triples at all.
    """

    where: tuple[tuple[str, str], ...] = ()
    text: str = "text"
    answers: tuple[str, ...] = ("triples", "gold_re")
    sentences: Literal["whole", "first", "all"] = "whole"
    rule: Literal["period", "language"] = "language"
    longer_than: int = 0
    shorter_than: int = 0
    in_text_only: bool = False
    allow_empty: bool = False


@dataclass(slots=True)
class Tally:
    """What happened inside rows that were used."""

    malformed_lines: Counter[str] = field(default_factory=Counter)
    stops_removed: int = 0
    not_in_text: int = 0


def left_out(source: str, reason: str, found: str, *, is_problem: bool = False) -> LeftOut:
    """What was left out of an example's `source`, which ends in a colon and a number."""
    name, _, line = source.rpartition(":")
    number = int(line) if name and line.isdigit() else 0
    return LeftOut(name if number else source, number, reason, found[:_FOUND], is_problem)


# ---------------------------------------------------------------- rows
def rows_of(source: str) -> Iterator[Row | LeftOut]:
    """The rows of a file, a folder or a data set on the hub, in order.

    Raises:
        DataError: there is no such thing, or nothing in it can be read.
    """
    path = Path(source)
    if path.is_dir():
        yield from _folder_rows(path)
    elif path.suffix.lower() == ".parquet":
        yield from _parquet_rows(path)
    elif path.exists():
        yield from _json_rows(path)
    elif source.count("/") == 1 and not path.suffix and not path.parent.exists():
        yield from _hub_rows(source)
    else:
        raise DataError(
            f"expected a file (JSON lines, a JSON array, Parquet), a folder of such files, or OWNER/NAME of a data set "
            f"on the hub, found nothing at {source!r}"
        )


def _folder_rows(folder: Path) -> Iterator[Row | LeftOut]:
    if any((folder / name).is_file() for name in ("state.json", "dataset_dict.json")):
        yield from _saved_rows(folder)
        return
    files = sorted(each for each in folder.rglob("*") if each.suffix.lower() in (*_LINES, ".parquet"))
    if not files:
        raise DataError(f"expected JSON lines or Parquet files in the folder {str(folder)!r}, found none")
    for each in files:
        yield from rows_of(str(each))


def _saved_rows(folder: Path) -> Iterator[Row]:
    """The rows of `datasets.Dataset.save_to_disk`, of all parts where there are several."""
    needed("datasets")
    from datasets import DatasetDict, load_from_disk

    try:
        found = load_from_disk(str(folder))
    except (OSError, ValueError) as exc:
        raise DataError(f"expected a data set that `datasets` saved in {str(folder)!r}, but {exc}") from exc
    parts = list(found.items()) if isinstance(found, DatasetDict) else [("", found)]
    for name, rows in parts:
        source = f"{folder.name}/{name}" if name else folder.name
        yield from (Row(source, number, row) for number, row in enumerate(rows, 1))


def _hub_rows(name: str) -> Iterator[Row]:
    needed("datasets")
    from datasets import load_dataset

    try:
        for number, row in enumerate(load_dataset(name, split="train", streaming=True), 1):
            yield Row(name, number, row)
    except Exception as exc:
        raise DataError(
            f"expected a file, a folder or a data set of the hub at {name!r}, found no such path, and the hub says: "
            f"{type(exc).__name__}: {' '.join(str(exc).split())[:200]}"
        ) from exc


def _parquet_rows(path: Path) -> Iterator[Row]:
    needed("pyarrow")
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                number += 1
                yield Row(path.name, number, row)
    except (OSError, pa.ArrowInvalid) as exc:
        raise DataError(f"expected a Parquet file at {str(path)!r}, but {exc}") from exc


def _json_rows(path: Path) -> Iterator[Row | LeftOut]:
    """The rows of a JSON array, or of JSON lines, whichever it is; bytes that are no UTF-8 spoil their row alone."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
            if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise DataError(f"expected text in UTF-8 in {str(path)!r}, found UTF-16; save it as UTF-8")
            file.seek(3 if start.startswith(b"\xef\xbb\xbf") else 0)
            if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[":
                yield from _array_rows(path, file.read())
                return
            for number, raw in enumerate(file, 1):
                if raw.strip():
                    yield _line_row(path.name, number, raw)
    except OSError as exc:
        raise DataError(f"expected a readable file at {str(path)!r}, but {exc}") from exc


def _array_rows(path: Path, raw: bytes) -> Iterator[Row | LeftOut]:
    try:
        values = json.loads(raw.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as exc:
        raise DataError(f"expected a JSON array in {str(path)!r}, but {exc}") from exc
    for number, each in enumerate(values, 1):
        if isinstance(each, dict):
            yield Row(path.name, number, each)
        else:
            yield LeftOut(path.name, number, "fields", str(each)[:_FOUND])


def _line_row(source: str, number: int, raw: bytes) -> Row | LeftOut:
    found = raw[:_FOUND].decode("utf-8", "replace").strip()
    try:
        values = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return LeftOut(source, number, "encoding", found)
    except (ValueError, RecursionError):
        return LeftOut(source, number, "json", found)
    return Row(source, number, values) if isinstance(values, dict) else LeftOut(source, number, "fields", found)


# ---------------------------------------------------------------- examples
def examples_of_rows(
    rows: Iterator[Row | LeftOut], selection: Selection, tally: Tally | None = None
) -> Iterator[Example | LeftOut]:
    """The examples of rows, labelled where the rows have answers, and what was left out with its reason.

    Reasons beside those of reading: ``filtered`` (another value of a field), ``empty-text``, ``empty-answer``,
    ``malformed-answer``, ``roles``, ``too-short``, ``too-long``, ``not-in-text``.

    Raises:
        ConfigError: no row has the field that rows are chosen by.
    """
    tally = tally if tally is not None else Tally()
    unseen = {name for name, _ in selection.where}
    some = False
    for row in rows:
        if isinstance(row, LeftOut):
            yield row
            continue
        some = True
        unseen -= row.values.keys()
        if any(str(row.values.get(name)) != value for name, value in selection.where):
            yield _left_out(row, "filtered", is_problem=False)
        else:
            yield from _examples(row, selection, tally)
    if some and unseen:
        raise ConfigError(
            f"expected rows with the field {', '.join(map(repr, sorted(unseen)))}, found none that has it"
        )


def _examples(row: Row, selection: Selection, tally: Tally) -> Iterator[Example | LeftOut]:
    if _has_surrogates(row.values):
        yield _left_out(row, "encoding")
        return
    source = f"{row.source}:{row.line}"
    values = {name: row.values[name] for name in _EXAMPLE if row.values.get(name) is not None} | {"source": source}
    if values.get("language") not in ("en", "zh", "other"):
        values.pop("language", None)
    text = row.values.get(selection.text)
    if "messages" in values or isinstance(values.get("label"), str):
        yield _checked(row, example_of(values if text is None else values | {"text": text}))
        return
    answer = next((name for name in selection.answers if row.values.get(name) is not None), "")
    if selection.text not in row.values and selection.sentences == "whole":
        yield _instruction(row, source)
    elif not isinstance(text, str):
        yield _left_out(row, "fields")
    elif not text.strip():
        yield _left_out(row, "empty-text")
    elif answer:
        values["text"] = text
        made = _labelled(row, values, row.values[answer], tally, allow_empty=selection.allow_empty)
        yield _sized(row, made, selection, tally)
    else:
        for sentence in sentences_of_text(text, selection.sentences, selection.rule):
            found = Example(sentence, language=detect_language(sentence), task=UNLABELLED, source=source)
            yield _sized(row, found, selection, tally)


def _instruction(row: Row, source: str) -> Example | LeftOut:
    """The conversation of a row that has no text, but asks and answers."""
    messages = conversation_of(row.values)
    if isinstance(messages, str):
        return _left_out(row, messages)
    language = detect_language(messages[-2]["content"])
    return Example(messages=messages, language=language, task="instruct", source=source)


def _labelled(row: Row, values: Mapping[str, Any], given: Any, tally: Tally, *, allow_empty: bool) -> Example | LeftOut:
    if isinstance(given, str):
        parsed = parse_triples(f"\n{given}")  # behind a first line, which may be words that announce the rest
        tally.malformed_lines.update(reason for _, reason in parsed.malformed)
        given = []
        for triple in parsed.triples:
            tail = without_stop(triple.tail)
            tally.stops_removed += tail != triple.tail
            given.append([triple.head, triple.relation, tail])
        if parsed.malformed and not given:
            return _left_out(row, "malformed-answer")
    if not given and not (allow_empty and given == []):
        return _left_out(row, "empty-answer")
    return _checked(row, example_of({**values, "triples": given}), allow_empty=allow_empty)


def _checked(row: Row, made: Example | str, *, allow_empty: bool = False) -> Example | LeftOut:
    if isinstance(made, str):
        return _left_out(row, made)
    return made if allow_empty or made.answer.strip() else _left_out(row, "empty-answer")


def _sized(row: Row, made: Example | LeftOut, selection: Selection, tally: Tally) -> Example | LeftOut:
    """The example if its text is of the length that is wanted, with the triples that are wanted."""
    if isinstance(made, LeftOut):
        return made
    if len(made.text) <= selection.longer_than:
        return _left_out(row, "too-short", is_problem=False)
    if selection.shorter_than and len(made.text) >= selection.shorter_than:
        return _left_out(row, "too-long", is_problem=False)
    if selection.in_text_only and made.triples:
        text = _plain(made.text)
        kept = tuple(t for t in made.triples if _plain(t.head) in text and _plain(t.tail) in text)
        tally.not_in_text += len(made.triples) - len(kept)
        if not kept:
            return _left_out(row, "not-in-text", is_problem=False)
        return Example(made.text, kept, language=made.language, relations=made.relations, source=made.source)
    return made


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def without_stop(field: str) -> str:
    """`field` without the full stop that ends the sentence; that of an abbreviation stays."""
    if field.endswith("。"):
        return field[:-1].rstrip() or field
    if not field.endswith(".") or field.endswith(".."):
        return field
    ends = len(split_sentences(f"{field} Zed")) > 1  # before a capital that begins no sentence by itself
    return (field[:-1].rstrip() or field) if ends else field


def sentences_of_text(
    text: str, which: Literal["whole", "first", "all"], rule: Literal["period", "language"]
) -> list[str]:
    """The sentences that are wanted, without space around them."""
    if which == "whole":
        return [text.strip()]
    if rule == "language":
        spans: Sequence[tuple[int, int]] = split_sentences(text)
    else:
        stops = [place + 1 for place, char in enumerate(text) if char in ".。"]
        spans = list(zip([0, *stops], [*stops, len(text)], strict=True))
    found = [text[start:end].strip() for start, end in spans]
    found = [each for each in found if each.strip(" .。")]
    return found[:1] if which == "first" else found


def _has_surrogates(values: Mapping[str, Any]) -> bool:
    return _SURROGATE.search(json.dumps(dict(values), ensure_ascii=False, default=str)) is not None


def _left_out(row: Row, reason: str, *, is_problem: bool = True) -> LeftOut:
    shown = json.dumps(dict(row.values), ensure_ascii=False, default=str)[:_FOUND]
    return LeftOut(row.source, row.line, reason, shown.encode("utf-8", "replace").decode(), is_problem)
