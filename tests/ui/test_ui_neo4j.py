"""A person's way on a real Neo4j: from nothing to the samples, a fact and its sentences, a correction, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from conftest import Watched, start_server, stop_server
from playwright.sync_api import expect

from kg_builder.resolving_by_hand import decisions_of
from kg_builder.store import GraphStore

pytestmark = [pytest.mark.browser, pytest.mark.neo4j]

PATIENCE_MS = 240_000
ALL_PAGES = ("explore", "evidence", "documents", "query", "playground", "training", "settings")

Watch = Callable[..., Watched]


@pytest.fixture
def neo4j(servers: Any, version: str) -> tuple[GraphStore, dict[str, str]]:
    """An empty store on a real Neo4j, and what a process needs to come in."""
    return servers.store(f"neo4j-{version}"), servers.neo4j(version).environment()


@pytest.fixture
def address(neo4j: tuple[GraphStore, dict[str, str]], tmp_path: Any) -> Iterator[str]:
    """Where `watch` looks."""
    store, environment = neo4j
    process, url = start_server(store.uri, cwd=tmp_path, **environment)
    assert url.startswith("http://127.0.0.1:"), f"the interface did not start: {process.poll()}"
    yield url
    assert stop_server(process) == 0


def press(page: Any, key: str) -> None:
    """Press a key once the page stands still."""
    page.wait_for_timeout(300)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE_MS)
    page.locator("body").press(key)


@pytest.mark.parametrize("version", ["5.26.30"])
def test_from_nothing_to_a_corrected_graph(watch: Watch, neo4j: tuple[GraphStore, dict[str, str]]) -> None:
    store, environment = neo4j
    watched = watch()
    watched.page.set_default_timeout(PATIENCE_MS)
    page = watched.open("/")
    page.get_by_role("button", name="Load the samples").click()
    page.get_by_text("24 files found = ").wait_for()
    page.get_by_role("link", name="See what is in the graph").click()
    page.locator(".kg-card", has_text="files seen").wait_for()
    assert store.counts().documents == 24

    edge = max(store.edges(), key=lambda each: (each.support, each.head.id, each.relation, each.tail.id))
    key = quote(f"{edge.head.id}~{edge.tail.id}~{edge.relation}")
    watched.open(f"/explore?entity={edge.head.id}")
    assert edge.relation in {each["label"] for each in watched.graph().evaluate("window.__kgGraph.edges()")}
    watched.open(f"/evidence?edge={key}")
    expect(page.get_by_test_id("evidence")).to_have_count(min(edge.support, 10))
    watched.open(f"/query?view=json&cypher={quote('MATCH (e:Entity) RETURN count(e) AS entities')}")
    expect(page.locator("[data-testid=stMain]")).to_contain_text(str(store.counts().entities))

    watched.open("/review")
    page.get_by_role("button", name="Reject").first.wait_for()
    before = {(each.head.id, each.relation, each.tail.id): each.support for each in store.edges(with_evidence=False)}
    press(page, "x")
    expect(page.get_by_role("button", name="Undo last")).to_be_enabled(timeout=PATIENCE_MS)
    ((_, decision),) = decisions_of(store)
    assert decision.kind == "reject"
    now = {(each.head.id, each.relation, each.tail.id): each.support for each in store.edges(with_evidence=False)}
    assert sum(now.values()) < sum(before.values())
    press(page, "u")
    expect(page.get_by_role("button", name="Undo last")).to_be_disabled(timeout=PATIENCE_MS)
    again = {(each.head.id, each.relation, each.tail.id): each.support for each in store.edges(with_evidence=False)}
    assert (again, decisions_of(store), store.check()) == (before, [], [])

    for name in ALL_PAGES:
        watched.open(f"/{name}")
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        assert page.get_by_test_id("stException").count() == 0
        assert environment["NEO4J_PASSWORD"] not in page.content()
