"""What settings name as ``package.module:name``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from kg_builder.errors import ConfigError

__all__ = ["imported", "told_from_others"]


def imported(name: str) -> Callable[..., Any]:
    """The callable that `name` says.

    Raises:
        ConfigError: there is none.
    """
    module, _, attribute = name.partition(":")
    try:
        made = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as exc:
        raise ConfigError(f"expected a callable at {name!r} (package.module:name), but {exc}") from exc
    if not callable(made):
        raise ConfigError(f"expected {name!r} to be callable, found {type(made).__name__}")
    found: Callable[..., Any] = made
    return found


def told_from_others(name: str, made: Callable[..., Any]) -> str:
    """A text that changes with what a callable does, as far as that can be seen: its attribute ``fingerprint`` if it
    has one, else its name and the file of its module.
    """
    own = getattr(made, "fingerprint", None)
    if isinstance(own, str):
        return f"{name} {own}"
    sha = hashlib.sha256()
    file = getattr(import_module(name.partition(":")[0]), "__file__", None)
    if file and Path(file).is_file():
        sha.update(Path(file).read_bytes())
    return f"{name} {sha.hexdigest()[:16]}"
