"""GUM's documents as text, with the mentions that its annotators found and the entity of each.

GUM writes them into the MISC column of CoNLL-U (https://gucorpling.org/gum/annotations.html): ``(3-person-…`` opens a
mention of entity 3, ``3)`` closes it, ``(3-person-…)`` does both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from finetune.pipelines.conllu import Sentence, parse_conllu
from finetune.pipelines.en_data import is_free
from kg_builder.extract.open_ie.english.pipeline import load_english
from kg_builder.extract.open_ie.english.tree import Tree

__all__ = ["GumDocument", "load_documents", "parse_documents", "place_mentions"]

_MARK = re.compile(r"\((?P<opened>\d+)(?:\[[^]]*\])?-[^()]*(?P<single>\)?)|(?P<closed>\d+)(?:\[[^]]*\])?\)")


@dataclass(frozen=True, slots=True)
class GumDocument:
    """A text with its ``mentions``: begin and end (characters) and the number of the entity. ``free``: whether the text
    may stand behind shipped weights."""

    name: str
    free: bool
    text: str
    mentions: tuple[tuple[int, int, int], ...]


def load_documents(data: Path, part: str) -> Iterator[GumDocument]:
    """GUM's documents in the order of their names; `part` is "train" or "dev"."""
    for path in sorted((data / "ud/en_gum" / part).glob("*.conllu")):
        with path.open(encoding="utf-8") as lines:
            sentences = list(parse_conllu(lines))
        text, mentions = _read(sentences)
        yield GumDocument(path.stem, is_free(sentences[0].meta), text, mentions)


def parse_documents(data: Path, part: str) -> Iterator[tuple[GumDocument, Tree]]:
    """The same with the trees of the shipped pipeline."""
    pipeline = load_english()
    for document in load_documents(data, part):
        yield document, Tree(pipeline.read(document.text))


def _read(sentences: list[Sentence]) -> tuple[str, tuple[tuple[int, int, int], ...]]:
    text = ""
    found: list[tuple[int, int, int]] = []
    opened: list[tuple[int, int]] = []  # entity, begin
    for sentence in sentences:
        if text:
            text += "\n\n" if any(key.startswith("newpar") for key in sentence.meta) else " "
        for k, word in enumerate(sentence.words):
            start, end = len(text), len(text) + len(word.form)
            text += word.form + (" " if word.space_after and k + 1 < len(sentence.words) else "")
            marks = re.search(r"(?:^|\|)Entity=([^|]*)", word.misc)
            for mark in _MARK.finditer(marks[1]) if marks else ():
                if mark["single"]:
                    found.append((start, end, int(mark["opened"])))
                elif mark["opened"]:
                    opened.append((int(mark["opened"]), start))
                else:
                    _close(opened, int(mark["closed"]), end, found)
    return text, tuple(found)


def _close(opened: list[tuple[int, int]], entity: int, end: int, found: list[tuple[int, int, int]]) -> None:
    for k in range(len(opened) - 1, -1, -1):
        if opened[k][0] == entity:
            found.append((opened.pop(k)[1], end, entity))
            return


def place_mentions(tree: Tree, document: GumDocument) -> dict[int, frozenset[int]]:
    """By the word that heads a mention in `tree`, the entities it stands for: several where mentions share a head."""
    found: dict[int, set[int]] = defaultdict(set)
    place = {start: i for i, start in enumerate(tree.start)}
    past = {end: i + 1 for i, end in enumerate(tree.end)}
    for start, end, entity in document.mentions:
        if start in place and end in past:
            words = range(place[start], past[end])
            head = next((w for w in words if tree.head[w] not in words), None)
            if head is not None:
                found[head].add(entity)
    return {head: frozenset(entities) for head, entities in found.items()}
