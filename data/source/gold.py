"""Turns the annotations of ``gold/en.txt`` and ``gold/zh.txt`` into ``data/gold/*.jsonl``, computing every offset.

    python data/source/gold.py

A source is made of lines:

    @ company-profile.md             the document of the sentences below; ``@ -`` for sentences written for the purpose
    = Mara Quill founded MTS.        a sentence
    Mara Quill | founded | MTS | PO  a triple of it: head, relation, tail, the types of head and tail (`TYPES`), flags
    # ...                            a remark

``A & B`` as head or tail stands for one triple for each. ``MTS#2`` is the second occurrence of MTS in the sentence. A
relation whose words do not stand side by side begins with ``~`` (its words must still occur in this order), or with
``~~`` where the same words also happen to stand side by side; one that is implied begins with ``^``. These get null
offsets. Flags are ``neg`` and the modalities. Whatever is not found, or found twice without an index, stops the script
with its line.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TypedDict

SOURCE = Path(__file__).parent / "gold"
TARGET = Path(__file__).parent.parent / "gold"
TYPES = {
    "P": "Person",
    "O": "Organization",
    "L": "Place",
    "T": "Time",
    "Q": "Quantity",
    "E": "Event",
    "W": "Work",
    "R": "Product",
    "X": "Other",
}
MODALITIES = {"possible", "conditional", "question", "command", "planned", "reported"}

Found = tuple[str, int | None, int | None]


class Sentence(TypedDict):
    """One line of a gold file."""

    id: str
    language: str
    document: str | None
    text: str
    triples: list[dict[str, object]]


class GoldError(Exception):
    """An annotation that its sentence does not bear out."""


def main() -> None:
    """Write both gold files; exit with the line of the first mistake."""
    for language in ("en", "zh"):
        try:
            sentences = list(compile_source(SOURCE / f"{language}.txt", language))
        except GoldError as error:
            sys.exit(str(error))
        lines = (json.dumps(sentence, ensure_ascii=False) for sentence in sentences)
        (TARGET / f"{language}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        triples = sum(len(sentence["triples"]) for sentence in sentences)
        sys.stdout.write(f"{language}: {len(sentences)} sentences, {triples} triples\n")


def compile_source(path: Path, language: str) -> Iterator[Sentence]:
    """The sentences of a source with their offsets."""
    document: str | None = None
    sentence: Sentence | None = None
    count = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("@ "):
            document = None if line == "@ -" else line[2:]
        elif line.startswith("= "):
            if sentence:
                yield sentence
            count += 1
            identity = f"{language}-{count:03}"
            sentence = Sentence(id=identity, language=language, document=document, text=line[2:], triples=[])
        elif sentence is None:
            raise GoldError(f"{path.name}:{number}: expected a sentence before the first triple, found {line!r}")
        else:
            try:
                sentence["triples"] += _triples(line, sentence["text"])
            except GoldError as error:
                raise GoldError(f"{path.name}:{number}: {error} in {sentence['text']!r}") from error
    if sentence:
        yield sentence


def _triples(line: str, text: str) -> list[dict[str, object]]:
    parts = [part.strip() for part in line.split(" | ")]
    if len(parts) != 4:
        raise GoldError(f"expected head | relation | tail | types, found {line!r}")
    heads, relation, tails, marks = parts
    types, *flags = marks.split()
    if len(types) != 2 or not set(types) <= set(TYPES):
        raise GoldError(f"expected two of the letters {''.join(TYPES)}, found {types!r}")
    modality = [flag for flag in flags if flag != "neg"] or ["asserted"]
    if len(modality) > 1 or not set(modality) <= MODALITIES | {"asserted"}:
        raise GoldError(f"expected 'neg' and one modality, found {flags!r}")
    return [
        {
            **_named("head", _find(head, text), TYPES[types[0]]),
            **_named("relation", _relation(relation, text)),
            **_named("tail", _find(tail, text), TYPES[types[1]]),
            "polarity": "negative" if "neg" in flags else "positive",
            "modality": modality[0],
        }
        for head, tail in product(heads.split(" & "), tails.split(" & "))
    ]


def _named(role: str, found: Found, kind: str = "") -> dict[str, object]:
    surface, start, end = found
    record: dict[str, object] = {role: surface, f"{role}_start": start, f"{role}_end": end}
    return {**record, f"{role}_type": kind} if kind else record


def _find(words: str, text: str) -> Found:
    surface, _, index = words.partition("#")
    spans = [match.span() for match in _occurrences(surface, text)]
    if not spans:
        raise GoldError(f"{surface!r} does not occur")
    if not index and len(spans) > 1:
        raise GoldError(f"{surface!r} occurs {len(spans)} times: say which, as {surface}#1")
    if index and not 1 <= int(index) <= len(spans):
        raise GoldError(f"{surface!r} occurs {len(spans)} times, not {index}")
    return surface, *spans[int(index or 1) - 1]


def _occurrences(surface: str, text: str) -> Iterator[re.Match[str]]:
    """Whole words only, where the words are written with spaces between them."""
    left = r"(?<![A-Za-z0-9])" if re.match(r"[A-Za-z0-9]", surface) else ""
    right = r"(?![A-Za-z0-9])" if re.search(r"[A-Za-z0-9]$", surface) else ""
    return re.finditer(left + re.escape(surface) + right, text)


def _relation(words: str, text: str) -> Found:
    if words.startswith("^"):
        return words[1:], None, None
    if not words.startswith("~"):
        return _find(words, text)
    surface = words.lstrip("~")
    pieces = surface.split() if " " in surface else list(surface)
    if not re.search(r".*?".join(map(re.escape, pieces)), text):
        raise GoldError(f"the words of {surface!r} do not occur in this order")
    if surface in text and not words.startswith("~~"):
        raise GoldError(f"{surface!r} stands side by side: write it without ~, or with ~~ if other words are meant")
    return surface, None, None


if __name__ == "__main__":
    main()
