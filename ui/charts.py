"""The overview's plots over numbers and time, as markup: they show at once, where a charting library takes a second."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from itertools import pairwise

from ui.session import t

__all__ = ["confidence_columns", "growth_steps"]

_BLUE, _GREEN = "#3b82f6", "#10b981"
_BINS = 20
_MARKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def confidence_columns(bins: Sequence[tuple[int, int]]) -> str:
    """Statements by confidence, in twenty bins of 0.05, as HTML."""
    count = dict(bins)
    numbers = [count.get(i, 0) for i in range(_BINS)]
    words = [f"{i / _BINS:.2f} – {(i + 1) / _BINS:.2f}: {n:,}" for i, n in enumerate(numbers)]
    steps = [(1 / _BINS, n, told) for n, told in zip(numbers, words, strict=True)]
    ends = "".join(f"<span>{mark:.1f}</span>" for mark in _MARKS)
    return _plot(t("chart.statements"), t("chart.confidence"), _columns(steps, _BLUE, line=False), max(numbers), ends)


def growth_steps(points: Sequence[tuple[str, int, int]]) -> str:
    """Documents and statements over time, one above the other, as HTML: their scales have nothing in common.

    Points are of (moment in ISO 8601, documents, statements), in order, two of them or more.
    """
    moments = [datetime.fromisoformat(moment).astimezone(UTC) for moment, _, _ in points]
    first, last = moments[0], moments[-1]
    whole = (last - first).total_seconds() or 1.0
    # The last point holds from its moment on: it gets a fiftieth of the width, so that it can be seen.
    widths = [(b - a).total_seconds() / whole for a, b in pairwise(moments)] + [0.02]
    pattern = "%Y-%m-%d %H:%M" if first.date() != last.date() else "%H:%M:%S"
    ends = "".join(f"<span>{escape(each.strftime(pattern))}</span>" for each in (first, last))
    plots = []
    for name, at, color in (("chart.documents", 1, _GREEN), ("chart.statements", 2, _BLUE)):
        steps = [
            (width, int(point[at]), f"{moment:%Y-%m-%d %H:%M:%S}: {point[at]:,}")
            for width, moment, point in zip(widths, moments, points, strict=True)
        ]
        plots.append(_plot(t(name), t("chart.time"), _columns(steps, color, line=True), steps[-1][1], ends))
    return "".join(plots)


def _columns(steps: Sequence[tuple[float, int, str]], color: str, *, line: bool) -> str:
    """Columns of (share of the width, number, words), each as high as its share of the largest number."""
    most = max((n for _, n, _ in steps), default=0) or 1
    whole = sum(width for width, _, _ in steps) or 1.0
    style = f"border-top:2px solid {color};background:{color}47" if line else f"background:{color}"
    return "".join(
        f'<div style="width:{100 * width / whole:.3f}%" title="{escape(told)}">'
        f'<i style="height:{100 * n / most:.2f}%;{style}"></i></div>'
        for width, n, told in steps
    )


def _plot(counted: str, across: str, columns: str, most: int, ends: str) -> str:
    return (
        f'<figure class="kg-columns" data-testid="columns" aria-label="{escape(f"{counted} / {across}")}">'
        f"<figcaption>{escape(counted)}, 0 – {most:,}</figcaption>"
        f'<div class="kg-plot">{columns}</div><div class="kg-ends">{ends}</div><small>{escape(across)}</small></figure>'
    )
