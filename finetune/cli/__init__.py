"""The ``kg-finetune`` command: data, teacher's labels, training, evaluation, merging and serving of extractors.

Results go to stdout, progress and messages to stderr. Exit status: 0 all done; 1 nothing could be done; 2 wrong usage;
3 done, but some items failed and are listed.
"""

from __future__ import annotations

from importlib import import_module

import click

from kg_builder.cli.running import INTERRUPTED, NOTHING_DONE, PARTLY_DONE, run

__all__ = ["INTERRUPTED", "NOTHING_DONE", "PARTLY_DONE", "cli", "main"]

COMMANDS = ("prepare", "label", "presets", "train", "evaluate", "compare", "merge", "serve")


class _Late(click.Group):
    """Commands that are imported when they are asked for: most bring torch along."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of ``finetune.cli.NAME``."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(import_module(f"finetune.cli.{cmd_name}"), cmd_name)
        return found


@click.group(cls=_Late, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="kg-builder", prog_name="kg-finetune")
def cli() -> None:
    """Train an extractor of your own: data, a teacher's labels, QLoRA, evaluation, merging, serving.

    Example: kg-finetune train --preset llama3-re --model BASE --data data/ --out run/
    """


def main() -> None:
    """Run ``kg-finetune`` with the arguments of this process; errors made for people become one line on stderr."""
    run(cli, "kg-finetune")
