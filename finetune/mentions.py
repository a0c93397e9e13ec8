"""Names of a graph found in a text: whole words, the longest first.

A text is taken as tokens: words, single Chinese characters and kana, marks. A name is found where its tokens stand in a
row, whatever space is between them; "Ann" is not found in "Anna". What overlaps a name that begins earlier, or is
longer, is no mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Found", "Names", "Token", "tokens_of"]

_WIDE = r"ぁ-ヿ㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af"
_TOKEN = re.compile(rf"[{_WIDE}]|[^\W_{_WIDE}]+|\S")


class Token(NamedTuple):
    """A word, a Chinese character or a mark, with its place."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """A name in a text: where, by its tokens (``first`` to before ``last``), and which entities have it."""

    start: int
    end: int
    first: int
    last: int
    entities: frozenset[str]


class _Node:
    __slots__ = ("entities", "following")

    def __init__(self) -> None:
        self.following: dict[str, _Node] = {}
        self.entities: frozenset[str] = frozenset()


class Names:
    """Names of entities, as a tree of tokens."""

    def __init__(self, *, shortest: int = 2) -> None:
        self._root = _Node()
        self._shortest = shortest  # letters and digits; shorter names mean too many things

    def add(self, name: str, entity: str) -> None:
        """`name` means `entity`, perhaps among others; a name in small letters may begin with a capital."""
        tokens = [token.text for token in tokens_of(name)]
        if sum(char.isalnum() for char in name) < self._shortest:
            return
        self._put(tokens, entity)
        capital = tokens[0][:1].upper() + tokens[0][1:]
        if capital != tokens[0]:
            self._put([capital, *tokens[1:]], entity)

    def _put(self, tokens: Iterable[str], entity: str) -> None:
        node = self._root
        for token in tokens:
            node = node.following.setdefault(token, _Node())
        node.entities |= {entity}

    def find(self, tokens: list[Token]) -> Iterator[Found]:
        """The mentions in a text of those tokens, in reading order; no two of them overlap."""
        place = 0
        while place < len(tokens):
            node: _Node | None = self._root
            best: Found | None = None
            for last in range(place, len(tokens)):
                node = node.following.get(tokens[last].text) if node else None
                if node is None:
                    break
                if node.entities:
                    best = Found(tokens[place].start, tokens[last].end, place, last + 1, node.entities)
            if best:
                yield best
            place = best.last if best else place + 1


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text."""
    return [Token(found[0], found.start(), found.end()) for found in _TOKEN.finditer(text)]
