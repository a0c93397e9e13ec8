"""The files of the judged samples: tab-separated, with a reader's ``verdict`` and, of what is wrong, the ``cause``."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

__all__ = ["print_verdicts", "rows_of"]


def rows_of(file: Path) -> Iterator[dict[str, str]]:
    """The rows of a file, by column."""
    with file.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t")


def print_verdicts(file: Path, groups_of: Callable[[dict[str, str]], Iterable[str]]) -> None:
    """Print how many of the judged rows are right, by group and of all, and what was wrong how often."""
    rows = [row for row in rows_of(file) if row["verdict"]]
    groups: dict[str, list[bool]] = {}
    for row in rows:
        for group in groups_of(row):
            groups.setdefault(group, []).append(row["verdict"] == "right")
    everything = [row["verdict"] == "right" for row in rows]
    for group, verdicts in [*sorted(groups.items()), ("all", everything)]:
        print(f"{group}: {sum(verdicts)} of {len(verdicts)} right, {sum(verdicts) / max(1, len(verdicts)):.3f}")
    for cause, times in Counter(row["cause"] for row in rows if row["verdict"] != "right").most_common():
        print(f"{times}\t{cause}")
