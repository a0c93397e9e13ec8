"""Where the page's state lives: in the address, so that a link restores the view.

A widget follows the address, and the address follows the widget: `follow` before the widget, `write` after it. The
store's uri is never part of it.

Every message of the browser brings the browser's address along. One that was under way when the session wrote a newer
address brings the older one, and would take back what was just done: `address` tells such a message from a person who
goes back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.i18n import UiLanguage, language_of, translate

__all__ = [
    "address",
    "current_language",
    "follow",
    "number",
    "publish",
    "read",
    "read_list",
    "set_language",
    "t",
    "write",
    "write_language",
]

Address = dict[str, list[str]]
_EMBEDDING = ("embed", "embed_options")  # Streamlit's own
_UNDER_WAY_S = 15.0
"""How long a message may be under way, on a busy machine too."""


@dataclass
class _Written:
    """What this session wrote into a page's address, and what stood there shortly before, with times; newest last."""

    page: str = ""
    current: Address = field(default_factory=dict)
    replaced: list[tuple[float, Address]] = field(default_factory=list)

    def write(self, before: Address, after: Address) -> None:
        self.replaced = [*self._lately(), (time.monotonic(), before)]
        self.current = after

    def outdated(self, found: Address) -> bool:
        """Whether `found` is what a message brings that was sent before the browser knew of the current address."""
        return found != self.current and any(found == before for _, before in self._lately())

    def _lately(self) -> list[tuple[float, Address]]:
        now = time.monotonic()
        return [each for each in self.replaced if now - each[0] < _UNDER_WAY_S]


def address() -> Address:
    """All values of the address by name."""
    run = get_script_run_ctx()
    if run is None:
        return {name: st.query_params.get_all(name) for name in st.query_params}
    found = {name: list(values) for name, values in _parsed(run.query_string)}
    written = st.session_state.setdefault("_written", _Written())
    if run.page_script_hash != written.page or getattr(run, "is_history_navigation", True):
        written.page = run.page_script_hash
        written.replaced.clear()
    elif written.outdated(found):
        _put(written.current)
        return dict(written.current)
    return found


@lru_cache(maxsize=512)
def _parsed(query: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The parameters of an address, as Streamlit reads them: each of some hundred words on a page asks for one."""
    values = parse_qs(query, keep_blank_values=True)
    return tuple((name, tuple(items)) for name, items in values.items() if name.lower() not in _EMBEDDING)


def _put(values: Address) -> None:
    st.query_params.from_dict({name: items if len(items) > 1 else items[0] for name, items in values.items()})


def current_language() -> UiLanguage:
    """The interface's language: the address's, else the one chosen before, else the browser's, else English."""
    chosen = language_of(read("lang")) or st.session_state.get("_language")
    return chosen or language_of(st.context.locale) or "en"


def set_language(language: UiLanguage) -> None:
    """Make `language` the session's, so that it stays through page changes."""
    if st.session_state.get("_language") != language:
        _say_choices_again()
    st.session_state["_language"] = language


def _say_choices_again() -> None:
    """Have the browser told of all that is chosen: it names choices by their words, which another language has not."""
    for key, value in list(st.session_state.items()):
        words = value if isinstance(value, list) else [value]
        if str(key).startswith("_") or key == "language" or not words:
            continue
        if all(isinstance(each, str) for each in words):
            st.session_state[key] = value


def write_language() -> None:
    """Put a chosen language into the address, where moving to another page has taken it away."""
    chosen = st.session_state.get("_language")
    if chosen:
        write(lang=chosen)


def t(key: str, **values: object) -> str:
    """The words of `key` in the current language."""
    return translate(current_language(), key, **values)


def read(name: str, default: str = "") -> str:
    """One value of the address: the last one under this name."""
    values = address().get(name)
    return values[-1] if values else default


def read_list(name: str) -> tuple[str, ...]:
    """All values of the address under one name, in order."""
    return tuple(address().get(name, ()))


def number(text: str, default: float, *, low: float, high: float) -> float:
    """`text` as a number between `low` and `high`; `default` where it is none (anyone can write an address)."""
    try:
        value = float(text)
    except ValueError:
        return default
    return min(max(value, low), high) if value == value else default


def write(**values: str | tuple[str, ...]) -> None:
    """Change the address in one step: one entry in the browser's history. Empty values are left out."""
    before = address()
    after = dict(before)
    for name, value in values.items():
        items = [value] if isinstance(value, str) else list(value)
        if items and items != [""]:
            after[name] = items
        else:
            after.pop(name, None)
    if after == before:
        return
    if "_written" in st.session_state:
        st.session_state["_written"].write(before, after)
    _put(after)


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
