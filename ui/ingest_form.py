"""What is to be read and how: the fields of the ingest page, and the order that they make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from kg_builder.config import Settings, load_settings
from kg_builder.errors import ConfigError
from kg_builder.extract import EXTRACTORS
from ui import connecting, ingesting
from ui.ingesting import Order
from ui.places import allowed_path, model_named
from ui.session import t, write
from ui.style import note
from ui.switch import one_of
from ui.uploads import save_ontology, save_uploads
from ui.workspace import allowed_roots

__all__ = ["order_form"]

_WHAT = ("files", "folder", "samples")
_LEFT_TO_SETTINGS, _NONE, _PATH, _UPLOAD = "settings", "none", "path", "upload"
_ONLY_TOLD = ("key",)
"""What an extractor may well do without."""


def order_form() -> None:
    """Draw the fields with their buttons; starting puts the run, estimating the estimate, into the address."""
    try:
        settings = load_settings({"store": connecting.current_uri()})
    except ConfigError as exc:
        _wrong(exc)
        return
    what = one_of(t("ingest.what"), "what", _WHAT, lambda name: t(f"ingest.what.{name}"), labelled=True)
    if what == "files":
        st.file_uploader(t("ingest.drop"), accept_multiple_files=True, key="ingest-files")
        note(t("ingest.drop.kept"))
    elif what == "folder":
        roots = ", ".join(map(str, allowed_roots()))
        st.text_input(t("ingest.folder"), key="ingest-folder", placeholder=str(allowed_roots()[0]))
        note(t("ingest.folder.roots", roots=roots))
    else:
        note(t("ingest.samples.what"))
    with st.expander(t("ingest.options"), icon=":material/tune:"):
        ready = _options(settings)
    beside = True
    if ingesting.under_way(connecting.current_uri()):
        beside = st.checkbox(t("ingest.beside"), key="ingest-beside")
    arrived = what != "files" or bool(_dropped())  # a click while files are on their way would be about none of them
    missing = None if arrived else t("ingest.nothing")
    with st.container(horizontal=True, gap="small"):
        start = st.button(
            t("ingest.start"),
            type="primary",
            icon=":material/play_arrow:",
            disabled=not (ready and beside and arrived),
            help=missing,
            key="ingest-start",
        )
        estimate = st.button(
            t("ingest.estimate"),
            icon=":material/calculate:",
            disabled=not (ready and arrived),
            help=missing,
            key="ingest-estimate",
        )
    if not start and not estimate:
        return
    try:
        order = _order(what, settings)
        if start:
            title = ", ".join(each.name for each in _dropped()[:3]) if what == "files" else ""
            write(run=ingesting.start(order, title=title).id, estimate="", what="")
        else:
            write(estimate=ingesting.start_estimate(order).id)
    except (ConfigError, OSError) as exc:
        _wrong(exc)
        return
    st.rerun()


def _options(settings: Settings) -> bool:
    """The fields on extractor, ontology and workers; False where the extractor cannot run."""
    names = list(dict.fromkeys([settings.extractor, *EXTRACTORS]))
    extractor = st.selectbox(
        t("ingest.extractor"),
        names,
        format_func=lambda name: t(f"ingest.extractor.{name}") if name in EXTRACTORS else name,
        key="ingest-extractor",
    )
    model = ""
    if extractor in ("llm", "endpoint"):
        model = st.text_input(t("ingest.model"), key="ingest-model", placeholder=settings.model)
        if extractor == "llm":
            st.text_input(t("ingest.adapter"), key="ingest-adapter", placeholder=settings.adapter)
        elif settings.base_url:
            note(t("ingest.endpoint.at", url=settings.base_url))
    lacks = ingesting.lacking(extractor, model.strip(), settings)
    for lack in lacks:
        (st.info if lack in _ONLY_TOLD else st.warning)(t(f"ingest.lack.{lack}"))
    choices = [_LEFT_TO_SETTINGS] if settings.ontology else []
    chosen = st.segmented_control(
        t("ingest.ontology"),
        [*choices, _NONE, _PATH, _UPLOAD] if not choices else [*choices, _PATH, _UPLOAD],
        format_func=lambda name: t(f"ingest.ontology.{name}", path=Path(settings.ontology).name),
        key="ingest-ontology",
        default=(choices or [_NONE])[0],
        required=True,
    )
    if chosen == _PATH:
        st.text_input(t("ingest.ontology.file"), key="ingest-ontology-path", placeholder="ontology.toml")
    elif chosen == _UPLOAD:
        st.file_uploader(t("ingest.ontology.file"), key="ingest-ontology-file")
    if chosen in (_PATH, _UPLOAD):
        st.segmented_control(
            t("ingest.ontology.mode"),
            ["strict", "open"],
            format_func=lambda name: t(f"ingest.ontology.{name}"),
            key="ingest-ontology-mode",
            default="strict",
            required=True,
        )
    st.number_input(t("ingest.workers"), 0, 64, value=0, key="ingest-workers", help=t("ingest.workers.help"), width=200)
    return not [lack for lack in lacks if lack not in _ONLY_TOLD]


def _order(what: str, settings: Settings) -> Order:
    """What the fields ask for.

    Raises:
        ConfigError: there is nothing to read, or something lies outside the roots.
        OSError: the workspace cannot be written.
    """
    state = st.session_state
    paths: tuple[Path, ...] = ()
    if what == "files":
        paths = (_saved(),)
    elif what == "folder":
        paths = (_existing(state.get("ingest-folder", ""), t("ingest.nofolder")),)
    extractor = state.get("ingest-extractor") or settings.extractor
    asks_model = extractor in ("llm", "endpoint")
    chosen = state.get("ingest-ontology", _NONE)
    ontology = ""
    if chosen == _PATH:
        ontology = str(_existing(state.get("ingest-ontology-path", ""), t("ingest.ontology.file")))
    elif chosen == _UPLOAD and state.get("ingest-ontology-file") is not None:
        ontology = str(_kept("_ontology", [state["ingest-ontology-file"]], lambda files: save_ontology(files[0])))
    return Order(
        paths=paths,
        samples=what == "samples",
        extractor=extractor if extractor != settings.extractor else "",
        model=_model(state.get("ingest-model", ""), settings.model, extractor) if asks_model else "",
        adapter=_model(state.get("ingest-adapter", ""), settings.adapter, extractor) if extractor == "llm" else "",
        ontology=ontology,
        ontology_mode=state.get("ingest-ontology-mode", "strict"),
        workers=int(state.get("ingest-workers", 0)),
    )


def _existing(text: str, otherwise: str) -> Path:
    """A path inside the roots where something is."""
    if not text.strip():
        raise ConfigError(otherwise)
    path = allowed_path(text)
    if not path.exists():
        raise ConfigError(f"expected a file or folder, found nothing at {str(path)!r}")
    return path


def _model(text: str, configured: str, extractor: str) -> str:
    """A model's name, where it is not that of the settings: one to load here, or whatever an endpoint calls it."""
    name = text.strip()
    if not name or name == configured:
        return ""
    if extractor == "llm":
        return model_named(name)
    if not name.isprintable():
        raise ConfigError(f"expected a model's name, found {name!r}")
    return name


def _dropped() -> list[Any]:
    return list(st.session_state.get("ingest-files") or [])


def _saved() -> Path:
    """The folder with the dropped files, written once however often it is asked for."""
    return _kept("_uploads", _dropped(), save_uploads)


def _kept(key: str, files: list[Any], save: Any) -> Path:
    """Where `files` were saved, by this or an earlier click."""
    ids = tuple(file.file_id for file in files)
    known: tuple[tuple[str, ...], Path] | None = st.session_state.get(key)
    if known is None or known[0] != ids or not known[1].exists():
        known = (ids, save(files))
        st.session_state[key] = known
    return known[1]


def _wrong(exc: Exception) -> None:
    st.error(t("ingest.wrong"), icon=":material/block:")
    st.code(str(exc), language=None, wrap_lines=True)
