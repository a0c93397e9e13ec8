"""What the graph holds: numbers, plots, the latest runs, and what was left out with its reason."""

from __future__ import annotations

from html import escape

import streamlit as st

from kg_builder.errors import KGError
from kg_builder.store.records import Counts, StoredDocument
from ui import connecting, data, ingesting
from ui.bars import entity_bars, relation_bars, state_bars, type_bars
from ui.charts import confidence_columns, growth_steps
from ui.ingest_run import run_row
from ui.pages import go, link
from ui.session import follow, publish, t
from ui.style import cards, chip, heading, note, plain, section
from ui.views.no_data import connect_expander, render_empty
from ui.workspace import read_only

__all__ = ["render"]

_TOP = 12
_FAILURES = 200
_RUNS = 3
_SAMPLED_FROM = 200_000
"""Statements from which on the plot of their confidence takes a sample: counting them all takes seconds."""

_OTHER = "Other"
_SAYING_LITTLE = ("be", "have", "是", "有")
"""Relations that lead every list and say little in it."""


def render() -> None:
    """Draw the page."""
    counts = data.counts()
    if not counts.documents and not counts.entities:
        render_empty()
        return
    heading(t("page.overview"), t("overview.lead"))
    _numbers(counts)
    if counts.entities:
        telling = _telling()
        left, right = st.columns(2, gap="medium")
        with left:
            _types(telling)
            _states(counts)
        with right:
            _relations(telling)
        left, right = st.columns(2, gap="medium")
        with left:
            _top_entities(telling)
        with right:
            _confidence(counts)
    else:
        _states(counts)
    _growth()
    _runs()
    _left_out()
    connect_expander()


def _numbers(counts: Counts) -> None:
    names = ("documents", "entities", "edges", "extractions", "segments")
    cards([(f"{getattr(counts, n):,}", t(f"overview.{n}"), t(f"overview.{n}.help")) for n in names])


def _telling() -> bool:
    """Whether what leads every list and says little is left out of the plots."""
    follow("telling", "all", lambda values: values != ("1",))
    telling: bool = st.toggle(t("overview.telling", relations=", ".join(_SAYING_LITTLE)), key="telling")
    publish("telling", "all", "" if telling else "1")
    return telling


def _plot(title: str, bars: str, shown: int, total: int, left_out: str = "") -> None:
    with st.container(border=True, height="stretch"):
        section(title)
        st.html(bars)
        if shown < total:
            note(t("overview.more", shown=shown, total=f"{total:,}"))
        if left_out:
            note(left_out)


def _types(telling: bool) -> None:
    types = data.types()
    shown = [each for each in types if not telling or each[0] != _OTHER] or types
    others = sum(n for name, n in types if name == _OTHER)
    left_out = t("overview.types.other", n=f"{others:,}") if others and len(shown) < len(types) else ""
    _plot(t("overview.types"), type_bars(shown[:_TOP]), _TOP, len(shown), left_out)


def _relations(telling: bool) -> None:
    relations = data.relations()
    shown = [each for each in relations if not telling or each[0] not in _SAYING_LITTLE] or relations
    facts = sum(n for _, _, n in relations) - sum(n for _, _, n in shown)
    left_out = t("overview.relations.other", n=f"{facts:,}") if facts else ""
    _plot(t("overview.relations"), relation_bars(shown[:_TOP]), _TOP, len(shown), left_out)


def _top_entities(telling: bool) -> None:
    entities = (data.top_entities(_TOP, without=_OTHER) if telling else []) or data.top_entities(_TOP)
    with st.container(border=True, height="stretch"):
        section(t("overview.top"))
        st.html(entity_bars(entities))
        with st.container(horizontal=True, gap="small"):
            for entity in entities[:3]:
                link("explore", plain(entity.name, limit=40), entity=entity.id)


def _confidence(counts: Counts) -> None:
    sample = counts.extractions > _SAMPLED_FROM
    with st.container(border=True, height="stretch"):
        section(t("overview.confidence"))
        st.html(confidence_columns(data.confidence_histogram(sample=sample)))
        if sample:
            note(t("overview.confidence.sample"))


def _states(counts: Counts) -> None:
    with st.container(border=True, height="stretch"):
        section(t("overview.states"))
        st.html(state_bars(counts.documents_by_state))


def _growth() -> None:
    points = data.growth()
    if len(points) < 2:
        return
    with st.container(border=True):
        section(t("overview.growth"))
        st.html(growth_steps(points))


def _runs() -> None:
    found = ingesting.runs(store=connecting.current_uri())
    section(t("overview.runs"))
    if not found:
        note(t("ingest.runs.none"))
    for job in found[:_RUNS]:
        run_row(job)
    link("ingest", t("overview.runs.all") if len(found) > _RUNS else t("store.drop"))


def _left_out() -> None:
    troubled = [document for document in data.documents() if document.state != "complete"]
    section(t("overview.failures"))
    if not troubled:
        note(t("overview.failures.none"))
        return
    st.html(_failures(troubled[:_FAILURES]))
    if len(troubled) > _FAILURES:
        note(t("overview.more", shown=_FAILURES, total=f"{len(troubled):,}"))
    if all(document.state == "skipped" for document in troubled):
        return
    if not read_only() and st.button(t("overview.failures.again"), icon=":material/replay:", key="retry-all"):
        try:
            job = ingesting.start_retry()
        except (KGError, OSError) as exc:
            st.code(str(exc), language=None, wrap_lines=True)
        else:
            go("ingest", run=job.id)
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
