"""One of a few: a row of buttons that the address follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from ui.session import follow, publish

__all__ = ["one_of"]


def one_of(
    label: str, name: str, options: Sequence[str], words: Callable[[str], str], *, key: str = "", labelled: bool = False
) -> str:
    """Draw the row, and give the chosen option: the first one, unless the address has another under `name`.

    ``label`` is read out by screen readers, and shown where `labelled`.
    """
    key = key or f"{name}-switch"
    follow(key, name, lambda values: values[0] if values and values[0] in options else options[0])
    chosen: str = st.segmented_control(
        label,
        options,
        default=st.session_state[key],  # too: a run of the page that is cut short by the next one loses what it set
        format_func=words,
        key=key,
        required=True,
        label_visibility="visible" if labelled else "collapsed",
    )
    publish(key, name, chosen if chosen != options[0] else "")
    return chosen
