"""How two given entities of a text are related: one label out of a list. The record's one triple says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune.instructions.converters.reading import Reader, converted, lines, objects, spelled
from finetune.instructions.records import Annotated
from kg_builder.types import Triple

__all__ = ["PEOPLE_RELATIONS", "read_people_relations", "read_semeval", "tabbed_reader"]

PEOPLE_RELATIONS = (
    "unknown", "夫妻", "父母", "兄弟姐妹", "上下级", "师生", "好友", "同学",
    "合作", "同人", "情侣", "祖孙", "同门", "亲戚",
)  # fmt: skip
"""By number."""


def read_people_relations(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """``number head$tail$sentence`` lines. The sentence names both people by marks (``###``, ``##``); it is left as it
    is, so that what is learnt is what is measured."""

    def convert(line: str) -> Iterator[Annotated]:
        number, rest = line.split(" ", 1)
        head, tail, text = rest.split("$", 2)
        label = PEOPLE_RELATIONS[_index(number)]
        yield _choice(text, head, label, tail, language="zh", source="people_relation_zh")

    yield from converted((line for line in lines(path, counts) if line.strip()), convert, counts)


def tabbed_reader(source: str) -> Reader:
    """A reader of ``head\\ttail\\tlabel\\tsentence`` lines in Chinese."""

    def convert(line: str) -> Iterator[Annotated]:
        head, tail, label, text = line.split("\t", 3)
        yield _choice(text, head, label, tail, language="zh", source=source)

    def read(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
        yield from converted((line for line in lines(path, counts) if line.strip()), convert, counts)

    return read


def read_semeval(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """``{"token", "h": {"pos"}, "t": {"pos"}, "relation"}`` lines. Labels keep their direction:
    ``Cause-Effect(e1,e2)`` says that the head is the cause."""
    yield from converted(objects(path, counts), _semeval, counts)


def _semeval(row: dict[str, Any]) -> Iterator[Annotated]:
    whole = spelled(row["token"])
    head, tail = (whole.surface(*row[each]["pos"]) for each in ("h", "t"))
    yield _choice(whole.text, head, row["relation"], tail, language="en", source="semeval2010_task8")


def _choice(text: str, head: str, label: str, tail: str, *, language: Any, source: str) -> Annotated:
    return Annotated(text.strip(), (), (Triple(head.strip(), label, tail.strip()),), language=language, source=source)


def _index(number: str) -> int:
    if not number.isdecimal():
        raise ValueError(f"expected the number of a relation, found {number!r}")
    return int(number)
