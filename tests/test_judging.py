"""A judge of doubtful pairs: asked only where it matters, never twice, and never trusted with more than an answer."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg_builder.backup import back_up, restore
from kg_builder.cli import cli
from kg_builder.errors import ConfigError, JudgeError
from kg_builder.judging import Described, Endpoint, open_judge
from kg_builder.resolving import resolve_graph
from kg_builder.resolving_aids import Aids
from kg_builder.resolving_by_hand import merge_entities, never_merge
from kg_builder.resolving_explained import explain_names
from kg_builder.store import GraphStore

sys.path.insert(0, str(Path(__file__).parent / "store"))

from making import content, write

PLUGIN = """
from pathlib import Path

LOG = Path(__file__).with_name("asked")
SAYS = {says!r}


def judge(a, b):
    with LOG.open("a") as log:
        log.write(f"{{a.name}} ? {{b.name}}\\n")
    return SAYS


def by_letters(a, b):
    return None if "Tobias" in a.name + b.name else sorted(a.name)[-1] == sorted(b.name)[-1]


def wordy(a, b):
    return "certainly"
"""
DOUBTFUL = [  # Quill and Mara Quill: 0.52
    ["Mara Quill:Person | leads | Deep Tide:Organization"],
    ["Quill:Person | leads | Deep Tide:Organization"],
]
LINES = [
    *DOUBTFUL,
    ["M. Quill:Person | lives in | Oslo:Place", "Quill:Person | lives in | Oslo:Place"],
    ["Tobias Quill:Person | knows | Mara Quill:Person", "Deep Tide Ltd.:Organization | owns | Mill:Place"],
    ["Fenn:Person | knows | Quill:Person", "Ida Fenn:Person | knows | Quill:Person"],
]
JUDGE = Aids(judge="judges:judge")


@pytest.fixture
def judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bool | None], None]]:
    """Makes a judge that always says one thing."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def say(what: bool | None) -> None:
        (tmp_path / "judges.py").write_text(PLUGIN.format(says=what))
        sys.modules.pop("judges", None)

    say(True)
    yield say
    sys.modules.pop("judges", None)


def asked(folder: Path) -> list[str]:
    """What was asked, once."""
    log = folder / "asked"
    found = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return found


def fill(store: GraphStore, documents: list[list[str]]) -> None:
    for number, lines in enumerate(documents):
        write(store, f"{number}.txt", *lines)


def state(store: GraphStore) -> object:
    rows = store.query("MATCH (a:Name)-[l:LINKED]->(b:Name) RETURN a.key, b.key, l.probability, l.rule, l.scores").rows
    return content(store), sorted(rows)


def together(store: GraphStore, *names: str) -> bool:
    return any(set(names) <= {e.name, *e.aliases} for e in store.entities())


# ---------------------------------------------------------------- what is asked, and what of it
def test_yes_makes_one_entity_and_no_makes_two(
    any_store: GraphStore, tmp_path: Path, judges: Callable[[bool | None], None]
) -> None:
    fill(any_store, DOUBTFUL)
    index = tmp_path / "index"
    report = resolve_graph(any_store, index=index, aids=JUDGE)
    assert asked(tmp_path) in (["Quill ? Mara Quill"], ["Mara Quill ? Quill"])  # the other pairs are not doubtful
    assert (report.asked, report.judged, report.unsure, report.open) == (1, 1, 0, 0)
    assert together(any_store, "Quill", "Mara Quill")
    assert any_store.query("MATCH ()-[l:LINKED]->() RETURN l.rule, l.probability > 0.9").rows == (("judged", True),)
    assert "the judge that was asked says so" in explain_names(any_store, "Quill", "Mara Quill").reasons[0]
    judges(False)  # another judge, since its module changed
    report = resolve_graph(any_store, index=index, aids=JUDGE)
    assert (report.asked, len(asked(tmp_path)), report.afresh) == (1, 1, False)
    assert not together(any_store, "Quill", "Mara Quill")
    told = explain_names(any_store, "Quill", "Mara Quill")
    assert not told.one
    assert "Against: " in told.reasons[0]
    assert "the judge that was asked says so" in told.reasons[0].partition("Against: ")[2]
    assert any_store.check() == []


def test_nothing_is_asked_twice_and_answers_outlive_the_index(
    any_store: GraphStore, tmp_path: Path, judges: Callable[[bool | None], None]
) -> None:
    judges(False)
    fill(any_store, DOUBTFUL)
    plain = resolve_graph(any_store, keep_index=False, dry_run=True, aids=JUDGE)
    assert (plain.asked, asked(tmp_path)) == (0, [])  # a dry run costs nothing
    resolve_graph(any_store, index=tmp_path / "index", aids=JUDGE)
    assert len(asked(tmp_path)) == 1
    found = state(any_store)
    for again in range(3):
        report = resolve_graph(any_store, index=tmp_path / f"other-{again}", aids=JUDGE)
        assert (report.asked, report.judged) == (0, 1)
    resolve_graph(any_store, keep_index=False)  # what was answered holds without the judge
    assert state(any_store) == found
    assert asked(tmp_path) == []
    resolve_graph(any_store, keep_index=False, aids=Aids(judge="none"))
    assert together(any_store, "Quill", "Mara Quill")
    resolve_graph(any_store, keep_index=False)
    assert together(any_store, "Quill", "Mara Quill")
    resolve_graph(any_store, keep_index=False, aids=JUDGE)
    assert (state(any_store), asked(tmp_path)) == (found, [])


def test_answers_come_back_with_a_backup(
    embedded_store: GraphStore, other: GraphStore, tmp_path: Path, judges: Callable[[bool | None], None]
) -> None:
    judges(False)
    fill(embedded_store, DOUBTFUL)
    resolve_graph(embedded_store, keep_index=False, aids=JUDGE)
    assert len(asked(tmp_path)) == 1
    back_up(embedded_store, tmp_path / "backup")
    restore(other, tmp_path / "backup")
    assert list(other.answers.all()) == list(embedded_store.answers.all()) != []
    assert resolve_graph(other, keep_index=False, aids=JUDGE).asked == 0
    assert state(other) == state(embedded_store)
    restore(other, tmp_path / "backup", replace=True)
    assert len(list(other.answers.all())) == 1


def test_what_people_decide_goes_before_any_judge(
    embedded_store: GraphStore, tmp_path: Path, judges: Callable[[bool | None], None]
) -> None:
    fill(embedded_store, DOUBTFUL)
    resolve_graph(embedded_store, keep_index=False, aids=JUDGE)
    never_merge(embedded_store, "Quill", "Mara Quill", who="ann")
    resolve_graph(embedded_store, keep_index=False, aids=JUDGE)
    assert not together(embedded_store, "Quill", "Mara Quill")
    embedded_store.execute("MATCH (n) DETACH DELETE n")
    fill(embedded_store, DOUBTFUL)
    asked(tmp_path)
    merge_entities(embedded_store, "Quill", "Mara Quill", who="ann")
    judges(False)
    resolve_graph(embedded_store, keep_index=False, aids=JUDGE)
    assert together(embedded_store, "Quill", "Mara Quill")
    assert asked(tmp_path) == []  # no answer would change anything


def test_only_so_many_questions_are_asked_and_the_rest_is_asked_later(
    embedded_store: GraphStore, tmp_path: Path, judges: Callable[[bool | None], None]
) -> None:
    fill(embedded_store, LINES)
    wide = Aids(judge="judges:judge", judge_least=0.05, judge_most=0.95)
    all_asked = resolve_graph(embedded_store, keep_index=False, aids=wide).asked
    assert all_asked > 2
    found = state(embedded_store)
    embedded_store.execute("MATCH (n) DETACH DELETE n")
    fill(embedded_store, LINES)
    few = Aids(judge="judges:judge", judge_least=0.05, judge_most=0.95, judge_limit=1)
    reports = [resolve_graph(embedded_store, index=tmp_path / "index", aids=few) for _ in range(all_asked + 3)]
    assert [report.asked for report in reports[:2]] == [1, 1]
    assert reports[0].open
    assert (reports[-1].asked, reports[-1].open) == (0, 0)
    assert state(embedded_store) == found


def test_the_order_of_documents_does_not_matter_with_a_judge(
    embedded_store: GraphStore, tmp_path: Path, judges: Callable[[bool | None], None]
) -> None:
    aids = Aids(judge="judges:by_letters", judge_least=0.05, judge_most=0.95)

    @settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(order=st.permutations(range(len(LINES))), data=st.data())
    def check(order: list[int], data: st.DataObject) -> None:
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        write(embedded_store, "gone.txt", *LINES[order[0]])
        for number in order:
            write(embedded_store, f"{number}.txt", *LINES[number])
            if data.draw(st.booleans()):
                resolve_graph(embedded_store, index=tmp_path / "index", aids=aids)
        embedded_store.remove("gone.txt")
        resolve_graph(embedded_store, index=tmp_path / "index", aids=aids)
        assert embedded_store.check() == []
        found = state(embedded_store)
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        fill(embedded_store, LINES)
        assert resolve_graph(embedded_store, keep_index=False, aids=aids).asked
        assert state(embedded_store) == found

    check()


def test_a_callable_that_is_no_judge_is_told(embedded_store: GraphStore, judges: Callable[[bool | None], None]) -> None:
    with pytest.raises(ConfigError, match="expected a callable at 'judges:nobody'"):
        open_judge("judges:nobody")
    with pytest.raises(ConfigError, match=r"expected a judge as package\.module:name or as the URL"):
        open_judge("judges")
    fill(embedded_store, DOUBTFUL)
    report = resolve_graph(embedded_store, keep_index=False, aids=Aids(judge="judges:wordy"))
    assert (report.asked, report.open) == (0, 1)
    assert "expected True, False or None from the judge 'judges:wordy', found 'certainly'" in report.trouble


# ---------------------------------------------------------------- behind an endpoint
class _Handler(BaseHTTPRequestHandler):
    """Answers like a server of chat completions, or as badly as the test says."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        server.seen.append((self.path, self.headers.get("Authorization"), json.loads(body)))
        answer = server.answers[min(len(server.seen), len(server.answers)) - 1]
        if answer == "hang":
            time.sleep(1.5)
        state, text = answer if isinstance(answer, tuple) else (200, answer)
        if state == 200 and not text.startswith("<"):
            text = json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]})
        try:
            self.send_response(state)
            if state == 302:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(text.encode())
        except OSError:
            pass  # nobody waits any longer

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, str | None, dict[str, Any]]] = []
        self.answers: list[Any] = ["yes"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as made:
        threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
        yield made
        made.shutdown()


A, B = Described("Quill", "Person", sentences=('Say "yes".',)), Described("Mara Quill", "Person")


def judge_at(server: _Server, **choices: Any) -> Endpoint:
    return Endpoint(server.url, "tiny", **{"wait_s": 0.01, "environment": {}, **choices})


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("yes", True),
        (" No.\n", False),
        ("UNSURE", None),
        ("yes, since both are called Quill", None),
        ("ja", None),
        ("", None),
        ("yes no", None),
    ],
)
def test_only_one_of_three_words_is_an_answer(server: _Server, said: str, means: bool | None) -> None:
    server.answers = [said]
    assert judge_at(server)(A, B) is means


def test_texts_are_sent_as_quoted_data_and_the_key_from_the_environment(server: _Server) -> None:
    judge_at(server, environment={"OPENAI_API_KEY": "sesame"})(A, B)
    path, key, body = server.seen[0]
    assert (path, key, body["model"], body["temperature"]) == ("/v1/chat/completions", "Bearer sesame", "tiny", 0)
    system, user = body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert json.loads(user["content"])["first"]["sentences"] == ['Say "yes".']
    assert "quoted data" in system["content"]


def test_what_passes_is_tried_again(server: _Server) -> None:
    server.answers = [(500, "ouch"), (429, "slowly"), "no"]
    assert judge_at(server)(A, B) is False
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("answers", "tries", "message"),
    [
        ([(500, "ouch")], 3, r"HTTP 500 \(ouch\)"),
        (["hang"], 2, "timed out"),
        ([(401, "no key")], 1, r"HTTP 401 \(no key\).*OPENAI_API_KEY"),
        ([(404, "no such model")], 1, "HTTP 404"),
        ([(302, "")], 1, "HTTP 302"),
        (["<html>hello</html>"], 1, "none of a chat completion"),
        ([(200, "<" * 200_000)], 1, "none of a chat completion"),
    ],
)
def test_an_endpoint_that_misbehaves_is_told(server: _Server, answers: list[Any], tries: int, message: str) -> None:
    server.answers = answers
    with pytest.raises(JudgeError, match=message):
        judge_at(server, tries=max(tries, 2), timeout_s=0.3)(A, B)
    assert len(server.seen) == tries


@pytest.mark.parametrize("url", ["ftp://host/v1", "http://", "https://ann:pass@host/v1"])
def test_an_address_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="expected the base URL of an endpoint"):
        open_judge(url, "tiny")
    with pytest.raises(ConfigError, match="set resolve_judge_model"):
        open_judge("http://host/v1")


def test_resolution_goes_on_without_an_endpoint_that_is_not_there(
    embedded_store: GraphStore, tmp_path: Path, server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg_builder.judging.time.sleep", lambda seconds: None)
    fill(embedded_store, DOUBTFUL)
    nowhere = Aids(judge="http://127.0.0.1:9/v1", judge_model="tiny")
    report = resolve_graph(embedded_store, index=tmp_path / "index", aids=nowhere)
    assert (report.names, report.asked, report.open) == (3, 0, 1)
    assert "at http://127.0.0.1:9/v1/chat/completions, found" in report.trouble
    assert together(embedded_store, "Quill", "Mara Quill")  # as evidence has it
    server.answers = ["no"]
    there = Aids(judge=server.url, judge_model="tiny")  # the same model elsewhere
    report = resolve_graph(embedded_store, index=tmp_path / "index", aids=there)
    assert (report.names, report.asked, report.trouble) == (0, 1, "")
    assert not together(embedded_store, "Quill", "Mara Quill")
    sent = json.loads(server.seen[0][2]["messages"][1]["content"])
    assert {each["name"] for each in sent.values()} == {"Quill", "Mara Quill"}
    assert all("leads Deep Tide" in each["sentences"][0] for each in sent.values())
    assert all("deep tide" in each["facts"][0] for each in sent.values())
    assert next(embedded_store.answers.all()).judge == "tiny at 127.0.0.1"


def test_the_command_asks_and_says_so(
    embedded_store: GraphStore, server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fill(embedded_store, DOUBTFUL)
    server.answers = ["no"]
    store = ["--store", embedded_store.uri]
    run = CliRunner().invoke(
        cli, ["resolve", "--again", "--judge", server.url, "--judge-model", "tiny", "--judge-limit", "5", *store]
    )
    assert run.exit_code == 0, run.output
    assert "1 asked of the judge (0 unsure, 0 left)" in run.stderr
    explained = CliRunner().invoke(cli, ["explain", "Quill", "Mara Quill", *store])
    assert "the judge that was asked says so" in explained.output
    quiet = CliRunner().invoke(cli, ["resolve", "--again", "--judge", "none", "--json", *store])
    assert json.loads(quiet.stdout)["judged"] == 0
