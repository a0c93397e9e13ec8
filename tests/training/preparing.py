"""What the tests of training data share: files of JSON lines, the command, examples, what was left out."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from finetune.cli import cli
from finetune.corpus import LeftOut
from finetune.examples import Example
from kg_builder.types import Triple

PEOPLE = ["Ada Lovelace", "Bob Stone", "Carol Reed", "Dan Frost", "Eve Marsh", "Finn Hale", "Gail Orr", "Hugh Penn"]
PLACES = ["London", "Paris", "Berlin", "Oslo", "Madrid", "Vienna", "Lisbon", "Dublin"]


def lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def prepare(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["prepare", *map(str, arguments)], catch_exceptions=False, standalone_mode=False)


def examples(count: int) -> list[Example]:
    """Examples that have little in common."""
    chance = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=6)) for _ in range(count * 8)]
    texts = [" ".join(words[i * 8 : i * 8 + 8]) for i in range(count)]
    return [Example(each, (Triple(each[:6], "is in", each[-6:]),), source=f"x:{i}") for i, each in enumerate(texts, 1)]


def kept(rows: Iterator[Example | LeftOut]) -> list[Example]:
    return [row for row in rows if isinstance(row, Example)]


def reasons(rows: Iterator[Example | LeftOut]) -> Counter[str]:
    return Counter(row.reason for row in rows if isinstance(row, LeftOut))
