"""The offline extractor: trained pipelines for English and Chinese, and rules over their trees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from kg_builder.language import detect_language
from kg_builder.types import Extraction, digest

__all__ = ["OpenIE"]

_NAME = "open_ie"


class OpenIE:
    """An `kg_builder.types.Extractor` for English and Chinese on one CPU core, with nothing to download.

    `verbatim` is for reading sentences rather than building graphs (``kg extract --arguments full``): pronouns that
    stay
    unresolved are kept as arguments, and what no words of the sentence say (the "is" of an apposition) is left out.

    After each call ``left_out`` says how many statements the text seemed to make that are not given, by reason.
    """

    def __init__(self, *, verbatim: bool = False) -> None:
        self._verbatim = verbatim
        self.left_out: Mapping[str, int] = {}

    @property
    def name(self) -> str:
        """``open_ie``."""
        return _NAME

    @property
    def fingerprint(self) -> str:
        """Changes with the models' files and the rules' versions."""
        return digest(_NAME, self._verbatim, _models_digest())

    def extract(self, text: str) -> list[Extraction]:
        """The statements of one text, in reading order; of a text in neither language, none."""
        language = detect_language(text)
        left_out: Counter[str] = Counter()
        self.left_out = left_out
        if language == "en":
            from kg_builder.extract.open_ie.english.extraction import extract_en
            from kg_builder.extract.open_ie.english.pipeline import load_english

            return extract_en(load_english().read(text), verbatim=self._verbatim, left_out=left_out)
        if language == "zh":
            from kg_builder.extract.open_ie.chinese.extraction import extract_chinese

            return extract_chinese(text, verbatim=self._verbatim, left_out=left_out)
        return []

    def pipe(self, texts: Iterable[str]) -> Iterator[list[Extraction]]:
        """One list for each text, in order, lazily; no text's result depends on its neighbours."""
        for text in texts:
            yield self.extract(text)


@lru_cache(maxsize=1)
def _models_digest() -> str:
    """Of the model files and of the rules' sources."""
    import hashlib

    here = Path(__file__).parent
    files = [
        *sorted((here.parents[1] / "models").rglob("*.*")),
        *sorted(here.rglob("*.py")),
        here.parents[1] / "lemma.py",
    ]
    return digest(*(hashlib.sha256(p.read_bytes()).hexdigest() for p in files if p.is_file() and p.suffix != ".pyc"))
