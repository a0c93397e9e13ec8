"""An extractor for tests that waits as long as it is told to, and finds one statement in every text."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from kg_builder.types import Extraction, Mention, Relation

HOLD = "KG_TEST_HOLD"
"""The variable that names a file: as long as it is there, only as many texts are read as it says."""


class SlowReader:
    """The first three words of a text as head, relation and tail."""

    name = "open_ie"
    fingerprint = "slow reader"

    def extract(self, text: str) -> list[Extraction]:
        _wait(Path(os.environ[HOLD]))
        words = list(re.finditer(r"\w+", text))[:3]
        if len(words) < 3:
            return []
        head, relation, tail = ((word[0], word.start(), word.end()) for word in words)
        return [Extraction(Mention(*head, "Person"), Relation(*relation), Mention(*tail, "Place"), 0.9, self.name)]

    def pipe(self, texts: Iterable[str]) -> Iterator[list[Extraction]]:
        return map(self.extract, texts)


def hold(file: Path, *, after: int) -> None:
    """Have readers wait once they have read so many texts more."""
    _seen(file).unlink(missing_ok=True)
    file.write_text(str(after))


def _wait(file: Path) -> None:
    with _seen(file).open("a") as seen:
        seen.write("x")
    while True:
        try:
            if _seen(file).stat().st_size <= int(file.read_text() or 0):
                return
        except FileNotFoundError:
            return
        time.sleep(0.05)


def _seen(file: Path) -> Path:
    return file.with_suffix(".seen")
