"""vLLM behind the server, in a process of its own."""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Event, Thread
from typing import Any

from finetune.relation_question import kept_asking
from finetune.serve_models import Extracted, Labelled, Question, RelationQuestion, extracted, known_labels
from kg_builder.chat_templates import CHAT_TEMPLATES
from kg_builder.errors import ConfigError, EndpointError, KGError, ModelError
from kg_builder.extract.model_options import ModelOptions
from kg_builder.language import detect_language
from kg_builder.language_models import needed
from kg_builder.prompt import extraction_messages, format_triples, whole_lines
from kg_builder.types import Triple

__all__ = ["Vllm"]

_LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # that vLLM has room for
_LAST_LINES = 40  # of what it said, kept for the case that it ends


class Vllm:
    """``vllm serve`` as a child process on loopback, with a key that nobody else knows.

    On Linux it ends with this process however that ends, elsewhere with `close`; if it ends by itself, `problem` says
    so.
    """

    def __init__(
        self, options: ModelOptions, *, name: str = "", start_timeout_s: float = 900.0, more: Sequence[str] = ()
    ) -> None:
        self.options = options
        self.at_a_time, self.together = options.concurrency, 1  # it puts requests together itself
        self.name = name or Path(options.adapter or options.model).name
        self.asking = kept_asking(options.adapter or options.model)
        self.labels = self.asking.labels if self.asking else ()
        self.key = secrets.token_urlsafe(32)
        self.url = ""
        self._start_timeout_s, self._more = start_timeout_s, tuple(more)
        self._child: subprocess.Popen[str] | None = None
        self._said: deque[str] = deque(maxlen=_LAST_LINES)
        self._client: Any = None
        self._closing = Event()
        self._folder: Path | None = None

    def command(self, port: int) -> list[str]:
        """What is started.

        Raises:
            ConfigError: vLLM has no form of what the options ask for.
        """
        options = self.options
        if options.quantize == "8bit":
            raise ConfigError("expected quantize 4bit or none with vLLM, found '8bit'; serve it in this process")
        dtype = {"auto": "auto", "bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}[options.dtype]
        made = ["vllm", "serve", options.model, "--host", "127.0.0.1", "--port", str(port), "--dtype", dtype]
        if options.quantize == "4bit":
            made += ["--quantization", "bitsandbytes"]
        if options.adapter:
            rank = _rank_of(options.adapter)
            made += ["--enable-lora", "--max-lora-rank", str(rank), "--served-model-name", f"{self.name}-base"]
            made += ["--lora-modules", f"{self.name}={options.adapter}"]
        else:
            made += ["--served-model-name", self.name]
        if options.chat_template:
            self._folder = self._folder or Path(tempfile.mkdtemp(prefix="kg-serve-"))
            template = self._folder / "template.jinja"
            template.write_text(CHAT_TEMPLATES[options.chat_template].jinja, "utf-8")
            made += ["--chat-template", str(template)]
        if options.trust_remote_code:
            made.append("--trust-remote-code")
        return [*made, *self._more]

    def load(self) -> None:
        """Start it, and wait until it says that it is ready.

        Raises:
            ModelError: it is not installed, ended, or took too long.
        """
        needed("openai")
        if shutil.which("vllm") is None:
            raise ModelError("expected the command vllm, found none: pip install vllm, on a machine with a GPU")
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        started: Future[subprocess.Popen[str]] = Future()
        Thread(target=self._run, args=(self.command(port), started), name="kg-vllm-output", daemon=True).start()
        self._child = started.result()
        self._wait()
        import openai

        self._client = openai.OpenAI(base_url=f"{self.url}/v1", api_key=self.key, max_retries=1)

    def _run(self, command: list[str], started: Future[subprocess.Popen[str]]) -> None:
        """Start the child and listen to it: the system ends it with the thread that started it, so it must be one that
        lasts."""
        try:
            child = subprocess.Popen(
                command,
                env=os.environ | {"VLLM_API_KEY": self.key},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                errors="replace",
                start_new_session=True,  # its workers end with it, and Ctrl-C reaches us alone
                preexec_fn=_dying_with_parent(),
            )
        except OSError as exc:
            started.set_exception(ModelError(f"vLLM cannot be started: {exc}"))
            return
        started.set_result(child)
        for line in child.stdout or ():
            self._said.append(line.rstrip())
        child.wait()

    def _wait(self) -> None:
        from urllib.error import URLError
        from urllib.request import urlopen

        until = time.monotonic() + self._start_timeout_s
        while not self._closing.is_set():
            if self.problem():
                raise ModelError(self.problem())
            if time.monotonic() > until:
                raise ModelError(
                    f"expected vLLM to be ready within {self._start_timeout_s:.0f} s; {self._last_words()}"
                )
            try:
                with urlopen(f"{self.url}/health", timeout=5) as reply:
                    if reply.status == 200:
                        return
            except (URLError, OSError):
                pass
            self._closing.wait(0.25)

    def problem(self) -> str:
        """That the child has ended, with what it said last."""
        if self._child is None or self._child.poll() is None:
            return ""
        return f"vLLM has ended with status {self._child.returncode}; {self._last_words()}"

    def _last_words(self) -> str:
        return "it said last: " + (" / ".join(list(self._said)[-5:]) or "nothing")

    def extract(self, questions: Sequence[Question]) -> list[Extracted | KGError]:
        """As in process, with the same grammar."""
        return [self._extract(each) for each in questions]

    def _extract(self, question: Question) -> Extracted:
        from kg_builder.extract.grammar import grammar_for

        language = detect_language(question.text)
        extra: dict[str, Any] = {}
        if self.options.constrained:
            extra["structured_outputs"] = {"grammar": grammar_for(question.text, relations=question.relations)}
        messages = extraction_messages(question.text, language=language, relations=question.relations)
        text, finished = self._ask(messages, extra)
        whole = text if finished else whole_lines(text)
        return extracted(question, language, whole, finished)

    def classify(self, questions: Sequence[RelationQuestion]) -> list[Labelled]:
        """The label, or the line with it, that the model would write; it does not say how sure it is."""
        made = []
        for each in questions:
            if self.asking is not None:
                lines = {label: label for label in known_labels(each.labels, self.labels)}
                messages = list(self.asking.messages(each.text, each.head, each.tail))
            else:
                lines = {format_triples([Triple(each.head, x, each.tail)]).rstrip("\n"): x for x in each.labels}
                messages = extraction_messages(each.text, language=detect_language(each.text), relations=each.labels)
            text, _ = self._ask(messages, {"structured_outputs": {"choice": list(lines)}})
            if text.strip() not in lines:
                raise EndpointError(f"expected one of {len(lines)} lines from vLLM, found {text[:100]!r}")
            made.append(Labelled(lines[text.strip()]))
        return made

    def _ask(self, messages: Sequence[dict[str, str]], extra: dict[str, Any]) -> tuple[str, bool]:
        import openai

        try:
            reply = self._client.chat.completions.create(
                model=self.name,
                messages=list(messages),
                max_tokens=self.options.max_new_tokens,
                temperature=self.options.temperature,
                timeout=self.options.timeout_s,
                extra_body=extra,
            )
        except openai.OpenAIError as exc:
            raise EndpointError(f"vLLM did not answer: {exc}") from exc
        choice = reply.choices[0]
        return choice.message.content or "", choice.finish_reason != "length"

    def close(self) -> None:
        """End the child and all that it started."""
        self._closing.set()
        child = self._child
        if child is not None and child.poll() is None:
            for how in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(child.pid, how)
                    child.wait(15)
                    break
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _dying_with_parent() -> Callable[[], None] | None:
    """What has the system end a child when its parent is killed, to be called in the child; None but on Linux."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: after it nothing may take a lock

    def dying() -> None:
        prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG

    return dying


def _rank_of(adapter: str) -> int:
    """The least room for an adapter's rank that vLLM knows."""
    try:
        rank = int(json.loads((Path(adapter) / "adapter_config.json").read_text("utf-8"))["r"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ModelError(f"expected an adapter at {adapter!r}, but {exc}") from exc
    fitting = [each for each in _LORA_RANKS if each >= rank]
    if not fitting:
        raise ConfigError(f"vLLM serves adapters up to rank {_LORA_RANKS[-1]}, found {rank}; merge it first")
    return fitting[0]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
