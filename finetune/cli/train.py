"""``kg-finetune train``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from finetune.settings import PRESETS, load_training, parse_assignments

__all__ = ["train"]


@click.command()
@click.option("--preset", default="", metavar="NAME", help=f"{', '.join(PRESETS)}, or the path of a .toml file.")
@click.option("--model", metavar="BASE", help="The base model: a folder, or a name of the Hugging Face hub.")
@click.option("--data", metavar="DIR", help="train.jsonl, dev.jsonl and test.jsonl (`kg-finetune prepare` makes them).")
@click.option("--out", metavar="DIR", help="The run's folder; a run that stands there goes on.")
@click.option("--method", type=click.Choice(["full", "lora", "qlora"]), help="What is trained.")
@click.option("--prompt", metavar="NAME", help="How raw data are asked about (people-relation: plain, long).")
@click.option("--template", metavar="NAME", help="Chat template: chatml, llama-3, llama-2, alpaca, plain or own.")
@click.option("--quantize", type=click.Choice(["4bit", "8bit", "none"]), help="The base model's weights.")
@click.option("--rank", type=int, metavar="N", help="Of LoRA.")
@click.option("--epochs", type=float, metavar="X", help="How often the data are gone through.")
@click.option("--max-steps", type=int, metavar="N", help="Stop after so many steps.")
@click.option("--max-tokens", type=int, metavar="N", help="Samples with more are left out and counted.")
@click.option("--learning-rate", type=float, metavar="X")
@click.option("--seed", type=int, metavar="N")
@click.option("--device", metavar="NAME", help="cuda, cuda:1, cpu; default: the first GPU if there is one.")
@click.option("--push-to-hub", metavar="NAME", help="A repository of the hub that gets the result (needs HF_TOKEN).")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Any other setting (repeatable).")
@click.option("--dry-run", is_flag=True, help="Train nothing; print every value that would be in force.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--quiet", is_flag=True, help="No progress, no messages.")
def train(preset: str, assignments: tuple[str, ...], dry_run: bool, as_json: bool, quiet: bool, **flags: Any) -> None:
    """Train an adapter, or a whole model, on prepared examples; the same command goes on with a run that was stopped.

    Example: kg-finetune train --preset llama3-re --model BASE --data data/ --out run/
    """
    given = {name: value for name, value in flags.items() if value is not None}
    settings = load_training(preset, parse_assignments(assignments) | given)
    if dry_run:
        found = settings.in_force()
        click.echo(json.dumps(found, indent=2) if as_json else "\n".join(f"{k} = {v!r}" for k, v in found.items()))
        return
    from finetune.train import hush_libraries
    from finetune.train import train as run

    hush_libraries()
    result = run(settings, show=not quiet, **({"say": lambda line: None} if quiet else {}))
    if not result:
        return  # one of several processes, and not the first
    if as_json:
        click.echo(json.dumps(result, indent=2))
    else:
        value = (
            ""
            if result["value"] is None
            else f"{result['metric']} {result['value']:.4f} at step {result['best_step']}, "
        )
        click.echo(
            f"{value}{result['seconds']:.0f} s, {result['memory_mb']:,.0f} MB: {Path(settings.out, result['weights'])}"
        )
