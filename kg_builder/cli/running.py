"""How a command of this project begins and ends: errors made for people are one line, and the exit status says what
came of it.
"""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from kg_builder.errors import ConfigError, KGError

__all__ = ["INTERRUPTED", "NOTHING_DONE", "PARTLY_DONE", "run"]

NOTHING_DONE, PARTLY_DONE, INTERRUPTED = 1, 3, 130


def run(group: click.Group, name: str) -> NoReturn:
    """Run the commands of `group` with the arguments of this process, and end it."""
    try:
        status = group.main(standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo(f"{name}: interrupted; what was written stays, run the command again to go on", err=True)
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
        click.echo(f"{name}: {exc}", err=True)
        sys.exit(2)
    except KGError as exc:
        click.echo(f"{name}: {exc}", err=True)
        sys.exit(NOTHING_DONE)
    sys.exit(status if isinstance(status, int) else 0)
