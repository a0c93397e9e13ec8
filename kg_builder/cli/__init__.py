"""The ``kg`` command: every command opens what it needs, makes one library call and prints.

Results go to stdout, progress and messages to stderr. Exit status: 0 all done; 1 nothing could be done; 2 wrong usage;
3 done, but some items failed and are listed by ``kg status``.
"""

from __future__ import annotations

import sys

import click

from kg_builder.cli.common import INTERRUPTED, NOTHING_DONE
from kg_builder.cli.comparing import diff
from kg_builder.cli.documents import extract, ingest, remove, retry, status
from kg_builder.cli.graph import doctor, evaluate, export, query, stats, ui
from kg_builder.cli.importing import import_
from kg_builder.cli.keeping import backup, restore
from kg_builder.cli.ontology import ontology
from kg_builder.cli.relations import conflicts, relations
from kg_builder.cli.resolving import decisions, explain, merge, never_merge, rename, resolve, split
from kg_builder.cli.watching import watch
from kg_builder.driver import be_lean
from kg_builder.errors import ConfigError, KGError

__all__ = ["cli", "main"]


def main() -> None:
    """Run ``kg`` with the arguments of this process; errors made for people become one line on stderr."""
    be_lean()
    try:
        status = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("kg: interrupted; what was written stays, run the command again to go on", err=True)
        sys.exit(INTERRUPTED)
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
    evaluate,
    ontology,
    ui,
):
    cli.add_command(command)
