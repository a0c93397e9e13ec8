"""The tools above the drawing: undo and redo, a path to another entity, views kept under a name, link and export."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import streamlit as st

from kg_builder.export.graphml import write_graphml
from kg_builder.export.part import PartSource, write_facts
from ui import data
from ui.entity_search import search_box
from ui.exploring.history import address_of_view, go_to, history
from ui.exploring.reads import part_of
from ui.exploring.saved import forget_view, save_view, saved_views
from ui.exploring.state import View
from ui.menu import menu
from ui.session import t, write
from ui.style import note, plain
from ui.workspace import read_only

__all__ = ["path_menu", "saved_menu", "share_menu", "undo_redo"]


def undo_redo() -> None:
    """Two buttons along this session's views."""
    views = history()
    for name, address, icon in (("undo", views.earlier, "undo"), ("redo", views.later, "redo")):
        st.button(
            t(f"explore.{name}"),
            key=f"view-{name}",
            icon=f":material/{icon}:",
            disabled=address is None,
            on_click=go_to,
            args=(address or (),),
        )


def path_menu(view: View) -> None:
    """A search for the entity to which a path is wanted."""
    target = data.entity(view.to) if view.to else None
    label = t("explore.pathto", name=plain(target.name, limit=24)) if target else t("explore.path")
    with menu(label, icon=":material/route:", key="path-menu") as opened:
        if not opened:
            return
        note(t("explore.pathhint"))
        search_box(_path_to, suggest=False, name="qto", key="path")
        if view.to:
            st.button(t("explore.nopath"), icon=":material/close:", on_click=_no_path, key="no-path")


def _no_path() -> None:
    write(**_path_to(""))


def _path_to(entity_id: str) -> dict[str, str]:
    return {"to": entity_id, "qto": "", "edge": "", "node": "", "pin": ""}


def saved_menu() -> None:
    """Views kept under a name: open, drop, keep this one."""
    with menu(t("explore.views"), icon=":material/bookmark:", key="views-menu") as opened:
        if opened:
            _views()


def _views() -> None:
    with st.container(key="views"):
        views = saved_views()
        for number, (name, address) in enumerate(views.items()):
            with st.container(horizontal=True, gap="small", key=f"view-{number}"):
                st.button(plain(name, limit=60), key=f"open-{name}", type="tertiary", on_click=go_to, args=(address,))
                if not read_only():
                    st.button(
                        t("explore.forget"),
                        key=f"forget-{name}",
                        type="tertiary",
                        icon=":material/delete:",
                        on_click=forget_view,
                        args=(name,),
                    )
        if not views:
            note(t("explore.noviews"))
        if read_only():
            note(t("explore.readonly"))
            return
        with st.form("save-view", border=False, clear_on_submit=True):
            name = st.text_input(t("explore.viewname"), key="view-name", max_chars=80, autocomplete="off")
            if st.form_submit_button(t("explore.save"), icon=":material/bookmark_add:") and name.strip():
                save_view(name, address_of_view())
                st.rerun()


def share_menu(view: View) -> None:
    """The link to this view, and what is drawn as a file."""
    with menu(t("explore.share"), icon=":material/ios_share:", key="share-menu") as opened:
        if not opened:
            return
        note(t("explore.link"))
        st.code(_link(), language=None, wrap_lines=True)
        note(t("explore.export"))
        with st.container(horizontal=True, gap="small"):
            st.download_button(
                t("explore.graphml"),
                lambda: _written(view, "graphml"),
                file_name="graph.graphml",
                mime="application/graphml+xml",
                on_click="ignore",
                icon=":material/download:",
                key="get-graphml",
            )
            st.download_button(
                t("explore.csv"),
                lambda: _written(view, "csv"),
                file_name="graph.csv",
                mime="text/csv",
                on_click="ignore",
                icon=":material/download:",
                key="get-csv",
            )
        note(t("explore.pictures"))


def _link() -> str:
    """The address of this view, without what is typed in the search boxes."""
    query = [(name, value) for name, values in address_of_view() for value in values]
    return f"{(st.context.url or '').partition('?')[0]}?{urlencode(query)}" if query else st.context.url or ""


def _written(view: View, kind: str) -> bytes:
    out = io.StringIO()
    source = PartSource(part_of(view))
    if kind == "graphml":
        write_graphml(source, out)
    else:
        write_facts(source, out)
    return out.getvalue().encode("utf-8", "replace")
