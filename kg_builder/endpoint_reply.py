"""What an endpoint answered: the text and why it is not whole, out of the body of a chat completion."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kg_builder.endpoint_limits import estimated_tokens
from kg_builder.prompt import Message
from kg_builder.types import Usage

__all__ = ["LONGEST_TOLD", "Reply", "Trouble", "read_reply", "text_of", "whole_lines"]

LONGEST_TOLD = 300  # characters of what a server says when something is wrong
_LONGEST_KEPT = 2000  # characters of a body that is no answer
_THOUGHTS = re.compile(r"\A\s*<think>.*?(?:</think>\s*|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one request.

    ``reason`` is empty for an answer that is whole. Others were given, and may have been paid for, but are not:
    ``cut-off`` (by the number of tokens allowed), ``refused``, ``empty``, ``malformed`` (no chat completion; ``text``
    is what was there). With ``failed`` there is no answer; ``told`` says why in words, and another time there may be
    one: ``rate-limited``, ``timeout``, ``connection``, ``no-json``, ``error``, ``http-500`` …; after ``too-long`` there
    will not.
    """

    text: str = ""
    reason: str = ""
    usage: Usage = field(default_factory=Usage)
    failed: bool = False
    told: str = ""


class Trouble(Exception):
    """One try that gave no answer. ``status`` is the state of HTTP, if it came that far; ``wait_s`` how long the
    endpoint wants to be left alone; ``passing`` whether another try makes sense."""

    def __init__(self, reason: str, told: str, *, status: int = 0, passing: bool = True, wait_s: float = 0.0) -> None:
        super().__init__(told)
        self.reason, self.told, self.status, self.passing, self.wait_s = reason, told, status, passing, wait_s


def read_reply(raw: str, asked: Sequence[Message]) -> Reply:
    """The reply in the body of a response. What a model thought aloud before its answer is left out.

    Raises:
        Trouble: the body is no JSON, or says that there was a mistake.
    """
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise Trouble("no-json", f"a reply that is no JSON ({raw[:80]!r})") from None
    if isinstance(found, dict) and found.get("error") and not found.get("choices"):
        raise Trouble("error", f"an error in place of an answer ({json.dumps(found['error'])[:LONGEST_TOLD]})")
    try:
        choice = found["choices"][0]
        message = choice["message"]
        text, refusal = text_of(message.get("content")), message.get("refusal")
    except (LookupError, TypeError, AttributeError):
        return Reply(raw[:_LONGEST_KEPT], "malformed", _usage(found, asked, ""), told="no chat completion")
    usage = _usage(found, asked, text)
    if isinstance(refusal, str) and refusal:
        return Reply(text_of(refusal), "refused", usage)
    text = _THOUGHTS.sub("", text)
    reason = {"content_filter": "refused", "length": "cut-off"}.get(str(choice.get("finish_reason")), "")
    return Reply(text, reason or ("" if text.strip() else "empty"), usage)


def whole_lines(reply: Reply) -> str:
    """The lines of an answer that are surely whole: all, but for the last of one that was cut off."""
    return reply.text.rpartition("\n")[0] if reply.reason == "cut-off" else reply.text


def text_of(content: Any) -> str:
    """The words of a message: a string, nothing, or parts of which some are text."""
    if content is not None and not isinstance(content, str):
        content = "".join(part["text"] for part in content if isinstance(part.get("text"), str))
    return (content or "").encode("utf-8", "replace").decode()  # half a surrogate pair cannot be written anywhere


def _usage(found: Any, asked: Sequence[Message], text: str) -> Usage:
    """What a reply says that it has used; where it does not say, a guess."""
    told = found.get("usage") if isinstance(found, dict) else None
    if isinstance(told, dict):
        read, written = told.get("prompt_tokens"), told.get("completion_tokens", 0)
        if isinstance(read, int) and isinstance(written, int) and read >= 0 and written >= 0:
            return Usage(read, written)
    return Usage(estimated_tokens(asked), estimated_tokens([{"content": text}]) if text else 0)
