"""A toy language that a tiny model learns in a moment."""

from __future__ import annotations

import json
import random
from pathlib import Path

from finetune.examples import Example, write_examples
from kg_builder.types import Triple

PEOPLE = ("Ada", "Bob", "Carol", "Dora", "Emil", "Fay", "Gus", "Hal")
PLACES = ("Paris", "London", "Berlin", "Oslo")
TEXTS = tuple(f"{person} lives in {place}." for person in PEOPLE for place in PLACES)


def triples(count: int, *, first: int = 0) -> list[Example]:
    """Sentences with the one triple that each states."""
    found = []
    for number in range(first, first + count):
        person, place = PEOPLE[number // len(PLACES) % len(PEOPLE)], PLACES[number % len(PLACES)]
        text = f"{person} lives in {place}."
        found.append(Example(text=text, triples=(Triple(person, "lives in", place),), source="toy"))
    return found


def labelled(count: int, *, first: int = 0) -> list[Example]:
    """Sentences about a place, with the place as label; the last label is rare."""
    found = []
    for number in range(first, first + count):
        chance = random.Random(number)
        place = PLACES[2] if chance.random() < 0.15 else chance.choice(PLACES[:2])
        text = f"{chance.choice(PEOPLE)} lives in {place}."
        found.append(Example(text=text, label=place, task="label"))
    return found


def folder(path: Path, examples: list[Example], *, dev: int = 4) -> Path:
    """A prepared folder of those examples, the last `dev` to choose by."""
    path.mkdir(parents=True, exist_ok=True)
    write_examples(path / "train.jsonl", examples[:-dev] if dev else examples)
    if dev:
        write_examples(path / "dev.jsonl", examples[-dev:])
    (path / "data.json").write_text(json.dumps({"source": "toy", "licence": "CC0"}))
    return path
