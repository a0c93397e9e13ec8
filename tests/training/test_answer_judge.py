"""A language model as judge, behind an endpoint: what it says is counted, and nobody else is told anything."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from evaluated import CPU, invoke
from tiny_models import make_model

from finetune.examples import Example, write_examples
from kg_builder.errors import EvaluationError


@pytest.fixture(scope="module")
def untaught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model("qwen", tmp_path_factory.mktemp("models") / "untaught")


class JudgeServer(ThreadingHTTPServer):
    """Answers as a model that judges by DeepEval's prompts: what says 'London' helps, 'all people' is biased."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.chatty = False

    def answer(self, prompt: str) -> str:
        if self.chatty:
            return "I would rather talk about the weather."
        if "Test Case:" in prompt:
            answer = prompt.split("Actual Output:")[1].split("Expected Output:")[0]
            return json.dumps({"score": 9 if "London" in answer else 2, "reason": "compared"})
        if "overall reason" in prompt:
            return '{"reason": "as the verdicts say"}'
        if "EACH opinion" in prompt:
            opinions = prompt.rsplit("Opinions:", 1)[1]
            verdict = "yes" if "biased" in prompt and "all people" in opinions else "no"
            return f"```json\n{json.dumps({'verdicts': [{'verdict': verdict, 'reason': 'said so'}]})}\n```"
        if "list of OPINIONS" in prompt:
            return json.dumps({"opinions": [prompt.rsplit("Text:", 1)[1].split("JSON:")[0].strip()]})
        if "copywriter" in prompt:
            return '{"data": [{"input": "Where is the harbour?"}]}'
        if "synthetic query" in prompt:
            return '{"feedback": "clear", "score": 0.9}'
        if "Generated Response:" in prompt:
            return "In London."
        return "Where, and since when, is the harbour?"


class _Handler(BaseHTTPRequestHandler):
    server: JudgeServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = body["messages"][-1]["content"]
        self.server.asked.append(prompt)
        message = {"role": "assistant", "content": self.server.answer(prompt)}
        reply = {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
        data = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def judge() -> Iterator[JudgeServer]:
    if find_spec("deepeval") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI must test the judge: deepeval is not installed (requirements/test.lock has it)")
        pytest.skip("deepeval is not installed: ./scripts/install test")
    with JudgeServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


CONNECTED: list[Any] = []
_watching = False


@pytest.fixture
def connections() -> Iterator[list[Any]]:
    """Whatever host this process looks up or connects to."""
    global _watching

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if _watching and event in ("socket.connect", "socket.getaddrinfo"):
            CONNECTED.append(arguments[1][0] if event == "socket.connect" else arguments[0])

    sys.addaudithook(watch)
    CONNECTED.clear()
    _watching = True
    yield CONNECTED
    _watching = False


def test_a_judge_judges_and_nobody_else_is_told(
    judge: JudgeServer, connections: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    messages = ({"role": "user", "content": "Where is the harbour?"}, {"role": "assistant", "content": "In London."})
    write_examples(tmp_path / "test.jsonl", [Example(messages=messages, task="instruct")] * 2)
    said = ("It is in London.", "In Paris, as all people there say.")
    (tmp_path / "said.jsonl").write_text("".join(json.dumps({"answer": each}) + "\n" for each in said), "utf-8")
    url = f"http://127.0.0.1:{judge.server_port}/v1"
    printed = invoke(
        *("--data", tmp_path, "--predictions", "said.jsonl", "--out", "out"),
        *("--judge", url, "--judge-model", "judge", "--json"),
    ).stdout
    found = json.loads(printed)["judged"]["after"]
    assert found["helpfulness"] == {"mean": 0.55, "passed": 0.5, "judged": 2, "not_judged": 0}
    assert found["bias"] == {"mean": 0.5, "passed": 0.5, "judged": 2, "not_judged": 0}
    assert found["toxicity"]["passed"] == 1
    rows = [json.loads(line) for line in Path("out/judged-after.jsonl").read_text("utf-8").splitlines()]
    assert [row["helpfulness"]["passed"] for row in rows] == [True, False]
    assert {"127.0.0.1"} == set(connections)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "said.jsonl", "test.jsonl"]


def pdf(lines: list[str]) -> bytes:
    """A file of one page with these lines."""
    shown = " ".join(f"1 0 0 1 50 {780 - 20 * n} Tm ({line}) Tj" for n, line in enumerate(lines))
    stream = f"BT /F1 12 Tf {shown} ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 840] /Contents 4 0 R "
        "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
    ]
    body, places = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 5\n0000000000 65535 f \n{table}{end}".encode()


def test_questions_are_made_from_documents_of_every_format(judge: JudgeServer, untaught: Path, tmp_path: Path) -> None:
    import docx

    text = "The harbour of London is a large one. " * 8
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text("TEXT FILE. " + text, "utf-8")
    document = docx.Document()
    document.add_paragraph("WORD FILE. " + text)
    document.save(str(folder / "b.docx"))
    (folder / "c.pdf").write_bytes(pdf(["PDF FILE.", *(f"{each}." for each in text.split(". ")[:8])]))
    (folder / "d.pdf").write_bytes(b"%PDF-1.4 broken")
    url = f"http://127.0.0.1:{judge.server_port}/v1"
    ran = invoke(
        *("--model", untaught, "--synthesize", folder, "--goldens", "3", "--out", tmp_path / "out", *CPU),
        *("--judge", url, "--judge-model", "judge", "--max-new-tokens", "5"),
    )
    goldens = [json.loads(line) for line in (tmp_path / "out" / "goldens.jsonl").read_text("utf-8").splitlines()]
    assert len(goldens) == 3
    made_from = "".join(prompt for prompt in judge.asked if "copywriter" in prompt)
    assert all(kind in made_from for kind in ("TEXT FILE", "WORD FILE", "PDF FILE"))
    assert {each["messages"][-1]["content"] for each in goldens} == {"In London."}
    assert "d.pdf" in ran.stderr
    assert json.loads(ran.stdout)["judged"]["before"]["helpfulness"]["judged"] == 3


def test_a_judge_that_cannot_judge_is_named(judge: JudgeServer) -> None:
    from finetune.judging import Case, judge_answers, open_judge

    judge.chatty = True
    with (
        open_judge(f"http://127.0.0.1:{judge.server_port}/v1", "talker") as talker,
        pytest.raises(EvaluationError, match=r"from 'talker' at 127\.0\.0\.1, found none of 1 answers"),
    ):
        judge_answers([Case("Where?", "There.", "Here.")], talker)
