"""One request to an OpenAI-compatible endpoint, as the official client sends it: an answer as a whole, or as it comes.

Nothing is tried again here and no limit is kept: that is what `kg_builder.endpoint` does.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any

from kg_builder.endpoint_limits import retry_after_s
from kg_builder.endpoint_reply import LONGEST_TOLD, Reply, Trouble, read_reply
from kg_builder.endpoint_streaming import Streamed
from kg_builder.prompt import Message

__all__ = ["NOT_UNDERSTOOD", "Client"]

NOT_UNDERSTOOD = frozenset({400, 422})
"""States of HTTP after which the same may be asked in other words."""

_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_TOO_LONG = re.compile(r"context.length|maximum.context|too long", re.IGNORECASE)
_FILTERED = re.compile(r"content.?filter|content.policy|content management policy|moderation", re.IGNORECASE)
_NO_CREDIT = "insufficient_quota"  # comes as 429, but waiting does not help
_SHORTEST_KEY = 8  # characters; shorter ones are placeholders, and not looked for in answers


class Client:
    """A model behind ``POST …/chat/completions``; nothing is connected before something is asked."""

    def __init__(
        self, base_url: str, model: str, key: str, *, temperature: float, max_new_tokens: int, timeout_s: float
    ) -> None:
        """`timeout_s` is what a request may take to the last byte of its reply."""
        self._base_url, self._model, self._key = base_url, model, key
        self._temperature, self._max_new_tokens, self._timeout_s = temperature, max_new_tokens, timeout_s
        self._client: Any = None

    def open(self) -> Any:
        """The official client, made the first time."""
        if self._client is None:
            from openai import AsyncOpenAI, DefaultAsyncHttpxClient

            self._client = AsyncOpenAI(
                api_key=self._key or "none",
                base_url=self._base_url,
                max_retries=0,  # tries are ours, so that limits hold for them too
                timeout=self._timeout_s,
                # The key goes to nobody but the endpoint that was named.
                http_client=DefaultAsyncHttpxClient(follow_redirects=False),
            )
        return self._client

    def forget(self) -> None:
        """Let connections be that another process made."""
        self._client = None

    async def close(self) -> None:
        """End the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def whole(self, messages: Sequence[Message], field: str, grammar: str) -> Reply:
        """The reply to one request; `field` is how the endpoint calls the most tokens that it may write.

        Raises:
            Trouble: it gave no answer.
        """
        import openai

        try:
            async with asyncio.timeout(self._timeout_s):
                asked = self._request(messages, field, grammar)
                found = await self.open().chat.completions.with_raw_response.create(**asked)
                raw: str = found.text
        except (TimeoutError, openai.OpenAIError) as exc:
            return self._refusal(exc)
        return read_reply(self._without_key(raw), messages)

    async def streamed(
        self, messages: Sequence[Message], field: str, grammar: str, *, say: Callable[[str], None], counted: bool
    ) -> Reply:
        """The same, while `say` is given the words of the answer as they come. `counted`: ask for the tokens used.

        An endpoint that does not stream is understood as well: its words come all at once.

        Raises:
            Trouble: it gave no whole answer.
        """
        import httpx2
        import openai

        told = Streamed()
        held = ""  # what may be the beginning of the key
        asked = self._request(messages, field, grammar) | {"stream": True}
        if counted:
            asked["stream_options"] = {"include_usage": True}
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self.open().chat.completions.with_streaming_response.create(**asked) as response,
            ):
                if "json" in response.headers.get("content-type", ""):
                    reply = read_reply(self._without_key(await response.text()), messages)
                    say(reply.text)
                    return reply
                async for some in response.iter_bytes():
                    shown, held = self._sayable(held + told.take(some))
                    if shown:
                        say(shown)
                    if told.is_over:
                        break
        except (TimeoutError, openai.OpenAIError, httpx2.HTTPError) as exc:
            return self._refusal(exc)
        if held:
            say(held)
        return read_reply(self._without_key(told.body()), messages)

    def hidden(self, text: str) -> str:
        """What a server said, on one line of bounded length, without the key."""
        shown = " ".join(self._without_key(text).split())
        return shown if len(shown) <= LONGEST_TOLD else f"{shown[:LONGEST_TOLD]}…"

    def _request(self, messages: Sequence[Message], field: str, grammar: str) -> dict[str, Any]:
        import openai

        return {
            "model": self._model,
            "messages": list(messages),
            "temperature": self._temperature,
            "extra_body": {"structured_outputs": {"grammar": grammar}} if grammar else None,
            "extra_headers": None if self._key else {"Authorization": openai.Omit()},
            field: self._max_new_tokens,
        }

    def _refusal(self, exc: Exception) -> Reply:
        """What an error of the client says: a reply where a filter refused.

        Raises:
            Trouble: anything else.
        """
        import openai

        if isinstance(exc, (TimeoutError, openai.APITimeoutError)):
            raise Trouble("timeout", f"no whole reply within {self._timeout_s:g} s") from None
        if not isinstance(exc, openai.APIStatusError):
            raise Trouble("connection", self.hidden(f"no connection ({exc.__cause__ or exc!r})")) from None
        response = exc.response
        state: int = response.status_code
        whole = response.text  # what it means is read from all of it; what is shown of it is masked, and cut
        said = self.hidden(whole) or response.reason_phrase
        told = f"HTTP {state} ({said})"
        if state in NOT_UNDERSTOOD | {403, 451} and _FILTERED.search(whole):
            return Reply(said, "refused", told=told)
        if state == 413 or (state in NOT_UNDERSTOOD and _TOO_LONG.search(whole)):
            raise Trouble("too-long", told, status=state, passing=False)
        raise Trouble(
            "rate-limited" if state == 429 else f"http-{state}",
            told,
            status=state,
            passing=state in _PASSING and _NO_CREDIT not in whole,
            wait_s=retry_after_s(response.headers) or 0.0,
        )

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "***") if len(self._key) >= _SHORTEST_KEY else text

    def _sayable(self, text: str) -> tuple[str, str]:
        """What can be passed on of `text`, and what must wait, since it may be the beginning of the key."""
        if len(self._key) < _SHORTEST_KEY:
            return text, ""
        text = self._without_key(text)
        for length in range(min(len(self._key) - 1, len(text)), 0, -1):
            if self._key.startswith(text[-length:]):
                return text[:-length], text[-length:]
        return text, ""
