"""What a person chooses on the playground, in the address as well: everything but the text and a pasted ontology."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

import streamlit as st

from kg_builder.config import Settings
from kg_builder.extract import EXTRACTORS
from kg_builder.prompt import extraction_prompt
from ui.session import current_language, follow, number, publish, t
from ui.style import note
from ui.trial_choice import Choice, kept_ontology, known_ontologies
from ui.workspace import read_only

__all__ = ["Form", "choose"]

_MOST_SECONDS, _MOST_TOKENS, _MOST_PROMPT = 600, 8192, 2000
_DEFAULT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Form:
    """The choices, one or two, and how long they may take."""

    choices: tuple[Choice, ...]
    timeout_s: float


def choose(settings: Settings) -> Form | None:
    """Draw the widgets; None, with a message on the page, where they hold what cannot be."""
    usual = settings.extractor if settings.extractor in EXTRACTORS else EXTRACTORS[0]
    first = _one_of("playground.first", "first", EXTRACTORS, usual)
    choices = [_side("", first, settings)]
    second = _one_of("playground.second", "second", ("", *EXTRACTORS), "")
    if second:
        choices.append(_side("2", second, settings))
    asked = [each for each in (first, second) if each in ("llm", "endpoint")]
    if "endpoint" in asked:
        note(t("playground.key"))
    if "llm" in asked:
        note(t("playground.llm.note"))
    with st.expander(t("playground.more")):
        ontology, mode = _ontology(settings)
        instruction = _prompt(settings) if asked else settings.instruction
        follow("play-seconds", "seconds", lambda v: int(_in(v, _DEFAULT_SECONDS, 1, _MOST_SECONDS)))
        seconds = st.number_input(
            t("playground.seconds"), 1, _MOST_SECONDS, _now("play-seconds"), key="play-seconds", width=180
        )
        publish("play-seconds", "seconds", str(seconds) if seconds != _DEFAULT_SECONDS else "")
    if any(_has_secret(choice.base_url) for choice in choices):
        st.error(t("playground.url.secret"), icon=":material/key_off:")
        return None
    shared = [
        replace(each, ontology=ontology, ontology_mode=mode, instruction=instruction if _asks(each) else "")
        for each in choices
    ]
    return Form(tuple(shared), float(seconds))


def _side(suffix: str, extractor: str, settings: Settings) -> Choice:
    """What one extractor needs to know."""
    if extractor == "open_ie":
        return Choice()
    same = extractor == settings.extractor
    choice = Choice(extractor, max_new_tokens=settings.max_new_tokens, constrained=settings.constrained)
    with st.container(border=True, gap="small"):
        if extractor == "llm":
            model = _text("playground.model", f"model{suffix}", settings.model if same else "", help_=True)
            adapter = _text("playground.adapter", f"adapter{suffix}", settings.adapter if same else "")
            choice = replace(choice, model=model, adapter=adapter)
        else:
            usual = settings.base_url
            url = _text("playground.url", f"url{suffix}", usual, placeholder="http://localhost:8000/v1")
            model = _text("playground.model.there", f"model{suffix}", settings.model if same else "")
            choice = replace(choice, base_url=url, model=model)
        key, name = f"play-free{suffix}", f"free{suffix}"
        follow(key, name, lambda v: v[0] != "1" if v else settings.constrained)
        constrained = st.toggle(t("playground.constrained"), _now(key), key=key)
        publish(key, name, "" if constrained == settings.constrained else "0" if constrained else "1")
        key, name = f"play-tokens{suffix}", f"tokens{suffix}"
        follow(key, name, lambda v: int(_in(v, settings.max_new_tokens, 1, _MOST_TOKENS)))
        tokens = st.number_input(t("playground.tokens"), 1, _MOST_TOKENS, _now(key), key=key, width=180)
        publish(key, name, str(tokens) if tokens != settings.max_new_tokens else "")
    return replace(choice, constrained=constrained, max_new_tokens=int(tokens))


def _ontology(settings: Settings) -> tuple[str, Literal["strict", "open"]]:
    follow("play-ontology", "ontology", lambda v: v[0] if v else settings.ontology or None)
    known = _known_ontologies()
    now = _now("play-ontology")
    options = list(dict.fromkeys([*filter(None, (now, settings.ontology)), *known]))
    chosen = st.selectbox(
        t("playground.ontology"),
        options,
        options.index(now) if now else None,
        key="play-ontology",
        accept_new_options=True,
        placeholder=t("playground.ontology.hint"),
    )
    publish("play-ontology", "ontology", chosen if chosen and chosen != settings.ontology else "")
    pasted = ""
    if not read_only():  # what is pasted is kept in the workspace
        pasted = st.text_area(
            t("playground.pasted"), key="play-pasted", height=120, placeholder='[relations.founded_by]\naliases = ["…"]'
        )
    path = str(kept_ontology(pasted)) if pasted.strip() else chosen or ""
    follow("play-mode", "mode", lambda v: "open" if v == ("open",) else "strict")
    mode: Literal["strict", "open"] = st.session_state["play-mode"]
    if path:
        mode = st.segmented_control(
            t("playground.mode"),
            ["strict", "open"],
            format_func=lambda each: t(f"playground.mode.{each}"),
            key="play-mode",
            default=st.session_state["play-mode"],
            required=True,
        )
        publish("play-mode", "mode", "open" if mode == "open" else "")
    return path, mode


@st.cache_data(ttl=20, show_spinner=False)  # type: ignore[untyped-decorator]
def _known_ontologies() -> list[str]:
    return known_ontologies()


def _prompt(settings: Settings) -> str:
    follow("play-prompt", "prompt", lambda v: v[0] if v else settings.instruction)
    said: str = st.text_area(
        t("playground.prompt"),
        _now("play-prompt"),
        key="play-prompt",
        height=120,
        max_chars=_MOST_PROMPT,
        placeholder=extraction_prompt("zh" if current_language() == "zh" else "en"),
    )
    publish("play-prompt", "prompt", said if said != settings.instruction else "")
    return said.strip()


def _one_of(label: str, name: str, options: tuple[str, ...], usual: str) -> str:
    key = f"play-{name}"
    follow(key, name, lambda v: v[0] if v and v[0] in options else usual)
    chosen: str = st.selectbox(t(label), options, options.index(_now(key)), key=key, format_func=_named)
    publish(key, name, chosen if chosen != usual else "")
    return chosen


def _text(label: str, name: str, usual: str, *, placeholder: str = "", help_: bool = False) -> str:
    key = f"play-{name}"
    follow(key, name, lambda v: v[0] if v else usual)
    hint = t("playground.model.help") if help_ else None
    said: str = st.text_input(t(label), _now(key), key=key, placeholder=placeholder, help=hint).strip()
    publish(key, name, said if said != usual and not _has_secret(said) else "")
    return said


def _now(key: str) -> Any:
    """A widget's value as its default, too: a run of the page that is cut short by the next one loses what it set."""
    return st.session_state[key]


def _named(extractor: str) -> str:
    return t(f"playground.extractor.{extractor}") if extractor else t("playground.none")


def _asks(choice: Choice) -> bool:
    return choice.extractor in ("llm", "endpoint")


def _has_secret(url: str) -> bool:
    """Whether an address holds what may be a password: such a one is neither used nor shown again."""
    try:
        parts = urlsplit(url)
        return "://" in url and bool(parts.username or parts.password or parts.query)
    except ValueError:
        return False


def _in(values: tuple[str, ...], usual: float, low: float, high: float) -> float:
    return number(values[0], usual, low=low, high=high) if values else usual
