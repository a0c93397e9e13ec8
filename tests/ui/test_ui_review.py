"""The review as a person does it: by keyboard and by clicks, with the graph following at once, and back again."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Watched, start_server, stop_server
from playwright.sync_api import expect
from story import PAYLOADS, fill

from kg_builder.resolving import resolve_graph
from kg_builder.resolving_by_hand import decisions_of
from kg_builder.store import GraphStore, open_store
from kg_builder.types import Contribution, Document, Extraction, Mention, Name, Relation, Segment, Statement

pytestmark = pytest.mark.browser


ASTER = Name("aster robotics", "Organization").id


def more(store: GraphStore) -> None:
    """A pair of names that nearly are one, and a person who was born in two places."""
    said = [
        ("Meridian Tidal Systems", "Organization", "met", "Erik Dahl", "Person"),
        ("Meridian Systems", "Organization", "met", "Lin Wei", "Person"),
        ("Lin Wei", "Person", "born in", "Bergen", "Place"),
        ("Lin Wei", "Person", "born in", "Oslo", "Place"),
    ]
    text = " ".join(f"{head} {relation} {tail}." for head, _, relation, tail, _ in said)
    document = Document("story/more.txt", "0", "More", text, "en")
    segment = Segment(document, 0, 0, len(text), language="en")
    statements = []
    at = 0
    for head, head_type, relation, tail, tail_type in said:
        r = at + len(head) + 1
        t = r + len(relation) + 1
        extraction = Extraction(
            Mention(head, at, at + len(head), head_type),
            Relation(relation, r, r + len(relation)),
            Mention(tail, t, t + len(tail), tail_type),
            0.8,
            "open_ie",
            segment=segment,
        )
        names = Name(head.casefold(), head_type), Name(tail.casefold(), tail_type)
        statements.append(Statement(extraction, *names, relation))
        at = t + len(tail) + 2
    store.write(Contribution(document, (segment,), tuple(statements)), size_bytes=len(text), recipe="story")


def free_port() -> str:
    """A port that is free, far from those that servers look for by themselves: others start at the same time."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])


@pytest.fixture(scope="module")
def reviewed(empty_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, GraphStore]]:
    """A server with a store of its own: its address, the same only to look at, and the store."""
    folder = tmp_path_factory.mktemp("review")
    with pytest.MonkeyPatch.context() as patch, open_store(empty_store) as store:
        patch.setenv("KGUI_WORKSPACE", str(folder / "workspace"))
        fill(store)
        more(store)
        resolve_graph(store)
        process, url = start_server(empty_store, "--port", free_port(), cwd=folder)
        patch.setenv("KGUI_READ_ONLY", "1")
        looking, look_url = start_server(empty_store, "--port", free_port(), cwd=folder)
        yield url, look_url, store
        for each in (process, looking):
            assert stop_server(each) == 0


@pytest.fixture
def address(reviewed: tuple[str, str, GraphStore]) -> str:
    """Where `watch` looks."""
    return reviewed[0]


def facts(store: GraphStore) -> dict[str, float]:
    return {f"{e.head.name} {e.relation} {e.tail.name}": e.confidence for e in store.edges()}


def stand_still(page: Any) -> None:
    """Wait until the page shows what it is to show: what is pressed before may be another thing a moment later."""
    page.wait_for_timeout(300)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)  # a part whose code is still on its way hears no key
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")


def press(page: Any, key: str, *, until: str) -> None:
    """Press a key once the page stands still, and wait until it says something."""
    stand_still(page)
    page.locator("body").press(key)
    expect(page.locator("[data-testid=stMain]")).to_contain_text(until)


def test_a_review_from_the_first_rejection_to_the_last_undo(watch: Any, reviewed: tuple[str, str, GraphStore]) -> None:
    _, look_url, store = reviewed
    before = facts(store)
    watched: Watched = watch()
    page = watched.open("/review")
    card = page.locator(".st-key-review-card")
    expect(card.get_by_test_id("fact")).to_have_text(re.compile("Aster Robotics — audit → Aster Robotics"))
    page.get_by_label("Who decides").fill("Ann O'Hara")
    page.get_by_label("Who decides").press("Enter")
    page.get_by_label("Who decides").blur()

    # ---------------------------------------------------------------- reject by keyboard, look, undo
    press(page, "x", until="Unsure (15)")
    expect(card.get_by_test_id("fact")).to_contain_text("Mallory Payload")
    assert "Aster Robotics audit Aster Robotics" not in facts(store)
    ((_, decision),) = decisions_of(store)
    assert (decision.kind, decision.who, decision.source) == ("reject", "Ann O'Hara", "browser")
    other: Watched = watch()
    edge = f"/evidence?edge={ASTER}~{ASTER}~audit"
    expect(other.open(edge).get_by_test_id("evidence")).to_have_count(0)
    press(page, "u", until="Unsure (16)")
    assert facts(store) == before
    expect(other.open(edge).get_by_test_id("evidence")).to_have_count(1)

    # ---------------------------------------------------------------- edit by choosing words
    press(page, "e", until="Click the first and the last word")
    tail = page.locator(".st-key-review-words-tail")
    tail.get_by_role("button", name="Aster").nth(1).click()
    expect(page.get_by_test_id("preview").locator("mark.kg-tail")).to_have_count(0)
    page.get_by_label("Or the relation in other words").fill("checks itself")
    page.get_by_label("Or the relation in other words").press("Enter")
    tail.get_by_role("button", name="Aster").nth(1).click()
    expect(page.get_by_test_id("preview").locator("mark.kg-tail")).to_have_text("Aster")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Unsure (15)")).to_be_visible()
    assert any(each.startswith("Aster Robotics check") for each in facts(store))
    page.get_by_role("button", name="Undo last").click()
    expect(page.get_by_text("Unsure (16)")).to_be_visible()
    assert facts(store) == before

    # ---------------------------------------------------------------- conflicts and duplicates
    page.get_by_role("radio", name="Conflicts").click()
    press(page, "1", until="Nothing left")
    assert sum(each.startswith("Lin Wei born in") for each in facts(store)) == 1
    expect(page.get_by_text("Conflicts (0)")).to_be_visible()
    page.get_by_role("radio", name="Duplicates").click()
    expect(card.locator(".kg-name")).to_have_count(2)
    press(page, "m", until="Nothing left")
    (merged,) = [each for each in store.entities() if "Meridian Systems" in (each.name, *each.aliases)]
    assert "Meridian Tidal Systems" in (merged.name, *merged.aliases)

    # ---------------------------------------------------------------- many at once, names shown as text
    page.get_by_role("radio", name="Many at once").click()
    boxes = page.locator(".st-key-review-boxes label")
    expect(boxes).to_have_count(16)
    shown = boxes.all_inner_texts()
    assert sum(any(" ".join(each.split())[:38] in line for line in shown) for each in PAYLOADS) >= 12
    for n in (0, 2):
        boxes.nth(n).click()
    page.get_by_role("button", name="Reject 2 selected").click()
    expect(boxes).to_have_count(14)
    page.get_by_role("button", name="Undo last").click()
    expect(boxes).to_have_count(16)

    # ---------------------------------------------------------------- a type, the history
    page.get_by_role("radio", name="Unsure").click()
    page.get_by_role("button", name="Correct Aster Robotics").click()
    page.get_by_label("Name to show").fill("Aster AB")
    page.get_by_label("Name to show").press("Enter")
    page.get_by_role("button", name="Rename").click()
    expect(card.get_by_test_id("fact")).to_contain_text("Aster AB")
    assert [each.name for each in store.search("Aster AB")] == ["Aster AB"]
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="History").click()
    decided = page.locator("[class*=st-key-decision-]")
    expect(decided).to_have_count(3)
    expect(decided.first).to_contain_text("aster robotics → Aster AB")
    expect(decided.first).to_contain_text("Ann O'Hara")
    for left in (2, 1, 0):
        stand_still(page)
        decided.first.get_by_role("button", name="Undo").click()
        expect(decided).to_have_count(left)
    assert (facts(store), decisions_of(store), store.check()) == (before, [], [])

    # ---------------------------------------------------------------- a server that only shows
    page.goto(look_url + "/review")
    expect(page.get_by_text("started to show only")).to_be_visible()
    expect(card.get_by_test_id("fact")).to_contain_text("Aster Robotics")
    assert page.get_by_role("button", name="Accept").count() == 0
    page.goto("about:blank")  # or it asks its server, which is not the usual one, for more
    watched.wrongs[:] = [each for each in watched.wrongs if look_url not in each]


def test_keys_are_about_the_question_that_shows(watch: Any, reviewed: tuple[str, str, GraphStore]) -> None:
    _, _, store = reviewed
    page = watch().open("/review")
    asked = page.locator(".st-key-review-card").get_by_test_id("fact")
    first = asked.inner_text()
    expect(page.get_by_role("button", name="Reject").first).to_be_visible()
    stand_still(page)
    for _ in range(2):
        page.locator("body").press("x")  # once more than there was to decide
    expect(asked).not_to_have_text(first)
    stand_still(page)
    assert [decision.kind for _, decision in decisions_of(store)] == ["reject"]
    press(page, "u", until="Unsure (16)")
    expect(page.get_by_role("button", name="Undo last")).to_be_disabled()
    assert decisions_of(store) == []

    shown = []
    for _ in range(5):
        stand_still(page)  # a key pressed before the browser listens for the new question is about none
        shown.append(asked.inner_text())
        page.locator("body").press("s")
        expect(asked).not_to_have_text(shown[-1])
    assert len(set(shown)) == 5


def test_words_of_sentences_are_chosen_from() -> None:
    from ui.review_words import chosen_span, words_of_sentence, words_within

    words = words_of_sentence("Ann O'Hara-Li 收购了 Acme, Inc.")
    assert [word.text for word in words] == ["Ann", "O'Hara-Li", "收", "购", "了", "Acme", ",", "Inc", "."]
    assert words_within(words, 4, 13) == [1]
    assert words_within(words, 14, 17) == [2, 4]
    assert words_within(words, None, None) == []
    assert chosen_span(words, [4, 2]) == (14, 17)
    assert chosen_span(words, []) is None
