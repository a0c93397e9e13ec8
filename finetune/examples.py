"""Training examples: what ``kg-finetune prepare`` and ``label`` write, and ``train`` and ``evaluate`` read.

A file is JSON lines (UTF-8), one example each, in one of three forms:

* a text and its triples, for which `kg_builder.prompt` makes the conversation:
  ``{"text": …, "triples": [{"head": …, "relation": …, "tail": …}], "language": "en", "relations": [], "source": …}``
* a conversation as it is: ``{"messages": [{"role": …, "content": …}, …], "task": "ner", "source": …}``, whose last
  message is the answer
* a text with a label: ``{"text": …, "label": …, "source": …}``, for classification.

Lines that are none of these are counted by reason and told, never passed over in silence.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from kg_builder.errors import DataError
from kg_builder.language import detect_language
from kg_builder.prompt import Message, extraction_messages
from kg_builder.types import Language, Triple

__all__ = ["Example", "Problem", "Reading", "example_of", "read_examples", "text_about", "texts_of", "write_examples"]

ROLES = ("system", "user", "assistant")
REFUSED_ABOVE = 0.05
"""The share of unusable lines above which a file is refused."""


@dataclass(frozen=True, slots=True)
class Example:
    """One thing to learn or to be asked. ``messages`` ends with the answer; without any, triples or a label are it.

    ``relations`` are those that the question allows (none: any). ``task`` says what is asked: ``triples``, ``ner``,
    ``events``, ``relation`` (between two given entities), ``label``, ``instruct`` …
    """

    text: str = ""
    triples: tuple[Triple, ...] = ()
    label: str = ""
    messages: tuple[Message, ...] = ()
    language: Language = "en"
    relations: tuple[str, ...] = ()
    task: str = "triples"
    source: str = ""

    @property
    def conversation(self) -> list[Message]:
        """The messages, answer included."""
        if self.messages:
            return list(self.messages)
        return extraction_messages(self.text, language=self.language, relations=self.relations, answer=self.triples)

    @property
    def question(self) -> list[Message]:
        """The messages without the answer."""
        return self.conversation[:-1]

    @property
    def answer(self) -> str:
        """What is to be said."""
        return self.label or self.conversation[-1]["content"]

    def to_json(self) -> dict[str, Any]:
        """The object of this example's line."""
        found: dict[str, Any] = {"text": self.text} if self.text else {}
        if self.messages:
            found["messages"] = list(self.messages)
        if self.label:
            found["label"] = self.label
        if self.triples or not (self.messages or self.label):
            found["triples"] = [{"head": t.head, "relation": t.relation, "tail": t.tail} for t in self.triples]
        if self.relations:
            found["relations"] = list(self.relations)
        return found | {"language": self.language, "task": self.task, "source": self.source}


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that is no example. ``reason`` is a slug: ``encoding``, ``json``, ``fields``, ``empty-text``,
    ``empty-answer``, ``roles``."""

    line: int  # counted from 1
    reason: str
    found: str  # the start of the line


@dataclass(slots=True)
class Reading:
    """The examples of a file, as they are read, and afterwards what was wrong."""

    path: Path
    allow_empty: bool = False  # examples without a triple are ones of texts without facts
    lines: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def reasons(self) -> dict[str, int]:
        """How many lines are unusable, by reason."""
        return dict(sorted(Counter(each.reason for each in self.problems).items()))

    def __iter__(self) -> Iterator[Example]:
        self.lines, self.problems = 0, []
        try:
            with self.path.open("rb") as file:
                for number, raw in enumerate(file, 1):
                    if not raw.strip():
                        continue
                    self.lines += 1
                    found = self._example(raw)
                    if isinstance(found, Example):
                        yield found
                    else:
                        self.problems.append(Problem(number, found, raw[:120].decode("utf-8", "replace").strip()))
        except OSError as exc:
            raise DataError(f"expected a readable file of examples at {str(self.path)!r}, but {exc}") from exc

    def check(self, refused_above: float = REFUSED_ABOVE) -> None:
        """Refuse a file that was read and of which more than this share of the lines are no examples.

        Raises:
            DataError: it is such a file; the reasons and the first such line are told.
        """
        if len(self.problems) <= refused_above * self.lines:
            return
        first = self.problems[0]
        told = ", ".join(f"{count} {reason}" for reason, count in self.reasons.items())
        raise DataError(
            f"expected examples in {str(self.path)!r}, found {len(self.problems)} of {self.lines} lines that are none "
            f"({told}; the first is line {first.line}: {first.found!r}); mend them, or allow a larger share"
        )

    def _example(self, raw: bytes) -> Example | str:
        """The example of a line, or why there is none."""
        try:
            found = json.loads(raw.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return "encoding"
        except (ValueError, RecursionError):
            return "json"
        if not isinstance(found, dict):
            return "fields"
        made = example_of(found)
        if isinstance(made, Example) and not self.allow_empty and not made.answer.strip():
            return "empty-answer"
        return made


def example_of(found: dict[str, Any]) -> Example | str:
    """The example of a line's object, or the reason why it is none."""
    text, source = found.get("text", ""), found.get("source", "")
    if not isinstance(text, str) or not isinstance(source, str):
        return "fields"
    language = found.get("language") or (detect_language(text) if text else "en")
    relations = found.get("relations", [])
    if language not in ("en", "zh", "other") or not _texts(relations):
        return "fields"
    common: dict[str, Any] = {
        "text": text,
        "language": cast(Language, language),
        "relations": tuple(relations),
        "source": source,
    }
    triples = _triples(found.get("triples", []))
    if triples is None:
        return "fields"
    if "messages" in found:
        messages = _messages(found["messages"])
        task = str(found.get("task", "instruct"))
        return (
            messages if isinstance(messages, str) else Example(messages=messages, triples=triples, task=task, **common)
        )
    if not text.strip():
        return "empty-text" if "text" in found else "fields"
    if isinstance(found.get("label"), str):
        return Example(label=found["label"].strip(), task="label", **common)
    if "triples" not in found:
        return "fields"
    return Example(triples=triples, **common)


def _triples(found: Any) -> tuple[Triple, ...] | None:
    """Triples as objects or as lists of three; None where something else stands."""
    made = []
    for each in found if isinstance(found, list) else [None]:
        fields = [each.get(key) for key in ("head", "relation", "tail")] if isinstance(each, dict) else each
        if (
            not isinstance(fields, list)
            or len(fields) != 3
            or not all(isinstance(f, str) and f.strip() for f in fields)
        ):
            return None
        made.append(Triple(*fields))
    return tuple(made)


def _messages(found: Any) -> tuple[Message, ...] | str:
    if not isinstance(found, list) or not found:
        return "fields"
    for each in found:
        if not isinstance(each, dict) or not isinstance(each.get("content"), str) or each.get("role") not in ROLES:
            return "fields"
    roles = [each["role"] for each in found]
    turns = roles[1:] if roles[0] == "system" else roles
    if turns[-1:] != ["assistant"] or any(role != ("user", "assistant")[i % 2] for i, role in enumerate(turns)):
        return "roles"
    return tuple({"role": each["role"], "content": each["content"]} for each in found)


def _texts(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(each, str) for each in found)


def read_examples(
    path: Path, *, allow_empty: bool = False, refused_above: float = REFUSED_ABOVE
) -> tuple[list[Example], list[Problem]]:
    """All examples of a file, and the lines that are none.

    Raises:
        DataError: the file cannot be read, has no example, or more than `refused_above` of its lines are none.
    """
    reading = Reading(path, allow_empty)
    examples = list(reading)
    reading.check(refused_above)
    if not examples:
        raise DataError(f"expected examples in {str(path)!r}, found none")
    return examples, reading.problems


def write_examples(path: Path, examples: Iterable[Example]) -> int:
    """Write examples as JSON lines; how many there were. The file is there when all of it is."""
    count = 0
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        for each in examples:
            file.write(json.dumps(each.to_json(), ensure_ascii=False) + "\n")
            count += 1
    partial.replace(path)
    return count


def text_about(example: Example) -> str:
    """What an example is about, with spacing evened out."""
    return " ".join((example.text or example.question[-1]["content"]).split())


def texts_of(examples: Sequence[Example]) -> set[str]:
    """What the examples are about, so that two sets can be told apart."""
    return {text_about(each) for each in examples}
