"""The words of a sentence, to choose from: what a person clicks to say where head, relation and tail stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Word", "chosen_span", "words_of_sentence", "words_within"]

_HAN = r"\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_HAN}]|[^\W{_HAN}]+(?:['’-][^\W{_HAN}]+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Word:
    """One word, one Han character or one mark of a sentence, with its place."""

    text: str
    start: int
    end: int


def words_of_sentence(sentence: str) -> list[Word]:
    """Its words in order."""
    return [Word(found.group(), *found.span()) for found in _WORD.finditer(sentence)]


def words_within(words: Sequence[Word], start: int | None, end: int | None) -> list[int]:
    """Which words stand, wholly or in part, between two places: the first and the last of them."""
    if start is None or end is None:
        return []
    inside = [n for n, word in enumerate(words) if word.start < end and word.end > start]
    return sorted({inside[0], inside[-1]}) if inside else []


def chosen_span(words: Sequence[Word], chosen: Sequence[int]) -> tuple[int, int] | None:
    """The place from the first of the chosen words to the last; None where none is."""
    if not chosen:
        return None
    return words[min(chosen)].start, words[max(chosen)].end
