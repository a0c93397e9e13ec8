"""The address: what the session wrote stays, what a person asked for is taken over."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

import ui.session


def page() -> None:
    import streamlit as st

    from ui.session import read, write

    if st.session_state.pop("wanted", ""):
        write(q="new", kept="")
    st.text(read("q"))


def shown(app: AppTest, **address: str) -> str:
    """What the page says when a message of the browser brings this address."""
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return str(app.text[0].value)


@pytest.fixture
def app() -> AppTest:
    app = AppTest.from_function(page, default_timeout=60)
    assert shown(app, q="old", kept="1") == "old"
    app.session_state["wanted"] = "yes"
    assert shown(app) == "new"
    return app


def test_a_message_under_way_brings_no_older_address_back(app: AppTest) -> None:
    assert shown(app, q="old", kept="1") == "new"
    assert app.query_params == {"q": "new"}
    assert shown(app) == "new"


def test_an_address_of_a_person_is_taken_over(app: AppTest) -> None:
    assert shown(app, q="other") == "other"


def test_after_a_while_an_older_address_is_a_persons_wish(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui.session, "_UNDER_WAY_S", 0.0)
    assert shown(app, q="old", kept="1") == "old"
