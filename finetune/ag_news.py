"""AG News: topics of news, as rows of ``label,title,description`` without a header."""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict
from pathlib import Path

from finetune.examples import Example
from finetune.splits import Split
from kg_builder.errors import DataError

__all__ = ["TOPICS", "read_ag_news"]

TOPICS = ("World", "Sports", "Business", "Sci/Tech")
PER_TOPIC = (2000, 500, 500)
"""Texts of each topic to learn from, to choose by and to measure on."""

# What is left of HTML once its ampersands are lost.
_REMAINS = {"#39;": "'", "#36;": "$", "quot;": '"', "amp;": "&", "lt;": "<", "gt;": ">"}
_REMAIN = re.compile(r" ?(#39;|#36;|\bquot;|\bamp;|\blt;|\bgt;)")


def read_ag_news(folder: Path, *, seed: int = 42, per_topic: tuple[int, int, int] = PER_TOPIC) -> Split:
    """The texts of every ``.csv`` in `folder` with their topics, as many of each topic in each part as `per_topic`
    says, or in that proportion where there are fewer; no text twice.

    Raises:
        DataError: there is no such file, or a row is none; the first such row is named.
    """
    files = sorted(folder.glob("*.csv")) if folder.is_dir() else [folder]
    if not files:
        raise DataError(f"expected rows of label,title,description in a .csv file in {str(folder)!r}, found no file")
    texts: dict[str, dict[str, None]] = defaultdict(dict)
    seen: set[str] = set()
    repeated = 0
    for path in files:
        for number, row in enumerate(_rows(path), 1):
            if len(row) != 3 or row[0] not in ("1", "2", "3", "4"):
                raise DataError(
                    f"expected a label from 1 to 4, a title and a description in row {number} of {str(path)!r}, "
                    f"found {row!r:.120}"
                )
            text = _text(row[1], row[2])
            repeated += text in seen
            if text not in seen:
                texts[TOPICS[int(row[0]) - 1]][text] = None
            seen.add(text)
    least = min(len(texts[topic]) for topic in TOPICS)
    counts = [min(wanted, least * wanted // sum(per_topic)) for wanted in per_topic]
    chance = random.Random(seed)
    parts: tuple[list[Example], list[Example], list[Example]] = ([], [], [])
    for topic in TOPICS:
        drawn = chance.sample(list(texts[topic]), sum(counts))
        for part, count in zip(parts, counts, strict=True):
            part.extend(Example(text=text, label=topic, task="label", source="ag_news") for text in drawn[:count])
            drawn = drawn[count:]
    for part in parts:
        chance.shuffle(part)
    left_out = {"repeated": repeated, "over the number for each topic": len(seen) - sum(map(len, parts))}
    return Split(*parts, labels=TOPICS, left_out={reason: n for reason, n in left_out.items() if n})


def _rows(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise DataError(f"expected rows of label,title,description at {str(path)!r}, but {exc}") from exc


def _text(title: str, description: str) -> str:
    joined = (
        f"{title.strip()}. {description.strip()}"
        if not title.rstrip().endswith((".", "!", "?"))
        else (f"{title.strip()} {description.strip()}")
    )
    return " ".join(_REMAIN.sub(lambda found: _REMAINS[found[1]], joined).split())
