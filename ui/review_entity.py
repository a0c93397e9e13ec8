"""Correcting an entity wherever it is shown: its type, its name, what it is one with and what not."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from kg_builder.store.records import StoredEntity
from kg_builder.types import ENTITY_TYPES
from ui import data
from ui.menu import menu
from ui.review_actions import merge_names, never_names, rename, retype, split
from ui.session import t
from ui.style import note, plain, type_label
from ui.workspace import read_only

__all__ = ["entity_tools"]

_TYPES = 100


def entity_tools(entity: StoredEntity, *, key: str = "") -> None:
    """A button that opens what can be corrected; nothing on a server that only shows. `key` tells two of one page
    apart."""
    if read_only():
        return
    at = f"{key}{entity.id}"
    label = t("review.correct", name=plain(entity.name, limit=40))
    with menu(label, icon=":material/edit_note:", key=f"correct-{at}") as opened:
        if not opened:
            return
        _type(entity, at)
        _name(entity, at)
        if entity.aliases:
            _split(entity, at)
        _other(entity, at)


def _type(entity: StoredEntity, at: str) -> None:
    types = list(dict.fromkeys([entity.type, *ENTITY_TYPES, *(name for name, _ in data.types()[:_TYPES])]))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            t("review.type"),
            types,
            key=f"type-{at}",
            format_func=lambda name: plain(type_label(name)),
            accept_new_options=True,
            width=220,
        )
        ready = bool(chosen) and chosen != entity.type
        _button(t("review.changeType"), f"do-type-{at}", ready, retype, entity.id, str(chosen))


def _name(entity: StoredEntity, at: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.text_input(t("review.name"), value=entity.name, key=f"name-{at}", max_chars=400, width=220).strip()
        ready = bool(chosen) and chosen != entity.name
        _button(t("review.rename"), f"do-name-{at}", ready, rename, entity.id, chosen)


def _split(entity: StoredEntity, at: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            t("review.alias"), entity.aliases, key=f"split-{at}", format_func=lambda name: plain(name), width=220
        )
        _button(t("review.split"), f"do-split-{at}", bool(chosen), split, str(chosen))


def _other(entity: StoredEntity, at: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        other = st.text_input(t("review.other"), key=f"other-{at}", max_chars=400, width=220).strip()
        _button(t("review.merge"), f"do-merge-{at}", bool(other), merge_names, entity.id, other)
        _button(t("review.never"), f"do-never-{at}", bool(other), never_names, entity.id, other)
    note(t("review.otherHelp"))


def _button(label: str, key: str, ready: bool, action: Callable[..., object], *values: str) -> None:
    st.button(label, key=key, disabled=not ready, on_click=action, args=values)
