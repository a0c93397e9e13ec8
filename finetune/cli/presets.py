"""``kg-finetune presets``."""

from __future__ import annotations

import json

import click

from finetune.settings import PRESETS, preset_about, preset_values
from kg_builder.render import render_table

__all__ = ["presets"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, with every value that a preset sets.")
def presets(as_json: bool) -> None:
    """List the presets that come with the package, what each is for and what it trains.

    Example: kg-finetune presets --json
    """
    found = [{"name": name, "about": preset_about(name), "values": preset_values(name)} for name in PRESETS]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    rows = [(name, preset_values(name).get("method", ""), preset_about(name)) for name in PRESETS]
    click.echo(render_table(("preset", "method", "for"), rows), nl=False)
