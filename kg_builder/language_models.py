"""Language models and adapters, loaded for training, evaluation, serving and extraction in one and the same way.

torch, transformers, peft and bitsandbytes are optional and load with the first model.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kg_builder.chat_templates import give_padding, prepare_tokenizer
from kg_builder.errors import ConfigError, ModelError

__all__ = [
    "Loading",
    "adapter_base",
    "best_device",
    "load_adapter",
    "load_model",
    "load_tokenizer",
    "needed",
    "spread_over_devices",
    "token_limit",
]

Quantize = Literal["auto", "4bit", "8bit", "none"]
DType = Literal["auto", "bf16", "fp16", "fp32"]
Attention = Literal["auto", "flash_attention_2", "sdpa", "eager"]

_NO_LIMIT = 10**9  # tokens; transformers writes "unlimited" as a number with thirty digits
_OF_LLM = {"accelerate", "bitsandbytes", "llguidance", "peft", "torch", "transformers"}


@dataclass(frozen=True, slots=True)
class Loading:
    """How a base model is loaded.

    ``quantize``: ``4bit`` is NF4 with double quantisation, ``8bit`` LLM.int8(), both by bitsandbytes; ``auto`` is 4-bit
    on a GPU and none elsewhere. ``dtype`` is that of computing; ``auto``: bfloat16 where the hardware has it, else
    float32. ``device``: ``cuda``, ``cuda:1``, ``cpu``; empty: the first GPU if there is one. Code that comes with a
    model runs only with ``trust_remote_code``.
    """

    quantize: Quantize = "auto"
    dtype: DType = "auto"
    attention: Attention = "auto"
    device: str = ""
    trust_remote_code: bool = False

    def resolved(self) -> Loading:
        """The same with every ``auto`` decided for this machine.

        Raises:
            ConfigError: a value that there is none of.
            ModelError: torch is not installed, or a GPU is asked for that is not there.
        """
        for name, allowed in (
            ("quantize", ("auto", "4bit", "8bit", "none")),
            ("dtype", ("auto", "bf16", "fp16", "fp32")),
            ("attention", ("auto", "flash_attention_2", "sdpa", "eager")),
        ):
            if getattr(self, name) not in allowed:
                raise ConfigError(f"{name}: expected one of {', '.join(allowed)}, found {getattr(self, name)!r}")
        device = self.device or best_device()
        on_gpu = device.startswith("cuda")
        if on_gpu:
            _check_gpu(device)
        return Loading(
            quantize=("4bit" if on_gpu and _has("bitsandbytes") else "none")
            if self.quantize == "auto"
            else self.quantize,
            dtype=("bf16" if _has_bf16(device) else "fp32") if self.dtype == "auto" else self.dtype,
            attention=("flash_attention_2" if on_gpu and _has("flash_attn") else "sdpa")
            if self.attention == "auto"
            else self.attention,
            device=device,
            trust_remote_code=self.trust_remote_code,
        )


def needed(*modules: str) -> None:
    """Check that optional libraries are there, without loading them.

    Raises:
        ModelError: one is missing.
    """
    missing = [each for each in modules if not _has(each)]
    if missing:
        extra = "llm" if _OF_LLM.issuperset(missing) else "finetune"
        told = f"pip install 'kg-builder[{extra}]'"
        raise ModelError(f"language models need {', '.join(missing)}, which is not installed: {told}")


def best_device() -> str:
    """``cuda`` where torch finds a GPU, else ``cpu``."""
    needed("torch")
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def spread_over_devices() -> bool:
    """Whether accelerate was told to keep parts of one model's weights on each of several devices."""
    return any(os.environ.get(f"ACCELERATE_USE_{kind}") == "true" for kind in ("FSDP", "DEEPSPEED"))


def load_tokenizer(model: str, *, template: str = "", trust_remote_code: bool = False, chat: bool = True) -> Any:
    """The tokenizer of a model (a folder, or a name of the Hugging Face hub), with a padding token and, for a `chat`, a
    template.

    Raises:
        ModelError: there is none, or it cannot be read.
        ConfigError: the template is not one for this model.
    """
    needed("torch", "transformers")
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(model, trust_remote_code=trust_remote_code)
    except Exception as exc:
        raise _told(exc, "a tokenizer", model) from exc
    if chat:
        prepare_tokenizer(tokenizer, template)
    else:
        give_padding(tokenizer)
    return tokenizer


def token_limit(tokenizer: Any, model: Any) -> int | None:
    """How many tokens of a text a model has room for; None where neither it nor its tokenizer says."""
    said = (getattr(model.config, "max_position_embeddings", None), tokenizer.model_max_length)
    return min((each for each in said if each and 0 < each < _NO_LIMIT), default=None)


def load_model(model: str, *, loading: Loading | None = None, labels: tuple[str, ...] = ()) -> Any:
    """A base model (a folder, or a name of the hub) with a head that predicts the next token, or with `labels` one that
    classifies texts.

    Raises:
        ModelError: it is missing, gated, damaged, or too large for this machine's memory.
    """
    needed("torch", "transformers")
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, BitsAndBytesConfig
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # of files; commands show their own
    how = (loading or Loading()).resolved()
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[how.dtype]
    options: dict[str, Any] = {
        "dtype": dtype,
        "attn_implementation": how.attention,
        "trust_remote_code": how.trust_remote_code,
    }
    if not spread_over_devices():
        options["device_map"] = {"": how.device}  # else accelerate spreads the weights over the devices
    if how.quantize != "none":
        needed("bitsandbytes", "accelerate")
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=how.quantize == "4bit",
            load_in_8bit=how.quantize == "8bit",
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    kind: Any = AutoModelForCausalLM
    if labels:
        kind = AutoModelForSequenceClassification
        options["id2label"] = dict(enumerate(labels))
        options["label2id"] = {label: number for number, label in enumerate(labels)}
        options["num_labels"] = len(labels)
    try:
        return kind.from_pretrained(model, **options)
    except Exception as exc:
        raise _told(exc, "a model", model) from exc


def load_adapter(base: Any, adapter: str, *, trainable: bool = False) -> Any:
    """`base` with a LoRA adapter (a folder, or a name of the hub) in place.

    Raises:
        ModelError: there is no such adapter, it is damaged, or it was made for a model of another shape.
    """
    needed("peft")
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(base, adapter, is_trainable=trainable)
    except Exception as exc:
        told = str(exc)
        if "size mismatch" in told or "not found in the base model" in told or "Target modules" in told:
            made_for = adapter_base(adapter) or "another one"
            name = getattr(base.config, "_name_or_path", "") or type(base).__name__
            raise ModelError(
                f"the adapter {adapter!r} was made for {made_for}, and does not fit the model {name!r} "
                f"({' '.join(told.split())[:200]}); give the model it was trained on"
            ) from exc
        raise _told(exc, "an adapter", adapter) from exc


def adapter_base(adapter: str) -> str:
    """The model that an adapter's folder says it was trained on; empty where it says nothing."""
    file = Path(adapter) / "adapter_config.json"
    try:
        return str(json.loads(file.read_text("utf-8")).get("base_model_name_or_path") or "")
    except (OSError, ValueError, AttributeError):
        return ""


def _told(exc: Exception, what: str, name: str) -> ModelError:
    """What went wrong with loading, and what to do about it."""
    said = " ".join(str(exc).split())
    if "out of memory" in said.lower() or isinstance(exc, MemoryError):
        todo = "there is not enough memory: take a smaller model, or quantize to 4bit"
    elif "gated" in said.lower() or _status_of(exc) in (401, 403):
        todo = "it is gated: ask for access where it is published, and set HF_TOKEN"
    elif "trust_remote_code" in said:
        todo = "it brings code of its own: read that, and allow it with trust_remote_code"
    elif Path(name).exists():
        todo = "the folder is incomplete or damaged: make or fetch it again"
    else:
        todo = "give a folder that holds one, or a name of the hub that this machine reaches"
    return ModelError(f"expected {what} at {name!r}, but {todo} ({type(exc).__name__}: {said[:300]})")


def _status_of(exc: BaseException | None) -> int | None:
    """The HTTP status that an error, or what it came of, tells of."""
    while exc is not None:
        status = getattr(getattr(exc, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
        exc = exc.__cause__ or exc.__context__
    return None


def _has(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


def _check_gpu(device: str) -> None:
    """That there is such a GPU: torch says otherwise only when weights are on their way to it."""
    import torch

    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    named = re.fullmatch("cuda(?::([0-9]+))?", device)
    if named is None:
        raise ConfigError(f"device: expected cuda, cuda:1 (or another number) or cpu, found {device!r}")
    if int(named[1] or 0) >= found:
        raise ModelError(
            f"expected a GPU for the device {device!r}, but torch finds {found or 'none'}; leave the device out to "
            "take what there is, or give cpu"
        )


def _has_bf16(device: str) -> bool:
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
