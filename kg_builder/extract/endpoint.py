"""Extraction by a model behind an OpenAI-compatible endpoint: the same question and the same reading of the answer as
for a model in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from kg_builder.endpoint import Endpoint, Request
from kg_builder.endpoint_reply import Reply, whole_lines
from kg_builder.extract.answered import Answered, read_answer
from kg_builder.extract.grammar import grammar_for
from kg_builder.extract.model_options import ModelOptions
from kg_builder.heartbeat import kept_alive
from kg_builder.language import detect_language
from kg_builder.prompt import PROMPT_VERSION, extraction_messages
from kg_builder.types import Extraction, Usage, digest

__all__ = ["EndpointExtractor", "Unanswered", "read_reply"]

_VERSION = 1
"""Goes up with every change of what is made of an answer."""

_WAITING = 4  # texts at hand for each request under way, so that a slow one does not keep the others waiting


class Unanswered(Exception):
    """One text that the endpoint gave no answer for; the next may have one, and so may this another time."""


class EndpointExtractor:
    """Asks for ``head|relation|tail`` lines, and anchors what comes in the text.

    After each call of `extract`, ``usage`` is what it cost, and ``left_out`` how much of the answer is not given, by
    reason: lines that are no triples, names that the text does not have, and answers that were ``cut-off`` (their whole
    lines are used), ``refused`` or ``malformed``.
    """

    name = "endpoint"

    def __init__(
        self,
        options: ModelOptions,
        *,
        environment: Mapping[str, str] | None = None,
        on_message: Callable[[str], None] | None = None,
    ) -> None:
        """Nothing is sent before there is a text.

        Raises:
            ConfigError: no model or no address, or numbers that cannot be.
        """
        self.batch_size = _WAITING * options.concurrency
        self.usage: Usage | None = None
        self.left_out: Mapping[str, int] = {}
        # Not the address: the same model elsewhere gives the same, and what was paid for stays known.
        self.fingerprint = digest(
            *("endpoint", _VERSION, PROMPT_VERSION, options.model, options.max_new_tokens, options.temperature),
            *options.asked_otherwise,
            *(options.constrained, *options.relations),
        )
        self._options = options
        self._endpoint = Endpoint(
            options.base_url,
            options.model,
            temperature=options.temperature,
            max_new_tokens=options.max_new_tokens,
            concurrency=options.concurrency,
            requests_per_minute=options.requests_per_minute,
            tokens_per_minute=options.tokens_per_minute,
            timeout_s=options.timeout_s,
            environment=environment,
            on_message=on_message,
        )

    def extract(self, text: str) -> list[Extraction]:
        """The extractions of one text, in reading order.

        Raises:
            Unanswered: there is no answer for this text.
            EndpointError: the endpoint as a whole cannot be used.
        """
        self.usage, self.left_out = Usage(), {}
        (answer,) = self.extract_many([text])
        if isinstance(answer, Exception):
            raise answer
        self.usage, self.left_out = answer.usage, answer.left_out
        return answer.extractions

    def extract_many(self, texts: Sequence[str]) -> Iterator[Answered | Exception]:
        """For each text, in order, what is made of the answer, or why there is none.

        Raises:
            EndpointError: the endpoint as a whole cannot be used.
        """
        asked = [text for text in texts if text.strip()]
        replies = self._endpoint.replies(map(self._request, asked))
        for text in texts:
            if not text.strip():
                yield Answered([])
                continue
            with kept_alive():  # limits and tries may take longer than whoever watches would wait
                reply = next(replies)
            try:
                answer: Answered | Exception = read_reply(text, reply, relations=self._options.relations)
            except Unanswered as exc:
                answer = exc
            yield answer

    def pipe(self, texts: Iterable[str]) -> Iterator[list[Extraction]]:
        """One list of extractions for each text, in order.

        Raises:
            Unanswered: there is no answer for a text.
            EndpointError: the endpoint as a whole cannot be used.
        """
        source = iter(texts)
        while some := list(islice(source, self.batch_size)):
            for answer in self.extract_many(some):
                if isinstance(answer, Exception):
                    raise answer
                yield answer.extractions

    def close(self) -> None:
        """End the connections; the next text opens new ones."""
        self._endpoint.close()

    def stream(self, text: str, *, stop: threading.Event | None = None) -> Generator[str, None, Reply]:
        """The words of the answer about one text as they come; the generator's value is the reply, for `read_reply`.

        Raises:
            EndpointError: the endpoint as a whole cannot be used.
        """
        return self._endpoint.stream(self._request(text), stop=stop)

    def _request(self, text: str) -> Request:
        options = self._options
        messages = extraction_messages(
            text, language=detect_language(text), relations=options.relations, instruction=options.instruction
        )
        if not options.constrained:
            return Request(messages)
        return Request(messages, grammar_for(text, relations=options.relations))


def read_reply(text: str, reply: Reply, *, relations: Collection[str] = ()) -> Answered:
    """What is made of a reply about a text.

    Raises:
        Unanswered: there is no answer.
    """
    if reply.failed:
        raise Unanswered(f"{reply.reason}: {reply.told}")
    if reply.reason in ("refused", "malformed"):
        return Answered([], {reply.reason: 1}, reply.usage, reply.text)
    return read_answer(
        text,
        whole_lines(reply),
        extractor=EndpointExtractor.name,
        relations=relations,
        written=reply.text,
        reasons={"cut-off": 1} if reply.reason == "cut-off" else {},
        usage=reply.usage,
    )
