"""Undo and redo: the views of this session, and which of them is shown.

The address is the view, so the browser's own back and forward move along the same list.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from ui.exploring.state import PARAMETERS
from ui.session import read_list, write

__all__ = ["ViewHistory", "address_of_view", "go_to", "history", "note_view"]

_MOST = 100
Address = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass
class ViewHistory:
    """The views that were shown, oldest first; ``at`` is the one that is shown now."""

    views: list[Address] = field(default_factory=list)
    at: int = -1

    def note(self, address: Address) -> None:
        """Take down what is shown: a step along the list where it is its neighbour there, else a new end of it."""
        if 0 <= self.at < len(self.views) and self.views[self.at] == address:
            return
        if self.at > 0 and self.views[self.at - 1] == address:
            self.at -= 1
        elif self.at + 1 < len(self.views) and self.views[self.at + 1] == address:
            self.at += 1
        else:
            self.views = [*self.views[: self.at + 1], address][-_MOST:]
            self.at = len(self.views) - 1

    @property
    def earlier(self) -> Address | None:
        """What undo shows."""
        return self.views[self.at - 1] if self.at > 0 else None

    @property
    def later(self) -> Address | None:
        """What redo shows."""
        return self.views[self.at + 1] if self.at + 1 < len(self.views) else None


def address_of_view() -> Address:
    """The view's part of the address."""
    return tuple((name, values) for name in PARAMETERS if (values := read_list(name)))


def history() -> ViewHistory:
    """This session's views."""
    kept: ViewHistory = st.session_state.setdefault("_explore_views", ViewHistory())
    return kept


def note_view() -> None:
    """Take down the view that the address holds now."""
    history().note(address_of_view())


def go_to(address: Address) -> None:
    """Show a view: the address gets its values, and loses those of any other."""
    values = dict(address)
    write(**{name: values.get(name, ()) for name in PARAMETERS}, q="")
