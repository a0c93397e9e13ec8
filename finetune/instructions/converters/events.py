"""Events: our own small set, and JSON lines of the forms that DuEE and ACE's successors use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from finetune.instructions.converters.reading import Reader, converted, objects
from finetune.instructions.records import Annotated, Argument, Event
from kg_builder.language import detect_language
from kg_builder.types import Language

__all__ = ["event_reader"]


def event_reader(source: str) -> Reader:
    """A reader of JSON lines: ``{"text", "event_list": [{"event_type", "trigger", "arguments": [{"role",
    "argument"}]}]}`` as DuEE has it, or ``{"sentence", "event_mentions": [{"event_type", "trigger": {"text"},
    "arguments": [{"role", "text"}]}]}`` as ACE is usually prepared. The language is the line's, or that of the text."""

    def convert(row: dict[str, Any]) -> Iterator[Annotated]:
        text = _first(row, "text", "sentence").strip()
        language = row.get("language") or detect_language(text)
        if language not in ("en", "zh", "other"):
            raise ValueError(f"expected a language, found {language!r}")
        listed = row["event_list"] if "event_list" in row else row["event_mentions"]
        events = tuple(_event(each) for each in listed)
        labels = "zh" if language == "zh" else "en"
        yield Annotated(text, events=events, language=cast(Language, language), source=f"{source}/{labels}")

    def read(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
        yield from converted(objects(path, counts), convert, counts)

    return read


def _event(found: dict[str, Any]) -> Event:
    arguments = (Argument(each["role"], _words(_first(each, "argument", "text"))) for each in found["arguments"])
    return Event(found["event_type"], _words(found["trigger"]), tuple(dict.fromkeys(arguments)))


def _words(found: Any) -> str:
    """Words, or the words of an object that says where they stand."""
    words: str = found["text"] if isinstance(found, dict) else found
    return words


def _first(found: dict[str, Any], *keys: str) -> Any:
    for key in keys:
        if key in found:
            return found[key]
    raise KeyError(keys[0])
