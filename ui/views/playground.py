"""A text, an extractor or two, and what they find: nothing of it touches the graph."""

from __future__ import annotations

import streamlit as st

from kg_builder.config import Settings, load_settings
from kg_builder.errors import KGError
from ui.session import t
from ui.style import heading, note
from ui.trial import Attempt, Experiment
from ui.trial_choice import environment_of, recipe_for, same_command
from ui.trial_form import Form, choose
from ui.trial_result import show_experiment
from ui.trial_samples import SAMPLES

__all__ = ["render"]

_MOST_CHARACTERS = 20_000
_TEXT, _KEPT, _TAKEN = "play-text", "_play_text", "_play_taken"
_EXPERIMENT, _PRESSED = "_play_experiment", "_play_pressed"


def render() -> None:
    """Draw the page. Its address holds what was chosen, never the text; only the button asks anybody anything."""
    heading(t("page.playground"), t("playground.lead"))
    try:
        settings = load_settings()
    except KGError as exc:
        st.error(t("playground.state.failed"), icon=":material/error:")
        st.code(str(exc), language=None, wrap_lines=True)
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        text = _text()
    with right:
        form = choose(settings)
    with left:
        _run_button(text, form, settings)
    experiment: Experiment | None = st.session_state.get(_EXPERIMENT)
    if experiment is None:
        note(t("playground.empty"))
        return
    show_experiment(experiment)


def _text() -> str:
    """The text; it stays while other pages are looked at."""
    # A box of its own for each sample: a message of the browser that was under way when the sample was taken brings
    # along what the box of before held.
    key = f"{_TEXT}-{st.session_state.setdefault(_TAKEN, 0)}"
    if key not in st.session_state:
        st.session_state[key] = st.session_state.get(_KEPT, "")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="examples"):
        for name, sample in SAMPLES.items():
            st.button(t(f"playground.sample.{name}"), key=f"play-sample-{name}", on_click=_take, args=(sample,))
    text: str = st.text_area(
        t("playground.text"),
        st.session_state[key],  # as its default, too: see `ui.trial_form`
        key=key,
        height=220,
        placeholder=t("playground.text.hint"),
    )
    st.session_state[_KEPT] = text
    return text


def _take(sample: str) -> None:
    st.session_state[_KEPT] = sample
    st.session_state[_TAKEN] += 1


def _run_button(text: str, form: Form | None, settings: Settings) -> None:
    if len(text) > _MOST_CHARACTERS:
        st.error(t("playground.toolong", n=f"{len(text):,}", limit=f"{_MOST_CHARACTERS:,}"), icon=":material/cut:")
    usable = form is not None and len(text) <= _MOST_CHARACTERS
    # Kept until it is done: a run of the page that is cut short by the next one forgets that the button was pressed.
    st.button(
        t("playground.run"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=not usable,
        on_click=st.session_state.__setitem__,
        args=(_PRESSED, True),
    )
    if form is None:
        return
    with st.expander(t("playground.command")):
        st.code(same_command(*form.choices), language="bash", wrap_lines=True)
    if st.session_state.pop(_PRESSED, False) and usable and text.strip():
        _start(text, form, settings)


def _start(text: str, form: Form, settings: Settings) -> None:
    before: Experiment | None = st.session_state.get(_EXPERIMENT)
    if before is not None:
        before.stop()
    try:
        attempts = [Attempt(recipe_for(each, settings), environment_of(each, settings)) for each in form.choices]
    except KGError as exc:
        st.session_state.pop(_EXPERIMENT, None)
        st.error(t("playground.state.failed"), icon=":material/error:")
        st.code(str(exc), language=None, wrap_lines=True)
        return
    experiment = Experiment(text, attempts)
    experiment.start(form.timeout_s)
    st.session_state[_EXPERIMENT] = experiment
