"""The query page's state in one session: what is in the editor, what was asked, and what became of it."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from kg_builder.query import parse_parameters
from kg_builder.store.records import QueryResult
from ui import data
from ui.query_book import QueryBook
from ui.query_runs import Ask, QueryRun
from ui.session import number, read, write

__all__ = [
    "MAX_ROWS",
    "MAX_TIMEOUT_S",
    "ROWS",
    "TIMEOUT_S",
    "Desk",
    "asked",
    "book",
    "desk",
    "parameter_names",
    "parameter_shown",
    "parameter_typed",
    "parameters_in",
]

ROWS, MAX_ROWS = 500, 10_000
TIMEOUT_S, MAX_TIMEOUT_S = 30, 120
MODES = ("run", "explain", "profile")
_MOST_PARAMETERS = 20
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_PARAMETER = re.compile(r"\$([^\W\d]\w*)")


@dataclass
class Desk:
    """``revision`` counts how often the page itself put a text into the editor. ``asked`` is what the address asked for
    when it was last looked at, ``wanted`` the mode of a run that somebody has just asked for.

    ``params`` is the JSON of the parameters, which can be typed in two places: as a whole, and one by one. Each place
    is drawn anew, under a new key, when the other one or the page has changed them: a value set under the old key would
    take away what is being typed, or be taken back by a message under way.
    """

    text: str = ""
    revision: int = 0
    params: str = ""
    whole_revision: int = 0
    parts_revision: int = 0
    wanted: str = ""
    seen: tuple[str, str] = ("", "")
    asked: Ask | None = None
    run: QueryRun | None = None
    again: bool = False

    def put(self, text: str) -> None:
        """Have the editor show `text`."""
        self.text = text
        self.revision += 1

    def put_params(self, params: str) -> None:
        """Have both places of parameters show `params`."""
        if params != self.params:
            self.params = params
            self.whole_revision += 1
            self.parts_revision += 1

    def follow_address(self) -> None:
        """Show the address's statement where the address changed by itself: a link, the back button."""
        there = read("cypher"), read("params")
        cypher, params = there
        if there != self.seen:
            if cypher and cypher != self.text.strip():
                self.put(cypher)
            self.put_params(params)
        self.seen = there

    def ask(self, mode: str) -> None:
        """Put what is in the editor into the address: it runs from there, so that a link runs it again."""
        state = st.session_state
        rows, seconds = state.get("rows", ROWS), state.get("seconds", TIMEOUT_S)
        self.seen = cypher, params = self.text.strip(), self.params.strip()
        self.again = True
        write(
            cypher=cypher,
            params=params,
            rows=str(rows) if rows != ROWS else "",
            seconds=str(seconds) if seconds != TIMEOUT_S else "",
            mode=mode if mode != "run" else "",
        )

    def start(self, what: Ask, parameters: dict[str, Any]) -> None:
        """Begin a run that reads, in place of any other."""
        store, version, noting = data.store(), data.version(), _noting()
        plan = None if what.mode == "run" else what.mode

        def work(cancel: threading.Event) -> QueryResult:
            return store.query(
                what.cypher,
                parameters,
                max_rows=what.max_rows,
                timeout_s=what.timeout_s,
                plan=plan,  # type: ignore[arg-type]
                cancel=cancel,
            )

        self._begin(QueryRun(what, work, version, on_end=noting))

    def start_writing(self, what: Ask, parameters: dict[str, Any]) -> None:
        """Begin a run that may write: on a click alone, an address never writes."""
        store, noting = data.writable_store(), _noting()

        def work(_cancel: threading.Event) -> QueryResult:
            return store.execute(what.cypher, parameters, max_rows=what.max_rows, timeout_s=what.timeout_s)

        self._begin(QueryRun(what, work, writing=True, on_end=noting))

    def _begin(self, run: QueryRun) -> None:
        if self.run is not None:
            self.run.stop()
        self.run = run.start()


def _noting() -> Callable[[QueryRun], None]:
    """What notes a run in the history as it ends and, where it wrote, has the graph be looked at anew."""
    kept = book()

    def note(run: QueryRun) -> None:
        if run.writing:
            st.cache_data.clear()
        if run.what.mode != "run":
            return
        rows = len(run.result.rows) if run.result is not None else 0
        outcome = run.became if run.became in ("rows", "stopped") else "failed"
        with contextlib.suppress(OSError):  # a full disk takes nothing from the answer
            kept.ran(run.what.cypher, run.what.params, outcome=outcome, rows=rows, seconds=run.seconds)

    return note


def desk() -> Desk:
    """This session's desk."""
    found = st.session_state.get("_desk")
    if not isinstance(found, Desk):
        found = st.session_state["_desk"] = Desk()
    return found


def book() -> QueryBook:
    """History and saved statements of the store."""
    return QueryBook(data.store().uri)


def asked() -> Ask | None:
    """What the address asks for; None for nothing."""
    cypher = read("cypher").strip()
    if not cypher:
        return None
    mode = read("mode")
    return Ask(
        cypher,
        read("params"),
        int(number(read("rows"), ROWS, low=1, high=MAX_ROWS)),
        number(read("seconds"), TIMEOUT_S, low=1, high=MAX_TIMEOUT_S),
        mode if mode in MODES else "run",
    )


def parameter_names(cypher: str) -> list[str]:
    """The parameters that a statement uses, in order."""
    found = _PARAMETER.findall(_LITERAL.sub(" ", cypher))
    return list(dict.fromkeys(found))[:_MOST_PARAMETERS]


def parameters_in(text: str) -> dict[str, Any]:
    """The JSON object in `text`.

    Raises:
        ValueError: when it is something else.
    """
    if not text.strip():
        return {}
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(type(value).__name__)
    return value


def parameter_shown(value: Any) -> str:
    """A parameter's value as somebody would type it: text as it is, unless that reads as something else."""
    if isinstance(value, str) and parse_parameters([f"p={value}"])["p"] == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def parameter_typed(text: str) -> Any:
    """The value of what was typed: JSON where it reads as that, text otherwise."""
    return parse_parameters([f"p={text}"])["p"]
