"""Editing a statement by clicking words of its sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from kg_builder.review_queue import QueueItem
from kg_builder.reviewing_records import sentence_around
from kg_builder.store.records import StoredEvidence
from kg_builder.types import ENTITY_TYPES
from ui import data
from ui.marks import Mark, mark_text
from ui.review_actions import edit
from ui.review_words import Word, chosen_span, words_of_sentence, words_within
from ui.session import t
from ui.style import note, plain, type_label

__all__ = ["edit_form", "editing", "start_editing"]

_ROLES = ("head", "relation", "tail")
_TYPES = 60
_UNSEEN = "\u200b"


def editing(extraction_id: str) -> bool:
    """Whether the statement is being edited."""
    return bool(st.session_state.get("_editing") == extraction_id)


def start_editing(evidence: StoredEvidence) -> None:
    """Open the form, filled with what the statement says."""
    words, start = _words(evidence)
    places = {
        "head": (evidence.head_start, evidence.head_end),
        "relation": (evidence.relation_start, evidence.relation_end),
        "tail": (evidence.tail_start, evidence.tail_end),
    }
    for role, (first, last) in places.items():
        inside = first is not None and last is not None
        ends = words_within(words, first - start, last - start) if inside else []  # type: ignore[operator]
        st.session_state[f"edit_{role}"] = ends
    st.session_state["edit_words"] = "" if evidence.relation_start is not None else evidence.relation
    for side in ("head", "tail"):
        st.session_state[f"edit_{side}_type"] = ""
    st.session_state["_editing"] = evidence.extraction_id


def edit_form(evidence: StoredEvidence, item: QueueItem | None) -> None:
    """The words to choose from, what the sentence says by them, and the button that says so."""
    words, start = _words(evidence)
    note(t("review.editLead"))
    labels = _labels(words)
    places: dict[str, tuple[int, int] | None] = {}
    for role in _ROLES:
        with st.container(key=f"review-words-{role}"):
            chosen = st.pills(
                t(f"evidence.{role}"),
                range(len(words)),
                selection_mode="multi",
                format_func=lambda n: labels[n],
                key=f"edit_{role}",
            )
        places[role] = chosen_span(words, chosen)
    free = st.text_input(t("review.otherWords"), key="edit_words", max_chars=200).strip()
    types = ["", *dict.fromkeys([*ENTITY_TYPES, *(name for name, _ in data.types()[:_TYPES])])]
    sides = zip(st.columns(2, gap="small"), ("head", "tail"), strict=True)
    for column, side in sides:
        with column:
            st.selectbox(
                t(f"review.{side}Type"),
                types,
                key=f"edit_{side}_type",
                format_func=lambda name: plain(type_label(name)) if name else t("review.typeAsIs"),
            )
    _preview(evidence, places, start)
    with st.container(horizontal=True, gap="small", key="review-edit-buttons"):
        st.button(
            t("review.save"),
            key="review-save",
            type="primary",
            icon=":material/check:",
            shortcut="Ctrl+Enter",
            on_click=_save,
            args=(evidence, _changes(evidence, places, free, start), item),
        )
        st.button(t("review.cancel"), key="review-cancel", icon=":material/close:", shortcut="Esc", on_click=_close)


def _changes(
    evidence: StoredEvidence, places: dict[str, tuple[int, int] | None], free: str, start: int
) -> dict[str, Any]:
    """What `kg_builder.reviewing.edit` is to be told."""
    told: dict[str, Any] = {}
    was = {
        "head": (evidence.head_start, evidence.head_end),
        "relation": (evidence.relation_start, evidence.relation_end),
        "tail": (evidence.tail_start, evidence.tail_end),
    }
    for role, place in places.items():
        if place is not None and (place[0] + start, place[1] + start) != was[role]:
            told[role] = (place[0] + start, place[1] + start)
    if free and free != evidence.relation:
        told["relation"] = free
    for side in ("head", "tail"):
        told[f"{side}_type"] = st.session_state.get(f"edit_{side}_type") or None
    return told


def _save(evidence: StoredEvidence, changes: dict[str, Any], item: QueueItem | None) -> None:
    if edit(evidence, changes, *([] if item is None else [item])):
        _close()


def _close() -> None:
    st.session_state.pop("_editing", None)


def _words(evidence: StoredEvidence) -> tuple[list[Word], int]:
    """The words of the statement's sentence, and where that begins in the document."""
    first = min(evidence.head_start, evidence.tail_start) - evidence.segment_start
    last = max(evidence.head_end, evidence.tail_end) - evidence.segment_start
    start, end = sentence_around(evidence.text, first, last)
    return words_of_sentence(evidence.text[start:end]), evidence.segment_start + start


def _labels(words: Sequence[Word]) -> list[str]:
    """What stands on the words, each another: Streamlit tells choices apart by that, so a word that comes again gets
    something at its end that cannot be seen."""
    seen: Counter[str] = Counter()
    labels = []
    for word in words:
        labels.append(plain(word.text) + _UNSEEN * seen[word.text])
        seen[word.text] += 1
    return labels


def _preview(evidence: StoredEvidence, places: dict[str, tuple[int, int] | None], start: int) -> None:
    """The sentence with the chosen words marked."""
    first = min(evidence.head_start, evidence.tail_start) - evidence.segment_start
    last = max(evidence.head_end, evidence.tail_end) - evidence.segment_start
    begin, end = sentence_around(evidence.text, first, last)
    marks = [Mark(*place, role) for role, place in places.items() if place is not None]
    st.html(f'<p class="kg-sentence" data-testid="preview">{mark_text(evidence.text[begin:end], marks)}</p>')
