"""New data sets and new runs: what ``kg-finetune prepare`` and ``train`` are to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from kg_builder.config import load_settings
from kg_builder.errors import ConfigError, KGError, StoreError
from ui import connecting, data
from ui.pages import link
from ui.places import followed, inside
from ui.processes import Job, jobs
from ui.session import follow, publish, t, write
from ui.style import cards, note, plain, section
from ui.training_commands import EXTRA, is_installed, prepare_data, presets, resolved, start_run, train_arguments
from ui.training_files import PARTS, DataSet, data_sets, runs_folder, statistics_of
from ui.workspace import read_only, safe_name

__all__ = ["show_data", "show_new_run"]

_METHODS = ("", "qlora", "lora", "full")
_MOST_REASONS = 40


def show_data() -> None:
    """The data sets and what is in the chosen one; then how to make another."""
    found = data_sets()
    if found:
        chosen = _chosen(found)
        _show_data_set(chosen)
    else:
        note(t("training.data.none"))
    _preparing()
    if not read_only():
        _prepare_form(opened=not found)


def show_new_run() -> None:
    """The settings of a run, what they come to, and the button that starts it."""
    if read_only():
        note(t("training.readonly"))
        return
    installed = is_installed()
    if not installed:
        st.warning(t("training.missing"), icon=":material/extension_off:")
        st.code(EXTRA, language="bash")
    found = [each for each in data_sets() if "train" in each.count("examples") or (each.path / "train.jsonl").is_file()]
    if not found:
        _without_data()
        return
    known = presets()
    names = [each.name for each in known]
    about = {each.name: each.about for each in known}
    preset = st.selectbox(t("training.preset"), names, names.index("llama3-re") if "llama3-re" in names else 0)
    note(about[preset])
    left, right = st.columns(2, gap="medium")
    with left:
        model = st.text_input(
            t("training.model"), key="train-model", placeholder="models/base", help=t("training.model.help")
        )
        dataset = _chosen(found)
        name = st.text_input(t("training.name"), key="train-name", placeholder=_usual_name(preset))
    with right:
        flags = _flags()
        more = st.text_area(
            t("training.more"), key="train-more", height=110, placeholder="batch_size=2\nevaluate_every=50"
        )
    if not model.strip():
        note(t("training.model.first"))
        return
    try:
        trust = load_settings().trust_remote_code
        arguments = train_arguments(
            preset=preset,
            model=model,
            data=dataset.path,
            name=name.strip() or _usual_name(preset),
            flags=flags,
            assignments=more,
            trust=trust,
        )
        values = resolved(tuple(arguments))
    except KGError as exc:
        st.error(t("training.refused"), icon=":material/block:")
        st.code(str(exc), language=None, wrap_lines=True)
        return
    with st.expander(t("training.resolved"), expanded=False):
        own = next(each.values for each in known if each.name == preset)
        rows = [(key, _plain(value), "•" if key in own else "") for key, value in values.items()]
        columns = [t("training.setting"), t("training.column.value"), t("training.preset")]
        st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True, width="stretch", height=420)
    # Not a callback: that would be given what the fields held before the click.
    if st.button(t("training.start"), type="primary", icon=":material/play_arrow:", disabled=not installed):
        _start(arguments)
        st.rerun()


def _without_data() -> None:
    """What a run needs that is not there yet, and the ways to it."""
    st.info(t("training.new.none"), icon=":material/dataset:")
    _preparing()
    with st.container(horizontal=True, vertical_alignment="center", key="train-ways"):
        if _has_statements():
            st.button(
                t("training.new.store"), type="primary", icon=":material/hub:", on_click=_show_form, args=("store",)
            )
        else:
            link("ingest", t("training.new.samples"), what="samples")
        st.button(t("training.new.file"), icon=":material/description:", on_click=_show_form, args=("file",))
        if _has_statements():
            link("review", t("training.new.review"))


def _has_statements() -> bool:
    try:
        return bool(data.counts().extractions)
    except StoreError:
        return False


def _show_form(origin: str) -> None:
    """Go to where a data set is made."""
    st.session_state["prepare-from"] = origin
    write(show="data")


def _start(arguments: Sequence[str]) -> None:
    try:
        start_run(arguments)
    except (KGError, OSError) as exc:
        st.session_state["_train_problem"] = str(exc)
        return
    write(show="", run="", **{"with": ""})


def _flags() -> list[str]:
    """What is asked for beside the preset; what is left empty is as the preset has it."""
    flags: list[str] = []
    method = st.selectbox(
        t("training.method"), _METHODS, format_func=lambda each: each or t("training.aspreset"), key="train-method"
    )
    if method:
        flags += ["--method", method]
    with st.container(horizontal=True):
        numbers = (
            ("epochs", "--epochs", 0.01, 1000.0, 1.0),
            ("max_steps", "--max-steps", 1, 10_000_000, 10),
            ("rank", "--rank", 1, 4096, 8),
            ("learning_rate", "--learning-rate", 1e-8, 1.0, 1e-5),
        )
        for name, flag, low, high, step in numbers:
            value = st.number_input(
                t(f"training.flag.{name}"),
                low,
                high,
                None,
                step,
                key=f"train-{name}",
                width=150,
                format="%g" if isinstance(step, float) else "%d",
                placeholder=t("training.aspreset"),
            )
            if value is not None:
                flags += [flag, str(value)]
    return flags


def _chosen(found: Sequence[DataSet]) -> DataSet:
    by_id = {each.id: each for each in found}
    ids = list(by_id)
    follow("train-data", "data", lambda v: v[0] if v and v[0] in by_id else ids[0])
    if st.session_state["train-data"] not in by_id:
        st.session_state["train-data"] = ids[0]
    chosen = st.selectbox(
        t("training.data"),
        ids,
        ids.index(st.session_state["train-data"]),
        key="train-data",
        format_func=lambda each: by_id[each].name,
    )
    publish("train-data", "data", chosen)
    return by_id[chosen]


def _show_data_set(dataset: DataSet) -> None:
    examples, triples = dataset.count("examples"), dataset.count("triples")
    without = dataset.count("without_answer")
    cards(
        [
            (
                f"{n:,}",
                t(f"training.part.{part}"),
                t("training.part.triples", n=f"{triples.get(part, 0):,}", empty=f"{without.get(part, 0):,}"),
            )
            for part in PARTS
            if (n := examples.get(part))
        ]
    )
    counted = statistics_of(dataset)
    languages = ", ".join(f"{name} {n:,}" for name, n in counted.languages.items())
    note(t("training.data.tokens", n=f"{counted.tokens:,}", languages=languages or "?"))
    if not counted.whole:
        note(t("training.data.sampled", n=f"{counted.rows:,}"))
    licence = dataset.facts.get("licence") or dataset.facts.get("license")
    if licence:
        note(t("training.data.licence", licence=str(licence)))
    left, problems = dataset.count("left_out"), dataset.count("problems")
    if left or problems:
        rows = [
            *((name, t("training.data.leftout"), n) for name, n in left.items()),
            *((name, t("training.data.problem"), n) for name, n in problems.items()),
        ]
        columns = [t("training.data.reason"), t("training.data.kind"), t("training.data.rows")]
        section(t("training.data.left"))
        st.dataframe(pd.DataFrame(rows[:_MOST_REASONS], columns=columns), hide_index=True, width="stretch")


@st.fragment(run_every=2.0)  # type: ignore[untyped-decorator]
def _watch_preparing(job: Job) -> None:
    if job.is_over:
        st.rerun()
    st.info(t("training.preparing", name=plain(job.title)), icon=":material/hourglass:")


def _preparing() -> None:
    """The latest data set that is being made, or could not be."""
    latest = next(iter(jobs("prepare")), None)
    if latest is None:
        return
    if not latest.is_over:
        _watch_preparing(latest)
    elif latest.state not in ("finished", "partly"):
        st.error(t("training.prepare.failed", name=plain(latest.title)), icon=":material/error:")
        st.code(latest.text("err.txt", most=4000).strip() or "…", language=None, wrap_lines=True)


def _prepare_form(*, opened: bool) -> None:
    with st.expander(t("training.prepare"), expanded=opened):
        origin = st.segmented_control(
            t("training.prepare.from"),
            ["file", "store"],
            default="file",
            format_func=lambda each: t(f"training.prepare.{each}"),
            key="prepare-from",
            required=True,
        )
        options: list[str] = []
        if origin == "file":
            path = st.text_input(t("training.prepare.path"), key="prepare-path", help=t("training.prepare.path.help"))
            if st.checkbox(t("training.prepare.intext"), key="prepare-intext"):
                options.append("--in-text-only")
        else:
            path = ""
            if st.checkbox(t("training.prepare.reviewed"), key="prepare-reviewed"):
                options.append("--reviewed-only")
            least = st.slider(t("training.prepare.least"), 0.0, 1.0, 0.5, 0.05, key="prepare-least")
            options += ["--min-confidence", f"{least:g}"]
        with st.container(horizontal=True):
            for name, usual in (("test", 20), ("dev", 10)):
                n = st.number_input(t(f"training.prepare.{name}"), 0, 100_000, usual, key=f"prepare-{name}", width=190)
                options += [f"--{name}", str(n)]
        name = st.text_input(t("training.prepare.name"), key="prepare-name", placeholder=_usual_name("data"))
        if st.button(t("training.prepare.start"), icon=":material/dataset:", key="prepare-start"):
            _prepare(origin, path, name.strip() or _usual_name("data"), options)
            st.rerun()


def _prepare(origin: str, path: str, name: str, options: list[str]) -> None:
    try:
        if origin == "store":
            store = data.store().uri
            prepare_data(
                name,
                source=["--from-store", store],
                options=options,
                store=store,
                environment=connecting.environment(),
            )
            return
        file = followed(path.strip())
        if not path.strip() or not file.exists() or not inside(file):
            raise ConfigError(f"expected a file or folder that this server may read, found {path!r}")
        prepare_data(name, source=[str(file)], options=options)
    except (KGError, OSError) as exc:
        st.session_state["_train_problem"] = str(exc)


def _usual_name(what: str) -> str:
    """A name that nothing has yet, as far as a day and a number go."""
    name = safe_name(f"{what}-{datetime.now(UTC):%Y-%m-%d}")
    number = 1
    while any((folder / (name if number == 1 else f"{name}-{number}")).exists() for folder in _places()):
        number += 1
    return name if number == 1 else f"{name}-{number}"


def _places() -> tuple[Path, ...]:
    return runs_folder(), runs_folder().parent / "data"


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
