"""A model behind an endpoint: whatever the endpoint does, no answer is lost, no limit broken, and no key told."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import pytest
from asking import KEY, asked
from misbehaving import CUT, DRIP, HANG, NO_JSON, Act, Misbehaving, answer, serving, trouble

from kg_builder.endpoint import Endpoint, Request
from kg_builder.endpoint_limits import retry_after_s
from kg_builder.endpoint_reply import Reply, whole_lines
from kg_builder.errors import ConfigError, EndpointError
from kg_builder.types import Usage

pytest.importorskip("openai", reason="the extra 'endpoint'")


# ---------------------------------------------------------------- answers
def test_answers_keep_the_order_of_the_questions_and_come_as_they_come(server: Misbehaving, at: Any) -> None:
    server.says = lambda text: answer(f"to {text}", after_s=0.3 if text in "05" else 0.0)
    texts = [str(number) for number in range(12)]
    endpoint = at(concurrency=6)
    assert [each.text for each in endpoint.replies(asked(*texts))] == [f"to {text}" for text in texts]
    came = [number for number, _ in endpoint.answers(asked(*texts))]
    assert sorted(came) == list(range(12))
    assert came[0] != 0
    assert endpoint.usage == Usage(240, 120)
    assert endpoint.sent == len(server.seen) == 24


@pytest.mark.parametrize(
    ("act", "reason", "text"),
    [
        (answer("a|b|c\nd|e", finish="length"), "cut-off", "a|b|c\nd|e"),
        (answer(None, refusal="I will not."), "refused", "I will not."),
        (answer("half", finish="content_filter"), "refused", "half"),
        (trouble(400, "blocked by content management policy", code="content_filter"), "refused", None),
        (answer(None), "empty", ""),
        (answer(" \n"), "empty", " \n"),
        (Act('{"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}}'), "malformed", None),
        (Act("[1]"), "malformed", "[1]"),
        (Act('{"choices": [{"message": "a|b|c"}]}'), "malformed", None),
        (answer([{"type": "text", "text": "a|b|"}, {"type": "text", "text": "c"}]), "", "a|b|c"),  # type: ignore[arg-type]
        (answer("<think>well | so | what\n</think>\n\na|b|c"), "", "a|b|c"),
        (Act(answer("a|b|c").body, headers={"Content-Type": "text/plain"}), "", "a|b|c"),
        (answer("a|b|\ud800"), "", "a|b|?"),
    ],
)
def test_what_a_model_says_is_data_whatever_it_is(
    server: Misbehaving, at: Any, act: Act, reason: str, text: str | None
) -> None:
    server.says = lambda _: act
    (reply,) = at().replies(asked("x"))
    assert (reply.reason, reply.failed) == (reason, False)
    assert text is None or reply.text == text
    assert len(server.seen) == 1


def test_only_the_whole_lines_of_an_answer_that_was_cut_off_count() -> None:
    assert whole_lines(Reply("a|b|c\nd|e|f", "cut-off")) == "a|b|c"
    assert whole_lines(Reply("a|b|c\n", "cut-off")) == "a|b|c"
    assert whole_lines(Reply("a|b", "cut-off")) == ""
    assert whole_lines(Reply("a|b|c\nd|e|f")) == "a|b|c\nd|e|f"


def test_what_an_endpoint_does_not_count_is_guessed_so_that_a_budget_holds(server: Misbehaving, at: Any) -> None:
    server.says = lambda _: answer("a|b|c" * 20, usage=None)
    reply = at().ask(*asked("一" * 50 + "x" * 40))
    assert reply.usage.input_tokens == pytest.approx(70, abs=10)
    assert reply.usage.output_tokens == pytest.approx(29, abs=6)


# ---------------------------------------------------------------- trouble that passes
@pytest.mark.parametrize(
    "first",
    [
        trouble(429, Retry_After="0.1"),
        trouble(500),
        trouble(503),
        HANG,
        DRIP,
        CUT,
        NO_JSON,
        Act('{"choices": [', headers={"Content-Type": "application/json"}),
        Act('{"error": {"message": "upstream is busy", "code": 502}}'),
    ],
    ids=["429", "500", "503", "hang", "drip", "cut", "html", "half", "error-as-200"],
)
def test_what_passes_is_tried_again_and_the_others_are_not_kept_waiting(
    server: Misbehaving, at: Any, first: Act
) -> None:
    server.first["b"] = [first]
    server.says = lambda text: answer(f"to {text}")
    replies = list(at(timeout_s=1.0).replies(asked("a", "b", "c")))
    assert [(each.text, each.failed) for each in replies] == [("to a", False), ("to b", False), ("to c", False)]
    assert server.counts == {"a": 1, "b": 2, "c": 1}


@pytest.mark.parametrize(
    ("act", "reason", "tries"),
    [
        (trouble(500, "ouch"), "http-500", 3),
        (trouble(429), "rate-limited", 3),
        (NO_JSON, "no-json", 3),
        (CUT, "connection", 3),
        (trouble(400, "what is that?"), "http-400", 1),
        (trouble(400, "This model's maximum context length is 8192 tokens"), "too-long", 1),
        (trouble(413), "too-long", 1),
    ],
)
def test_one_request_that_fails_in_the_end_loses_no_other(
    server: Misbehaving, at: Any, act: Act, reason: str, tries: int
) -> None:
    server.says = lambda text: act if text == "bad" else answer(f"to {text}")
    replies = list(at(tries=3).replies(asked("a", "bad", "c")))
    assert [(each.text, each.failed) for each in replies] == [("to a", False), ("", True), ("to c", False)]
    assert replies[1].reason == reason
    assert replies[1].told
    assert server.counts["bad"] == tries


def test_a_reply_that_asks_to_wait_makes_all_wait(server: Misbehaving, at: Any) -> None:
    server.first["0"] = [trouble(429, Retry_After="0.7")]
    server.says = lambda text: answer(text, after_s=0.05)
    assert len(list(at(concurrency=2).replies(asked(*map(str, range(24)))))) == 24
    times = [each.at for each in server.seen]
    assert max(later - sooner for sooner, later in pairwise(times)) > 0.5  # else the other goes on meanwhile


def test_a_server_with_limits_of_its_own_answers_all_in_the_end(server: Misbehaving, at: Any) -> None:
    taking, taken = server.takes, []

    def limited(seen: Any) -> Act:
        act = taking(seen)
        if sum(seen.at - each < 0.2 for each in taken) >= 10:
            return trouble(429, Retry_After="0.2")
        taken.append(seen.at)
        return act

    server.takes = limited  # type: ignore[method-assign]
    replies = list(at(concurrency=24, back_off_s=0.05).replies(asked(*map(str, range(80)))))
    assert [each.told for each in replies if each.failed] == []
    assert len(server.seen) < 4 * 80


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after-ms": "nan?"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_as_seconds_or_milliseconds(value: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(value) == seconds


def test_how_long_to_wait_is_read_as_a_date() -> None:
    now = datetime.now(UTC)
    later, earlier = (format_datetime(now + timedelta(hours=hours), usegmt=True) for hours in (1, -1))
    assert retry_after_s({"retry-after": later}) == pytest.approx(3600, abs=120)
    assert retry_after_s({"retry-after": earlier}) == 0


# ---------------------------------------------------------------- trouble that does not
@pytest.mark.parametrize(
    ("act", "told"),
    [
        (trouble(401, f"Incorrect API key provided: {KEY}"), r"HTTP 401 .*provided: \*\*\*.*OPENAI_API_KEY"),
        (trouble(403, "not you"), "HTTP 403"),
        (trouble(404, "no model big"), "HTTP 404"),
        (trouble(429, "You exceeded your current quota", code="insufficient_quota"), "HTTP 429"),
        (trouble(429, "tomorrow", Retry_After="86400"), "HTTP 429"),
        (Act("", 302, {"Location": "http://127.0.0.1:9/v1/chat/completions"}), "HTTP 302"),
    ],
    ids=["401", "403", "404", "no-credit", "tomorrow", "redirect"],
)
def test_what_the_next_request_would_meet_too_ends_all_at_once_and_says_why(
    server: Misbehaving, at: Any, act: Act, told: str
) -> None:
    server.says = lambda _: act
    with pytest.raises(EndpointError, match=told) as error:
        list(at(concurrency=3).replies(asked(*map(str, range(50)))))
    assert len(server.seen) <= 3
    assert KEY not in str(error.value)


def test_the_key_follows_no_redirection(server: Misbehaving, at: Any) -> None:
    with serving() as other:
        for status in (301, 302, 307, 308):
            server.says = lambda _, status=status: Act("", status, {"Location": f"{other.url}/chat/completions"})  # type: ignore[misc]
            with pytest.raises(EndpointError, match=f"HTTP {status}"):
                at().ask(*asked("x"))
        assert not other.seen
    assert len(server.seen) == 4


def test_what_was_under_way_is_not_lost_when_all_ends(server: Misbehaving, at: Any) -> None:
    server.says = lambda text: trouble(401) if text == "2" else answer(text, after_s=0.4)
    got: list[int] = []
    with pytest.raises(EndpointError, match="401"):
        for number, _ in at(concurrency=4).answers(asked(*map(str, range(40)))):
            got.append(number)
    assert sorted(got) == [0, 1, 3]
    assert len(server.seen) == 4


def test_what_was_answered_comes_in_its_place_before_the_error(server: Misbehaving, at: Any) -> None:
    server.says = lambda text: trouble(401) if text == "1" else answer(text, after_s=0.4)
    replies: list[Reply] = []
    with pytest.raises(EndpointError, match="401"):
        for each in at(concurrency=4).replies(asked(*map(str, range(40)))):
            replies.append(each)
    assert [(each.text, each.reason) for each in replies] == [("0", ""), ("", "stopped"), ("2", ""), ("3", "")]


def test_one_after_the_other_is_given_up_too(server: Misbehaving, at: Any) -> None:
    server.says = lambda _: trouble(400, "what?")
    endpoint = at(give_up_after=3)
    assert [endpoint.ask(*asked(each)).reason for each in "ab"] == ["http-400", "http-400"]
    with pytest.raises(EndpointError, match="none to 3 requests in a row"):
        endpoint.ask(*asked("c"))


def test_nobody_there_is_said_soon(server: Misbehaving, at: Any) -> None:
    endpoint = at(url="http://127.0.0.1:9/v1", tries=2, give_up_after=6, concurrency=3)
    replies: list[Reply] = []
    with pytest.raises(EndpointError, match=r"none to 6 requests in a row, for the last of them no connection"):
        replies.extend(endpoint.replies(asked(*map(str, range(100)))))
    assert len(replies) <= 8
    assert all(each.reason == "connection" for each in replies)


@pytest.mark.parametrize(
    ("url", "choices", "told"),
    [
        ("ftp://host/v1", {}, "expected the base URL"),
        ("", {}, "--base-url"),
        ("https://ann:hush@host/v1", {}, r"found 'https://\*\*\*@host/v1'"),
        ("https://host/v1", {"concurrency": 0}, "concurrency: expected more than 0"),
        ("https://host/v1", {"timeout_s": 0}, "timeout_s: expected more than 0"),
    ],
)
def test_an_address_or_a_number_that_cannot_be_is_refused(url: str, choices: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as error:
        Endpoint(url, "big", **choices)
    assert "hush" not in str(error.value)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as error:
        Endpoint("http://host/v1", "big", environment={"OPENAI_API_KEY": "hush\nhush"})
    assert "hush" not in str(error.value)
    with pytest.raises(ConfigError, match="--model"):
        Endpoint("http://host/v1", "")


def test_stopping_lets_go_what_waits_and_keeps_what_was_sent(server: Misbehaving, at: Any) -> None:
    stop = threading.Event()

    def says(text: str) -> Act:
        if len(server.seen) == 3:
            stop.set()
        return answer(text, after_s=0.3)

    server.says = says
    began, got = time.monotonic(), []
    endpoint = at(requests_per_minute=3, concurrency=6)
    for number, _ in endpoint.answers(asked(*map(str, range(20))), stop=stop):
        got.append(number)
    assert sorted(got) == [0, 1, 2]
    assert len(server.seen) == 3
    assert time.monotonic() - began < 5


# ---------------------------------------------------------------- what is sent
def test_the_key_goes_to_the_endpoint_and_nowhere_else(
    server: Misbehaving, at: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.first["x"] = [trouble(500, f"you said Bearer {KEY}")]
    server.says = lambda _: answer(f"your key|is|{KEY}")
    reply = at().ask(*asked("x"))
    assert {each.key for each in server.seen} == {f"Bearer {KEY}"}
    assert reply.text == "your key|is|***"
    assert KEY not in caplog.text
    at(environment={}).ask(*asked("y"))
    assert server.seen[-1].key is None
    assert server.seen[-1].path == "/v1/chat/completions"


def test_a_grammar_is_sent_as_vllm_has_it(server: Misbehaving, at: Any) -> None:
    at(temperature=0.25, max_new_tokens=99).ask(Request(asked("x")[0].messages, "start: /a/"))
    body = server.seen[0].body
    assert body["structured_outputs"] == {"grammar": "start: /a/"}
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("big", 0.25, 99)


def test_an_endpoint_without_grammars_is_told_of_once_and_asked_without(server: Misbehaving, at: Any) -> None:
    said: list[str] = []
    server.says = lambda text: answer(text)
    taking = server.takes

    def strict(seen: Any) -> Act:
        taken = taking(seen)
        return trouble(400, "unknown field structured_outputs") if "structured_outputs" in seen.body else taken

    server.takes = strict  # type: ignore[method-assign]
    endpoint = at(on_message=said.append, concurrency=2)
    requests = [Request(each.messages, "start: /a/") for each in asked(*map(str, range(8)))]
    assert [each.text for each in endpoint.replies(requests)] == [str(number) for number in range(8)]
    assert len(said) == 1
    assert "takes no grammar" in said[0]
    assert sum("structured_outputs" in each.body for each in server.seen) <= 3


def test_one_bad_grammar_does_not_end_the_good_ones(server: Misbehaving, at: Any) -> None:
    said: list[str] = []
    taking = server.takes

    def picky(seen: Any) -> Act:
        taken = taking(seen)
        return trouble(400, "bad grammar") if "oops" in str(seen.body.get("structured_outputs")) else taken

    server.takes = picky  # type: ignore[method-assign]
    grammars = ["good", "oops", "good"]
    requests = [Request(each.messages, grammar) for each, grammar in zip(asked(*"abc"), grammars, strict=True)]
    replies = list(at(on_message=said.append, concurrency=1).replies(requests))
    assert not any(each.failed for each in replies)
    assert not said
    assert "structured_outputs" in server.seen[-1].body


def test_models_that_call_the_number_of_tokens_otherwise_are_asked_as_they_want(server: Misbehaving, at: Any) -> None:
    taking = server.takes

    def newer(seen: Any) -> Act:
        taken = taking(seen)
        told = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        return trouble(400, told) if "max_tokens" in seen.body else taken

    server.takes = newer  # type: ignore[method-assign]
    endpoint = at(concurrency=1, max_new_tokens=77)
    assert not any(each.failed for each in endpoint.replies(asked("a", "b", "c")))
    assert [each.body.get("max_completion_tokens") for each in server.seen] == [None, 77, 77, 77]
