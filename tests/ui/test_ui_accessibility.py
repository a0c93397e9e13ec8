"""Every page, in both themes, against axe-core: no serious and no critical finding."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import resources
from typing import Any
from urllib.parse import quote

import pytest
from conftest import Watched
from editing import PATIENCE_MS, settled

from kg_builder.types import Name, digest

pytestmark = pytest.mark.browser

ASTER = Name("aster robotics", "Organization").id
DEAL = digest("document", "story/deal.pdf")
ROWS = quote("MATCH (e:Entity)-[r]->(o:Entity) RETURN e, r, o.name AS name, r.support AS n LIMIT 5")
WRONG = quote("MATCH (n RETURN n")

PAGES = {
    "overview": "/",
    "ingest": "/ingest",
    "explore": f"/explore?entity={ASTER}",
    "evidence": f"/evidence?entity={ASTER}",
    "documents": "/documents",
    "document": f"/documents?document={DEAL}",
    "query": f"/query?cypher={ROWS}",
    "plan": f"/query?mode=explain&cypher={ROWS}",
    "mistake": f"/query?cypher={WRONG}",
    "review": "/review",
    "playground": "/playground",
    "training": "/training",
    "settings": "/settings",
}
"""What is looked at, by the name that a finding is told with."""

# What Streamlit's own widgets do, and no page can mend: the rule, and the beginning of the element's HTML.
NOT_OURS: tuple[tuple[str, str], ...] = ()

Watch = Callable[..., Watched]


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    try:
        return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    except ModuleNotFoundError:
        reason = "NO AXE-CORE: accessibility was not looked at; install axe-playwright-python"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def findings(page: Any, rules: list[str] | None) -> list[str]:
    """What axe-core finds serious or critical on a page, each with its rule and element."""
    chosen = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    found = page.evaluate(
        "options => axe.run(document, options).then(result => result.violations)",
        {"resultTypes": ["violations"], **chosen},
    )
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:200]} {node.get('failureSummary', '')[:200]!r}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
        if not any(each["id"] == rule and node["html"].startswith(start) for rule, start in NOT_OURS)
    ]


# What stands on a page is the same in both themes; what it looks like is not.
@pytest.mark.parametrize(
    ("scheme", "rules"),
    [("light", None), pytest.param("dark", ["color-contrast", "link-in-text-block"], marks=pytest.mark.long)],
)
def test_no_page_has_a_serious_finding(watch: Watch, axe: str, scheme: str, rules: list[str] | None) -> None:
    watched = watch(color_scheme=scheme)
    watched.page.set_default_timeout(PATIENCE_MS)
    watched.page.context.add_init_script(axe)
    found: list[str] = []
    for name, path in PAGES.items():
        page = watched.open(path)
        settled(page)
        if name == "explore":
            watched.graph()
        page.wait_for_timeout(400)  # what fades in has its colours
        found += [f"{name}: {each}" for each in findings(page, rules)]
    assert not found, "\n".join(found)
