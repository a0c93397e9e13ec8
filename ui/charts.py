"""The overview's plots. They take their fonts and their colours for text and grid from Streamlit's theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from kg_builder.store.records import StoredEntity
from ui.colors import STATE_COLORS, type_color
from ui.session import t
from ui.style import type_label

__all__ = ["confidence_chart", "entity_chart", "growth_chart", "relation_chart", "state_chart", "type_chart"]

_BAR = 24  # pixels of height for one bar
_LABEL_PX = 190


def _bars(
    frame: pd.DataFrame, *, x_title: str, y_title: str, colors: tuple[list[str], list[str]] | None, color: str = ""
) -> alt.Chart:
    """Horizontal bars of ``frame`` (columns name, n, kind), in its order."""
    fill: Any = alt.value(color)
    if colors is not None:
        fill = alt.Color("kind:N", scale=alt.Scale(domain=colors[0], range=colors[1]), legend=None)
    base = alt.Chart(frame).encode(
        y=alt.Y(
            "name:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelLimit=_LABEL_PX, labelOverlap=False, ticks=False, domain=False),
        ),
        x=alt.X("n:Q", title=None, axis=None),
        tooltip=[alt.Tooltip("name:N", title=y_title), alt.Tooltip("n:Q", title=x_title, format=",d")],
    )
    bars = base.mark_bar(cornerRadiusEnd=3, height={"band": 0.68}).encode(color=fill)
    numbers = base.mark_text(align="left", dx=5, fontSize=12, color="#7c8798").encode(text=alt.Text("n:Q", format=",d"))
    chart: alt.Chart = (bars + numbers).properties(height=alt.Step(_BAR))
    framed: alt.Chart = chart.configure_view(stroke=None)
    return framed


def type_chart(types: Sequence[tuple[str, int]]) -> alt.Chart:
    """Entities by type, in the types' own colours."""
    names = _distinct([type_label(name) for name, _ in types])
    frame = pd.DataFrame({"name": names, "n": [n for _, n in types], "kind": names})
    colors = (names, [type_color(name) for name, _ in types])
    return _bars(frame, x_title=t("chart.entities"), y_title=t("chart.type"), colors=colors)


def relation_chart(relations: Sequence[tuple[str, str, int]]) -> alt.Chart:
    """Edges by relation."""
    names = _distinct([relation for relation, _, _ in relations])
    frame = pd.DataFrame({"name": names, "n": [n for _, _, n in relations], "kind": names})
    return _bars(frame, x_title=t("chart.facts"), y_title=t("chart.relation"), colors=None, color="#3b82f6")


def entity_chart(entities: Sequence[StoredEntity]) -> alt.Chart:
    """Mentions of the most mentioned entities, coloured by type."""
    kinds = [type_label(entity.type) for entity in entities]
    frame = pd.DataFrame(
        {"name": _distinct([e.name for e in entities]), "n": [e.mentions for e in entities], "kind": kinds}
    )
    domain = {type_label(entity.type): type_color(entity.type) for entity in entities}
    colors = (list(domain), list(domain.values()))
    return _bars(frame, x_title=t("chart.mentions"), y_title=t("chart.entity"), colors=colors)


def state_chart(states: Mapping[str, int]) -> alt.Chart:
    """Documents by state, in traffic-light colours."""
    order = [state for state in ("complete", "partial", "failed", "skipped") if states.get(state)]
    names = [t(f"state.{state}") for state in order]
    frame = pd.DataFrame({"name": names, "n": [states[state] for state in order], "kind": names})
    colors = (names, [STATE_COLORS[state] for state in order])
    return _bars(frame, x_title=t("chart.documents"), y_title=t("chart.state"), colors=colors)


def confidence_chart(bins: Sequence[tuple[int, int]]) -> alt.Chart:
    """Statements by confidence, in twenty bins of 0.05."""
    count = dict(bins)
    frame = pd.DataFrame(
        {
            "low": [i / 20 for i in range(20)],
            "high": [(i + 0.94) / 20 for i in range(20)],
            "n": [count.get(i, 0) for i in range(20)],
            "label": [f"{i / 20:.2f} – {(i + 1) / 20:.2f}" for i in range(20)],
        }
    )
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_rect(color="#3b82f6", cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=alt.X(
                "low:Q",
                title=t("chart.confidence"),
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".1f", tickCount=6),
            ),
            x2="high",
            y2=alt.datum(0),
            y=alt.Y(
                "n:Q", title=None, scale=alt.Scale(nice=True), axis=alt.Axis(tickCount=4, format="d", tickMinStep=1)
            ),
            tooltip=[
                alt.Tooltip("label:N", title=t("chart.confidence")),
                alt.Tooltip("n:Q", title=t("chart.statements"), format=",d"),
            ],
        )
        .properties(height=230)
        .configure_view(stroke=None)
    )
    return chart


def growth_chart(points: Sequence[tuple[str, int, int]]) -> alt.Chart:
    """Documents and statements over time, one above the other: their scales have nothing in common."""
    frame = pd.DataFrame(points, columns=["time", "documents", "statements"])
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    base = alt.Chart(frame).encode(x=alt.X("time:T", title=None, axis=alt.Axis(tickCount=5, grid=False)))
    parts = []
    for name, title, color in (
        ("documents", t("chart.documents"), "#10b981"),
        ("statements", t("chart.statements"), "#3b82f6"),
    ):
        moment = alt.Tooltip("time:T", title=t("chart.time"), format="%Y-%m-%d %H:%M:%S")
        count = alt.Tooltip(f"{name}:Q", title=title, format=",d")
        axis = alt.Axis(tickCount=3, format=",d")
        parts.append(
            base.mark_area(interpolate="step-after", color=color, opacity=0.28, line={"color": color})
            .encode(y=alt.Y(f"{name}:Q", title=title, axis=axis), tooltip=[moment, count])
            .properties(height=92, width="container")
        )
    chart: alt.Chart = alt.vconcat(*parts, spacing=8).configure_view(stroke=None)
    return chart


def _distinct(names: Sequence[str]) -> list[str]:
    """Names on one line, told apart where two are the same: a chart would add them up."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        line = " ".join(name.split()) or "…"
        seen[line] = seen.get(line, 0) + 1
        result.append(line if seen[line] == 1 else f"{line} ({seen[line]})")
    return result
