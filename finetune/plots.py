"""Curves of a run as PNG files: loss, what dev says, memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kg_builder.language_models import needed

__all__ = ["draw_plots"]


def draw_plots(lines: Sequence[dict[str, Any]], folder: Path, *, metric: str) -> list[Path]:
    """A file for each curve that `lines` of ``metrics.jsonl`` have figures of several steps for."""
    needed("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    curves = {
        "loss": [("training", "loss"), ("dev", "dev_loss")],
        "dev": [(metric.replace("_", " "), f"dev_{metric}")] if metric not in ("loss", "none") else [],
        "memory": [("MB", "memory_mb")],
    }
    folder.mkdir(exist_ok=True)
    made = []
    for name, parts in curves.items():
        points = {label: [(line["step"], line[key]) for line in lines if key in line] for label, key in parts}
        if max(map(len, points.values()), default=0) < 2:
            continue
        figure = Figure(figsize=(7, 4))
        axes = figure.add_subplot()
        for label, some in points.items():
            if some:
                axes.plot(*zip(*some, strict=True), label=label, marker="o" if len(some) < 30 else "")
        axes.set_xlabel("step")
        axes.set_title(name)
        axes.grid(alpha=0.3)
        axes.legend()
        path = folder / f"{name}.png"
        FigureCanvasAgg(figure).print_png(str(path))
        made.append(path)
    return made
