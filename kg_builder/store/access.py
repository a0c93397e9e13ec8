"""What the parts of a store work with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from kg_builder.store.connection import Connection
from kg_builder.store.reading import Reader
from kg_builder.store.writing import Writer

__all__ = ["Access"]


@dataclass(frozen=True, slots=True)
class Access:
    """The ways to one graph; ``exclusive`` makes its caller the only writer."""

    connection: Connection
    reader: Reader
    writer: Writer
    exclusive: Callable[[], AbstractContextManager[None]]
