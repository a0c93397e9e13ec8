"""The commands that keep a store safe: all of it into a file, and back."""

from __future__ import annotations

from pathlib import Path

import click

from kg_builder.cli.common import open_graph, options
from kg_builder.config import Settings

__all__ = ["backup", "restore"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@options("store", "quiet")
def backup(file: Path, settings: Settings, quiet: bool) -> int:
    """Write all that the store knows to FILE (a zip), for `kg restore` on this server or any other.

    Example: kg backup graph.zip
    """
    from kg_builder.backup import back_up
    from kg_builder.progress import report_steps

    with (
        open_graph(settings) as graph,
        report_steps(quiet=quiet) as on_progress,
    ):
        made = back_up(graph, file, on_progress=on_progress)
    if not quiet:
        counts = made.counts
        click.echo(
            f"{counts.documents:,} documents, {counts.extractions:,} extractions, {counts.entities:,} entities "
            f"written to {file} ({_size(file.stat().st_size)})",
            err=True,
        )
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Throw away what the store holds, once FILE has been verified.")
@options("store", "quiet")
def restore(file: Path, replace: bool, settings: Settings, quiet: bool) -> int:
    """Put a backup into an empty store. Run it again to go on after an interruption.

    Example: kg restore graph.zip --store neo4j://localhost:7687
    """
    from kg_builder.backup import read_manifest
    from kg_builder.backup import restore as put_back
    from kg_builder.progress import report_steps

    read_manifest(file)  # before a store is made for it
    with (
        open_graph(settings, create=True) as graph,
        report_steps(quiet=quiet) as on_progress,
    ):
        made = put_back(graph, file, replace=replace, on_progress=on_progress)
    if not quiet:
        counts = made.counts
        click.echo(
            f"{counts.documents:,} documents, {counts.extractions:,} extractions, {counts.entities:,} entities "
            f"restored from {file}",
            err=True,
        )
    return 0


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"
