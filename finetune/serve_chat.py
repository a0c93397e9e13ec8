"""``/v1/chat/completions``, by what exists: the handler of ``transformers serve`` on a model of this process, or vLLM's
own endpoint, passed through."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any

from finetune.serve_models import InProcess, Model
from finetune.serve_requests import Refused
from finetune.serve_vllm import Vllm
from kg_builder.errors import EndpointError

__all__ = ["chat_of", "ending_in_time"]


def chat_of(model: Model) -> Callable[[dict[str, Any]], Any]:
    """What answers ``/v1/chat/completions``, made with the first request."""
    if isinstance(model, Vllm):
        return _passed_on(model)
    if not isinstance(model, InProcess):
        raise Refused(501, "chat", "this back end has no chat endpoint")
    if model.chat is None:
        model.chat = _transformers_chat(model)
    return model.chat


def ending_in_time(answer: Any, until: float, on_end: Callable[[], object]) -> Any:
    """A response in parts that breaks off at the loop's time `until`. `on_end` is called once: when it has ended, in
    whatever way, or is let go without having been sent."""
    from fastapi.responses import Response

    class Ending(Response):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(status_code=answer.status_code)
            self._end = weakref.finalize(self, on_end)

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            try:
                async with asyncio.timeout_at(until):
                    await answer(scope, receive, send)
            except TimeoutError:  # without its end, by which the client knows
                pass
            finally:
                self._end()
                if hasattr(answer.body_iterator, "aclose"):
                    await answer.body_iterator.aclose()

    return Ending()


def _transformers_chat(model: InProcess) -> Callable[[dict[str, Any]], Any]:
    """The handler of ``transformers serve``, on the model and tokenizer that are loaded already, adapter included: as a
    process of its own it would load them again, and it knows no adapters."""
    from uuid import uuid4

    try:
        from transformers.cli.serving.chat_completion import ChatCompletionHandler
        from transformers.cli.serving.model_manager import ModelManager, TimedModel
        from transformers.cli.serving.utils import GenerationState
    except ImportError as exc:
        raise Refused(501, "chat", f"this transformers has no server that we know: {exc}") from exc
    manager = ModelManager(device="cpu", model_timeout=-1)
    manager.force_model = model.name
    manager.loaded_models[manager.process_model_name(model.name)] = TimedModel(model.model, -1, model.tokenizer)
    handler = ChatCompletionHandler(manager, GenerationState())

    async def asked(body: dict[str, Any]) -> Any:
        from fastapi import HTTPException

        try:
            return await handler.handle_request(body, str(uuid4()))
        except HTTPException as exc:
            raise Refused(exc.status_code, "chat", str(exc.detail)) from exc

    return asked


def _passed_on(model: Vllm) -> Callable[[dict[str, Any]], Any]:
    async def asked(body: dict[str, Any]) -> Any:
        import httpx2
        from fastapi.responses import Response, StreamingResponse

        client = httpx2.AsyncClient(base_url=model.url, timeout=model.options.timeout_s, trust_env=False)
        request = client.build_request(
            "POST", "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {model.key}"}
        )
        try:
            reply = await client.send(request, stream=True)
        except httpx2.HTTPError as exc:
            await client.aclose()
            raise EndpointError(f"vLLM did not answer: {exc}") from exc
        kind = reply.headers.get("content-type", "application/json")
        if not kind.startswith("text/event-stream"):
            raw = await reply.aread()
            await client.aclose()
            return Response(raw, reply.status_code, media_type=kind)

        async def parts() -> AsyncIterator[bytes]:
            try:
                yield b""
                async for part in reply.aiter_raw():
                    yield part
            finally:
                await client.aclose()

        begun = parts()
        await anext(begun)  # closing one that has not begun would not close the client
        return StreamingResponse(begun, reply.status_code, media_type=kind)

    return asked
