"""What of a model is trained: all of it (``full``), or low-rank additions to its layers (LoRA; Hu et al. 2021), on
weights in 4 bits where memory is short (QLoRA; Dettmers et al. 2023)."""

from __future__ import annotations

from typing import Any

from finetune.settings import Training
from kg_builder.errors import ConfigError
from kg_builder.language_models import needed

__all__ = ["parameter_counts", "trainable"]


def trainable(model: Any, settings: Training) -> Any:
    """`model` with what the settings' method trains ready to be trained, and all else frozen.

    Raises:
        ConfigError: the model has no layers of the names in ``targets``.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            # On such CPUs bitsandbytes repacks a 4-bit weight for good at the first forward pass in evaluation, and
            # from then on no gradient goes through it, without an error.
            module.support_avx512bf16_for_cpu = False
    if settings.method == "full":
        for weight in model.parameters():
            weight.requires_grad_(weight.is_floating_point())
        return model
    needed("peft")
    from peft import LoraConfig, get_peft_model

    for weight in model.parameters():
        weight.requires_grad_(False)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=_targets(model, settings.targets),
        bias="none",
        task_type="SEQ_CLS" if settings.task == "classify" else "CAUSAL_LM",
    )
    return get_peft_model(model, config)


def parameter_counts(model: Any) -> tuple[int, int]:
    """How many weights are trained, and how many there are; one in 4 bits counts as one."""
    trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
    total = sum(each.numel() * (2 if type(each).__name__ == "Params4bit" else 1) for each in model.parameters())
    return trained, total


def _targets(model: Any, targets: tuple[str, ...]) -> str | list[str]:
    if targets == ("all-linear",):
        return "all-linear"
    layers = {name.rpartition(".")[2] for name, module in model.named_modules() if "Linear" in type(module).__name__}
    missing = sorted(set(targets) - layers)
    if missing:
        raise ConfigError(
            f"targets: this model has no layers named {', '.join(missing)}; it has {', '.join(sorted(layers))}; name "
            "those, or take all-linear"
        )
    return list(targets)
