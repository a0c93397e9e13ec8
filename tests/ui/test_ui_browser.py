"""The interface as a person uses it, in a real browser on a real store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conftest import Watched
from playwright.sync_api import expect
from story import FAILED, PAYLOADS, SKIPPED

from kg_builder.types import Name, digest

pytestmark = pytest.mark.browser

ASTER = Name("aster robotics", "Organization").id
LIN = Name("lin wei", "Person").id
MALLORY = Name("mallory payload", "Person").id
DEAL = digest("document", "story/deal.pdf")
HOSTILE = digest("document", 'story/hostile "<b>names</b>".json')

Watch = Callable[..., Watched]


def marks(page: Any, role: str) -> list[str]:
    """What is marked with a role in the statements on the page."""
    found: list[str] = page.locator(f"[data-testid=evidence] .kg-sentence mark.kg-{role}").all_inner_texts()
    return found


def test_overview_counts_and_failures(watch: Watch) -> None:
    page = watch().open()
    cards = page.locator(".kg-card").all_inner_texts()
    assert [card.split("\n")[:2] for card in cards] == [
        ["7", "Documents"],
        ["32", "Entities"],
        ["36", "Facts"],
        ["40", "Statements"],
        ["14", "Segments"],
    ]
    page.get_by_test_id("columns").first.wait_for()  # of confidence; over time only where not all was read at once
    bars = page.get_by_test_id("bars")
    expect(bars).to_have_count(4)
    assert bars.nth(0).locator("tbody tr").first.inner_text().split() == ["Person", "6"]
    page.locator(".kg-table").wait_for()
    text = page.locator(".kg-table").inner_text()
    assert all(part in text for part in (*FAILED, *SKIPPED))
    page.locator("code", has_text="kg retry").wait_for()


def test_search_finds_aliases_and_chinese_while_typing(watch: Watch) -> None:
    page = watch().open("/explore")
    box = page.get_by_role("textbox", name="Search an entity").or_(page.get_by_role("searchbox"))
    box.press_sequentially("机器人公司")
    result = page.locator(".st-key-rows_search").get_by_role("link")
    page.get_by_text("1 found").wait_for()
    result.filter(has_text="阿斯特机器人").wait_for()
    box.fill("aster")
    result.filter(has_text="Aster Robotics").click()
    page.locator("[data-testid=card] .kg-name", has_text="Aster Robotics").wait_for()
    assert f"entity={ASTER}" in page.url


def test_an_edge_leads_to_its_marked_sentences(watch: Watch) -> None:
    watched = watch()
    page = watched.open(f"/explore?entity={ASTER}")
    frame = watched.graph(nodes=6)
    relations = sorted(edge["label"] for edge in frame.evaluate("window.__kgGraph.edges()"))
    assert relations == ["acquire", "audit", "be based in", "build", "employ", "found", "lead", "work for"]
    watched.click_in_graph("found")
    page.get_by_test_id("evidence").nth(1).wait_for()
    expect(page.get_by_test_id("fact")).to_have_text("Lin Wei — found → Aster Robotics")
    assert marks(page, "head") == ["Lin Wei", "Lin Wei"]
    assert marks(page, "relation") == ["founded", "founded"]
    assert marks(page, "tail") == ["Aster Robotics", "Aster Robotics"]
    assert marks(page, "qualifier") == ["2014"]
    first = page.get_by_test_id("evidence").first
    expect(first).to_contain_text("confidence 0.97")
    expect(first).to_contain_text("open_ie")
    page.get_by_text("Aster Robotics: a short history · segment 1").click()
    page.get_by_test_id("segment").first.wait_for()
    assert "/documents?document=" in page.url


def test_a_node_shows_its_card_and_expands_and_back_undoes(watch: Watch) -> None:
    watched = watch()
    page = watched.open(f"/explore?entity={ASTER}")
    watched.graph(nodes=6)
    watched.click_in_graph("Maja Berg", "nodes")
    card = page.get_by_test_id("card")
    card.filter(has_text="Maja Berg").wait_for()
    expect(page.locator(".st-key-rows_facts").get_by_role("link")).to_have_count(4)
    page.get_by_role("button", name="Expand").click()
    watched.graph(nodes=7)
    page.go_back()
    watched.graph(nodes=6)
    card.filter(has_text="Maja Berg").wait_for()
    page.go_back()
    card.filter(has_text="Also called").wait_for()


def test_the_drawing_is_usable_from_the_keyboard(watch: Watch) -> None:
    watched = watch()
    page = watched.open(f"/explore?entity={ASTER}")
    frame = watched.graph(nodes=6)
    frame.locator("#canvas").focus()
    before = frame.evaluate("window.__kgGraph.zoom()")
    page.keyboard.press("+")
    assert frame.evaluate("window.__kgGraph.zoom()") > before
    frame.locator("summary").focus()
    page.keyboard.press("Enter")
    edge = frame.locator("[data-testid=graph-edge]", has_text="Maja Berg — work for → Aster Robotics")
    edge.focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("evidence").wait_for()
    assert marks(page, "relation") == ["works for"]
    chosen = edge.and_(frame.locator("[aria-current=true]"))
    chosen.wait_for()  # drawn anew
    assert chosen.evaluate("button => button === document.activeElement")  # and still where the keyboard was


def test_filters_change_the_drawing_and_the_link_restores_it(watch: Watch) -> None:
    watched = watch()
    page = watched.open(f"/explore?entity={ASTER}&type=Person&type=Event&depth=2&conf=0.60&lang=zh")
    frame = watched.graph(nodes=4)
    labels = {node["label"] for node in frame.evaluate("window.__kgGraph.nodes()")}
    assert labels == {"Aster Robotics", "Lin Wei", "Maja Berg", "Nordic Robotics Week"}
    expect(page.locator(".kg-title")).to_contain_text("探索")
    expect(page.get_by_role("radio", name="2", exact=True)).to_have_attribute("aria-checked", "true")
    page.get_by_role("radio", name="1", exact=True).click()
    watched.graph(nodes=3)
    page.wait_for_function("!location.search.includes('depth')")
    assert "type=Person" in page.url and "type=Event" in page.url and "lang=zh" in page.url


def test_statements_of_an_entity_hold_the_denied_and_the_hearsay(watch: Watch) -> None:
    page = watch().open(f"/evidence?entity={ASTER}")
    page.get_by_role("radio", name="Not facts").click()
    page.get_by_text("2 statements").wait_for()
    page.wait_for_function("document.querySelectorAll('[data-testid=evidence]').length === 2")
    text = " ".join(page.get_by_test_id("evidence").all_inner_texts())
    assert "negated" in text and "hearsay" in text
    assert sorted(marks(page, "relation")) == ["did not acquire", "will buy"]
    assert "show=others" in page.url


def test_a_row_of_the_list_opens_the_document(watch: Watch) -> None:
    page = watch().open("/documents")
    page.get_by_role("textbox", name="Find a document").press_sequentially("polaris")
    page.get_by_text("1 document ·").wait_for()
    box = page.get_by_test_id("stDataFrame").bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 52)
    page.get_by_test_id("segment").first.wait_for()
    assert DEAL in page.url


def test_the_language_switch_changes_every_page_and_stays(watch: Watch) -> None:
    page = watch().open("/?lang=zh")
    expect(page.locator(".kg-title")).to_have_text("概览")
    for name in ("探索", "证据", "文档", "查询"):
        page.get_by_test_id("stSidebarNav").get_by_text(name).click()
        page.locator(".kg-title", has_text=name).wait_for()
    page.get_by_role("radio", name="English").click()
    page.locator(".kg-title", has_text="Query").wait_for()
    page.reload()
    page.locator(".kg-title", has_text="Query").wait_for()


def test_names_that_are_markup_are_shown_as_text(watch: Watch) -> None:
    watched = watch()
    page = watched.open(f"/explore?entity={MALLORY}")
    frame = watched.graph(nodes=len(PAYLOADS) + 2)
    facts = " ".join(page.locator(".st-key-rows_facts").get_by_role("link").all_inner_texts())
    listed = frame.locator("[data-testid=graph-node]").all_text_contents()
    shown = "".join(facts.split())
    for payload in PAYLOADS:
        name = payload.lstrip('":')  # a name has no quotation mark or colon in front, the text keeps it
        assert name in listed
        assert "".join(name.split())[:40] in shown
    for label in PAYLOADS[:2]:
        node = next(each for each in frame.evaluate("window.__kgGraph.nodes()") if each["label"] == label)
        frame.locator("#canvas").hover(position={"x": node["x"], "y": node["y"]})
        frame.locator("#tip strong", has_text=label).wait_for()
        assert frame.locator("#tip").inner_html().count("<strong>") == 1
    watched.click_in_graph("<b onmouseover=window.__pwned=1>hate</b>")
    page.get_by_test_id("evidence").wait_for()
    assert marks(page, "relation") == ["<b onmouseover=window.__pwned=1>hates</b>"]
    assert page.locator("[data-testid=stMain] b[onmouseover], [data-testid=stMain] iframe[src*=evil]").count() == 0


def test_overview_plots_show_markup_as_text(watch: Watch) -> None:
    page = watch().open("/?all=1")  # the type Other, too, of which the names that are markup are
    bars = page.get_by_test_id("bars")
    expect(bars).to_have_count(4)
    names = bars.locator("th[scope=row]").all_inner_texts()
    assert "<b onmouseover=window.__pwned=1>hate</b>" in names
    assert bars.locator("th[scope=row] *").count() == 0


@pytest.mark.parametrize("path", ["/", f"/explore?entity={ASTER}", f"/evidence?entity={ASTER}", "/documents", "/query"])
def test_a_narrow_screen_needs_no_sideways_scrolling(watch: Watch, path: str) -> None:
    watched = watch(width=400, height=800, color_scheme="dark")
    page = watched.open(path)
    if "explore" in path:
        watched.graph(nodes=6)
    page.wait_for_timeout(500)
    widths = page.evaluate(
        "(() => { const m = document.querySelector('[data-testid=stMain]'); return [m.scrollWidth, m.clientWidth]; })()"
    )
    assert widths[0] <= widths[1]


def test_the_drawing_follows_the_theme(watch: Watch) -> None:
    backgrounds = []
    for scheme in ("light", "dark"):
        watched = watch(color_scheme=scheme)
        watched.open(f"/explore?entity={ASTER}")
        frame = watched.graph(nodes=6)
        backgrounds.append(frame.evaluate("getComputedStyle(document.getElementById('stage')).backgroundColor"))
    assert backgrounds == ["rgb(255, 255, 255)", "rgb(16, 21, 31)"]


def test_choices_outlive_a_change_of_language(watch: Watch) -> None:
    watched = watch()
    page = watched.open(f"/explore?entity={ASTER}&layout=circle")
    watched.graph(nodes=6)
    page.get_by_text("中文", exact=True).click()
    page.locator(".kg-title", has_text="探索").wait_for()
    page.get_by_role("radio", name="2", exact=True).click()
    page.wait_for_function("location.search.includes('depth=2')")
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    assert "layout=circle" in page.url
    assert page.get_by_test_id("stException").count() == 0
    page = watch().open("/playground?lang=en")
    page.get_by_role("button", name="English sample").click()
    page.get_by_text("中文", exact=True).click()
    page.get_by_role("button", name="抽取", exact=True).click()
    page.get_by_test_id("trial").wait_for(timeout=90_000)


def test_a_new_run_without_a_data_set_leads_to_one(watch: Watch) -> None:
    page = watch().open("/training?show=new")
    page.get_by_text("there is none yet").wait_for()
    page.get_by_role("link", name="Correct the graph first").wait_for()
    page.get_by_role("button", name="From this graph and its corrections").click()
    expect(page.get_by_role("radio", name="This graph and its corrections")).to_be_checked()
    page.get_by_text("Only what people have reviewed").wait_for()
    page.get_by_role("radio", name="New run").click()
    page.get_by_role("button", name="From a file").click()
    page.get_by_label("File or folder", exact=True).wait_for()
    assert "show=data" in page.url
    page = watch().open("/training?show=new&lang=zh")
    page.get_by_role("button", name="用此图谱及其更正").click()
    page.get_by_text("只用经人审核的内容").wait_for()


def test_an_unknown_entity_or_document_says_so(watch: Watch) -> None:
    page = watch().open("/explore?entity=nothing&edge=a~b~C&depth=99&conf=nan&type=Nope")
    page.get_by_text("not in the graph").wait_for()
    page = watch().open("/documents?document=nothing")
    page.get_by_text("not in the store").wait_for()


def test_nothing_of_streamlit_s_own_clutter_shows(watch: Watch) -> None:
    page = watch().open()
    assert page.get_by_test_id("stAppDeployButton").count() == 0
    assert page.get_by_text("Made with Streamlit").count() == 0
    assert "embedded:" not in page.url
