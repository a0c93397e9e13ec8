"""A button with a menu under it, of which nothing is drawn before it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

__all__ = ["menu"]


@contextmanager
def menu(label: str, *, icon: str, key: str) -> Iterator[bool]:
    """Draw inside of the menu; whether it is open, and there is anything to be drawn."""
    words = f"_{key}_label"
    if st.session_state.get(key):
        label = st.session_state.get(words, label)  # another label would make another menu, a closed one
    st.session_state[words] = label
    box = st.popover(label, icon=icon, key=key, on_change="rerun")
    with box:
        yield bool(box.open)
