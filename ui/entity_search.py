"""The search box: it answers while a name is typed, by name, alias or part of one, in any script."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from kg_builder.store.records import StoredEntity
from ui import data
from ui.session import follow, publish, t
from ui.style import note, plain, type_label

__all__ = ["search_box"]

_RESULTS = 12
_SUGGESTED = 6


def search_box(choose: Callable[[str], None], *, suggest: bool) -> None:
    """The box and the entities found. ``choose`` gets the id of the one that was clicked."""
    follow("search", "q", lambda values: values[0] if values else "")
    text = st.text_input(
        t("search.label"),
        key="search",
        placeholder=t("search.placeholder"),
        icon=":material/search:",
        live="250ms",
        label_visibility="collapsed",
        autocomplete="off",
    ).strip()
    publish("search", "q", text)
    if text:
        found = data.search(text, limit=_RESULTS)
        note(t("search.results", n=len(found)) if found else t("search.none", text=text))
    elif suggest:
        found = data.top_entities(_SUGGESTED)
        note(t("search.start"))
    else:
        return
    with st.container(key="rows_search"):
        for entity in found:
            st.button(
                label(entity),
                key=f"found-{entity.id}",
                type="tertiary",
                on_click=choose,
                args=(entity.id,),
                width="stretch",
            )


def label(entity: StoredEntity) -> str:
    """Name, type, aliases and mentions on one line, as Markdown."""
    parts = [f"**{plain(entity.name, limit=70)}**", plain(type_label(entity.type), limit=30)]
    if entity.aliases:
        parts.append(plain(", ".join(entity.aliases[:3]), limit=70))
    count = t("card.mention") if entity.mentions == 1 else t("card.mentions", n=f"{entity.mentions:,}")
    return " · ".join([*parts, count])
