"""The server, over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("llguidance")
httpx2 = pytest.importorskip("httpx2")

from forked import command, forked  # noqa: E402
from toy_language import FACTS, TEXT, toy_model, triples_of  # noqa: E402

from finetune.serve import TOKEN_VARIABLE, ServeLimits, Service, run, serving  # noqa: E402
from finetune.serve_batching import Full  # noqa: E402
from finetune.serve_models import Extracted, InProcess, Labelled, Question, RelationQuestion  # noqa: E402
from kg_builder.errors import ConfigError, ModelError  # noqa: E402
from kg_builder.extract.model_options import ModelOptions  # noqa: E402
from kg_builder.language_models import load_model, load_tokenizer  # noqa: E402

ONTOLOGY = '[relations."works for"]\n[relations."born in"]\n[relations.bought]\n'


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_model(tmp_path_factory.getbasetemp() / "toy")


@pytest.fixture(scope="module")
def client(toy: Path) -> Iterator[Any]:
    options = ModelOptions(model=str(toy), quantize="none", dtype="fp32", max_new_tokens=40)
    with serving(options, limits=ServeLimits(body_bytes=4000, text_characters=300, wait_ms=100)) as client:
        yield client


class Slow:
    """A model that takes its time, and fails at a text that says so."""

    name, labels, asking, at_a_time, together = "slow", (), None, 1, 4

    options = ModelOptions()

    def __init__(self, seconds: float) -> None:
        self.seconds, self.batches, self.closed = seconds, [], False  # type: ignore[var-annotated]

    def load(self) -> None:
        time.sleep(0.2)

    def problem(self) -> str:
        return ""

    def extract(self, questions: Sequence[Question]) -> list[Extracted]:
        self.batches.append([each.text for each in questions])
        time.sleep(self.seconds)
        if any("poison" in each.text for each in questions):
            raise RuntimeError("out of memory")
        return [Extracted("en", ()) for _ in questions]

    def classify(self, questions: Sequence[RelationQuestion]) -> list[Labelled]:
        return [Labelled("x") for _ in questions]

    def close(self) -> None:
        self.closed = True


def test_what_a_text_states_comes_back_with_its_places(client: Any) -> None:
    reply = client.post("/extract", json={"text": TEXT})
    assert triples_of(reply) == {("Ada Stone", "works for", "Brightwater")}
    (found,) = reply.json()["extractions"]
    assert TEXT[found["tail_start"] : found["tail_end"]] == "Brightwater"
    assert 0.5 < found["confidence"] <= 1
    assert reply.json()["finished"] is True


def test_requests_that_come_together_are_answered_together(client: Any) -> None:
    def batches() -> tuple[float, float]:
        told = client.get("/metrics").text
        count, total = (re.search(rf"kg_serve_batch_size_{name} (\S+)", told) for name in ("count", "sum"))
        return (float(count[1]) if count else 0, float(total[1]) if total else 0)

    before = batches()
    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda text: client.post("/extract", json={"text": text}), [*FACTS] * 2))
    for text, reply in zip([*FACTS] * 2, replies, strict=True):
        assert triples_of(reply) == {(t.head, t.relation, t.tail) for t in FACTS[text]}
    count, total = (b - a for a, b in zip(before, batches(), strict=True))
    assert total == 10
    assert count <= 4
    told = client.get("/metrics").text
    assert 'kg_serve_requests_total{path="/extract",status="200"}' in told
    assert "kg_serve_ready 1.0" in told


@pytest.mark.parametrize("ontology", [["bought", "founded"], "[relations.bought]\n[relations.founded]\n"])
def test_only_relations_of_the_ontology_come_out(client: Any, ontology: Any) -> None:
    reply = client.post("/extract", json={"text": TEXT, "ontology": ontology})
    assert {relation for _, relation, _ in triples_of(reply)} <= {"bought", "founded"}


def test_the_relation_between_two_given_entities(client: Any) -> None:
    body = {"text": TEXT, "head": "Ada Stone", "tail": "Brightwater", "labels": ["born in", "works for", "bought"]}
    reply = client.post("/classify", json=body)
    assert reply.status_code == 200, reply.text
    assert reply.json()["label"] == "works for"
    assert sum(reply.json()["confidences"].values()) == pytest.approx(1, abs=1e-4)
    assert client.post("/classify", json=body | {"tail": "Berlin"}).status_code == 422
    assert client.post("/classify", json={k: v for k, v in body.items() if k != "labels"}).status_code == 422


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ('{"text": "x"', "application/json", 400),
        ('["x"]', "application/json", 422),
        ('{"text": 3}', "application/json", 422),
        ('{"text": " "}', "application/json", 422),
        ('{"text": "x", "ontolgy": []}', "application/json", 422),
        ('{"text": "x", "ontology": "[relations"}', "application/json", 422),
        ('{"text": "\\ud800"}', "application/json", 422),
        ('{"text": "x"}', "text/plain", 415),
        (json.dumps({"text": "x" * 301}), "application/json", 413),
        (json.dumps({"text": "x" * 5000}), "application/json", 413),
    ],
)
def test_what_is_no_request_is_refused_with_the_reason(client: Any, content: str, kind: str, status: int) -> None:
    reply = client.post("/extract", content=content, headers={"content-type": kind})
    assert reply.status_code == status, reply.text
    assert reply.json()["error"]["message"]


def test_a_body_that_does_not_say_how_long_it_is_ends_at_the_limit(client: Any) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(100):
            yield b"x" * 100
        yield b'"}'

    reply = client.post("/extract", content=parts(), headers={"content-type": "application/json"})
    assert reply.status_code == 413


def test_other_names_for_this_machine_are_refused(client: Any) -> None:
    assert client.get("/metrics", headers={"host": "evil.example:80"}).status_code == 421


def test_openai_clients_talk_to_the_same_model(client: Any, toy: Path) -> None:
    messages = [{"role": "user", "content": "Hello"}]
    body = {"model": "toy", "messages": messages, "temperature": 0, "max_tokens": 4}
    assert client.get("/v1/models").json()["data"][0]["id"] == "toy"
    reply = client.post("/v1/chat/completions", json=body)
    assert reply.status_code == 200, reply.text
    assert reply.json()["choices"][0]["message"]["role"] == "assistant"
    assert client.post("/v1/chat/completions", json=body | {"model": "other"}).status_code == 400
    assert client.post("/v1/chat/completions", json=body | {"max_tokens": "many"}).status_code == 422
    longest = client.post("/v1/chat/completions", json=body | {"max_tokens": 5000}).json()
    assert longest["usage"]["completion_tokens"] <= 40
    parts = client.post("/v1/chat/completions", json=body | {"stream": True})
    assert parts.headers["content-type"].startswith("text/event-stream")
    assert '"object":"chat.completion.chunk"' in parts.text


def test_the_token_is_asked_for_and_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    token = "s3cret-" + "x" * 30
    with caplog.at_level(logging.DEBUG), serving(Slow(0), token=token) as client:
        assert client.post("/extract", json={"text": "x"}).status_code == 200
        for header in ("", "Bearer", f"Bearer {token[:-1]}", f"Basic {token}", "Bearer \u00e9"):
            wrong = client.post("/extract", json={"text": "x"}, headers={"authorization": header.encode("latin-1")})
            assert wrong.status_code == 401
            assert token not in wrong.text
        assert client.get("/metrics", headers={"authorization": ""}).status_code == 401
        assert client.get("/health", headers={"authorization": ""}).status_code == 200
        assert token not in client.get("/metrics").text
    assert token not in caplog.text


def test_a_server_that_others_reach_needs_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, " ")
    with pytest.raises(ConfigError, match=TOKEN_VARIABLE):
        run(Slow(0), host="0.0.0.0")


def test_a_full_queue_says_when_to_come_back_and_a_slow_answer_ends_in_time() -> None:
    model = Slow(0.5)
    with (
        serving(model, limits=ServeLimits(waiting=4, wait_ms=1, timeout_s=0.8)) as client,
        ThreadPoolExecutor(20) as pool,
    ):
        replies = list(pool.map(lambda n: client.post("/extract", json={"text": f"x{n}"}), range(20)))
        statuses = [reply.status_code for reply in replies]
        assert set(statuses) == {200, 429, 504} or set(statuses) == {200, 429}
        refused = next(reply for reply in replies if reply.status_code == 429)
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["type"] == "busy"
    assert model.closed


def test_one_text_that_cannot_be_answered_is_not_the_others_fault() -> None:
    model = Slow(0.05)
    with serving(model, limits=ServeLimits(wait_ms=200)) as client, ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda t: client.post("/extract", json={"text": t}), ["a", "poison", "b", "c"]))
    assert [reply.status_code for reply in replies] == [200, 500, 200, 200]
    assert "out of memory" in replies[1].json()["error"]["message"]
    assert len(model.batches[0]) == 4


def test_no_error_of_a_model_ends_the_server() -> None:
    class Faulty(Slow):
        def extract(self, questions: Sequence[Question]) -> list[Extracted]:
            if questions[0].text == "less":
                return []
            raise {"key": KeyError, "type": TypeError, "index": IndexError, "os": OSError}[questions[0].text]("odd")

    with serving(Faulty(0)) as client:
        for text in ("key", "type", "index", "os", "less"):
            reply = client.post("/extract", json={"text": text}, timeout=10)
            assert reply.status_code == 500, reply.text
        assert "OSError: odd" in client.post("/extract", json={"text": "os"}).json()["error"]["message"]


@pytest.mark.parametrize("error", [ImportError, KeyError])
def test_any_error_of_loading_is_told(error: type[Exception]) -> None:
    class Broken(Slow):
        def load(self) -> None:
            raise error("odd")

    with pytest.raises(ModelError, match="odd"), serving(Broken(0), timeout_s=10):
        pass


def test_a_chat_in_parts_is_under_way_until_its_last_part() -> None:
    from fastapi.responses import StreamingResponse

    closed = []

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"data: {}\n\n"
                await asyncio.sleep(0.01)
        finally:
            closed.append(True)

    async def asked(_: dict[str, Any]) -> Any:
        begun = endless()
        await anext(begun)
        return StreamingResponse(begun)

    async def scenario() -> None:
        service = Service(Slow(0), ServeLimits(waiting=1, timeout_s=0.3))
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def silent() -> Any:
            return await asyncio.Event().wait()

        async def gone() -> Any:
            return {"type": "http.disconnect"}

        for receive in (silent, gone):
            answer = await service.chat(asked, {})
            with pytest.raises(Full):
                await service.chat(asked, {})
            await asyncio.wait_for(answer({"type": "http"}, receive, send), 5)
        assert sum(each["type"] == "http.response.body" for each in sent) > 2
        assert len(closed) == 2
        answer = await service.chat(asked, {})
        del answer  # never sent
        gc.collect()
        await service.chat(asked, {})

    asyncio.run(scenario())


def test_a_classifier_beside_the_model_gives_the_labels(toy: Path, tmp_path: Path) -> None:
    labels = ("spouse", "parent", "none")
    made = load_model(str(toy), labels=labels)
    made.save_pretrained(tmp_path / "classifier")
    tokenizer = load_tokenizer(str(toy))
    tokenizer.save_pretrained(tmp_path / "classifier")
    model = InProcess(ModelOptions(model=str(toy), dtype="fp32"), classifier=str(tmp_path / "classifier"))
    model.load()
    assert model.labels == labels
    (found,) = model.classify([RelationQuestion(TEXT, "Ada Stone", "Brightwater")])
    with torch.inference_mode():
        ids = tokenizer(f"Ada Stone|Brightwater\n{TEXT}", return_tensors="pt")["input_ids"]
        expected = made.float().eval()(input_ids=ids).logits[0].softmax(-1).tolist()
    assert list(found.confidences.values()) == pytest.approx(expected, abs=0.01)
    with pytest.raises(ConfigError, match="friend"):
        model.classify([RelationQuestion(TEXT, "Ada Stone", "Brightwater", ("friend",))])


def test_a_model_that_cannot_be_loaded_ends_the_server(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ModelError, match="expected a tokenizer"):
        run(InProcess(ModelOptions(model=str(tmp_path / "nothing"))), port=port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ModelError, match="another --port"):
            run(Slow(0), port=taken.getsockname()[1])


def test_the_command_serves_until_it_is_told_to_stop_and_finishes_what_it_has(toy: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    asked = ("serve", "--model", toy, "--port", port, "--wait-ms", 1000)
    with (
        forked(command, *asked, environment={TOKEN_VARIABLE: ""}) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client,
    ):
        seen: set[int] = set()
        until = time.monotonic() + 200
        while 200 not in seen and time.monotonic() < until and process.is_alive():
            try:
                seen.add(client.get("/health").status_code)
            except httpx2.TransportError:
                time.sleep(0.005)
        assert seen >= {503, 200}, (seen, process.exitcode)
        with ThreadPoolExecutor(1) as pool:
            reply = pool.submit(client.post, "/extract", json={"text": TEXT})
            time.sleep(0.3)
            process.terminate()
            assert triples_of(reply.result()) == {("Ada Stone", "works for", "Brightwater")}
        process.join(30)
        assert process.exitcode == 0
