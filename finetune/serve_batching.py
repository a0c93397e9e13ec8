"""Requests that come within a few milliseconds of each other are answered together: a model on a GPU takes about as
long for sixteen texts as for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from kg_builder.errors import KGError

__all__ = ["Batcher", "Full"]

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Full(Exception):
    """No more can wait; ``retry_after_s`` is when to try again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"the queue is full; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(slots=True)
class _Waiting(Generic[Question, Answer]):
    question: Question
    answer: asyncio.Future[Answer]


class Batcher(Generic[Question, Answer]):
    """Collects questions and has `answer` answer them together, in threads of its own.

    Args:
        answer: questions in, as many answers out, in their order; an error where one cannot be answered.
        most: questions to a batch.
        at_a_time: batches under way at a time.
        wait_s: how long the first of a batch waits for others.
        waiting: questions that may wait; those beyond are refused.
        on_batch: called with the size of each batch.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Question]], Sequence[Answer | KGError]],
        *,
        most: int,
        wait_s: float,
        waiting: int,
        threads: ThreadPoolExecutor,
        at_a_time: int = 1,
        on_batch: Callable[[int], object] = int,
    ) -> None:
        self._answer, self._most, self._wait_s, self._on_batch = answer, most, wait_s, on_batch
        self._queue: asyncio.Queue[_Waiting[Question, Answer]] = asyncio.Queue(waiting)
        self._threads = threads
        self._at_a_time = at_a_time
        self._workers: list[asyncio.Task[None]] = []
        self._batch_s = 1.0  # a batch took lately

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return self._queue.qsize()

    def start(self) -> None:
        """Begin to answer; within a running loop."""
        loop = asyncio.get_running_loop()
        self._workers = [loop.create_task(self._work()) for _ in range(self._at_a_time)]

    async def stop(self) -> None:
        """End; whoever still waits is told so."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        while not self._queue.empty():
            waiting = self._queue.get_nowait()
            if not waiting.answer.done():
                waiting.answer.set_exception(ConnectionAbortedError("the server is stopping"))

    async def ask(self, question: Question, *, timeout_s: float) -> Answer:
        """The answer to one question.

        Raises:
            Full: too many wait already.
            TimeoutError: there is none within `timeout_s`; if it has not been begun, it never will be.
        """
        waiting = _Waiting[Question, Answer](question, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull:
            batches = self._queue.maxsize / (self._most * self._at_a_time) + 1
            raise Full(max(1, round(batches * self._batch_s))) from None
        return await asyncio.wait_for(waiting.answer, timeout_s)  # which cancels the future

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._queue.get()]
            until = loop.time() + self._wait_s
            while len(batch) < self._most:
                try:
                    batch.append(await asyncio.wait_for(self._queue.get(), until - loop.time()))
                except TimeoutError:
                    break
            batch = [each for each in batch if not each.answer.done()]
            if batch:
                begun = loop.time()
                try:
                    await self._answer_all(batch)
                finally:
                    for each in batch:
                        if not each.answer.done():
                            each.answer.set_exception(ConnectionAbortedError("the server is stopping"))
                self._batch_s = 0.5 * self._batch_s + 0.5 * (loop.time() - begun)

    async def _answer_all(self, batch: list[_Waiting[Question, Answer]]) -> None:
        loop = asyncio.get_running_loop()
        self._on_batch(len(batch))
        try:
            answers = await loop.run_in_executor(self._threads, self._answer, [each.question for each in batch])
            if len(answers) != len(batch):
                raise RuntimeError(f"expected {len(batch)} answers, found {len(answers)}")
        except Exception as exc:  # noqa: BLE001 - the border that keeps a question's fault from who answers the next
            if len(batch) == 1:
                if not batch[0].answer.done():
                    batch[0].answer.set_exception(exc)
                return
            for each in batch:  # by itself: one that cannot be answered is not the others' fault
                await self._answer_all([each])
            return
        for each, answer in zip(batch, answers, strict=True):
            if each.answer.done():
                continue
            if isinstance(answer, KGError):
                each.answer.set_exception(answer)
            else:
                each.answer.set_result(answer)
