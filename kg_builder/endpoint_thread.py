"""The one thread of a process that talks to an endpoint."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from kg_builder.endpoint_client import Client

__all__ = ["EndpointThread"]

T = TypeVar("T")


class EndpointThread:
    """Starts with what is first begun in a process: also in one that was forked from another, where no thread is."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0

    def begin(self, asking: Coroutine[Any, Any, T]) -> Future[T]:
        """Have the thread do it."""
        with self._starting:
            if self._loop is None or self._process != os.getpid():
                self._client.forget()
                self._loop, self._process = asyncio.new_event_loop(), os.getpid()
                threading.Thread(target=_run, args=(self._loop,), name="endpoint", daemon=True).start()
            return asyncio.run_coroutine_threadsafe(asking, self._loop)

    def end(self) -> None:
        """End the connections and the thread; whatever is begun afterwards starts another."""
        with self._starting:
            loop, self._loop = self._loop, None
        if loop is not None and self._process == os.getpid():
            asyncio.run_coroutine_threadsafe(self._client.close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()
