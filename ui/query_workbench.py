"""The upper half of the query page: examples, the editor, parameters, limits, history and saved statements."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from ui import data
from ui.editor import EditorEvent, Mistake, cypher_editor
from ui.query_book import LONGEST_NAME, RanQuery, SavedQuery
from ui.query_desk import (
    MAX_ROWS,
    MAX_TIMEOUT_S,
    ROWS,
    TIMEOUT_S,
    Desk,
    book,
    desk,
    parameter_names,
    parameter_shown,
    parameter_typed,
    parameters_in,
)
from ui.query_examples import EXAMPLES, Example, pattern_examples
from ui.query_runs import Ask
from ui.query_schema import patterns, schema
from ui.session import follow, number, t
from ui.style import note, plain
from ui.workspace import read_only

__all__ = ["workbench"]

_PATTERNS = 3
_NAMED = 60  # characters of a statement in a list


@st.fragment  # type: ignore[untyped-decorator]
def workbench() -> None:
    """Draw it. Typing runs this alone; running a statement, the whole page."""
    at = desk()
    _examples()
    words = schema() | {"parameters": sorted(_parameters())}
    cypher_editor(
        at.text, revision=at.revision, schema=words, mistake=_mistake(at), key="cypher-editor", on_event=_told
    )
    _parameter_inputs(at)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="query-shelf"):
        _saved()
        _history()
        with st.popover(t("query.options"), icon=":material/tune:"):
            _options()
        if may_write():
            st.toggle(t("query.write"), key="may-write")
    if at.wanted:
        _run(at)
        st.rerun(scope="app")


def may_write() -> bool:
    """Whether this page may offer to write."""
    return data.writes_allowed() and not read_only()


def _mistake(at: Desk) -> Mistake | None:
    """Where the last run's mistake is."""
    run = at.run
    position = getattr(run.error, "position", None) if run is not None and run.state == "failed" else None
    if run is None or position is None:
        return None
    line, column = position
    return Mistake(run.what.cypher, line, column, stamp=str(id(run)))


def _told(event: EditorEvent) -> None:
    at = desk()
    at.text = event.text
    if event.kind != "edit" and event.text.strip():
        at.wanted = event.kind


def _run(at: Desk) -> None:
    """Do what was asked for: not where it is heard of, as a parameter typed before may be heard of after."""
    mode, at.wanted, state = at.wanted, "", st.session_state
    if not (mode == "run" and may_write() and state.get("may-write")):
        at.ask(mode)
        return
    try:
        values = parameters_in(at.params)
    except ValueError:
        at.ask(mode)  # the page says what is wrong with them
        return
    what = Ask(at.text.strip(), at.params, state.get("rows", ROWS), state.get("seconds", TIMEOUT_S))
    at.start_writing(what, values)


# ---------------------------------------------------------------- examples
def _examples() -> None:
    note(t("query.examples"))
    types = {name for name, _ in data.types()}
    with st.container(horizontal=True, gap="small", key="examples"):
        for index, example in enumerate(EXAMPLES):
            if not example.needs or example.needs in types:
                st.button(t(example.title), key=f"example-{index}", on_click=_take_example, args=(example,))
        for index, (title, cypher) in enumerate(pattern_examples(patterns(), _PATTERNS)):
            st.button(
                plain(title, limit=60), key=f"pattern-{index}", on_click=_take, args=(cypher, ""), kwargs={"run": True}
            )


def _take_example(example: Example) -> None:
    params = ""
    if example.parameter:
        top = data.top_entities(1)
        params = json.dumps({example.parameter: top[0].name if top else ""}, ensure_ascii=False)
    _take(example.cypher, params, run=True)


def _take(cypher: str, params: str, *, run: bool = False) -> None:
    desk().put(cypher)
    desk().put_params(params)
    if run:
        desk().wanted = "run"


# ---------------------------------------------------------------- parameters and limits
def _parameters() -> dict[str, Any]:
    try:
        return parameters_in(desk().params)
    except ValueError:
        return {}


def _parameter_inputs(at: Desk) -> None:
    """An input for each parameter that the statement uses; all of them together are the JSON among the options."""
    names = parameter_names(at.text)
    if not names:
        return
    values = _parameters()
    with st.container(horizontal=True, gap="small", key="parameters"):
        for name in names:
            st.text_input(
                f"${name}",
                parameter_shown(values[name]) if name in values else "",
                key=(key := f"parameter-{at.parts_revision}-{name}"),
                width=220,
                on_change=_set_parameter,
                args=(name, key),
            )


def _set_parameter(name: str, key: str) -> None:
    at = desk()
    at.params = json.dumps(_parameters() | {name: parameter_typed(str(st.session_state[key]))}, ensure_ascii=False)
    at.whole_revision += 1


def _set_parameters(key: str) -> None:
    at = desk()
    at.params = str(st.session_state[key])
    at.parts_revision += 1


def _options() -> None:
    follow("rows", "rows", lambda values: int(number(values[0] if values else "", ROWS, low=1, high=MAX_ROWS)))
    follow(
        "seconds",
        "seconds",
        lambda values: int(number(values[0] if values else "", TIMEOUT_S, low=1, high=MAX_TIMEOUT_S)),
    )
    st.number_input(t("query.limit"), 1, MAX_ROWS, key="rows")
    st.number_input(t("query.timeout"), 1, MAX_TIMEOUT_S, key="seconds")
    at = desk()
    st.text_area(
        t("query.parameters"),
        at.params,
        key=(key := f"parameters-{at.whole_revision}"),
        placeholder='{"name": "Aster"}',
        height=100,
        on_change=_set_parameters,
        args=(key,),
    )


# ---------------------------------------------------------------- saved statements and history
def _saved() -> None:
    kept = {each.name: each for each in book().saved()}
    if kept:
        st.selectbox(
            t("query.saved"),
            list(kept),
            index=None,
            key="saved-query",
            placeholder=t("query.saved.pick"),
            on_change=_take_saved,
            width=230,
        )
    if read_only():
        return
    chosen = st.session_state.get("_saved_name", "")
    with st.popover(t("query.save"), icon=":material/bookmark_add:"):
        st.text_input(t("query.save.name"), key="save-name", max_chars=LONGEST_NAME)
        st.button(t("query.save.as"), type="primary", on_click=_save, width="stretch")
        if chosen in kept:
            shown = plain(chosen, limit=40)
            st.button(t("query.save.rename", name=shown), on_click=_save, args=(chosen,), width="stretch")
            st.button(
                t("query.save.delete", name=shown),
                icon=":material/delete:",
                on_click=_delete,
                args=(chosen,),
                width="stretch",
            )


def _take_saved() -> None:
    name = st.session_state["saved-query"]
    found = next((each for each in book().saved() if each.name == name), None)
    if found is not None:
        _take(found.cypher, found.params)
        st.session_state["_saved_name"] = st.session_state["save-name"] = found.name


def _save(replacing: str = "") -> None:
    name = " ".join(str(st.session_state.get("save-name", "")).split())
    text = desk().text.strip()
    if name and text:
        book().save(SavedQuery(name, text, desk().params.strip()), replacing=replacing)
        st.session_state["_saved_name"] = st.session_state["saved-query"] = name


def _delete(name: str) -> None:
    book().delete(name)
    st.session_state["_saved_name"] = st.session_state["save-name"] = ""
    st.session_state["saved-query"] = None


def _history() -> None:
    ran = book().history()
    if not ran:
        return
    st.selectbox(
        t("query.history"),
        range(len(ran)),
        index=None,
        key="query-history",
        format_func=lambda index: _line(ran[index]) if index < len(ran) else "",
        placeholder=t("query.history.pick"),
        on_change=_take_ran,
        args=(ran,),
        width=280,
    )
    if not read_only():
        st.button(t("query.history.clear"), icon=":material/delete_sweep:", on_click=_clear_history)


def _line(ran: RanQuery) -> str:
    """One statement of the history on one line: the list shows it as text."""
    words = " ".join(ran.cypher.split())
    shown = words if len(words) <= _NAMED else words[: _NAMED - 1] + "…"
    became = t("query.history.rows", n=ran.rows, seconds=f"{ran.seconds:.1f}") if ran.outcome == "rows" else ""
    if ran.outcome != "rows":
        became = t("query.history.stopped") if ran.outcome == "stopped" else t("query.history.failed")
    return f"{shown} · {became} · {_when(ran.at)}"


def _when(at: str) -> str:
    try:
        return datetime.fromisoformat(at).replace(tzinfo=UTC).astimezone().strftime("%m-%d %H:%M")
    except ValueError:
        return at


def _take_ran(ran: list[RanQuery]) -> None:
    index = st.session_state["query-history"]
    st.session_state["query-history"] = None
    if index is not None and index < len(ran):
        _take(ran[index].cypher, ran[index].params)


def _clear_history() -> None:
    book().clear_history()
