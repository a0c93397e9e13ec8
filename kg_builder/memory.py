"""What a run keeps of its extractions while it goes on, so that neither a crash nor a change costs them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from kg_builder.cache import Answer, ExtractionCache, cache_key, open_cache
from kg_builder.errors import CacheError
from kg_builder.types import Segment

__all__ = ["Memory"]

_UNSAVED_S = 1.0
"""Seconds of extraction that a crash may cost, for each worker, where extracting takes hardly longer than keeping."""


class Memory:
    """The cache as one document uses it: asked once, and told of what is new at once, or every second."""

    def __init__(
        self, path: Path | None, fingerprint: str, segments: Sequence[Segment], *, at_once: bool = True
    ) -> None:
        self.unkept = 0
        self._wanted = path is not None
        self._unsaved_s = 0.0 if at_once else _UNSAVED_S
        self._fingerprint = fingerprint
        self._new: dict[str, Answer] = {}
        self._cache: ExtractionCache | None = None
        self._known: dict[str, Answer] = {}
        self._saved = time.monotonic()
        if path is not None:
            with contextlib.suppress(CacheError):  # then all is extracted, and counted as not kept
                self._cache = open_cache(path)
                self._known = self._cache.get([self._key(segment) for segment in segments])
                self._cache.touch(self._known)

    def recall(self, segment: Segment) -> Answer | None:
        """What is known of a segment's text."""
        return self._known.get(self._key(segment)) if self._known else None

    def keep(self, segment: Segment, answer: Answer) -> None:
        """Remember what a segment's text gave: durable when this returns, or else with what comes a second later."""
        self._new[self._key(segment)] = answer
        if time.monotonic() - self._saved >= self._unsaved_s:
            self.save()

    def save(self) -> None:
        """Make durable what is not yet."""
        try:
            if self._cache is not None and self._new:
                self._cache.put(self._new)
            elif self._wanted:
                self.unkept += len(self._new)
        except CacheError:  # a full disk, for example: the document's contribution has it all the same
            self.unkept += len(self._new)
        self._new = {}
        self._saved = time.monotonic()

    def _key(self, segment: Segment) -> str:
        return cache_key(segment.text, self._fingerprint)
