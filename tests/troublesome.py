"""An extractor for tests that fails in the ways that real ones do, on texts that say so."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from kg_builder.extract import open_extractor
from kg_builder.types import Extraction


class Troublesome:
    """The offline extractor, but for texts with a word in capitals; it notes each text in ``$KG_TEST_LOG``."""

    name = "open_ie"
    fingerprint = "troublesome"

    def extract(self, text: str) -> list[Extraction]:
        with Path(os.environ["KG_TEST_LOG"]).open("a", encoding="utf-8") as log:
            log.write(text.replace("\n", " ") + "\n")
        if "HANG" in text:
            time.sleep(600)
        if "DIE" in text:
            os._exit(9)
        if "TROUBLE" in text:
            raise ValueError("TROUBLE")
        if "SLOW" in text:
            time.sleep(1.2)
        return open_extractor().extract(text)

    def pipe(self, texts: Iterable[str]) -> Iterator[list[Extraction]]:
        return map(self.extract, texts)
