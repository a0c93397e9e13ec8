"""The model card of a run: what it is made of, of which data under which licences, and how good it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from finetune.settings import Training

__all__ = ["model_card"]

_NOT_TOLD = frozenset({"preset", "model", "data", "out", "device", "push_to_hub", "tensorboard", "trust_remote_code"})


def model_card(settings: Training, data: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Markdown with the front matter that the Hugging Face hub reads."""
    base = Path(settings.model).name if Path(settings.model).exists() else settings.model
    kind = {"full": "All weights of", "lora": "A LoRA adapter for", "qlora": "A QLoRA adapter for"}[settings.method]
    preset = Path(settings.preset).stem  # of one's own it is a path
    lines = [
        "---",
        f"base_model: {base}",
        f"library_name: {'transformers' if settings.method == 'full' else 'peft'}",
        f"pipeline_tag: {'text-classification' if settings.task == 'classify' else 'text-generation'}",
        "tags: [relation-extraction, knowledge-graph]",
        "---",
        "",
        f"# {preset or settings.task}: {base}",
        "",
        f"{kind} `{base}`, trained with `kg-finetune train`" + (f" and the preset `{preset}`." if preset else "."),
        "",
        "## Figures",
        "",
        *_table(_figures(result)),
        "",
        "## Data",
        "",
        *_table({f"{part} examples": facts["examples"] for part, facts in data.get("parts", {}).items()}),
        "",
        *_sources(data.get("prepared", {})),
        "",
        "## Settings",
        "",
        *_table({name: value for name, value in settings.to_json().items() if name not in _NOT_TOLD and value != ""}),
        "",
        "What the model writes is not checked for truth. Use it with the prompt and the chat template it was trained "
        "with; both are in the tokenizer's folder and in `kg_builder.prompt`.",
    ]
    return "\n".join(lines) + "\n"


def _figures(result: Mapping[str, Any]) -> dict[str, Any]:
    found = {name.replace("dev_", "dev "): value for name, value in result["dev"].items()}
    for when in ("before", "after"):
        found |= {f"{name}, {when} training": value for name, value in result.get(when, {}).items()}
    for name in ("best_step", "steps", "seconds", "tokens_per_second", "memory_mb", "trained_parameters", "parameters"):
        found[name.replace("_", " ")] = result[name]
    return found


def _table(found: Mapping[str, Any]) -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    for name, value in found.items():
        shown = f"{value:.4g}" if isinstance(value, float) else value
        shown = ", ".join(value) if isinstance(value, list) else shown
        yield f"| {name} | {shown} |"


def _sources(prepared: Mapping[str, Any]) -> Iterator[str]:
    """What the data's own ``data.json`` says of sources and licences."""
    told = False
    for key in ("source", "sources", "licence", "license", "licences", "licenses"):
        value = prepared.get(key)
        if not value:
            continue
        told = told or key.startswith("licen")
        if isinstance(value, Mapping):
            yield from (f"- {key}: {name}: {each}" for name, each in value.items())
        elif isinstance(value, list):
            yield from (f"- {key}: {each}" for each in value)
        else:
            yield f"- {key}: {value}"
    if not told:
        yield "No licence is told in the data's data.json; find out before you publish these weights."
