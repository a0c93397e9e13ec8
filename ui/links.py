"""Links inside texts: as HTML, they are real addresses; on a click, the session goes there without starting anew."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args
from urllib.parse import parse_qs, urlencode, urlsplit

import streamlit as st

from ui.pages import PageName, go
from ui.session import address, write

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

__all__ = [
    "copy_button",
    "follow_links",
    "here",
    "link_html",
    "open_linked",
    "rows_html",
    "scroll_to",
    "step_html",
    "there",
]

_JS = Path(__file__).with_name("links.js").read_text(encoding="utf-8")
_KEY = "kg-links"
_LONGEST = 4000
_MOST_FIELDS = 40


@functools.cache
def _component() -> ComponentRenderer:
    return st.components.v2.component("kg-links", js=_JS)


def there(page: PageName, **params: str) -> str:
    """The address of another page with these parameters."""
    return f"{page}?{urlencode({name: value for name, value in params.items() if value})}"


def here(**params: str) -> str:
    """The address of this page with these parameters besides those it has; an empty one takes that away."""
    kept = {name: values for name, values in address().items() if name not in params}
    given = {name: [value] for name, value in params.items() if value}
    return f"?{urlencode({**kept, **given}, doseq=True)}"


def link_html(
    address: str, inner: str, *, classes: str = "", title: str = "", current: bool = False, at: str = ""
) -> str:
    """A link to an address of `there` or `here`. ``inner`` is HTML, everything else is escaped."""
    about = f' title="{escape(title)}"' if title else ""
    about += f' class="{escape(classes)}"' if classes else ""
    about += ' aria-current="true"' if current else ""
    about += f' data-kg-at="{escape(at)}"' if at else ""
    return f'<a data-kg-go="1" href="{escape(address)}"{about}>{inner}</a>'


def step_html(inner: str, *, classes: str = "", **params: str) -> str:
    """A link that changes some values of this page's address, as it is when it is clicked. ``inner`` is HTML."""
    change = f"&{urlencode(params)}"
    about = f' class="{escape(classes)}"' if classes else ""
    return f'<a data-kg-go="{escape(change)}" href="{escape(here(**params))}"{about}>{inner}</a>'


def rows_html(links: Iterable[str]) -> str:
    """Links of `link_html` or `step_html`, one to a line."""
    return f'<nav class="kg-rows">{"".join(links)}</nav>'


def copy_button(label: str, text: str, *, copied: str) -> str:
    """A button that puts `text` on the clipboard, as HTML."""
    return (
        f'<button type="button" class="kg-copy" data-kg-copy="{escape(text)}" data-kg-copied="{escape(copied)}">'
        f"{escape(label)}</button>"
    )


def scroll_to(at: str, *, stamp: str = "") -> None:
    """Have the page scroll to the element whose place is ``at``: once for each ``stamp``, and again after a click."""
    st.session_state["_scroll_to"] = (at, stamp)


def open_linked() -> None:
    """Go where a link was clicked to; before the page is drawn."""
    wanted = st.session_state.pop("_linked", None)
    if wanted is not None:
        page, params = wanted
        go(page, **params)


def follow_links() -> None:
    """Have the links and copy buttons on this page work; after the page is drawn."""
    at, stamp = st.session_state.pop("_scroll_to", ("", ""))
    clicks = st.session_state.get("_links_clicked", 0)
    _component()(key=_KEY, data={"at": at, "stamp": f"{stamp} {clicks}"}, on_go_change=_clicked)


def _clicked() -> None:
    """Go where a link leads, if it is one of ours."""
    wanted = getattr(st.session_state.get(_KEY), "go", None)
    if not isinstance(wanted, str) or len(wanted) > _LONGEST:
        return
    try:
        if wanted.startswith("&"):
            change = parse_qs(wanted[1:], keep_blank_values=True, max_num_fields=_MOST_FIELDS)
            write(**{name: values[-1] for name, values in change.items()})
            return
        parts = urlsplit(wanted)
        params = parse_qs(parts.query, max_num_fields=_MOST_FIELDS)
    except ValueError:  # no address of ours
        return
    if parts.scheme or parts.netloc:
        return
    st.session_state["_links_clicked"] = st.session_state.get("_links_clicked", 0) + 1
    if not parts.path:
        gone: dict[str, tuple[str, ...]] = {name: () for name in address() if name not in (*params, "lang")}
        write(**gone, **{name: tuple(values) for name, values in params.items()})
    elif parts.path in get_args(PageName):
        st.session_state["_linked"] = (cast(PageName, parts.path), {name: each[0] for name, each in params.items()})
