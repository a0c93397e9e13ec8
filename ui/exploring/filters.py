"""The filters of the explore page: widgets that follow the address, and what they ask for in words."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from ui import data
from ui.exploring.reads import documents_of
from ui.exploring.state import SAMPLES, STEPS, View, day
from ui.menu import menu
from ui.session import follow, number, publish, read, t, write
from ui.style import chip, note, type_label

__all__ = ["depth_switch", "filter_menu", "layout_choice", "more_of", "show_filters"]

_RELATIONS = 500
_CENTRES = 5  # entities whose documents are offered
_NAMES = {"types": "type", "relations": "rel", "without": "without", "documents": "doc"}


def filter_menu(view: View) -> None:
    """The button, and the filters under it."""
    label = t("explore.filters.on") if view.filtered else t("explore.filters")
    with menu(label, icon=":material/filter_alt:", key="filter-menu") as opened:
        if opened:
            _filters(view)


def _filters(view: View) -> None:
    with st.container(key="filters"):
        _sizes(view)
        _lists(view)
        _confidence()
        _times()
        if view.entities:
            _documents(view)
        st.button(t("explore.clear"), on_click=_clear, disabled=not view.filtered, icon=":material/filter_alt_off:")


def _sizes(view: View) -> None:
    if view.entities:
        return
    follow("sample", "sample", lambda values: int(values[0]) if values and values[0] in map(str, SAMPLES) else 300)
    count = st.select_slider(t("explore.sample"), SAMPLES, key="sample", format_func=lambda n: f"{n:,}")
    publish("sample", "sample", str(count) if count != SAMPLES[1] else "")


def _lists(view: View) -> None:
    relations = list(dict.fromkeys(relation for relation, _, _ in data.relations()))[:_RELATIONS]
    _choice("types", [name for name, _ in data.types()], view.types, format_func=type_label)
    _choice("relations", relations, view.relations)
    _choice("without", relations, view.without)


def _choice(key: str, options: list[str], chosen: tuple[str, ...], **more: Any) -> None:
    """A list to choose from. What the address names stays, offered or not, where the graph has it at all."""
    name = _NAMES[key]
    offered = [*options, *(each for each in chosen if each not in options)]
    follow(key, name, lambda values: [value for value in values if value in offered])
    picked = st.multiselect(t(f"explore.{key}"), offered, key=key, placeholder=t("explore.any"), **more)
    publish(key, name, *picked)


def _confidence() -> None:
    follow("confidence", "conf", lambda values: number(values[0] if values else "", 0.0, low=0.0, high=1.0))
    confidence = st.slider(t("explore.confidence"), 0.0, 1.0, step=0.05, key="confidence")
    publish("confidence", "conf", f"{confidence:.2f}" if confidence else "")


def _times() -> None:
    sides = st.columns(2)
    for side, name, last in ((sides[0], "since", False), (sides[1], "until", True)):
        follow(name, name, lambda values: values[0] if values else "")
        text = side.text_input(t(f"explore.{name}"), key=name, placeholder="2014, 2014-03", autocomplete="off").strip()
        if text and day(text, last=last) is None:
            side.caption(t("explore.noday"))
        publish(name, name, text)
    note(t("explore.timehint"))


def _documents(view: View) -> None:
    found = {each.id: each for id_ in view.entities[:_CENTRES] for each in documents_of(id_)}
    titles = {id_: each.title or each.uri for id_, each in found.items()}
    _choice("documents", list(titles), view.documents, format_func=lambda id_: titles.get(id_, id_))


def show_filters(view: View) -> None:
    """One line that says what is filtered: a closed menu must not hide it."""
    if not view.filtered:
        return
    chips = [chip(type_label(each)) for each in view.types]
    chips += [chip(each) for each in view.relations]
    chips += [chip(t("explore.not", name=each)) for each in view.without]
    if view.confidence:
        chips.append(chip(f"{t('chart.confidence')} ≥ {view.confidence:.2f}"))
    if view.since or view.until:
        chips.append(chip(f"{view.since or '…'} – {view.until or '…'}"))
    if view.documents:
        chips.append(chip(t("explore.ofdocuments", n=len(view.documents))))
    st.html(f'<p class="kg-note" data-testid="filters">{escape(t("explore.filtered"))} {"".join(chips)}</p>')


def more_of(view: View) -> int | None:
    """How many facts the next step draws; None after the last."""
    return next((step for step in STEPS if step > view.most), None)


def _clear() -> None:
    write(type="", rel="", without="", conf="", since="", until="", doc="")


def depth_switch() -> None:
    """How many steps around the centre are drawn."""
    follow("depth", "depth", lambda values: 2 if values == ("2",) else 1)
    depth = st.segmented_control(t("explore.depth"), [1, 2], key="depth", required=True, width="content")
    publish("depth", "depth", "2" if depth == 2 else "")


def layout_choice(options: tuple[str, ...]) -> None:
    """How the nodes are arranged."""
    follow("layout", "layout", lambda values: values[0] if values and values[0] in options else options[0])
    chosen = st.selectbox(
        t("explore.layout"), options, key="layout", format_func=lambda name: t(f"layout.{name}"), width=170
    )
    before = read("layout")
    publish("layout", "layout", chosen if chosen != options[0] else "")
    if before != read("layout"):
        write(pin="")  # pins belong to the places that another layout gives
