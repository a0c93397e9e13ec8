"""The interface on public documents as they are found: some of them, and with LONG=1 all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import pytest
from conftest import Watched, start_server, stop_server
from playwright.sync_api import expect

from kg_builder.pipeline import build_graph
from kg_builder.store import GraphStore, open_store
from ui.pages import PageName

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]  # reading all of them takes minutes

PATIENCE_MS = 120_000
SOME = 6_000  # bytes: the documents up to this size

Watch = Callable[..., Watched]


@pytest.fixture(scope="module", params=["some", pytest.param("all", marks=pytest.mark.long)])
def graph(
    request: pytest.FixtureRequest, public_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GraphStore]:
    """What was read from them."""
    files = [path for path in sorted((public_data / "documents").rglob("*")) if path.is_file()]
    if request.param == "some":
        files = [path for path in files if path.stat().st_size <= SOME]
    with open_store(f"embedded:{tmp_path_factory.mktemp('public') / 'graph'}") as store:
        report = build_graph(files, store=store, workers=2)
        assert report.loaded == len(files)
        yield store


@pytest.fixture(scope="module")
def address(graph: GraphStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where `watch` looks."""
    process, url = start_server(graph.uri, cwd=tmp_path_factory.mktemp("elsewhere"))
    assert url.startswith("http://127.0.0.1:"), f"the interface did not start: {process.poll()}"
    yield url
    assert stop_server(process) == 0


@pytest.fixture(name="watch")
def patient(watch: Watch) -> Watch:
    """Makes pages as `watch` does."""

    def make(**options: Any) -> Watched:
        watched = watch(**options)
        watched.page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        return watched

    return make


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.long)])
def test_every_page_shows_what_the_store_holds(watch: Watch, graph: GraphStore, language: str) -> None:
    watched = watch()
    counts = graph.counts()
    for name in get_args(PageName):
        page = watched.open(f"/{name}?lang={language}")
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        assert page.get_by_test_id("stException").count() == 0, name
        assert page.get_by_role("alert").count() == 0, name
        assert page.get_by_role("dialog").count() == 0, name
    page = watched.open(f"/overview?lang={language}")
    cards = [card.split("\n")[0] for card in page.locator(".kg-card").all_inner_texts()]
    assert cards[:4] == [f"{n:,}" for n in (counts.documents, counts.entities, counts.edges, counts.extractions)]


def test_from_a_name_to_its_facts_to_their_sentences_to_the_document(watch: Watch, graph: GraphStore) -> None:
    edge = max(graph.edges(), key=lambda each: (each.support, each.head.mentions, each.head.id, each.tail.id))
    watched = watch()
    page = watched.open("/explore")
    page.get_by_role("textbox", name="Search an entity").or_(page.get_by_role("searchbox")).fill(edge.head.name)
    page.locator(".st-key-rows_search").get_by_role("link").filter(has_text=edge.head.name).first.click()
    page.locator("[data-testid=card] .kg-name").wait_for()
    watched.open(f"/explore?entity={edge.head.id}")
    assert edge.relation in {each["label"] for each in watched.graph().evaluate("window.__kgGraph.edges()")}
    watched.open("/evidence?edge=" + quote(f"{edge.head.id}~{edge.tail.id}~{edge.relation}"))
    evidence = page.get_by_test_id("evidence")
    expect(evidence).to_have_count(min(edge.support, 10))
    said = graph.evidence(edge.head.id, edge.relation, edge.tail.id, limit=edge.support)
    for role, surfaces in (("head", {each.head for each in said}), ("tail", {each.tail for each in said})):
        marked = evidence.locator(f".kg-sentence mark.kg-{role}").all_inner_texts()
        assert marked and {" ".join(text.split()) for text in marked} <= {" ".join(text.split()) for text in surfaces}
    page.get_by_test_id("stPageLink").filter(has_text=re.compile(r" · (segment|page) \d")).first.click()
    page.get_by_test_id("segment").first.wait_for()
    assert "/documents?document=" in page.url


def test_what_is_worth_a_look_and_what_is_asked_in_cypher(watch: Watch, graph: GraphStore) -> None:
    page = watch().open("/review")
    page.get_by_role("button", name="Reject").first.wait_for()
    page = watch().open("/query?view=json&cypher=" + quote("MATCH (d:Document) RETURN count(d) AS documents"))
    expect(page.get_by_test_id("stMain")).to_contain_text(f'"documents": {graph.counts().documents}')
