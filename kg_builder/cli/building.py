"""What the commands that read documents into the graph have in common."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg_builder.cli.common import INTERRUPTED, NOTHING_DONE, PARTLY_DONE, aids_of, cache_of, open_graph, recipe_of
from kg_builder.config import Settings

if TYPE_CHECKING:
    from kg_builder.budgets import Prices
    from kg_builder.store import GraphStore

__all__ = ["build", "choices_of", "open_patiently", "prices_of", "sayer"]


def build(
    settings: Settings,
    paths: tuple[Path, ...],
    *,
    as_json: bool,
    quiet: bool,
    budget_s: float | None = None,
    log_file: Path | None = None,
    metrics_file: Path | None = None,
    **choices: Any,
) -> int:
    """Read `paths` into the graph, print what came of it, and give the exit status."""
    from kg_builder.pipeline import build_graph
    from kg_builder.progress import report_progress
    from kg_builder.render import render_report
    from kg_builder.stopping import stopping
    from kg_builder.telemetry import recording

    say = sayer(quiet=quiet)
    with (
        recording(log_file=log_file, metrics_file=metrics_file),
        open_patiently(settings, say) as store,
        report_progress(quiet=quiet) as on_progress,
        stopping(budget_s=budget_s, on_message=say) as stop,
    ):
        report = build_graph(
            paths,
            store=store,
            stop=stop,
            on_progress=on_progress,
            on_message=say,
            **{**choices_of(settings), **choices},
        )
        counts = store.counts()
    click.echo(json.dumps(report.to_dict(), ensure_ascii=False) if as_json else render_report(report, counts))
    if stop.interrupted and report.not_begun:
        return INTERRUPTED
    if not report.failed and not report.partial and not report.not_begun:
        return 0
    return PARTLY_DONE if report.loaded or report.unchanged or report.skipped else NOTHING_DONE


def open_patiently(settings: Settings, say: Callable[[str], None]) -> GraphStore:
    """The store that the settings name, made if need be; a disk that is full is waited for.

    A server that cannot be reached is not: before anything has been written, its name is more likely to be wrong.
    """
    from kg_builder.errors import NoRoomError
    from kg_builder.patience import patiently

    return patiently(partial(open_graph, settings, create=True), settings.store_patience_s, say, (NoRoomError,))


def choices_of(settings: Settings) -> dict[str, Any]:
    """The arguments of `build_graph` that the settings decide."""
    from kg_builder.budgets import Budget

    return {
        "recipe": recipe_of(settings),
        "workers": settings.workers or None,
        "file_timeout_s": settings.file_timeout_s,
        "file_memory_bytes": settings.file_memory_mb << 20,
        "cache": cache_of(settings),
        "cache_max_bytes": settings.cache_mb << 20,
        "patience_s": settings.store_patience_s,
        "engine": settings.engine,
        "ray_result_bytes": settings.ray_result_mb << 20,
        "aids": aids_of(settings),
        "budget": Budget(prices=prices_of(settings)),
    }


def prices_of(settings: Settings) -> Prices:
    """What the settings say of the prices of a paid model."""
    from kg_builder.budgets import Prices

    return Prices(settings.price_input_per_mtok, settings.price_output_per_mtok)


def sayer(*, quiet: bool) -> Callable[[str], None]:
    """Prints messages for people to stderr; with `quiet` it prints nothing."""

    def say(message: str) -> None:
        if not quiet:
            click.echo(f"kg: {message}", err=True)

    return say
