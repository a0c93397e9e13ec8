"""Every document with what became of it; and one document's text with its statements marked."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from kg_builder.store.records import StoredDocument
from ui import data
from ui.document_view import PARAMETERS, show_document
from ui.session import follow, publish, read, t, write
from ui.style import heading, note
from ui.switch import one_of
from ui.views.no_data import render_empty

__all__ = ["render"]

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
    _back()
    show_document(document)


def _back() -> None:
    st.button(
        t("documents.back"),
        type="tertiary",
        icon=":material/arrow_back:",
        on_click=write,
        kwargs=dict.fromkeys(PARAMETERS, ""),
    )


def _state_named(name: str) -> str:
    return t("documents.all") if name == "all" else t(f"state.{name}")


def _list(documents: list[StoredDocument]) -> None:
    follow("find", "q", lambda values: values[0] if values else "")
    with st.container(horizontal=True, gap="medium"):
        text = st.text_input(
            t("documents.find"),
            key="find",
            placeholder=t("documents.find.placeholder"),
            icon=":material/search:",
            live="250ms",
            width=360,
        ).strip()
        state = one_of(t("documents.state"), "state", _STATES, _state_named, labelled=True)
    publish("find", "q", text)
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
