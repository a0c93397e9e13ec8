"""``kg-finetune merge``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from finetune.cli import NOTHING_DONE, PARTLY_DONE

__all__ = ["merge"]


@click.command()
@click.option("--model", required=True, metavar="BASE", help="The model that the adapter was trained on.")
@click.option("--adapter", required=True, metavar="DIR", help="Folder of the adapter (RUN/adapter).")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="A new or empty folder.")
@click.option(
    "--onto",
    type=click.Choice(["auto", "4bit", "8bit", "original"]),
    default="auto",
    show_default=True,
    help="The weights below the adapter: as they were while it was trained, or the base's own.",
)
@click.option(
    "--dtype", type=click.Choice(["auto", "bf16", "fp16", "fp32"]), default="auto", help="Of the weights written."
)
@click.option("--template", default="", metavar="NAME", help="A chat template to go along.")
@click.option("--device", default="", metavar="NAME", help="cpu, cuda, cuda:1; default: the first GPU.")
@click.option("--shard", default="5GB", show_default=True, metavar="SIZE", help="The most that one file may take.")
@click.option("--same-base", is_flag=True, help="BASE has the weights the adapter was trained on, whatever its name.")
@click.option("--trust-remote-code", is_flag=True, help="Run code that the model brings along.")
@click.option(
    "--check",
    "check_data",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Examples for the test; default: a few texts.",
)
@click.option("--check-limit", type=int, default=64, show_default=True, metavar="N", help="The most examples.")
@click.option("--no-check", is_flag=True, help="Leave out the test that the merged model says the same.")
@click.option("--most-kl", type=float, default=0.01, show_default=True, help="Limit: nats a token.")
@click.option(
    "--least-top1", type=float, default=0.98, show_default=True, help="Limit: tokens with the same likeliest one."
)
@click.option(
    "--least-answers", type=float, default=0.95, show_default=True, help="Limit: texts with the same triples."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def merge(
    model: str,
    adapter: str,
    out: Path,
    onto: str,
    dtype: str,
    template: str,
    device: str,
    shard: str,
    same_base: bool,
    trust_remote_code: bool,
    check_data: Path | None,
    check_limit: int,
    no_check: bool,
    most_kl: float,
    least_top1: float,
    least_answers: float,
    as_json: bool,
) -> int:
    """Put an adapter into its base model, and test that the merged model says the same: exit status 1 if it does not,
    3 if it does only until it goes through 4 bits again.

    Example: kg-finetune merge --model BASE --adapter run/adapter --out merged/
    """
    from finetune.examples import read_examples
    from finetune.parity import merge_and_check
    from finetune.parity_report import Limits
    from kg_builder.language_models import Loading

    examples = read_examples(check_data, allow_empty=True)[0][:check_limit] if check_data else []
    done = merge_and_check(
        model,
        adapter,
        out,
        onto=onto,  # type: ignore[arg-type]
        dtype=dtype,
        loading=Loading(device=device, trust_remote_code=trust_remote_code),
        template=template,
        largest_file=shard,
        same_base=same_base,
        examples=None if no_check else examples,
        limits=Limits(most_kl, least_top1, least_answers),
    )
    click.echo(json.dumps(done.to_json(), ensure_ascii=False, indent=2) if as_json else done.told())
    return {"ok": 0, "beyond": NOTHING_DONE, "beyond in 4 bits": PARTLY_DONE}[done.verdict]
