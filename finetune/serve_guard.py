"""What stands before every request to the server: the token, and how much may be sent."""

from __future__ import annotations

import contextlib
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["OPEN", "Guard", "is_loopback", "problem"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

OPEN = frozenset({"/health"})
"""What is answered without a token: whoever watches over the process asks it."""
_LOCAL = ("127.0.0.1", "localhost", "::1")


class _TooLarge(Exception):
    pass


class Guard:
    """ASGI in front of `app`: refuses requests without the token, from web pages, and with bodies that are too large.

    Without a token only requests that name this machine as their host are answered, so that no web page reaches the
    server by a name of its own that leads here.
    """

    def __init__(self, app: Any, *, token: str, body_bytes: int) -> None:
        self._app, self._body_bytes = app, body_bytes
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        if scope["path"] not in OPEN and (refused := self._refused(headers)):
            status, kind, told = refused
            await _answer(
                send, status, problem(kind, told), (b"www-authenticate", b"Bearer") if status == 401 else None
            )
            return
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._body_bytes:
            await self._too_large(send)
            return
        begun = over = False
        seen = 0

        async def bounded() -> MutableMapping[str, Any]:
            nonlocal seen, over
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._body_bytes:
                if not begun:
                    await self._too_large(send)
                over = True
                raise _TooLarge
            return message

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal begun
            begun = True
            if not over:  # what the app makes of the error is of no interest
                await send(message)

        with contextlib.suppress(_TooLarge):
            await self._app(scope, bounded, noted)

    def _refused(self, headers: dict[bytes, bytes]) -> tuple[int, str, str] | None:
        if self._token:
            given = headers.get(b"authorization", b"")
            scheme, _, token = given.partition(b" ")
            if scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token):
                return None
            return 401, "token", "expected the header 'Authorization: Bearer TOKEN' with the server's token"
        host = headers.get(b"host", b"").decode("latin-1")
        name = host.rsplit(":", 1)[0].strip("[]") if not host.endswith("]") else host.strip("[]")
        if name not in _LOCAL:
            return 421, "host", f"expected a request to one of {', '.join(_LOCAL)}, found the host {name!r}"
        return None

    async def _too_large(self, send: Send) -> None:
        told = f"expected a body of at most {self._body_bytes:,} bytes"
        await _answer(send, 413, problem("too-large", told), (b"connection", b"close"))


def problem(kind: str, message: str) -> dict[str, Any]:
    """The body of an answer that says what is wrong."""
    return {"error": {"type": kind, "message": message}}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    return host in _LOCAL or host.startswith("127.")


async def _answer(send: Send, status: int, body: dict[str, Any], header: tuple[bytes, bytes] | None) -> None:
    raw = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers + ([header] if header else [])})
    await send({"type": "http.response.body", "body": raw})
