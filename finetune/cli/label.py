"""``kg-finetune label``: a teacher behind an endpoint says which facts stand in texts."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from finetune.cli import INTERRUPTED, NOTHING_DONE, PARTLY_DONE
from finetune.teacher import LabelReport, estimate_labels
from finetune.teacher import label as label_texts
from finetune.teacher_answers import Kind, Question
from finetune.teacher_render import render_estimate, render_report
from finetune.teacher_texts import Texts
from kg_builder.budgets import Budget, Prices
from kg_builder.endpoint import Endpoint
from kg_builder.errors import ConfigError
from kg_builder.progress import report_steps
from kg_builder.reports import Step
from kg_builder.stopping import Stop, stopping
from kg_builder.types import Usage

__all__ = ["label"]


@click.command()
@click.argument("texts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="For what is made.")
@click.option("--model", required=True, metavar="NAME", help="The teacher, as the endpoint calls it.")
@click.option("--base-url", default="", metavar="URL", help="Of the endpoint: https://HOST/v1. Key: OPENAI_API_KEY.")
@click.option("--temperature", type=click.FloatRange(0), default=0.5, show_default=True)
@click.option("--max-new-tokens", type=click.IntRange(1), default=128, show_default=True, help="Most for one answer.")
@click.option("--system-prompt-file", type=click.Path(path_type=Path), metavar="FILE", help="In place of ours.")
@click.option("--relation", "relations", multiple=True, metavar="NAME", help="Only these relations (repeatable).")
@click.option("--any-entities", is_flag=True, help="Keep triples whose entities do not stand in the text, too.")
@click.option("--keep-cut-off", is_flag=True, help="Use the whole lines of answers that were cut off.")
@click.option("--keep-empty", is_flag=True, help="Make examples of texts without facts, too.")
@click.option(
    "--again", multiple=True, type=click.Choice(["refused", "malformed"]), help="Ask these once more (repeatable)."
)
@click.option("--concurrency", type=click.IntRange(1), default=8, show_default=True, help="Requests at a time.")
@click.option("--requests-per-minute", type=click.IntRange(0), default=0, help="0 (the default): no limit.")
@click.option("--tokens-per-minute", type=click.IntRange(0), default=0, help="0 (the default): no limit.")
@click.option("--timeout", "timeout_s", type=float, default=120.0, show_default=True, help="Seconds for one request.")
@click.option("--tries", type=click.IntRange(1), default=8, show_default=True, help="Of one request, before it failed.")
@click.option("--budget-tokens", type=int, metavar="N", help="Ask no more once the next request might exceed this.")
@click.option("--budget-cost", type=float, metavar="X", help="The same in money, at the prices given.")
@click.option("--price-input-per-mtok", type=float, default=0.0, metavar="X", help="Per million tokens read.")
@click.option("--price-output-per-mtok", type=float, default=0.0, metavar="X", help="Per million tokens written.")
@click.option("--estimate", is_flag=True, help="Ask nothing; say how many rows, tokens and what cost it would be.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--quiet", is_flag=True, help="No progress, no messages.")
def label(
    texts: tuple[Path, ...],
    out: Path,
    model: str,
    base_url: str,
    temperature: float,
    max_new_tokens: int,
    system_prompt_file: Path | None,
    relations: tuple[str, ...],
    any_entities: bool,
    keep_cut_off: bool,
    keep_empty: bool,
    again: tuple[Kind, ...],
    concurrency: int,
    requests_per_minute: int,
    tokens_per_minute: int,
    timeout_s: float,
    tries: int,
    budget_tokens: int | None,
    budget_cost: float | None,
    price_input_per_mtok: float,
    price_output_per_mtok: float,
    estimate: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Let a teacher label TEXTS: JSONL with "text", or plain text, one a line. Run it again to go on; nothing that was
    answered is asked twice.

    Example: kg-finetune label texts.jsonl --out labels/ --base-url https://api.example.com/v1 --model big-70b
    """
    question = Question(
        model,
        temperature,
        max_new_tokens,
        system_prompt=_prompt(system_prompt_file),
        relations=relations,
        any_entities=any_entities,
        keep_cut_off=keep_cut_off,
        keep_empty=keep_empty,
        again=again,
    )
    budget = Budget(budget_tokens, budget_cost, Prices(price_input_per_mtok, price_output_per_mtok))
    rows = Texts(texts)
    expected = estimate_labels(
        rows,
        out,
        question,
        budget=budget,
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
    )
    if estimate:
        click.echo(json.dumps(expected.to_dict()) if as_json else render_estimate(expected))
        return 0

    def say(message: str) -> None:
        if not quiet:
            click.echo(f"kg-finetune: {message}", err=True)

    say(render_estimate(expected))
    with (
        Endpoint(
            base_url,
            model,
            temperature=temperature,
            max_new_tokens=max_new_tokens,
            concurrency=concurrency,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            timeout_s=timeout_s,
            tries=tries,
            on_message=say,
        ) as endpoint,
        stopping(on_message=say) as stop,
        report_steps(quiet=quiet) as show,
    ):
        began = time.monotonic()

        def told(count: int, used: Usage) -> None:
            if show:
                doing = f"{used.tokens:,} tokens, labelling"
                show(Step(doing, count, expected.to_ask, "texts", time.monotonic() - began))

        report = label_texts(rows, out, question, endpoint, budget=budget, stop=stop, on_progress=told)
    click.echo(json.dumps(report.to_dict(), ensure_ascii=False) if as_json else render_report(report, out))
    return _status(report, stop)


def _status(report: LabelReport, stop: Stop) -> int:
    if stop.interrupted and report.left:
        return INTERRUPTED
    if not report.failed and not report.left and not report.unusable:
        return 0
    return PARTLY_DONE if report.answered else NOTHING_DONE


def _prompt(path: Path | None) -> str:
    """The system prompt in a file; empty: ours."""
    if path is None:
        return ""
    try:
        prompt = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"expected a system prompt in UTF-8 in {str(path)!r}, but {exc}") from exc
    if not prompt:
        raise ConfigError(f"expected a system prompt in {str(path)!r}, found an empty file")
    return prompt
