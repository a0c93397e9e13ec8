"""The overview's plots. They take their fonts and their colours for text and grid from Streamlit's theme."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from ui.session import t

__all__ = ["confidence_chart", "growth_chart"]


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
