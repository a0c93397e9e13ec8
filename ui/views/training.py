"""Fine-tuning: data sets, runs and what came of them. The work is done by ``kg-finetune``, in processes of its own."""

from __future__ import annotations

import streamlit as st

from kg_builder.errors import KGError, StoreError
from ui.session import t
from ui.style import heading
from ui.switch import one_of
from ui.training_commands import EXTRA, is_installed
from ui.training_new import show_data, show_new_run
from ui.training_runs import show_runs

__all__ = ["render"]

_SHOWS = {"runs": show_runs, "new": show_new_run, "data": show_data}


def render() -> None:
    """Draw the page. Its address holds the part that shows, the chosen run or data set, and the run beside it."""
    heading(t("page.training"), t("training.lead"))
    problem = st.session_state.pop("_train_problem", None)
    if problem:
        st.error(t("training.refused"), icon=":material/block:")
        st.code(problem, language=None, wrap_lines=True)
    show = one_of(t("training.show"), "show", list(_SHOWS), lambda each: t(f"training.show.{each}"), key="train-show")
    if show != "new" and not is_installed():
        st.info(t("training.missing"), icon=":material/extension_off:")
        st.code(EXTRA, language="bash")
    try:
        _SHOWS[show]()
    except StoreError:
        raise
    except KGError as exc:
        st.error(t("training.refused"), icon=":material/error:")
        st.code(str(exc), language=None, wrap_lines=True)
