"""A statement that runs while the page stays alive: in a thread, so that it can be watched and stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from kg_builder.errors import ReadOnlyError, StoreError
from kg_builder.store.records import QueryResult

__all__ = ["Ask", "QueryRun", "RunState"]

RunState = Literal["running", "rows", "failed", "refused", "stopped"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked: a statement with its parameters (as JSON text) and limits. ``mode`` is run, explain or profile."""

    cypher: str
    params: str
    max_rows: int
    timeout_s: float
    mode: str = "run"


@dataclass
class QueryRun:
    """One run of a statement. ``ask(cancel)`` gives its rows; it runs in a thread that knows nothing of the page."""

    what: Ask
    ask: Callable[[threading.Event], QueryResult]
    version: str = ""
    writing: bool = False
    on_end: Callable[[QueryRun], None] = lambda run: None
    """Called in its thread before it counts as ended, whether or not anybody still looks at the page."""
    result: QueryResult | None = None
    error: StoreError | None = None
    _started: float = field(default_factory=time.perf_counter)
    _ended: float | None = None
    _cancel: threading.Event = field(default_factory=threading.Event)
    _done: threading.Event = field(default_factory=threading.Event)

    def start(self) -> QueryRun:
        """Begin."""
        threading.Thread(target=self._work, name="kg-ui-query", daemon=True).start()
        return self

    def _work(self) -> None:
        try:
            self.result = self.ask(self._cancel)
        except StoreError as exc:
            self.error = exc
        except Exception as exc:  # noqa: BLE001 - the border that keeps a thread's fault from being shown as nothing
            self.error = StoreError(f"{type(exc).__name__}: {exc}")
        finally:
            self._ended = time.perf_counter()
            try:
                self.on_end(self)
            finally:
                self._done.set()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within `seconds`."""
        return self._done.wait(seconds)

    def stop(self) -> None:
        """Ask it to end."""
        self._cancel.set()

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        return (self._ended or time.perf_counter()) - self._started

    @property
    def state(self) -> RunState:
        """What it does, or what became of it."""
        return self.became if self._done.is_set() else "running"

    @property
    def became(self) -> RunState:
        """What became of it, once it has a result or an error."""
        if self.result is not None:
            return "rows"
        if self._cancel.is_set():
            return "stopped"
        return "refused" if isinstance(self.error, ReadOnlyError) else "failed"
