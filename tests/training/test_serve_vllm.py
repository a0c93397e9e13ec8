"""vLLM behind the server: started, asked and ended, by a program of that name which notes what it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
httpx2 = pytest.importorskip("httpx2")

from toy_language import TEXT, triples_of  # noqa: E402

from finetune.serve import TOKEN_VARIABLE, open_model, run, serving  # noqa: E402
from finetune.serve_vllm import Vllm  # noqa: E402
from kg_builder.errors import ConfigError  # noqa: E402
from kg_builder.extract.model_options import ModelOptions  # noqa: E402


@pytest.fixture
def vllm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of notes; a program called vllm is on the path."""
    pytest.importorskip("openai")
    program = tmp_path / "bin" / "vllm"
    program.parent.mkdir()
    source = (
        Path(__file__).with_name("fake_vllm.py").read_text().replace("#!/usr/bin/env python3", f"#!{sys.executable}")
    )
    program.write_text(source)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("KG_TEST_NOTES", str(tmp_path / "notes.jsonl"))
    return tmp_path / "notes.jsonl"


def test_vllm_is_started_asked_and_ended(vllm: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"r": 20}')
    options = ModelOptions(model="base", adapter=str(adapter), quantize="4bit", chat_template="chatml")
    model = open_model(options, backend="vllm", name="toy")
    assert isinstance(model, Vllm)
    with serving(model) as client:
        reply = client.post("/extract", json={"text": TEXT, "ontology": ["works for"]})
        assert triples_of(reply) == {("Ada Stone", "works for", "Brightwater")}
        body: dict[str, Any] = {"text": TEXT, "head": "Ada Stone", "tail": "Lyon", "labels": ["a", "b"]}
        assert client.post("/classify", json=body).json()["label"] == "b"
        chat = client.post(
            "/v1/chat/completions", json={"model": "toy", "messages": [{"role": "user", "content": "x"}]}
        )
        assert chat.json()["choices"][0]["message"]["content"].startswith("Ada")
        child = model._child
        assert child is not None
        client.post("/v1/chat/completions", json={"model": "toy", "messages": [{"role": "user", "content": "die"}]})
        child.wait(10)
        down = client.get("/health")
        assert down.status_code == 503
        assert "no kernel image" in down.json()["message"]
    notes = [json.loads(line) for line in vllm.read_text().splitlines()]
    given = " ".join(notes[0]["arguments"])
    assert f"--lora-modules toy={adapter}" in given
    assert "--max-lora-rank 32" in given
    assert "--quantization bitsandbytes" in given
    assert model.key not in given
    assert "substring" in notes[0]["body"]["structured_outputs"]["grammar"]


def test_vllm_ends_with_the_server(vllm: Path) -> None:
    model = Vllm(ModelOptions(model="base"))
    with serving(model):
        child = model._child
        assert child is not None
        assert child.poll() is None
    assert child.poll() is not None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system does it, and Linux alone")
def test_vllm_ends_with_a_server_that_is_killed(vllm: Path) -> None:
    """And not with the thread that loaded it."""
    source = """
import threading, time
from finetune.serve_vllm import Vllm
from kg_builder.extract.model_options import ModelOptions
model = Vllm(ModelOptions(model="base"))
loading = threading.Thread(target=model.load)
loading.start()
loading.join()
time.sleep(0.5)
print(model.problem() or model.url, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            assert httpx2.get(f"{url}/health", trust_env=False).status_code == 200
        finally:
            server.kill()
    until = time.monotonic() + 10
    with pytest.raises(httpx2.TransportError):
        while time.monotonic() < until:
            httpx2.get(f"{url}/health", trust_env=False)
            time.sleep(0.05)


def test_vllm_leaves_no_folder_where_it_was_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ConfigError, match=TOKEN_VARIABLE):
        run(Vllm(ModelOptions(model="base", chat_template="chatml")), host="0.0.0.0")
    assert not list(tmp_path.iterdir())
