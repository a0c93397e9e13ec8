"""``kg-finetune compare``."""

from __future__ import annotations

import json
from typing import Any

import click

from finetune.compare import Grid, render_table
from finetune.compare import compare as compared
from finetune.settings import PRESETS, load_training, parse_assignments
from kg_builder.errors import ConfigError

__all__ = ["compare"]


@click.command()
@click.option("--preset", default="", metavar="NAME", help=f"{', '.join(PRESETS)}, or the path of a .toml file.")
@click.option("--model", metavar="BASE", help="The base model: a folder, or a name of the Hugging Face hub.")
@click.option("--data", metavar="DIR", help="What `kg-finetune train` takes.")
@click.option("--out", metavar="DIR", help="A folder for the runs; those that are done are not done again.")
@click.option("--methods", default="", metavar="A,B", help="Out of full, lora, qlora.")
@click.option("--prompts", default="", metavar="A,B", help="Ways to ask, where the data know several.")
@click.option("--ranks", default="", metavar="N,M", help="Ranks of LoRA.")
@click.option("--epochs", default="", metavar="X,Y", help="Numbers of epochs.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A setting of all runs (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--quiet", is_flag=True, help="No progress, no messages.")
def compare(
    preset: str,
    methods: str,
    prompts: str,
    ranks: str,
    epochs: str,
    assignments: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    **flags: Any,
) -> int:
    """Train with each combination of methods, prompts, ranks and epochs, and print what each came to.

    Example: kg-finetune compare --preset llama3-re --model BASE --data data/ --out runs/ --methods lora,qlora
    """
    given = {name: value for name, value in flags.items() if value is not None}
    from finetune.train import hush_libraries

    settings = load_training(preset, parse_assignments(assignments) | given)
    grid = Grid(_listed(methods), _listed(prompts), _numbers(ranks, int, "ranks"), _numbers(epochs, float, "epochs"))
    hush_libraries()
    rows = compared(
        settings, grid, say=(lambda line: None) if quiet else (lambda line: click.echo(line, err=True)), show=not quiet
    )
    click.echo(json.dumps({"runs": rows}, indent=2) if as_json else render_table(rows))
    failed = sum(bool(row["problem"]) for row in rows)
    return 0 if not failed else 1 if failed == len(rows) else 3


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _numbers(text: str, kind: type, name: str) -> list[Any]:
    try:
        return [kind(each) for each in _listed(text)]
    except ValueError as exc:
        raise ConfigError(f"--{name}: expected numbers with commas between them, found {text!r}") from exc
