"""The curves of training runs, at most a few thousand points of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from ui.session import t
from ui.training_files import Run

__all__ = ["curves", "has_points"]

_MOST_POINTS = 1500
_COLORS = ["#3b82f6", "#f59e0b", "#10b981", "#ec4899", "#8b5cf6", "#06b6d4"]
_HEIGHT = 220


def has_points(runs: Sequence[Run], names: Mapping[str, str]) -> bool:
    """Whether any of the runs has told any of the figures."""
    return any(name in line for run in runs for line in run.metrics for name in names)


def curves(runs: Sequence[Run], names: Mapping[str, str], *, title: str) -> alt.Chart:
    """Figures over steps: `names` are those of the runs' lines, with what they are called on the page."""
    rows: list[dict[str, Any]] = []
    for run in runs:
        for name, label in names.items():
            points = [line for line in run.metrics if isinstance(line.get(name), int | float)]
            kept = points[:: max(1, len(points) // _MOST_POINTS)]
            kept += points[-1:] if points and kept[-1] is not points[-1] else []
            called = label if len(runs) == 1 else f"{run.name} · {label}" if len(names) > 1 else run.name
            rows += [{"step": line["step"], "value": line[name], "series": called} for line in kept]
    frame = pd.DataFrame(rows, columns=["step", "value", "series"])
    series = list(dict.fromkeys(frame["series"]))
    few = len(frame) <= 60 * max(1, len(series))
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_line(point={"size": 28} if few else False, strokeWidth=2, clip=True)
        .encode(
            x=alt.X("step:Q", title=t("training.step"), axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False, nice=True)),
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=series, range=_COLORS),
                legend=alt.Legend(title=None, orient="top", labelLimit=240) if len(series) > 1 else None,
            ),
            tooltip=[
                alt.Tooltip("series:N", title=title),
                alt.Tooltip("step:Q", title=t("training.step"), format="d"),
                alt.Tooltip("value:Q", title=title, format=".4g"),
            ],
        )
        .properties(height=_HEIGHT, title=title)
        .configure_view(stroke=None)
    )
    return chart
