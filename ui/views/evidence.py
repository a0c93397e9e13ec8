"""The sentences behind a fact, or everything the texts say about an entity, the denied and the hearsay too."""

from __future__ import annotations

from html import escape

import streamlit as st

from kg_builder.store.reading import place
from kg_builder.store.records import StoredEvidence
from kg_builder.types import digest
from ui import data
from ui.entity_search import search_box
from ui.evidence_list import is_fact, marks_key, show_evidence
from ui.graph import EdgeKey, edge_of
from ui.links import rows_html, step_html
from ui.pages import link
from ui.session import follow, number, publish, read, t
from ui.style import fact, heading, note, plain, shorten
from ui.switch import one_of
from ui.views.no_data import render_empty

__all__ = ["render"]

_LIMIT = 200
_PAGE = 10
_START = 15
_SHOW = ("all", "facts", "others")
_ORDERS = ("confidence", "document")
_TITLE = 60


def render() -> None:
    """Draw the page. Its address holds the edge or the entity, the filter and the page."""
    if not data.counts().extractions:
        render_empty()
        return
    heading(t("page.evidence"), t("evidence.lead"))
    edge, entity_id = edge_of(read("edge")), read("entity")
    if edge is not None:
        _of_edge(edge)
    elif entity_id:
        _of_entity(entity_id)
    else:
        _start()


def _start() -> None:
    search_box(lambda id_: _chosen(entity=id_), suggest=False)
    note(t("evidence.start"))
    if data.counts().edges > data.SAMPLED_EDGES:
        note(t("evidence.sample", n=f"{data.SAMPLED_EDGES:,}"))
    with st.container(key="rows_start"):
        st.html(rows_html(_starting_row(edge) for edge in data.top_edges(_START)))


def _starting_row(edge: data.TopEdge) -> str:
    head, tail = (f"<b>{escape(shorten(name, limit=60))}</b>" for name in (edge.head, edge.tail))
    support = f" · {escape(t('card.support', n=edge.support))}" if edge.support > 1 else ""
    words = f"{head} — {escape(shorten(edge.relation, limit=40))} → {tail}{support}"
    return step_html(words, **_chosen(edge=str(EdgeKey(edge.head_id, edge.relation, edge.tail_id))))


def _of_edge(edge: EdgeKey) -> None:
    head, tail = data.entity(edge.head_id), data.entity(edge.tail_id)
    if head is None or tail is None:
        st.warning(t("explore.unknown"), icon=":material/help:")
        return
    fact(head.name, edge.relation, tail.name)
    with st.container(horizontal=True):
        link("explore", t("evidence.draw"), entity=edge.head_id, edge=str(edge))
        link("evidence", t("evidence.entity", name=plain(head.name, limit=40)), entity=head.id)
    _list(data.evidence(edge.head_id, edge.relation, edge.tail_id, limit=_LIMIT))


def _of_entity(entity_id: str) -> None:
    entity = data.entity(entity_id)
    if entity is None:
        st.warning(t("explore.unknown"), icon=":material/help:")
        return
    st.html(f'<p class="kg-fact">{escape(t("evidence.entity", name=entity.name))}</p>')
    link("explore", t("evidence.draw"), entity=entity.id)
    _list(data.statements(entity_id, limit=_LIMIT))


def _list(items: list[StoredEvidence]) -> None:
    shown = _filtered(items)
    count = len(shown)
    note(t("evidence.sentence") if count == 1 else t("evidence.sentences", n=count) if count else t("evidence.none"))
    if len(items) >= _LIMIT:
        note(t("evidence.limit", limit=_LIMIT))
    if not shown:
        return
    marks_key()
    pages = -(-count // _PAGE)
    page = 1
    if pages > 1:
        follow("page", "page", lambda values: int(number(values[0] if values else "", 1, low=1, high=pages)))
        st.session_state["page"] = min(st.session_state["page"], pages)
        page = st.pagination(pages, key="page")
        publish("page", "page", str(page) if page > 1 else "")
    show_evidence(shown[(page - 1) * _PAGE : page * _PAGE])


def _filtered(items: list[StoredEvidence]) -> list[StoredEvidence]:
    documents = {digest("document", item.document_uri): item.document_title or item.document_uri for item in items}
    extractors = sorted({item.extractor for item in items})
    follow("least", "conf", lambda values: number(values[0] if values else "", 0.0, low=0.0, high=1.0))
    follow("in-documents", "doc", lambda values: [value for value in values if value in documents])
    follow("by-extractors", "extractor", lambda values: [value for value in values if value in extractors])
    for key, known in (("in-documents", documents), ("by-extractors", extractors)):
        st.session_state[key] = [value for value in st.session_state[key] if value in known]
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="filters"):
        show = one_of(t("evidence.show"), "show", _SHOW, lambda name: t(f"evidence.{name}"), labelled=True)
        order = one_of(t("evidence.sort"), "sort", _ORDERS, lambda name: t(f"evidence.by.{name}"), labelled=True)
        least = st.slider(t("evidence.confidence"), 0.0, 1.0, step=0.05, key="least", width=200)
        chosen = st.multiselect(
            t("evidence.documents"),
            list(documents),
            key="in-documents",
            format_func=lambda id_: _short(documents[id_]),
            placeholder=t("explore.any"),
            width=260,
        )
        by = extractors
        if len(extractors) > 1:
            by = st.multiselect(
                t("evidence.extractors"), extractors, key="by-extractors", placeholder=t("explore.any"), width=220
            )
            publish("by-extractors", "extractor", *by)
    publish("least", "conf", f"{least:.2f}" if least else "")
    publish("in-documents", "doc", *chosen)
    wanted = [
        item
        for item in items
        if item.confidence >= least
        and (not chosen or digest("document", item.document_uri) in chosen)
        and (not by or item.extractor in by)
        and (show == "all" or is_fact(item) == (show == "facts"))
    ]
    return sorted(wanted, key=place if order == "document" else lambda item: (-item.confidence, place(item)))


def _short(title: str) -> str:
    one_line = " ".join(title.split())
    return one_line if len(one_line) <= _TITLE else one_line[: _TITLE - 1] + "…"


def _chosen(*, entity: str = "", edge: str = "") -> dict[str, str]:
    return {"entity": entity, "edge": edge, "q": "", "page": "", "doc": "", "extractor": ""}
