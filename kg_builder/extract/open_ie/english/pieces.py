"""Word pieces of an uncased BERT vocabulary, and the letter shapes that it throws away.

WordPiece as in Devlin et al., "BERT" (2019): lower case, accents stripped, longest match first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

__all__ = ["SHAPES", "WordPieces", "word_shape"]

SHAPES = ("none", "lower", "title", "upper", "letter", "mixed", "number", "alphanumeric", "other")
_SHAPE_ID = {name: i for i, name in enumerate(SHAPES)}
_MAX_PIECES = 6  # of one word: what follows tells the parser nothing, and a word may be a megabyte long
_MAX_CHARACTERS = 64
_CACHE_SIZE = 200_000


def word_shape(word: str) -> int:
    """The index in `SHAPES` of how a word is written."""
    if word.isalpha():
        if word.islower():
            name = "lower"
        elif len(word) == 1:
            name = "letter"
        elif word.isupper():
            name = "upper"
        elif word[0].isupper() and word[1:].islower():
            name = "title"
        else:
            name = "mixed"
    elif any(c.isdigit() for c in word):
        name = "alphanumeric" if any(c.isalpha() for c in word) else "number"
    elif any(c.isalpha() for c in word):
        letters = "".join(c for c in word if c.isalpha())
        return word_shape(letters)
    else:
        name = "other"
    return _SHAPE_ID[name]


class WordPieces:
    """Pieces of words, remembered from one call to the next."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._ids = {piece: i for i, piece in enumerate(vocabulary)}
        self.unknown = self._ids["[UNK]"]
        self.start = self._ids["[CLS]"]
        self.end = self._ids["[SEP]"]
        self._cache: dict[str, tuple[tuple[int, ...], int]] = {}

    def encode(self, word: str) -> tuple[tuple[int, ...], int]:
        """The ids of a word's pieces, one at least, and its shape."""
        found = self._cache.get(word)
        if found is None:
            if len(self._cache) >= _CACHE_SIZE:
                self._cache.clear()
            found = (self._split(word[:_MAX_CHARACTERS]), word_shape(word[:_MAX_CHARACTERS]))
            self._cache[word] = found
        return found

    def _split(self, word: str) -> tuple[int, ...]:
        plain = "".join(c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn")
        pieces: list[int] = []
        for run in _runs(plain):
            pieces.extend(self._longest_matches(run))
        return tuple(pieces[:_MAX_PIECES]) or (self.unknown,)

    def _longest_matches(self, run: str) -> list[int]:
        pieces, start = [], 0
        while start < len(run):
            for end in range(len(run), start, -1):
                piece = self._ids.get(("##" if start else "") + run[start:end])
                if piece is not None:
                    break
            else:
                return [self.unknown]
            pieces.append(piece)
            start = end
        return pieces


def _runs(word: str) -> list[str]:
    """A word cut at punctuation and around ideographs, each a run of its own; spaces and control characters fall
    out."""
    runs, current = [], ""
    for c in word:
        if c.isalnum() and not "\u3400" <= c <= "\u9fff":
            current += c
            continue
        if current:
            runs.append(current)
            current = ""
        if unicodedata.category(c)[0] not in "CZ":
            runs.append(c)
    if current:
        runs.append(current)
    return runs
