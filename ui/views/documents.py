"""Every document with what became of it; and one document's text with its statements marked."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from kg_builder.store.records import StoredDocument, StoredEvidence, StoredSegment
from ui import data
from ui.evidence_list import marks_key, show_evidence
from ui.marks import segment_html
from ui.paging import SEGMENTS_A_PAGE as _SEGMENTS
from ui.session import follow, number, publish, read, t, write
from ui.style import chip, heading, note
from ui.views.no_data import render_empty

__all__ = ["render"]

_PROBLEMS = {"failed": "documents.problem", "partial": "documents.partial", "skipped": "documents.skipped"}
_STATES = ("all", "complete", "partial", "failed", "skipped")
_ROWS = 2000


def render() -> None:
    """Draw the page. Its address holds the document, or the list's filter."""
    documents = data.documents()
    if not documents:
        render_empty()
        return
    heading(t("page.documents"), t("documents.lead"))
    wanted = read("document")
    if not wanted:
        _list(documents)
        return
    document = next((d for d in documents if d.id == wanted), None)
    if document is None:
        _back()
        st.warning(t("documents.unknown"), icon=":material/help:")
        return
    _one(document)


def _back() -> None:
    st.button(
        t("documents.back"),
        type="tertiary",
        icon=":material/arrow_back:",
        on_click=write,
        kwargs={"document": "", "part": ""},
    )


def _list(documents: list[StoredDocument]) -> None:
    follow("find", "q", lambda values: values[0] if values else "")
    follow("state", "state", lambda values: values[0] if values and values[0] in _STATES else "all")
    with st.container(horizontal=True, gap="medium"):
        text = st.text_input(
            t("documents.find"),
            key="find",
            placeholder=t("documents.find.placeholder"),
            icon=":material/search:",
            live="250ms",
            width=360,
        ).strip()
        state = st.segmented_control(
            t("documents.state"),
            _STATES,
            format_func=lambda name: t("documents.all") if name == "all" else t(f"state.{name}"),
            key="state",
            required=True,
        )
    publish("find", "q", text)
    publish("state", "state", state if state != "all" else "")
    found = [d for d in documents if state in ("all", d.state) and text.casefold() in f"{d.title}\n{d.uri}".casefold()]
    if not found:
        note(t("documents.none"))
        return
    count = t("documents.one") if len(found) == 1 else t("documents.count", n=f"{len(found):,}")
    note(f"{count} · {t('documents.pick')}")
    _table(found[:_ROWS])
    if len(found) > _ROWS:
        note(t("overview.more", shown=_ROWS, total=f"{len(found):,}"))


def _table(documents: list[StoredDocument]) -> None:
    frame = pd.DataFrame(
        {
            "title": [d.title or d.uri for d in documents],
            "state": [t(f"state.{d.state}") for d in documents],
            "language": [d.language for d in documents],
            "segments": [d.segments for d in documents],
            "statements": [d.extractions for d in documents],
            "quarantined": [d.quarantined for d in documents],
            "size": [d.size_bytes for d in documents],
            "document": [d.uri for d in documents],
            "reason": [d.reason for d in documents],
            "ingested": [d.ingested_at[:19].replace("T", " ") for d in documents],
        }
    )
    config = {name: st.column_config.Column(t(f"column.{name}")) for name in frame.columns}
    config["size"] = st.column_config.NumberColumn(t("column.size"), format="bytes")
    config["title"] = st.column_config.TextColumn(t("column.title"), width="large")
    event = st.dataframe(
        frame,
        column_config=config,
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(documents), 640),
        key="documents-table",
        on_select="rerun",
        selection_mode="single-row",
    )
    rows = event.selection.rows
    if rows and rows[0] < len(documents):
        write(document=documents[rows[0]].id, q="", state="", part="")
        st.rerun()


def _one(document: StoredDocument) -> None:
    _back()
    chips = [
        chip(t(f"state.{document.state}"), warn=document.state != "complete"),
        chip(document.language),
        chip(f"{t('column.segments')}: {document.segments:,}"),
        chip(f"{t('column.statements')}: {document.extractions:,}"),
    ]
    if document.quarantined:
        chips.append(chip(f"{t('column.quarantined')}: {document.quarantined:,}", warn=True))
    st.html(
        f'<div data-testid="document"><p class="kg-name">{escape(document.title or document.uri)}</p>'
        f'<p class="kg-source">{escape(document.uri)}</p>{"".join(chips)}</div>'
    )
    if document.state != "complete":
        key = _PROBLEMS[document.state]
        with st.container(border=True):
            note(t(key, reason=document.reason))
            note(document.detail)
    segments = data.segments(document.uri)
    if not segments:
        note(t("documents.nosegments"))
        return
    _segments(document, segments)


def _segments(document: StoredDocument, segments: list[StoredSegment]) -> None:
    pages = -(-len(segments) // _SEGMENTS)
    page = 1
    if pages > 1:
        follow("part", "part", lambda values: int(number(values[0] if values else "", 1, low=1, high=pages)))
        st.session_state["part"] = min(st.session_state["part"], pages)
        page = st.pagination(pages, key="part")
        publish("part", "part", str(page) if page > 1 else "")
    first = (page - 1) * _SEGMENTS
    shown = segments[first : first + _SEGMENTS]
    if pages > 1:
        note(t("documents.range", first=first + 1, last=first + len(shown), total=len(segments)))
    found = data.segment_statements(tuple(segment.id for segment in shown))
    by_segment: dict[str, list[StoredEvidence]] = {}
    for item in found:
        by_segment.setdefault(item.segment_id, []).append(item)
    text, statements = st.tabs([t("documents.text"), f"{t('documents.statements')} ({len(found)})"])
    with text:
        marks_key()
        inverted = data.inverted(tuple(item.extraction_id for item in found))
        st.html("".join(_segment(segment, by_segment.get(segment.id, []), inverted) for segment in shown))
    with statements:
        if found:
            show_evidence(found)
        else:
            note(t("documents.nostatements"))


def _segment(segment: StoredSegment, statements: list[StoredEvidence], inverted: frozenset[str]) -> str:
    place = t("evidence.segment", n=segment.index + 1)
    if segment.page is not None:
        place = f"{t('evidence.page', n=segment.page)} · {place}"
    return (
        f'<p class="kg-source" style="margin:.7rem 0 .1rem">{escape(place)}</p>'
        f'<p class="kg-segment" data-testid="segment">{segment_html(segment, statements, inverted)}</p>'
    )
