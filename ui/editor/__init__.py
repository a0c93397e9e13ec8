"""The Cypher editor: a component of our own (`bundle/`, built from `src/`), and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st
import streamlit.components.v1 as components

from ui.fonts import font_url
from ui.session import current_language, t

__all__ = ["LONGEST", "EditorEvent", "Mistake", "cypher_editor"]

LONGEST = 100_000
"""Characters of a statement that are taken from the browser."""

_REQUESTS = ("run", "explain", "profile")
_component = components.declare_component("kg_editor", path=str(Path(__file__).parent / "bundle"))


@dataclass(frozen=True, slots=True)
class EditorEvent:
    """What was done in the editor, with its whole text. ``edit`` comes after a pause in typing."""

    kind: Literal["edit", "run", "explain", "profile"]
    text: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """Where a server found a mistake in ``text``: line and column counted from 1."""

    text: str
    line: int
    column: int
    stamp: str


def cypher_editor(
    text: str,
    *,
    revision: int,
    schema: Mapping[str, Any],
    mistake: Mistake | None,
    key: str,
    on_event: Callable[[EditorEvent], None],
) -> None:
    """Show the editor. A new ``revision`` puts ``text`` into it; otherwise it keeps what was typed.

    ``schema`` has what may be completed: ``labels`` and ``types`` as (name, count), ``properties`` as (name, labels),
    ``parameters`` as names.
    """
    _component(
        text=text,
        revision=revision,
        schema=dict(schema),
        mistake=None
        if mistake is None
        else {"text": mistake.text, "line": mistake.line, "column": mistake.column, "stamp": mistake.stamp},
        language=current_language(),
        font=font_url(),
        words={name: t(f"editor.{name}") for name in _WORDS},
        key=key,
        default=None,
        on_change=lambda: _tell(key, on_event),
    )


def _tell(key: str, on_event: Callable[[EditorEvent], None]) -> None:
    """Check what came from the browser, and hand it on: a new request, and the text where it has changed since."""
    value = st.session_state.get(key)
    if not isinstance(value, dict):
        return
    text, request = value.get("text"), value.get("request")
    asked: object = None
    if isinstance(request, dict) and request.get("stamp") != st.session_state.get(f"_{key}_asked"):
        st.session_state[f"_{key}_asked"] = request.get("stamp")
        kind, asked = request.get("kind"), request.get("text")
        if kind in _REQUESTS and isinstance(asked, str):
            on_event(EditorEvent(kind, asked[:LONGEST]))
    if isinstance(text, str) and text != asked:
        on_event(EditorEvent("edit", text[:LONGEST]))


_WORDS = (
    *("editor", "placeholder", "completions", "hint"),
    *("run", "runHelp", "explain", "explainHelp", "profile", "profileHelp"),
)
