"""What is shown where there is no graph to show: none yet, an empty one, or a store that does not answer."""

from __future__ import annotations

import os
from html import escape

import streamlit as st

from kg_builder.errors import StoreError
from ui import data
from ui.session import t
from ui.style import heading, note

__all__ = ["render_empty", "render_missing", "render_sidebar"]

_EMBEDDED = "embedded:"
_COMMAND = "kg ingest FOLDER"


def render_sidebar() -> None:
    """Which store this is. A store's uri holds no secret, and no page puts it into the address."""
    store = data.store()
    st.sidebar.html(
        f'<p class="kg-store"><b>{escape(t("app.store"))}</b><br>{escape(store.uri)}<br>{escape(store.server)}</p>'
    )


def render_empty() -> None:
    """A store without documents."""
    heading(t("store.empty"), t("store.empty.how"))
    st.code(_COMMAND, language="bash")
    if st.button(t("store.reload"), icon=":material/refresh:"):
        data.forget()
        st.rerun()


def render_missing(error: StoreError) -> None:
    """No store there, or one that does not answer: say which, and what to run."""
    data.forget()
    if os.environ.get("KG_STORE", _EMBEDDED).startswith(_EMBEDDED):
        heading(t("store.missing"), t("store.missing.how"))
        st.code(_COMMAND, language="bash")
        note(t("store.gone.why"))
    else:
        heading(t("store.gone"), t("store.gone.why"))
    st.code(str(error), language=None, wrap_lines=True)
    if st.button(t("store.gone.try"), icon=":material/refresh:"):
        st.rerun()
