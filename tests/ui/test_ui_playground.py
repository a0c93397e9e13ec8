"""The playground as a person uses it: two languages, two extractors side by side, a model that is listened to."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import Watched, start_server, stop_server
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from misbehaving import Act, Misbehaving, answer, serving, streamed, trouble

from kg_builder.cli import cli
from kg_builder.config import Settings
from kg_builder.errors import ConfigError
from kg_builder.recipe import Recipe
from ui.trial import Attempt, Experiment
from ui.trial_choice import Choice, environment_of, recipe_for, same_command

pytest.importorskip("openai", reason="the extra 'endpoint'")

Watch = Callable[..., Watched]

ENGLISH = "Ada Lovelace worked for Analytical Engines in London."
CHINESE = "李明出生于北京。晨光公司收购了星海工厂。"
HOSTILE = "<img src=x onerror=\"window.__pwned=1;alert('x')\">|![x](http://evil.example/x.png)|[a](javascript:alert(1))"
KEY = "sk-of-the-server-0123456789"
PATIENCE_MS = 90_000


@pytest.fixture(scope="module")
def model() -> Iterator[Misbehaving]:
    with serving() as made:
        yield made


def free_port() -> int:
    """A port that nobody has: the first free one of the usual ports may be another test's a moment later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def address(filled_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of this module's own: with a workspace, one folder to read from, and a key that is for nobody here."""
    root = tmp_path_factory.mktemp("root")
    (root / "works.toml").write_text('[types.Person]\n[relations.works_for]\naliases = ["worked for"]\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGUI_WORKSPACE", str(tmp_path_factory.mktemp("workspace")))
        patch.setenv("KGUI_ROOTS", str(root))
        patch.setenv("OPENAI_API_KEY", KEY)
        process, url = start_server(filled_store, "--port", str(free_port()), cwd=root)
    assert url.startswith("http://127.0.0.1:"), f"the interface did not start: {process.poll()}"
    yield url
    assert stop_server(process) == 0


def extract(page: Any, text: str) -> None:
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Extract").click()


def marked(page: Any, role: str, number: int = 0) -> list[str]:
    found: list[str] = page.get_by_test_id(f"trial-text-{number}").locator(f"mark.kg-{role}").all_inner_texts()
    return found


@pytest.mark.browser
def test_texts_in_both_languages_with_their_triples_marked(watch: Watch, tmp_path: Path) -> None:
    watched = watch()
    watched.page.set_default_timeout(PATIENCE_MS)
    page = watched.open("/playground")
    extract(page, ENGLISH)
    page.get_by_test_id("trial-text-0").wait_for()
    assert {"Ada Lovelace", "Analytical Engines"} <= {*marked(page, "head"), *marked(page, "tail")}
    assert "worked" not in page.url, "a text is nobody's business but the page's"
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download JSONL").click()
    lines = Path(coming.value.path()).read_text("utf-8").splitlines()
    printed = CliRunner().invoke(cli, ["extract", "-", "--workers", "0"], input=ENGLISH, catch_exceptions=False)
    assert lines == printed.stdout.splitlines()
    assert len(lines) >= 2

    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 35 + 17)  # the first row's box
    expect(page.get_by_test_id("trial-text-0").locator("mark.kg-tail")).to_have_count(1, timeout=PATIENCE_MS)
    first = json.loads(lines[0])
    assert (marked(page, "head"), marked(page, "tail")) == ([first["head"]], [first["tail"]])

    page.get_by_text("The same on the command line").click()
    page.locator("code", has_text="kg extract - --extractor open_ie").first.wait_for()

    extract(page, CHINESE)
    expect(page.get_by_test_id("trial-text-0")).to_contain_text("晨光公司", timeout=PATIENCE_MS)
    assert {"李明", "北京", "晨光公司", "星海工厂"} <= {*marked(page, "head"), *marked(page, "tail")}

    page.get_by_label("Text", exact=True).fill("x" * 20_001)
    page.get_by_label("Text", exact=True).press("Control+Enter")
    page.get_by_text("The text has 20,001 characters; at most 20,000").wait_for()
    expect(page.get_by_role("button", name="Extract")).to_be_disabled()


@pytest.mark.long
@pytest.mark.browser
def test_two_extractors_side_by_side_and_a_model_that_is_heard_while_it_speaks(
    watch: Watch, model: Misbehaving
) -> None:
    model.says = lambda text: streamed(
        "Ada Lovelace|worked for|Analytical Engines\n", *[f"{HOSTILE}\n"] * 6, "no triple\n", pause_s=0.7
    )
    watched = watch(locale="zh-CN")
    watched.page.set_default_timeout(PATIENCE_MS)
    page = watched.open(f"/playground?lang=en&second=endpoint&url2={model.url}&model2=tiny&free2=1")
    extract(page, ENGLISH)
    said = page.locator("[data-testid=stCode]", has_text="onerror").first
    said.wait_for()
    lengths = [len(said.inner_text())]
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while lengths[-1] <= lengths[0] and time.monotonic() < deadline:
        page.wait_for_timeout(200)
        lengths.append(len(said.inner_text()))
    assert lengths[-1] > lengths[0], "what the model says shows while it is still speaking"
    page.get_by_test_id("trial-text-1").wait_for()
    cards = [card.split("\n")[:2] for card in page.locator(".kg-card").all_inner_texts()]
    assert cards[0] == ["1", "Both found"]
    assert [name for _, name in cards[1:]] == ["Only open_ie", "Only endpoint · tiny"]
    assert cards[2][0] == "0"
    chips = page.get_by_test_id("trial").nth(1).inner_text()
    assert re.search(r"first token after [\d.]+ s", chips)
    assert "tokens/s" in chips
    assert "10 tokens read, 5 written" in chips
    page.get_by_text(re.compile("Left out: [78]")).click()
    left = page.get_by_test_id("left-out")
    left.wait_for()
    expect(left).to_contain_text(HOSTILE.split("|")[0])
    expect(left).to_contain_text("the line has no bars")
    assert {each.key for each in model.seen} == {None}, "the server's key is for the endpoint of its settings alone"
    assert "structured_outputs" not in model.seen[-1].body

    page.get_by_text("What both found").click()
    expect(page).to_have_url(re.compile("show=both"), timeout=PATIENCE_MS)
    page.get_by_text("中文", exact=True).click()
    page.get_by_text("两者都找到的").wait_for()

    model.says = lambda text: streamed(*"abcdefghijklmnopqrstuvwxyz" * 9, pause_s=0.4)
    page.get_by_role("button", name="抽取", exact=True).click()
    page.get_by_role("button", name="停止").click()
    expect(page.get_by_test_id("trial").nth(1)).to_contain_text("已停止", timeout=PATIENCE_MS)


# ---------------------------------------------------------------- what is behind the page
def test_a_server_that_fails_or_hangs_is_told_and_holds_nobody_up(model: Misbehaving, monkeypatch: Any) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def tried(act: Act, timeout_s: float = 60.0) -> Attempt:
        model.says = lambda text: act
        choice = Choice("endpoint", model="tiny", base_url=model.url)
        attempt = Attempt(recipe_for(choice, Settings()), environment_of(choice, Settings()))
        attempt.run(ENGLISH, timeout_s)
        return attempt

    wrong = tried(trouble(401, f"no such key {KEY}"))
    assert wrong.state == "failed"
    assert "401" in wrong.problem
    slow = tried(replace(streamed(*"abcdefgh" * 20), pause_s=0.5), timeout_s=1.5)
    assert slow.state == "timeout"
    assert slow.seconds < 20
    assert slow.written.startswith("a")
    assert slow.tried is None


def test_stopping_ends_the_process_that_reads_and_the_next_text_gets_another() -> None:
    experiment = Experiment("Ada Lovelace wrote the notes. " * 600, [Attempt(Recipe()), Attempt(Recipe())])
    experiment.start(120.0)
    time.sleep(0.3)
    experiment.stop()
    deadline = time.monotonic() + 60
    while not experiment.is_over and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [each.state for each in experiment.attempts] == ["stopped", "stopped"]
    again = Attempt(Recipe())
    again.run(ENGLISH, 120.0)
    assert again.state == "done"
    assert again.tried is not None and again.tried.extractions
    from ui import trial

    trial._reader.close()
    assert threading.active_count() < 50


def test_a_page_reads_no_file_and_tells_no_key_that_is_not_for_it(tmp_path: Path, monkeypatch: Any) -> None:
    root = tmp_path / "root"
    root.mkdir()
    monkeypatch.setenv("KGUI_ROOTS", str(root))
    monkeypatch.setenv("KGUI_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    secret = tmp_path / "secret.toml"
    secret.write_text("[relations.x]\n")
    (root / "link.toml").symlink_to(secret)
    for path in (secret, root / "link.toml", root / ".." / "secret.toml"):
        with pytest.raises(ConfigError, match="expected an ontology inside"):
            recipe_for(Choice(ontology=str(path)), Settings())
    for name in (str(tmp_path), "owner/model"):
        with pytest.raises(ConfigError, match="expected a folder inside"):
            recipe_for(Choice("llm", model=name), Settings())
    (root / "own.toml").write_text("[types.A]\n[relations.x]\n")
    assert recipe_for(Choice(ontology=str(root / "own.toml")), Settings()).ontology
    settings = Settings(base_url="https://models.example/v1")
    own, other = (Choice("endpoint", base_url=url) for url in ("https://models.example:443/x", "https://evil.example"))
    assert environment_of(own, settings) == {"OPENAI_API_KEY": KEY}
    assert environment_of(other, settings) == {}
    assert environment_of(own, Settings()) == {}


def test_the_command_that_is_shown_does_the_same(tmp_path: Path, model: Misbehaving) -> None:
    model.says = lambda text: answer("Ada Lovelace|worked for|London")
    choice = Choice(
        "endpoint", model="a 'b' $(c)", base_url=model.url, constrained=False, instruction="Say `it`; $HOME"
    )
    line = same_command(choice)
    (tmp_path / "text.txt").write_text(ENGLISH)
    run = line.replace("kg extract", f"{sys.executable} -m kg_builder.cli extract --quiet --workers 0")
    done = subprocess.run(["bash", "-c", run], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)["tail"] == "London", done.stderr
    body = model.seen[-1].body
    assert body["model"] == choice.model
    assert body["messages"][0]["content"] == choice.instruction
    assert "structured_outputs" not in body
