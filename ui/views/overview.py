"""What the graph holds: numbers, plots, and what was left out with its reason."""

from __future__ import annotations

from html import escape

import altair as alt
import streamlit as st

from kg_builder.store.records import Counts, StoredDocument
from ui import charts, data
from ui.pages import link
from ui.session import t
from ui.style import cards, chip, heading, note, plain, section
from ui.views.no_data import render_empty

__all__ = ["render"]

_TOP = 12
_FAILURES = 200


def render() -> None:
    """Draw the page."""
    counts = data.counts()
    if not counts.documents and not counts.entities:
        render_empty()
        return
    heading(t("page.overview"), t("overview.lead"))
    _numbers(counts)
    if counts.entities:
        left, right = st.columns(2, gap="medium")
        with left:
            _types()
            _states(counts)
        with right:
            _relations()
        left, right = st.columns(2, gap="medium")
        with left:
            _top_entities()
        with right:
            _confidence()
    else:
        _states(counts)
    _left_out()


def _numbers(counts: Counts) -> None:
    names = ("documents", "entities", "edges", "extractions", "segments")
    cards([(f"{getattr(counts, n):,}", t(f"overview.{n}"), t(f"overview.{n}.help")) for n in names])


def _plot(title: str, chart: alt.Chart, shown: int, total: int) -> None:
    with st.container(border=True, height="stretch"):
        section(title)
        st.altair_chart(chart, width="stretch")
        if shown < total:
            note(t("overview.more", shown=shown, total=f"{total:,}"))


def _types() -> None:
    types = data.types()
    _plot(t("overview.types"), charts.type_chart(types[:_TOP]), _TOP, len(types))


def _relations() -> None:
    relations = data.relations()
    _plot(t("overview.relations"), charts.relation_chart(relations[:_TOP]), _TOP, len(relations))


def _top_entities() -> None:
    entities = data.top_entities(_TOP)
    with st.container(border=True, height="stretch"):
        section(t("overview.top"))
        st.altair_chart(charts.entity_chart(entities), width="stretch")
        with st.container(horizontal=True, gap="small"):
            for entity in entities[:3]:
                link("explore", plain(entity.name, limit=40), entity=entity.id)


def _confidence() -> None:
    with st.container(border=True, height="stretch"):
        section(t("overview.confidence"))
        st.altair_chart(charts.confidence_chart(data.confidence_histogram()), width="stretch", height="stretch")


def _states(counts: Counts) -> None:
    with st.container(border=True, height="stretch"):
        section(t("overview.states"))
        st.altair_chart(charts.state_chart(counts.documents_by_state), width="stretch")


def _left_out() -> None:
    troubled = [document for document in data.documents() if document.state != "complete"]
    section(t("overview.failures"))
    if not troubled:
        note(t("overview.failures.none"))
        return
    st.html(_failures(troubled[:_FAILURES]))
    if len(troubled) > _FAILURES:
        note(t("overview.more", shown=_FAILURES, total=f"{len(troubled):,}"))
    if any(document.state != "skipped" for document in troubled):
        note(t("overview.failures.retry"))
        st.code("kg retry", language="bash")


def _failures(documents: list[StoredDocument]) -> str:
    """A table, as HTML: what went wrong must be readable whole, on a narrow screen too."""
    names = ("document", "state", "reason", "detail")
    head = "".join(f"<th>{escape(t(f'column.{name}'))}</th>" for name in names)
    rows = "".join(
        f"<tr><td>{escape(d.uri)}</td><td>{chip(t(f'state.{d.state}'), warn=d.state == 'failed')}</td>"
        f"<td>{escape(d.reason)}</td><td>{escape(d.detail)}</td></tr>"
        for d in documents
    )
    return f'<table class="kg-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
