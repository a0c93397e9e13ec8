"""What can be set for training: presets as the issue has them, flags over them, and nothing that is not known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from finetune.cli import cli
from finetune.settings import PRESETS, Training, load_training, parse_assignments, preset_values
from kg_builder.errors import ConfigError

SEVEN = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
FIGURES: dict[str, dict[str, Any]] = {
    "llama3-re": {
        "quantization": "4bit",
        "dtype": "bf16",
        "rank": 256,
        "alpha": 128,
        "dropout": 0.05,
        "targets": SEVEN,
        "epochs": 2.0,
        "batch_size": 4,
        "accumulate": 2,
        "checkpointing": True,
        "optimizer": "adamw_8bit",
        "learning_rate": 2e-4,
        "schedule": "constant",
        "warmup": 0.03,
        "max_grad_norm": 0.3,
        "max_tokens": 512,
        "attention": "auto",
        "tensorboard": True,
        "method": "qlora",
        "push_to_hub": "",
    },
    "baichuan-people-relation": {
        "rank": 64,
        "alpha": 16,
        "dropout": 0.05,
        "epochs": 5.0,
        "batch_size": 8,
        "accumulate": 2,
        "dtype": "fp16",
        "learning_rate": 2e-4,
        "schedule": "constant",
        "warmup": 100.0,
        "max_tokens": 256,
        "max_grad_norm": 0.3,
        "optimizer": "paged_adamw_32bit",
        "seed": 42,
        "reader": "people-relation",
        "quantization": "4bit",
    },
    "sequence-classification": {
        "task": "classify",
        "quantization": "4bit",
        "rank": 16,
        "alpha": 8,
        "targets": SEVEN[:4],
        "epochs": 1.0,
        "learning_rate": 1e-4,
        "batch_size": 8,
        "weight_decay": 0.01,
        "class_weights": True,
        "reader": "ag-news",
        "metric": "balanced_accuracy",
    },
    "instruct": {
        "rank": 64,
        "alpha": 16,
        "dropout": 0.1,
        "epochs": 1.0,
        "batch_size": 4,
        "weight_decay": 0.001,
        "optimizer": "paged_adamw_32bit",
        "learning_rate": 2e-4,
        "group_by_length": True,
    },
    "ie-instruct": {"method": "lora", "quantization": "none", "packing": True},
}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_the_figures_of_its_recipe(name: str) -> None:
    settings = load_training(name)
    assert {key: getattr(settings, key) for key in FIGURES[name]} == FIGURES[name]


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
def test_every_preset_takes_every_method(name: str, method: str) -> None:
    quantization = load_training(name, {"method": method, "quantize": ""}).quantization
    assert quantization == ("4bit" if method == "qlora" else "none")


@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
def test_the_flag_for_the_method_brings_the_quantization_along(method: str) -> None:
    command = ["train", "--preset", "llama3-re", "--method", method, "--dry-run", "--json"]
    found = CliRunner().invoke(cli, command, catch_exceptions=False)
    told = json.loads(found.stdout)
    wanted = ("4bit", "nf4", True) if method == "qlora" else ("none", "", False)
    assert (told["quantize"], told["quant_type"], told["double_quant"]) == wanted


def test_a_dry_run_prints_every_value_that_is_in_force() -> None:
    flags = ["--model", "base", "--rank", "8", "--set", "learning_rate=1e-5", "--set", "targets=q_proj,v_proj"]
    command = ["train", "--preset", "instruct", "--dry-run", "--json", *flags, "--set", "packing=yes"]
    found = json.loads(CliRunner().invoke(cli, command, catch_exceptions=False).stdout)
    assert found.keys() == Training().to_json().keys() | {"quant_type", "double_quant"}
    assert (found["model"], found["rank"], found["learning_rate"]) == ("base", 8, 1e-5)
    assert (found["targets"], found["packing"], found["weight_decay"]) == (["q_proj", "v_proj"], True, 0.001)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"learning_rat": 0.1}, "did you mean 'learning_rate'"),
        ({"rank": "8"}, "expected a whole number, found '8'"),
        ({"rank": True}, "expected a whole number, found True"),
        ({"rank": 0}, "at least 1"),
        ({"dropout": 1.0}, "a share from 0"),
        ({"method": "dora"}, "one of full, lora, qlora"),
        ({"method": "full", "quantize": "4bit"}, "trains all weights"),
        ({"method": "qlora", "quantize": "none"}, "take method lora"),
        ({"task": "classify", "metric": "triple_f1"}, "none for the task classify"),
        ({"metric": "balanced_accuracy"}, "none for the task generate"),
        ({"prompt": "long"}, "asks in one way only"),
        ({"learning_rate": float("nan")}, "more than 0"),
        ({"epochs": 0.0}, "expected more than 0, or max_steps"),
        ({"targets": ()}, "found none"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_training("", values)


def test_assignments_are_read_as_the_kind_of_their_setting() -> None:
    found = parse_assignments(["rank=8", "epochs=3", "packing=false", "targets=a, b", "model=x=y"])
    assert found == {"rank": 8, "epochs": 3.0, "packing": False, "targets": ("a", "b"), "model": "x=y"}
    for wrong, told in (("rank", "key=value"), ("rank=x", "a whole number"), ("packing=maybe", "true or false")):
        with pytest.raises(ConfigError, match=told):
            parse_assignments([wrong])


def test_presets_of_ones_own_are_read_and_those_that_are_not_there_are_told(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("rank = 3\nepochs = 2\n")
    assert load_training(str(own)).rank == 3
    own.write_text("[lora]\nrank = 3\n")
    with pytest.raises(ConfigError, match="unknown key 'lora'"):
        preset_values(str(own))
    with pytest.raises(ConfigError, match="did you mean 'llama3-re'"):
        preset_values("llama-re")


@pytest.mark.parametrize("name", ["fsdp", "zero2", "zero3"])
def test_the_configurations_for_many_devices_are_ones_that_accelerate_reads(name: str) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    folder = Path(__file__).parent.parent.parent / "finetune" / "presets" / "accelerate"
    found = load_config_from_file(str(folder / f"{name}.yaml"))
    assert found.distributed_type == ("FSDP" if name == "fsdp" else "DEEPSPEED")
    if name.startswith("zero"):
        assert found.deepspeed_config["zero_stage"] == int(name[-1])
