"""A model behind an OpenAI-compatible endpoint (vLLM, Ollama, Groq, OpenAI …), asked about many things at a time.

The official client (the extra ``endpoint``) makes the requests. Limits, tries and waiting are all here, in one place,
so that a reply which asks to be left alone slows down everything. What a model says is data: an answer that was cut
off, refused or makes no sense comes back as a `Reply` that says so, and so does a request that failed in the end. Only
what the next request would meet as well (a wrong key, no such model, nobody there) is an error.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import random
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TypeVar
from urllib.parse import urlsplit

from kg_builder.endpoint_client import NOT_UNDERSTOOD, Client
from kg_builder.endpoint_limits import Limits, estimated_tokens, limits_path
from kg_builder.endpoint_reply import Reply, Trouble
from kg_builder.endpoint_thread import EndpointThread
from kg_builder.errors import ConfigError, EndpointError
from kg_builder.prompt import Message
from kg_builder.telemetry import emit
from kg_builder.types import Usage, digest

__all__ = ["KEY_VARIABLE", "Endpoint", "Request"]

KEY_VARIABLE = "OPENAI_API_KEY"
"""The environment variable with the key of the endpoint; no setting and no flag has it."""

T = TypeVar("T")

_HOPELESS = frozenset({401, 402, 404, 405, 407, 410})  # the next request would fare no better
_NEWER_FIELD = "max_completion_tokens"  # what some models want instead of max_tokens
_LONGEST_WAIT_S = 300.0  # an endpoint that wants to be left alone for longer is one for another day
_LONGEST_BACK_OFF_S = 60.0
_GLANCE_S = 0.1  # how often whoever waits looks whether it is still wanted


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. ``grammar`` (Lark, as llguidance reads it) describes all that may be answered, where an endpoint
    can be told so: vLLM from 0.11 on."""

    messages: Sequence[Message]
    grammar: str = ""


class Endpoint:
    """A model behind ``POST …/chat/completions``. Nothing is sent, and nothing connected, before something is asked.

    ``usage`` is what has been used so far, ``sent`` how many requests were sent, those tried again included.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        temperature: float = 0.0,
        max_new_tokens: int = 512,
        concurrency: int = 8,
        requests_per_minute: int = 0,
        tokens_per_minute: int = 0,
        timeout_s: float = 120.0,
        tries: int = 8,
        back_off_s: float = 1.0,
        give_up_after: int = 20,
        minute_s: float = 60.0,
        environment: Mapping[str, str] | None = None,
        on_message: Callable[[str], None] | None = None,
    ) -> None:
        """Up to `concurrency` requests at a time, each with `tries` of up to `timeout_s` to the last byte of the reply;
        about `back_off_s` before the second, and twice as long before each next. After `give_up_after` requests in a
        row that failed, nothing more is asked. The limits hold for all processes of this user and machine together.

        Raises:
            ConfigError: an address or a number that cannot be, no model, or the client is not installed.
        """
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ConfigError(
                "expected the base URL of an endpoint (https://HOST/v1, without a password), "
                f"found {_masked(base_url)!r}; give --base-url"
            )
        if not model:
            raise ConfigError(f"expected the name of a model at {base_url}, found none; give --model")
        for name, value in (("concurrency", concurrency), ("max_new_tokens", max_new_tokens), ("timeout_s", timeout_s)):
            if value <= 0:
                raise ConfigError(f"{name}: expected more than 0, found {value:g}")
        if find_spec("openai") is None:
            raise ConfigError("expected the client for endpoints, found it missing: pip install 'kg-builder[endpoint]'")
        self.model, self.host = model, parts.hostname
        self.temperature, self.max_new_tokens, self.concurrency = temperature, max_new_tokens, concurrency
        self.usage, self.sent = Usage(), 0
        self._base_url, self._tries, self._back_off_s = base_url, tries, back_off_s
        self._give_up_after, self._on_message = give_up_after, on_message
        self._limits = Limits(
            requests_per_minute,
            tokens_per_minute,
            window_s=minute_s,
            path=limits_path() if requests_per_minute or tokens_per_minute else None,
            endpoint=digest(base_url.rstrip("/"), model),
        )
        key = (os.environ if environment is None else environment).get(KEY_VARIABLE, "").strip()
        if not (key.isascii() and (key + "x").isprintable()) or " " in key:
            raise ConfigError(f"expected a key in {KEY_VARIABLE} (not shown here), found one with characters of no key")
        self._client = Client(
            base_url, model, key, temperature=temperature, max_new_tokens=max_new_tokens, timeout_s=timeout_s
        )
        self._length_field = "max_tokens"
        self._has_answered = self._grammar_taken = self._grammars_refused = False
        self._failed_in_a_row = 0
        self._read = self._guessed = 1  # tokens of questions, as the endpoint counts them and as we guessed
        self._thread = EndpointThread(self._client)

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connections; asking again opens new ones."""
        self._thread.end()

    def expected(self, messages: Sequence[Message]) -> Usage:
        """The most that a request is expected to use: a guess, mended by how the endpoint has counted so far."""
        guessed = estimated_tokens(messages) * max(1.0, self._read / self._guessed)
        return Usage(round(guessed), self.max_new_tokens)

    def ask(self, request: Request) -> Reply:
        """The reply to one request.

        Raises:
            EndpointError: the endpoint as a whole cannot be used.
        """
        (reply,) = self.replies([request])
        return reply

    def replies(self, requests: Iterable[Request], *, stop: threading.Event | None = None) -> Iterator[Reply]:
        """The replies in the order of the requests; after `stop` there may be fewer.

        Raises:
            EndpointError: the endpoint as a whole cannot be used. Before that comes what was answered, with a failed
                reply in the place of what was not.
        """
        early: dict[int, Reply] = {}
        number = 0
        try:
            for found, reply in self.answers(requests, stop=stop):
                early[found] = reply
                while number in early:
                    yield early.pop(number)
                    number += 1
        except EndpointError as exc:
            for each in range(number, max(early, default=-1) + 1):
                yield early.get(each, Reply(reason="stopped", failed=True, told="the endpoint cannot be used"))
            raise exc

    def answers(
        self, requests: Iterable[Request | None], *, stop: threading.Event | None = None
    ) -> Iterator[tuple[int, Reply]]:
        """Replies as they come, each with the number of its request, counted from 0.

        `requests` are taken one by one, in this thread, as soon as another may be under way; a None (which has no
        number) says that there is none until a reply has come. Once `stop` is set, no more are taken, those that wait
        for their turn or for another try are let go without a reply, and those that were sent are waited for. The same
        happens before an error is raised, so that nothing that was paid for is lost.

        Raises:
            EndpointError: the endpoint as a whole cannot be used.
        """
        ending = threading.Event()

        def unwanted() -> bool:
            return ending.is_set() or (stop is not None and stop.is_set())

        done: queue.SimpleQueue[tuple[int, Future[Reply | None]]] = queue.SimpleQueue()
        under_way: dict[int, Future[Reply | None]] = {}
        source, begun = iter(requests), 0
        trouble: EndpointError | None = None
        try:
            while True:
                while len(under_way) < self.concurrency and not unwanted():
                    request = next(source, None)
                    if request is None:
                        break
                    under_way[begun] = future = self._thread.begin(self._reply(request, unwanted))
                    future.add_done_callback(partial(_note, done, begun))
                    begun += 1
                if not under_way:
                    break
                number, future = done.get()
                del under_way[number]
                try:
                    reply = future.result()
                except EndpointError as exc:
                    trouble = trouble or exc
                    ending.set()
                    continue
                if reply is None:
                    continue
                if reply.failed and self._failed_in_a_row >= self._give_up_after and trouble is None:
                    told = f"none to {self._failed_in_a_row} requests in a row, for the last of them {reply.told}"
                    self._failed_in_a_row = 0
                    trouble = self._error(told)
                    ending.set()
                yield number, reply
        finally:
            ending.set()
            for future in under_way.values():
                future.cancel()
        if trouble is not None:
            raise trouble

    def stream(self, request: Request, *, stop: threading.Event | None = None) -> Generator[str, None, Reply]:
        """The words of the answer to one request as they come; the generator's value is the reply as a whole.

        It is asked for once, since what was said cannot be taken back. After `stop` the reply is a failed one,
        ``stopped``, with what had come until then.

        Raises:
            EndpointError: the endpoint as a whole cannot be used.
        """
        ending = threading.Event()

        def unwanted() -> bool:
            return ending.is_set() or (stop is not None and stop.is_set())

        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        future = self._thread.begin(self._streamed(request, pieces.put, unwanted))
        future.add_done_callback(lambda _: pieces.put(None))
        try:
            while (piece := pieces.get()) is not None:
                yield piece
        finally:
            ending.set()
        return future.result()

    async def _reply(self, request: Request, unwanted: Callable[[], bool]) -> Reply | None:
        """Ask until there is an answer or no hope; None: nobody wants it any longer."""
        guessed = estimated_tokens(request.messages)
        expected = self.expected(request.messages).tokens
        grammar = "" if self._grammars_refused else request.grammar
        back_off_s, tries = self._back_off_s, 0
        self._client.open()  # takes a moment, which is not to fall between the limit's clock and the request
        while (number := await self._admitted(expected, unwanted)) is not None:
            field = self._length_field
            self.sent += 1
            try:
                reply = await self._client.whole(request.messages, field, grammar)
            except Trouble as trouble:
                if trouble.reason != "timeout":  # that may well have been answered to the end
                    self._limits.settle(number, 0)
                if self._wants_newer_field(trouble, field):
                    continue
                if trouble.status in NOT_UNDERSTOOD and grammar:
                    grammar = ""
                    continue
                if self._is_hopeless(trouble):
                    raise self._error(trouble.told) from None
                tries += 1
                if not trouble.passing or tries >= self._tries:
                    self._failed_in_a_row += trouble.reason != "too-long"
                    return Reply(reason=trouble.reason, failed=True, told=trouble.told)
                if trouble.wait_s:
                    self._limits.close(time.monotonic() + trouble.wait_s)
                await _slept(max(trouble.wait_s, back_off_s) * random.uniform(1.0, 1.25), unwanted)
                back_off_s = min(2 * back_off_s, _LONGEST_BACK_OFF_S)
            else:
                self._count(reply, number, guessed, asked=request.grammar, taken=grammar)
                return reply
        return None

    async def _streamed(self, request: Request, say: Callable[[str], None], unwanted: Callable[[], bool]) -> Reply:
        """One answer as it comes; asked in other words where the endpoint does not understand, but not again."""
        guessed = estimated_tokens(request.messages)
        grammar, counted, said = "" if self._grammars_refused else request.grammar, True, [""]

        def told(piece: str) -> None:
            said.append(piece)
            say(piece)

        while (number := await self._admitted(self.expected(request.messages).tokens, unwanted)) is not None:
            field = self._length_field
            self.sent += 1
            asking = asyncio.ensure_future(
                self._client.streamed(request.messages, field, grammar, say=told, counted=counted)
            )
            while not asking.done() and not unwanted():
                await asyncio.wait([asking], timeout=_GLANCE_S)
            if not asking.done():
                asking.cancel()
                await asyncio.wait([asking])
                break
            try:
                reply = asking.result()
            except Trouble as trouble:
                if trouble.reason != "timeout":
                    self._limits.settle(number, 0)
                if self._wants_newer_field(trouble, field):
                    continue
                if trouble.status in NOT_UNDERSTOOD and (counted or grammar):
                    grammar, counted = ("" if not counted else grammar), False
                    continue
                if self._is_hopeless(trouble):
                    raise self._error(trouble.told) from None
                if trouble.wait_s:
                    self._limits.close(time.monotonic() + trouble.wait_s)
                return Reply("".join(said), trouble.reason, failed=True, told=trouble.told)
            self._count(reply, number, guessed, asked=request.grammar, taken=grammar)
            return reply
        return Reply("".join(said), "stopped", failed=True, told="it was no longer wanted")

    def _count(self, reply: Reply, number: int, guessed: int, *, asked: str, taken: str) -> None:
        """Note what a reply used, and whether the endpoint took the grammar that it was asked with."""
        self._limits.settle(number, reply.usage.tokens)
        self.usage += reply.usage
        self._read, self._guessed = self._read + reply.usage.input_tokens, self._guessed + guessed
        self._failed_in_a_row, self._has_answered = 0, True
        if asked and not taken and not self._grammar_taken:
            self._refuse_grammars()
        self._grammar_taken = self._grammar_taken or bool(taken)

    def _wants_newer_field(self, trouble: Trouble, field: str) -> bool:
        """Whether the endpoint calls the most tokens that it may write by another name, which is used from now on."""
        newer = trouble.status in NOT_UNDERSTOOD and field != _NEWER_FIELD and _NEWER_FIELD in trouble.told
        if newer:
            self._length_field = _NEWER_FIELD
        return newer

    async def _admitted(self, tokens: int, unwanted: Callable[[], bool]) -> int | None:
        """The number under which a request of so many tokens counts, once it may go; None: it is no longer wanted."""
        while not unwanted():
            wait_s, number = self._limits.admit(tokens, time.monotonic())
            if not wait_s:
                return number
            await asyncio.sleep(min(wait_s, _GLANCE_S))
        return None

    def _is_hopeless(self, trouble: Trouble) -> bool:
        """Whether the next request would fare no better."""
        return (
            trouble.status in _HOPELESS
            or 300 <= trouble.status < 400
            or (trouble.status == 403 and not self._has_answered)
            or (trouble.status == 429 and not trouble.passing)
            or trouble.wait_s > _LONGEST_WAIT_S
        )

    def _refuse_grammars(self) -> None:
        if not self._grammars_refused:
            self._grammars_refused = True
            self._say(f"{self.host} takes no grammar; it answers as it likes, and what does not fit is left out")

    def _say(self, message: str) -> None:
        emit("endpoint", message, level=logging.WARNING, model=self.model, host=self.host)
        if self._on_message is not None:
            self._on_message(message)

    def _error(self, found: str) -> EndpointError:
        return EndpointError(
            f"expected answers of the model {self.model!r} at {self._base_url}, found {found}; see to the address, the "
            f"name of the model and {KEY_VARIABLE}, and run it again: what was answered is not asked again"
        )


def _note(done: queue.SimpleQueue[tuple[int, Future[T]]], number: int, future: Future[T]) -> None:
    done.put((number, future))


async def _slept(seconds: float, unwanted: Callable[[], bool]) -> None:
    """Wait so long, or until nobody wants to wait any longer."""
    until = time.monotonic() + seconds
    while not unwanted() and (left_s := until - time.monotonic()) > 0:
        await asyncio.sleep(min(left_s, _GLANCE_S))


def _masked(url: str) -> str:
    """An address without what may be a password."""
    return re.sub(r"//[^/@]*@", "//***@", url)
