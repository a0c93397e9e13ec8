"""The doctor's check of the whole store, as a job of its own: it looks at every fact, which may take minutes."""

from __future__ import annotations

import json
from html import escape

import streamlit as st

from kg_builder.errors import KGError
from ui import connecting, processes
from ui.amounts import moment
from ui.processes import Job, jobs, kg_command, start_job
from ui.session import t
from ui.style import chip, note
from ui.workspace import read_only

__all__ = ["check"]

_DOCTOR = "doctor"
_EVERY_S = 1.0


def check() -> None:
    """The button that starts it, and what the latest one on this store has found."""
    latest = next((each for each in jobs(_DOCTOR) if each.store == connecting.current_uri()), None)
    live = latest is not None and not latest.is_over
    if not read_only() and st.button(
        t("settings.check"), icon=":material/stethoscope:", disabled=live, key="check", help=t("settings.check.help")
    ):
        _start(latest)
        st.rerun()
    if latest is not None:
        st.fragment(_found, run_every=_EVERY_S if live else None)(latest, live)


def _start(latest: Job | None) -> None:
    try:
        start_job(
            _DOCTOR,
            "",
            kg_command("doctor", "--json"),
            store=connecting.current_uri(),
            environment=connecting.environment(),
        )
    except (KGError, OSError) as exc:
        st.code(str(exc), language=None, wrap_lines=True)
        return
    if latest is not None:
        latest.forget()


def _found(job: processes.Job, live: bool) -> None:
    if not job.is_over:
        st.info(t("settings.check.running"), icon=":material/hourglass_top:")
        return
    if live:
        st.rerun()
    try:
        findings = json.loads(job.text("out.txt"))
        rows = "".join(_row(each) for each in findings)
    except (ValueError, KeyError, TypeError):
        st.error(t("settings.check.failed"), icon=":material/block:")
        st.code(job.text("err.txt", most=4000), language=None, wrap_lines=True)
        return
    note(t("settings.check.at", when=moment(job.ended or job.created)))
    st.html(f'<table class="kg-table" data-testid="findings"><tbody>{rows}</tbody></table>')


def _row(finding: dict[str, str | bool]) -> str:
    word = chip(t("settings.healthy") if finding["healthy"] else t("settings.fault"), warn=not finding["healthy"])
    remedy = f"<br><em>{escape(str(finding['remedy']))}</em>" if finding["remedy"] else ""
    told = f"<b>{escape(str(finding['what']))}</b><br>{escape(str(finding['found']))}{remedy}"
    return f"<tr><td>{word}</td><td>{told}</td></tr>"
