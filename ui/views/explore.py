"""An entity, what stands around it as a drawn graph, and the evidence of any edge of it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from kg_builder.store.records import StoredEntity
from ui import data
from ui.entity_search import search_box, suggestions
from ui.evidence_list import marks_key, show_evidence
from ui.exploring.actions import centred, happened, select
from ui.exploring.card import show_card
from ui.exploring.filters import depth_switch, filter_menu, layout_choice, more_of, show_filters
from ui.exploring.history import note_view
from ui.exploring.reads import Drawing, drawing
from ui.exploring.state import View, layout, pins, read_view
from ui.exploring.tools import path_menu, saved_menu, share_menu, undo_redo
from ui.graph import LAYOUTS, EdgeKey, edge_of, show_graph
from ui.pages import link
from ui.session import read, t, write
from ui.style import fact, heading, note, plain
from ui.views.no_data import render_empty

__all__ = ["render"]

_EVIDENCE = 20
_HEIGHT = 580


def render() -> None:
    """Draw the page. All that it shows is in its address: see `ui.exploring.state`."""
    if not data.counts().entities:
        render_empty()
        return
    heading(t("page.explore"), t("explore.lead"))
    asked = read_view()
    # Containers keep what is below in its place, whatever they hold: a drawing that moves is made anew.
    with st.container(key="search-area"):
        search_box(centred, suggest=False)
    known = [entity for entity in map(data.entity, asked.entities) if entity is not None]
    if asked.entities and not known:
        st.warning(t("explore.unknown"), icon=":material/help:")
        return
    _tools(asked)
    view = _of_known(read_view(), known)  # the filters' widgets have brought the address up to date
    with st.container(key="filter-line"):
        show_filters(view)
    drawn = drawing(view)
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        _drawing(view, drawn)
    with right, st.container(key="panel"):
        _panel(view, known)


def _of_known(view: View, known: list[StoredEntity]) -> View:
    """The view without entities that are not in the graph (any more)."""
    to = view.to if known and data.entity(view.to) is not None else ""
    return replace(view, entities=tuple(entity.id for entity in known), to=to)


def _tools(view: View) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="tools"):
        if view.entities:
            depth_switch()
        layout_choice(LAYOUTS)
        filter_menu(view)
        if view.entities:
            path_menu(view)
        saved_menu()
        share_menu(read_view())
        note_view()  # only now is the address what the widgets ask for
        undo_redo()


def _drawing(view: View, drawn: Drawing) -> None:
    chosen = read("edge") or read("node") or (view.entities[0] if view.entities else "")
    show_graph(
        drawn.packed,
        key="explore-graph",
        on_event=happened,
        chosen=chosen,
        height=_HEIGHT,
        layout=layout(),
        pins=pins(),
    )
    amount = t("explore.drawn", nodes=f"{drawn.nodes:,}", edges=f"{drawn.edges:,}")
    if not view.entities:
        amount = t("explore.sampled", n=f"{view.sample:,}") + " " + amount
    note(f"{amount} · {t('explore.hint')}")
    if view.to and not drawn.edges:
        st.info(t("explore.pathless"), icon=":material/route:")
    if drawn.truncated:
        _cut(view, drawn)


def _cut(view: View, drawn: Drawing) -> None:
    """What is left out, and how to see it."""
    with st.container(horizontal=True, vertical_alignment="center", key="cut"):
        words = "explore.busy" if drawn.sampled else "explore.truncated"
        st.info(t(words, limit=f"{drawn.edges:,}"), icon=":material/filter_alt:")
        more = more_of(view) if view.entities else None
        if more is not None:
            st.button(
                t("explore.more", limit=f"{more:,}"),
                icon=":material/add:",
                on_click=lambda: write(most=str(more)),
                key="draw-more",
            )


def _panel(view: View, known: list[StoredEntity]) -> None:
    """The evidence of the chosen edge, else the card of the chosen entity."""
    edge = edge_of(read("edge"))
    if edge is not None:
        _edge_panel(edge)
        return
    chosen = read("node")
    entity = data.entity(chosen) if chosen else next(iter(known), None)
    if entity is not None:
        show_card(entity, view)
    else:
        note(t("explore.unknown") if chosen else t("explore.choose"))
        suggestions(centred)


def _edge_panel(edge: EdgeKey) -> None:
    head, tail = data.entity(edge.head_id), data.entity(edge.tail_id)
    items = data.evidence(edge.head_id, edge.relation, edge.tail_id, limit=_EVIDENCE)
    if head is None or tail is None or not items:
        note(t("evidence.none"))
        return
    fact(head.name, edge.relation, tail.name)
    marks_key()
    show_evidence(items)
    if len(items) == _EVIDENCE:
        note(t("evidence.limit", limit=_EVIDENCE))
    with st.container(key="rows_back"):
        for entity in dict.fromkeys((head, tail)):
            st.button(
                t("explore.back", name=plain(entity.name, limit=40)),
                key=f"back-{entity.id}",
                type="tertiary",
                icon=":material/arrow_back:",
                on_click=select,
                args=(entity.id,),
                width="stretch",
            )
        link("evidence", t("evidence.open"), edge=str(edge))
