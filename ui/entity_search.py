"""The search box: it answers while a name is typed, by name, alias or part of one, in any script."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from kg_builder.store.records import StoredEntity
from ui import data
from ui.links import rows_html, step_html
from ui.session import follow, publish, t
from ui.style import note, shorten, type_label

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

__all__ = ["Step", "search_box", "suggestions"]

Step = Callable[[str], dict[str, str]]
"""What choosing an entity, by its id, changes in the address."""

_JS = Path(__file__).with_name("keys.js").read_text(encoding="utf-8")
_RESULTS = 12
_SUGGESTED = 6


def search_box(step: Step, *, suggest: bool, name: str = "q", key: str = "search") -> None:
    """The box and the entities found, each a link to what `step` says.

    ``name`` is the box's name in the address; a second box on a page needs one of its own, and a ``key``.
    """
    follow(key, name, lambda values: values[0] if values else "")
    text = st.text_input(
        t("search.label") if key == "search" else t("search.other"),
        key=key,
        placeholder=t("search.placeholder"),
        icon=":material/search:",
        live="150ms",
        label_visibility="collapsed",
        autocomplete="off",
    ).strip()
    publish(key, name, text)
    if text:
        found = data.search(text, limit=_RESULTS)
        with st.container(key=f"found_{key}"):
            words = t("search.results", n=len(found)) if found else t("search.none", text=text)
            st.html(f'<p class="kg-note" role="status">{escape(words)}</p>')
            _rows(found, step, key, typed=text)
    elif suggest:
        suggestions(step)
    _keys()(key=f"keys_{key}", data={"box": key})


@functools.cache
def _keys() -> ComponentRenderer:
    return st.components.v2.component("kg-keys", js=_JS)


def suggestions(step: Step) -> None:
    """The most mentioned entities, to start with one of them."""
    note(t("search.start"))
    _rows(data.top_entities(_SUGGESTED), step, "suggested")


def _rows(found: Sequence[StoredEntity], step: Step, key: str, *, typed: str = "") -> None:
    """One element of the page for all of them: a widget for each takes the browser ten times as long."""
    rows = [step_html(label(entity, typed), **step(entity.id)) for entity in found]
    with st.container(key=f"rows_{key}"):
        st.html(rows_html(rows) + f'<i hidden data-kg-typed="{escape(typed)}" data-kg-rows="{len(found)}"></i>')


def label(entity: StoredEntity, typed: str = "") -> str:
    """Name, type, aliases and mentions on one line, as HTML, with what was typed marked."""
    parts = [f"<b>{_marked(entity.name, typed, 70)}</b>", escape(shorten(type_label(entity.type), limit=30))]
    if entity.aliases:
        # Those that were meant come first, or the row would not say why it is there.
        aliases = sorted(entity.aliases, key=lambda alias: typed.casefold() not in alias.casefold())
        parts.append(_marked(", ".join(aliases[:3]), typed, 70))
    count = t("card.mention") if entity.mentions == 1 else t("card.mentions", n=f"{entity.mentions:,}")
    return " · ".join([*parts, escape(count)])


def _marked(text: str, typed: str, limit: int) -> str:
    """`text` as HTML with the first place that reads as `typed` in another colour."""
    shown = shorten(text, limit=limit)
    at = shown.casefold().find(typed.casefold()) if typed else -1
    end = at + len(typed)
    if at < 0 or len(shown.casefold()) != len(shown):  # folding has moved the places
        return escape(shown)
    return f'{escape(shown[:at])}<em class="kg-hit">{escape(shown[at:end])}</em>{escape(shown[end:])}'
