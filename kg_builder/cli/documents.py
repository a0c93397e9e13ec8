"""The commands that read documents: into the graph, or onto the screen."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import click

from kg_builder.cli.building import build, prices_of
from kg_builder.cli.common import NOTHING_DONE, PARTLY_DONE, cache_of, open_graph, options, recipe_of
from kg_builder.cli.resolving import resolved
from kg_builder.config import Settings

__all__ = ["extract", "ingest", "remove", "retry", "status"]


_READING = ("store", "extractor", "ontology", "ontology-mode", "workers", "engine", "json", "quiet")
"""The flags of commands that read documents into the graph."""


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--samples", is_flag=True, help="Read the sample documents that come with the package.")
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that match (repeatable).")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files that match (repeatable).")
@click.option("--prune", is_flag=True, help="Withdraw documents that are gone from the given folders.")
@click.option("--no-resolve", is_flag=True, help="Leave it to a later `kg resolve` which names are one.")
@click.option("--budget-time", metavar="TIME", help="Begin no more files after this time (90s, 15m, 2h).")
@click.option("--budget-tokens", type=int, metavar="N", help="Begin no more files once a paid model used N tokens.")
@click.option("--budget-cost", type=float, metavar="X", help="The same once X is paid, at the prices in the settings.")
@click.option("--estimate", is_flag=True, help="Read nothing in; try a sample and say what there is to do, how long.")
@click.option("--estimate-seconds", type=float, default=10.0, show_default=True, metavar="S", help="For the sample.")
@click.option("--log-file", type=click.Path(path_type=Path), metavar="FILE", help="Append events as JSON lines.")
@click.option("--metrics-file", type=click.Path(path_type=Path), metavar="FILE", help="Keep OpenMetrics counters here.")
@options(*_READING)
def ingest(
    paths: tuple[Path, ...],
    samples: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    prune: bool,
    no_resolve: bool,
    budget_time: str | None,
    budget_tokens: int | None,
    budget_cost: float | None,
    estimate: bool,
    estimate_seconds: float,
    log_file: Path | None,
    metrics_file: Path | None,
    settings: Settings,
    as_json: bool,
    quiet: bool,
) -> int:
    """Read files and folders into the graph. Unchanged files are no work, changed ones replace what they gave.

    Example: kg ingest reports/ --exclude '*.draft.docx'
    """
    from kg_builder.budgets import Budget
    from kg_builder.samples import sample_folder
    from kg_builder.stopping import parse_duration

    if samples:
        paths += (sample_folder(),)
    if not paths:
        raise click.UsageError("expected files or folders to read (or --samples), found none")
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise click.BadParameter(f"expected a file or folder, found nothing at {str(path)!r}", param_hint="PATH")
    if estimate:
        return _estimate(settings, paths, include, exclude, estimate_seconds, as_json=as_json)
    budget_s = parse_duration(budget_time) if budget_time else None
    return build(
        settings,
        paths,
        include=include,
        exclude=exclude,
        prune=prune,
        resolve=not no_resolve,
        budget_s=budget_s,
        budget=Budget(budget_tokens, budget_cost, prices_of(settings)),
        log_file=log_file,
        metrics_file=metrics_file,
        as_json=as_json,
        quiet=quiet,
    )


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--lines", is_flag=True, help="Every line of the input is a text of its own.")
@click.option("--format", "form", type=click.Choice(["jsonl", "pipe"]), default="jsonl", show_default=True)
@click.option("--arguments", type=click.Choice(["entity", "full"]), default="entity", show_default=True)
@options("extractor", "ontology", "ontology-mode", "workers", "quiet")
def extract(
    paths: tuple[str, ...],
    lines: bool,
    form: str,
    arguments: str,
    settings: Settings,
    quiet: bool,
) -> int:
    """Print what is extracted from files, folders or standard input (-); touch no store.

    Example: echo 'Ada Lovelace wrote the first program.' | kg extract --lines --format pipe -
    """
    from kg_builder.extracting import extract_lines, extract_paths
    from kg_builder.render import render_extraction

    recipe, workers = replace(recipe_of(settings), verbatim=arguments == "full"), settings.workers or None
    extracted = (
        extract_lines(paths, recipe=recipe, workers=workers)
        if lines
        else extract_paths(
            paths,
            recipe=recipe,
            workers=workers,
            file_timeout_s=settings.file_timeout_s,
            file_memory_bytes=settings.file_memory_mb << 20,
        )
    )
    failed = done = 0
    for item in extracted:
        if item.problem is not None:
            failed += 1
            if not quiet:
                click.echo(f"kg: {item.document}: {item.problem}", err=True)
        done += item.problem is None or bool(item.extractions)
        for extraction in item.extractions:
            click.echo(render_extraction(item, extraction, form=form, arguments=arguments))
    if not failed:
        return 0
    return PARTLY_DONE if done else NOTHING_DONE


@click.command()
@options("store", "json")
def status(settings: Settings, as_json: bool) -> int:
    """What the store holds, and every file that failed or was left out, with its reason. `--json` has the stack too,
    and every segment that failed.

    Example: kg status --json
    """
    from kg_builder.render import render_status

    with open_graph(settings) as graph:
        problems = [d for state in ("failed", "partial", "skipped") for d in graph.documents(state=state)]
        click.echo(render_status(graph.uri, graph.server, graph.counts(), problems, as_json=as_json))
    return PARTLY_DONE if any(d.state != "skipped" for d in problems) else 0


@click.command()
@click.argument("uris", nargs=-1)
@click.option("--reason", help="Only files that failed for this reason.")
@click.option("--log-file", type=click.Path(path_type=Path), metavar="FILE", help="Append events as JSON lines.")
@options(*_READING)
def retry(
    uris: tuple[str, ...],
    reason: str | None,
    log_file: Path | None,
    settings: Settings,
    as_json: bool,
    quiet: bool,
) -> int:
    """Try failed files again: all, those of one reason, or those named.

    Example: kg retry --reason timeout
    """
    from kg_builder.loaders import path_of, to_uri

    wanted = {to_uri(uri) for uri in uris}
    with open_graph(settings) as graph:
        troubled = [
            d
            for state in ("failed", "partial")
            for d in graph.documents(state=state)
            if not d.uri.startswith("import://")  # those are no files to read: they are imported again
        ]
    failed = [d for d in troubled if reason in (None, d.reason)]
    paths = tuple(path_of(d.uri) for d in failed if not wanted or d.uri in wanted)
    if not paths:
        click.echo("kg: no failed file matches; `kg status` lists them", err=True)
        return NOTHING_DONE if wanted or reason else 0
    return build(settings, paths, log_file=log_file, as_json=as_json, quiet=quiet)


@click.command()
@click.argument("uris", nargs=-1, required=True, metavar="URI...")
@click.option("--no-resolve", is_flag=True, help="Leave it to a later `kg resolve` which names are one.")
@options("store", "quiet")
def remove(uris: tuple[str, ...], no_resolve: bool, settings: Settings, quiet: bool) -> int:
    """Withdraw documents (by uri or path) from the graph, with all that only they support.

    Example: kg remove reports/2019.pdf
    """
    from kg_builder.importing import withdraw_import
    from kg_builder.loaders import to_uri

    with open_graph(settings) as graph:
        unknown = [uri for uri in uris if not (graph.remove(to_uri(uri)) or withdraw_import(graph, uri))]
        if not no_resolve and len(unknown) < len(uris):
            resolved(graph, settings, quiet=quiet)
    for uri in unknown:
        click.echo(f"kg: expected a document of the store, found {uri!r}; `kg query` lists them by uri", err=True)
    if not quiet:
        click.echo(f"{len(uris) - len(unknown)} documents withdrawn", err=True)
    if not unknown:
        return 0
    return PARTLY_DONE if len(unknown) < len(uris) else NOTHING_DONE


def _estimate(
    settings: Settings,
    paths: tuple[Path, ...],
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    seconds: float,
    *,
    as_json: bool,
) -> int:
    """Print what reading `paths` in would take."""
    from kg_builder.estimate import estimate_ingest
    from kg_builder.render import render_estimate
    from kg_builder.store import open_store
    from kg_builder.store.embedded import holds_store

    place = settings.store.removeprefix("embedded:")
    none_yet = place != settings.store and not holds_store(Path(place).expanduser())
    store = None if none_yet else open_store(settings.store, create=False, read_only=True)
    with store or contextlib.nullcontext():
        estimate = estimate_ingest(
            paths,
            store=store,
            recipe=recipe_of(settings),
            include=include,
            exclude=exclude,
            workers=settings.workers or None,
            seconds=seconds,
            prices=prices_of(settings),
            cache=cache_of(settings),
            file_memory_bytes=settings.file_memory_mb << 20,
        )
    click.echo(json.dumps(estimate.to_dict(), ensure_ascii=False) if as_json else render_estimate(estimate))
    return 0
