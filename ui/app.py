"""The browser interface's entry: the frame around every page. `ui.serve` starts it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from kg_builder.errors import ConfigError, StoreError
from ui.gate import admitted, ask, logout_button
from ui.i18n import LANGUAGES, language_of
from ui.links import follow_links, open_linked
from ui.pages import make_pages
from ui.session import current_language, follow, read, set_language, t, write_language
from ui.style import apply_style
from ui.views import (
    documents,
    evidence,
    explore,
    ingest,
    overview,
    playground,
    query,
    review,
    settings,
    training,
)
from ui.views.no_data import forget_trouble, render_misconfigured, render_missing, render_sidebar

_HERE = Path(__file__).parent
_SIDEBAR_PX = 236


def main() -> None:
    """Draw the frame, then the page."""
    st.set_page_config(
        page_title=t("app.title"),
        page_icon=str(_HERE / "icon.svg"),
        layout="wide",
        initial_sidebar_state=_SIDEBAR_PX,
        menu_items={"Get help": None, "Report a bug": None, "About": t("app.about")},
    )
    apply_style()
    st.logo(str(_HERE / "logo.svg"), icon_image=str(_HERE / "icon.svg"))
    language_switch()
    page = st.navigation(
        make_pages(
            {
                "overview": overview.render,
                "ingest": ingest.render,
                "explore": explore.render,
                "evidence": evidence.render,
                "documents": documents.render,
                "query": query.render,
                "review": review.render,
                "playground": playground.render,
                "training": training.render,
                "settings": settings.render,
            }
        ),
        position="sidebar" if admitted() else "hidden",
    )
    if not admitted():
        ask()
        return
    render_sidebar()
    logout_button()
    try:
        open_linked()
        page.run()
        follow_links()
    except StoreError as exc:
        render_missing(exc)
    except ConfigError as exc:
        render_misconfigured(exc)
    else:
        forget_trouble()


def language_switch() -> None:
    """English or Chinese, for the session and in the address."""
    asked = language_of(read("lang"))
    if asked:
        set_language(asked)
    write_language()
    current = current_language()
    follow("language", "lang", lambda _: current)
    chosen = st.sidebar.segmented_control(
        t("app.language"), list(LANGUAGES), format_func=LANGUAGES.__getitem__, key="language", required=True
    )
    if chosen != current:
        set_language(chosen)
        write_language()
        st.rerun()


main()
