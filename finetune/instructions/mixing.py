"""Examples of several sources in one stream, by weight; and general-purpose instructions to mix in.

A model that is trained on extraction alone forgets how to reason and to write code; a share of such conversations
keeps that alive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Literal, TypeVar

from finetune.examples import ROLES, Example
from finetune.instructions.converters.reading import objects
from kg_builder.errors import ConfigError
from kg_builder.language import detect_language
from kg_builder.prompt import Message

__all__ = ["conversation_of", "general_examples", "mix"]

T = TypeVar("T")
_ROLES = {"human": "user", "gpt": "assistant", **{role: role for role in ROLES}}


def mix(
    sources: Mapping[str, tuple[Iterable[T], float]], seed: int, *, until: Literal["first", "all"] = "all"
) -> Iterator[T]:
    """One stream of all sources: the next example comes from each with a chance in proportion to its weight. It ends
    with the last source, or with `until` ``first`` where a source ends, so that the proportions hold to the end. The
    same seed gives the same stream; nothing is held in memory.

    Raises:
        ConfigError: a weight is no positive number.
    """
    for name, (_, weight) in sources.items():
        if not 0 < weight < float("inf"):
            raise ConfigError(f"expected a positive weight for {name!r}, found {weight!r}")
    return _mixed({name: (iter(examples), weight) for name, (examples, weight) in sources.items()}, Random(seed), until)


def _mixed(streams: dict[str, tuple[Iterator[T], float]], rng: Random, until: str) -> Iterator[T]:
    while streams:
        names = list(streams)
        name = rng.choices(names, cum_weights=list(accumulate(streams[each][1] for each in names)))[0]
        try:
            example = next(streams[name][0])
        except StopIteration:
            if until == "first":
                return
            del streams[name]
            continue
        yield example


def general_examples(path: Path, *, source: str = "", counts: Counter[str] | None = None) -> Iterator[Example]:
    """Conversations of any JSON lines with ``messages`` (or ``conversations`` of ``from`` and ``value``), or with
    ``instruction``, ``input`` and ``output`` (or ``prompt``/``question``, ``context`` and ``response``/``answer``).
    Others are counted: ``json``, ``fields``, ``roles``, ``empty-answer``.

    Raises:
        DataError: the file cannot be read.
    """
    counts = Counter() if counts is None else counts
    for found in objects(path, counts):
        messages = conversation_of(found)
        if isinstance(messages, str):
            counts[messages] += 1
            continue
        language = detect_language(messages[-2]["content"])
        yield Example(messages=messages, language=language, task="instruct", source=source or path.stem)


def conversation_of(found: Mapping[str, Any]) -> tuple[Message, ...] | str:
    """The messages of a row in one of the forms that `general_examples` reads, or why there are none."""
    turns = found.get("messages", found.get("conversations"))
    if turns is None:
        asked = next((found[key] for key in ("instruction", "prompt", "question") if key in found), None)
        said = next((found[key] for key in ("output", "response", "answer") if key in found), None)
        given = found.get("input") or found.get("context") or ""
        if not all(isinstance(each, str) for each in (asked, said, given)) or not str(asked).strip():
            return "fields"
        question = f"{asked}\n\n{given}" if given.strip() else str(asked)
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": said}]
    if not isinstance(turns, list) or not turns or not all(isinstance(each, dict) for each in turns):
        return "fields"
    messages: list[Message] = []
    for each in turns:
        role, content = each.get("role", each.get("from")), each.get("content", each.get("value"))
        if not isinstance(role, str) or role not in _ROLES or not isinstance(content, str):
            return "fields"
        messages.append({"role": _ROLES[role], "content": content})
    spoken = [each["role"] for each in messages]
    if spoken[0] == "system":
        del spoken[0]
    if not spoken or len(spoken) % 2 or any(role != ("user", "assistant")[i % 2] for i, role in enumerate(spoken)):
        return "roles"
    return tuple(messages) if messages[-1]["content"].strip() else "empty-answer"
