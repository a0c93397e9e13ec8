"""What people decided, the latest first, each with the way back."""

from __future__ import annotations

from html import escape

import streamlit as st

from kg_builder.resolve.records import Decision
from kg_builder.resolving_by_hand import decisions_of
from kg_builder.reviewing_records import StatementDecision
from ui import data
from ui.review_actions import forget
from ui.session import t
from ui.style import chip, note
from ui.workspace import read_only

__all__ = ["history"]

_SHOWN = 50


def history() -> None:
    """The list."""
    found = list(reversed(decisions_of(data.store())))
    if not found:
        note(t("review.noHistory"))
        return
    note(t("review.historyLead", n=len(found)))
    for id_, decision in found[:_SHOWN]:
        with st.container(border=True, gap="xsmall", key=f"decision-{id_}"):
            st.html(_told(decision))
            if not read_only():
                st.button(t("review.undo"), key=f"undo-{id_}", icon=":material/undo:", on_click=forget, args=(id_,))
    if len(found) > _SHOWN:
        note(t("review.more", n=len(found) - _SHOWN))


def _told(decision: Decision | StatementDecision) -> str:
    """One decision as HTML."""
    who = " · ".join(filter(None, (decision.who, decision.at[:16].replace("T", " "), decision.source, decision.note)))
    below = f'<p class="kg-source">{escape(who)}</p>'
    kind = chip(t(f"review.decided.{decision.kind}"))
    if isinstance(decision, Decision):
        a, b = decision.a.plain, decision.b
        other = decision.document or ("" if b is None else b.type if decision.kind == "retype" else b.plain)
        arrow = " → " if decision.kind in ("rename", "retype") else " · "
        return f"<div>{kind} <b>{escape(a)}</b>{escape(arrow + other if other else '')}</div>{below}"
    said = decision.said
    words = escape(" — ".join((said.head, said.relation, said.tail)))
    new = decision.corrected
    if new is not None:
        words = f"<s>{words}</s> {escape(' — '.join((new.head, new.relation, new.tail)))}"
    return f'<div>{kind} <b>{words}</b></div><p class="kg-note">{escape(said.sentence)}</p>{below}'
