"""A model's words as they come: every piece is shown, none is lost, and no key is told, whatever the endpoint does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from misbehaving import CUT, Act, Misbehaving, answer, serving, streamed, trouble

from kg_builder.cli import cli
from kg_builder.differences import statements_by_content
from kg_builder.endpoint import Endpoint, Request
from kg_builder.endpoint_reply import Reply
from kg_builder.errors import EndpointError
from kg_builder.extract.model_options import ModelOptions
from kg_builder.extracting import Extracted
from kg_builder.recipe import Recipe
from kg_builder.render import render_extraction
from kg_builder.trying import Trial, Tried, stream_replies, try_text
from kg_builder.types import Usage

pytest.importorskip("openai", reason="the extra 'endpoint'")

KEY = "sk-sesame-0123456789"
ASKED = Request([{"role": "system", "content": "Facts?"}, {"role": "user", "content": "Who?"}], grammar="start: x")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Misbehaving]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with serving() as made:
        yield made


def heard(server: Misbehaving, act: Act | list[Act], *, timeout_s: float = 60.0) -> tuple[list[str], Reply]:
    """The pieces and the reply that come of what the server does."""
    acts = act if isinstance(act, list) else [act]
    server.says = lambda _: acts.pop(0) if len(acts) > 1 else acts[0]
    pieces: list[str] = []
    with Endpoint(server.url, "big", environment={"OPENAI_API_KEY": KEY}, timeout_s=timeout_s) as endpoint:
        source = endpoint.stream(ASKED)
        while True:
            try:
                pieces.append(next(source))
            except StopIteration as ended:
                return pieces, ended.value


def test_words_come_as_they_are_said_and_the_reply_is_that_of_a_whole_answer(server: Misbehaving) -> None:
    server.says = lambda _: streamed("Ada|wr", "ote|Not", "es\n李明|出生于|北京\u2028", pause_s=0.15)
    came: list[tuple[float, str]] = []
    with Endpoint(server.url, "big", environment={}) as endpoint:
        source = endpoint.stream(ASKED)
        with pytest.raises(StopIteration) as ended:
            while True:
                came.append((time.monotonic(), next(source)))
        assert endpoint.usage == Usage(10, 5)
    assert [piece for _, piece in came] == ["Ada|wr", "ote|Not", "es\n李明|出生于|北京\u2028"]
    assert came[2][0] - came[0][0] > 0.2  # while it was still speaking
    assert ended.value.value == Reply("Ada|wrote|Notes\n李明|出生于|北京\u2028", usage=Usage(10, 5))
    body = server.seen[0].body
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["structured_outputs"] == {"grammar": "start: x"}


@pytest.mark.parametrize(
    ("act", "reason", "failed", "text"),
    [
        (streamed("a|b|c\nd|e", finish="length"), "cut-off", False, "a|b|c\nd|e"),
        (streamed("half", finish="content_filter"), "refused", False, "half"),
        (streamed(refusal="I will not."), "refused", False, "I will not."),
        (streamed(), "empty", False, ""),
        (streamed("a|b|", finish=None), "connection", True, "a|b|"),
        (answer("a|b|c"), "", False, "a|b|c"),  # an endpoint that does not stream
        (streamed("<think>well</think>a|b|c"), "", False, "a|b|c"),
        (replace(streamed("a|b|c"), body="data: {broken\n\n"), "no-json", True, ""),
        (replace(streamed(), body='data: {"error": {"message": "no memory"}}\n\n'), "error", True, ""),
        (replace(streamed(), body="<html>busy</html>"), "no-json", True, ""),
        (trouble(503), "http-503", True, ""),
        (trouble(429, retry_after="7"), "rate-limited", True, ""),
        (trouble(400, "blocked by content management policy"), "refused", False, None),
        (CUT, "connection", True, ""),
        (replace(streamed("a", "b", "c"), pause_s=30.0), "timeout", True, None),
    ],
)
def test_whatever_comes_is_an_answer_or_a_failure_that_says_why(
    server: Misbehaving, act: Act, reason: str, failed: bool, text: str | None
) -> None:
    pieces, reply = heard(server, act, timeout_s=1.0 if reason == "timeout" else 60.0)
    assert (reply.reason, reply.failed) == (reason, failed)
    if text is not None and "think" not in act.body:
        assert (reply.text, "".join(pieces)) == (text, text if reason != "refused" or "refusal" not in act.body else "")
    assert len(server.seen) == (1 if act.status != 400 else 3) or reason == "refused"


def test_an_endpoint_that_knows_less_is_asked_in_other_words(server: Misbehaving) -> None:
    acts = [trouble(400, "use max_completion_tokens"), trouble(400, "stream_options?"), trouble(400, "grammar?")]
    pieces, reply = heard(server, [*acts, streamed("a|b|c", usage=None)])
    assert (pieces, reply.text, reply.failed) == (["a|b|c"], "a|b|c", False)
    last = server.seen[-1].body
    assert "max_completion_tokens" in last
    assert not {"max_tokens", "stream_options", "structured_outputs"} & set(last)


def test_a_key_is_never_shown_even_in_pieces(server: Misbehaving) -> None:
    pieces, reply = heard(server, streamed("it is sk-ses", "ame-01234", "56789, sk-", "sesame-0"))
    assert "".join(pieces) == reply.text == "it is ***, sk-sesame-0"
    assert server.seen[0].key == f"Bearer {KEY}"
    with pytest.raises(EndpointError) as told:
        heard(server, trouble(401, f"wrong key {KEY}"))
    assert KEY not in str(told.value)


def test_stopping_lets_go_at_once_and_keeps_what_came(server: Misbehaving) -> None:
    server.says = lambda _: streamed(*"abcdefgh", pause_s=2.0)
    stop = threading.Event()
    with Endpoint(server.url, "big", environment={}) as endpoint:
        source = endpoint.stream(ASKED, stop=stop)
        assert next(source) == "a"
        stop.set()
        begun = time.monotonic()
        with pytest.raises(StopIteration) as ended:
            while True:
                next(source)
        assert time.monotonic() - begun < 5.0
        reply = ended.value.value
        assert (reply.reason, reply.failed) == ("stopped", True)
        assert reply.text.startswith("a")
        assert len(reply.text) < 8
        server.says = lambda _: answer("a|b|c")
        assert endpoint.ask(ASKED).text == "a|b|c"  # and the endpoint is as good as before


# ---------------------------------------------------------------- one text, with all that there is to see
TEXT = "Ada Lovelace worked for Analytical Engines in London.\n\n李明出生于北京，现居上海。\n"


def recipe(server: Misbehaving, **more: Any) -> Recipe:
    return Recipe("endpoint", model=ModelOptions("big", base_url=server.url, **more))


def triples(tried: Tried) -> list[tuple[str, str, str]]:
    return [(x.head.surface, x.relation.surface, x.tail.surface) for x in tried.extractions]


def test_a_text_is_tried_with_the_words_of_the_model_and_why_lines_are_left_out(server: Misbehaving) -> None:
    def says(text: str) -> Act:
        if "Ada" in text:
            return streamed("Ada Lovelace|worked for|Analytical Engines\nno triple\n", "Bob|knows|London\n")
        return streamed("李明|出生于|北京\n李明|出生于|北京")

    server.says = says
    said: list[str] = []
    made = recipe(server, instruction="Say it in lines.")
    told = stream_replies(TEXT, made, say=said.append, environment={})
    assert told.first_s is not None and 0 < told.first_s <= told.seconds
    assert (told.tokens_per_second or 0) > 0
    assert "".join(said).split("\n\n")[1].strip() == "李明|出生于|北京\n李明|出生于|北京"
    assert server.seen[0].body["messages"][0]["content"] == "Say it in lines."
    tried = try_text(Trial(TEXT, made, told.replies))
    assert triples(tried) == [("Ada Lovelace", "worked for", "Analytical Engines"), ("李明", "出生于", "北京")]
    assert [(each.reason, each.what) for each in tried.dropped] == [
        ("no-separator", "no triple"),
        ("head-not-in-text", "Bob|knows|London"),
        ("repeated", "李明|出生于|北京"),
    ]
    assert tried.written[1] == "李明|出生于|北京\n李明|出生于|北京"
    assert all(tried.document.text[x.head.start : x.head.end] == x.head.surface for x in tried.extractions)


def test_a_trial_is_what_the_command_prints_and_two_can_be_compared(tmp_path: Path, server: Misbehaving) -> None:
    tried = try_text(Trial(TEXT, Recipe()))
    printed = CliRunner().invoke(cli, ["extract", "-", "--workers", "0"], input=TEXT, catch_exceptions=False)
    item = Extracted("-", None, ())
    shown = [render_extraction(item, x, form="jsonl", arguments="entity") for x in tried.extractions]
    assert len(shown) >= 2
    assert printed.stdout.splitlines() == shown
    server.says = lambda text: answer("Ada Lovelace|worked for|Analytical Engines" if "Ada" in text else "李明|爱|上海")
    other = try_text(Trial(TEXT, recipe(server)))
    first, second = (statements_by_content(each.contribution) for each in (tried, other))
    assert len(first.keys() & second.keys()) >= 1
    assert json.loads(shown[0])["head"] == "Ada Lovelace"


def test_what_an_ontology_does_not_have_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "o.toml"
    path.write_text('[types.Person]\n[types.Organization]\n[relations.works_for]\naliases = ["worked for"]\n')
    made = replace(Recipe(), ontology=str(path))
    text = "Ada Lovelace worked for Analytical Engines. Bob Stone bought a house."
    tried = try_text(Trial(text, made))
    assert [x.relation.lemma for x in tried.extractions] == ["works_for"]
    assert ("no relation of the ontology", "Bob Stone|bought|house") in [(d.reason, d.what) for d in tried.dropped]
    kept = try_text(Trial(text, replace(made, ontology_mode="open")))
    assert len(kept.extractions) == 2
    assert not kept.dropped


def test_segments_without_an_answer_are_faults_and_the_others_stay(server: Misbehaving) -> None:
    server.says = lambda text: streamed("Ada Lovelace|worked for|Analytical Engines") if "Ada" in text else trouble(500)
    made = recipe(server)
    told = stream_replies(TEXT, made, say=lambda _: None, environment={})
    tried = try_text(Trial(TEXT, made, told.replies))
    assert len(tried.extractions) == 1
    assert len(tried.faults) == 1
    assert "http-500" in tried.faults[0]
