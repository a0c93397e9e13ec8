"""What is left of a run when it is done: the best weights, ``result.json``, plots and a model card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from finetune.checkpoints import checkpoint_steps
from finetune.model_card import model_card
from finetune.plots import draw_plots
from finetune.relation_question import asking_of_data
from finetune.run_folder import RunFolder
from finetune.settings import Training
from finetune.training_data import Prepared
from kg_builder.classifying import LABELS_FILE
from kg_builder.errors import TrainingError
from kg_builder.language_models import Loading

__all__ = ["finish"]


def finish(
    settings: Training,
    run: RunFolder,
    data: Prepared,
    *,
    best_step: int | None,
    steps: int,
    parameters: tuple[int, int],
    loading: Loading,
    after: dict[str, float],
) -> dict[str, Any]:
    """Keep the best checkpoint's weights, write all that is told of the run, and push it where that was asked for."""
    steps_kept = checkpoint_steps(run.checkpoints)
    best = best_step if best_step in steps_kept else (steps_kept[-1] if steps_kept else None)
    if best is None:
        raise TrainingError(f"expected a checkpoint in {str(run.checkpoints)!r}, found none; run the command again")
    weights = run.keep_best(run.checkpoints / f"checkpoint-{best}", adapter=settings.method != "full")
    if settings.task == "classify":
        (weights / LABELS_FILE).write_text(json.dumps({"labels": list(data.labels)}, ensure_ascii=False), "utf-8")
    asking = asking_of_data(data.facts.get("prepared", {}))
    if asking is not None:
        asking.write(weights)
    lines = run.metrics()
    steps_told = [line for line in lines if "loss" in line]
    of_best = next((line for line in lines if line["step"] == best and "dev_loss" in line), {})
    seconds = sum(line["tokens"] / line["tokens_per_second"] for line in steps_told if line["tokens_per_second"])
    tokens = sum(line["tokens"] for line in steps_told)
    figures = {name: value for name, value in of_best.items() if name.startswith("dev_")}
    result: dict[str, Any] = {
        "best_step": best,
        "steps": steps,
        "metric": settings.metric,
        "value": figures.get(f"dev_{settings.metric}"),
        "dev": figures,
        "loss": steps_told[-1]["loss"] if steps_told else None,
        "seconds": round(seconds, 2),
        "tokens": tokens,
        "tokens_per_second": round(tokens / seconds, 1) if seconds else 0.0,
        "memory_mb": max((line["memory_mb"] for line in steps_told), default=0.0),
        "trained_parameters": parameters[0],
        "parameters": parameters[1],
        "device": loading.device,
        "dtype": loading.dtype,
        "quantize": loading.quantize,
        "attention": loading.attention,
        "weights": weights.name,
    }
    if after:
        result |= {"before": run.read("before.json"), "after": after}
    draw_plots(lines, run.path / "plots", metric=settings.metric)
    (run.path / "README.md").write_text(model_card(settings, data.facts, result), "utf-8")
    (weights / "README.md").write_text(model_card(settings, data.facts, result), "utf-8")
    if settings.push_to_hub:
        result["pushed_to"] = _push(settings.push_to_hub, weights)
    run.write("result.json", result)
    return result


def _push(name: str, folder: Path) -> str:
    """Upload a folder to the hub; where it is then."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        api = HfApi()
        api.create_repo(name, exist_ok=True, private=True)
        return str(api.upload_folder(repo_id=name, folder_path=str(folder)))
    except (HfHubHTTPError, OSError, ValueError) as exc:
        raise TrainingError(
            f"the run is done, but could not be pushed to {name!r} ({' '.join(str(exc).split())[:200]}); see to "
            "HF_TOKEN and the network, and run the same command again"
        ) from exc
