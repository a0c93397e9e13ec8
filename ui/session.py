"""Where the page's state lives: in the address, so that a link restores the view.

A widget follows the address, and the address follows the widget: `follow` before the widget, `write` after it. The
store's uri is never part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.i18n import UiLanguage, language_of, translate

__all__ = ["current_language", "follow", "number", "read", "read_list", "set_language", "t", "write", "write_language"]


def current_language() -> UiLanguage:
    """The interface's language: the address's, else the one chosen before, else the browser's, else English."""
    chosen = language_of(st.query_params.get("lang")) or st.session_state.get("_language")
    return chosen or language_of(st.context.locale) or "en"


def set_language(language: UiLanguage) -> None:
    """Make `language` the session's, so that it stays through page changes."""
    st.session_state["_language"] = language


def write_language() -> None:
    """Put a chosen language into the address, where moving to another page has taken it away."""
    chosen = st.session_state.get("_language")
    if chosen and st.query_params.get("lang") != chosen:
        st.query_params["lang"] = chosen


def t(key: str, **values: object) -> str:
    """The words of `key` in the current language."""
    return translate(current_language(), key, **values)


def read(name: str, default: str = "") -> str:
    """One value of the address."""
    value = st.query_params.get(name)
    return value if isinstance(value, str) else default


def read_list(name: str) -> tuple[str, ...]:
    """All values of the address under one name, in order."""
    return tuple(st.query_params.get_all(name))


def number(text: str, default: float, *, low: float, high: float) -> float:
    """`text` as a number between `low` and `high`; `default` where it is none (anyone can write an address)."""
    try:
        value = float(text)
    except ValueError:
        return default
    return min(max(value, low), high) if value == value else default


def write(**values: str | tuple[str, ...]) -> None:
    """Change the address in one step: one entry in the browser's history. Empty values are left out."""
    before = {name: st.query_params.get_all(name) for name in st.query_params}
    after = dict(before)
    for name, value in values.items():
        items = [value] if isinstance(value, str) else list(value)
        if items and items != [""]:
            after[name] = items
        else:
            after.pop(name, None)
    if after != before:
        st.query_params.from_dict({name: items if len(items) > 1 else items[0] for name, items in after.items()})


def follow(key: str, name: str, parse: Callable[[tuple[str, ...]], Any]) -> None:
    """Set widget `key` from the address's `name` where the address changed by itself (a link, the back button)."""
    raw = read_list(name)
    if key not in st.session_state or st.session_state.get(f"_{key}_seen") != raw:
        st.session_state[key] = parse(raw)
    st.session_state[f"_{key}_seen"] = raw


def publish(key: str, name: str, *values: str) -> None:
    """Put widget `key`'s value into the address (the other half of `follow`)."""
    write(**{name: values})
    st.session_state[f"_{key}_seen"] = read_list(name)
