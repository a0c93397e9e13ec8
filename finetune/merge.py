"""An adapter put into its base model for good: one folder of safetensors that any server loads.

What QLoRA trains is the adapter on top of weights that went through 4 bits. The merged model is therefore made of just
those: each layer is dequantised, the adapter's product is added in float32, and the sum is rounded once. Adding it to
the weights that the base had before they went through 4 bits gives another model, one that nobody evaluated; so does
adding it and going through 4 bits again, as peft's own ``merge_and_unload`` does on such a base.
(`finetune.parity` measures all three.)
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

from finetune.relation_question import QUESTION_FILE
from kg_builder.classifying import LABELS_FILE
from kg_builder.errors import ConfigError, ModelError
from kg_builder.language_models import Loading, adapter_base, load_adapter, load_model, load_tokenizer, needed

__all__ = ["Merged", "Onto", "classes_of", "merge", "merge_weights", "trained_on"]

Onto = Literal["auto", "4bit", "8bit", "original"]
"""The weights that an adapter is put onto: those that went through 4 or 8 bits, or the base's as they are."""

MERGE_FILE = "merge.json"
_ROOM = 1.05  # for what comes along with the weights
_ITEM_BYTES = {"bf16": 2, "fp16": 2, "fp32": 4}


@dataclass(frozen=True, slots=True)
class Merged:
    """What was merged, and where it lies."""

    folder: Path
    base: str
    adapter: str
    onto: str
    dtype: str
    parameters: int
    layers: int  # that the adapter changed
    bytes: int


def merge(
    base: str,
    adapter: str,
    out: Path,
    *,
    onto: Onto = "auto",
    dtype: str = "auto",
    loading: Loading | None = None,
    template: str = "",
    largest_file: str = "5GB",
    same_base: bool = False,
    before_it_counts: Callable[[Path], bool] | None = None,
) -> Merged | None:
    """Merge the adapter in the folder `adapter` into the model `base` and write the whole to `out`, with tokenizer,
    chat template and generation settings.

    The folder is there when all of it is: until then it is called ``OUT.partial``. `before_it_counts` is called with
    that; if it says False, it keeps that name, and None is given back.

    Args:
        onto: see `Onto`; ``auto`` reads it off the run that the adapter came from.
        dtype: ``bf16``, ``fp16``, ``fp32`` of the weights written; ``auto``: that of the base.
        loading: device, dtype of computing and the like; its ``quantize`` is decided by `onto`.
        template: a chat template to go along; empty: the tokenizer's own, or one that suits.
        largest_file: the most that one of the files of weights may take.
        same_base: take `base` for the model that the adapter was trained on, whatever it was called there.

    Raises:
        ConfigError: `out` holds something, or it cannot be known what the adapter was trained on.
        ModelError: base and adapter do not go together, one is damaged, or the disk has not enough room.
    """
    needed("torch", "transformers", "peft", "safetensors")
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"expected a new or empty folder for the merged model, found something at {str(out)!r}")
    _check_base(base, adapter, same_base=same_base)
    resolved = trained_on(adapter, base) if onto == "auto" else onto
    how = replace(loading or Loading(), quantize="none" if resolved == "original" else resolved)
    labels = classes_of(adapter)
    parameters, own_dtype = _shape(base, how, labels)
    target = own_dtype if dtype == "auto" else dtype
    if target not in _ITEM_BYTES:
        raise ConfigError(f"expected a dtype out of {', '.join(_ITEM_BYTES)}, or auto, found {dtype!r}")
    _check_room(out, int(parameters * _ITEM_BYTES[target] * _ROOM))
    tokenizer = load_tokenizer(
        adapter if (Path(adapter) / "tokenizer_config.json").is_file() else base,
        template=template,
        trust_remote_code=how.trust_remote_code,
    )
    model = load_model(base, loading=how, labels=labels)
    model, layers = merge_weights(model, adapter, dtype=target)
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        if (Path(adapter) / QUESTION_FILE).is_file():
            shutil.copyfile(Path(adapter) / QUESTION_FILE, partial / QUESTION_FILE)
        _write(model, tokenizer, partial, base, largest_file)
        done = Merged(
            out, base, adapter, resolved, target, parameters, layers, sum(f.stat().st_size for f in partial.iterdir())
        )
        told = {**asdict(done), "folder": out.name}
        (partial / MERGE_FILE).write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", "utf-8")
    except OSError as exc:
        raise ModelError(f"expected to write the merged model to {str(partial)!r}, but {exc}; make room") from exc
    del model
    if before_it_counts is not None and not before_it_counts(partial):
        return None
    if out.exists():
        out.rmdir()
    partial.rename(out)
    return done


def merge_weights(model: Any, adapter: str, *, dtype: str) -> tuple[Any, int]:
    """`model` with the adapter in its weights, as a plain model of that dtype, and how many layers were changed.

    Raises:
        ModelError: the adapter is damaged, or none of this model.
    """
    import torch

    kinds = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
    _check_adapter(adapter)
    wrapped = load_adapter(model, adapter)
    wrapped.eval()
    _check_loaded(wrapped, adapter)
    layers = sum(1 for module in wrapped.modules() if hasattr(module, "lora_A") and len(module.lora_A))
    quantized = any(_is_quantized(module) for module in wrapped.modules())
    if quantized:
        _dequantize(wrapped, kinds[dtype])
    try:
        # What is left: layers of full precision, and modules that were trained as a whole.
        plain = wrapped.merge_and_unload(safe_merge=True)
    except ValueError as exc:
        raise ModelError(f"expected weights that are numbers in the adapter {adapter!r}, but {exc}") from exc
    if quantized:
        _forget_quantization(plain)
    plain.to(kinds[dtype])
    plain.config.dtype = kinds[dtype]
    return plain, layers


def trained_on(adapter: str, base: str) -> Literal["4bit", "8bit", "original"]:
    """What the weights were, below an adapter, while it was trained: as the run it came from has it, or as the base's
    own files are.

    Raises:
        ConfigError: neither says it.
    """
    quantization = _read(Path(base) / "config.json").get("quantization_config") or {}
    if quantization:
        return "4bit" if quantization.get("load_in_4bit") else "8bit"
    for folder in (Path(adapter), *list(Path(adapter).resolve().parents)[:3]):
        run = _read(folder / "config.json")
        values = {
            **run,
            **{key: value for part in run.values() if isinstance(part, dict) for key, value in part.items()},
        }
        quantize, method = str(values.get("quantize", "")), str(values.get("method", ""))
        if quantize in ("4bit", "8bit"):
            return cast(Literal["4bit", "8bit"], quantize)
        if method == "qlora":
            return "4bit"
        if method == "lora" or quantize == "none":
            return "original"
    raise ConfigError(
        f"expected to find in the run of {adapter!r} whether it was trained on 4-bit weights, found nothing; say "
        "--onto 4bit (QLoRA) or --onto original (LoRA)"
    )


def classes_of(adapter: str) -> tuple[str, ...]:
    """The labels of an adapter for classification, in order; none for other adapters.

    Raises:
        ModelError: it is one for classification, and nothing says for which labels.
    """
    if _read(Path(adapter) / "adapter_config.json").get("task_type") != "SEQ_CLS":
        return ()
    named = _read(Path(adapter) / LABELS_FILE).get("labels")
    if isinstance(named, list) and len(named) > 1 and all(isinstance(each, str) for each in named):
        return tuple(named)
    raise ModelError(f"expected the labels of the classifier in {LABELS_FILE} beside {adapter!r}, found none")


# --- checks ----------------------------------------------------------------------------------------------------------


def _check_base(base: str, adapter: str, *, same_base: bool) -> None:
    """That the adapter was trained on this model, as far as names tell."""
    if not (Path(adapter) / "adapter_config.json").is_file():
        raise ModelError(
            f"expected an adapter (adapter_config.json and adapter_model.safetensors) at {adapter!r}, found none"
        )
    named = adapter_base(adapter)
    if same_base or not named or named == base:
        return
    ours, theirs = Path(base), Path(named)
    if ours.exists() and theirs.exists() and ours.resolve() == theirs.resolve():
        return
    if not theirs.is_dir() and ours.name.casefold() == theirs.name.casefold():
        return  # moved here from elsewhere
    raise ModelError(
        f"expected the model that the adapter {adapter!r} was trained on, {named!r}, found {base!r}; give that one, or "
        "say --same-base if both have the same weights"
    )


def _shape(base: str, how: Loading, labels: tuple[str, ...]) -> tuple[int, str]:
    """How many weights the model has, and the dtype of its files; nothing large is read."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

    try:
        config = AutoConfig.from_pretrained(base, trust_remote_code=how.trust_remote_code)
        if labels:
            config.num_labels = len(labels)
        kind: Any = AutoModelForSequenceClassification if labels else AutoModelForCausalLM
        with torch.device("meta"):
            model = kind.from_config(config, trust_remote_code=how.trust_remote_code)
    except (OSError, ValueError, KeyError, ImportError) as exc:
        said = " ".join(str(exc).split())[:300]
        raise ModelError(f"expected a model at {base!r}, but {said}; give the folder or name of one") from exc
    dtypes = {torch.bfloat16: "bf16", torch.float16: "fp16", torch.float32: "fp32"}
    return sum(each.numel() for each in model.parameters()), dtypes.get(getattr(config, "dtype", None), "bf16")


def _check_room(out: Path, needed_bytes: int) -> None:
    there = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < needed_bytes:
        raise ModelError(
            f"expected {needed_bytes / 1e9:,.1f} GB of room for the merged model at {str(out)!r}, found "
            f"{free / 1e9:,.1f} GB; make room, or write it elsewhere"
        )


def _check_adapter(adapter: str) -> None:
    """That every weight of the adapter's file can be read and is a number."""
    import torch
    from safetensors import SafetensorError, safe_open

    file = Path(adapter) / "adapter_model.safetensors"
    if not file.is_file():
        if (Path(adapter) / "adapter_model.bin").is_file():
            raise ModelError(f"expected safetensors in {adapter!r}, found adapter_model.bin; save it as safetensors")
        raise ModelError(f"expected the weights of an adapter at {str(file)!r}, found none; copy or train it again")
    try:
        with safe_open(file, "pt") as tensors:
            names = list(tensors.keys())
            broken = [name for name in names if not torch.isfinite(tensors.get_tensor(name)).all()]
    except (SafetensorError, OSError) as exc:
        raise ModelError(f"the adapter {str(file)!r} is damaged ({exc}); copy or train it again") from exc
    if broken or not names:
        raise ModelError(
            f"expected weights that are numbers in {str(file)!r}, found "
            f"{f'others in {broken[0]!r}' if names else 'none'}; take an earlier checkpoint"
        )


def _check_loaded(wrapped: Any, adapter: str) -> None:
    """That each weight the adapter should have was in its file: peft would leave others at random."""
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    expected = set(get_peft_model_state_dict(wrapped, save_embedding_layers=False))
    with safe_open(Path(adapter) / "adapter_model.safetensors", "pt") as tensors:
        found = set(tensors.keys())
    lacking = sorted(expected - found)
    if lacking:
        raise ModelError(
            f"the adapter {adapter!r} does not go with this model: it lacks {len(lacking)} of {len(expected)} weights "
            f"({lacking[0]} …); give the model it was trained on, or copy the adapter again"
        )


# --- weights ---------------------------------------------------------------------------------------------------------


def _is_quantized(module: Any) -> bool:
    return type(getattr(module, "weight", None)).__name__ in ("Params4bit", "Int8Params")


def _dequantize(wrapped: Any, dtype: Any) -> None:
    """Put a plain layer in the place of each quantized one, with the adapter's product in it, one layer at a time."""
    import torch

    adapted = {
        name: module for name, module in wrapped.named_modules() if hasattr(module, "lora_A") and len(module.lora_A)
    }
    for name, module in adapted.items():
        layer = module.get_base_layer()
        if not _is_quantized(layer):
            continue
        if getattr(module, "lora_variant", None):
            raise ModelError(
                f"{name}: expected plain LoRA, found a variant of it (DoRA or the like), which can only be merged into "
                "the base's own weights: --onto original"
            )
        plain = _plain(layer, dtype=torch.float32)
        for active in module.active_adapters:
            if active not in module.lora_A:
                continue
            plain.weight.data += module.get_delta_weight(active).to(torch.float32)
            if module.lora_bias.get(active):
                plain.bias.data += module.lora_B[active].bias.to(torch.float32) * module.scaling[active]
        if not torch.isfinite(plain.weight).all():
            raise ModelError(f"{name}: merging gives weights that are no numbers; take an earlier checkpoint")
        wrapped.set_submodule(name, plain.to(dtype))
    for name, module in list(wrapped.named_modules()):
        if _is_quantized(module):
            wrapped.set_submodule(name, _plain(module, dtype=dtype))


def _plain(layer: Any, *, dtype: Any) -> Any:
    """The full-precision layer that a quantized one computes with."""
    import torch
    from bitsandbytes import functional

    weight = layer.weight
    if type(weight).__name__ == "Params4bit":
        if getattr(weight.quant_state, "packing_format_for_cpu", False):
            raise ModelError("expected a model that has answered nothing yet: its weights are packed for the CPU now")
        full = functional.dequantize_4bit(weight.data, weight.quant_state)
    else:
        scale = layer.state.SCB if layer.state.SCB is not None else weight.SCB
        full = functional.int8_vectorwise_dequant(weight.data, scale)
    bias = getattr(layer, "bias", None)
    with torch.device("meta"):
        plain = torch.nn.Linear(full.shape[1], full.shape[0], bias=bias is not None)
    plain.weight = torch.nn.Parameter(full.to(dtype), requires_grad=False)
    if bias is not None:
        plain.bias = torch.nn.Parameter(bias.detach().to(dtype), requires_grad=False)
    return plain


def _forget_quantization(model: Any) -> None:
    for holder, name in (
        (model, "hf_quantizer"),
        (model, "quantization_method"),
        (model.config, "quantization_config"),
        (model.config, "_pre_quantization_dtype"),
    ):
        if hasattr(holder, name):
            delattr(holder, name)
    for name in ("is_quantized", "is_loaded_in_4bit", "is_loaded_in_8bit"):
        if hasattr(model, name):
            setattr(model, name, False)


def _write(model: Any, tokenizer: Any, folder: Path, base: str, largest_file: str) -> None:
    model.save_pretrained(folder, max_shard_size=largest_file)
    tokenizer.save_pretrained(folder)
    for code in Path(base).glob("*.py"):  # that the model brings along
        if not (folder / code.name).exists():
            shutil.copyfile(code, folder / code.name)
    for each in folder.iterdir():
        with each.open("rb") as file:
            os.fsync(file.fileno())


def _read(file: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
