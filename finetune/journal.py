"""What a run tells while it goes on: lines in ``metrics.jsonl``, progress on stderr, curves for tensorboard."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from transformers import TrainerCallback

from finetune.batches import EpochSampler
from finetune.faults import check_loss
from finetune.run_folder import RunFolder
from finetune.settings import Training
from kg_builder.progress import duration

__all__ = ["Journal", "Rhythm", "memory_mb"]

SECONDS_BETWEEN_LINES = 5.0


def memory_mb() -> float:
    """Mebibytes in use: the most so far of the GPU, or what this process holds."""
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated()) / 2**20
    import psutil

    return float(psutil.Process().memory_info().rss) / 2**20


class Rhythm(TrainerCallback):  # type: ignore[misc]
    """Tells the sampler which epoch it is, has the last step logged, measured and kept like any other that is, and each
    step that is kept logged, so that no figure is lost between a checkpoint and a crash."""

    def __init__(self, sampler: EpochSampler) -> None:
        self.sampler = sampler

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The order of this epoch's rows."""
        self.sampler.epoch = int((state.epoch or 0) + 1e-6)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """What is due after this step."""
        if state.global_step >= state.max_steps:
            control.should_evaluate = args.eval_strategy != "no"
            control.should_save = True
        if control.should_save or control.should_evaluate:
            control.should_log = True


class Journal(TrainerCallback):  # type: ignore[misc]
    """Writes and shows the figures of the main process; stops a run whose loss is no number."""

    def __init__(self, run: RunFolder, settings: Training, *, processes: int = 1, show: bool = True) -> None:
        self.run, self.settings, self.processes, self.show = run, settings, processes, show
        self.tokens = 0  # seen by this process since the last line; the trainer counts them
        self.seconds = 0.0  # spent on steps since then, evaluations left out
        self.most_mb = 0.0
        self._began = self._shown = 0.0
        self._first_step = 0
        self._writer: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Open what is written to."""
        self._began, self._first_step = time.monotonic(), state.global_step
        if state.is_world_process_zero and self.settings.tensorboard:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self.run.path / "tensorboard"), purge_step=state.global_step + 1)

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The clock starts."""
        self._step_began = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The clock stops; evaluation and checkpoints come after."""
        self.seconds += time.perf_counter() - self._step_began
        self.most_mb = max(self.most_mb, memory_mb())

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        """A line for the steps since the last one."""
        if not logs or "loss" not in logs:
            return
        check_loss(logs["loss"], state.global_step, self.settings)
        line = {
            "step": state.global_step,
            "steps": state.max_steps,
            "epoch": round(state.epoch, 4),
            "loss": logs["loss"],
            "lr": logs["learning_rate"],
            "grad_norm": logs.get("grad_norm", 0.0),
            "tokens": self.tokens * self.processes,
            "tokens_per_second": round(self.tokens * self.processes / max(self.seconds, 1e-9), 1),
            "memory_mb": round(self.most_mb, 1),
        }
        self.tokens, self.seconds = 0, 0.0
        self._write(state, line)
        self._show(state, line)

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, float] | None = None, **_: Any
    ) -> None:
        """A line for an evaluation, its figures with ``dev_`` before them."""
        figures = {name.replace("eval_", "dev_", 1): value for name, value in (metrics or {}).items()}
        figures = {name: value for name, value in figures.items() if name not in ("epoch", "dev_choice")}
        self._write(state, {"step": state.global_step, "epoch": round(state.epoch or 0.0, 4), **figures})
        if self.show and state.is_world_process_zero:
            told = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
            sys.stderr.write(f"step {state.global_step}: {told}\n")

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Close what was written to."""
        if self._writer is not None:
            self._writer.close()

    def _write(self, state: Any, line: dict[str, Any]) -> None:
        if not state.is_world_process_zero:
            return
        with (self.run.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if self._writer is not None:
            for name, value in line.items():
                if name not in ("step", "steps", "epoch"):
                    self._writer.add_scalar(name, value, line["step"])

    def _show(self, state: Any, line: dict[str, Any]) -> None:
        now = time.monotonic()
        if not (self.show and state.is_world_process_zero):
            return
        last = state.global_step >= state.max_steps
        if not last and now - self._shown < (0.5 if sys.stderr.isatty() else SECONDS_BETWEEN_LINES):
            return
        self._shown = now
        done = max(state.global_step - self._first_step, 1)
        left = (now - self._began) / done * (state.max_steps - state.global_step)
        told = (
            f"step {state.global_step} of {state.max_steps}: loss {line['loss']:.4f}, {line['tokens_per_second']:,.0f} "
            f"tokens/s, {line['memory_mb']:,.0f} MB, {duration(left)} left"
        )
        terminal = sys.stderr.isatty()
        sys.stderr.write(f"\r\x1b[K{told}" + ("\n" if last else "") if terminal else f"{told}\n")
        sys.stderr.flush()
