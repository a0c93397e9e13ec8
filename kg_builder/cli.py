"""The ``kg`` command: every command opens what it needs, makes one library call and prints.

Results go to stdout, progress and messages to stderr. Exit status: 0 all done; 1 nothing could be done; 2 wrong usage;
3 done, but some items failed and are listed by ``kg status``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kg_builder.config import Settings, load_settings
from kg_builder.errors import ConfigError, KGError
from kg_builder.extract import EXTRACTORS

if TYPE_CHECKING:
    from kg_builder.stages import Recipe
    from kg_builder.store import GraphStore

__all__ = ["cli", "main"]

NOTHING_DONE, PARTLY_DONE = 1, 3

Command = TypeVar("Command", bound=Callable[..., Any])


def main() -> None:
    """Run ``kg`` with the arguments of this process; errors made for people become one line on stderr."""
    try:
        status = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("kg: interrupted; what was written stays, run the command again to go on", err=True)
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as exc:
        click.echo(exc.format_message())
        sys.exit(0)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except BrokenPipeError:
        # The reader of our output has gone (`kg query … | head`): not an error, but nothing more can be printed.
        sys.stderr.close()
        sys.exit(0)
    except ConfigError as exc:
        click.echo(f"kg: {exc}", err=True)
        sys.exit(2)
    except KGError as exc:
        click.echo(f"kg: {exc}", err=True)
        sys.exit(NOTHING_DONE)
    sys.exit(status if isinstance(status, int) else 0)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="kg-builder", prog_name="kg")
def cli() -> None:
    """Turn folders of documents into a knowledge graph; query, export and explore it.

    Example: kg ingest ~/papers && kg ui
    """


def _options(*names: str) -> Callable[[Command], Command]:
    """The flags of `names` out of the common ones, in that order."""
    known = {
        "store": click.option("--store", metavar="URI", help="embedded:PATH, bolt://… or neo4j://… (or KG_STORE)."),
        "extractor": click.option("--extractor", type=click.Choice(EXTRACTORS), help="What reads the texts."),
        "workers": click.option("--workers", type=int, metavar="N", help="Worker processes; default: one a core."),
        "json": click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        "quiet": click.option("--quiet", is_flag=True, help="No progress, no messages."),
    }

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            command = known[name](command)
        return command

    return decorate


def _open(settings: Settings, *, create: bool = False) -> GraphStore:
    from kg_builder.store import open_store

    return open_store(settings.store, create=create)


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--samples", is_flag=True, help="Read the sample documents that come with the package.")
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that match (repeatable).")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files that match (repeatable).")
@click.option("--prune", is_flag=True, help="Withdraw documents that are gone from the given folders.")
@_options("store", "extractor", "workers", "json", "quiet")
def ingest(
    paths: tuple[Path, ...],
    samples: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    prune: bool,
    store: str | None,
    extractor: str | None,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Read files and folders into the graph. Unchanged files are no work, changed ones replace what they gave.

    Example: kg ingest reports/ --exclude '*.draft.docx'
    """
    from kg_builder.samples import sample_folder

    settings = load_settings({"store": store, "extractor": extractor, "workers": workers})
    if samples:
        paths += (sample_folder(),)
    if not paths:
        raise click.UsageError("expected files or folders to read (or --samples), found none")
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise click.BadParameter(f"expected a file or folder, found nothing at {str(path)!r}", param_hint="PATH")
    return _build(settings, paths, include=include, exclude=exclude, prune=prune, as_json=as_json, quiet=quiet)


def _build(settings: Settings, paths: tuple[Path, ...], *, as_json: bool, quiet: bool, **choices: Any) -> int:
    from kg_builder.pipeline import build_graph
    from kg_builder.progress import report_progress
    from kg_builder.render import render_report

    with _open(settings, create=True) as store, report_progress(quiet=quiet) as on_progress:
        report = build_graph(
            paths,
            store=store,
            recipe=_recipe(settings),
            workers=settings.workers or None,
            file_timeout_s=settings.file_timeout_s,
            file_memory_bytes=settings.file_memory_mb << 20,
            on_progress=on_progress,
            **choices,
        )
        counts = store.counts()
    click.echo(json.dumps(report.to_dict(), ensure_ascii=False) if as_json else render_report(report, counts))
    if not report.failed and not report.partial:
        return 0
    return PARTLY_DONE if report.loaded or report.unchanged or report.skipped else NOTHING_DONE


def _recipe(settings: Settings) -> Recipe:
    from kg_builder.stages import Recipe

    return Recipe(settings.extractor, settings.segment_characters, settings.max_file_mb * 1_000_000)


@cli.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--lines", is_flag=True, help="Every line of the input is a text of its own.")
@click.option("--format", "form", type=click.Choice(["jsonl", "pipe"]), default="jsonl", show_default=True)
@click.option("--arguments", type=click.Choice(["entity", "full"]), default="entity", show_default=True)
@_options("extractor", "workers", "quiet")
def extract(
    paths: tuple[str, ...],
    lines: bool,
    form: str,
    arguments: str,
    extractor: str | None,
    workers: int | None,
    quiet: bool,
) -> int:
    """Print what is extracted from files, folders or standard input (-); touch no store.

    Example: echo 'Ada Lovelace wrote the first program.' | kg extract --lines --format pipe -
    """
    from kg_builder.extracting import extract_lines, extract_paths
    from kg_builder.render import render_extraction

    settings = load_settings({"extractor": extractor, "workers": workers})
    extracted = (extract_lines if lines else extract_paths)(
        paths, recipe=replace(_recipe(settings), verbatim=arguments == "full"), workers=settings.workers or None
    )
    failed = done = 0
    for item in extracted:
        if item.problem is not None:
            failed += 1
            if not quiet:
                click.echo(f"kg: {item.document}: {item.problem}", err=True)
            continue
        done += 1
        for extraction in item.extractions:
            click.echo(render_extraction(item, extraction, form=form, arguments=arguments))
    if not failed:
        return 0
    return PARTLY_DONE if done else NOTHING_DONE


@cli.command()
@_options("store", "json")
def status(store: str | None, as_json: bool) -> int:
    """What the store holds, and every file that failed or was left out, with its reason.

    Example: kg status --json
    """
    from kg_builder.render import render_status

    settings = load_settings({"store": store})
    with _open(settings) as graph:
        problems = [d for state in ("failed", "partial", "skipped") for d in graph.documents(state=state)]
        click.echo(render_status(graph.uri, graph.server, graph.counts(), problems, as_json=as_json))
    return PARTLY_DONE if any(d.state != "skipped" for d in problems) else 0


@cli.command()
@click.argument("uris", nargs=-1)
@click.option("--reason", help="Only files that failed for this reason.")
@_options("store", "extractor", "workers", "json", "quiet")
def retry(
    uris: tuple[str, ...],
    reason: str | None,
    store: str | None,
    extractor: str | None,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Try failed files again: all, those of one reason, or those named.

    Example: kg retry --reason timeout
    """
    from kg_builder.loaders import path_of, to_uri

    settings = load_settings({"store": store, "extractor": extractor, "workers": workers})
    wanted = {to_uri(uri) for uri in uris}
    with _open(settings) as graph:
        troubled = [d for state in ("failed", "partial") for d in graph.documents(state=state)]
    failed = [d for d in troubled if reason in (None, d.reason)]
    paths = tuple(path_of(d.uri) for d in failed if not wanted or d.uri in wanted)
    if not paths:
        click.echo("kg: no failed file matches; `kg status` lists them", err=True)
        return NOTHING_DONE if wanted or reason else 0
    return _build(settings, paths, as_json=as_json, quiet=quiet)


@cli.command()
@click.argument("uris", nargs=-1, required=True, metavar="URI...")
@_options("store", "quiet")
def remove(uris: tuple[str, ...], store: str | None, quiet: bool) -> int:
    """Withdraw documents (by uri or path) from the graph, with all that only they support.

    Example: kg remove reports/2019.pdf
    """
    from kg_builder.loaders import to_uri

    settings = load_settings({"store": store})
    with _open(settings) as graph:
        unknown = [uri for uri in uris if not graph.remove(to_uri(uri))]
    for uri in unknown:
        click.echo(f"kg: expected a document of the store, found {uri!r}; `kg query` lists them by uri", err=True)
    if not quiet:
        click.echo(f"{len(uris) - len(unknown)} documents withdrawn", err=True)
    if not unknown:
        return 0
    return PARTLY_DONE if len(unknown) < len(uris) else NOTHING_DONE


@cli.command()
@click.argument("cypher")
@click.option("--param", "parameters", multiple=True, metavar="K=V", help="A parameter; V is JSON, or else a string.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--write", is_flag=True, help="Allow the statement to change the graph.")
@click.option("--limit", default=1000, show_default=True, metavar="ROWS", help="Rows to print at most.")
@click.option("--timeout", "timeout_s", default=30.0, show_default=True, metavar="SECONDS")
@_options("store")
def query(
    cypher: str,
    parameters: tuple[str, ...],
    form: str,
    write: bool,
    limit: int,
    timeout_s: float,
    store: str | None,
) -> int:
    """Run a Cypher statement, read-only unless --write.

    Example: kg query 'MATCH (p:Person)-[r]->(o:Organization) RETURN p.name, r.relation, o.name LIMIT 10'
    """
    from kg_builder.query import parse_parameters
    from kg_builder.render import render_rows

    values = parse_parameters(parameters)
    with _open(load_settings({"store": store})) as graph:
        run = graph.execute if write else graph.query
        result = run(cypher, values, max_rows=limit, timeout_s=timeout_s)
    click.echo(render_rows(result, form=form), nl=False)
    if result.truncated:
        click.echo(f"kg: more rows were there; the first {limit} are shown (--limit)", err=True)
    return 0


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_options("store", "quiet")
def export(file: Path, store: str | None, quiet: bool) -> int:
    """Write the graph to FILE in the form its suffix names: .graphml .jsonld .ttl .csv .jsonl .cypher

    Example: kg export graph.graphml
    """
    from kg_builder.export import export_graph, export_paths

    with _open(load_settings({"store": store})) as graph:
        written = export_graph(graph, file)
    if not quiet:
        click.echo(f"{written:,} facts written to {' and '.join(map(str, export_paths(file)))}", err=True)
    return 0


@cli.command()
@click.option("--top", default=10, show_default=True, help="How many of the most frequent and central to list.")
@_options("store", "json")
def stats(top: int, store: str | None, as_json: bool) -> int:
    """Counts by type and relation, degrees, components, PageRank and communities.

    Example: kg stats --top 20
    """
    from kg_builder.analysis import graph_statistics
    from kg_builder.render import render_statistics

    with _open(load_settings({"store": store})) as graph:
        statistics = graph_statistics(graph, top=top)
    click.echo(
        json.dumps(statistics.to_dict(), ensure_ascii=False) if as_json else render_statistics(statistics), nl=as_json
    )
    return 0


@cli.command()
@_options("store", "json")
def doctor(store: str | None, as_json: bool) -> int:
    """Check the installation and the store: models, server, indexes, and that every fact has its evidence.

    Example: kg doctor
    """
    from kg_builder.doctor import examine
    from kg_builder.render import render_findings

    findings = examine(load_settings({"store": store}).store)
    click.echo(render_findings(findings, as_json=as_json))
    return PARTLY_DONE if any(not finding.healthy for finding in findings) else 0


@cli.command()
@click.argument("gold", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("predicted", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(gold: Path, predicted: Path, as_json: bool) -> int:
    """Precision, recall and F1 of predicted triples against gold ones, exact and by head word.

    Example: kg evaluate data/gold/en.jsonl predicted.jsonl
    """
    from kg_builder.evaluate import evaluate_files
    from kg_builder.render import render_scores

    click.echo(render_scores(evaluate_files(gold, predicted), as_json=as_json))
    return 0


@cli.command()
@click.option("--port", type=int, help="Port to listen on; default: a free one from 8501 on.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--allow-writes", is_flag=True, help="Let the Cypher page change the graph.")
@_options("store")
def ui(port: int | None, address: str, allow_writes: bool, store: str | None) -> int:
    """Open the graph in the browser.

    Example: kg ui --store bolt://localhost:7687
    """
    from kg_builder.launch import run_ui

    settings = load_settings({"store": store})
    return run_ui(settings.store, port=port, address=address, allow_writes=allow_writes)


if __name__ == "__main__":
    main()
