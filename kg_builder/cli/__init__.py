"""The ``kg`` command: every command opens what it needs, makes one library call and prints.

Results go to stdout, progress and messages to stderr. Exit status: 0 all done; 1 nothing could be done; 2 wrong usage;
3 done, but some items failed and are listed by ``kg status``.
"""

from __future__ import annotations

import click

from kg_builder.cli.comparing import diff
from kg_builder.cli.configuring import settings
from kg_builder.cli.documents import extract, ingest, remove, retry, status
from kg_builder.cli.graph import doctor, evaluate, export, query, stats, ui
from kg_builder.cli.importing import import_
from kg_builder.cli.keeping import backup, restore
from kg_builder.cli.ontology import ontology
from kg_builder.cli.relations import conflicts, relations
from kg_builder.cli.resolving import decisions, explain, merge, never_merge, rename, resolve, split
from kg_builder.cli.reviewing import review
from kg_builder.cli.running import run
from kg_builder.cli.watching import watch
from kg_builder.driver import be_lean

__all__ = ["cli", "main"]


def main() -> None:
    """Run ``kg`` with the arguments of this process; errors made for people become one line on stderr."""
    be_lean()
    run(cli, "kg")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="kg-builder", prog_name="kg")
def cli() -> None:
    """Turn folders of documents into a knowledge graph; query, export and explore it.

    Example: kg ingest ~/papers && kg ui
    """


for command in (
    ingest,
    watch,
    extract,
    status,
    retry,
    remove,
    import_,
    resolve,
    merge,
    split,
    never_merge,
    rename,
    explain,
    review,
    decisions,
    query,
    export,
    backup,
    restore,
    stats,
    diff,
    relations,
    conflicts,
    doctor,
    settings,
    evaluate,
    ontology,
    ui,
):
    cli.add_command(command)
