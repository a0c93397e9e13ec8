"""Training runs: a table of all, and one with its curves, its log, its examples and how to use it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from kg_builder.errors import KGError
from ui.amounts import duration
from ui.pages import link
from ui.places import inside
from ui.processes import Job, jobs
from ui.session import follow, publish, t
from ui.style import chip, note, section
from ui.training_charts import curves, has_points
from ui.training_commands import evaluate_run, go_on, is_installed
from ui.training_examples import show_examples
from ui.training_files import Run, read_run, runs
from ui.workspace import read_only

__all__ = ["show_runs"]

_SHOWN_LOG = 6000
_EXAMPLES_ASKED = 40
_UNDER_WAY = ("running", "stopping")
_COMPARED = ("preset", "model", "data", "method", "rank", "epochs", "learning_rate", "batch_size", "max_tokens", "seed")


def show_runs() -> None:
    """The table, and the run that the address names, or the newest one."""
    found = runs()
    if not found:
        note(t("training.runs.none"))
        return
    by_id = {run.id: run for run in found}
    _table(found)
    follow("train-run", "run", lambda v: v[0] if v and v[0] in by_id else found[0].id)
    if st.session_state["train-run"] not in by_id:
        st.session_state["train-run"] = found[0].id
    ids = list(by_id)
    with st.container(horizontal=True):
        chosen = st.selectbox(
            t("training.run"),
            ids,
            ids.index(st.session_state["train-run"]),
            key="train-run",
            format_func=lambda each: by_id[each].name,
        )
        others = ["", *(each for each in ids if each != chosen)]
        follow("train-with", "with", lambda v: v[0] if v and v[0] in others else "")
        if st.session_state["train-with"] not in others:
            st.session_state["train-with"] = ""
        other = st.selectbox(
            t("training.compare"),
            others,
            others.index(st.session_state["train-with"]),
            key="train-with",
            format_func=lambda each: by_id[each].name if each else t("training.compare.none"),
        )
    publish("train-run", "run", chosen)
    publish("train-with", "with", other)
    run = by_id[chosen]
    if other:
        _compare([run, by_id[other]])
        return
    _live(run.path) if run.state in _UNDER_WAY else _figures(run)
    _after(run)


def _table(found: Sequence[Run]) -> None:
    frame = pd.DataFrame(
        {
            "run": [run.name for run in found],
            "state": [t(f"training.state.{run.state}") for run in found],
            "preset": [Path(str(run.config.get("preset", ""))).stem for run in found],
            "method": [str(run.config.get("method", "")) for run in found],
            "data": [Path(str(run.config.get("data", ""))).name for run in found],
            "steps": [run.step for run in found],
            "metric": [run.metric.replace("_", " ") for run in found],
            "value": [run.value for run in found],
            "seconds": [round(run.seconds, 1) for run in found],
            "memory": [round(run.memory_mb) for run in found],
        }
    )
    columns: dict[str, object] = {name: t(f"training.column.{name}") for name in frame.columns}
    columns["value"] = st.column_config.NumberColumn(t("training.column.value"), format="%.4f")
    st.dataframe(frame, hide_index=True, width="stretch", height=min(38 + 35 * len(found), 320), column_config=columns)


@st.fragment(run_every=2.0)  # type: ignore[untyped-decorator]
def _live(folder: Path) -> None:
    """A run that is under way, looked at again every two seconds."""
    run = read_run(folder)
    if run.state not in _UNDER_WAY:
        st.rerun()
    _figures(run)


def _figures(run: Run) -> None:
    """State, what can be done about it, curves and the end of the log."""
    section(run.name)
    st.html(f'<div data-testid="run">{_chips(run)}</div>')
    if run.steps and not run.result:
        st.progress(min(run.step / run.steps, 1.0))
    _buttons(run)
    pairs = [
        ({"loss": t("training.curve.train"), "dev_loss": t("training.curve.dev")}, t("training.curve.loss")),
        (
            {f"dev_{run.metric}": run.metric.replace("_", " ")} if run.metric not in ("loss", "none") else {},
            run.metric.replace("_", " "),
        ),
        ({"tokens_per_second": t("training.curve.speed")}, t("training.curve.speed")),
        ({"memory_mb": t("training.curve.memory")}, t("training.curve.memory")),
    ]
    shown = [(names, title) for names, title in pairs if names and has_points([run], names)]
    for at in range(0, len(shown), 2):
        for column, (names, title) in zip(st.columns(2), shown[at : at + 2], strict=False):
            with column:
                st.altair_chart(curves([run], names, title=title), width="stretch", key=f"curve-{run.id}-{title}")
    if not shown:
        note(t("training.curve.none"))
    if run.job is not None:
        with st.expander(t("training.log"), expanded=run.state == "failed"):
            words = run.job.text("err.txt", most=_SHOWN_LOG) + run.job.text("out.txt", most=_SHOWN_LOG)
            st.code(words.strip()[-_SHOWN_LOG:] or "…", language=None, wrap_lines=True)
            st.code(shlex.join(["kg-finetune", *run.job.argv[4:]]), language="bash", wrap_lines=True)


def _chips(run: Run) -> str:
    state = run.state
    chips = [chip(t(f"training.state.{state}"), warn=state in ("failed", "stopped", "unfinished"))]
    if run.steps:
        chips.append(chip(t("training.steps", step=f"{run.step:,}", steps=f"{run.steps:,}")))
    if run.value is not None:
        chips.append(chip(f"{run.metric.replace('_', ' ')} {run.value:.4f}"))
    if run.steps_told:
        chips.append(chip(t("training.speed", n=f"{float(run.steps_told[-1].get('tokens_per_second', 0)):,.0f}")))
        chips.append(chip(f"{run.memory_mb:,.0f} MB"))
    left = run.seconds_left
    if state in _UNDER_WAY and left is not None:
        chips.append(chip(t("training.left", time=duration(left))))
    elif run.seconds:
        chips.append(chip(duration(run.seconds)))
    return "".join(chips)


def _buttons(run: Run) -> None:
    if read_only():
        return
    with st.container(horizontal=True, gap="small"):
        if run.state == "running" and run.job is not None:
            st.button(t("training.stop"), icon=":material/stop:", key=f"stop-{run.id}", on_click=run.job.stop)
        if run.state == "stopping" and run.job is not None:
            st.button(t("training.kill"), icon=":material/dangerous:", key=f"kill-{run.id}", on_click=run.job.kill)
        resumable = run.state in ("stopped", "failed", "unfinished") and run.job is not None and run.job.is_over
        if resumable and is_installed():
            st.button(
                t("training.resume"), icon=":material/resume:", key=f"resume-{run.id}", on_click=_go_on, args=(run,)
            )


def _go_on(run: Run) -> None:
    try:
        go_on(run)
    except (KGError, OSError) as exc:
        st.session_state["_train_problem"] = str(exc)


def _after(run: Run) -> None:
    """Before and after, the card, and how to use it: once there is something to use."""
    weights = run.weights
    if weights is None:
        return
    shown = show_examples(run)
    job = next((each for each in jobs("evaluate") if _is_of(each, run)), None)
    if job is not None and not job.is_over:
        _evaluating(job)
    elif not read_only() and is_installed():
        if not shown:
            section(t("training.examples"))
            note(t("training.evaluate.why", n=_EXAMPLES_ASKED))
        if job is not None and job.state == "failed":
            st.error(t("training.evaluate.failed"), icon=":material/error:")
            st.code(job.text("err.txt", most=2000), language=None, wrap_lines=True)
        st.button(
            t("training.evaluate.again") if shown else t("training.evaluate"),
            icon=":material/compare:",
            on_click=_evaluate,
            args=(run,),
        )
    _card(run)
    section(t("training.use"))
    model = str(run.config.get("model", "")) if weights.name == "adapter" else str(weights)
    adapter = ["--adapter", str(weights)] if weights.name == "adapter" else []
    note(t("training.use.ingest"))
    command = ["kg", "ingest", "FOLDER", "--extractor", "llm", "--model", model, *adapter]
    st.code(shlex.join(command), language="bash", wrap_lines=True)
    note(t("training.use.settings"))
    settings = {"extractor": "llm", "model": model, **({"adapter": adapter[1]} if adapter else {})}
    st.code("".join(f"{name} = {_toml(value)}\n" for name, value in settings.items()), language="toml", wrap_lines=True)
    link("playground", t("training.use.try"), first="llm", model=model, adapter=adapter[1] if adapter else "")


@st.fragment(run_every=2.0)  # type: ignore[untyped-decorator]
def _evaluating(job: Job) -> None:
    if job.is_over:
        st.rerun()
    st.info(t("training.evaluate.running"), icon=":material/hourglass:")
    words = job.text("err.txt", most=2000).strip()
    if words:
        st.code(words, language=None, wrap_lines=True)


def _evaluate(run: Run) -> None:
    try:
        evaluate_run(run, limit=_EXAMPLES_ASKED)
    except (KGError, OSError) as exc:
        st.session_state["_train_problem"] = str(exc)


def _is_of(job: Job, run: Run) -> bool:
    return str(run.path / "evaluation") in job.argv


def _card(run: Run) -> None:
    path = run.path / "README.md"
    try:
        words = path.read_text("utf-8")[:50_000] if inside(path) else ""
    except (OSError, ValueError):
        words = ""
    if words:
        with st.expander(t("training.card")):
            st.code(words, language=None, wrap_lines=True)


def _compare(both: Sequence[Run]) -> None:
    """Two runs over each other: their curves, and in which settings they differ."""
    metrics = {run.metric for run in both} - {"loss", "none"}
    shown = [({"loss": t("training.curve.train")}, t("training.curve.loss"))]
    shown += [({"dev_loss": t("training.curve.dev")}, f"{t('training.curve.loss')} · {t('training.curve.dev')}")]
    shown += [({f"dev_{each}": each.replace("_", " ")}, each.replace("_", " ")) for each in sorted(metrics)]
    shown = [(names, title) for names, title in shown if has_points(both, names)]
    for at in range(0, len(shown), 2):
        for column, (names, title) in zip(st.columns(2), shown[at : at + 2], strict=False):
            with column:
                st.altair_chart(curves(both, names, title=title), width="stretch", key=f"both-{title}")
    section(t("training.differ"))
    keys = list(dict.fromkeys([*_COMPARED, *both[0].config, *both[1].config]))
    rows = [(key, *(_shown(run.config.get(key)) for run in both)) for key in keys if key != "out"]
    rows = [row for row in rows if row[1] != row[2]]
    rows += [
        (t("training.column.value"), *("" if run.value is None else f"{run.value:.4f}" for run in both)),
        (t("training.column.seconds"), *(f"{run.seconds:,.1f}" for run in both)),
        (t("training.column.memory"), *(f"{run.memory_mb:,.0f}" for run in both)),
    ]
    frame = pd.DataFrame(rows, columns=[t("training.setting"), both[0].name, f"{both[1].name} "])
    st.dataframe(frame, hide_index=True, width="stretch")


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def _toml(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # a string of JSON is one of TOML
