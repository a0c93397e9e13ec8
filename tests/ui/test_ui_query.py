"""The query page as a person uses it, in a real browser on a real store."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from conftest import Watched
from editing import PATIENCE_MS, editor, run, settled, write
from payloads import PAYLOADS
from playwright.sync_api import expect

from kg_builder.types import Name

pytestmark = pytest.mark.browser

LIN = Name("lin wei", "Person").id
SLOW = "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y WITH x, y WHERE x * y = -1 RETURN count(*) AS n"

Watch = Callable[..., Watched]


@pytest.fixture(name="watch")
def patient(watch: Watch) -> Watch:
    """Makes pages as `watch` does."""

    def make(**options: Any) -> Watched:
        watched = watch(**options)
        watched.page.set_default_timeout(PATIENCE_MS)
        return watched

    return make


def pick(page: Any, row: int) -> None:
    """Click the first cell of a row of the table, which is drawn on a canvas."""
    table = page.get_by_test_id("stDataFrame")
    table.evaluate("table => table.scrollIntoView({block: 'center', behavior: 'instant'})")
    box = table.bounding_box()
    page.mouse.click(box["x"] + 60, box["y"] + 52 + 35 * row)


def test_a_statement_is_completed_run_kept_and_found_again(watch: Watch) -> None:
    page = watch().open("/query")
    text = editor(page).get_by_role("textbox", name="Cypher statement")
    text.press_sequentially("MATCH (p:Pers")
    options = editor(page).get_by_role("option")
    expect(options).to_have_text([re.compile("Person")])
    text.press("Enter")
    text.press_sequentially(")-[:wo")
    expect(options.first).to_have_text(re.compile("WORK_FOR"))
    text.press("Escape")  # closes the list
    text.press("Escape")  # leaves the editor
    assert editor(page).locator("#run").evaluate("button => button === document.activeElement")

    write(page, "MATCH (e:Entity) WHERE e.name = $name RETURN e.type AS type, $least AS least")
    page.get_by_role("textbox", name="$name").fill("Lin Wei")
    page.get_by_role("textbox", name="$least").fill("3")
    page.get_by_role("textbox", name="$least").press("Enter")
    text.press("Control+Enter")
    page.get_by_text(re.compile(r"1 row in [\d.]+ s")).wait_for()
    assert '{"name": "Lin Wei", "least": 3}' in page.evaluate("new URLSearchParams(location.search).get('params')")
    page.get_by_role("radio", name="JSON").click()
    page.locator("code", has_text=re.compile('"type": "Person"')).wait_for()
    page.locator("code", has_text=re.compile('"least": 3')).wait_for()

    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("textbox", name="Name", exact=True).fill("By <b>name</b>")
    page.get_by_role("textbox", name="Name", exact=True).press("Enter")
    page.get_by_role("button", name="Save under this name").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name=re.compile("Saved statements"))).to_have_value("By <b>name</b>")

    run(page, "MATCH (e:Entity) RETURN e.type AS type, count(*) AS n ORDER BY n DESC")
    page.get_by_role("radio", name="Chart").click()
    page.get_by_test_id("stVegaLiteChart").wait_for()
    page.get_by_role("radio", name="Points").click()
    page.wait_for_function("location.search.includes('chart=scatter')")

    page.get_by_role("combobox", name=re.compile("History")).click()
    page.get_by_role("option", name=re.compile(r"^MATCH \(e:Entity\) WHERE e.name")).click()
    expect(editor(page).locator(".cm-content")).to_contain_text("WHERE e.name = $name")
    expect(page.get_by_role("textbox", name="$name")).to_have_value("Lin Wei")
    settled(page)
    page.get_by_role("button", name="Clear history").click()
    expect(page.get_by_role("combobox", name=re.compile("History"))).to_have_count(0)


@pytest.mark.long
def test_examples_run_and_lead_into_the_graph(watch: Watch) -> None:
    watched = watch()
    page = watched.open("/query")
    buttons = page.locator(".st-key-examples").get_by_role("button")
    buttons.nth(9).wait_for()
    titles = buttons.all_inner_texts()
    assert "People and where they work" in titles
    for title in titles:
        before = page.url
        buttons.get_by_text(title, exact=True).click()
        page.wait_for_function("before => location.href !== before", arg=before)
        settled(page)
        there = parse_qs(urlsplit(page.url).query)["cypher"][0]
        expect(editor(page).locator(".cm-content")).to_have_text(there.replace("\n", ""))  # what is typed now stays
        page.get_by_text(re.compile(r"\d+ rows? in [\d.]+ s")).wait_for()
        assert page.get_by_role("alert").count() == 0, title
    run(page, "MATCH (p:Person)-[r]->(o) RETURN p, r, o")
    page.get_by_role("radio", name="Graph").click()
    page.wait_for_function("location.search.includes('view=graph')")
    watched.graph()
    watched.click_in_graph("Lin Wei", "nodes")
    page.locator("[data-testid=card] .kg-name", has_text="Lin Wei").wait_for()
    assert f"/explore?entity={LIN}" in page.url
    page.go_back()
    page.wait_for_url(re.compile(r"/query\?.*view=graph"))


def test_what_is_wrong_is_said_and_shown_in_the_editor(watch: Watch) -> None:
    page = watch().open("/query?cypher=" + quote("MATCH (n:Entity)\nWHERE n.name = = 'x'\nRETURN n"))
    page.get_by_role("alert").filter(has_text="could not run").wait_for()
    expect(page.get_by_text("Line 2, column 16:")).to_be_visible()
    expect(page.get_by_test_id("mistake").locator("mark")).to_have_text("=")
    expect(editor(page).locator(".mistake")).to_have_text("=")
    for verb in ("CREATE (n:Entity {id: 'x'}) RETURN n", "MATCH (n) DETACH DELETE n", "MATCH (n) SET n.name = 'x'"):
        run(page, verb)
        page.get_by_role("alert").filter(has_text="Refused").wait_for()
    run(page, "MATCH (n:Entity) RETURN count(n) AS n")
    page.get_by_role("radio", name="JSON").click()
    page.locator("code", has_text=re.compile('"n": 32')).wait_for()
    page = watch().open("/query?params=" + quote("[1]") + "&cypher=" + quote("RETURN 1"))
    page.get_by_role("alert").filter(has_text="one JSON object").wait_for()


def test_a_slow_statement_is_stopped_and_the_page_goes_on(watch: Watch) -> None:
    page = watch().open("/query?cypher=" + quote(SLOW))
    page.get_by_text(re.compile(r"Running for \d+ s")).wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("alert").filter(has_text="Stopped after").wait_for()
    run(page, "RETURN 1 AS one")
    page.get_by_text(re.compile(r"1 row in")).wait_for()


@pytest.mark.long
def test_a_plan_is_shown_without_running_and_after(watch: Watch) -> None:
    page = watch().open("/query")
    run(page, "MATCH (e:Entity {name: 'Lin Wei'}) RETURN e", "Explain")
    page.get_by_test_id("plan").filter(has_text="e:Entity").wait_for()
    assert "mode=explain" in page.url and page.get_by_test_id("stDataFrame").count() == 0
    editor(page).get_by_role("button", name="Profile").click()
    page.wait_for_function("location.search.includes('mode=profile')")
    page.get_by_text(re.compile(r"1 row in")).wait_for()
    expect(page.get_by_test_id("plan")).to_be_visible()


@pytest.mark.long
def test_rows_are_shown_whole_lead_on_and_download(watch: Watch, tmp_path: Path) -> None:
    statement = (
        "MATCH (x:Extraction)-[:FROM]->(s:Segment)-[:PART_OF]->(d:Document) MATCH (x)-[:HEAD]->(e) "
        "WHERE e.name = 'Lin Wei' RETURN e, s, d, s.text AS text ORDER BY text LIMIT 3"
    )
    page = watch(accept_downloads=True).open("/query?cypher=" + quote(statement))
    page.get_by_text(re.compile("3 rows")).wait_for()
    pick(page, 0)
    whole = page.get_by_test_id("whole-row")
    whole.wait_for()
    expect(whole).to_contain_text("Lin Wei")
    expect(whole).to_contain_text('"_labels"')
    links = page.locator(".st-key-whole-row").get_by_test_id("stPageLink")
    expect(links).to_have_count(3)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    waiting.value.save_as(tmp_path / "result.csv")
    assert (tmp_path / "result.csv").read_text(encoding="utf-8").splitlines()[0] == "e,s,d,text"
    links.nth(1).click()
    page.wait_for_url(re.compile(r"/documents\?document=.*segment="))
    page.get_by_test_id("segment").first.wait_for()


def test_payloads_in_statements_results_and_names_are_text(watch: Watch) -> None:
    page = watch().open("/query")
    listed = ", ".join("'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'" for text in PAYLOADS)
    hostile = PAYLOADS[1].replace("`", "")
    run(page, f"UNWIND [{listed}] AS x RETURN x AS `{hostile}`, size(x) AS n, {{a: x}} AS map")
    page.get_by_text(f"{len(PAYLOADS)} rows").wait_for()
    for row in (1, 3, 7):
        pick(page, row)
        page.get_by_test_id("whole-row").filter(has_text=PAYLOADS[row]).wait_for()
    page.get_by_role("radio", name="Chart").click()
    chart = page.get_by_test_id("stVegaLiteChart")
    chart.wait_for()
    place = chart.bounding_box()
    for step in range(1, 12):
        page.mouse.move(place["x"] + place["width"] * step / 12, place["y"] + place["height"] * 0.55)
    page.get_by_role("radio", name="JSON").click()
    page.locator("code", has_text="evil.invalid").first.wait_for()
    page.get_by_role("combobox", name=re.compile("History")).click()
    page.get_by_role("option", name=re.compile("UNWIND")).first.wait_for()
    page.keyboard.press("Escape")
    run(page, "MATCH (a:Entity)-[r]->(b:Entity) WHERE b.name = 'Mallory Payload' RETURN a, r, b")
    page.get_by_role("radio", name="Graph").click()
    page.get_by_text(re.compile(r"\d+ nodes, \d+ relationships")).wait_for()
    page.wait_for_timeout(500)
    injected = "[data-testid=stMain] :is(img[src=x], iframe[src*=evil], [onload], [onerror], [ontoggle], form[action])"
    assert page.locator(injected).count() == 0
