"""Extractors: text in, extractions out."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from kg_builder.errors import ConfigError
from kg_builder.extract.model_options import ModelOptions
from kg_builder.types import Extractor

__all__ = ["EXTRACTORS", "ModelOptions", "open_extractor"]

EXTRACTORS = ("open_ie", "llm", "endpoint")


@cache
def open_extractor(
    name: str = "open_ie",
    *,
    verbatim: bool = False,
    options: ModelOptions = ModelOptions(),  # noqa: B008 (frozen)
) -> Extractor:
    """The extractor of that name; the same object for the same arguments in one process. Models load with the first
    text.

    Besides ours, ``package.module:attribute`` names somebody else's: the attribute is called without arguments and
    gives an `Extractor`. With `verbatim` ``open_ie`` reads sentences rather than feeding a graph: arguments that are
    pronouns nobody resolved stay. `options` say which language model ``llm`` and ``endpoint`` ask.

    Raises:
        ConfigError: no extractor has that name, what has it gives none, or the options name no model.
    """
    if name == "open_ie":
        from kg_builder.extract.open_ie import OpenIE

        return OpenIE(verbatim=verbatim)
    if name == "llm":
        from kg_builder.extract.llm import LLMExtractor

        return LLMExtractor(options)
    if name == "endpoint":
        from kg_builder.extract.endpoint import EndpointExtractor

        return EndpointExtractor(options)
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
