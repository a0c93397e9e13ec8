"""A model with its queues, limits and counters: what the server does, apart from HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from finetune.serve_batching import Batcher, Full
from finetune.serve_chat import ending_in_time
from finetune.serve_models import Extracted, Labelled, Model, Question, RelationQuestion
from finetune.serve_requests import Refused, check_known, read_relations, read_string, read_strings, to_json
from kg_builder.errors import ConfigError

__all__ = ["ServeLimits", "Service"]


@dataclass(frozen=True, slots=True)
class ServeLimits:
    """How much is taken on."""

    body_bytes: int = 1_000_000
    text_characters: int = 10_000
    relations: int = 500  # of an ontology that comes with a request
    waiting: int = 256  # requests; more are told to come back later
    wait_ms: float = 5.0  # that the first of a batch waits for others
    timeout_s: float = 60.0  # of a request
    stop_s: float = 20.0  # that requests under way get when the server is stopped


class Service:
    """A model with its queues and counters, apart from HTTP."""

    def __init__(self, model: Model, limits: ServeLimits) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.model, self.limits = model, limits
        self.ready = False
        self.failure: BaseException | None = None
        self._chatting = 0
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "kg_serve_requests", "Requests by path and status", ["path", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "kg_serve_request_seconds",
            "From request to answer",
            ["path"],
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120),
            registry=self.registry,
        )
        self.batches = Histogram(
            "kg_serve_batch_size",
            "Requests answered together",
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=self.registry,
        )
        self.extractions = Counter("kg_serve_extractions", "Extractions given", registry=self.registry)
        self.left_out = Counter("kg_serve_left_out", "Triples held back, by reason", ["reason"], registry=self.registry)
        waiting = Gauge("kg_serve_waiting", "Requests that wait", registry=self.registry)
        waiting.set_function(lambda: self.extracting.waiting + self.classifying.waiting)
        Gauge("kg_serve_ready", "1 once the model is loaded", registry=self.registry).set_function(lambda: self.ready)
        self._threads = ThreadPoolExecutor(max(1, model.at_a_time), thread_name_prefix="kg-serve")
        common: dict[str, Any] = {
            "most": model.together,
            "wait_s": limits.wait_ms / 1000,
            "waiting": limits.waiting,
            "threads": self._threads,
            "at_a_time": model.at_a_time,
            "on_batch": self.batches.observe,
        }
        self.extracting: Batcher[Question, Extracted] = Batcher(model.extract, **common)
        self.classifying: Batcher[RelationQuestion, Labelled] = Batcher(model.classify, **common)

    def start(self, on_failure: Callable[[], None]) -> None:
        """Begin to load and to answer; within a running loop."""
        self.extracting.start()
        self.classifying.start()

        def load() -> None:
            try:
                self.model.load()
                self.ready = True
            except Exception as exc:  # noqa: BLE001 - the border that keeps a fault from being waited for forever
                self.failure = exc
                on_failure()

        threading.Thread(target=load, name="kg-serve-load", daemon=True).start()

    async def stop(self) -> None:
        """Answer nothing more, and let go of the model."""
        self.ready = False
        await self.extracting.stop()
        await self.classifying.stop()
        await asyncio.to_thread(self.model.close)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def check_ready(self) -> None:
        """Raises: Refused, where the model cannot answer now."""
        if told := self.model.problem():
            raise Refused(503, "model", told)
        if not self.ready:
            raise Refused(503, "loading", "the model is being loaded", 5)

    async def extract(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to ``POST /extract``."""
        check_known(body, "text", "ontology")
        text = self._text(body)
        relations = read_relations(body.get("ontology"), self.limits.relations)
        self.check_ready()
        found = await self.extracting.ask(Question(text, relations), timeout_s=self.limits.timeout_s)
        self.extractions.inc(len(found.extractions))
        for reason, count in found.left_out.items():
            self.left_out.labels(reason).inc(count)
        return {
            "model": self.model.name,
            "language": found.language,
            "extractions": [to_json(each) for each in found.extractions],
            "left_out": found.left_out,
            "finished": found.finished,
        }

    async def classify(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to ``POST /classify``."""
        check_known(body, "text", "head", "tail", "labels")
        text = self._text(body)
        head, tail = (read_string(body, name, 1000) for name in ("head", "tail"))
        asking = self.model.asking
        for name, value in (("head", head), ("tail", tail)):
            if not (value in text if asking is None else asking.names(value, text)):
                raise Refused(422, "fields", f"{name}: expected words of the text, found {value[:100]!r}")
        labels = read_strings(body.get("labels", []), "labels", self.limits.relations)
        self.check_ready()
        labels = labels or self.model.labels
        if not labels:
            raise Refused(422, "fields", "labels: this model has none of its own; expected a list of them")
        question = RelationQuestion(text, head, tail, labels)
        try:
            found = await self.classifying.ask(question, timeout_s=self.limits.timeout_s)
        except ConfigError as exc:
            raise Refused(422, "fields", str(exc)) from exc
        return {"model": self.model.name, "label": found.label, "confidences": found.confidences}

    async def chat(self, work: Callable[[dict[str, Any]], Any], body: dict[str, Any]) -> Any:
        """What `work` answers to a chat, within the limits: as many at a time as may wait, as long as a request may
        take, as many tokens as an answer may have. An answer that comes in parts is under way until its last part."""
        most = self.model.options.max_new_tokens
        wanted = [body.pop(name) for name in ("max_tokens", "max_completion_tokens") if body.get(name) is not None]
        if not all(isinstance(each, int) and each > 0 for each in wanted):
            raise Refused(422, "fields", f"max_tokens: expected a number above 0, found {wanted[0]!r}")
        body["max_tokens"] = min(most, *wanted) if wanted else most
        if self._chatting >= self.limits.waiting:
            raise Full(1)
        until = asyncio.get_running_loop().time() + self.limits.timeout_s
        self._chatting += 1
        held = False
        try:
            answer = await asyncio.wait_for(work(body), self.limits.timeout_s)
            held = hasattr(answer, "body_iterator")
            return ending_in_time(answer, until, self._chat_ended) if held else answer
        finally:
            if not held:
                self._chat_ended()

    def _chat_ended(self) -> None:
        self._chatting -= 1

    def _text(self, body: Mapping[str, Any]) -> str:
        text = read_string(body, "text", self.limits.text_characters)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise Refused(422, "fields", "text: expected whole characters, found half of a pair")
        return text
