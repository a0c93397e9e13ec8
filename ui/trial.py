"""One text on trial with one extractor or two: what was chosen, and what has come of it so far.

Each attempt runs in a thread that asks (an endpoint) or waits (for the process that reads texts), so that the page
never does. Texts are read in processes of their own: whatever a text does to a parser, and however long a model takes,
the server answers, and Stop stops.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kg_builder.errors import KGError
from kg_builder.recipe import Recipe
from kg_builder.trying import Streamed, Trial, Tried, stream_replies, try_text
from kg_builder.workers import Pool

__all__ = ["Attempt", "AttemptState", "Experiment"]

AttemptState = Literal["waiting", "asking", "reading", "done", "failed", "stopped", "timeout"]

_MOST_WRITTEN = 200_000  # characters of a model's words that are kept for the page
_GLANCE_S = 0.1


class _Stopped(Exception):
    """Nobody wants it any longer."""


class _Reader:
    """A process that reads texts, one at a time; started when it is first needed, and anew after it was stopped."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._changing = threading.Lock()
        self._pool: Pool | None = None
        self._reading: threading.Event | None = None  # whose it is

    def read(self, trial: Trial, stop: threading.Event, *, network: bool = False) -> Tried:
        """What comes of the trial.

        Raises:
            _Stopped: `stop` was set.
            KGError: the text cannot be read, or the extractor as a whole cannot run.
            RuntimeError: the process died.
        """
        while not self._turn.acquire(timeout=_GLANCE_S):
            if stop.is_set():
                raise _Stopped
        try:
            with self._changing:
                if self._pool is None:
                    self._pool = Pool(try_text, workers=1, timeout_s=None, memory_bytes=None, network=network)
                pool, self._reading = self._pool, stop
            outcome = None if stop.is_set() else next(pool.run([trial], ordered=True), None)
            if stop.is_set() or outcome is None:
                raise _Stopped
            if outcome.failure is not None:
                raise outcome.failure.error or RuntimeError(outcome.failure.message)
            if outcome.result is None:
                raise RuntimeError("the reading process gave no result")
            result: Tried = outcome.result
            return result
        finally:
            with self._changing:
                self._reading = None
                if stop.is_set():
                    self._end()
            self._turn.release()

    def interrupt(self, stop: threading.Event) -> None:
        """End the process, if it is reading for whoever holds `stop`."""
        with self._changing:
            if self._reading is stop and self._pool is not None:
                self._pool.stop()

    def close(self) -> None:
        """End the process; the next text gets a new one."""
        with self._changing:
            self._end()

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.stop()
            self._pool.close()
            self._pool = None


_reader = _Reader()
"""The process that reads texts for all sessions of this server; models of one's own each get another."""


@dataclass(slots=True)
class Attempt:
    """One extractor at one text. ``written`` grows while an endpoint answers."""

    recipe: Recipe
    environment: Mapping[str, str] | None = field(default=None, repr=False)  # where the endpoint's key is looked for
    state: AttemptState = "waiting"
    tried: Tried | None = None
    streamed: Streamed | None = None
    problem: str = ""
    seconds: float = 0.0
    _pieces: list[str] = field(default_factory=list, repr=False)
    _length: int = 0
    _first_s: float | None = None
    _began: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _expired: bool = False
    _own: _Reader | None = field(default=None, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ("done", "failed", "stopped", "timeout")

    @property
    def written(self) -> str:
        """What the model has written so far, as it came."""
        return "".join(self._pieces)

    @property
    def elapsed_s(self) -> float:
        """How long it has taken, or has been under way."""
        return self.seconds if self.is_over else time.monotonic() - self._began

    @property
    def first_s(self) -> float | None:
        """When the model's first word came, counted from the beginning; None where there is none yet."""
        return self._first_s

    def run(self, text: str, timeout_s: float) -> None:
        """Do it all, in this thread; what goes wrong is told in ``problem``."""
        expiring = threading.Timer(timeout_s, self._expire)
        expiring.daemon = True
        expiring.start()
        self._began = time.monotonic()
        state: AttemptState = "done"
        try:
            self.tried = self._read(text)
        except _Stopped:
            state = "timeout" if self._expired else "stopped"
        except (KGError, RuntimeError, OSError) as exc:
            state = "failed" if not self._stop.is_set() else ("timeout" if self._expired else "stopped")
            self.problem = str(exc)
        except Exception as exc:  # noqa: BLE001 - the border that keeps a thread's fault from being waited for forever
            state = "failed"
            self.problem = f"{type(exc).__name__}: {exc}"
        finally:
            expiring.cancel()
            if self._own is not None:
                self._own.close()
            self.seconds = time.monotonic() - self._began
            self.state = state

    def stop(self) -> None:
        """Let go of it; what had come stays."""
        self._stop.set()
        (self._own or _reader).interrupt(self._stop)

    def _expire(self) -> None:
        self._expired = True
        self.stop()

    def _read(self, text: str) -> Tried:
        replies = None
        if self.recipe.extractor == "endpoint":
            self.state = "asking"
            self.streamed = stream_replies(
                text, self.recipe, say=self._hear, stop=self._stop, environment=self.environment
            )
            if self._stop.is_set():
                raise _Stopped
            replies = self.streamed.replies
        self.state = "reading"
        if self.recipe.extractor == "llm":
            self._own = _Reader()  # its model goes with it
            return self._own.read(Trial(text, self.recipe), self._stop, network=self.recipe.needs_network)
        return _reader.read(Trial(text, self.recipe, replies), self._stop)

    def _hear(self, piece: str) -> None:
        if self._first_s is None:
            self._first_s = time.monotonic() - self._began
        if self._length < _MOST_WRITTEN:
            self._pieces.append(piece)
            self._length += len(piece)


@dataclass(slots=True)
class Experiment:
    """A text and the attempts at it, one for each extractor."""

    text: str
    attempts: list[Attempt]
    id: str = field(default_factory=lambda: secrets.token_hex(4))

    def start(self, timeout_s: float) -> None:
        """Begin all attempts, each in a thread of its own."""
        for attempt in self.attempts:
            threading.Thread(target=attempt.run, args=(self.text, timeout_s), name="kg-trial", daemon=True).start()

    def stop(self) -> None:
        """Let go of all that is under way."""
        for attempt in self.attempts:
            if not attempt.is_over:
                attempt.stop()

    @property
    def is_over(self) -> bool:
        """Whether all attempts have come to an end."""
        return all(attempt.is_over for attempt in self.attempts)
