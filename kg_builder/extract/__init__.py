"""Extractors: text in, extractions out."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from kg_builder.errors import ConfigError
from kg_builder.types import Extractor

__all__ = ["EXTRACTORS", "OFFLINE", "open_extractor"]

EXTRACTORS = ("open_ie",)
OFFLINE = frozenset({"open_ie"})
"""Those that need no network: the processes that they run in have none."""


@cache
def open_extractor(name: str = "open_ie", *, verbatim: bool = False) -> Extractor:
    """The extractor of that name; the same object for the same arguments in one process. Models load with the first
    text.

    Besides ours, ``package.module:attribute`` names somebody else's: the attribute is called without arguments and
    gives an `Extractor`. With `verbatim` ours reads sentences rather than feeding a graph: arguments that are pronouns
    nobody resolved stay.

    Raises:
        ConfigError: no extractor has that name, or what has it gives none.
    """
    if name == "open_ie":
        from kg_builder.extract.open_ie import OpenIE

        return OpenIE(verbatim=verbatim)
    if ":" in name:
        return _imported(name)
    raise ConfigError(f"expected an extractor out of {', '.join(EXTRACTORS)}, or package.module:name, found {name!r}")


def _imported(name: str) -> Extractor:
    module, _, attribute = name.partition(":")
    try:
        made = getattr(import_module(module), attribute)()
    except (ImportError, AttributeError, TypeError, ValueError) as exc:
        raise ConfigError(f"expected an extractor at {name!r} (package.module:name), but {exc}") from exc
    if not isinstance(made, Extractor):
        raise ConfigError(f"expected {name!r} to give an extractor, found {type(made).__name__}")
    return made
