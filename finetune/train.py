"""Training, from the settings to a run folder.

The base model is loaded, what is to be trained of it is made ready, the data are encoded, and the trainer goes through
them; now and then the model answers dev's questions, and the checkpoint that answered best is kept. A run that was
stopped, by whatever, goes on where its latest whole checkpoint stands when the same command is given again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from finetune.faults import memory_faults_told
from finetune.run_folder import RunFolder, open_run
from finetune.settings import Training
from kg_builder.errors import ConfigError, ModelError
from kg_builder.language_models import Loading, load_model, load_tokenizer, needed

if TYPE_CHECKING:
    from finetune.task import Task
    from finetune.trainer import ModelTrainer
    from finetune.training_data import Prepared

__all__ = ["hush_libraries", "train", "uses_liger"]

Say = Callable[[str], None]


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def train(settings: Training, *, say: Say = _to_stderr, show: bool = True) -> dict[str, Any]:
    """Train as `settings` say, or go on with what was begun; what came of it, as it stands in ``result.json``.

    `say` gets messages, `show` writes progress to stderr.

    Raises:
        ConfigError: settings that cannot work, or that are not those of the run that stands there.
        DataError: data that cannot be used.
        ModelError: a model that cannot be loaded.
        TrainingError: no memory, or a loss that is no number; the run can be taken up again.
    """
    if not settings.model:
        raise ConfigError("model: expected a base model (a folder, or a name of the hub), found none; give --model")
    needed("torch", "transformers", "accelerate", "datasets")
    if settings.method != "full":
        needed("peft")
    _check_hub(settings)
    first = os.environ.get("RANK", "0") == "0"
    say = say if first else (lambda line: None)
    with memory_faults_told(settings):
        run = open_run(settings, say=say, writes=first)
        if run.result is not None:
            say(f"{settings.out} is done; nothing is left to do")
            return run.result
        return _run(settings, run, say=say, show=show and first)


def hush_libraries() -> None:
    """Keep the libraries' own bars and reports off the screen: what matters of them is told by us."""
    needed("transformers")
    import logging
    import warnings

    import transformers

    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # kernels that could be downloaded
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()


def _run(settings: Training, run: RunFolder, *, say: Say, show: bool) -> dict[str, Any]:
    from accelerate import PartialState

    from finetune.adapters import parameter_counts
    from finetune.checkpoints import newest_intact
    from finetune.results import finish
    from finetune.training_data import prepare_data

    loading = usable_loading(settings, say=say)
    processes = PartialState(cpu=loading.device.startswith("cpu"))
    with processes.main_process_first():
        data = prepare_data(settings, run, say=say)
        tokenizer = load_tokenizer(
            settings.model,
            template=settings.template,
            trust_remote_code=settings.trust_remote_code,
            chat=settings.task != "classify",
        )
    model = _model(settings, loading, data.labels, pad=tokenizer.pad_token_id)
    with processes.main_process_first():
        task = _task(model, tokenizer, data, settings, run, say)
    trainer = _trainer(model, tokenizer, task, settings, run, loading, say, show=show)
    with processes.main_process_first():
        checkpoint = newest_intact(run.checkpoints, say=say)
    if checkpoint is None and task.score is not None:
        run.write("before.json", task.score(model))
    trainer.go_on(run, checkpoint, say=say)
    processes.wait_for_everyone()
    after = task.score(trainer.accelerator.unwrap_model(trainer.model)) if task.score else {}
    if not run.writes:
        return {}
    return finish(
        settings,
        run,
        data,
        best_step=trainer.state.best_global_step if task.measure is not None else None,
        steps=trainer.state.global_step,
        parameters=parameter_counts(model),
        loading=loading,
        after=after,
    )


def _model(settings: Training, loading: Loading, labels: tuple[str, ...], *, pad: int) -> Any:
    """The base model with what is trained of it made ready."""
    from transformers import set_seed

    from finetune.adapters import trainable

    if settings.task == "classify" and not labels:
        raise ConfigError("task classify: expected examples with labels, found none")
    set_seed(settings.seed)  # what is added to the model begins with random weights
    weights = replace(loading, dtype="fp32") if settings.method == "full" else loading
    model = load_model(settings.model, loading=weights, labels=labels if settings.task == "classify" else ())
    model.config.pad_token_id = pad
    return trainable(model, settings)


def _task(model: Any, tokenizer: Any, data: Prepared, settings: Training, run: RunFolder, say: Say) -> Task:
    if settings.task == "classify":
        from finetune.classification import classification_task

        return classification_task(model, tokenizer, data, settings, run, say=say)
    from finetune.generation import generation_task

    return generation_task(model, tokenizer, data, settings, run, say=say)


def _trainer(
    model: Any,
    tokenizer: Any,
    task: Task,
    settings: Training,
    run: RunFolder,
    loading: Loading,
    say: Say,
    *,
    show: bool,
) -> ModelTrainer:
    from accelerate import PartialState

    from finetune.journal import Journal
    from finetune.trainer import ModelTrainer, steps_of, training_arguments, usable_optimizer

    processes = PartialState().num_processes
    arguments = training_arguments(
        settings,
        run,
        loading,
        optimizer=usable_optimizer(settings.optimizer, loading.device, say=say),
        steps_of_epoch=steps_of(len(task.rows), settings, processes=processes),
        measured=task.measure is not None,
        liger=uses_liger(settings, loading.device),
    )
    return ModelTrainer(
        model,
        arguments,
        settings=settings,
        task=task,
        sampler=task.sampler(settings, processes),
        journal=Journal(run, settings, processes=processes, show=show),
        tokenizer=tokenizer,
    )


def usable_loading(settings: Training, *, say: Say) -> Loading:
    """How the base model is loaded on this machine; what it cannot do as asked is told."""
    rank = os.environ.get("LOCAL_RANK", "")
    device = settings.device
    asked = Loading(device=device).resolved()
    if not device and asked.device == "cuda" and rank:
        device = f"cuda:{rank}"
    dtype: Literal["auto", "bf16", "fp16", "fp32"] = settings.dtype
    on_cpu = asked.device.startswith("cpu")
    if (dtype == "bf16" and asked.dtype != "bf16") or (dtype == "fp16" and on_cpu):
        say(f"this device does not compute in {dtype}; {asked.dtype} is taken instead")
        dtype = asked.dtype
    return Loading(
        quantize=settings.quantization,
        dtype=dtype,
        attention=settings.attention,
        device=device,
        trust_remote_code=settings.trust_remote_code,
    ).resolved()


def uses_liger(settings: Training, device: str) -> bool:
    """Whether Liger's fused kernels are used.

    Raises:
        ModelError: they are asked for, and not installed.
    """
    if settings.liger == "on":
        needed("liger_kernel")
        return True
    from importlib.util import find_spec

    return settings.liger == "auto" and device.startswith("cuda") and find_spec("liger_kernel") is not None


def _check_hub(settings: Training) -> None:
    if not settings.push_to_hub:
        return
    from huggingface_hub import get_token

    if not get_token():
        raise ModelError(
            f"expected a token of the Hugging Face hub to push to {settings.push_to_hub!r}, found none; set HF_TOKEN"
        )
