"""Decisions that the pages take, on statements and on names, each with the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from kg_builder import reviewing
from kg_builder.errors import KGError
from kg_builder.resolve.records import Decision
from kg_builder.resolving_by_hand import (
    decisions_of,
    forget_decisions,
    merge_entities,
    never_merge,
    rename_entity,
    retype_entity,
    split_entity,
)
from kg_builder.review_queue import QueueItem
from kg_builder.reviewing_records import StatementDecision
from kg_builder.store import GraphStore
from kg_builder.store.records import StoredEvidence
from kg_builder.store.resolution import decision_id
from ui import data
from ui.review_open import open_item
from ui.review_session import Undo, session
from ui.style import plain
from ui.workspace import read_only

__all__ = [
    "accept",
    "edit",
    "forget",
    "merge",
    "merge_names",
    "never",
    "never_names",
    "reject",
    "rename",
    "retype",
    "split",
    "tell_failure",
    "undo_last",
]

_SOURCE = "browser"


def accept(evidence: Sequence[StoredEvidence], *items: QueueItem) -> bool:
    """The statements, asked for by items of the queue, are right; whether they are now."""
    return _judge(reviewing.accept, evidence, items)


def reject(evidence: Sequence[StoredEvidence], *items: QueueItem) -> bool:
    """The sentences do not say so."""
    return _judge(reviewing.reject, evidence, items)


def edit(evidence: StoredEvidence, changes: dict[str, object], *items: QueueItem) -> bool:
    """The statement is to be another; whether it is now."""

    def work(who: str) -> Undo:
        before = _before([evidence])
        store = data.writable_store()
        taken = reviewing.edit(store, evidence.extraction_id, **changes, who=who, source=_SOURCE)  # type: ignore[arg-type]
        return _undo([taken], before, items)

    return _done(work, *items)


def merge(item: QueueItem) -> None:
    """The two entities are one."""
    one, other = item.entities
    merge_names(one.id, other.id, item)


def never(item: QueueItem) -> None:
    """The two entities are two."""
    one, other = item.entities
    review = session()
    if never_names(one.id, other.id, item):
        review.drop([item.id])


def merge_names(a: str, b: str, *items: QueueItem) -> bool:
    """Two entities, by ids or names, are one; whether they are now."""
    return _on_names(lambda store, more: [merge_entities(store, a, b, **more)], *items)


def never_names(a: str, b: str, *items: QueueItem) -> bool:
    """Two entities, by ids or names, never are one."""
    return _on_names(lambda store, more: [never_merge(store, a, b, **more)], *items)


def retype(entity: str, type_: str) -> bool:
    """An entity is of a type."""
    return _on_names(lambda store, more: [retype_entity(store, entity, type_, **more)])


def rename(entity: str, name: str) -> bool:
    """An entity is shown under a name."""
    return _on_names(lambda store, more: [rename_entity(store, entity, name, **more)])


def split(name: str) -> bool:
    """A name stands by itself."""
    return _on_names(lambda store, more: split_entity(store, name, **more))


def forget(decision: str) -> None:
    """Take one decision back."""

    def work(who: str) -> None:
        forget_decisions(data.writable_store(), [decision])

    review = session()
    if _done(work):
        review.look_again()
        review.undo = [each for each in review.undo if decision not in each.forget]


def undo_last() -> None:
    """Take back what was decided last in this session."""
    review = session()
    with review.deciding:
        if not review.undo:
            return
        last = review.undo[-1]

        def work(who: str) -> None:
            store = data.writable_store()
            there = {id_ for id_, _ in decisions_of(store)}
            back = {each.id for each in last.again}
            forget_decisions(store, [id_ for id_ in last.forget if id_ in there and id_ not in back])
            reviewing.decide_again(store, last.again)

        if _done(work):
            review.undo = review.undo[:-1]
            for item in reversed(last.items):
                review.put_first(item)


def _on_names(decide: Callable[[GraphStore, dict[str, str]], Sequence[Decision]], *items: QueueItem) -> bool:
    def work(who: str) -> Undo:
        taken = decide(data.writable_store(), {"who": who, "source": _SOURCE})
        return Undo(tuple(decision_id(each) for each in taken), items=items)

    return _done(work, *items)


def _judge(
    decide: Callable[..., list[StatementDecision]], evidence: Sequence[StoredEvidence], items: tuple[QueueItem, ...]
) -> bool:
    def work(who: str) -> Undo:
        before = _before(evidence)
        ids = [each.extraction_id for each in evidence]
        return _undo(decide(data.writable_store(), ids, who=who, source=_SOURCE), before, items)

    return _done(work, *items)


def _before(evidence: Sequence[StoredEvidence]) -> list[StatementDecision]:
    """What was decided on statements until now."""
    ids = [each.decision or reviewing.said_of(each).id for each in evidence]
    return list(data.writable_store().reviews.of_ids(ids).values())


def _undo(
    taken: Sequence[StatementDecision], before: Sequence[StatementDecision], items: tuple[QueueItem, ...]
) -> Undo:
    return Undo(tuple(dict.fromkeys(each.id for each in taken)), tuple(before), items)


def _done(work: Callable[[str], Undo | None], *items: QueueItem) -> bool:
    """Do something that writes, in somebody's name, about items that are still asked for; whether it was done. What
    could not be is told on the page.

    One at a time, as a key that is pressed twice runs this twice at once. And wherever the session's state is read,
    Streamlit may end a run for what was pressed meanwhile: so it is read before, and never between what is written and
    what is remembered of it.
    """
    review = session()
    if read_only():
        return False
    with review.deciding:
        review.failed = ""
        if items and not any(map(review.asks, items)):
            return False
        try:
            undo = work(review.who)
        except KGError as exc:
            review.failed = str(exc)
            return False
        finally:
            data.changed()
        if undo is not None:
            review.remember(undo)
            review.drop(item.id for item in undo.items if not open_item(item, fresh=True))
    return True


def tell_failure() -> None:
    """Say on the page what could not be done, once."""
    if failed := session().failed:
        st.error(plain(failed), icon=":material/error:")
        session().failed = ""
