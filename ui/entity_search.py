"""The search box: it answers while a name is typed, by name, alias or part of one, in any script."""

from __future__ import annotations

import functools
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from kg_builder.store.records import StoredEntity
from ui import data
from ui.session import follow, publish, t
from ui.style import note, plain, type_label

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

__all__ = ["search_box", "suggestions"]

_JS = Path(__file__).with_name("keys.js").read_text(encoding="utf-8")
_RESULTS = 12
_SUGGESTED = 6


def search_box(choose: Callable[[str], None], *, suggest: bool, name: str = "q", key: str = "search") -> None:
    """The box and the entities found. ``choose`` gets the id of the one that was clicked.

    ``name`` is the box's name in the address; a second box on a page needs one of its own, and a ``key``.
    """
    follow(key, name, lambda values: values[0] if values else "")
    text = st.text_input(
        t("search.label") if key == "search" else t("search.other"),
        key=key,
        placeholder=t("search.placeholder"),
        icon=":material/search:",
        live="250ms",
        label_visibility="collapsed",
        autocomplete="off",
    ).strip()
    publish(key, name, text)
    if text:
        found = data.search(text, limit=_RESULTS)
        with st.container(key=f"found_{key}"):
            words = t("search.results", n=len(found)) if found else t("search.none", text=text)
            st.html(f'<p class="kg-note" role="status">{escape(words)}</p>')
            _rows(found, choose, key, typed=text)
    elif suggest:
        suggestions(choose)
    _keys()(key=f"keys_{key}", data={"box": key})


@functools.cache
def _keys() -> ComponentRenderer:
    return st.components.v2.component("kg-keys", js=_JS)


def suggestions(choose: Callable[[str], None]) -> None:
    """The most mentioned entities, to start with one of them."""
    note(t("search.start"))
    _rows(data.top_entities(_SUGGESTED), choose, "suggested")


def _rows(found: list[StoredEntity], choose: Callable[[str], None], key: str, *, typed: str = "") -> None:
    with st.container(key=f"rows_{key}"):
        for entity in found:
            st.button(
                label(entity, typed),
                key=f"{key}-{entity.id}",
                type="tertiary",
                on_click=choose,
                args=(entity.id,),
                width="stretch",
            )
        if typed:  # after the rows: when it shows, so do they
            st.html(f'<i hidden data-kg-typed="{escape(typed)}" data-kg-rows="{len(found)}"></i>')


def label(entity: StoredEntity, typed: str = "") -> str:
    """Name, type, aliases and mentions on one line, as Markdown, with what was typed marked."""
    parts = [f"**{_marked(entity.name, typed, 70)}**", plain(type_label(entity.type), limit=30)]
    if entity.aliases:
        # Those that were meant come first, or the row would not say why it is there.
        aliases = sorted(entity.aliases, key=lambda alias: typed.casefold() not in alias.casefold())
        parts.append(_marked(", ".join(aliases[:3]), typed, 70))
    count = t("card.mention") if entity.mentions == 1 else t("card.mentions", n=f"{entity.mentions:,}")
    return " · ".join([*parts, count])


def _marked(text: str, typed: str, limit: int) -> str:
    """`text` as Markdown with the first place that reads as `typed` in another colour."""
    one_line = " ".join(text.split())
    shown = one_line if len(one_line) <= limit else one_line[: limit - 1] + "…"
    at = shown.casefold().find(typed.casefold()) if typed else -1
    end = at + len(typed)
    if at < 0 or len(shown.casefold()) != len(shown):  # folding has moved the places
        return plain(shown)
    found = plain(shown[at:end])
    return f"{_kept(shown[:at])}:primary[{found}]{_kept(shown[end:])}" if found else plain(shown)


def _kept(text: str) -> str:
    """`plain`, with a space at either end kept."""
    return f"{' ' if text[:1].isspace() else ''}{plain(text)}{' ' if len(text) > 1 and text[-1:].isspace() else ''}"
