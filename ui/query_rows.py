"""The rows of a statement: as a table, a drawing, a chart or JSON, and to take away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from kg_builder.store.records import QueryResult
from ui.graph import GraphEvent, draw_graph, edge_of
from ui.pages import go, link
from ui.query_chart import KINDS, ChartColumns, draw_chart, numeric, suggested
from ui.query_links import targets
from ui.query_result import to_csv, to_drawing, to_frame, to_json
from ui.session import follow, publish, t
from ui.style import note, plain
from ui.switch import one_of

__all__ = ["show_rows"]

_VIEWS = ("table", "graph", "chart", "json")
_JSON_CHARACTERS = 200_000
_COLORED_CHARACTERS = 40_000
_CELL_CHARACTERS = 20_000
_MOST_DRAWN = 1500


def show_rows(result: QueryResult, *, limit: int, key: str) -> None:
    """Rows in the form that the address asks for. ``key`` tells one run's rows from another's."""
    count, seconds = len(result.rows), f"{result.seconds:.2f}"
    if not count:
        note(t("query.norows", seconds=seconds))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        view = one_of(t("query.view"), "view", _VIEWS, lambda each: t(f"query.{each}"))
        for name, make, mime in (("csv", to_csv, "text/csv"), ("json", to_json, "application/json")):
            st.download_button(
                t(f"query.download.{name}"),
                lambda make=make: make(result),  # made on the click alone
                f"result.{name}",
                mime,
                icon=":material/download:",
                on_click="ignore",
            )
    note(t("query.row", seconds=seconds) if count == 1 else t("query.rows", n=f"{count:,}", seconds=seconds))
    if result.truncated:
        st.info(t("query.truncated", limit=f"{limit:,}"), icon=":material/filter_alt:")
    if view == "graph":
        _draw(result)
    elif view == "chart":
        _chart(to_frame(result))
    elif view == "json":
        text = to_json(result)
        st.code(text[:_JSON_CHARACTERS], language="json" if len(text) < _COLORED_CHARACTERS else None, height=480)
    else:
        _table(result, key)


# ---------------------------------------------------------------- table
@st.fragment  # type: ignore[untyped-decorator]
def _table(result: QueryResult, key: str) -> None:
    event = st.dataframe(
        to_frame(result),
        hide_index=True,
        width="stretch",
        height=min(40 + 35 * len(result.rows), 520),
        key=f"rows-{key}",
        on_select="rerun",
        selection_mode="single-cell",
    )
    cells = event.selection.cells
    if not cells or not 0 <= cells[0][0] < len(result.rows):
        note(t("query.pick"))
        return
    _whole(result, cells[0][0])


def _whole(result: QueryResult, row: int) -> None:
    """One row with its values whole, and where they lead."""
    with st.container(border=True, key="whole-row"):
        found = targets(result, row)
        if found:
            with st.container(horizontal=True, gap="small"):
                for target in found:
                    link(target.page, plain(target.label, limit=60), **dict(target.params))
        cells = "".join(
            f"<dt>{escape(name)}</dt><dd>{_value_html(value)}</dd>"
            for name, value in zip(result.columns, result.rows[row], strict=True)
        )
        st.html(f'<dl class="kg-row" data-testid="whole-row">{cells}</dl>')


def _value_html(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
    shown = text if len(text) <= _CELL_CHARACTERS else text[:_CELL_CHARACTERS] + "…"
    kind = "kg-json" if isinstance(value, Mapping | list) else "kg-text"
    return f'<span class="{kind}">{escape(shown)}</span>'


# ---------------------------------------------------------------- chart
def _chart(frame: pd.DataFrame) -> None:
    guess, numbers = suggested(frame), numeric(frame)
    if guess is None:
        note(t("query.nochart"))
        return
    names = [str(name) for name in frame.columns]
    places = list(range(len(names)))

    def label(at: int) -> str:
        return names[at] if 0 <= at < len(names) else t("query.chart.none")

    follow("chart-x", "x", lambda values: _column(values, names, places, guess.x))
    follow("chart-y", "y", lambda values: _column(values, names, numbers, guess.y))
    follow("chart-color", "color", lambda values: _column(values, names, places, -1))
    for key, allowed, default in (("x", places, guess.x), ("y", numbers, guess.y), ("color", [-1, *places], -1)):
        if st.session_state[f"chart-{key}"] not in allowed:  # other columns than those of the statement before
            st.session_state[f"chart-{key}"] = default
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="chart-options"):
        kind = one_of(t("query.chart.kind"), "chart", KINDS, lambda each: t(f"query.{each}"), labelled=True)
        x = st.selectbox(t("query.chart.x"), places, format_func=label, key="chart-x", width=200)
        y = st.selectbox(t("query.chart.y"), numbers, format_func=label, key="chart-y", width=200)
        color = st.selectbox(t("query.chart.color"), [-1, *places], format_func=label, key="chart-color", width=200)
    publish("chart-x", "x", names[x] if x != guess.x else "")
    publish("chart-y", "y", names[y] if y != guess.y else "")
    publish("chart-color", "color", names[color] if color >= 0 else "")
    chart, cut = draw_chart(frame, kind or "bar", ChartColumns(x, y, color))
    st.altair_chart(chart, width="stretch")
    if cut:
        note(t("query.chart.cut"))


def _column(values: tuple[str, ...], names: list[str], allowed: list[int], default: int) -> int:
    at = names.index(values[0]) if values and values[0] in names else default
    return at if at in allowed else default


# ---------------------------------------------------------------- drawing
def _draw(result: QueryResult) -> None:
    nodes, edges = to_drawing(result)
    if not nodes:
        note(t("query.nograph"))
        return
    note(t("query.drawn", nodes=len(nodes), edges=len(edges)))
    if len(nodes) > _MOST_DRAWN:
        st.info(t("query.drawn.first", n=_MOST_DRAWN), icon=":material/filter_alt:")
        nodes = nodes[:_MOST_DRAWN]
        kept = {node["id"] for node in nodes}
        edges = [edge for edge in edges if edge["source"] in kept and edge["target"] in kept]
    draw_graph(nodes, edges, key="query-graph", on_event=_clicked, height=560)
    wanted = st.session_state.pop("_opened", None)
    if wanted is not None:
        page, name, value = wanted
        go(page, **{name: value})


def _clicked(event: GraphEvent) -> None:
    """Remember the page that shows what was clicked: an entity, a fact between two, or a document."""
    edge = edge_of(event.id) if event.kind == "edge" else None
    if edge is not None and ":" not in edge.head_id and ":" not in edge.tail_id:
        st.session_state["_opened"] = ("evidence", "edge", event.id)
    elif event.kind != "edge" and event.id.startswith("document:"):
        st.session_state["_opened"] = ("documents", "document", event.id.removeprefix("document:"))
    elif event.kind != "edge" and ":" not in event.id:
        st.session_state["_opened"] = ("explore", "entity", event.id)
