"""What came of a trial: the text with its words marked beside the statements, what was left out, what a model wrote."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from html import escape

import pandas as pd
import streamlit as st

from kg_builder.differences import Content, statements_by_content
from kg_builder.extracting import Extracted
from kg_builder.render import render_extraction
from kg_builder.trying import Tried
from kg_builder.types import Extraction
from ui.evidence_list import marks_key
from ui.marks import Mark, mark_text
from ui.session import t
from ui.style import cards, chip, note, section, type_label
from ui.switch import one_of
from ui.trial import Attempt, Experiment

__all__ = ["show_experiment"]

_SHOWN_LEFT_OUT = 200
_SHOWN_WRITTEN = 20_000  # characters, the last ones
_SHOWS = ("all", "both", "only")
_OUTSIDE = re.compile(r"outside the (domain|range) of (.*)", re.DOTALL)
_REASONS = {"no relation of the ontology": "norelation", "unsure of the relation": "unsurerelation"}


def show_experiment(experiment: Experiment) -> None:
    """All attempts side by side; while one is under way, what has come so far, looked up again and again."""
    over = experiment.is_over
    _follow_it(experiment) if not over else _show(experiment)


@st.fragment(run_every=0.4)  # type: ignore[untyped-decorator]
def _follow_it(experiment: Experiment) -> None:
    if experiment.is_over:
        st.rerun()
    st.button(t("playground.stop"), icon=":material/stop:", on_click=experiment.stop)
    for column, attempt in zip(st.columns(len(experiment.attempts)), experiment.attempts, strict=True):
        with column:
            _header(attempt, _name(experiment, attempt))
            _written(attempt, open_=True)


def _show(experiment: Experiment) -> None:
    attempts = experiment.attempts
    tried = [each.tried for each in attempts if each.tried is not None]
    shared: Collection[Content] | None = None
    show = "all"
    if len(tried) == 2:
        contents = [statements_by_content(each.contribution).keys() for each in tried]
        shared = contents[0] & contents[1]
        names = [_name(experiment, each) for each in attempts]
        cards(
            [
                (f"{len(shared):,}", t("playground.both"), t("playground.both.help")),
                *(
                    (f"{len(mine - shared):,}", t("playground.only", name=name), t("playground.only.help"))
                    for mine, name in zip(contents, names, strict=True)
                ),
            ]
        )
        show = one_of(t("playground.show"), "show", _SHOWS, lambda each: t(f"playground.show.{each}"), key="play-show")
    marks_key()
    if len(attempts) == 1:
        _result(experiment, 0, None, "all")
        return
    for number, column in enumerate(st.columns(len(attempts), gap="medium")):
        with column:
            _result(experiment, number, shared, show)


@st.fragment  # type: ignore[untyped-decorator]
def _result(experiment: Experiment, number: int, shared: Collection[Content] | None, show: str) -> None:
    """One attempt; choosing a row draws nothing else anew."""
    attempt = experiment.attempts[number]
    _header(attempt, _name(experiment, attempt))
    tried = attempt.tried
    if tried is None:
        if attempt.problem:
            st.error(t(f"playground.state.{attempt.state}"), icon=":material/error:")
            st.code(attempt.problem, language=None, wrap_lines=True)
        _written(attempt, open_=True)
        return
    if tried.faults:
        st.warning(t("playground.faults"), icon=":material/warning:")
        st.code("\n".join(tried.faults), language=None, wrap_lines=True)
    both = _found_by_both(tried, shared or ())
    shown = [x for x in tried.extractions if shared is None or show == "all" or (x.id in both) == (show == "both")]
    beside = shared is None
    with st.container():
        left, right = st.columns([2, 3], gap="medium") if beside else (st.container(), st.container())
        with right:
            chosen = _table(
                shown, both if shared is not None else None, key=f"play-table-{number}-{show}-{experiment.id}"
            )
        with left:
            _text(tried, shown, chosen, number)
    _left_out(tried)
    _written(attempt, open_=False)
    item = Extracted("-", None, ())
    lines = [render_extraction(item, x, form="jsonl", arguments="entity") + "\n" for x in tried.extractions]
    st.download_button(
        t("playground.download"),
        "".join(lines),
        f"{attempt.recipe.extractor}.jsonl",
        "application/jsonl",
        icon=":material/download:",
        on_click="ignore",
        key=f"play-download-{number}",
    )


def _header(attempt: Attempt, name: str) -> None:
    """What it is, and how it went."""
    section(name)
    tried, told = attempt.tried, attempt.streamed
    state = attempt.state
    chips = [chip(t(f"playground.state.{state}"), warn=state in ("failed", "stopped", "timeout"))]
    if tried is not None:
        count = len(tried.extractions)
        chips.append(chip(t("playground.triple") if count == 1 else t("playground.triples", n=f"{count:,}")))
        chips.append(chip(t("playground.facts", n=f"{sum(x.is_fact for x in tried.extractions):,}")))
    chips.append(chip(t("playground.took", seconds=f"{attempt.elapsed_s:.1f}")))
    if attempt.first_s is not None:
        chips.append(chip(t("playground.firsttoken", seconds=f"{told.first_s if told else attempt.first_s:.2f}")))
    if told is not None and told.tokens_per_second is not None:
        chips.append(chip(t("playground.speed", n=f"{told.tokens_per_second:,.0f}")))
    if tried is not None and tried.usage.tokens:
        read, written = f"{tried.usage.input_tokens:,}", f"{tried.usage.output_tokens:,}"
        chips.append(chip(t("playground.usage", read=read, written=written)))
    st.html(f'<div data-testid="trial">{"".join(chips)}</div>')


def _text(tried: Tried, shown: Sequence[Extraction], chosen: int | None, number: int) -> None:
    """The whole text with the words of all statements, or of the chosen one, marked."""
    marked = shown if chosen is None else [shown[chosen]]
    marks = [mark for x in marked for mark in _marks(x, qualifiers=chosen is not None)]
    html = mark_text(tried.document.text, marks)
    st.html(_framed(html, number))
    if shown and chosen is None:
        note(t("playground.pick"))


def _framed(html: str, number: int) -> str:
    """The marked text in a frame that the keyboard can scroll."""
    label, name = escape(t("playground.marked")), f"trial-text-{number}"
    return f'<div class="kg-trial" role="region" tabindex="0" aria-label="{label}" data-testid="{name}">{html}</div>'


def _marks(x: Extraction, *, qualifiers: bool) -> list[Mark]:
    spans: list[tuple[int | None, int | None, str]] = [
        (x.head.start, x.head.end, "head"),
        (x.relation.start, x.relation.end, "relation"),
        (x.tail.start, x.tail.end, "tail"),
        *((q.start, q.end, "qualifier") for q in x.qualifiers if qualifiers),
    ]
    return [
        Mark(start, end, role, t(f"evidence.{role}"))
        for start, end, role in spans
        if start is not None and end is not None
    ]


def _table(shown: Sequence[Extraction], both: Collection[str] | None, *, key: str) -> int | None:
    """The statements; the number of the chosen one."""
    if not shown:
        note(t("playground.nothing"))
        return None
    frame = pd.DataFrame(
        {
            "head": [x.head.name or x.head.surface for x in shown],
            "relation": [x.relation.lemma if x.relation.given else x.relation.surface for x in shown],
            "tail": [x.tail.name or x.tail.surface for x in shown],
            "confidence": [x.confidence for x in shown],
            **({"also": [x.id in both for x in shown]} if both is not None else {}),
            "standing": [_standing(x) for x in shown],
            "head_type": [type_label(x.head.type) for x in shown],
            "tail_type": [type_label(x.tail.type) for x in shown],
            "qualifiers": ["; ".join(f"{q.role}: {q.text}" for q in x.qualifiers) for x in shown],
        }
    )
    columns: dict[str, object] = {name: t(f"playground.column.{name}") for name in frame.columns}
    columns["confidence"] = st.column_config.NumberColumn(
        t("playground.column.confidence"), format="%.2f", width="small"
    )
    picked = st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(shown), 420),
        column_config=columns,
        on_select="rerun",
        selection_mode="single-row",
        key=key,
    )
    rows = picked["selection"]["rows"]
    return int(rows[0]) if rows and rows[0] < len(shown) else None


def _standing(x: Extraction) -> str:
    """Whether the text asserts it, in words."""
    if x.is_fact:
        return t("modality.asserted")
    parts = [t("polarity.negative")] if x.polarity == "negative" else []
    return " · ".join([*parts, *([t(f"modality.{x.modality}")] if x.modality != "asserted" else [])])


def _found_by_both(tried: Tried, shared: Collection[Content]) -> set[str]:
    """The ids of the extractions that the other extractor gave as well."""
    ids: set[str] = set()
    for content, (statement, _) in statements_by_content(tried.contribution).items():
        if content in shared:
            ids.add(statement.extraction.id)
    return ids


def _left_out(tried: Tried) -> None:
    total = sum(each.count for each in tried.dropped)
    if not total:
        return
    rows = "".join(
        f"<tr><td>{escape(_reason(each.reason))}</td>"
        f"<td>{escape(each.what) if each.what else escape(t('playground.left.times', n=f'{each.count:,}'))}</td></tr>"
        for each in tried.dropped[:_SHOWN_LEFT_OUT]
    )
    head = f"<th>{escape(t('playground.left.reason'))}</th><th>{escape(t('playground.left.what'))}</th>"
    with st.expander(t("playground.left", n=f"{total:,}")):
        st.html(f'<table class="kg-table" data-testid="left-out"><tr>{head}</tr>{rows}</table>')
        if len(tried.dropped) > _SHOWN_LEFT_OUT:
            note(t("playground.left.more", n=f"{len(tried.dropped) - _SHOWN_LEFT_OUT:,}"))


def _reason(reason: str) -> str:
    """Why something was left out, in words; a reason that nobody has words for as it is."""
    outside = _OUTSIDE.fullmatch(reason)
    if outside:
        return t(f"playground.reason.{outside[1]}", relation=outside[2])
    try:
        return t(f"playground.reason.{_REASONS.get(reason, reason)}")
    except KeyError:
        return reason


def _written(attempt: Attempt, *, open_: bool) -> None:
    """The model's own words, as text."""
    words = attempt.written or ("\n\n".join(attempt.tried.written).strip() if attempt.tried else "")
    if not words:
        return
    with (
        st.expander(t("playground.written"), expanded=open_),
        st.container(height=260 if len(words) > 600 else "content"),
    ):
        st.code(words[-_SHOWN_WRITTEN:], language=None, wrap_lines=True)


def _name(experiment: Experiment, attempt: Attempt) -> str:
    """What tells it from the other one."""
    recipe = attempt.recipe
    name = recipe.extractor if not recipe.model.model else f"{recipe.extractor} · {recipe.model.model}"
    if recipe.model.adapter:
        name += f" + {recipe.model.adapter}"
    same = [each for each in experiment.attempts if each.recipe.model == recipe.model]
    if len(same) > 1 and recipe.extractor == experiment.attempts[0].recipe.extractor:
        name += f" ({experiment.attempts.index(attempt) + 1})"
    return name
