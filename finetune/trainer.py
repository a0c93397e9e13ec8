"""transformers' Trainer with what a run of ours adds: its order of rows, its measure, sealed checkpoints.

TRL's SFTTrainer was weighed and left: it keeps packed samples apart with flash attention only, cuts what is too long,
and measures no answers. What it has beyond that (masks of the question, packing) is in `finetune.encoding`, `.packing`
and `.batches`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

import torch
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerState, TrainingArguments

from finetune.batches import Batch, EpochSampler
from finetune.checkpoints import seal
from finetune.journal import Journal, Rhythm
from finetune.run_folder import RunFolder
from finetune.settings import Training
from finetune.task import Task
from kg_builder.errors import ModelError
from kg_builder.language_models import Loading

_OF_LOSS = 1e-6  # how much a loss counts beside a metric

__all__ = ["ModelTrainer", "steps_of", "training_arguments", "usable_optimizer"]


class ModelTrainer(Trainer):  # type: ignore[misc]
    """``go_on`` is ``train``, from a checkpoint or from the beginning."""

    control: Any

    def __init__(
        self,
        model: Any,
        arguments: TrainingArguments,
        *,
        settings: Training,
        task: Task,
        sampler: EpochSampler,
        journal: Journal,
        tokenizer: Any,
    ) -> None:
        self._sampler, self._journal, self._measure, self._metric = sampler, journal, task.measure, settings.metric
        callbacks = [Rhythm(sampler), journal]
        if settings.patience and task.measure is not None:
            callbacks.append(EarlyStoppingCallback(settings.patience, early_stopping_threshold=10 * _OF_LOSS))
        super().__init__(
            model,
            arguments,
            data_collator=task.collate,
            train_dataset=task.rows,
            eval_dataset=[] if task.measure is not None else None,
            processing_class=tokenizer,
            callbacks=callbacks,
            compute_loss_func=task.loss,
        )
        self.remove_callback(PrinterCallback)

    def go_on(self, run: RunFolder, checkpoint: Path | None, *, say: Callable[[str], None]) -> None:
        """Train to the end; afterwards the model is that of the best checkpoint, where one was told."""
        if checkpoint is None:
            run.rewind(0)
            self.train()
            return
        state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
        run.rewind(state.global_step)
        stopped = state.stateful_callbacks.get("TrainerControl", {}).get("args", {}).get("should_training_stop", False)
        if state.global_step < state.max_steps and not stopped:
            say(f"the run goes on from step {state.global_step}")
            self.train(resume_from_checkpoint=str(checkpoint))
            return
        say(f"all {state.global_step} steps are done")
        self.state = state
        best = Path(self.args.output_dir) / f"checkpoint-{state.best_global_step}"
        state.best_model_checkpoint = str(best if best.is_dir() else checkpoint)
        self._load_best_model()

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochSampler:
        return self._sampler

    def training_step(self, model: Any, inputs: Batch, num_items_in_batch: Any = None) -> torch.Tensor:
        """A batch forward and backward; its tokens are counted."""
        mask = inputs.get("attention_mask")
        self._journal.tokens += inputs["input_ids"].numel() if mask is None else int(mask.sum())
        loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
        return loss

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """The figures of the model as it is now."""
        if self._measure is None:
            return {}
        model = self.model_wrapped if self.is_fsdp_enabled else self.accelerator.unwrap_model(self.model)
        was_training = model.training
        model.eval()
        found = {f"eval_{name}": value for name, value in self._measure(model).items()}
        model.train(was_training)
        self.log(dict(found))
        # Of two checkpoints that are as good, the one with the smaller loss is better.
        found["eval_choice"] = (
            -found["eval_loss"]
            if self._metric == "loss"
            else (found[f"eval_{self._metric}"] - _OF_LOSS * min(found["eval_loss"], 9.0))
        )
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, found)
        return found

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            seal(Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}")

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        """As it was, but for a learning rate that is another one now."""
        super()._load_optimizer_and_scheduler(checkpoint)
        rates = getattr(self.lr_scheduler, "base_lrs", None)
        if checkpoint is None or not rates or set(rates) == {self.args.learning_rate}:
            return
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] *= self.args.learning_rate / rate
            group["initial_lr"] = self.args.learning_rate
        self.lr_scheduler.base_lrs = [self.args.learning_rate] * len(rates)


def steps_of(rows: int, settings: Training, *, processes: int = 1) -> int:
    """The steps of an epoch."""
    batches = ceil(ceil(rows / settings.batch_size) / processes)
    return max(ceil(batches / settings.accumulate), 1)


def training_arguments(
    settings: Training,
    run: RunFolder,
    loading: Loading,
    *,
    optimizer: str,
    steps_of_epoch: int,
    measured: bool,
    liger: bool,
) -> TrainingArguments:
    """What transformers' Trainer is told. `loading` is resolved."""
    every = settings.evaluate_every or steps_of_epoch
    checkpointing = {"use_reentrant": False} if settings.checkpointing else None
    known = {each.name for each in dataclasses.fields(TrainingArguments)}
    name = "activation_checkpointing" if "activation_checkpointing" in known else "gradient_checkpointing"
    schedule = settings.schedule
    if schedule == "constant" and settings.warmup:
        schedule = "constant_with_warmup"
    return TrainingArguments(
        output_dir=str(run.checkpoints),
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.accumulate,
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps or -1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=schedule,
        warmup_steps=settings.warmup,
        optim=optimizer,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        seed=settings.seed,
        bf16=loading.dtype == "bf16",
        fp16=loading.dtype == "fp16",
        use_cpu=loading.device.startswith("cpu"),
        use_liger_kernel=liger,
        logging_strategy="steps",
        logging_steps=settings.log_every,
        logging_nan_inf_filter=False,
        eval_strategy="steps" if measured else "no",
        eval_steps=every if measured else None,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=settings.keep_checkpoints,
        metric_for_best_model="choice" if measured else None,
        greater_is_better=True if measured else None,
        load_best_model_at_end=measured,
        restore_callback_states_from_checkpoint=bool(settings.patience),
        remove_unused_columns=False,
        ddp_find_unused_parameters=False,
        dataloader_pin_memory=loading.device.startswith("cuda"),
        disable_tqdm=True,
        report_to="none",
        **{name: settings.checkpointing, f"{name}_kwargs": checkpointing},
    )


def usable_optimizer(name: str, device: str, *, say: Callable[[str], None]) -> str:
    """The optimizer of that name, or the nearest that works on `device`; another one is told.

    Raises:
        ModelError: there is no optimizer of that name.
    """
    from transformers.training_args import OptimizerNames

    if name not in {each.value for each in OptimizerNames}:
        raise ModelError(
            f"optimizer: expected a name that transformers knows (adamw_torch, adamw_8bit …), found {name!r}"
        )
    chosen = name
    if "paged" in name and not device.startswith("cuda"):
        chosen = "adamw_8bit" if name == "paged_adamw_8bit" else "adamw_torch"
    if ("8bit" in chosen or "paged" in chosen) and not _works(chosen, device):
        chosen = "adamw_torch"
    if chosen != name:
        say(f"the optimizer {name} does not work on this device; {chosen} is taken instead")
    return chosen


def _works(name: str, device: str) -> bool:
    """Whether bitsandbytes can take a step with an optimizer of that kind there."""
    try:
        from bitsandbytes.optim import AdamW

        weight = torch.nn.Parameter(torch.ones(64, 128, device=device))
        weight.grad = torch.ones_like(weight)
        AdamW([weight], lr=0.1, optim_bits=8 if "8bit" in name else 32, is_paged="paged" in name).step()
        return bool(weight.detach().mean() < 1)
    except (ImportError, RuntimeError, NotImplementedError, ValueError, TypeError, AttributeError):
        return False
