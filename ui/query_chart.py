"""Rows of Cypher as bars, lines or points."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import pandas as pd

__all__ = ["KINDS", "ChartColumns", "draw_chart", "numeric", "suggested"]

KINDS = ("bar", "line", "scatter")
_MOST = 2000  # marks that a browser draws without waiting
_HEIGHT = 420


@dataclass(frozen=True, slots=True)
class ChartColumns:
    """Columns by their place in the table; ``color`` -1 is none."""

    x: int
    y: int
    color: int = -1


def numeric(frame: pd.DataFrame) -> list[int]:
    """The columns that hold numbers alone."""
    return [
        at
        for at in range(len(frame.columns))
        if pd.api.types.is_numeric_dtype(frame.iloc[:, at]) and not pd.api.types.is_bool_dtype(frame.iloc[:, at])
    ]


def suggested(frame: pd.DataFrame) -> ChartColumns | None:
    """Columns that make a chart; None where no column holds numbers."""
    numbers = numeric(frame)
    if not numbers:
        return None
    others = [at for at in range(len(frame.columns)) if at not in numbers]
    y = numbers[-1]
    return ChartColumns(others[0] if others else numbers[0], y)


def draw_chart(frame: pd.DataFrame, kind: str, columns: ChartColumns) -> tuple[alt.Chart, bool]:
    """The chart, and whether rows were left out of it."""
    # Names of columns come from the statement, and mean something to the chart's language: they are only titles here.
    names = list(frame.columns)
    wanted = {"x": columns.x, "y": columns.y} | ({"color": columns.color} if columns.color >= 0 else {})
    data = pd.DataFrame({role: frame.iloc[:_MOST, at] for role, at in wanted.items()})
    numbers = numeric(frame)
    if columns.x not in numbers:
        data["x"] = data["x"].map(lambda value: "…" if value is None else " ".join(str(value).split())[:200])
    if "color" in data and columns.color not in numbers:
        data["color"] = data["color"].map(lambda value: "…" if value is None else " ".join(str(value).split())[:200])
    x_kind = "Q" if columns.x in numbers and kind != "bar" else "N"
    x = alt.X(f"x:{x_kind}", title=str(names[columns.x]), sort=None, axis=alt.Axis(labelLimit=180))
    y = alt.Y("y:Q", title=str(names[columns.y]))
    base = alt.Chart(data)
    marked = {
        "bar": lambda: base.mark_bar(color="#3b82f6", cornerRadiusEnd=3),
        "line": lambda: base.mark_line(color="#3b82f6", point=True),
        "scatter": lambda: base.mark_circle(color="#3b82f6", size=70, opacity=0.7),
    }[kind]()
    tips = [alt.Tooltip(f"x:{x_kind}", title=str(names[columns.x])), alt.Tooltip("y:Q", title=str(names[columns.y]))]
    encoded = marked.encode(x=x, y=y, tooltip=tips)
    if columns.color >= 0:
        color_kind = "Q" if columns.color in numbers else "N"
        encoded = encoded.encode(color=alt.Color(f"color:{color_kind}", title=str(names[columns.color])))
    chart: alt.Chart = encoded.properties(height=_HEIGHT).configure_view(stroke=None)
    return chart, len(frame) > _MOST
