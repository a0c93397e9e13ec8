"""The explore page as an analyst uses it: search, grow, narrow, follow a path, keep, share and take away."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from conftest import Watched, start_server, stop_server
from payloads import PAYLOADS
from playwright.sync_api import expect
from story import Fact, Page, contribution, fill

from kg_builder.store import open_store
from kg_builder.types import Name, digest

pytestmark = pytest.mark.browser

ASTER = Name("aster robotics", "Organization").id
TRENT = Name("trent payload", "Person").id
DEAL = digest("document", "story/deal.pdf")
NAMES_OF_TRENT: set[str] = set()

Watch = Callable[..., Watched]


@pytest.fixture(scope="module")
def address(empty_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own, on the story and on every hostile name, with a folder for what is kept."""
    folder = tmp_path_factory.mktemp("explore")
    hostile = tuple(
        Fact(f"{text} knows Trent Payload.", text, "Other", "knows", "know", "Trent Payload", "Person", 0.7)
        for text in PAYLOADS
    )
    with open_store(empty_store) as store:
        fill(store)
        made = contribution(Page("hostile/all.txt", "All <b>payloads</b>", "en", hostile))
        store.write(made, size_bytes=1, recipe="story")
        NAMES_OF_TRENT.update(entity.name for entity in store.neighbourhood([TRENT]).entities)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGUI_WORKSPACE", str(folder / "workspace"))
        process, url = start_server(empty_store, cwd=folder)
    assert url.startswith("http://127.0.0.1:")
    yield url
    assert stop_server(process) == 0


def patient(watched: Watched) -> Watched:
    """The same page, which waits longer: these tests lead through many steps, on machines that do other things too."""
    watched.page.set_default_timeout(60_000)
    return watched


def names(watched: Watched, nodes: int) -> set[str]:
    """The names that are drawn, once so many are."""
    frame = watched.graph(nodes=nodes)
    return {node["label"] for node in frame.evaluate("window.__kgGraph.nodes()")}


def menu(page: Any, name: str) -> Any:
    """An opened menu above the drawing."""
    page.locator(".st-key-tools").get_by_role("button", name=re.compile(f"^{name}")).click()
    return page.get_by_test_id("stPopoverBody")


def test_growing_narrowing_and_undoing(watch: Watch) -> None:
    watched = patient(watch())
    page = watched.open("/explore")
    assert "Lin Wei" in {n["label"] for n in watched.graph().evaluate("window.__kgGraph.nodes()")}  # the most mentioned
    box = page.get_by_role("textbox", name="Search an entity").or_(page.get_by_role("searchbox"))
    box.press_sequentially("机器人公司")
    found = page.locator(".st-key-rows_search").get_by_role("link")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("阿斯特机器人公司")
    expect(found.locator(".kg-hit")).to_have_text("机器人公司")
    box.fill("aster")
    found.filter(has_text="Aster Robotics").focus()
    page.keyboard.press("Enter")
    assert names(watched, 6) >= {"Aster Robotics", "Polaris Optics"}

    watched.click_in_graph("Polaris Optics", "nodes", twice=True)
    assert {"Bergen", "Erik Dahl"} <= names(watched, 9)
    watched.click_in_graph("Polaris Optics", "nodes", twice=True)
    names(watched, 6)
    page.get_by_role("button", name="Undo").click()
    names(watched, 9)
    page.get_by_role("button", name="Redo").click()
    names(watched, 6)

    menu(page, "Filters")
    page.get_by_label("Holds from").fill("2020")
    page.keyboard.press("Enter")
    assert names(watched, 2) == {"Aster Robotics", "Polaris Optics"}
    page.get_by_label("Holds from").fill("20xx")
    page.keyboard.press("Enter")
    page.get_by_text("Expected a year").wait_for()
    page.get_by_role("button", name="Clear all filters").click()
    names(watched, 6)
    page.goto(page.url + f"&doc={DEAL}")
    assert names(watched, 2) == {"Aster Robotics", "Polaris Optics"}
    expect(page.get_by_test_id("filters")).to_contain_text("stated in 1 chosen")
    page.goto(page.url.replace(f"&doc={DEAL}", "&without=" + quote("be based in") + "&without=acquire"))
    assert names(watched, 4) == {"Aster Robotics", "Lin Wei", "Maja Berg", "Heron drone"}


def test_two_fingers_zoom_and_take_no_node_along(watch: Watch) -> None:
    watched = patient(watch(has_touch=True))
    page = watched.open(f"/explore?entity={ASTER}")
    frame = watched.graph(nodes=6)
    frame.wait_for_function("window.__kgGraph.idle()")
    drawing = page.locator("iframe[title*=kg_graph]")
    drawing.evaluate("frame => frame.scrollIntoView({block: 'center', behavior: 'instant'})")
    box = drawing.bounding_box()
    top = frame.evaluate("document.getElementById('canvas').getBoundingClientRect().y")
    (one, two), zoom = frame.evaluate("window.__kgGraph.nodes()")[:2], frame.evaluate("window.__kgGraph.zoom()")
    fingers = [
        {"x": box["x"] + each["x"], "y": box["y"] + top + each["y"], "id": i} for i, each in enumerate((one, two))
    ]
    touch = page.context.new_cdp_session(page)

    def tell(kind: str, *points: dict[str, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    tell("touchStart", fingers[0])
    tell("touchMove", fingers[0] | {"x": fingers[0]["x"] + 20})  # it drags the first node
    tell("touchStart", *fingers)
    middle = [(fingers[0][axis] + fingers[1][axis]) / 2 for axis in ("x", "y")]
    nearer = [{"id": e["id"], "x": (e["x"] + middle[0]) / 2, "y": (e["y"] + middle[1]) / 2} for e in fingers]
    tell("touchMove", *nearer)
    tell("touchMove", nearer[0])  # the second finger goes up
    tell("touchMove", nearer[0] | {"x": nearer[0]["x"] + 30})
    tell("touchEnd")
    assert frame.evaluate("window.__kgGraph.zoom()") < zoom
    assert not frame.evaluate("window.__kgGraph.nodes().some((n) => n.pinned)")


def test_a_search_is_led_by_the_keyboard_alone(watch: Watch) -> None:
    watched = patient(watch())
    page = watched.open("/explore")
    box = page.get_by_role("textbox", name="Search an entity").or_(page.get_by_role("searchbox"))
    found = page.locator(".st-key-rows_search").get_by_role("link")
    box.press_sequentially("payload")
    box.press("ArrowDown")  # before there is any answer
    expect(found.first).to_be_focused()
    count = found.count()
    assert count > 1
    page.keyboard.press("ArrowDown")
    expect(found.nth(1)).to_be_focused()
    for _ in range(count):
        page.keyboard.press("ArrowDown")
    expect(found.last).to_be_focused()
    for _ in range(count):
        page.keyboard.press("ArrowUp")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(found.first).to_be_hidden()
    expect(box).to_have_value("payload")
    page.keyboard.press("ArrowDown")
    expect(found.first).to_be_focused()
    page.keyboard.press("Backspace")  # goes on in the box
    expect(box).to_be_focused()
    expect(box).to_have_value("payloa")
    page.keyboard.press("ArrowDown")
    expect(found.first).to_be_focused()
    name = found.first.inner_text().split(" · ")[0]
    page.keyboard.press("Enter")
    page.get_by_test_id("card").filter(has_text=name).wait_for()
    expect(box).to_have_value("")
    box.press_sequentially("bergen")
    box.press("Enter")  # takes the first of what these letters find, not of what is there yet
    page.get_by_test_id("card").filter(has_text="Bergen").wait_for()
    page.locator(".st-key-tools").get_by_role("button", name=re.compile("^Path")).click()
    other = page.get_by_test_id("stPopoverBody").get_by_role("textbox")
    other.press_sequentially("aster rob")
    expect(page.locator(".st-key-rows_path").get_by_role("link").first).to_be_visible()
    other.press("Escape")
    expect(page.locator(".st-key-rows_path").get_by_role("link").first).to_be_hidden()
    expect(other).to_be_visible()
    other.press("Enter")
    page.wait_for_function(f"location.search.includes('to={ASTER}')")


@pytest.mark.long
def test_a_path_pins_a_kept_view_and_a_link(watch: Watch) -> None:
    watched = patient(watch())
    page = watched.open(f"/explore?entity={ASTER}")
    names(watched, 6)
    menu(page, "Path").get_by_role("textbox").press_sequentially("bergen")
    page.locator(".st-key-rows_path").get_by_role("link").filter(has_text="Bergen").click()
    assert names(watched, 3) == {"Aster Robotics", "Polaris Optics", "Bergen"}
    page.keyboard.press("Escape")
    watched.click_in_graph("acquire")
    page.get_by_test_id("evidence").wait_for()

    frame = watched.graph(nodes=3)
    drawing = page.locator("iframe[title*=kg_graph]")
    drawing.evaluate("frame => frame.scrollIntoView({block: 'center', behavior: 'instant'})")
    inset = drawing.bounding_box()
    bergen = next(n for n in frame.evaluate("window.__kgGraph.nodes()") if n["label"] == "Bergen")
    page.mouse.move(inset["x"] + bergen["x"], inset["y"] + bergen["y"])
    page.mouse.down()
    page.mouse.move(inset["x"] + 90, inset["y"] + 90, steps=4)
    page.mouse.up()
    page.wait_for_function("location.search.includes('pin=')")
    pinned = frame.evaluate("window.__kgGraph.nodes().filter((n) => n.pinned)")
    assert [(n["label"], abs(n["x"] - 90) < 4, abs(n["y"] - 90) < 4) for n in pinned] == [("Bergen", True, True)]

    name = "My <img src=x onerror=window.__pwned=1> view"
    menu(page, "Views")
    page.get_by_label("Name of this view").fill(name)
    page.get_by_role("button", name="Keep this view").click()
    kept = page.locator("[class*=st-key-open-]").get_by_role("button", name="My <img")
    kept.wait_for()
    page.keyboard.press("Escape")
    link = menu(page, "Share").locator("code").inner_text()

    elsewhere = patient(watch(color_scheme="dark"))
    elsewhere.page.goto(link)
    assert names(elsewhere, 3) == {"Aster Robotics", "Polaris Optics", "Bergen"}
    elsewhere.page.get_by_test_id("evidence").wait_for()
    there = elsewhere.graph(nodes=3).evaluate("window.__kgGraph.nodes().filter((n) => n.pinned).map((n) => n.label)")
    assert there == ["Bergen"]
    elsewhere.open("/explore?lang=zh")
    menu(elsewhere.page, "视图")
    elsewhere.page.locator("[class*=st-key-open-]").get_by_role("button", name="My <img").click()
    names(elsewhere, 3)
    elsewhere.page.get_by_role("button", name="删除").click()
    elsewhere.page.get_by_text("还没有保存的视图").wait_for()


@pytest.mark.long
def test_what_is_drawn_can_be_taken_away(watch: Watch, tmp_path: Path) -> None:
    watched = patient(watch(accept_downloads=True))
    page = watched.open(f"/explore?entity={ASTER}")
    frame = watched.graph(nodes=6)
    edges = frame.evaluate("window.__kgGraph.edges()")
    assert [edge["label"] for edge in edges if edge["loop"]] == ["audit"]
    parallel = sorted(edge["curve"] for edge in edges if edge["label"] in ("found", "lead"))
    assert parallel == [-23, 23]  # bent apart

    def taken(button: Any, name: str) -> bytes:
        with page.expect_download() as waiting:
            button.click()
        assert waiting.value.suggested_filename == name
        waiting.value.save_as(tmp_path / name)
        return (tmp_path / name).read_bytes()

    assert taken(frame.locator("#png"), "graph.png").startswith(b"\x89PNG")
    svg = ET.fromstring(taken(frame.locator("#svg"), "graph.svg"))
    space = "{http://www.w3.org/2000/svg}"
    assert len(svg.findall(f".//{space}circle")) == 6
    titles = {title.text for title in svg.iter(f"{space}title")}
    assert {"Lin Wei — found → Aster Robotics", "Heron drone"} <= titles
    share = menu(page, "Share")
    graph = ET.fromstring(taken(share.get_by_role("button", name="GraphML"), "graph.graphml"))
    assert len(graph.findall(".//{*}node")) == 6 and len(graph.findall(".//{*}edge")) == 8
    rows = taken(share.get_by_role("button", name="Facts as CSV"), "graph.csv").decode().splitlines()
    assert len(rows) == 9
    assert any("Lin Wei,Person,found" in row and row.endswith("2,0.97,2014-01-01,2014-12-31") for row in rows)


def test_the_card_tells_when_where_and_in_which_words(watch: Watch) -> None:
    page = patient(watch()).open(f"/explore?entity={ASTER}")
    facts = page.locator(".st-key-rows_facts")
    expect(facts.get_by_role("link").filter(has_text="Lin Wei")).to_have_count(2)
    page.get_by_role("radio", name="Time line").click()
    times = page.locator(".st-key-rows_times").get_by_role("link")
    expect(times).to_have_count(2)
    assert [text.split(" · ")[0] for text in times.all_inner_texts()] == ["2014", "2021-03"]
    page.get_by_role("radio", name="Documents").click()
    page.get_by_role("link", name=re.compile("Aster Robotics: a short history · 8 mentions")).wait_for()
    page.get_by_role("radio", name="Mentions").click()
    mentions = page.get_by_test_id("mention")
    expect(mentions.first).to_be_visible()
    assert set(mentions.locator("mark").all_inner_texts()) == {"Aster", "Aster Robotics"}
    assert "card=texts" in page.url


def test_hostile_names_are_text_wherever_the_page_shows_them(watch: Watch, tmp_path: Path) -> None:
    watched = patient(watch(accept_downloads=True))
    page = watched.open(f"/explore?entity={TRENT}&lang=en")
    assert len(NAMES_OF_TRENT) > 30
    frame = watched.graph(nodes=len(NAMES_OF_TRENT))
    assert set(frame.locator("[data-testid=graph-node]").all_text_contents()) == NAMES_OF_TRENT
    for node in frame.evaluate("window.__kgGraph.nodes()")[::6]:
        frame.locator("#canvas").hover(position={"x": node["x"], "y": node["y"]})
        expect(frame.locator("#tip")).to_be_visible()
        assert frame.locator("#tip").evaluate("tip => tip.querySelectorAll(':not(strong, span)').length") == 0
    with page.expect_download() as waiting:
        frame.locator("#svg").click()
    waiting.value.save_as(tmp_path / "graph.svg")
    kinds = {element.tag.rpartition("}")[2] for element in ET.parse(tmp_path / "graph.svg").iter()}
    assert kinds <= {"svg", "rect", "g", "title", "path", "polygon", "circle", "text"}
    for layout in ("circle", "layers", "time"):
        page.goto(f"{watched.address}/explore?entity={TRENT}&layout={layout}&card=texts&without={quote(PAYLOADS[0])}")
        watched.graph(nodes=len(NAMES_OF_TRENT))
    expect(page.get_by_test_id("mention").first).to_be_visible()
    for text in (PAYLOADS[0], PAYLOADS[5], PAYLOADS[9]):
        page.goto(f"{watched.address}/explore?q={quote(text)}&node={quote(text)}&rel={quote(text)}&pin={quote(text)}")
        expect(page.locator(".st-key-rows_search").get_by_role("link").first).to_contain_text(text.lstrip('":')[:20])
    assert page.locator("[data-testid=stMain] iframe:not([title*=kg_graph]), [data-testid=stMain] script").count() == 0
