"""Who may see anything: with ``KGUI_PASSWORD`` set, those who know it.

Whoever gave it is known for one browser session, in the server's memory: no cookie, nothing in an address or a log. A
reloaded page asks again.
"""

from __future__ import annotations

import hmac
import os
import threading
import time
from hashlib import sha256

import streamlit as st

from ui.session import t
from ui.style import heading

__all__ = ["admitted", "ask", "logout_button"]

_FORGIVEN_S = 900.0
_LONGEST_S = 30.0
_KEPT = 10_000


class _Attempts:
    """Wrong passwords by network address: each makes the next answer come later, and answers come one at a time."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._failed: dict[str, tuple[int, float]] = {}

    def is_right(self, given: str, wanted: str, address: str) -> bool:
        """Whether the password is right; takes its time where it is not."""
        with self._guard:
            if len(self._locks) > _KEPT:
                self._locks.clear()
                self._failed.clear()
            lock = self._locks.setdefault(address, threading.Lock())
        with lock:
            if hmac.compare_digest(_digest(given), _digest(wanted)):
                self._failed.pop(address, None)
                return True
            count, last = self._failed.get(address, (0, 0.0))
            count = count + 1 if time.monotonic() - last < _FORGIVEN_S else 1
            self._failed[address] = count, time.monotonic()
            time.sleep(min(2.0 ** (count - 1), _LONGEST_S))
            return False


def _digest(text: str) -> bytes:
    """Of one length for all texts, so that comparing takes the same time for each."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


_attempts = _Attempts()


def admitted() -> bool:
    """Whether this session may see the interface."""
    return not os.environ.get("KGUI_PASSWORD") or bool(st.session_state.get("_admitted"))


def ask() -> None:
    """Ask for the password, and for nothing else."""
    wanted = os.environ["KGUI_PASSWORD"]
    with st.container(key="gate"):
        heading(t("app.title"), t("gate.lead"))
        with st.form("gate-form", border=False, clear_on_submit=True):
            given = st.text_input(
                t("gate.password"), type="password", autocomplete="current-password", key="gate-given"
            )
            asked = st.form_submit_button(t("gate.enter"), type="primary", icon=":material/login:")
        if asked:
            if _attempts.is_right(given, wanted, st.context.ip_address or "here"):
                st.session_state["_admitted"] = True
                st.rerun()
            st.error(t("gate.wrong"), icon=":material/block:")


def logout_button() -> None:
    """In the side bar, where there is a password."""
    if os.environ.get("KGUI_PASSWORD") and st.sidebar.button(
        t("gate.leave"), icon=":material/logout:", type="tertiary"
    ):
        st.session_state.clear()
        st.rerun()
