"""A real server of chat completions that misbehaves as a test says. It counts what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Act:
    """What is done about one request: wait, then send this; ``cut`` sends half of it, ``drip`` a byte now and then,
    ``pause_s`` is waited between its events."""

    body: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    cut: bool = False
    drip: bool = False
    pause_s: float | None = None


def answer(
    text: str | None,
    *,
    finish: str = "stop",
    usage: tuple[int, int] | None = (10, 5),
    after_s: float = 0.0,
    **message: Any,
) -> Act:
    """A chat completion that says `text`."""
    found: dict[str, Any] = {
        "id": "c1",
        "object": "chat.completion",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
        ],
    }
    if usage:
        found["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return Act(json.dumps(found), headers={"Content-Type": "application/json"}, after_s=after_s)


def trouble(status: int, message: str = "no", *, code: str = "", **headers: str) -> Act:
    """An error as endpoints send it."""
    told = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Act(json.dumps({"error": {"message": message, "code": code}}), status, told)


def streamed(
    *pieces: str,
    finish: str | None = "stop",
    usage: tuple[int, int] | None = (10, 5),
    pause_s: float = 0.0,
    **more: Any,
) -> Act:
    """A chat completion whose words come one piece after the other; `more` is of the first delta. Without `finish` it
    breaks off."""
    choices: list[dict[str, Any]] = [{"index": 0, "delta": {"content": piece}} for piece in pieces]
    events: list[Any] = [{"choices": [{"index": 0, "delta": {"role": "assistant", **more}}]}]
    events += [{"choices": [choice]} for choice in choices]
    if finish:
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if usage:
        events.append({"choices": [], "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1]}})
    told = [": a comment", *(f"data: {json.dumps(event, ensure_ascii=False)}" for event in events)]
    body = "".join(f"{each}\n\n" for each in [*told, *(["data: [DONE]"] if finish else [])])
    return Act(body, headers={"Content-Type": "text/event-stream"}, pause_s=pause_s)


HANG = Act("", after_s=3.0)
DRIP = Act("x" * 300, drip=True)
CUT = Act(answer("a|b|c").body, headers={"Content-Type": "application/json"}, cut=True)
NO_JSON = Act("<html>busy</html>", headers={"Content-Type": "text/html"})


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    text: str  # of the last message
    at: float
    path: str
    key: str | None
    body: dict[str, Any]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        act: Act = server.takes(Seen(body["messages"][-1]["content"], time.monotonic(), self.path, self._key, body))
        server.leaving.wait(act.after_s)
        raw = act.body.encode()
        try:
            self.send_response(act.status)
            for name, value in act.headers.items():
                self.send_header(name, value)
            if act.pause_s is None:
                self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            if act.pause_s is not None:
                for event in act.body.split("\n\n")[:-1]:
                    self.wfile.write(f"{event}\n\n".encode())
                    self.wfile.flush()
                    if server.leaving.wait(act.pause_s):
                        break
            elif act.drip:
                for byte in raw:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    if server.leaving.wait(0.05):
                        break
            else:
                self.wfile.write(raw[: len(raw) // 2] if act.cut else raw)
        except OSError:
            pass  # nobody waits any longer
        self.close_connection = act.cut or act.drip or act.pause_s is not None

    @property
    def _key(self) -> str | None:
        return self.headers.get("Authorization")

    def log_message(self, *_: object) -> None:
        pass


class Misbehaving(ThreadingHTTPServer):
    """Says what ``says`` makes of a text; before that, what ``first`` has for it, one after the other."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[Seen] = []
        self.first: dict[str, list[Act]] = {}
        self.says: Callable[[str], Act] = lambda text: answer("Ada|wrote|Notes")
        self.leaving = threading.Event()
        self._taking = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def counts(self) -> Counter[str]:
        """How often each text was asked about."""
        return Counter(each.text for each in self.seen)

    def takes(self, seen: Seen) -> Act:
        with self._taking:
            self.seen.append(seen)
            first = self.first.get(seen.text)
            return first.pop(0) if first else self.says(seen.text)

    def most_within(self, window_s: float, size: Callable[[Seen], int] = lambda seen: 1) -> int:
        """The most that came in any stretch of so many seconds."""
        times = [(each.at, size(each)) for each in self.seen]
        return max(sum(n for other, n in times if at <= other < at + window_s) for at, _ in times)


@contextmanager
def serving() -> Iterator[Misbehaving]:
    with Misbehaving() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server
        finally:
            server.leaving.set()
            server.shutdown()
