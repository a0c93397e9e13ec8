"""CoNLL-U treebanks as plain records (https://universaldependencies.org/format.html)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Sentence", "Word", "load_conllu", "parse_conllu"]


@dataclass(slots=True)
class Word:
    """One syntactic word. ``head`` counts words from 1; 0 is the root."""

    form: str
    lemma: str
    upos: str
    xpos: str
    feats: str
    head: int
    deprel: str
    misc: str
    space_after: bool = True

    @property
    def label(self) -> str:
        """The relation without its subtype."""
        return self.deprel.partition(":")[0]

    def feature(self, name: str) -> str:
        """The value of a morphological feature, or an empty string."""
        for item in self.feats.split("|"):
            key, _, value = item.partition("=")
            if key == name:
                return value
        return ""


@dataclass(slots=True)
class Sentence:
    """A tree with the comments above it (``# key = value``); ``document`` is the last ``newdoc id``."""

    words: list[Word]
    meta: dict[str, str] = field(default_factory=dict)
    document: str = ""

    @property
    def text(self) -> str:
        """The sentence as printed: the ``text`` comment, or else the forms joined by their spacing."""
        return self.meta.get("text") or "".join(w.form + (" " if w.space_after else "") for w in self.words).strip()


def parse_conllu(lines: Iterator[str]) -> Iterator[Sentence]:
    """The sentences of a treebank, lazily.

    Multiword tokens (``3-4``) give way to their words: the last word of the range takes over whether a space follows.
    Empty nodes (``5.1``) are left out.
    """
    words: list[Word] = []
    meta: dict[str, str] = {}
    glued: dict[int, bool] = {}  # last word of a multiword token -> does a space follow the token
    inside: set[int] = set()  # words of a multiword token that are not its last
    document = ""
    for raw in lines:
        line = raw.rstrip("\n")
        if not line:
            if words:
                yield Sentence(words, meta, document)
            words, meta, glued, inside = [], {}, {}, set()
            continue
        if line.startswith("#"):
            key, _, value = line[1:].partition("=")
            meta[key.strip()] = value.strip()
            if key.strip() == "newdoc id":
                document = value.strip()
            continue
        cells = line.split("\t")
        number = cells[0]
        space = "SpaceAfter=No" not in cells[9]
        if "-" in number:
            first, last = map(int, number.split("-"))
            inside.update(range(first, last))
            glued[last] = space
            continue
        if "." in number:
            continue
        index = int(number)
        space = False if index in inside else glued.get(index, space)
        form, lemma, upos, xpos, feats, head, deprel, _, misc = cells[1:10]
        words.append(Word(form, lemma, upos, xpos, feats, int(head), deprel, misc, space))
    if words:
        yield Sentence(words, meta, document)


def load_conllu(path: Path) -> list[Sentence]:
    """All sentences of a CoNLL-U file, or of every ``*.conllu`` file of a folder in the order of names."""
    files = sorted(path.glob("*.conllu")) if path.is_dir() else [path]
    sentences: list[Sentence] = []
    for file in files:
        with file.open(encoding="utf-8") as lines:
            sentences.extend(parse_conllu(lines))
    return sentences
