"""One server on a filled embedded store and one Chromium for all browser tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@cache
def _elsewhere() -> tempfile.TemporaryDirectory[str]:
    """Where servers without a folder of their own keep their workspaces; gone when the tests end."""
    return tempfile.TemporaryDirectory(prefix="kg-workspaces-", ignore_cleanup_errors=True)


def start_server(
    store: str, *more: str, cwd: Path | None = None, **environment: str
) -> tuple[subprocess.Popen[str], str]:
    """`ui.serve` as `kg ui` starts it, with a workspace of its own, and the address that it printed."""
    workspace = tempfile.mkdtemp(prefix="kg-workspace-", dir=cwd or _elsewhere().name)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ui.serve", "--store", store, *more],
        stdout=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "KGUI_WORKSPACE": workspace, **environment},
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def stop_server(process: subprocess.Popen[str]) -> int:
    """Stop it as a person does, with Ctrl-C, and give its exit status."""
    process.send_signal(signal.SIGINT)
    return process.wait(timeout=20)


@pytest.fixture(scope="module", params=["own", pytest.param("neo4j-5.26.30", marks=pytest.mark.long)])
def empty_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The uri of a store that is there, or begins, without anything: embedded, then on a real Neo4j, which processes
    started meanwhile may enter.
    """
    if request.param == "own":
        yield f"embedded:{tmp_path_factory.mktemp('ui-store') / 'graph'}"
        return
    servers = request.getfixturevalue("servers")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in servers.neo4j(request.param.removeprefix("neo4j-")).environment().items():
            patch.setenv(name, value)
        yield servers.store(request.param).uri


@pytest.fixture(scope="module")
def filled_store(empty_store: str) -> str:
    """The uri of a store that holds the story."""
    from story import fill

    from kg_builder.store import open_store

    with open_store(empty_store) as store:
        fill(store)
    return empty_store


@pytest.fixture(scope="module")
def address(filled_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the interface answers; started in a folder that has nothing to do with the project."""
    process, url = start_server(filled_store, cwd=tmp_path_factory.mktemp("elsewhere"))
    assert url.startswith("http://127.0.0.1:"), f"the interface did not start: {process.poll()}"
    yield url
    assert stop_server(process) == 0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium for one file: while Playwright is there, the process can run no other event loop."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        reason = "NO CHROMIUM: the browser tests did not run; install one, e.g. apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # what is looked for may be on its way on a busy machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, and whatever it did that no page may do."""

    page: Any
    address: str
    wrongs: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Any:
        """Load a path and wait until its title shows."""
        self.page.goto(self.address + path)
        self.page.locator(".kg-title").wait_for()
        return self.page

    def graph(self, nodes: int | None = None) -> Any:
        """The drawing's frame, once it is drawn (with that many nodes)."""
        drawn = "html[data-drawn]" if nodes is None else f"html[data-drawn='{nodes}']"
        self.page.frame_locator("iframe[title*=kg_graph]").locator(drawn).wait_for()
        return next(frame for frame in self.page.frames if "kg_graph" in frame.url)

    def click_in_graph(self, label: str, kind: str = "edges", *, twice: bool = False) -> None:
        """Click a node or an edge where it is drawn on the canvas."""
        frame = self.graph()
        target = next(each for each in frame.evaluate(f"window.__kgGraph.{kind}()") if each["label"] == label)
        inset = frame.evaluate(
            "(() => { const r = document.getElementById('canvas').getBoundingClientRect(); return [r.x, r.y]; })()"
        )
        drawing = self.page.locator("iframe[title*=kg_graph]")
        drawing.evaluate("frame => frame.scrollIntoView({block: 'center', behavior: 'instant'})")
        box = drawing.bounding_box()
        click = self.page.mouse.dblclick if twice else self.page.mouse.click
        click(box["x"] + inset[0] + target["x"], box["y"] + inset[1] + target["y"])


def _pwned(frame: Any) -> Any:
    """What a hostile name would have set in a frame; nothing where the page has just taken the frame away."""
    from playwright.sync_api import Error

    try:
        return frame.evaluate("window.__pwned")
    except Error:
        assert frame.is_detached()
        return None


@pytest.fixture
def watch(chromium: Any, address: str) -> Iterator[Callable[..., Watched]]:
    """Makes pages that must raise no dialog, run no foreign script, ask no other host and throw no error."""
    made: list[tuple[Any, Watched]] = []

    def make(*, width: int = 1280, height: int = 900, **context_options: Any) -> Watched:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, **{"locale": "en-US", **context_options}
        )
        watched = Watched(context.new_page(), address)
        page = watched.page
        page.set_default_timeout(20_000)
        page.on("dialog", lambda dialog: (watched.wrongs.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: watched.wrongs.append(f"error {error}"))
        context.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))
                else watched.wrongs.append(f"request {request.url}")
            ),
        )
        made.append((context, watched))
        return watched

    yield make
    for context, watched in made:
        run = [_pwned(frame) for frame in watched.page.frames]
        context.close()
        assert not watched.wrongs
        assert not any(run), "a name from the data ran as a script"
