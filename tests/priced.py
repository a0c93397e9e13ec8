"""An extractor for tests that is paid for: ten tokens in, two out for each text. It notes each in ``$KG_TEST_LOG``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from kg_builder.errors import ExtractionError
from kg_builder.types import Extraction, Mention, Relation, Usage


class Priced:
    """Finds "A likes B." in a text; NONSENSE is paid for and fails, SLOW takes a while, BROKE ends all."""

    name = "endpoint"
    fingerprint = "priced"
    usage: Usage | None = None

    def extract(self, text: str) -> list[Extraction]:
        self.usage = Usage(10, 2)
        with Path(os.environ["KG_TEST_LOG"]).open("a", encoding="utf-8") as log:
            log.write(text.replace("\n", " ") + "\n")
        if "NONSENSE" in text:
            raise ValueError("no answer that makes sense")
        if "BROKE" in text:
            raise ExtractionError("expected to be paid, but no credit is left")
        if "SLOW" in text:
            time.sleep(0.5)
        head, likes, rest = text.partition(" likes ")
        tail = rest.split(".")[0]
        if not likes or not head.strip():
            return []
        at = len(head) + len(likes)
        found = Extraction(
            Mention(head, 0, len(head)),
            Relation("likes", len(head) + 1, len(head) + 6),
            Mention(tail, at, at + len(tail)),
            0.9,
            "priced",
        )
        if "TWICE" in text:
            return [found, found, self._changed(found, "?"), self._changed(found, "nowhere in the text")]
        return [found]

    def pipe(self, texts: Iterable[str]) -> Iterator[list[Extraction]]:
        return map(self.extract, texts)

    def _changed(self, found: Extraction, surface: str) -> Extraction:
        return Extraction(Mention(surface, 0, 1), found.relation, found.tail, 0.5, "priced")
