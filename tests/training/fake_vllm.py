#!/usr/bin/env python3
"""What the tests start as ``vllm``: an OpenAI-compatible server that answers every question in the same way, and notes
what it was started with and asked."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ARGUMENTS = sys.argv[1:]
NOTES = Path(os.environ["KG_TEST_NOTES"])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(200, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        with NOTES.open("a") as file:
            file.write(json.dumps({"arguments": ARGUMENTS, "body": body}) + "\n")
        if key != os.environ["VLLM_API_KEY"]:
            self._answer(401, {"error": "key"})
            return
        if "die" in body["messages"][-1]["content"]:
            print("CUDA error: no kernel image is available", flush=True)
            os._exit(7)
        wanted = body.get("structured_outputs", {})
        text = wanted["choice"][-1] if "choice" in wanted else "Ada Stone|works for|Brightwater"
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        reply = {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice]}
        self._answer(200, reply)

    def _answer(self, status: int, body: object) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        pass


port = int(ARGUMENTS[ARGUMENTS.index("--port") + 1])
ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
