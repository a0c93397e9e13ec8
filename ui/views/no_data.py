"""What is shown where there is no graph to show: none yet, an empty one, or a store that does not answer."""

from __future__ import annotations

from html import escape

import streamlit as st

from kg_builder.errors import ConfigError, StoreError, UnreachableError
from ui import connecting, data, ingesting
from ui.connect_form import connect_form
from ui.pages import go, link
from ui.session import t
from ui.style import heading, note
from ui.workspace import read_only

__all__ = [
    "connect_expander",
    "forget_trouble",
    "render_empty",
    "render_misconfigured",
    "render_missing",
    "render_sidebar",
]

_COMMAND = "kg ingest FOLDER"


def render_sidebar() -> None:
    """Which store this is. A store's uri holds no secret, and no page puts it into the address."""
    try:
        server = data.store().server
    except StoreError:
        server = t("store.none") if connecting.is_missing() else t("store.silent")
    more = f"<br>{escape(t('app.readonly'))}" if read_only() else ""
    st.sidebar.html(
        f'<p class="kg-store"><b>{escape(t("app.store"))}</b><br>{escape(connecting.current_uri())}<br>'
        f"{escape(server)}{more}</p>"
    )


def render_empty() -> None:
    """A store without documents: what can be done about it."""
    heading(t("store.empty"), t("store.empty.how"))
    _invite()
    if st.button(t("store.reload"), icon=":material/refresh:", type="tertiary"):
        data.forget()
        st.rerun()
    connect_expander()


def render_missing(error: StoreError) -> None:
    """No store there, or one that does not answer: say which, and what can be done.

    An embedded one whose server has gone away is opened once more first: that starts its server again.
    """
    data.forget()
    again = isinstance(error, UnreachableError) and not connecting.is_missing() and connecting.is_embedded()
    if again and not st.session_state.pop("_opened-again", False):
        st.session_state["_opened-again"] = True
        st.rerun()
    st.session_state.pop("_opened-again", None)
    if connecting.is_missing():
        heading(t("store.missing"), t("store.missing.how"))
        _invite()
        connect_expander()
        return
    heading(t("store.gone"), t("store.gone.why"))
    st.code(str(error), language=None, wrap_lines=True)
    if st.button(t("store.gone.try"), icon=":material/refresh:", type="primary"):
        st.rerun()
    connect_expander()


def forget_trouble() -> None:
    """A page has shown: the next time that a store goes away is another one."""
    st.session_state.pop("_opened-again", None)


def render_misconfigured(error: ConfigError) -> None:
    """Something about this server has to be set otherwise, for example where its workspace is."""
    heading(t("store.misconfigured"), t("store.gone.why"))
    st.code(str(error), language=None, wrap_lines=True)


def _invite() -> None:
    under_way = ingesting.under_way(connecting.current_uri())
    if under_way:
        link("ingest", t("store.reading"), run=under_way[0].id)
    elif not read_only():
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="invite"):
            if st.button(t("store.samples"), icon=":material/science:", type="primary"):
                go("ingest", run=ingesting.start_samples().id)
            link("ingest", t("store.drop"))
    note(t("store.command"))
    st.code(_COMMAND, language="bash")


def connect_expander() -> None:
    """The form that connects to another store, folded up; nothing where the server only shows."""
    if not read_only():
        unfolded = bool(st.session_state.get("_connect-tried"))  # a change of it would fold it up under one's hands
        with st.expander(t("connect.title"), expanded=unfolded, icon=":material/database:"):
            connect_form()
