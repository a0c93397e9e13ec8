"""Named entities in CoNLL form: a token and its tag to a line, a blank line after each sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from finetune.instructions.converters.reading import Reader, converted, lines, spans_of_tags, spelled
from finetune.instructions.records import Annotated, Entity

__all__ = ["NAMES", "conll_reader"]

NAMES = {
    "PER": "person",
    "LOC": "location",
    "ORG": "organization",
    "MISC": "miscellaneous",
    "creative-work": "creative work",
}
"""What the data sets' short names of types stand for."""

_DOCUMENT = "-DOCSTART-"
_Sentence = list[tuple[str, str]]


def conll_reader(source: str, *, prefix: str = "") -> Reader:
    """A reader of files whose last column is the tag (IO, BIO or BILOU). `prefix` stands before every token and goes
    away. A sentence with a line that is no token and tag is counted (``fields``) and left out."""

    def read(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
        yield from converted(_sentences(path, counts), convert, counts)

    def convert(sentence: _Sentence) -> Iterator[Annotated]:
        tokens = [token.removeprefix(prefix) for token, _ in sentence]
        tags = [tag for _, tag in sentence]
        for i in range(1, len(tags)):  # "@" and the name after it, both tagged as beginnings, are one name
            if tokens[i - 1] == "@" and tags[i] == tags[i - 1] and tags[i].startswith("B-"):
                tags[i] = f"I-{tags[i][2:]}"
        whole = spelled(tokens)
        entities = [Entity(whole.surface(a, b), NAMES.get(kind, kind)) for a, b, kind in spans_of_tags(tags)]
        yield Annotated(whole.text, tuple(entities), source=source)

    return read


def _sentences(path: Path, counts: Counter[str]) -> Iterator[_Sentence]:
    sentence: _Sentence = []
    begun = False
    for line in _ended(path, counts):
        columns = _columns(line)
        if columns:
            begun = True
            if columns[0]:  # a line may have a tag for no token
                sentence.append((columns[0], columns[-1] if len(columns) > 1 else ""))
        elif begun:
            if not sentence:
                counts["empty-text"] += 1
            elif sentence[0][0] != _DOCUMENT:
                yield sentence
            sentence, begun = [], False


def _columns(line: str) -> list[str]:
    """The columns of a line; tokens may have spaces in them where tabs part the columns."""
    line = line.strip("\ufeff\r\n")
    if not line.strip():
        return []
    return [" ".join(each.split()) for each in line.split("\t")] if "\t" in line else line.split()


def _ended(path: Path, counts: Counter[str]) -> Iterator[str]:
    yield from lines(path, counts)
    yield ""
