"""The settings of a training run: defaults < preset (a flat TOML file) < flags, checked before anything is loaded."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kg_builder.errors import ConfigError

__all__ = ["MAY_CHANGE", "PRESETS", "Training", "load_training", "parse_assignments", "preset_about", "preset_values"]

_FOLDER = Path(__file__).with_name("presets")
PRESETS = tuple(sorted(each.stem for each in _FOLDER.glob("*.toml")))
"""The names of the presets that are shipped."""

_ALLOWED: dict[str, tuple[str, ...]] = {
    "task": ("generate", "classify"),
    "method": ("full", "lora", "qlora"),
    "quantize": ("", "4bit", "8bit", "none"),
    "dtype": ("auto", "bf16", "fp16", "fp32"),
    "attention": ("auto", "flash_attention_2", "sdpa", "eager"),
    "schedule": ("constant", "linear", "cosine"),
    "metric": ("triple_f1", "line_f1", "accuracy", "balanced_accuracy", "loss", "none"),
    "reader": ("examples", "people-relation", "ag-news"),
    "liger": ("auto", "on", "off"),
}
_LEAST: dict[str, float] = {
    "rank": 1,
    "alpha": 1,
    "epochs": 0,
    "max_steps": 0,
    "batch_size": 1,
    "accumulate": 1,
    "warmup": 0,
    "weight_decay": 0,
    "max_grad_norm": 0,
    "max_tokens": 8,
    "evaluate_every": 0,
    "evaluate_limit": 1,
    "evaluate_batch": 1,
    "max_new_tokens": 1,
    "patience": 0,
    "keep_checkpoints": 2,
    "log_every": 1,
}
MAY_CHANGE = frozenset(
    {
        *("device", "dtype", "attention", "learning_rate", "max_grad_norm", "evaluate_batch", "patience", "liger"),
        *("tensorboard", "push_to_hub", "checkpointing", "log_every", "keep_checkpoints", "trust_remote_code"),
    }
)
"""What a run that is taken up again may say otherwise than when it began."""


@dataclass(frozen=True, slots=True)
class Training:
    """Everything that a training run is made of. What is said of a preset or a flag is said in these names."""

    model: str = ""  # the base model: a folder, or a name of the Hugging Face hub
    data: str = ""  # a prepared folder: train.jsonl, dev.jsonl, test.jsonl, data.json
    out: str = ""  # the run folder
    preset: str = ""

    task: str = "generate"  # or classify: a head with a label for each text
    reader: str = "examples"  # or people-relation, ag-news: raw data sets that are split here
    prompt: str = ""  # how a reader asks, where it knows several ways
    template: str = ""  # chat template; empty: the tokenizer's own, or one that suits

    method: str = "qlora"  # full, lora, or qlora: LoRA on a base model in 4 bits
    quantize: Literal["", "4bit", "8bit", "none"] = (
        ""  # 4bit (NF4, double quantisation), 8bit or none; empty: as the method says
    )
    dtype: Literal["auto", "bf16", "fp16", "fp32"] = "auto"  # of computing; auto: bf16 where the hardware has it
    attention: Literal["auto", "flash_attention_2", "sdpa", "eager"] = (
        "auto"  # flash_attention_2 where there is one, else sdpa
    )
    device: str = ""
    trust_remote_code: bool = False

    rank: int = 16
    alpha: int = 16
    dropout: float = 0.05
    targets: tuple[str, ...] = ("all-linear",)  # the layers that LoRA adapts

    epochs: float = 1.0
    max_steps: int = 0  # 0: as many as the epochs take
    batch_size: int = 4  # samples, or packs where samples are packed, that one device takes at a time
    accumulate: int = 1  # batches to one step
    learning_rate: float = 2e-4
    schedule: str = "constant"
    warmup: float = 0.0  # below 1: a share of the steps; else a number of steps
    optimizer: str = "adamw_torch"
    weight_decay: float = 0.0
    max_grad_norm: float = 0.3
    seed: int = 42

    max_tokens: int = 512  # a sample with more is left out and counted, never cut
    packing: bool = False  # whole samples side by side in packs of up to max_tokens
    group_by_length: bool = False
    checkpointing: bool = True  # activations are made again in the backward pass instead of being kept
    class_weights: bool = False  # classify: a label weighs the more the rarer it is
    liger: str = "auto"  # fused kernels where liger-kernel is installed and there is a GPU
    allow_empty: bool = False  # an answer may be empty: a text without facts
    refused_above: float = 0.05  # the share of unusable or over-long examples above which a run does not begin

    metric: str = "loss"  # what tells the best checkpoint, on dev.jsonl
    evaluate_every: int = 0  # steps between evaluations, each with a checkpoint; 0: an epoch
    evaluate_limit: int = 200  # the most examples of dev that are answered
    evaluate_batch: int = 16
    max_new_tokens: int = 256
    patience: int = 0  # evaluations without a better one after which training stops; 0: it never does
    keep_checkpoints: int = 2  # the latest, beside the best
    log_every: int = 1

    tensorboard: bool = True
    push_to_hub: str = ""  # the name of a repository of the hub that gets the result

    def __post_init__(self) -> None:
        for name, allowed in _ALLOWED.items():
            if getattr(self, name) not in allowed:
                shown = ", ".join(each or "(empty)" for each in allowed)
                raise ConfigError(f"{name}: expected one of {shown}, found {getattr(self, name)!r}")
        for name, least in _LEAST.items():
            if not getattr(self, name) >= least:
                raise ConfigError(f"{name}: expected at least {least:g}, found {getattr(self, name)!r}")
        for name in ("dropout", "refused_above"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name}: expected a share from 0 to less than 1, found {getattr(self, name)!r}")
        if not self.learning_rate > 0:
            raise ConfigError(f"learning_rate: expected more than 0, found {self.learning_rate!r}")
        if not (self.epochs or self.max_steps):
            raise ConfigError("epochs: expected more than 0, or max_steps, found 0 for both")
        if not self.targets:
            raise ConfigError("targets: expected names of layers, or all-linear, found none")
        if self.method == "full" and self.quantization != "none":
            raise ConfigError(f"method full trains all weights, which quantize={self.quantize} does not allow")
        if self.method == "qlora" and self.quantization == "none":
            raise ConfigError("method qlora is LoRA on a quantized model; take method lora for quantize=none")
        self._check_task()

    def _check_task(self) -> None:
        classify = self.task == "classify"
        fitting = ("accuracy", "balanced_accuracy", "loss", "none") if classify else _ALLOWED["metric"]
        if self.metric not in fitting or (not classify and self.metric == "balanced_accuracy"):
            raise ConfigError(f"metric: {self.metric} is none for the task {self.task}")
        if self.prompt and self.reader != "people-relation":
            raise ConfigError(
                f"prompt: the data are read as {self.reader}, which asks in one way only, found {self.prompt!r}"
            )
        if classify and self.packing:
            raise ConfigError("packing: texts to classify are not packed; set packing=false")

    @property
    def quantization(self) -> Literal["4bit", "8bit", "none"]:
        """4bit, 8bit or none: what was asked for, or else what the method is made for."""
        return self.quantize or ("4bit" if self.method == "qlora" else "none")

    def to_json(self) -> dict[str, Any]:
        """Every value by name."""
        found = dataclasses.asdict(self)
        return found | {"targets": list(self.targets)}

    def in_force(self) -> dict[str, Any]:
        """Every value by name, with the quantization that the method brings along and what its weights are."""
        four_bits = self.quantization == "4bit"
        derived = {"quantize": self.quantization, "quant_type": "nf4" if four_bits else "", "double_quant": four_bits}
        return self.to_json() | derived


def preset_values(name: str) -> dict[str, Any]:
    """What the preset of that name says: one that is shipped, or the path of a TOML file of your own.

    Raises:
        ConfigError: there is none, or it is not flat TOML with known keys.
    """
    path = _FOLDER / f"{name}.toml" if name in PRESETS else Path(name)
    if name not in PRESETS and path.suffix != ".toml":
        close = difflib.get_close_matches(name, PRESETS, n=1)
        hint = (
            f"did you mean {close[0]!r}?" if close else f"there are {', '.join(PRESETS)}, or the path of a .toml file"
        )
        raise ConfigError(f"expected the name of a preset, found {name!r}; {hint}")
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise ConfigError(f"expected a preset in TOML at {str(path)!r}, but {exc}") from exc
    return {key: _checked(key, value, str(path)) for key, value in found.items()}


def preset_about(name: str) -> str:
    """What a preset is for: the first sentence of the remark that its file begins with."""
    lines = (_FOLDER / f"{name}.toml").read_text("utf-8").splitlines()
    remark = " ".join(
        line.removeprefix("#").strip() for line in itertools.takewhile(lambda x: x.startswith("#"), lines)
    )
    return remark.partition(". ")[0].rstrip(".")


def load_training(preset: str = "", overrides: Mapping[str, Any] | None = None) -> Training:
    """The settings in force: `overrides` over the preset over the defaults.

    Raises:
        ConfigError: an unknown key (with the one that was meant), or a value that cannot be.
    """
    values = preset_values(preset) if preset else {}
    if overrides and "method" in overrides:
        values.pop("quantize", None)  # a preset says it for its own method
    values |= {key: _checked(key, value, "the settings") for key, value in (overrides or {}).items()}
    return Training(**(values | {"preset": preset}))


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """``key=value`` pairs as settings; lists are separated by commas.

    Raises:
        ConfigError: no pair, an unknown key, or a value of another kind.
    """
    found: dict[str, Any] = {}
    for each in assignments:
        key, equals, value = each.partition("=")
        if not equals:
            raise ConfigError(f"--set: expected key=value, found {each!r}")
        found[key.strip()] = _parsed(key.strip(), value.strip())
    return found


_KINDS: dict[str, type] = {each.name: type(each.default) for each in dataclasses.fields(Training)}


def _known(key: str, where: str) -> type:
    if key not in _KINDS:
        close = difflib.get_close_matches(key, _KINDS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(sorted(_KINDS))}"
        raise ConfigError(f"{where}: unknown key {key!r}; {hint}")
    return _KINDS[key]


def _parsed(key: str, value: str) -> Any:
    kind = _known(key, "--set")
    try:
        if kind is bool:
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[value.lower()]
        if kind is tuple:
            return tuple(each.strip() for each in value.split(",") if each.strip())
        return kind(value)
    except (KeyError, ValueError) as exc:
        raise ConfigError(f"--set: {key}: expected {_said(kind)}, found {value!r}") from exc


def _checked(key: str, value: Any, where: str) -> Any:
    kind = _known(key, where)
    if kind is tuple and isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise ConfigError(f"{where}: {key}: expected {_said(kind)}, found {value!r}")
    return value


def _said(kind: type) -> str:
    return {bool: "true or false", int: "a whole number", float: "a number", tuple: "a list of names"}.get(kind, "text")
