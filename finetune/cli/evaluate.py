"""``kg-finetune evaluate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

__all__ = ["evaluate"]


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path, exists=True), help="A file of examples, or a folder with test.jsonl."
)
@click.option("--model", default="", metavar="MODEL", help="The base model: a folder, or a name of the hub.")
@click.option("--adapter", default="", metavar="DIR", help="The adapter, for instance the one in a run's folder.")
@click.option("--compare-base", is_flag=True, help="Ask the base model too, and set the two side by side.")
@click.option(
    "--predictions",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Answers made before instead of a model; twice: before and after.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("runs/evaluation"), show_default=True, metavar="DIR"
)
@click.option("--again", is_flag=True, help="Ask anew what is answered in --out already.")
@click.option("--constrained/--free", default=False, show_default=True, help="Only lines of the text's entities.")
@click.option("--batch-size", type=click.IntRange(1), default=16, show_default=True)
@click.option("--max-new-tokens", type=click.IntRange(1), default=512, show_default=True)
@click.option("--temperature", type=click.FloatRange(0), default=0.0, show_default=True)
@click.option("--quantize", type=click.Choice(["auto", "4bit", "8bit", "none"]), default="auto", show_default=True)
@click.option("--dtype", type=click.Choice(["auto", "bf16", "fp16", "fp32"]), default="auto", show_default=True)
@click.option("--chat-template", default="", metavar="NAME", help="For a base model without one of its own.")
@click.option("--trust-remote-code", is_flag=True, help="Run code that comes with the model.")
@click.option("--labels", default="", metavar="A,B,…", help="Labels that an answer may name beside those in the data.")
@click.option("--limit", type=click.IntRange(0), default=0, metavar="N", help="Only the first N examples.")
@click.option("--bootstrap", type=click.IntRange(0), default=1000, show_default=True, help="Samples for the intervals.")
@click.option("--seed", type=int, default=17, show_default=True)
@click.option("--judge", default="", metavar="URL", help="Let the model at this endpoint (OpenAI-compatible) judge.")
@click.option("--judge-model", default="", metavar="NAME", help="Its name there; its key is in OPENAI_API_KEY.")
@click.option("--judge-limit", type=click.IntRange(1), default=50, show_default=True, help="Answers to judge at most.")
@click.option(
    "--threshold", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="What a judged score passes at."
)
@click.option(
    "--synthesize",
    type=click.Path(path_type=Path, exists=True),
    metavar="FOLDER",
    help="Let the judge make questions from these documents, and judge the answers to them.",
)
@click.option("--goldens", type=click.IntRange(1), default=20, show_default=True, help="Questions to make at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(data: Path | None, model: str, predictions: tuple[Path, ...], as_json: bool, **options: Any) -> int:
    """Score a model's answers on held-out examples: triples, labels, and with a judge anything.

    Example: kg-finetune evaluate --data data/ --model BASE --adapter run/adapter --compare-base --out run/evaluation
    """
    from finetune.evaluating import Request, run_evaluation
    from finetune.evaluation_report import render_summary

    _check(data, model, predictions, **options)
    report = run_evaluation(Request(data=data, model=model, predictions=predictions, **options), tell=_tell)
    click.echo(json.dumps(report.to_dict(), ensure_ascii=False) if as_json else render_summary(report))
    return 0


def _check(data: Path | None, model: str, predictions: tuple[Path, ...], **options: Any) -> None:
    """What cannot go together is wrong usage."""
    if bool(model) == bool(predictions):
        raise click.UsageError("expected --model MODEL or --predictions FILE, found both or neither")
    if len(predictions) > 2:
        raise click.UsageError(f"expected --predictions at most twice, before and after, found {len(predictions)}")
    if predictions and (options["adapter"] or options["compare_base"]):
        raise click.UsageError("expected --adapter and --compare-base beside --model, found --predictions")
    if options["compare_base"] and not options["adapter"]:
        raise click.UsageError("expected --adapter beside --compare-base, found none")
    if options["synthesize"] and not (model and options["judge"]):
        raise click.UsageError("expected --judge URL and --model MODEL beside --synthesize FOLDER")
    if bool(options["judge"]) != bool(options["judge_model"]):
        raise click.UsageError("expected both --judge URL and --judge-model NAME, found one of them")
    if data is None and not options["synthesize"]:
        raise click.UsageError("expected --data FILE or FOLDER (or --synthesize FOLDER), found neither")


def _tell(message: str) -> None:
    click.echo(message, err=True)
