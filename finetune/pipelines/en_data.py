"""Training data of the English pipeline, from the sets whose licence lets the weights be shipped.

UD English EWT (CC BY-SA 4.0), GUM's documents under free licences (CC BY and CC BY-SA, or public domain), and the
name sets WikiANN,
WNUT17, BTC and Wikigold. ``KG_DATA`` names the folder that holds ``ud/`` and ``ner/``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from finetune.pipelines.conllu import Sentence, load_conllu, parse_conllu

__all__ = ["Example", "augment", "ewt", "gum", "is_free", "name_columns", "names"]

# Texts of these genres are NC or ND; so is the Santa Barbara Corpus, and private letters whose rights are unclear.
_CLOSED_GENRES = {"fiction", "whow", "conversation", "podcast", "essay"}
_CLOSED_SOURCES = ("Santa Barbara Corpus", "ufdc.ufl.edu")
_NAME_TAGS = {
    "person": "PER", "per": "PER", "location": "LOC", "loc": "LOC", "corporation": "ORG", "group": "ORG", "org": "ORG",
    "product": "MISC", "creative-work": "MISC", "misc": "MISC",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """One sentence with what is annotated on it; an empty tuple: nothing."""

    words: tuple[str, ...]
    upos: tuple[str, ...] = ()
    xpos: tuple[str, ...] = ()
    heads: tuple[int, ...] = ()
    deprels: tuple[str, ...] = ()
    ner: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()  # "" where the word heads no mention
    misc: bool = False  # whether names other than persons, places and organizations are annotated too


def ewt(data: Path, part: str) -> list[Example]:
    """UD English EWT, ``train`` or ``dev``."""
    return [_tree(s) for s in load_conllu(data / "ud/en_ewt" / f"{part}.conllu")]


def gum(data: Path, part: str, *, free_only: bool = True) -> list[Example]:
    """GUM with the types of its mentions; only documents whose texts may be shipped, unless told otherwise."""
    examples: list[Example] = []
    for path in sorted((data / "ud/en_gum" / part).glob("*.conllu")):
        with path.open(encoding="utf-8") as lines:
            sentences = list(parse_conllu(lines))
        if free_only and not is_free(sentences[0].meta):
            continue
        examples.extend(replace(_tree(s), kinds=_mention_kinds(s)) for s in sentences)
    return examples


def is_free(meta: dict[str, str]) -> bool:
    """Whether the text of a GUM document, given its metadata, may stand behind shipped weights."""
    source = meta.get("meta::author", "") + " " + meta.get("meta::sourceURL", "")
    return meta["meta::genre"] not in _CLOSED_GENRES and not any(s in source for s in _CLOSED_SOURCES)


def _tree(sentence: Sentence) -> Example:
    words = sentence.words
    return Example(
        words=tuple(w.form for w in words),
        upos=tuple(w.upos for w in words),
        xpos=tuple(w.xpos for w in words),
        heads=tuple(w.head for w in words),
        deprels=tuple(w.deprel for w in words),
    )


_MENTION = re.compile(r"\((?P<opened>\d+)[^()-]*-(?P<type>[a-z]+)-[^()]*(?P<single>\))?|(?P<closed>\d+)[^()]*\)")


def _mention_kinds(sentence: Sentence) -> tuple[str, ...]:
    """The type of the mention that each word heads (a word heads a mention when its own head lies outside)."""
    kinds = [""] * len(sentence.words)
    opened: list[tuple[str, str, int]] = []  # id, type, first word

    def close(first: int, last: int, kind: str) -> None:
        for i in range(first, last + 1):
            if not first <= sentence.words[i].head - 1 <= last:
                kinds[i] = kinds[i] or kind
                return

    for i, word in enumerate(sentence.words):
        entity = re.search(r"(?:^|\|)Entity=([^|]*)", word.misc)
        for found in _MENTION.finditer(entity.group(1)) if entity else ():
            if found["single"]:
                close(i, i, found["type"])
            elif found["opened"]:
                opened.append((found["opened"], found["type"], i))
            else:
                for k in range(len(opened) - 1, -1, -1):
                    if opened[k][0] == found["closed"]:
                        _, kind, first = opened.pop(k)
                        close(first, i, kind)
                        break
    return tuple(kinds)


def names(data: Path, part: str) -> list[Example]:
    """The name sets: ``train`` (all four) or ``dev`` (WikiANN's)."""
    ner = data / "ner"
    if part == "dev":
        return [Example(w, ner=t) for w, t in _columns(ner / "wikiann_en/dev.txt", "\t")]
    examples = [Example(w, ner=t) for w, t in _columns(ner / "wikiann_en/train.txt", "\t")]
    for path in sorted((ner / "btc").glob("*.conll")):
        examples.extend(Example(w, ner=t) for w, t in _columns(path, "\t"))
    examples.extend(Example(w, ner=t, misc=True) for w, t in _columns(ner / "wnut17/train.conll", "\t"))
    examples.extend(Example(w, ner=t, misc=True) for w, t in _columns(ner / "wikigold/wikigold.conll.txt", " "))
    return examples


def name_columns(path: Path, separator: str) -> list[Example]:
    """The sentences of one column file of names."""
    return [Example(w, ner=t) for w, t in _columns(path, separator)]


def _columns(path: Path, separator: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Words and BIO tags of a column file; tags in the form I-X only (Wikigold) become BIO."""
    words: list[str] = []
    tags: list[str] = []
    before = "O"
    for raw in [*path.read_text(encoding="utf-8-sig").split("\n"), ""]:
        if not raw.strip():
            if words:
                yield tuple(words), tuple(tags)
            words, tags, before = [], [], "O"
            continue
        cells = raw.split(separator) if separator in raw else raw.split()
        mark, _, name = cells[-1].strip().partition("-")
        kind = _NAME_TAGS.get(name.lower(), "") if mark in "BI" else ""
        begins = mark == "B" or before != kind
        tags.append(f"{'B' if begins else 'I'}-{kind}" if kind else "O")
        before = kind
        words.append(cells[0].removeprefix("en:") or "-")


def augment(example: Example, chance: random.Random) -> Example:
    """Now and then the same sentence shouted, in lower case, or without its last full stop."""
    roll = chance.random()
    if roll < 0.06:
        return replace(example, words=tuple(w.upper() for w in example.words))
    if roll < 0.11:
        return replace(example, words=tuple(w.lower() for w in example.words))
    if roll < 0.21 and example.heads and len(example.words) > 3 and example.words[-1] in ".!?" and not example.kinds:
        return _without_last(example)
    return example


def _without_last(example: Example) -> Example:
    last = len(example.words)
    if last in example.heads or example.heads[-1] == 0:
        return example
    return replace(
        example,
        words=example.words[:-1],
        upos=example.upos[:-1],
        xpos=example.xpos[:-1],
        heads=example.heads[:-1],
        deprels=example.deprels[:-1],
    )
