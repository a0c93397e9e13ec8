"""The form that connects this server to another store, and the stores that were used before."""

from __future__ import annotations

import streamlit as st

from kg_builder.errors import KGError
from ui import connecting, data
from ui.connecting import Recent
from ui.places import allowed_path
from ui.session import t
from ui.style import note, plain
from ui.workspace import allowed_roots

__all__ = ["connect_form"]

_SERVERS = ("bolt://", "bolt+s://", "bolt+ssc://", "neo4j://", "neo4j+s://", "neo4j+ssc://")


def connect_form() -> None:
    """The fields, the button, what went wrong, and one button for each store used before."""
    note(t("connect.lead", roots=", ".join(map(str, allowed_roots()))))
    st.text_input(t("connect.address"), key="connect-address", placeholder="bolt://localhost:7687")
    if st.session_state.get("connect-address", "").strip().startswith(_SERVERS):
        with st.container(horizontal=True, gap="small"):
            st.text_input(t("connect.user"), key="connect-user", placeholder="neo4j", width=200)
            st.text_input(t("connect.password"), key="connect-password", type="password", autocomplete="off", width=200)
            st.text_input(
                t("connect.database"), key="connect-database", placeholder=t("connect.database.default"), width=200
            )
        note(t("connect.secrets"))
    st.button(t("connect.go"), icon=":material/link:", on_click=_connect, key="connect-go")
    wrong = st.session_state.pop("_connect-wrong", "")
    if wrong:
        st.error(t("connect.failed"), icon=":material/block:")
        st.code(wrong, language=None, wrap_lines=True)
    _used_before()


def _used_before() -> None:
    others = [each for each in connecting.recent() if each.uri != connecting.current_uri()]
    if not others:
        return
    note(t("connect.recent"))
    with st.container(key="rows_stores"):
        for index, each in enumerate(others):
            label = each.uri + (f" · {each.database}" if each.database else "")
            st.button(
                plain(label, limit=120),
                key=f"store-{index}",
                type="tertiary",
                on_click=_take,
                args=(each,),
                width="stretch",
            )


def _take(used: Recent) -> None:
    """Go back to a store: at once where nothing more is asked, else with its fields filled in."""
    state = st.session_state
    state["connect-address"] = used.uri
    state["connect-user"], state["connect-database"] = used.user, used.database
    if not used.uri.startswith(_SERVERS) or not used.user or connecting.credentials_of(used.uri) is not None:
        _connect()


def _connect() -> None:
    state = st.session_state
    password = state.get("connect-password", "")
    state["connect-password"] = ""
    address = state.get("connect-address", "").strip()
    try:
        if address and "://" not in address and not address.startswith("embedded:"):
            address = f"embedded:{allowed_path(address)}"
        connecting.connect(
            address,
            user=state.get("connect-user", "").strip(),
            password=password,
            database=state.get("connect-database", "").strip(),
        )
    except (KGError, OSError) as exc:
        state["_connect-wrong"], state["_connect-tried"] = str(exc), True
        return
    state["connect-address"], state["_connect-tried"] = "", False
    data.forget()
