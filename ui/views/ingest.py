"""Reading documents in: what, how and where; the runs; and one run as it goes on."""

from __future__ import annotations

import streamlit as st

from ui import ingesting, processes
from ui.ingest_estimate import estimate
from ui.ingest_form import order_form
from ui.ingest_run import run_row, show_run
from ui.session import read, t, write
from ui.style import heading, note, section
from ui.workspace import read_only

__all__ = ["render"]

_RUNS = 20


def render() -> None:
    """Draw the page. Its address holds the run, the outcome of the files that are listed, or what is to be read."""
    heading(t("page.ingest"), t("ingest.lead"))
    wanted = read("run")
    if wanted:
        _one(wanted)
        return
    if read_only():
        note(t("ingest.readonly"))
    else:
        with st.container(border=True, key="order"):
            order_form()
        estimate()
    _runs()


def _one(wanted: str) -> None:
    st.button(
        t("ingest.back"),
        type="tertiary",
        icon=":material/arrow_back:",
        on_click=write,
        kwargs={"run": "", "show": ""},
    )
    job = processes.job(wanted)
    if job is None:
        st.warning(t("ingest.unknown"), icon=":material/help:")
        return
    show_run(job)


def _runs() -> None:
    section(t("ingest.runs"))
    found = ingesting.runs()
    if not found:
        note(t("ingest.runs.none"))
        return
    for job in found[:_RUNS]:
        run_row(job)
    if len(found) > _RUNS:
        note(t("ingest.runs.more", shown=_RUNS, total=f"{len(found):,}"))
