#!/usr/bin/env python3
"""How long the pages of the browser interface take on a store: until a page shows, and until a click is answered.

    python benchmarks/ui_pages.py embedded:./graph [--rounds 3]

Starts the interface on the store (which must exist), opens every page in headless Chromium, first in a server that has
just started and then again, and does on some of them what people do: search, open an entity, read the evidence of a
fact. A page shows when its title is there and Streamlit's script has ended. Prints one JSON
object: milliseconds, the median of all rounds but the first, which is given by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from ui.pages import PageName

ROOT = Path(__file__).resolve().parent.parent
_WAIT_MS = 120_000
_LOOK_MS = 2_000  # what a person looks at a page before doing something on it


def shows(page: Any, *selectors: str) -> None:
    """Wait until all of these show, looked at with every frame: Playwright's own waiting looks twice a second."""
    seen = "found => found.every(each => document.querySelector(each)?.checkVisibility())"
    page.wait_for_function(seen, arg=list(selectors), polling="raf", timeout=_WAIT_MS)


def settled(page: Any) -> None:
    """Wait until the script has ended."""
    shows(page, ".kg-title", "[data-testid=stApp][data-test-script-state=notRunning]")


def looked_at(page: Any) -> None:
    """Wait as long as a person does who came to this page."""
    settled(page)
    page.wait_for_timeout(_LOOK_MS)


class Clock:
    """Milliseconds by what was done."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = {}

    def time(self, what: str, action: Callable[[], object]) -> None:
        """Do it, and note how long that took."""
        began = time.perf_counter()
        action()
        self.taken.setdefault(what, []).append(round(1000 * (time.perf_counter() - began)))

    def table(self) -> dict[str, dict[str, float]]:
        """The first time, and the median of the others."""
        return {
            what: {"first": taken[0], "then": statistics.median(taken[1:] or taken)}
            for what, taken in self.taken.items()
        }


def open_pages(page: Any, url: str, clock: Clock) -> None:
    """Every page by its address, as a bookmark does."""
    for name in get_args(PageName):
        clock.time(
            f"page {name}", lambda name=name: (page.goto(url if name == "overview" else f"{url}/{name}"), settled(page))
        )


def use(page: Any, url: str, clock: Clock, entity: dict[str, str]) -> None:
    """What people do."""
    page.goto(f"{url}/explore")
    looked_at(page)
    box = page.get_by_role("textbox").first
    found = page.locator(".st-key-rows_search").get_by_role("link")

    def search() -> None:
        box.fill(entity["name"])
        shows(page, ".st-key-rows_search a")

    clock.time("search an entity", search)

    def choose() -> None:
        found.filter(has_text=entity["name"]).first.click()
        shows(page, "[data-testid=card]")

    clock.time("open it", choose)
    looked_at(page)

    def fact() -> None:
        page.locator(".st-key-rows_facts").get_by_role("link").first.click()
        shows(page, "[data-testid=evidence]")

    clock.time("read the evidence of a fact", fact)
    page.goto(f"{url}/review")
    looked_at(page)

    def question() -> None:
        which = "document.querySelector('[class*=st-key-review-skip-]')?.className.match(/review-skip-\\S+/)[0] ?? null"
        before = page.evaluate(which)
        page.keyboard.press("s")
        page.wait_for_function(f"before => ![null, before].includes({which})", arg=before, polling="raf")

    clock.time("next question of the review", question)
    page.goto(f"{url}/query")
    looked_at(page)

    def query() -> None:
        page.locator(".st-key-examples").get_by_role("button").first.click()
        shows(page, "[data-testid=stDataFrame]")

    clock.time("run an example of the query page", query)


def describe(store_uri: str) -> tuple[dict[str, int], dict[str, str]]:
    """How large the store is, and its most mentioned entity."""
    from kg_builder.store import open_store

    with open_store(store_uri, create=False, read_only=True) as store:
        counts = store.counts()
        row = store.query("MATCH (e:Entity) RETURN e.id, e.name ORDER BY e.mentions DESC LIMIT 1", timeout_s=120).rows[
            0
        ]
    sizes = {"documents": counts.documents, "entities": counts.entities, "edges": counts.edges}
    return sizes, {"id": row[0], "name": row[1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("store")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    sizes, entity = describe(arguments.store)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    server = subprocess.Popen(
        [sys.executable, "-P", "-m", "ui.serve", "--store", arguments.store],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    clock = Clock()
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--headless"])
            for _ in range(arguments.rounds):
                context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
                page = context.new_page()
                open_pages(page, url, clock)
                use(page, url, clock, entity)
                context.close()
            version = browser.version
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=30)
    print(
        json.dumps(
            {"store": sizes, "chromium": version, "load_average": os.getloadavg()[0], "ms": clock.table()}, indent=2
        )
    )


if __name__ == "__main__":
    main()
