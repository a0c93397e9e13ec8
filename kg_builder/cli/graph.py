"""The commands that look at the graph, take it elsewhere, and see to its health."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kg_builder.cli.common import PARTLY_DONE, cache_of, open_graph, options, recipe_of
from kg_builder.config import Settings
from kg_builder.errors import KGError

__all__ = ["doctor", "evaluate", "export", "query", "stats", "ui"]


@click.command()
@click.argument("cypher")
@click.option("--param", "parameters", multiple=True, metavar="K=V", help="A parameter; V is JSON, or else a string.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--write", is_flag=True, help="Allow the statement to change the graph.")
@click.option("--limit", default=1000, show_default=True, metavar="ROWS", help="Rows to print at most.")
@click.option("--timeout", "timeout_s", default=30.0, show_default=True, metavar="SECONDS")
@options("store")
def query(
    cypher: str,
    parameters: tuple[str, ...],
    form: str,
    write: bool,
    limit: int,
    timeout_s: float,
    settings: Settings,
) -> int:
    """Run a Cypher statement, read-only unless --write.

    Example: kg query 'MATCH (p:Person)-[r]->(o:Organization) RETURN p.name, r.relation, o.name LIMIT 10'
    """
    from kg_builder.query import parse_parameters
    from kg_builder.render import render_rows

    values = parse_parameters(parameters)
    with open_graph(settings) as graph:
        run = graph.execute if write else graph.query
        result = run(cypher, values, max_rows=limit, timeout_s=timeout_s)
    click.echo(render_rows(result, form=form), nl=False)
    if result.truncated:
        click.echo(f"kg: more rows were there; the first {limit} are shown (--limit)", err=True)
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@options("store", "quiet")
def export(file: Path, settings: Settings, quiet: bool) -> int:
    """Write the graph to FILE in the form its suffix names: .graphml .jsonld .ttl .csv .jsonl .cypher

    Example: kg export graph.graphml
    """
    from kg_builder.export import export_graph, export_paths

    with open_graph(settings) as graph:
        written = export_graph(graph, file)
    if not quiet:
        click.echo(f"{written:,} facts written to {' and '.join(map(str, export_paths(file)))}", err=True)
    return 0


@click.command()
@click.option("--top", default=10, show_default=True, help="How many of the most frequent and central to list.")
@options("store", "json")
def stats(top: int, settings: Settings, as_json: bool) -> int:
    """Counts by type and relation, degrees, components, PageRank and communities.

    Example: kg stats --top 20
    """
    from kg_builder.analysis import graph_statistics
    from kg_builder.render import render_statistics

    with open_graph(settings) as graph:
        statistics = graph_statistics(graph, top=top)
    click.echo(
        json.dumps(statistics.to_dict(), ensure_ascii=False) if as_json else render_statistics(statistics), nl=as_json
    )
    return 0


@click.command()
@click.option("--repair", is_flag=True, help="Mend what can be mended, and say what was done.")
@options("store", "extractor", "json")
def doctor(repair: bool, settings: Settings, as_json: bool) -> int:
    """Check the installation and the store: models, server, indexes, the cache, and that every fact has its evidence.

    Without --repair nothing is changed. With it the graph is brought in line with its evidence, and documents that lost
    some are marked, so that the next `kg ingest` reads them again.

    Example: kg doctor --repair
    """
    from kg_builder.doctor import Finding, examine, mend
    from kg_builder.render import render_findings

    wrong: list[Finding] = []
    try:
        recipe = recipe_of(settings)
    except KGError as exc:  # a graph can be looked at, and mended, without what would read texts
        recipe = None
        wrong = [Finding("settings", False, str(exc), "mend the setting, or install what it needs")]
    look = mend if repair else examine
    findings = [*wrong, *look(settings.store, recipe=recipe, cache=cache_of(settings))]
    click.echo(render_findings(findings, as_json=as_json))
    return PARTLY_DONE if any(not finding.healthy for finding in findings) else 0


@click.command()
@click.argument("gold", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("predicted", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--pairs",
    metavar="TEST",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Pairs of records that are one or not, a line each, instead of triples: COL name VAL value ..., tab, "
    "the other record, tab, 0 or 1.",
)
@click.option(
    "--learn",
    metavar="TRAIN",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With --pairs: labelled pairs to learn from first; without, a fixed rule judges.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(gold: Path | None, predicted: Path | None, pairs: Path | None, learn: Path | None, as_json: bool) -> int:
    """Precision, recall and F1 of predicted triples against gold ones, exact and by head word; or of pairs of records.

    Example: kg evaluate data/gold/en.jsonl predicted.jsonl

    Example: kg evaluate --pairs test.txt --learn train.txt
    """
    if pairs is not None:
        if gold is not None:
            raise click.UsageError(f"expected --pairs TEST or the files GOLD and PREDICTED, found both: {gold}")
        from kg_builder.evaluate.pairs import evaluate_pairs
        from kg_builder.render import render_pair_scores

        click.echo(render_pair_scores(evaluate_pairs(pairs, learn=learn), as_json=as_json))
        return 0
    if learn is not None:
        raise click.UsageError("expected --pairs TEST beside --learn TRAIN, found --learn alone")
    if gold is None or predicted is None:
        raise click.UsageError("expected the two files GOLD and PREDICTED, or --pairs TEST")
    from kg_builder.evaluate import evaluate_files
    from kg_builder.render import render_scores

    click.echo(render_scores(evaluate_files(gold, predicted), as_json=as_json))
    return 0


@click.command()
@click.option("--port", type=int, help="Port to listen on; default: a free one from 8501 on.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--allow-writes", is_flag=True, help="Let the Cypher page change the graph.")
@click.option("--read-only", is_flag=True, help="Only show: no ingesting, no corrections, no training.")
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder whose documents may be ingested from the browser (repeatable); default: the current folder.",
)
@click.option(
    "--upload-limit",
    "upload_mb",
    type=click.IntRange(1, 100_000),
    default=200,
    show_default=True,
    metavar="MB",
    help="Largest file that may be dropped.",
)
@options("store")
def ui(
    port: int | None,
    address: str,
    allow_writes: bool,
    read_only: bool,
    roots: tuple[Path, ...],
    upload_mb: int,
    settings: Settings,
) -> int:
    """Open the graph in the browser. With the variable KGUI_PASSWORD set, it asks for that password first.

    Example: kg ui --store bolt://localhost:7687
    """
    from kg_builder.launch import run_ui

    if read_only and allow_writes:
        raise click.UsageError("expected --read-only or --allow-writes, found both")
    more = ["--read-only"] if read_only else ["--allow-writes"] if allow_writes else []
    more += [f"--root={root.resolve()}" for root in roots]
    return run_ui(settings.store, [f"--address={address}", f"--upload-limit={upload_mb}", *more], port=port)
