"""What reading would take: shown as soon as the sample has been tried."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from ui import processes
from ui.amounts import duration, size
from ui.session import read, t
from ui.style import cards

__all__ = ["estimate"]

_LOOK_EVERY_S = 0.7


def estimate() -> None:
    """Show the estimate that the address names; while it is being made, look again and again."""
    job = processes.job(read("estimate"))
    if job is None:
        return
    if job.is_over:
        _told(job)
        return

    @st.fragment(run_every=_LOOK_EVERY_S)  # type: ignore[untyped-decorator]
    def wait() -> None:
        if job.is_over:
            st.rerun()
        st.info(t("ingest.estimate.running"), icon=":material/hourglass_top:")

    wait()


def _told(job: processes.Job) -> None:
    try:
        told = json.loads(job.text("out.txt"))
        shown = _cards(told)
    except (ValueError, KeyError, TypeError):
        st.error(t("ingest.estimate.failed"), icon=":material/block:")
        st.code(job.text("err.txt", most=4000), language=None, wrap_lines=True)
        return
    with st.container(border=True, key="estimate"):
        cards(shown)
        if told["sampled_failures"] or told["sampled_segment_failures"]:
            st.warning(
                t(
                    "ingest.estimate.faults",
                    files=told["sampled_failures"],
                    segments=told["sampled_segment_failures"],
                    fault="…",
                )
            )
            st.code(told["sampled_fault"], language=None, wrap_lines=True)


def _cards(told: dict[str, Any]) -> list[tuple[str, str, str]]:
    seconds, segments = told["seconds"], told["segments"]
    found = [
        (
            duration(seconds["expected"]),
            t("ingest.estimate.time"),
            t("ingest.estimate.time.help", low=duration(seconds["low"]), high=duration(seconds["high"])),
        ),
        (
            f"{told['new'] + told['changed']:,}",
            t("ingest.estimate.files"),
            t(
                "ingest.estimate.files.help",
                **{name: f"{told[name]:,}" for name in ("found", "unchanged", "skipped", "failed")},
            ),
        ),
        (
            f"{told['extractions']['expected']:,.0f}",
            t("ingest.estimate.statements"),
            t("ingest.estimate.statements.help", segments=f"{segments['expected']:,.0f}"),
        ),
        (size(told["bytes"]), t("ingest.estimate.size"), t("ingest.estimate.size.help", workers=told["workers"])),
    ]
    if told["cost"] is not None:
        tokens = {"input": told["input_tokens"]["expected"], "output": told["output_tokens"]["expected"]}
        found.append(
            (
                f"{told['cost']['expected']:,.2f}",
                t("ingest.estimate.cost"),
                t("ingest.estimate.cost.help", **{name: f"{count:,.0f}" for name, count in tokens.items()}),
            )
        )
    return found
