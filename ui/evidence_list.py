"""One statement after the other: its sentence with marks, where it stands, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from kg_builder.store.records import StoredEvidence
from kg_builder.types import digest
from ui import data
from ui.marks import evidence_marks, mark_text, sentence_html
from ui.pages import link
from ui.paging import page_of
from ui.session import t
from ui.style import chip, plain

__all__ = ["evidence_html", "is_fact", "marks_key", "show_evidence"]


def is_fact(evidence: StoredEvidence) -> bool:
    """True for what the text asserts: only that becomes an edge."""
    return evidence.polarity == "positive" and evidence.modality == "asserted"


def marks_key() -> None:
    """What the colours of the marks mean."""
    roles = ("head", "relation", "tail", "qualifier")
    words = "".join(f'<mark class="kg-{role}">{escape(t(f"evidence.{role}"))}</mark>' for role in roles)
    st.html(f'<p class="kg-key">{words}</p>')


def evidence_html(evidence: StoredEvidence, *, inverted: bool) -> str:
    """One statement as HTML; everything from the document is escaped."""
    notes = {role: t(f"evidence.{role}") for role in ("head", "relation", "tail", "qualifier")}
    sentence = sentence_html(evidence, notes, inverted=inverted)
    whole = mark_text(evidence.text, evidence_marks(evidence, notes, inverted=inverted))
    context = (
        f"<details><summary>{escape(t('evidence.context'))}</summary><p>{whole}</p></details>"
        if whole != sentence
        else ""
    )
    return (
        '<article class="kg-evidence" data-testid="evidence">'
        f'<p class="kg-sentence">{sentence}</p>{context}{_chips(evidence)}</article>'
    )


def _source(evidence: StoredEvidence) -> str:
    place = [evidence.document_title or evidence.document_uri]
    if evidence.page is not None:
        place.append(t("evidence.page", n=evidence.page))
    place.append(t("evidence.segment", n=evidence.segment_index + 1))
    return " · ".join(place)


def _chips(evidence: StoredEvidence) -> str:
    chips = [chip(f"{t('chart.confidence')} {evidence.confidence:.2f}")]
    chips.append(chip(t(f"polarity.{evidence.polarity}"), warn=evidence.polarity == "negative"))
    chips.append(chip(t(f"modality.{evidence.modality}"), warn=evidence.modality != "asserted"))
    chips.append(chip(evidence.extractor))
    chips.extend(chip(f"{q.role}: {q.text}") for q in evidence.qualifiers)
    return "<div>" + "".join(chips) + "</div>"


def show_evidence(items: Sequence[StoredEvidence]) -> None:
    """The statements under each other, each with a link to its place in its document."""
    inverted = data.inverted(tuple(item.extraction_id for item in items))
    for item in items:
        with st.container(border=True, gap="xsmall", key=f"evidence-{item.extraction_id}"):
            st.html(evidence_html(item, inverted=item.extraction_id in inverted))
            part = page_of(item.segment_index)
            link(
                "documents",
                plain(_source(item), limit=120),
                document=digest("document", item.document_uri),
                part=str(part) if part > 1 else "",
            )
