"""What is configured and where that comes from, and the health of what is used: store, models, packages, disks."""

from __future__ import annotations

import os
import platform
from html import escape

import streamlit as st

from kg_builder.config import SECRETS, Origin, Settings, load_settings, settings_with_origins
from kg_builder.errors import ConfigError, StoreError
from ui import connecting, data, health
from ui.amounts import size
from ui.checking import check
from ui.session import current_language, follow, publish, t
from ui.style import cards, chip, heading, note, section
from ui.views.no_data import connect_expander
from ui.words.settings_help import HELP_ZH
from ui.workspace import allowed_roots, read_only, workspace

__all__ = ["render"]


def render() -> None:
    """Draw the page. Its address holds what the settings are searched for, and whether all are shown."""
    heading(t("page.settings"), t("settings.lead"))
    try:
        origins = settings_with_origins({"store": connecting.current_uri()})
        settings = load_settings({"store": connecting.current_uri()})
    except ConfigError as exc:
        st.error(t("settings.wrong"), icon=":material/block:")
        st.code(str(exc), language=None, wrap_lines=True)
        return
    _store()
    check()
    connect_expander()
    _models()
    _server(settings)
    _settings(origins)
    _versions()


def _store() -> None:
    section(t("settings.store"))
    try:
        store, counts = data.store(), data.counts()
    except StoreError as exc:
        word = t("store.none") if connecting.is_missing() else t("store.silent")
        st.html(f"<p>{chip(word, warn=True)}{escape(connecting.current_uri())}</p>")
        if not connecting.is_missing():
            st.code(str(exc), language=None, wrap_lines=True)
        return
    state = ", ".join(f"{n:,} {t(f'state.{name}')}" for name, n in counts.documents_by_state.items())
    cards(
        [
            (t("settings.store.answers"), store.server, store.uri),
            (f"{counts.documents:,}", t("overview.documents"), state),
            (f"{counts.edges:,}", t("overview.edges"), t("overview.edges.help")),
        ]
    )


def _models() -> None:
    section(t("settings.models"))
    shown = [
        (
            size(model.bytes) if model.there else t("settings.models.missing"),
            t(f"settings.model.{model.name}"),
            t(f"settings.model.{model.name}.help"),
        )
        for model in health.models()
    ]
    cards(shown)


def _server(settings: Settings) -> None:
    section(t("settings.server"))
    yes, no = t("settings.yes"), t("settings.no")
    rows = [
        (t("settings.server.workspace"), str(workspace())),
        (t("settings.server.roots"), ", ".join(map(str, allowed_roots()))),
        (t("settings.server.readonly"), yes if read_only() else no),
        (t("settings.server.writes"), yes if data.writes_allowed() else no),
        (t("settings.server.password"), yes if os.environ.get("KGUI_PASSWORD") else no),
        (t("settings.server.upload"), f"{st.get_option('server.maxUploadSize')} MB"),
    ]
    for disk in health.disks(settings, connecting.current_uri()):
        free = t("settings.disk.free", free=size(disk.free), total=size(disk.total))
        rows.append((t(f"settings.disk.{disk.what}"), f"{disk.path} · {free}"))
    body = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows)
    st.html(f'<table class="kg-table"><tbody>{body}</tbody></table>')


def _settings(origins: list[Origin]) -> None:
    section(t("settings.settings"))
    note(t("settings.settings.how"))
    follow("settings-find", "q", lambda values: values[0] if values else "")
    follow("settings-set", "set", lambda values: values == ("1",))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        text = st.text_input(
            t("settings.find"), key="settings-find", icon=":material/search:", live="250ms", width=320
        ).strip()
        only_set = st.toggle(t("settings.only"), key="settings-set")
    publish("settings-find", "q", text)
    publish("settings-set", "set", "1" if only_set else "")
    wanted = [
        each
        for each in origins
        if text.casefold() in f"{each.name} {_help(each)}".casefold() and not (only_set and each.source == "default")
    ]
    secrets = [name for name in SECRETS if text.casefold() in name.casefold()]
    if not wanted and not secrets:
        note(t("settings.none"))
        return
    rows = "".join(map(_setting, wanted)) + "".join(map(_secret, secrets))
    st.html(f'<dl class="kg-settings" data-testid="settings">{rows}</dl>')


def _setting(origin: Origin) -> str:
    value = str(origin.value) if origin.value != "" else "—"
    place = t("settings.from.server") if origin.name == "store" else origin.place or t("settings.from.default")
    return (
        f"<div><dt><code>{escape(origin.name)}</code></dt>"
        f"<dd><b>{escape(value)}</b> {chip(place, warn=origin.source != 'default')}"
        f"<small>{escape(_help(origin))}</small></dd></div>"
    )


def _help(origin: Origin) -> str:
    """What a setting is, in the current language."""
    return HELP_ZH[origin.name] if current_language() == "zh" else origin.help.replace("`", "")


def _secret(name: str) -> str:
    word = t("settings.secret.set") if os.environ.get(name) else t("settings.secret.unset")
    return f"<div><dt><code>{escape(name)}</code></dt><dd><b>{escape(word)}</b></dd></div>"


def _versions() -> None:
    section(t("settings.versions"))
    found = {"Python": platform.python_version(), **health.versions()}
    there = "".join(chip(f"{name} {number}") for name, number in found.items() if number)
    lacking = "".join(chip(name) for name, number in found.items() if not number)
    st.html(f"<p>{there}</p>")
    if lacking:
        note(t("settings.versions.lacking"))
        st.html(f"<p>{lacking}</p>")
