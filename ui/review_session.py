"""What the review page keeps of a session: who reviews, what is left to look at, and how to take decisions back."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from kg_builder.config import load_settings
from kg_builder.errors import KGError
from kg_builder.review_queue import KINDS, QueueItem, QueueKind, review_queue
from kg_builder.reviewing_records import StatementDecision
from ui import data

__all__ = ["ReviewSession", "Undo", "kinds", "ontology_file", "session"]

_LIMIT = 50
_UNDONE = 100


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take back what was just decided: ids to forget, earlier decisions to put back, and the items it was."""

    forget: tuple[str, ...]
    again: tuple[StatementDecision, ...] = ()
    items: tuple[QueueItem, ...] = ()


@dataclass(slots=True)
class ReviewSession:
    """One person's review. Queues are worked out once, and what was decided or skipped leaves them."""

    who: str = ""
    part: int = 0
    store: str = ""
    queues: dict[QueueKind, list[QueueItem]] = field(default_factory=dict)
    undo: list[Undo] = field(default_factory=list)
    failed: str = ""
    deciding: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)
    """Held while something is decided: Streamlit begins the next run of a page before the last one has ended."""

    def queue(self, kind: QueueKind) -> list[QueueItem]:
        """What is left to look at."""
        if kind not in self.queues:
            ontology = ontology_file()
            self.queues[kind] = review_queue(
                data.store(), kinds=[kind], limit=_LIMIT, ontology=Path(ontology) if ontology else None, part=self.part
            )
        return self.queues[kind]

    def drop(self, item_ids: Iterable[str]) -> None:
        """Have items no longer come."""
        gone = set(item_ids)
        for kind, items in self.queues.items():
            self.queues[kind] = [item for item in items if item.id not in gone]

    def asks(self, item: QueueItem) -> bool:
        """Whether an item still comes: a key that is pressed twice decides once."""
        return any(each.id == item.id for items in self.queues.values() for each in items)

    def skip(self, item: QueueItem) -> None:
        """Have an item come last."""
        self.drop([item.id])
        self.queues.setdefault(item.kind, []).append(item)

    def put_first(self, item: QueueItem) -> None:
        """Have an item come next."""
        self.drop([item.id])
        self.queues.setdefault(item.kind, []).insert(0, item)

    def remember(self, undo: Undo) -> None:
        """Note how to take the last step back."""
        self.undo = [*self.undo[1 - _UNDONE :], undo]

    def look_again(self) -> None:
        """Have all queues worked out anew."""
        self.queues.clear()


def session() -> ReviewSession:
    """The review of this session; a new one where another store is shown."""
    found = st.session_state.get("_review")
    uri = data.store().uri
    if not isinstance(found, ReviewSession) or found.store != uri:
        found = ReviewSession(who=found.who if isinstance(found, ReviewSession) else _user(), store=uri)
        st.session_state["_review"] = found
    if isinstance(named := st.session_state.get("review_who"), str):  # a button may be pressed before the page has run
        found.who = named.strip()
    return found


def ontology_file() -> str:
    """The ontology that the settings name; empty: none that there is."""
    try:
        named = load_settings({}).ontology
    except KGError:
        return ""
    return named if named and Path(named).expanduser().is_file() else ""


def kinds() -> Sequence[QueueKind]:
    """The kinds that there may be anything of."""
    return KINDS if ontology_file() else KINDS[:-1]


def _user() -> str:
    from kg_builder.resolving_by_hand import user

    return user()
