"""An HTTP server for an extractor: ``POST /extract``, ``POST /classify``, and what OpenAI's clients ask
(``/v1/chat/completions``).

Requests that come together are answered together (`finetune.serve_batching`); what is too large, too many or without
the token is refused (`finetune.serve_guard`). The chat endpoint is not ours: in this process it is the handler of
``transformers serve`` on the model that is loaded anyway, with vLLM it is vLLM's own, passed through.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from finetune.serve_batching import Full
from finetune.serve_chat import chat_of
from finetune.serve_guard import Guard, is_loopback, problem
from finetune.serve_models import InProcess, Model
from finetune.serve_requests import Refused, read_body
from finetune.serve_service import ServeLimits, Service
from finetune.serve_vllm import Vllm
from kg_builder.errors import ConfigError, KGError, ModelError
from kg_builder.extract.model_options import ModelOptions
from kg_builder.language_models import needed

__all__ = ["TOKEN_VARIABLE", "ServeLimits", "Service", "make_app", "open_model", "run", "serving"]

TOKEN_VARIABLE = "KG_SERVE_TOKEN"
"""The environment variable with the token that requests must bring; no flag has it, no log shows it."""

Backend = Literal["auto", "transformers", "vllm"]


def make_app(service: Service, *, token: str = "", on_failure: Callable[[], None] = lambda: None) -> Any:
    """The server as an ASGI app; the model loads when it starts."""
    needed("fastapi", "uvicorn")
    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse, Response
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        service.start(on_failure)
        try:
            yield
        finally:
            await service.stop()

    app = FastAPI(title="kg-finetune serve", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

    async def answered(request: Any, work: Callable[[Mapping[str, Any]], Any]) -> Any:
        begun, path = time.monotonic(), request.url.path
        try:
            given = await work(await read_body(request))
            answer = given if isinstance(given, Response) else JSONResponse(given)
        except Refused as exc:
            answer = JSONResponse(problem(exc.kind, str(exc)), exc.status)
            if exc.retry_after_s:
                answer.headers["retry-after"] = str(exc.retry_after_s)
        except Full as exc:
            answer = JSONResponse(problem("busy", str(exc)), 429, {"retry-after": str(exc.retry_after_s)})
        except TimeoutError:
            answer = JSONResponse(problem("timeout", f"no answer within {service.limits.timeout_s:g} s"), 504)
        except ConnectionAbortedError as exc:
            answer = JSONResponse(problem("stopping", str(exc)), 503)
        except Exception as exc:  # noqa: BLE001 - the border that keeps a request's fault from the server
            told = str(exc) if isinstance(exc, KGError) else f"{type(exc).__name__}: {exc}"
            answer = JSONResponse(problem("model", f"the model could not answer: {told}"[:1000]), 500)
        service.requests.labels(path, answer.status_code).inc()
        service.seconds.labels(path).observe(time.monotonic() - begun)
        return answer

    async def extract(request: Any) -> Any:
        return await answered(request, service.extract)

    async def classify(request: Any) -> Any:
        return await answered(request, service.classify)

    async def chat(request: Any) -> Any:
        async def asked(body: Mapping[str, Any]) -> Any:
            service.check_ready()
            return await service.chat(chat_of(service.model), dict(body))

        return await answered(request, asked)

    def models(_: Any) -> Any:
        return JSONResponse(
            {"object": "list", "data": [{"id": service.model.name, "object": "model", "owned_by": "kg"}]}
        )

    def health(_: Any) -> Any:
        try:
            service.check_ready()
        except Refused as exc:
            return JSONResponse({"status": exc.kind, "message": str(exc)}, exc.status)
        return JSONResponse({"status": "ok", "model": service.model.name})

    def metrics(_: Any) -> Any:
        return Response(generate_latest(service.registry), media_type=CONTENT_TYPE_LATEST)

    for path, work, method in (
        ("/extract", extract, "POST"),
        ("/classify", classify, "POST"),
        ("/v1/chat/completions", chat, "POST"),
        ("/v1/models", models, "GET"),
        ("/health", health, "GET"),
        ("/metrics", metrics, "GET"),
    ):
        work.__annotations__ = {"request": Request, "_": Request}
        app.add_api_route(path, work, methods=[method], response_model=None)
    return Guard(app, token=token, body_bytes=service.limits.body_bytes)


def open_model(
    options: ModelOptions, *, backend: Backend = "auto", classifier: str = "", name: str = "", more: Sequence[str] = ()
) -> Model:
    """What answers: vLLM where there is a GPU and vLLM, else the model in this process. Nothing is loaded yet.

    Raises:
        ConfigError: there is no such back end, or it cannot do what is asked.
    """
    if not options.model:
        raise ConfigError("expected a model to serve (--model), found none")
    if backend not in ("auto", "transformers", "vllm"):
        raise ConfigError(f"expected a back end out of auto, transformers, vllm, found {backend!r}")
    if backend == "auto":
        backend = "vllm" if _has_vllm() and not classifier and options.quantize != "8bit" else "transformers"
    if backend == "vllm":
        if classifier:
            raise ConfigError("expected no --classifier with vLLM; serve it with --backend transformers")
        return Vllm(options, name=name, more=more)
    return InProcess(options, classifier=classifier, name=name)


def run(
    model: Model,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    limits: ServeLimits | None = None,
    on_message: Callable[[str], None] = lambda told: None,
) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished.

    Raises:
        ConfigError: others than this machine can reach it, and there is no token.
        ModelError: the model cannot be loaded, or the address cannot be had.
    """
    needed("fastapi", "uvicorn")
    import uvicorn

    limits = limits or ServeLimits()
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token and not is_loopback(host):
        raise ConfigError(
            f"expected a token in {TOKEN_VARIABLE} for a server that others can reach ({host}), found none; set one "
            "(openssl rand -hex 32), or bind it to 127.0.0.1"
        )
    service = Service(model, limits)
    server: Any = None

    def stop() -> None:
        server.should_exit = True

    config = uvicorn.Config(
        make_app(service, token=token, on_failure=stop),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=int(limits.stop_s),
        server_header=False,
    )
    server = uvicorn.Server(config)
    on_message(f"serving {model.name} at http://{host}:{port}; ready when /health says so")
    before = signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it again when it has stopped
    try:
        server.run()
    except SystemExit as exc:
        raise ModelError(f"expected to listen at {host}:{port}, but that cannot be had; take another --port") from exc
    finally:
        signal.signal(signal.SIGTERM, before)
    if service.failure is not None:
        told = f"the model cannot be loaded: {type(service.failure).__name__}: {service.failure}"
        raise service.failure if isinstance(service.failure, KGError) else ModelError(told)


@contextlib.contextmanager
def serving(
    options: ModelOptions | Model, *, limits: ServeLimits | None = None, token: str = "", timeout_s: float = 300.0
) -> Iterator[Any]:
    """A server in a thread of this process, and a client of it (`httpx2.Client`), for as long as the block lasts.

    Raises:
        ModelError: it is not ready within `timeout_s`.
    """
    needed("fastapi", "uvicorn", "httpx2")
    import httpx2
    import uvicorn

    service = Service(InProcess(options) if isinstance(options, ModelOptions) else options, limits or ServeLimits())
    config = uvicorn.Config(
        make_app(service, token=token), host="127.0.0.1", port=0, log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="kg-serving", daemon=True)
    thread.start()
    try:
        until = time.monotonic() + timeout_s
        while not (service.ready and server.started):
            if service.failure is not None or not thread.is_alive() or time.monotonic() > until:
                raise ModelError(f"the server did not become ready: {service.failure or 'it took too long'}")
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        headers = {"authorization": f"Bearer {token}"} if token else {}
        with httpx2.Client(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=timeout_s, trust_env=False
        ) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(30)


def _has_vllm() -> bool:
    import shutil

    from kg_builder.language_models import best_device

    return shutil.which("vllm") is not None and best_device() == "cuda"
