"""A chat completion that comes piece by piece, as server-sent events: `data: {…}` a line, `data: [DONE]` at the end."""

from __future__ import annotations

import json
from typing import Any

from kg_builder.endpoint_reply import LONGEST_TOLD, Trouble, text_of

__all__ = ["Streamed"]

_MOST_BYTES = 4_000_000  # of one answer


class Streamed:
    """What has come so far. ``is_over`` once the endpoint has said that nothing more will."""

    def __init__(self) -> None:
        self.is_over = False
        self._rest = b""
        self._bytes = 0
        self._words: list[str] = []
        self._refusal: list[str] = []
        self._finish: Any = None
        self._usage: Any = None
        self._events = 0

    def take(self, some: bytes) -> str:
        """The words that these bytes add to the answer.

        Raises:
            Trouble: they are no part of an answer, or the answer has no end.
        """
        self._bytes += len(some)
        if self._bytes > _MOST_BYTES:
            raise Trouble("too-long", f"more than {_MOST_BYTES:,} bytes for one answer", passing=False)
        *lines, self._rest = (self._rest + some).split(b"\n")
        return "".join(self._line(line.decode("utf-8", "replace").strip("\r")) for line in lines)

    def body(self) -> str:
        """All that came, in the form of an answer that comes at once.

        Raises:
            Trouble: nothing came, or it broke off.
        """
        if self._rest:
            self._line(self._rest.decode("utf-8", "replace"))
        if not self._events:
            raise Trouble("no-json", "no event in a stream that was to have them")
        if self._finish is None and not self.is_over:
            raise Trouble("connection", f"the answer broke off after {len(self._words)} pieces")
        message = {"content": "".join(self._words), "refusal": "".join(self._refusal)}
        return json.dumps({"choices": [{"message": message, "finish_reason": self._finish}], "usage": self._usage})

    def _line(self, line: str) -> str:
        name, colon, value = line.partition(":")
        if name != "data" or not colon:
            return ""  # a comment, or another field of an event
        value = value.strip()
        if value == "[DONE]":
            self.is_over = True
            return ""
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            raise Trouble("no-json", f"an event that is no JSON ({value[:80]!r})") from None
        if not isinstance(found, dict):
            return ""
        if found.get("error") and not found.get("choices"):
            raise Trouble("error", f"an error in place of an answer ({json.dumps(found['error'])[:LONGEST_TOLD]})")
        self._events += 1
        self._usage = found.get("usage") or self._usage
        try:
            choice = found["choices"][0]
            self._finish = choice.get("finish_reason") or self._finish
            piece, refused = text_of(choice["delta"].get("content")), choice["delta"].get("refusal")
        except (LookupError, TypeError, AttributeError):
            return ""  # the event that has the usage has no choice
        if isinstance(refused, str):
            self._refusal.append(refused)
        self._words.append(piece)
        return piece
