"""One run: how far it is, what came of each file, and what can be done about it. Every tab sees the same."""

from __future__ import annotations

import shlex
import time
from html import escape

import pandas as pd
import streamlit as st

from kg_builder.errors import KGError
from kg_builder.loaders import path_of
from ui import data, ingesting
from ui.amounts import duration, moment
from ui.pages import link
from ui.processes import Job
from ui.run_log import RunProgress, progress_of
from ui.session import follow, publish, t, write
from ui.style import cards, chip, note, plain, section
from ui.workspace import read_only

__all__ = ["run_row", "show_run"]

_EVERY_S = 1.0
_ROWS = 300
_SHOW = ("all", "loaded", "unchanged", "failed", "skipped")
_STAGES = ("starting", "reading", "resolving", "finished")
_WARN = ("partly", "failed", "lost", "cancelled")


def run_title(job: Job) -> str:
    """What a run reads, in words."""
    if ingesting.is_retry(job):
        return t("ingest.title.reason", reason=job.title) if job.title else t("ingest.title.retry")
    return t("ingest.title.samples") if ingesting.is_samples(job) else job.title


def run_state(job: Job) -> tuple[str, str]:
    """A run's state, with cancelling told from pausing, and the word for it."""
    state: str = job.state
    if job.asked == "kill" and state in ("stopping", "stopped"):
        state = "cancelling" if state == "stopping" else "cancelled"
    return state, t(f"ingest.state.{state}")


def run_row(job: Job) -> None:
    """A run in a list: its title as a link, its state, and what came of it."""
    state, word = run_state(job)
    progress = progress_of(job.folder, limit=0)
    told = [
        f"{t('ingest.files.done')}: {progress.done:,} / {progress.found:,}",
        f"{t('ingest.statements')}: {progress.extractions:,}",
    ]
    if progress.counts["failed"]:
        told.append(f"{t('ingest.failed')}: {progress.counts['failed']:,}")
    with st.container(border=True, gap="xsmall", key=f"run-{job.id}"):
        link("ingest", plain(run_title(job), limit=100), icon=":material/description:", run=job.id)
        st.html(
            f'<p class="kg-source">{chip(word, warn=state in _WARN)}{escape(" · ".join([moment(job.created), *told]))}'
            f"<br>{escape(job.store)}</p>"
        )


def show_run(job: Job) -> None:
    """Draw a run; while it goes on, once a second anew, and nothing else of the page."""
    live = not job.is_over
    st.fragment(_run, run_every=_EVERY_S if live else None)(job, live)


def _run(job: Job, live: bool) -> None:
    if live and job.is_over:
        data.changed()
        st.rerun()
    follow("run-show", "show", lambda values: values[0] if values and values[0] in _SHOW else "all")
    progress = progress_of(job.folder, show=st.session_state["run-show"], limit=_ROWS)
    state, word = run_state(job)
    _head(job, state, word)
    _buttons(job, state)
    _said(job, state)
    if progress.stage != "starting" or live:
        _how_far(progress, live)
    if progress.failures:
        _failures(job, progress, live)
    if progress.done:
        _files(progress)
    if progress.report is not None:
        _sum(progress)
    with st.expander(t("ingest.command"), icon=":material/terminal:"):
        st.code(shlex.join(["kg", *job.argv[4:]]), language=None, wrap_lines=True)


def _head(job: Job, state: str, word: str) -> None:
    chips = [chip(word, warn=state in _WARN), chip(moment(job.created) + " UTC"), chip(job.store)]
    st.html(
        f'<div data-testid="run" data-state="{escape(state)}"><p class="kg-name">{escape(run_title(job))}</p>'
        f"{''.join(chips)}</div>"
    )


def _buttons(job: Job, state: str) -> None:
    with st.container(horizontal=True, gap="small", key="run-buttons"):
        if not read_only():
            if state == "running":
                st.button(t("ingest.pause"), icon=":material/pause:", on_click=job.stop, key="run-pause")
            if state in ("running", "stopping"):
                st.button(t("ingest.cancel"), icon=":material/cancel:", on_click=job.kill, key="run-cancel")
            if state in ("stopped", "cancelled", "lost", "failed"):
                _go_on_button(job, t("ingest.resume"), ":material/play_arrow:", primary=True)
            elif state in ("finished", "partly"):
                _go_on_button(job, t("ingest.again"), ":material/replay:", primary=False)
        if job.is_over:
            _links(job)


def _go_on_button(job: Job, label: str, icon: str, *, primary: bool) -> None:
    if st.button(label, icon=icon, type="primary" if primary else "secondary", key="run-on"):
        try:
            ingesting.go_on(job)
        except (KGError, OSError) as exc:
            st.code(str(exc), language=None, wrap_lines=True)
        else:
            st.rerun()


def _links(job: Job) -> None:
    log = job.folder / "log.jsonl"
    if log.exists():
        st.download_button(
            t("ingest.log"),
            log.read_bytes,
            f"{job.id}.jsonl",
            "application/jsonl",
            icon=":material/download:",
            on_click="ignore",
            key="run-log",
        )
    if not read_only():
        with st.popover(t("ingest.delete"), icon=":material/delete:"):
            note(t("ingest.delete.sure"))
            if st.button(t("ingest.delete.yes"), key="run-delete"):
                job.forget()
                write(run="", show="")
                st.rerun(scope="app")


def _said(job: Job, state: str) -> None:
    """What a state means, in a sentence; of a failure, what the command said."""
    if state in ("stopping", "stopped", "cancelled"):
        st.info(t(f"ingest.said.{state}"), icon=":material/info:")
    elif state == "lost":
        st.warning(t("ingest.said.lost"), icon=":material/warning:")
    elif state == "failed":
        st.error(t("ingest.said.failed"), icon=":material/block:")
        st.code(job.text("err.txt", most=4000), language=None, wrap_lines=True)
    elif state in ("finished", "partly"):
        with st.container(horizontal=True, gap="small", key="run-see"):
            link("overview", t("ingest.see"))
            link("explore", t("ingest.see.explore"))


def _how_far(progress: RunProgress, live: bool) -> None:
    now = time.time() if live else progress.last
    _stages(progress)
    if progress.stage == "starting":
        note(t("ingest.starting"))
        return
    st.progress(progress.share, text=None)
    if progress.waiting:
        st.warning(t("ingest.waiting"), icon=":material/hourglass_top:")
        st.code(progress.waiting, language=None, wrap_lines=True)
    seconds = progress.seconds(now)
    each_s = max(seconds, 0.001)
    left = progress.seconds_left(now) if live else None
    shown = [
        (
            f"{progress.done:,}",
            t("ingest.files.done"),
            t("ingest.files.of", found=f"{progress.found:,}", share=f"{progress.share:.0%}"),
        ),
        (
            f"{progress.counts['failed']:,}",
            t("ingest.failed"),
            t("ingest.failed.help", skipped=f"{progress.counts['skipped']:,}"),
        ),
        (
            f"{progress.extractions:,}",
            t("ingest.statements"),
            t("ingest.statements.help", segments=f"{progress.segments:,}"),
        ),
        (
            f"{progress.done / each_s:.1f}",
            t("ingest.rate"),
            t("ingest.rate.help", segments=f"{progress.segments / each_s:.1f}"),
        ),
    ]
    if live:
        told = duration(left) if left is not None else t("ingest.left.unknown")
        shown.append((told, t("ingest.left"), t("ingest.left.help", seconds=duration(seconds))))
    else:
        times = t("ingest.took.once") if progress.rounds < 2 else t("ingest.took.help", times=progress.rounds)
        shown.append((duration(seconds), t("ingest.took"), times))
    cards(shown)
    if live and progress.under_way:
        names = ", ".join(_name(row.uri) for row in progress.under_way)
        more = progress.under_way_total - len(progress.under_way)
        note(f"{t('ingest.now')} {names}" + (f" … {t('ingest.now.more', n=f'{more:,}')}" if more else ""))


def _stages(progress: RunProgress) -> None:
    at = _STAGES.index(progress.stage)
    steps = "".join(
        f'<li class="{"kg-done" if i < at or progress.stage == "finished" else "kg-now" if i == at else ""}"'
        f"{' aria-current=step' if i == at else ''}>{escape(t(f'ingest.stage.{name}'))}</li>"
        for i, name in enumerate(_STAGES)
    )
    st.html(f'<ol class="kg-steps">{steps}</ol>')


def _failures(job: Job, progress: RunProgress, live: bool) -> None:
    section(t("ingest.failures"))
    may_retry = not live and not read_only()
    for index, each in enumerate(progress.failures):
        with st.container(border=True, gap="xsmall", key=f"failure-{index}"):
            st.html(
                f'<p class="kg-group">{chip(each.reason, warn=True)}{each.count:,} · {escape(_name(each.example.uri))}'
                f'</p><p class="kg-note">{escape(each.example.detail)}</p>'
            )
            if may_retry:
                _retry_button(job, each.reason, t("ingest.retry"), f"retry-{index}")
    if may_retry and len(progress.failures) > 1:
        _retry_button(job, "", t("ingest.retry.all"), "retry-all")


def _retry_button(job: Job, reason: str, label: str, key: str) -> None:
    if st.button(label, icon=":material/replay:", key=key):
        try:
            write(run=ingesting.start_retry(reason, of=job).id, show="")
        except (KGError, OSError) as exc:
            st.code(str(exc), language=None, wrap_lines=True)
        else:
            st.rerun(scope="app")


def _files(progress: RunProgress) -> None:
    section(t("ingest.files"))
    show = st.segmented_control(
        t("ingest.show"),
        _SHOW,
        format_func=lambda name: t(f"ingest.show.{name}"),
        key="run-show",
        required=True,
        label_visibility="collapsed",
    )
    publish("run-show", "show", show if show != "all" else "")
    frame = pd.DataFrame(
        {
            "file": [_name(row.uri) for row in progress.rows],
            "outcome": [t(f"ingest.outcome.{row.outcome}") for row in progress.rows],
            "segments": [row.segments for row in progress.rows],
            "statements": [row.extractions for row in progress.rows],
            "seconds": [row.seconds for row in progress.rows],
            "reason": [row.reason for row in progress.rows],
            "detail": [row.detail for row in progress.rows],
        }
    )
    titles = {
        "file": t("ingest.column.file"),
        "outcome": t("ingest.column.outcome"),
        "segments": t("column.segments"),
        "statements": t("column.statements"),
        "seconds": t("ingest.column.seconds"),
        "reason": t("column.reason"),
        "detail": t("column.detail"),
    }
    config = {name: st.column_config.Column(title) for name, title in titles.items()}
    config["file"] = st.column_config.TextColumn(titles["file"], width="medium")
    config["seconds"] = st.column_config.NumberColumn(titles["seconds"], format="%.1f")
    st.dataframe(
        frame,
        column_config=config,
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * max(1, len(frame)), 420),
        key="run-files",
    )
    if progress.rows_total > len(progress.rows):
        note(t("ingest.rows.more", shown=len(progress.rows), total=f"{progress.rows_total:,}"))


def _sum(progress: RunProgress) -> None:
    report = progress.report or {}
    names = ("found", "loaded", "unchanged", "failed", "skipped", "not_begun")
    note(t("ingest.sum", **{name: f"{report.get(name, 0):,}" for name in names}))
    rejected = sum((report.get("rejected") or {}).values())
    told = {name: f"{report.get(name, 0):,}" for name in ("extracted", "extractions", "quarantined")}
    note(t("ingest.sum.statements", **told, rejected=f"{rejected:,}"))
    if report.get("merged"):
        note(t("ingest.sum.merged", merged=f"{report['merged']:,}"))
    if report.get("input_tokens") or report.get("output_tokens"):
        tokens = {"input": f"{report['input_tokens']:,}", "output": f"{report['output_tokens']:,}"}
        note(t("ingest.sum.cost", **tokens, cost=f"{report.get('cost', 0.0):,.4f}"))


def _name(uri: str) -> str:
    """A file's name without its folders, as it is on the disk."""
    return " ".join(str(path_of(uri)).rpartition("/")[2].split()) or uri
