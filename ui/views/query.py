"""Cypher for everyone: examples, parameters, limits; rows as a table, a drawing or JSON. Reads only."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from kg_builder.errors import QueryError, ReadOnlyError
from kg_builder.store.records import QueryResult
from ui import data
from ui.graph import GraphEvent, draw_graph, edge_of
from ui.pages import go
from ui.query_examples import EXAMPLES, Example
from ui.query_result import to_csv, to_drawing, to_frame, to_json
from ui.session import follow, number, publish, read, t, write
from ui.style import heading, note, plain

__all__ = ["render"]

_VIEWS = ("table", "graph", "json")
_MAX_ROWS = 10_000
_MAX_TIMEOUT_S = 120
_JSON_CHARACTERS = 200_000


def render() -> None:
    """Draw the page. Its address holds the statement that ran, its parameters and limits, and the form of its rows."""
    heading(t("page.query"), t("query.lead.write" if data.writes_allowed() else "query.lead"))
    _editor()
    written = st.session_state.pop("_written", None)
    if written is not None:
        _outcome(*written)
        return
    cypher = read("cypher")
    if not cypher:
        note(t("query.empty"))
        return
    parameters = _parameters(read("params"))
    if parameters is None:
        return
    try:
        result = data.query(cypher, parameters, max_rows=_row_limit(), timeout_s=_timeout())
    except ReadOnlyError as exc:
        _error(t("query.refused"), exc)
    except QueryError as exc:
        _error(t("query.failed"), exc)
    else:
        _outcome(result, _row_limit())


def _row_limit() -> int:
    return int(number(read("rows"), 500, low=1, high=_MAX_ROWS))


def _timeout() -> float:
    return number(read("seconds"), 30, low=1, high=_MAX_TIMEOUT_S)


def _editor() -> None:
    follow("cypher", "cypher", lambda values: values[0] if values else "")
    follow("params", "params", lambda values: values[0] if values else "")
    follow("rows", "rows", lambda _: _row_limit())
    follow("seconds", "seconds", lambda _: int(_timeout()))
    note(t("query.examples"))
    with st.container(horizontal=True, gap="small", key="examples"):
        for index, example in enumerate(EXAMPLES):
            st.button(t(example.title), key=f"example-{index}", on_click=_take_example, args=(example,))
    st.text_area(t("query.cypher"), key="cypher", height=170, placeholder=EXAMPLES[0].cypher)
    with st.expander(t("query.options")):
        st.text_input(t("query.parameters"), key="params", placeholder='{"name": "Aster"}')
        with st.container(horizontal=True):
            st.number_input(t("query.limit"), 1, _MAX_ROWS, key="rows", width=180)
            st.number_input(t("query.timeout"), 1, _MAX_TIMEOUT_S, key="seconds", width=180)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(t("query.run"), type="primary", icon=":material/play_arrow:", on_click=_run)
        if data.writes_allowed():
            st.toggle(t("query.write"), key="may-write")


def _take_example(example: Example) -> None:
    st.session_state["cypher"] = example.cypher
    st.session_state["params"] = ""
    if example.parameter:
        top = data.top_entities(1)
        value = top[0].name if top else ""
        st.session_state["params"] = json.dumps({example.parameter: value}, ensure_ascii=False)
    _run()


def _run() -> None:
    """Put what is in the editor into the address: it runs from there, so that a link runs it again."""
    state = st.session_state
    if state.get("may-write") and data.writes_allowed():
        _run_writing(state["cypher"], state["params"])
        return
    write(
        cypher=state["cypher"].strip(),
        params=state["params"].strip(),
        rows=str(state["rows"]) if state["rows"] != 500 else "",
        seconds=str(state["seconds"]) if state["seconds"] != 30 else "",
    )


def _run_writing(cypher: str, parameters: str) -> None:
    """Run a statement that may write, on this click alone: an address never writes."""
    values = _parameters(parameters)
    if values is None or not cypher.strip():
        return
    try:
        result = data.writable_store().execute(cypher, values, max_rows=_row_limit(), timeout_s=_timeout())
    except QueryError as exc:
        _error(t("query.failed"), exc)
        return
    st.cache_data.clear()
    st.session_state["_written"] = (result, _row_limit())


def _parameters(text: str) -> dict[str, Any] | None:
    """The JSON object in `text`; None, with a message on the page, where it is none."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError as exc:
        st.error(plain(t("query.parameters.bad", why=str(exc))))
        return None
    if isinstance(value, dict):
        return value
    st.error(plain(t("query.parameters.bad", why=type(value).__name__)))
    return None


def _error(title: str, error: Exception) -> None:
    st.error(title, icon=":material/block:")
    st.code(str(error), language=None, wrap_lines=True)


def _outcome(result: QueryResult, limit: int) -> None:
    seconds = f"{result.seconds:.2f}"
    if not result.rows:
        note(t("query.norows", seconds=seconds))
        return
    count = len(result.rows)
    follow("view", "view", lambda values: values[0] if values and values[0] in _VIEWS else "table")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        view = st.segmented_control(
            t("query.view"),
            _VIEWS,
            format_func=lambda v: t(f"query.{v}"),
            key="view",
            required=True,
            label_visibility="collapsed",
        )
        st.download_button(
            t("query.csv"), to_csv(result), "result.csv", "text/csv", icon=":material/download:", on_click="ignore"
        )
        st.download_button(
            t("query.download.json"),
            to_json(result),
            "result.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )
    publish("view", "view", view if view != "table" else "")
    note(t("query.row", seconds=seconds) if count == 1 else t("query.rows", n=f"{count:,}", seconds=seconds))
    if result.truncated:
        st.info(t("query.truncated", limit=f"{limit:,}"), icon=":material/filter_alt:")
    if view == "graph":
        _draw(result)
    elif view == "json":
        st.code(to_json(result)[:_JSON_CHARACTERS], language="json", height=480)
    else:
        st.dataframe(to_frame(result), hide_index=True, width="stretch")


def _draw(result: QueryResult) -> None:
    nodes, edges = to_drawing(result)
    if not nodes:
        note(t("query.nograph"))
        return
    note(t("query.drawn", nodes=len(nodes), edges=len(edges)))
    draw_graph(nodes, edges, key="query-graph", on_event=_clicked, height=560)
    wanted = st.session_state.pop("_opened", None)
    if wanted is not None:
        page, name, value = wanted
        go(page, **{name: value})


def _clicked(event: GraphEvent) -> None:
    """Remember the page that shows what was clicked; only a node that is an entity, or an edge between two, has one."""
    edge = edge_of(event.id) if event.kind == "edge" else None
    if edge is not None and not edge.head_id.startswith("node:") and not edge.tail_id.startswith("node:"):
        st.session_state["_opened"] = ("evidence", "edge", event.id)
    elif event.kind != "edge" and not event.id.startswith("node:"):
        st.session_state["_opened"] = ("explore", "entity", event.id)
