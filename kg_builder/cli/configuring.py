"""The command that shows what is configured."""

from __future__ import annotations

import os

import click

from kg_builder.cli.common import options

__all__ = ["settings"]


@click.command()
@options("json")
def settings(as_json: bool) -> int:
    """Every setting with its value and where that comes from: the default, kg.toml, or an environment variable.

    Of passwords and keys only is told whether they are set.

    Example: kg settings --json
    """
    from kg_builder.config import SECRETS, settings_with_origins
    from kg_builder.render import render_settings

    secrets = {name: bool(os.environ.get(name)) for name in SECRETS}
    click.echo(render_settings(settings_with_origins(), secrets, as_json=as_json))
    return 0
