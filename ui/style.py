"""The style sheet, and the few pieces of HTML that the pages share. Everything that comes from data is escaped here."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from ui.colors import type_color
from ui.session import t

__all__ = [
    "apply_style",
    "cards",
    "chip",
    "fact",
    "heading",
    "note",
    "plain",
    "section",
    "shorten",
    "type_chip",
    "type_label",
]

_CSS = Path(__file__).with_name("style.css").read_text(encoding="utf-8")

_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]()<>#+-.!|~$:&^=\"'@/"})


def apply_style() -> None:
    """Put the style sheet on the page."""
    st.html(f"<style>{_CSS}</style>")


def plain(text: str, *, limit: int = 0) -> str:
    """`text` for a label that Streamlit reads as Markdown: as it is, on one line, cut to `limit` characters."""
    return shorten(text, limit=limit).translate(_MARKDOWN)


def shorten(text: str, *, limit: int = 0) -> str:
    """`text` on one line, cut to `limit` characters."""
    one_line = " ".join(text.split())
    return one_line[: limit - 1] + "…" if limit and len(one_line) > limit else one_line


def heading(title: str, lead: str = "") -> None:
    """The page's title and the sentence under it."""
    below = f'<p class="kg-lead">{escape(lead)}</p>' if lead else ""
    st.html(f'<h1 class="kg-title">{escape(title)}</h1>{below}')


def section(title: str) -> None:
    """A heading within the page."""
    st.html(f'<h2 class="kg-section">{escape(title)}</h2>')


def fact(head: str, relation: str, tail: str) -> None:
    """One fact, as a heading."""
    st.html(f'<p class="kg-fact" data-testid="fact">{escape(head)} <em>— {escape(relation)} →</em> {escape(tail)}</p>')


def note(text: str) -> None:
    """A quiet remark."""
    st.html(f'<p class="kg-note">{escape(text)}</p>')


def cards(items: list[tuple[str, str, str]]) -> None:
    """A row of (number, what it counts, what that means)."""
    cells = "".join(
        f'<div class="kg-card"><b>{escape(number)}</b><span>{escape(label)}</span><small>{escape(help_)}</small></div>'
        for number, label, help_ in items
    )
    st.html(f'<div class="kg-cards">{cells}</div>')


def type_label(entity_type: str) -> str:
    """The type's name in the current language; an ontology's type as it is."""
    try:
        return t(f"type.{entity_type}")
    except KeyError:
        return entity_type


def chip(text: str, *, color: str = "", warn: bool = False) -> str:
    """A small label, as HTML."""
    dot = f'<i style="background:{color}"></i>' if color else ""
    return f'<span class="kg-chip{" kg-warn" if warn else ""}">{dot}{escape(text)}</span>'


def type_chip(entity_type: str) -> str:
    """The type as a label with its colour, as HTML."""
    return chip(type_label(entity_type), color=type_color(entity_type))
