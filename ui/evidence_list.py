"""One statement after the other: its sentence with marks, where it stands, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from kg_builder.store.records import StoredEvidence
from kg_builder.types import digest
from ui import data
from ui.links import copy_button
from ui.marks import evidence_marks, mark_text, sentence_bounds, sentence_html, sentences_around
from ui.pages import link
from ui.session import t
from ui.style import chip, plain
from ui.text_reads import neighbours

__all__ = ["evidence_html", "is_fact", "marks_key", "show_evidence"]

_QUIET = 300  # characters of a sentence before or after


def is_fact(evidence: StoredEvidence) -> bool:
    """True for what the text asserts and nobody has rejected: only that becomes an edge."""
    return evidence.is_fact


def marks_key() -> None:
    """What the colours of the marks mean."""
    roles = ("head", "relation", "tail", "qualifier")
    words = "".join(f'<mark class="kg-{role}">{escape(t(f"evidence.{role}"))}</mark>' for role in roles)
    st.html(f'<p class="kg-key">{words}</p>')


def evidence_html(
    evidence: StoredEvidence,
    *,
    inverted: bool,
    beside: tuple[str, str] = ("", ""),
    others: Sequence[StoredEvidence] = (),
) -> str:
    """One statement as HTML; everything from the document is escaped.

    ``beside``: the texts of the segments before and after. ``others``: what other extractors say of the same sentence.
    """
    notes = {role: t(f"evidence.{role}") for role in ("head", "relation", "tail", "qualifier")}
    sentence = sentence_html(evidence, notes, inverted=inverted)
    before, after = sentences_around(evidence, *beside)
    whole = mark_text(evidence.text, evidence_marks(evidence, notes, inverted=inverted))
    context = (
        f"<details><summary>{escape(t('evidence.context'))}</summary><p>{whole}</p></details>"
        if whole != sentence
        else ""
    )
    return (
        f'<article class="kg-evidence" data-testid="evidence">{_quiet(before, "before")}'
        f'<p class="kg-sentence">{sentence}</p>{_quiet(after, "after")}{_chips(evidence)}{_opinions(evidence, others)}'
        f"{context}{copy_button(t('evidence.quote'), _quotation(evidence), copied=t('evidence.quoted'))}</article>"
    )


def _quiet(text: str, side: str) -> str:
    """The sentence before or after, cut on its far side where it is long."""
    if not text:
        return ""
    cut = text if len(text) <= _QUIET else f"…{text[-_QUIET:]}" if side == "before" else f"{text[:_QUIET]}…"
    return f'<p class="kg-around" data-testid="{side}">{escape(cut)}</p>'


def _quotation(evidence: StoredEvidence) -> str:
    """The sentence and where it stands, as text to take elsewhere."""
    core = [mark for mark in evidence_marks(evidence) if mark.role != "qualifier"]
    start, end = sentence_bounds(evidence.text, core)
    words = " ".join(evidence.text[start:end].split())
    title = f"{evidence.document_title}, " if evidence.document_title else ""
    page = f", {t('evidence.page', n=evidence.page)}" if evidence.page is not None else ""
    return f"“{words}” — {title}{evidence.document_uri}{page}"


def _opinions(evidence: StoredEvidence, others: Sequence[StoredEvidence]) -> str:
    """What each extractor makes of the sentence, one under the other."""
    if not others:
        return ""
    rows = "".join(
        f"<tr><td>{escape(each.extractor)}</td>"
        f"<td>{escape(each.head)} — {escape(each.relation or '…')} → {escape(each.tail)}</td>"
        f"<td>{escape(t(f'polarity.{each.polarity}'))} · {escape(t(f'modality.{each.modality}'))}</td>"
        f"<td>{each.confidence:.2f}</td>"
        f"<td>{escape(t('evidence.agrees' if _same(each, evidence) else 'evidence.differs'))}</td></tr>"
        for each in others
    )
    heads = "".join(
        f"<th>{escape(t(key))}</th>"
        for key in (
            "evidence.extractor",
            "evidence.says",
            "evidence.stance",
            "chart.confidence",
            "evidence.compared",
        )
    )
    return (
        f'<details class="kg-opinions" data-testid="opinions"><summary>{escape(t("evidence.opinions", n=len(others)))}'
        f'</summary><table class="kg-table"><tr>{heads}</tr>{rows}</table></details>'
    )


def _same(one: StoredEvidence, other: StoredEvidence) -> bool:
    def said(each: StoredEvidence) -> tuple[object, ...]:
        words = (each.head, each.relation, each.tail)
        return (*(" ".join(word.casefold().split()) for word in words), each.polarity, each.modality)

    return said(one) == said(other)


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
    chips.append(chip(t("review.person") if evidence.decision else evidence.extractor))
    if evidence.review:
        chips.append(chip(t(f"review.is.{evidence.review}"), warn=evidence.review != "accept"))
    chips.extend(chip(f"{q.role}: {q.text}") for q in evidence.qualifiers)
    return "<div>" + "".join(chips) + "</div>"


def _others(item: StoredEvidence, statements: Sequence[StoredEvidence]) -> list[StoredEvidence]:
    """What other extractors say of the sentence of `item`."""

    def bounds(each: StoredEvidence) -> tuple[int, int]:
        return sentence_bounds(each.text, [mark for mark in evidence_marks(each) if mark.role != "qualifier"])

    start, end = bounds(item)
    found = []
    for each in statements:
        if each.segment_id == item.segment_id and each.extractor != item.extractor:
            first, last = bounds(each)
            if first < end and last > start:
                found.append(each)
    return found


def show_evidence(items: Sequence[StoredEvidence], *, to_text: bool = True) -> None:
    """The statements under each other, each with what stands around it and (`to_text`) a link to its place."""
    inverted = data.inverted(tuple(item.extraction_id for item in items))
    segments = tuple(dict.fromkeys(item.segment_id for item in items))
    beside = neighbours(segments)
    statements = data.segment_statements(segments)
    several = len({each.extractor for each in statements}) > 1
    for item in items:
        with st.container(border=True, gap="xsmall", key=f"evidence-{item.extraction_id}"):
            st.html(
                evidence_html(
                    item,
                    inverted=item.extraction_id in inverted,
                    beside=beside.get(item.segment_id, ("", "")),
                    others=_others(item, statements) if several else (),
                )
            )
            if to_text:
                link(
                    "documents",
                    plain(_source(item), limit=120),
                    document=digest("document", item.document_uri),
                    segment=str(item.segment_index + 1),
                    statement=item.extraction_id,
                )
