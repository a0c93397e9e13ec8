"""What is trained: rows, how they become batches, and how the model is measured on dev."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune.settings import Training

if TYPE_CHECKING:
    from finetune.batches import Batch, EpochSampler

__all__ = ["Task"]


@dataclass(frozen=True, slots=True)
class Task:
    """``lengths`` are those of the rows, in tokens. ``measure`` gives a model's figures on dev, by which the best
    checkpoint is told; ``score`` those that are told before and after training, where the task has them. ``loss`` is
    used in place of the model's own."""

    rows: Any
    lengths: Any
    collate: Callable[[Sequence[Any]], Batch]
    measure: Callable[[Any], dict[str, float]] | None = None
    score: Callable[[Any], dict[str, float]] | None = None
    loss: Callable[..., Any] | None = None

    def sampler(self, settings: Training, processes: int) -> EpochSampler:
        """The order of the rows."""
        from finetune.batches import EpochSampler

        return EpochSampler(
            len(self.rows),
            seed=settings.seed,
            lengths=self.lengths if settings.group_by_length else None,
            step=settings.batch_size * settings.accumulate * processes,
        )
