"""The Cypher editor as a person uses it, with the patience that a busy machine asks for."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

__all__ = ["PATIENCE_MS", "editor", "run", "settled", "write"]

PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


def editor(page: Any) -> Any:
    """The editor's frame, once it is there."""
    frame = page.frame_locator("iframe[title*=kg_editor]")
    frame.locator("html[data-ready]").wait_for()
    return frame


def write(page: Any, text: str) -> Any:
    """Put a statement in, in place of what is there; the page learns of it after a pause."""
    frame = editor(page)
    frame.get_by_role("textbox").fill(text)
    return frame


def run(page: Any, text: str, button: str = "Run") -> None:
    """Run a statement with a button of the editor."""
    write(page, text).get_by_role("button", name=button, exact=True).click()
    page.wait_for_function("part => new URLSearchParams(location.search).get('cypher') === part", arg=text.strip())
    settled(page)


def settled(page: Any) -> None:
    """Wait until the page has been drawn whole."""
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    page.wait_for_function("!document.querySelector('[data-testid=stApp][data-test-script-state=running]')")
