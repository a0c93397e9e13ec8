"""Where things stand in a file, so that a message can name the line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

__all__ = ["Places", "places_in_toml"]

Key = tuple[str, ...]


class Places:
    """The lines of a file's keys; a key that is not known stands where the nearest one above it does."""

    def __init__(self, file: str, lines: Mapping[Key, int] | None = None) -> None:
        self.file = file
        self._lines = dict(lines or {})

    def add(self, key: Key, line: int) -> None:
        """Say where `key` stands; what was said first stays."""
        self._lines.setdefault(key, line)

    def line(self, *key: str) -> int | None:
        """The line of `key`, counted from 1, or None where nothing is known."""
        for size in range(len(key), 0, -1):
            if key[:size] in self._lines:
                return self._lines[key[:size]]
        return None

    def at(self, *key: str) -> str:
        """``file:line`` for messages."""
        line = self.line(*key)
        return self.file if line is None else f"{self.file}:{line}"


_HEADER = re.compile(r"\s*\[\[?(?P<key>[^\[\]#]+?)\]\]?\s*(?:#.*)?$")
_PAIR = re.compile(
    r"""\s*(?P<key>(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_FENCES = ('"""', "'''")


def places_in_toml(text: str, path: Path) -> Places:
    """The lines of the tables and keys of a TOML text that is known to be well formed (tomllib tells none)."""
    places = Places(str(path))
    table: Key = ()
    fence, depth = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if fence:
            if line.count(fence) % 2:
                fence = ""
            continue
        if depth == 0:
            if (found := _HEADER.match(line)) and (key := _parts(found["key"])):
                table = key
                places.add(table, number)
                continue
            if (found := _PAIR.match(line)) and (key := _parts(found["key"])):
                places.add((*table, *key), number)
        fence = next((mark for mark in _FENCES if line.count(mark) % 2), "")
        if not fence:
            bare = re.sub(r""""(?:[^"\\]|\\.)*"|'[^']*'|#.*""", "", line)
            depth = max(0, depth + bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}"))
    return places


def _parts(key: str) -> Key:
    """The names of a dotted key."""
    try:
        value: object = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    names = []
    while isinstance(value, dict) and value:
        name, value = next(iter(value.items()))
        names.append(name)
    return tuple(names)
