"""A grid of runs on one data folder: method x prompt x rank x epochs, and one table of what they came to.

Each run has a folder of its own; what is done is not done again, and what was stopped goes on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from finetune.settings import Training
from kg_builder.errors import ConfigError, KGError

__all__ = ["COLUMNS", "Grid", "compare", "render_table"]

COLUMNS = (
    "method",
    "prompt",
    "rank",
    "epochs",
    "metric",
    "value",
    "seconds",
    "memory_mb",
    "trained_parameters",
    "problem",
)


@dataclass(frozen=True, slots=True)
class Grid:
    """What is varied; an empty part stays as the settings have it."""

    methods: Sequence[str] = ()
    prompts: Sequence[str] = ()
    ranks: Sequence[int] = ()
    epochs: Sequence[float] = ()

    def runs(self, settings: Training) -> Iterator[Training]:
        """The settings of each run, with a folder under that of `settings` named for what is varied. Full fine-tuning
        has no rank, and is run once."""
        seen = set()
        for method, prompt, rank, epochs in product(
            self.methods or [settings.method],
            self.prompts or [settings.prompt],
            self.ranks or [settings.rank],
            self.epochs or [settings.epochs],
        ):
            parts = [method, prompt, "" if method == "full" else f"r{rank}", f"e{epochs:g}"]
            name = "-".join(part for part in parts if part)
            if name in seen:
                continue
            seen.add(name)
            quantize = settings.quantize if method == settings.method else ""
            values: dict[str, Any] = {
                "method": method,
                "prompt": prompt,
                "rank": rank,
                "epochs": epochs,
                "quantize": quantize,
            }
            yield dataclasses.replace(settings, **values, out=str(Path(settings.out) / name))


def compare(settings: Training, grid: Grid, *, say: Callable[[str], None], show: bool = True) -> list[dict[str, Any]]:
    """A row for each run, with the names of `COLUMNS` and all of its ``result.json``, the best first. A run that fails
    has a problem instead of figures; the others go on.

    Raises:
        ConfigError: no folder was named, or a combination of settings that cannot be.
    """
    from finetune.train import train

    if not settings.out:
        raise ConfigError("out: expected a folder for the runs, found none; give --out")
    runs = list(grid.runs(settings))
    rows = []
    for number, each in enumerate(runs, 1):
        say(f"run {number} of {len(runs)}: {Path(each.out).name}")
        row: dict[str, Any] = {"run": Path(each.out).name, "problem": ""}
        row |= {"method": each.method, "prompt": each.prompt, "epochs": each.epochs}
        row["rank"] = None if each.method == "full" else each.rank
        try:
            row |= train(each, say=say, show=show)
        except ConfigError:
            raise
        except KGError as exc:
            row["problem"] = str(exc)
            say(f"{row['run']}: {exc}")
        rows.append(row)
    lower = settings.metric == "loss"
    return sorted(rows, key=lambda row: _place(row, lower))


def _place(row: dict[str, Any], lower: bool) -> tuple[bool, float]:
    value = row.get("value")
    if value is None:
        return True, 0.0
    return False, value if lower else -value


def render_table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows in columns of even width; columns that say nothing are left out."""
    columns = [name for name in COLUMNS if any(row.get(name) not in (None, "") for row in rows)]
    cells = [columns] + [[_shown(row.get(name)) for name in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 10 and value != int(value) else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
