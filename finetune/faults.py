"""What can go wrong while a model is trained, told with what to do about it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from finetune.settings import Training
from kg_builder.errors import TrainingError

__all__ = ["check_loss", "memory_faults_told"]


def check_loss(loss: float, step: int, settings: Training) -> None:
    """Stop a run whose loss is no number any more; its checkpoints from before stay.

    Raises:
        TrainingError: the loss is NaN or infinite.
    """
    if math.isfinite(loss):
        return
    remedies = [f"a lower learning_rate (it is {settings.learning_rate:g})"]
    if settings.dtype == "fp16":
        remedies.insert(0, "dtype=bf16, or fp32 (fp16 overflows)")
    if not settings.max_grad_norm:
        remedies.append("max_grad_norm=0.3")
    raise TrainingError(
        f"expected a loss that is a number, found {loss} at step {step}; the checkpoints before it are whole: run the "
        f"same command again with {', or '.join(remedies)}, and it goes on from the latest"
    )


@contextmanager
def memory_faults_told(settings: Training) -> Iterator[None]:
    """Turns running out of memory into an error that names what to lower.

    Raises:
        TrainingError: there was not enough memory.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as exc:
        said = " ".join(str(exc).split())
        if not isinstance(exc, MemoryError) and not any(
            sign in said.lower() for sign in ("out of memory", "can't allocate memory", "not enough memory")
        ):
            raise
        remedies = []
        if settings.batch_size > 1:
            remedies.append(f"batch_size (it is {settings.batch_size}; raise accumulate in turn)")
        remedies.append(f"max_tokens (it is {settings.max_tokens})")
        if settings.method != "full":
            remedies.append(f"rank (it is {settings.rank})")
        switches = [] if settings.checkpointing else ["set checkpointing=true"]
        if settings.quantization == "none":
            switches.append("take method qlora")
        raise TrainingError(
            f"expected enough memory for a step, but it ran out ({said[:160]}); lower {', or '.join(remedies)}"
            f"{''.join(f', or {each}' for each in switches)}. The run goes on from its latest checkpoint where "
            "batch_size x accumulate stays the same; with another rank, max_tokens or method, give a new folder"
        ) from exc
