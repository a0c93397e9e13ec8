"""The command that takes triples from elsewhere into the graph."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import click

from kg_builder.cli.common import NOTHING_DONE, PARTLY_DONE, open_graph, options
from kg_builder.cli.resolving import resolved
from kg_builder.config import Settings

__all__ = ["import_"]


@click.command("import")
@click.argument("file")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv", "pipe"]), help="Default: by the suffix of FILE.")
@click.option("--cypher", metavar="CYPHER", help="Of a server: a statement that returns head, relation and tail.")
@click.option("--json", "as_json", is_flag=True, help="Print the entities that each row was given, an object a line.")
@click.option("--no-resolve", is_flag=True, help="Leave it to a later `kg resolve` which names are one.")
@options("store", "quiet")
def import_(
    file: str, form: str | None, cypher: str | None, as_json: bool, no_resolve: bool, settings: Settings, quiet: bool
) -> int:
    """Take triples from elsewhere into the graph: JSON lines, CSV with a header, head|relation|tail lines, or all
    relationships of a graph in another database (neo4j://HOST:PORT).

    The same file again adds nothing, a changed one replaces what it gave. `kg remove FILE` withdraws it.

    Example: kg import triples.jsonl --json > ids.jsonl
    """
    from typing import Any, cast

    from kg_builder.importing import Placed, import_triples
    from kg_builder.store.foreign import is_server

    def tell(placed: Placed) -> None:
        row: dict[str, Any] = {"row": placed.row, "head_id": placed.head_id, "tail_id": placed.tail_id}
        if placed.reason:
            row["reason"] = placed.reason
        click.echo(json.dumps(row))

    if is_server(file):
        if form:
            raise click.UsageError("--format is for files, not for a server")
    elif cypher:
        raise click.UsageError("--cypher is for a server (neo4j://…, bolt://…), not for a file")
    elif not Path(file).is_file():
        raise click.BadParameter(f"expected a file, found none at {file!r}", param_hint="FILE")
    with open_graph(settings, create=True) as graph:
        report = import_triples(
            graph,
            file,
            form=cast(Any, form),
            cypher=cypher,
            before_placing=None if no_resolve else partial(resolved, graph, settings, quiet=quiet),
            on_placed=tell if as_json else None,
        )
    for line, reason, detail in report.problems:
        click.echo(f"kg: {file}:{line}: {reason}: {detail}", err=True)
    refused = sum(report.refused.values())
    if refused > len(report.problems):
        click.echo(f"kg: and {refused - len(report.problems):,} more rows that were refused", err=True)
    if not quiet:
        by_reason = ", ".join(f"{count:,} {reason}" for reason, count in report.refused.items())
        click.echo(
            f"{report.imported:,} of {report.rows:,} rows imported{f' (refused: {by_reason})' if refused else ''}; "
            f"documents: {report.written:,} written, {report.unchanged:,} unchanged, {report.withdrawn:,} withdrawn",
            err=True,
        )
    if not refused:
        return 0
    return PARTLY_DONE if report.imported else NOTHING_DONE
