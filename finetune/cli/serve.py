"""``kg-finetune serve``."""

from __future__ import annotations

import click

__all__ = ["serve"]


@click.command()
@click.option("--model", required=True, metavar="BASE", help="A folder, or a name of the hub.")
@click.option("--adapter", default="", metavar="DIR", help="Folder of an adapter for it.")
@click.option("--classifier", default="", metavar="DIR", help="A model or adapter with labels, for /classify.")
@click.option("--name", default="", help="What the model is called in answers; default: its folder's name.")
@click.option("--backend", type=click.Choice(["auto", "transformers", "vllm"]), default="auto", show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Beyond loopback only with a token.")
@click.option("--port", default=8000, show_default=True)
@click.option("--quantize", type=click.Choice(["auto", "4bit", "8bit", "none"]), default="auto", show_default=True)
@click.option("--dtype", type=click.Choice(["auto", "bf16", "fp16", "fp32"]), default="auto", show_default=True)
@click.option("--template", default="", metavar="NAME", help="Chat template; default: the tokenizer's own.")
@click.option("--batch-size", default=16, show_default=True, help="Requests answered together.")
@click.option("--wait-ms", default=5.0, show_default=True, help="That the first of a batch waits for others.")
@click.option("--waiting", default=256, show_default=True, help="Requests that may wait; those beyond get 429.")
@click.option("--max-new-tokens", default=512, show_default=True, help="The most that an answer may take.")
@click.option("--max-body-bytes", default=1_000_000, show_default=True)
@click.option("--max-text-characters", default=10_000, show_default=True)
@click.option("--timeout", "timeout_s", default=60.0, show_default=True, metavar="S", help="Of a request.")
@click.option("--unconstrained", is_flag=True, help="Let the model write what it will.")
@click.option("--trust-remote-code", is_flag=True, help="Run code that the model brings along.")
@click.option("--vllm-option", "more", multiple=True, metavar="ARG", help="Passed on to vllm serve (repeatable).")
def serve(
    model: str,
    adapter: str,
    classifier: str,
    name: str,
    backend: str,
    host: str,
    port: int,
    quantize: str,
    dtype: str,
    template: str,
    batch_size: int,
    wait_ms: float,
    waiting: int,
    max_new_tokens: int,
    max_body_bytes: int,
    max_text_characters: int,
    timeout_s: float,
    unconstrained: bool,
    trust_remote_code: bool,
    more: tuple[str, ...],
) -> int:
    """Serve an extractor over HTTP: /extract, /classify, /v1/chat/completions, /health, /metrics. Requests bring the
    token that KG_SERVE_TOKEN holds, if it holds one.

    Example: kg-finetune serve --model BASE --adapter run/adapter --port 8000
    """
    from finetune.serve import ServeLimits, open_model, run
    from kg_builder.extract.model_options import ModelOptions

    options = ModelOptions(
        model=model,
        adapter=adapter,
        chat_template=template,
        quantize=quantize,  # type: ignore[arg-type]
        dtype=dtype,  # type: ignore[arg-type]
        batch_size=batch_size,
        max_new_tokens=max_new_tokens,
        constrained=not unconstrained,
        trust_remote_code=trust_remote_code,
        timeout_s=timeout_s,
        concurrency=64,
    )
    limits = ServeLimits(
        body_bytes=max_body_bytes,
        text_characters=max_text_characters,
        waiting=waiting,
        wait_ms=wait_ms,
        timeout_s=timeout_s,
    )
    opened = open_model(options, backend=backend, classifier=classifier, name=name, more=more)  # type: ignore[arg-type]
    run(
        opened,
        host=host,
        port=port,
        limits=limits,
        on_message=lambda told: click.echo(f"kg-finetune: {told}", err=True),
    )
    return 0
