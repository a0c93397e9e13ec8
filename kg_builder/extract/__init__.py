"""Extractors: text in, extractions out."""

from __future__ import annotations

from functools import cache

from kg_builder.errors import ConfigError
from kg_builder.types import Extractor

__all__ = ["EXTRACTORS", "open_extractor"]

EXTRACTORS = ("open_ie",)


@cache
def open_extractor(name: str = "open_ie", *, verbatim: bool = False) -> Extractor:
    """The extractor of that name; the same object for the same arguments in one process. Models load with the first
    text.

    With `verbatim` it reads sentences rather than feeding a graph: arguments that are pronouns nobody resolved stay.

    Raises:
        ConfigError: no extractor has that name.
    """
    if name == "open_ie":
        from kg_builder.extract.open_ie import OpenIE

        return OpenIE(verbatim=verbatim)
    raise ConfigError(f"expected an extractor out of {', '.join(EXTRACTORS)}, found {name!r}")
