"""The pages by name, so that one can link to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st
from streamlit.navigation.page import Page

from ui.session import t

__all__ = ["PageName", "go", "link", "make_pages"]

PageName = Literal[
    "overview",
    "ingest",
    "explore",
    "evidence",
    "documents",
    "query",
    "review",
    "playground",
    "training",
    "settings",
]
_ICONS: dict[PageName, str] = {
    "overview": ":material/dashboard:",
    "ingest": ":material/upload_file:",
    "explore": ":material/hub:",
    "evidence": ":material/format_quote:",
    "documents": ":material/description:",
    "query": ":material/terminal:",
    "review": ":material/rule:",
    "playground": ":material/science:",
    "training": ":material/model_training:",
    "settings": ":material/settings:",
}


def make_pages(views: dict[PageName, Callable[[], None]]) -> list[Page]:
    """The navigation's pages; kept in the session for `go` and `link`."""
    pages = {
        name: st.Page(
            view,
            title=t(f"page.{name}"),
            icon=_ICONS[name],
            url_path="" if name == "overview" else name,
            default=name == "overview",
        )
        for name, view in views.items()
    }
    st.session_state["_pages"] = pages
    # The first page is at the root; its name as an address leads there as well.
    named = st.Page(
        views["overview"], title=t("page.overview"), icon=_ICONS["overview"], url_path="overview", visibility="hidden"
    )
    return [*pages.values(), named]


def go(name: PageName, **params: str) -> None:
    """Move to a page with these values in its address."""
    st.switch_page(st.session_state["_pages"][name], query_params=_with_language(params))


def link(name: PageName, label: str, icon: str = "", **params: str) -> None:
    """A link to a page with these values in its address. ``label`` is Markdown: pass data through `plain`."""
    st.page_link(
        st.session_state["_pages"][name], label=label, icon=icon or _ICONS[name], query_params=_with_language(params)
    )


def _with_language(params: dict[str, str]) -> dict[str, str]:
    language = st.session_state.get("_language")
    kept = {name: value for name, value in params.items() if value}
    return {**kept, "lang": language} if language else kept
