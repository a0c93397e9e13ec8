"""What is worth a look, one after the other or many at once: to accept, reject, edit, merge, and to take back."""

from __future__ import annotations

import streamlit as st

from kg_builder.review_queue import QueueItem, QueueKind, queue_parts
from kg_builder.reviewing import said_of
from ui import data
from ui.review_actions import accept, reject, tell_failure, undo_last
from ui.review_history import history
from ui.review_item import item_label, show_item, show_statement
from ui.review_open import open_item
from ui.review_session import ReviewSession, kinds, session
from ui.session import follow, publish, read, t, write
from ui.style import heading, note, plain
from ui.views.no_data import render_empty
from ui.workspace import read_only

__all__ = ["render"]

_LISTED = 15


def render() -> None:
    """Draw the page. Its address holds what kind of questions, or the one statement, to look at."""
    if not data.counts().extractions:
        render_empty()
        return
    heading(t("page.review"), t("review.lead"))
    review = session()
    if read_only():
        st.info(t("review.readOnly"), icon=":material/lock:")
    else:
        _who(review)
    if statement := read("statement"):
        tell_failure()
        show_statement(statement)
        st.button(t("review.toQueue"), icon=":material/arrow_back:", on_click=write, kwargs={"statement": ""})
        return
    shown = _shown(review)
    tell_failure()
    if shown == "history":
        history()
    elif shown == "many":
        _many(review)
    else:
        _one(review, shown)


def _who(review: ReviewSession) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="review-who"):
        if "review_who" not in st.session_state:
            st.session_state["review_who"] = review.who
        st.text_input(t("review.who"), key="review_who", max_chars=80, width=240)
        st.button(
            t("review.undoLast"),
            key="review-undo",
            icon=":material/undo:",
            shortcut="U",
            disabled=not review.undo,
            on_click=undo_last,
        )


def _shown(review: ReviewSession) -> str:
    """What the control above the page says: a kind of questions, many at once, or what was decided."""
    there = [*kinds(), "many", "history"]
    follow("review_show", "show", lambda values: values[0] if values and values[0] in there else there[0])

    for kind in kinds():
        if st.session_state["review_show"] in (kind, "many"):
            review.queue(kind)  # the others are worked out when they are asked for

    def words(name: str) -> str:
        if name in ("many", "history"):
            return t(f"review.show.{name}")
        found = review.queues.get(name)  # type: ignore[call-overload]
        return t(f"review.kind.{name}") + (f" ({len(found)})" if found is not None else "")

    shown = st.segmented_control(
        t("review.show"), there, key="review_show", format_func=words, required=True, label_visibility="collapsed"
    )
    publish("review_show", "show", "" if shown == there[0] else str(shown))
    return str(shown)


# ---------------------------------------------------------------- one after the other
def _one(review: ReviewSession, kind: str) -> None:
    name: QueueKind = kind  # type: ignore[assignment]
    item = _next(review, name)
    if item is None:
        st.success(t("review.done"), icon=":material/task_alt:")
        note(t("review.doneWhy"))
    else:
        card, rest = st.columns([2, 1], gap="medium")
        with card, st.container(border=True, key="review-card"):
            show_item(item)
        with rest:
            _list(review, name, item)
    _shares(review)


def _next(review: ReviewSession, kind: QueueKind) -> QueueItem | None:
    """The first item that there is still something to decide of."""
    return next(filter(open_item, review.queue(kind)), None)


def _list(review: ReviewSession, kind: QueueKind, current: QueueItem) -> None:
    items = review.queue(kind)
    note(t("review.left", n=len(items)))
    with st.container(key="rows_review"):
        for item in items[:_LISTED]:
            st.button(
                item_label(item),
                key=f"queued-{item.id}",
                type="tertiary",
                icon=":material/arrow_right:" if item.id == current.id else None,
                on_click=review.put_first,
                args=(item,),
                width="stretch",
            )
    if len(items) > _LISTED:
        note(t("review.more", n=len(items) - _LISTED))


def _shares(review: ReviewSession) -> None:
    """Looking again, and of a large graph at another share."""
    parts = queue_parts(data.store())
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(t("review.again"), icon=":material/refresh:", on_click=review.look_again, type="tertiary")
        if parts > 1:
            note(t("review.share", n=review.part % parts + 1, parts=parts))
            st.button(t("review.nextShare"), icon=":material/arrow_forward:", on_click=_next_share, type="tertiary")


def _next_share() -> None:
    review = session()
    review.part = (review.part + 1) % max(queue_parts(data.store()), 1)
    review.look_again()


# ---------------------------------------------------------------- many at once
def _many(review: ReviewSession) -> None:
    """Facts to accept or reject together."""
    items = [item for kind in kinds() if kind in ("unsure", "ontology") for item in review.queue(kind)]
    if not items:
        st.success(t("review.done"), icon=":material/task_alt:")
        return
    note(t("review.manyLead"))
    if not read_only():
        with st.container(horizontal=True, gap="small", key="review-many"):
            st.button(t("review.all"), on_click=_mark, args=(items, True), icon=":material/select_all:")
            st.button(t("review.none"), on_click=_mark, args=(items, False), icon=":material/deselect:")
            chosen = [item for item in items if st.session_state.get(f"many-{item.id}")]
            n, off = len(chosen), not chosen
            st.button(
                t("review.acceptMany", n=n),
                icon=":material/check:",
                disabled=off,
                on_click=_decide_many,
                args=(chosen, True),
            )
            st.button(
                t("review.rejectMany", n=n),
                icon=":material/close:",
                disabled=off,
                on_click=_decide_many,
                args=(chosen, False),
            )
    with st.container(gap="xsmall", key="review-boxes"):
        for item in items:
            st.checkbox(_fact_label(item), key=f"many-{item.id}", disabled=read_only())


def _fact_label(item: QueueItem) -> str:
    """The fact with its sentence."""
    sentence = plain(said_of(item.facts[0].evidence[0]).sentence, limit=160) if item.facts[0].evidence else ""
    return f"{item_label(item)} — {sentence}"


def _mark(items: list[QueueItem], on: bool) -> None:
    for item in items:
        st.session_state[f"many-{item.id}"] = on


def _decide_many(items: list[QueueItem], right: bool) -> None:
    evidence = [each for item in items for fact in item.facts for each in fact.evidence]
    if (accept if right else reject)(evidence, *items):
        session().drop(item.id for item in items)
    _mark(items, False)
