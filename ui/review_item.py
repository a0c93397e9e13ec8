"""One question of the review: a fact, two that contradict each other, two entities that may be one, or a statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from kg_builder.review_queue import QueueFact, QueueItem
from kg_builder.store.reading import evidence_of
from kg_builder.store.records import StoredEntity, StoredEvidence
from kg_builder.types import digest
from ui import data
from ui.evidence_list import evidence_html, marks_key
from ui.pages import link
from ui.paging import page_of
from ui.review_actions import accept, merge, never, reject
from ui.review_edit import edit_form, editing, start_editing
from ui.review_entity import entity_tools
from ui.review_open import evidence_of_fact, is_decided
from ui.review_session import session
from ui.session import t
from ui.style import chip, fact, note, plain, type_chip, type_label
from ui.workspace import read_only

__all__ = ["item_label", "show_item", "show_statement"]

_FACTS = 6
_REASONS = ("unsure", "contradiction", "undated", "head", "tail")


def item_label(item: QueueItem) -> str:
    """One line for a list, as Markdown."""
    if item.entities:
        return " = ".join(f"**{plain(entity.name, limit=40)}**" for entity in item.entities)
    one = item.facts[0]
    ends = [f"**{plain(entity.name, limit=40)}**" for entity in (one.head, one.tail)]
    return f"{ends[0]} — {plain(one.relation, limit=40)} → {ends[1]} · {one.confidence:.2f}"


def show_item(item: QueueItem) -> None:
    """The question, with what is needed to answer it, and the buttons that do."""
    if item.entities:
        _duplicate(item)
    elif item.kind == "conflict":
        _conflict(item)
    else:
        _fact(item)


def show_statement(extraction_id: str) -> None:
    """One statement, whatever the queue says."""
    rows = data.store().reviews.statements([extraction_id])
    if not rows:
        st.warning(t("review.unknown"), icon=":material/help:")
        return
    evidence = evidence_of(rows[0])
    with st.container(border=True, key="review-card"):
        fact(evidence.head, evidence.relation, evidence.tail)
        _sentence(evidence)
        if read_only():
            return
        if editing(evidence.extraction_id):
            edit_form(evidence, None)
        else:
            _decide([evidence], None)


# ---------------------------------------------------------------- a fact
def _fact(item: QueueItem) -> None:
    one = _now(item.facts[0])
    fact(one.head.name, one.relation, one.tail.name)
    found = [each for each in evidence_of_fact(one) if not is_decided(each)]
    st.html("<div>" + _why(item, one) + "</div>")
    _entity_links(one)
    marks_key()
    current = found[0]
    _sentence(current)
    if len(found) > 1:
        note(t("review.moreStatements", n=len(found) - 1))
    if read_only():
        return
    if editing(current.extraction_id):
        edit_form(current, item)
    else:
        _decide([current], item, others=found)


def _now(one: QueueFact) -> QueueFact:
    """A fact with its ends as they are called now, and of the types that they are."""
    head, tail = (data.entity(each.id) or each for each in (one.head, one.tail))
    return replace(one, head=head, tail=tail)


def _decide(
    evidence: Sequence[StoredEvidence], item: QueueItem | None, *, others: Sequence[StoredEvidence] = ()
) -> None:
    """The buttons of a statement: others for each, so that what is pressed is about what showed when it was pressed."""
    at = evidence[0].extraction_id
    with st.container(horizontal=True, gap="small", key="review-buttons"):
        st.button(
            t("review.accept"),
            key=f"review-accept-{at}",
            type="primary",
            icon=":material/check:",
            shortcut="A",
            on_click=accept,
            args=(evidence, *_asked(item)),
        )
        st.button(
            t("review.reject"),
            key=f"review-reject-{at}",
            icon=":material/close:",
            shortcut="X",
            on_click=reject,
            args=(evidence, *_asked(item)),
        )
        st.button(
            t("review.edit"),
            key=f"review-edit-{at}",
            icon=":material/edit:",
            shortcut="E",
            on_click=start_editing,
            args=(evidence[0],),
        )
        if len(others) > 1:
            st.button(
                t("review.rejectAll", n=len(others)),
                key=f"review-reject-all-{at}",
                icon=":material/playlist_remove:",
                on_click=reject,
                args=(others, *_asked(item)),
            )
        if item is not None:
            _skip(item)


def _asked(item: QueueItem | None) -> tuple[QueueItem, ...]:
    return () if item is None else (item,)


def _skip(item: QueueItem) -> None:
    st.button(
        t("review.skip"),
        key=f"review-skip-{item.id}",
        icon=":material/skip_next:",
        shortcut="S",
        on_click=session().skip,
        args=(item,),
    )


def _why(item: QueueItem, one: QueueFact) -> str:
    """Why it is asked, as HTML."""
    known = item.reason in _REASONS
    reason = t(f"review.reason.{item.reason}", type=type_label(_end_type(item, one))) if known else item.reason
    return "".join(
        [
            chip(reason, warn=True),
            chip(f"{t('chart.confidence')} {one.confidence:.2f}"),
            chip(t("review.support", n=one.support)),
            chip(t("review.score", n=f"{item.score:.2f}")),
        ]
    )


def _end_type(item: QueueItem, one: QueueFact) -> str:
    return one.tail.type if item.reason == "tail" else one.head.type


def _entity_links(one: QueueFact) -> None:
    with st.container(horizontal=True, gap="small", key=f"review-ends-{one.head.id}-{one.tail.id}"):
        for entity in (one.head, one.tail):
            mentions = t("card.mention") if entity.mentions == 1 else t("card.mentions", n=f"{entity.mentions:,}")
            words = f"{plain(entity.name, limit=60)} · {plain(type_label(entity.type), limit=30)} · {mentions}"
            link("explore", words, entity=entity.id)
        for entity in {one.head.id: one.head, one.tail.id: one.tail}.values():
            entity_tools(entity, key="fact-")


# ---------------------------------------------------------------- a conflict
def _conflict(item: QueueItem) -> None:
    st.html("<div>" + chip(t(f"review.reason.{item.reason}"), warn=True) + "</div>")
    found = [[each for each in evidence_of_fact(side) if not is_decided(each)] for side in item.facts]
    all_found = [evidence_of_fact(side) for side in item.facts]
    for n, (column, side) in enumerate(zip(st.columns(2, gap="medium"), map(_now, item.facts), strict=True)):
        with column, st.container(border=True, key=f"review-side-{n}"):
            fact(side.head.name, side.relation, side.tail.name)
            for evidence in (found[n] or all_found[n])[:3]:
                _sentence(evidence)
            if not read_only():
                st.button(
                    t("review.wrong"),
                    key=f"review-wrong-{n}-{item.id}",
                    icon=":material/close:",
                    shortcut=str(n + 1),
                    on_click=reject,
                    args=(all_found[n], item),
                )
    if not read_only():
        with st.container(horizontal=True, gap="small", key="review-buttons"):
            st.button(
                t("review.both"),
                key=f"review-both-{item.id}",
                icon=":material/done_all:",
                shortcut="A",
                on_click=accept,
                args=([*found[0], *found[1]], item),
            )
            _skip(item)


# ---------------------------------------------------------------- two entities
def _duplicate(item: QueueItem) -> None:
    note(t("review.sameQuestion"))
    for column, entity in zip(st.columns(2, gap="medium"), item.entities, strict=True):
        with column, st.container(border=True, key=f"review-entity-{entity.id}"):
            _card(entity)
    if read_only():
        return
    with st.container(horizontal=True, gap="small", key="review-buttons"):
        st.button(
            t("review.merge"),
            key=f"review-merge-{item.id}",
            type="primary",
            icon=":material/merge:",
            shortcut="M",
            on_click=merge,
            args=(item,),
        )
        st.button(
            t("review.never"),
            key=f"review-never-{item.id}",
            icon=":material/call_split:",
            shortcut="N",
            on_click=never,
            args=(item,),
        )
        _skip(item)


def _card(entity: StoredEntity) -> None:
    known = data.entity(entity.id) or entity
    mentions = t("card.mention") if known.mentions == 1 else t("card.mentions", n=f"{known.mentions:,}")
    st.html(f'<p class="kg-name">{escape(known.name)}</p>{type_chip(known.type)}{chip(mentions)}')
    if known.aliases:
        note(", ".join(known.aliases[:8]))
    part = data.neighbourhood((known.id,), depth=1, limit=_FACTS)
    names = {each.id: each.name for each in part.entities}
    for edge in part.edges:
        fact(names.get(edge.head_id, ""), edge.relation, names.get(edge.tail_id, ""))
    link("explore", t("review.toEntity"), entity=known.id)
    entity_tools(known, key="pair-")


# ---------------------------------------------------------------- sentences
def _sentence(evidence: StoredEvidence) -> None:
    """A statement in its sentence, with where it stands and what is before and after it."""
    st.html(evidence_html(evidence, inverted=evidence.extraction_id in data.inverted((evidence.extraction_id,))))
    segments = {each.index: each.text for each in data.segments(evidence.document_uri)}
    beside = [segments.get(evidence.segment_index + step, "") for step in (-1, 1)]
    if any(beside):
        paragraphs = "".join(f"<p>{escape(text)}</p>" for text in beside if text)
        summary = escape(t("review.beside"))
        st.html(f'<article class="kg-evidence"><details><summary>{summary}</summary>{paragraphs}</details></article>')
    place = [evidence.document_title or evidence.document_uri]
    if evidence.page is not None:
        place.append(t("evidence.page", n=evidence.page))
    part = page_of(evidence.segment_index)
    link(
        "documents",
        plain(" · ".join(place), limit=120),
        document=digest("document", evidence.document_uri),
        part=str(part) if part > 1 else "",
    )
