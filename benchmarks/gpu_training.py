"""Training, for `gpu.py`: tokens a second and the most memory."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

from gpu_models import lora
from gpu_work import WARM_UP, Found, Work, fresh, peak_gib


def train_trl(work: Work) -> Iterator[Found]:
    """The recipe as tutorials run it: TRL, batches of 4, all tokens learnt, no packing; padded to 512, and to the
    longest of each batch."""
    found: Found = {}
    variants = (("padded to the longest", 8), ("padded to 512 tokens", 512))
    for name, multiple in variants[: 1 if work.shape_name == "tiny" else None]:
        found[name] = _trl(work, multiple)
        yield found


def _trl(work: Work, multiple: int) -> Found:
    import dataclasses

    import torch
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from finetune.examples import read_examples
    from kg_builder.chat_templates import render_chat
    from kg_builder.language_models import Loading, load_model, load_tokenizer

    fresh()
    tokenizer = load_tokenizer(str(work.base))
    tokenizer.padding_side = "right"
    steps = work.shape.steps + WARM_UP
    examples = read_examples(work.data / "train.jsonl")[0][: steps * 8]
    rows = Dataset.from_dict({"text": [render_chat(tokenizer, each.conversation, ask=False) for each in examples]})
    known = {each.name for each in dataclasses.fields(SFTConfig)}
    checkpointing = "activation_checkpointing" if "activation_checkpointing" in known else "gradient_checkpointing"
    on_gpu = torch.cuda.is_available()
    config = SFTConfig(
        output_dir=str(work.folder / "trl"),
        per_device_train_batch_size=4,
        gradient_accumulation_steps=2,
        max_steps=steps,
        learning_rate=2e-4,
        lr_scheduler_type="constant",
        optim="adamw_8bit" if on_gpu else "adamw_torch",
        max_grad_norm=0.3,
        bf16=on_gpu,
        fp16=False,
        use_cpu=not on_gpu,
        max_length=512,
        packing=False,
        pad_to_multiple_of=multiple,
        dataset_text_field="text",
        save_strategy="no",
        logging_steps=steps,
        report_to="none",
        disable_tqdm=True,
        **{checkpointing: True},
    )
    clock: list[float] = []
    tokens: list[int] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            if on_gpu:
                torch.cuda.synchronize()
            clock.append(time.perf_counter())

    trainer = SFTTrainer(
        model=load_model(str(work.base), loading=Loading("4bit")),
        args=config,
        train_dataset=rows,
        processing_class=tokenizer,
        peft_config=lora(work.shape),
        callbacks=[Clock()],
    )
    collate = trainer.data_collator

    def counted(features: Any) -> Any:
        batch = collate(features)
        tokens.append(int(batch["attention_mask"].sum()))
        return batch

    trainer.data_collator = counted
    trainer.train()
    seconds = clock[-1] - clock[WARM_UP - 1]
    real = sum(tokens[WARM_UP * 2 : steps * 2])
    return {
        "tokens_per_second": round(real / seconds, 1),
        "seconds_a_step": round(seconds / work.shape.steps, 3),
        "peak_gib": peak_gib(),
    }


def train_ours(work: Work) -> Iterator[Found]:
    """The same recipe with our trainer: packs without padding, logits at answers alone."""
    small = work.shape_name == "tiny"
    variants: dict[str, Found] = {
        "packs of 512, 4 at a time": {"packing": True, "batch_size": 4, "accumulate": 2, "max_tokens": 512},
        "packs of 2,048, one at a time": {"packing": True, "batch_size": 1, "accumulate": 2, "max_tokens": 2048},
        "packs of 2,048, nothing computed twice": {
            "packing": True, "batch_size": 1, "accumulate": 2, "max_tokens": 2048, "checkpointing": False,
        },
        "packs of 8,192, one at a time": {"packing": True, "batch_size": 1, "accumulate": 1, "max_tokens": 8192},
    }  # fmt: skip
    found: Found = {}
    for name, options in list(variants.items())[: 1 if small else None]:
        found[name] = _ours(work, options)
        yield found


def _ours(work: Work, options: Found) -> Found:
    import shutil

    from finetune.settings import load_training
    from finetune.train import train

    fresh()
    run = work.folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    steps = work.shape.steps + WARM_UP
    settings = load_training(
        "llama3-re",
        {
            "model": str(work.base),
            "data": str(work.data),
            "out": str(run),
            "rank": work.shape.rank,
            "alpha": max(1, work.shape.rank // 2),
            "max_steps": steps,
            "metric": "none",
            "tensorboard": False,
            "warmup": 0.0,
            **options,
        },
    )
    train(settings, say=lambda line: None, show=False)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    speeds = [line["tokens_per_second"] for line in lines if line.get("tokens_per_second")][WARM_UP:]
    shutil.rmtree(run, ignore_errors=True)
    return {
        "tokens_per_second": round(statistics.harmonic_mean(speeds), 1),
        "peak_gib": peak_gib(),
        "settings": options,
    }
