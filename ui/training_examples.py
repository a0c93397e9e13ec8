"""What a model answered before and after training, beside what was right, as ``kg-finetune evaluate`` wrote it down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from kg_builder.evaluate.triples import match_key
from kg_builder.prompt import parse_triples
from kg_builder.types import Triple
from ui.places import inside
from ui.session import t
from ui.style import note, section
from ui.switch import one_of
from ui.training_files import Run

__all__ = ["Example", "examples_of", "scores_of", "show_examples"]

_MOST = 500
_SHOWN = 10
_SHOWS = ("all", "better", "worse", "wrong")
_exact = match_key("exact")


@dataclass(frozen=True, slots=True)
class Example:
    """A text, what was expected, and what was said before and after (None: nobody asked)."""

    text: str
    expected: str
    before: str | None
    after: str | None

    def is_right(self, answer: str | None) -> bool | None:
        """Whether an answer has all triples that were expected and no other, or is equal where none are expected."""
        if answer is None:
            return None
        wanted, said = _keys(self.expected), _keys(answer)
        return wanted == said if wanted else " ".join(answer.split()) == " ".join(self.expected.split())


def examples_of(run: Run) -> list[Example]:
    """The first examples of the run's evaluation; none where there was none."""
    sides = {when: _answers(run.path / "evaluation" / f"answers-{when}.jsonl") for when in ("before", "after")}
    numbers = sorted({*sides["before"], *sides["after"]})[:_MOST]
    found = []
    for number in numbers:
        rows = {when: side.get(number) for when, side in sides.items()}
        one = rows["after"] or rows["before"] or {}
        said = {when: None if row is None else str(row.get("answer", "")) for when, row in rows.items()}
        found.append(Example(str(one.get("text", "")), str(one.get("expected", "")), said["before"], said["after"]))
    return found


def scores_of(run: Run) -> list[tuple[str, ...]]:
    """(when, precision, recall, F1) of exact triples, as the report has them."""
    path = run.path / "evaluation" / "report.json"
    try:
        runs = json.loads(path.read_text("utf-8"))["runs"] if inside(path) else {}
        return [
            (when, *(f"{runs[when]['triples']['exact'][name]:.3f}" for name in ("precision", "recall", "f1")))
            for when in ("before", "after")
            if when in runs and "triples" in runs[when]
        ]
    except (OSError, ValueError, LookupError, TypeError):
        return []


def show_examples(run: Run) -> bool:
    """Draw the examples of a run; False where there are none."""
    examples = examples_of(run)
    if not examples:
        return False
    section(t("training.examples"))
    rows = scores_of(run)
    if rows:
        st.html(_scores(rows))
    show = one_of(t("training.examples.show"), "examples", _SHOWS, lambda each: t(f"training.examples.{each}"))
    chosen = [each for each in examples if _is_wanted(each, show)]
    note(t("training.examples.count", n=len(chosen), all=len(examples)))
    for each in chosen[:_SHOWN]:
        st.html(_example(each))
    if len(chosen) > _SHOWN:
        with st.expander(t("training.examples.more", n=len(chosen) - _SHOWN)):
            for each in chosen[_SHOWN:]:
                st.html(_example(each))
    return True


def _is_wanted(example: Example, show: str) -> bool:
    before, after = example.is_right(example.before), example.is_right(example.after)
    wanted = {
        "better": before is False and after is True,
        "worse": before is True and after is False,
        "wrong": after is False,
    }
    return wanted.get(show, True)


def _example(example: Example) -> str:
    """One example as HTML; every word of it is escaped."""
    wanted = _keys(example.expected)
    columns: list[tuple[str, str, bool | None]] = [(t("training.examples.expected"), example.expected, None)]
    columns += [
        (t(f"training.examples.{when}"), said, example.is_right(said))
        for when, said in (("before", example.before), ("after", example.after))
        if said is not None
    ]
    cells = "".join(
        f"<div><p class='kg-group'>{escape(title)}{_mark(right)}</p>{_lines(said, wanted if at else None)}</div>"
        for at, (title, said, right) in enumerate(columns)
    )
    text = f'<p class="kg-sentence">{escape(example.text)}</p>'
    return f'<article class="kg-example" data-testid="example">{text}<div class="kg-answers">{cells}</div></article>'


def _lines(answer: str, wanted: frozenset[Any] | None) -> str:
    """An answer line by line; with `wanted` each is right or wrong."""
    lines = [line for line in answer.splitlines() if line.strip()]
    if not lines:
        return f"<p class='kg-note'>{escape(t('training.examples.nothing'))}</p>"
    shown = []
    for line in lines:
        right = (
            "" if wanted is None or not wanted else "kg-right" if _keys(line) <= wanted and _keys(line) else "kg-wrong"
        )
        shown.append(f'<li class="{right}">{escape(line)}</li>')
    return f"<ul>{''.join(shown)}</ul>"


def _mark(right: bool | None) -> str:
    if right is None:
        return ""
    word, css = ("training.examples.right", "kg-right") if right else ("training.examples.wrong.one", "kg-wrong")
    return f' <span class="{css}">{"✓" if right else "✗"} {escape(t(word))}</span>'


def _scores(rows: list[tuple[str, ...]]) -> str:
    names = ("precision", "recall", "f1")
    head = "<th></th>" + "".join(f"<th>{escape(t(f'training.score.{name}'))}</th>" for name in names)
    body = "".join(
        "".join(f"<td>{escape(each)}</td>" for each in (t(f"training.examples.{when}"), *figures)) + "</tr><tr>"
        for when, *figures in rows
    )
    return f'<table class="kg-table" data-testid="scores"><tr>{head}</tr><tr>{body}</tr></table>'


def _keys(lines: str) -> frozenset[Any]:
    return frozenset(_exact(Triple(each.head, each.relation, each.tail)) for each in parse_triples(lines).triples)


def _answers(path: Path) -> dict[int, Mapping[str, Any]]:
    """The answers of a file by the number of their example."""
    found: dict[int, Mapping[str, Any]] = {}
    if not inside(path):
        return found
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                if isinstance(row, dict) and isinstance(row.get("index"), int):
                    found[row["index"]] = row
                if len(found) >= _MOST:
                    break
    except (OSError, ValueError, RecursionError):
        return found  # half a line: it is being written
    return found
