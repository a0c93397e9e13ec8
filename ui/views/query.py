"""Cypher for everyone: an editor with examples, parameters and limits; rows as a table, a drawing, a chart or JSON."""

from __future__ import annotations

import streamlit as st

from ui import data
from ui.query_desk import Desk, asked, desk, parameters_in
from ui.query_plan import mistake_html, plan_html
from ui.query_rows import show_rows
from ui.query_runs import QueryRun
from ui.query_workbench import may_write, workbench
from ui.session import t
from ui.style import heading, note, plain, section

__all__ = ["render"]

_AT_ONCE_S = 0.4  # what ends sooner shows without a word about waiting
_LOOK_S = 0.4


def render() -> None:
    """Draw the page. Its address holds the statement that ran, its parameters and limits, and the form of its rows."""
    heading(t("page.query"), t("query.lead.write" if may_write() else "query.lead"))
    at = desk()
    at.follow_address()
    wrong = _begin(at)
    workbench()  # it marks what was wrong with the last run
    with st.container(key="query-outcome"):
        if wrong:
            st.error(plain(wrong))
        elif at.run is None:
            note(t("query.empty"))
        elif at.run.state == "running":
            _watch(at.run)
        else:
            _ended(at.run)


def _begin(at: Desk) -> str:
    """Start what the address asks for, where that is new; what is wrong with its parameters."""
    wanted = asked()
    if at.again or wanted != at.asked:
        at.again, at.asked = False, wanted
        if wanted is None:
            at.run = None
        else:
            try:
                at.start(wanted, parameters_in(wanted.params))
            except ValueError as exc:
                at.run = at.asked = None
                return t("query.parameters.bad", why=str(exc))
    if at.run is not None:
        at.run.wait(_AT_ONCE_S)
    return ""


@st.fragment(run_every=_LOOK_S)  # type: ignore[untyped-decorator]
def _watch(run: QueryRun) -> None:
    """What is known of a run that has not ended; then the whole page again."""
    if run.state != "running":
        st.rerun(scope="app")
    with st.container(horizontal=True, vertical_alignment="center", key="query-running"):
        note(t("query.running", seconds=f"{run.seconds:.0f}"))
        if not run.writing:
            st.button(t("query.stop"), icon=":material/stop_circle:", on_click=run.stop)


def _ended(run: QueryRun) -> None:
    if run.result is None:
        _went_wrong(run)
        return
    if not run.writing and run.version != data.version():
        note(t("query.stale"))
    if run.result.plan is not None:
        section(t("plan.title"))
        steps = run.result.plan.operator.startswith("OpenCypher")  # ArcadeDB's plans list steps in their order
        note(t("plan.how.steps" if steps else "plan.how"))
        st.html(plan_html(run.result.plan))
    elif run.what.mode != "run":
        note(t("plan.none"))
    if run.what.mode != "explain":
        show_rows(run.result, limit=run.what.max_rows, key=str(id(run)))


def _went_wrong(run: QueryRun) -> None:
    if run.state == "stopped":
        st.warning(t("query.stopped", seconds=f"{run.seconds:.1f}"), icon=":material/stop_circle:")
        return
    st.error(t("query.refused" if run.state == "refused" else "query.failed"), icon=":material/block:")
    position = getattr(run.error, "position", None)
    if position is not None:
        st.html(mistake_html(run.what.cypher, *position))
    st.code(str(run.error), language=None, wrap_lines=True)
