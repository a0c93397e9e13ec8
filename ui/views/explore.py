"""An entity, what stands around it as a drawn graph, and the evidence of any edge of it."""

from __future__ import annotations

from html import escape

import streamlit as st

from kg_builder.store.records import GraphEdge, StoredEntity, Subgraph
from ui import data
from ui.entity_search import search_box
from ui.evidence_list import marks_key, show_evidence
from ui.graph import EdgeKey, GraphEvent, draw_graph, edge_of, subgraph_elements
from ui.pages import link
from ui.session import follow, number, publish, read, read_list, t, write
from ui.style import chip, fact, heading, note, plain, type_chip, type_label
from ui.views.no_data import render_empty

__all__ = ["render"]

_LIMIT = 150
_FACTS = 60
_EVIDENCE = 20


def render() -> None:
    """Draw the page. Its address holds the centre, what was expanded, what is selected, and the filters."""
    if not data.counts().entities:
        render_empty()
        return
    heading(t("page.explore"), t("explore.lead"))
    roots = read_list("entity")
    search_box(_center, suggest=not roots)
    if not roots:
        return
    known = [entity for entity in map(data.entity, roots) if entity is not None]
    if not known:
        st.warning(t("explore.unknown"), icon=":material/help:")
        return
    filters = _filters()
    part = data.neighbourhood(
        tuple(entity.id for entity in known),
        depth=filters.depth,
        limit=_LIMIT,
        min_confidence=filters.confidence,
        relations=filters.relations,
        types=filters.types,
    )
    drawing, panel = st.columns([1.9, 1], gap="medium")
    with drawing:
        _drawing(part, [entity.id for entity in known])
    with panel, st.container(key="panel"):
        _panel(known[0])


class _Filters:
    """What the widgets above the drawing ask for, in the address too."""

    def __init__(self, depth: int, confidence: float, relations: tuple[str, ...], types: tuple[str, ...]) -> None:
        self.depth, self.confidence, self.relations, self.types = depth, confidence, relations, types


def _filters() -> _Filters:
    relations = list(dict.fromkeys(relation for relation, _, _ in data.relations()))[:500]
    types = [name for name, _ in data.types()]
    follow("depth", "depth", lambda values: 2 if values == ("2",) else 1)
    follow("relations", "rel", lambda values: [value for value in values if value in relations])
    follow("types", "type", lambda values: [value for value in values if value in types])
    follow("confidence", "conf", lambda values: number(values[0] if values else "", 0.0, low=0.0, high=1.0))
    with st.container(horizontal=True, gap="medium", key="filters"):
        depth = st.segmented_control(t("explore.depth"), [1, 2], key="depth", required=True, width="content")
        chosen_types = st.multiselect(
            t("explore.types"), types, key="types", format_func=type_label, placeholder=t("explore.any"), width=240
        )
        chosen_relations = st.multiselect(
            t("explore.relations"), relations, key="relations", placeholder=t("explore.any"), width=260
        )
        confidence = st.slider(t("explore.confidence"), 0.0, 1.0, step=0.05, key="confidence", width=220)
    publish("depth", "depth", "2" if depth == 2 else "")
    publish("types", "type", *chosen_types)
    publish("relations", "rel", *chosen_relations)
    publish("confidence", "conf", f"{confidence:.2f}" if confidence else "")
    return _Filters(depth or 1, confidence, tuple(chosen_relations), tuple(chosen_types))


def _drawing(part: Subgraph, roots: list[str]) -> None:
    nodes, edges = subgraph_elements(part, roots)
    chosen = read("edge") or read("node") or roots[0]
    draw_graph(nodes, edges, key="explore-graph", on_event=_clicked, chosen=chosen, height=560)
    note(t("explore.drawn", nodes=len(nodes), edges=len(edges)) + " · " + t("explore.hint"))
    if part.truncated:
        st.info(t("explore.truncated", limit=_LIMIT), icon=":material/filter_alt:")


def _clicked(event: GraphEvent) -> None:
    if event.kind == "edge":
        _select_edge(event.id)
    elif event.kind == "node":
        _select(event.id)
    else:
        _expand(event.id)


def _panel(center: StoredEntity) -> None:
    """The evidence of the chosen edge, else the card of the chosen entity."""
    edge = edge_of(read("edge"))
    if edge is not None:
        _edge_panel(edge)
        return
    chosen = read("node")
    entity = data.entity(chosen) if chosen else center
    if entity is None:
        note(t("explore.unknown"))
        return
    _card(entity)


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
                on_click=_select,
                args=(entity.id,),
                width="stretch",
            )
        link("evidence", t("evidence.open"), edge=str(edge))


def _card(entity: StoredEntity) -> None:
    count = t("card.mention") if entity.mentions == 1 else t("card.mentions", n=f"{entity.mentions:,}")
    aliases = "".join(chip(alias) for alias in entity.aliases)
    also = (
        f'<p class="kg-note" style="margin:.2rem 0 .3rem">{escape(t("card.aliases"))}</p>{aliases}' if aliases else ""
    )
    st.html(
        f'<div data-testid="card"><p class="kg-name">{escape(entity.name)}</p>'
        f"{type_chip(entity.type)}{chip(count)}{also}</div>"
    )
    with st.container(horizontal=True, gap="small"):
        st.button(t("explore.center"), icon=":material/my_location:", on_click=_center, args=(entity.id,))
        st.button(t("explore.expand"), icon=":material/open_in_full:", on_click=_expand, args=(entity.id,))
        link("evidence", t("explore.evidence"), entity=entity.id)
    _facts(entity)


def _facts(entity: StoredEntity) -> None:
    part = data.neighbourhood((entity.id,), depth=1, limit=_LIMIT)
    names = {other.id: other.name for other in part.entities}
    edges = sorted(
        (edge for edge in part.edges if entity.id in (edge.head_id, edge.tail_id)),
        key=lambda edge: (-edge.support, edge.relation, names.get(edge.tail_id, "")),
    )
    if not edges:
        note(t("card.nofacts"))
        return
    groups: dict[str, list[GraphEdge]] = {}
    for edge in edges[:_FACTS]:
        groups.setdefault(edge.relation, []).append(edge)
    with st.container(key="rows_facts"):
        for relation, members in groups.items():
            st.html(f'<p class="kg-group">{escape(relation)}</p>')
            for edge in members:
                _fact_row(edge, entity, names)
    if len(edges) > _FACTS:
        note(t("card.more", n=len(edges) - _FACTS))


def _fact_row(edge: GraphEdge, entity: StoredEntity, names: dict[str, str]) -> None:
    outgoing = edge.head_id == entity.id
    other = names.get(edge.tail_id if outgoing else edge.head_id, "")
    arrow = "→" if outgoing else "←"
    support = f" · {t('card.support', n=edge.support)}" if edge.support > 1 else ""
    key = str(EdgeKey(edge.head_id, edge.relation, edge.tail_id))
    st.button(
        f"{arrow} {plain(other, limit=60)}{support}",
        key=f"fact-{key}",
        type="tertiary",
        on_click=_select_edge,
        args=(key,),
        width="stretch",
    )


def _center(entity_id: str) -> None:
    write(entity=entity_id, node="", edge="", q="")


def _expand(entity_id: str) -> None:
    roots = tuple(dict.fromkeys((*read_list("entity"), entity_id)))
    write(entity=roots, node=entity_id, edge="")


def _select(entity_id: str) -> None:
    write(node=entity_id, edge="")


def _select_edge(key: str) -> None:
    write(edge=key)
