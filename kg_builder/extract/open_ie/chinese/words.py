"""The word lists of the Chinese rules, kept as text beside the model."""

from __future__ import annotations

from functools import lru_cache

from kg_builder.extract.open_ie.runtime import MODELS

__all__ = ["words"]

_FILE = MODELS / "zh" / "words.txt"


def words(section: str) -> frozenset[str]:
    """The words of one section of the file."""
    return _sections()[section]


@lru_cache(maxsize=1)
def _sections() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[] "), set())
        elif not line.startswith("#"):
            current.update(line.split())
    return {name: frozenset(members) for name, members in found.items()}
