"""Examples to learn from: JSON lines of ``{"text": …, "triples": [{"head", "relation", "tail"}]}``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kg_builder.errors import OntologyError
from kg_builder.types import Triple

__all__ = ["Example", "read_examples"]


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what it says in an ontology's relations; ``line`` is where it stands in its file, from 1."""

    text: str
    triples: tuple[Triple, ...]
    line: int


def read_examples(path: Path | str) -> list[Example]:
    """The examples of a file; blank lines are passed over.

    Raises:
        OntologyError: the file cannot be read, or a line is no example: with its number.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="\n") as file:
            examples = list(_examples(file, path))
    except OSError as exc:
        raise OntologyError(f"expected readable examples at {str(path)!r}, but {exc.strerror or exc}") from exc
    except UnicodeDecodeError as exc:
        raise OntologyError(f"{path}: expected UTF-8, but {exc}; save it as UTF-8") from exc
    if not examples:
        raise OntologyError(f'{path}: expected lines of {{"text": …, "triples": […]}}, found none')
    return examples


def _examples(lines: Iterator[str], path: Path | str) -> Iterator[Example]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text, triples = row["text"], row["triples"]
            made = tuple(Triple(str(t["head"]), str(t["relation"]), str(t["tail"])) for t in triples)
            if not isinstance(text, str):
                raise TypeError("'text' is no text")
        except (ValueError, TypeError, KeyError, RecursionError) as exc:
            reason = f"no {exc}" if isinstance(exc, KeyError) else exc
            raise OntologyError(
                f'{path}:{number}: expected {{"text": "…", "triples": [{{"head": "…", "relation": "…", "tail": "…"}}]}}'
                f", but {reason}"
            ) from exc
        yield Example(text, made, number)
