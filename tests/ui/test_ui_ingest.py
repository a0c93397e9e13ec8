"""A person reads documents in through the browser: nothing there yet, samples, dropped files, folders, trouble."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY, Watched, start_server, stop_server
from playwright.sync_api import expect
from slow_reader import hold

from kg_builder.store import open_store
from kg_builder.store.embedded import stop

pytestmark = pytest.mark.browser

PASSWORD = "a password of the tests"
HOSTILE = {
    "../../escaped.txt": "escaped.txt",
    "<img src=x onerror=window.__pwned=1>.txt": "_img src=x onerror=window.__pwned=1_.txt",
    "CON.txt": "_CON.txt",
    "x" * 240 + ".txt": "x" * 116 + ".txt",
    "a\u202eb.txt": "ab.txt",
}


@dataclass
class Place:
    """A server that was started where there was no graph yet."""

    address: str
    store: str
    home: Path
    workspace: Path

    @property
    def hold(self) -> Path:
        return self.home / "hold"

    @property
    def runs(self) -> list[Path]:
        return sorted((self.workspace / "runs").iterdir())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("ingest")
    (home / "root").mkdir()
    (home / "outside").mkdir()
    store = f"embedded:{home / 'root' / 'graph'}"
    process, address = start_server(
        store,
        f"--root={home / 'root'}",
        cwd=home,
        KGUI_WORKSPACE=str(home / "workspace"),
        KGUI_PASSWORD=PASSWORD,
        KG_EXTRACTOR="slow_reader:SlowReader",
        KG_WORKERS="1",
        KG_TEST_HOLD=str(home / "hold"),
        OPENAI_API_KEY="a key of the tests",
        PYTHONPATH=os.pathsep.join([str(REPOSITORY), str(Path(__file__).parent)]),
    )
    yield Place(address, store, home, home / "workspace")
    assert stop_server(process) == 0
    stop(home / "root" / "graph")


Visit = Callable[..., Any]


@pytest.fixture
def visit(chromium: Any, place: Place) -> Iterator[Visit]:
    """Opens a path in a new browser session that knows the password; nothing on its page may run or ask elsewhere."""
    made: list[tuple[Any, Watched]] = []

    def open_(path: str = "/", *, width: int = 1280) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 1000}, locale="en-US")
        watched = Watched(context.new_page(), place.address)
        watched.page.set_default_timeout(30_000)
        watched.page.on("dialog", lambda dialog: (watched.wrongs.append(dialog.message), dialog.dismiss()))
        made.append((context, watched))
        watched.page.goto(place.address + path)
        enter(watched.page)
        return watched.page

    yield open_
    place.hold.unlink(missing_ok=True)  # a test that failed leaves no run under way, which others would be asked about
    for context, watched in made:
        ran = watched.page.evaluate("window.__pwned")
        context.close()
        assert not watched.wrongs and not ran


def enter(page: Any) -> None:
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Enter").click()
    page.get_by_test_id("stSidebarNav").wait_for()
    page.locator(".kg-title").wait_for()


def state(page: Any, *wanted: str, seconds: float = 60) -> str:
    """Wait until the run that is shown has one of these states."""
    deadline = time.monotonic() + seconds
    while True:
        found: str = page.get_by_test_id("run").get_attribute("data-state")
        if found in wanted:
            return found
        assert time.monotonic() < deadline, f"it is {found}: {page.locator('[data-testid=stMain]').inner_text()}"
        page.wait_for_timeout(100)


def card(page: Any, label: str) -> str:
    text: str = page.locator(".kg-card", has_text=label).locator("b").inner_text()
    return text


def name_folder(page: Any, folder: str) -> None:
    page.get_by_role("radio", name="A folder").click()
    page.get_by_label("Folder or file on the server").fill(folder)
    page.get_by_role("button", name="Start").click()


def test_nothing_is_shown_before_the_password_and_no_page_holds_it(chromium: Any, place: Place) -> None:
    page = chromium.new_context(locale="en-US").new_page()
    page.goto(place.address + "/ingest?run=x")
    page.get_by_label("Password", exact=True).fill("another")
    page.get_by_role("button", name="Enter").click()
    page.get_by_text("That is not the password.").wait_for()
    assert page.get_by_test_id("stSidebarNav").count() == 0 and "Store" not in page.inner_text("body")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Enter").click()
    page.get_by_text("There is no such run").wait_for()
    assert PASSWORD not in page.content() + page.url
    page.get_by_role("button", name="Leave").click()
    page.get_by_label("Password", exact=True).wait_for()
    page.context.close()


def test_a_person_loads_the_samples_where_nothing_was_and_two_tabs_see_it(visit: Visit, place: Place) -> None:
    page = visit("/")
    page.get_by_text("There is no graph here yet").wait_for()
    hold(place.hold, after=4)
    page.get_by_role("button", name="Load the samples").click()
    page.get_by_test_id("run").wait_for()
    assert state(page, "running") and re.search(r"run=[\w-]+", page.url)
    other = visit(page.url.removeprefix(place.address))
    for each in (page, other):
        each.locator(".kg-card", has_text="Files done").wait_for()
    assert state(other, "running")
    page.reload()
    enter(page)
    assert state(page, "running")
    page.get_by_text("Under way:").first.wait_for()
    other.get_by_role("button", name="Pause").click()
    assert state(page, "stopping") == state(other, "stopping")
    place.hold.unlink()
    assert state(page, "stopped") == state(other, "stopped")
    page.get_by_text("Nothing is lost").first.wait_for()
    assert 0 < int(card(page, "Files done")) < 24
    page.get_by_role("button", name="Go on").click()
    assert state(page, "finished") == "finished"
    page.get_by_text("24 files found = ").wait_for()
    other.reload()
    enter(other)
    assert state(other, "finished")
    other.get_by_text("started 2 times").wait_for()
    page.get_by_role("link", name="See what is in the graph").click()
    page.locator(".kg-card", has_text="files seen").wait_for()
    expect(page.locator(".kg-card", has_text="files seen").locator("b")).to_have_text("24", timeout=30_000)
    page.get_by_role("link", name="The samples").wait_for()
    page.go_back()
    assert state(page, "finished")


def test_dropped_files_are_kept_under_safe_names_and_failures_are_tried_again(visit: Visit, place: Place) -> None:
    page = visit("/ingest")
    files = [
        {"name": name, "mimeType": "text/plain", "buffer": f"Mara{i} visited Bergen{i}.".encode()}
        for i, name in enumerate(HOSTILE)
    ]
    files.append({"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 and then nothing"})
    start = page.get_by_role("button", name="Start")
    expect(start).to_be_disabled()
    page.locator("input[type=file]").first.set_input_files(files)
    page.get_by_text("broken.pdf").first.wait_for()
    start.click()
    page.get_by_test_id("run").wait_for()
    assert state(page, "partly") == "partly"
    (batch,) = (place.workspace / "uploads").iterdir()
    assert {path.name for path in batch.iterdir()} == {*HOSTILE.values(), "broken.pdf"}
    assert [path.parent for path in place.home.rglob("escaped.txt")] == [batch]
    page.get_by_text("What failed").wait_for()
    expect(page.locator("[class*=st-key-failure-]")).to_contain_text("broken.pdf", timeout=30_000)
    (batch / "broken.pdf").write_bytes((REPOSITORY / "data" / "sample" / "annual-report-2023.pdf").read_bytes())
    before = page.url
    page.get_by_role("button", name="Try again").click()
    page.wait_for_function("before => location.href !== before", arg=before)
    page.get_by_text("Failed files again").first.wait_for()
    assert state(page, "finished") == "finished"
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Yes, delete it").click()
    page.get_by_text("What to read").wait_for()
    assert len(place.runs) == 2


def test_only_folders_inside_the_roots_are_read(visit: Visit, place: Place) -> None:
    (place.home / "outside" / "secret.txt").write_text("Nobody reads this.")
    (place.home / "root" / "way-out").symlink_to(place.home / "outside")
    page = visit("/ingest")
    before = len(place.runs)
    for folder in (str(place.home / "outside"), "way-out", "../outside", "/etc"):
        name_folder(page, folder)
        page.get_by_text(f"found {folder!r}").wait_for()
    assert len(place.runs) == before


@pytest.mark.long
def test_a_run_that_is_killed_says_so_and_goes_on_to_the_same_graph(visit: Visit, place: Place) -> None:
    folder = place.home / "root" / "reports"
    folder.mkdir()
    for number in range(14):
        (folder / f"report {number}.txt").write_text(f"Person{number} visited Town{number}.\n\n" * 3)
    page = visit("/ingest")
    hold(place.hold, after=8)
    name_folder(page, "reports")
    page.get_by_test_id("run").wait_for()
    page.wait_for_function(
        "() => { const b = document.querySelector('.kg-card b'); return b && parseInt(b.innerText) > 1; }"
    )
    os.kill(json.loads((place.runs[-1] / "child.json").read_text())["pid"], signal.SIGKILL)
    place.hold.unlink()
    assert state(page, "lost") == "lost"
    page.get_by_text("The process was killed").wait_for()
    page.get_by_role("button", name="Go on").click()
    assert state(page, "finished") == "finished"
    with open_store(place.store, create=False, read_only=True) as store:
        read = [each for each in store.documents() if "/reports/" in each.uri]
        assert [each.state for each in read] == ["complete"] * 14
        facts = {(edge.head.name, edge.tail.name) for edge in store.edges(with_evidence=False)}
        assert {(f"Person{i}", f"Town{i}") for i in range(14)} <= facts
        assert store.check() == []


@pytest.mark.long
def test_an_estimate_comes_before_a_run_and_a_second_run_is_offered_with_a_word(visit: Visit, place: Place) -> None:
    page = visit("/ingest?what=folder")
    (place.home / "root" / "more").mkdir()
    for number in range(30):
        (place.home / "root" / "more" / f"{number}.txt").write_text(f"Writer{number} knows Reader{number}.")
    page.get_by_label("Folder or file on the server").fill("more")
    page.get_by_role("button", name="Estimate").click()
    page.locator(".st-key-estimate .kg-card", has_text="Files to read").wait_for()
    expect(page.locator(".st-key-estimate .kg-card b").nth(1)).to_have_text("30", timeout=30_000)
    hold(place.hold, after=3)
    page.get_by_role("button", name="Start").click()
    page.get_by_test_id("run").wait_for()
    second = visit("/ingest?what=folder")
    expect(second.get_by_role("button", name="Start")).to_be_disabled()
    second.get_by_text("A run is reading into this store.").click()
    second.wait_for_function(
        "() => ![...document.querySelectorAll('button')].find(b => b.innerText.includes('Start')).disabled"
    )
    page.get_by_role("button", name="Cancel").click()
    assert state(page, "cancelled") == "cancelled"
    place.hold.unlink()
    page.get_by_text("Running it again goes on from there").wait_for()


@pytest.mark.long
def test_the_store_may_go_away_and_come_back_while_a_page_is_open(visit: Visit, place: Place) -> None:
    page = visit("/")
    page.locator(".kg-card", has_text="files seen").wait_for()
    graph = place.home / "root" / "graph"
    os.kill(json.loads((graph / "server.json").read_text())["pid"], signal.SIGKILL)
    stop(graph)
    shutil.move(graph, place.home / "elsewhere")
    time.sleep(1.1)  # the graph's version is looked up once a second, and pages of one version are kept
    page.get_by_role("link", name="Documents").click()
    page.get_by_text("There is no graph here yet").wait_for()
    page.get_by_role("link", name="Settings").click()
    page.get_by_text("Settings in force").wait_for()
    shutil.rmtree(graph, ignore_errors=True)
    shutil.move(place.home / "elsewhere", graph)
    page.get_by_role("link", name="Overview").click()
    page.locator(".kg-card", has_text="files seen").wait_for(timeout=90_000)  # its server starts again


def test_settings_say_where_they_come_from_and_keep_secrets(visit: Visit) -> None:
    page = visit("/settings")
    rows = page.get_by_test_id("settings")
    rows.wait_for()
    expect(rows.locator("div", has_text="slow_reader:SlowReader").first).to_contain_text("KG_EXTRACTOR")
    expect(rows.locator("div", has_text="OPENAI_API_KEY").last).to_contain_text("set")
    assert "a key of the tests" not in page.content() and PASSWORD not in page.content()
    page.get_by_label("Find a setting").fill("file_timeout")
    page.wait_for_function("() => document.querySelectorAll('[data-testid=settings] > div').length === 1")


@pytest.mark.long
def test_another_store_can_be_shown_and_the_first_one_again(visit: Visit, place: Place) -> None:
    page = visit("/settings")
    page.get_by_text("Connect to another store").click()
    address = page.get_by_label("Address or folder")
    for wrong in (str(place.home / "outside" / "graph"), "bolt://user:never-shown@127.0.0.1:9", "bolt://127.0.0.1:9"):
        address.fill(wrong)
        address.press("Enter")
        page.get_by_role("button", name="Connect", exact=True).click()
        page.get_by_text(wrong.replace("user:never-shown@", "")).wait_for()
        assert "never-shown" not in page.inner_text("[data-testid=stMain]")
    address.fill("another")
    address.press("Enter")
    page.get_by_role("button", name="Connect", exact=True).click()
    page.locator(".kg-store", has_text="another").wait_for()
    page.get_by_role("link", name="Overview").click()
    page.get_by_text("There is no graph here yet").wait_for()
    page.get_by_text("Connect to another store").click()
    page.get_by_role("button", name="root/graph").click()
    page.locator(".kg-card", has_text="files seen").wait_for(timeout=90_000)
    assert "never-shown" not in (place.workspace / "stores.json").read_text()


@pytest.mark.long
def test_a_server_that_only_shows_starts_nothing(chromium: Any, place: Place) -> None:
    process, address = start_server(
        place.store, "--read-only", cwd=place.home, KGUI_WORKSPACE=str(place.workspace), KGUI_PASSWORD=""
    )
    page = chromium.new_context(locale="en-US").new_page()
    page.set_default_timeout(30_000)
    page.goto(address + "/ingest")
    page.get_by_text("This server was started read-only").wait_for()
    assert page.get_by_role("button", name="Start").count() == 0
    page.get_by_role("link", name="reports").click()
    assert state(page, "finished")
    assert (
        page.get_by_role("button", name="Run again").count() == page.get_by_role("button", name="Delete").count() == 0
    )
    page.get_by_role("link", name="Overview").click()
    page.locator(".kg-card", has_text="files seen").wait_for()
    assert page.get_by_text("Connect to another store").count() == 0
    page.context.close()
    assert stop_server(process) == 0
