"""What the command line and the UI need around a Cypher statement."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kg_builder.errors import ConfigError

__all__ = ["parse_parameters"]


def parse_parameters(pairs: Iterable[str]) -> dict[str, Any]:
    """Query parameters from ``key=value`` strings; a value that reads as JSON is that, any other is a string.

    Raises:
        ConfigError: a pair without ``=`` or without a key.
    """
    parameters: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise ConfigError(f"expected a parameter as name=value, found {pair!r}")
        try:
            parameters[key] = json.loads(value)
        except json.JSONDecodeError:
            parameters[key] = value
    return parameters
