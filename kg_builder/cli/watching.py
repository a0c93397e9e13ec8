"""The command that follows folders."""

from __future__ import annotations

import time
from pathlib import Path

import click

from kg_builder.cli.building import choices_of, open_patiently, sayer
from kg_builder.cli.common import options
from kg_builder.config import Settings
from kg_builder.reports import IngestReport

__all__ = ["watch"]


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that match (repeatable).")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files that match (repeatable).")
@click.option("--prune", is_flag=True, help="Withdraw documents whose files are removed; else they are only counted.")
@click.option(
    "--debounce",
    type=click.FloatRange(min=0.0),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a file must be left alone before it is read.",
)
@click.option("--poll", is_flag=True, help="Look every two seconds: for network folders, where no changes are told.")
@click.option("--log-file", type=click.Path(path_type=Path), metavar="FILE", help="Append events as JSON lines.")
@click.option("--metrics-file", type=click.Path(path_type=Path), metavar="FILE", help="Keep OpenMetrics counters here.")
@options("store", "extractor", "ontology", "ontology-mode", "workers", "engine", "quiet")
def watch(
    folders: tuple[Path, ...],
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    prune: bool,
    debounce: float,
    poll: bool,
    log_file: Path | None,
    metrics_file: Path | None,
    settings: Settings,
    quiet: bool,
) -> int:
    """Read folders into the graph, then follow what changes in them until Ctrl-C.

    Example: kg watch ~/notes --prune
    """
    from kg_builder.stopping import stopping
    from kg_builder.telemetry import recording
    from kg_builder.watching import watch_folders

    say = sayer(quiet=quiet)

    def tell(report: IngestReport) -> None:
        if not quiet:
            click.echo(f"{time.strftime('%H:%M:%S')} {_described(report)}", err=True)

    with (
        recording(log_file=log_file, metrics_file=metrics_file),
        open_patiently(settings, say) as graph,
        stopping(on_message=say) as stop,
    ):
        watch_folders(
            folders,
            store=graph,
            include=include,
            exclude=exclude,
            prune=prune,
            debounce_s=debounce,
            poll=poll,
            stop=stop,
            on_run=tell,
            on_message=say,
            **choices_of(settings),
        )
    return 0


def _described(report: IngestReport) -> str:
    """A run on one line."""
    counts = {
        "loaded": report.loaded,
        "unchanged": report.unchanged,
        "failed": report.failed,
        "skipped": report.skipped,
        "renamed": len(report.renamed),
        "withdrawn": report.pruned,
        "missing": len(report.missing),
        "not begun": report.not_begun,
    }
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing to do"
    return f"{said} ({report.seconds:.1f} s)"
