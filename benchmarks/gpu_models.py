"""What `gpu.py` measures on, made in place; nothing is downloaded.

Models of the usual shapes with random weights, in 4 bits from the beginning so that 16 GB are never written; a
tokenizer with as many tokens as the shape has; and sentences with their facts.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.examples import Example
from kg_builder.types import Triple

SHARD_BYTES = 2_000_000_000
SPECIAL = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a Llama, and of what is done with it."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    key_value_heads: int
    vocabulary: int
    tied: bool
    rank: int  # of the adapter
    steps: int  # of training that are measured
    alone: int  # texts that are answered one by one
    texts: int  # that are answered in batches
    batches: tuple[int, ...]
    new_tokens: int
    learner: tuple[int, int, int, int]  # hidden, layers, steps, sentences of the model made from scratch


SHAPES = {
    "8b": Shape(4096, 14336, 32, 32, 8, 128_256, False, 256, 10, 6, 512, (16, 64, 256), 64, (512, 8, 1500, 20_000)),
    "1b": Shape(2048, 8192, 16, 32, 8, 128_256, True, 256, 20, 8, 512, (16, 64, 256), 64, (512, 8, 1500, 20_000)),
    "tiny": Shape(64, 128, 2, 4, 2, 800, False, 8, 1, 1, 3, (3,), 8, (32, 1, 4, 40)),
}

_SYLLABLES = [a + b for a in "bdfgklmnprstv" for b in ("a", "e", "i", "o", "u", "an", "er", "il")]
_RELATIONS = (
    ("works for", "{h} has worked for {t} since the company moved"),
    ("born in", "{h} was born in {t} and went to school there"),
    ("bought", "{h} bought {t} for a sum that was not made public"),
    ("capital of", "{h} is the capital of {t}"),
    ("founded by", "{h} was founded by {t}"),
    ("located in", "{h} lies in {t}, at the foot of the mountains"),
    ("married to", "{h} is married to {t}"),
    ("member of", "{h} joined {t} last year"),
)


def sentences(count: int, *, seed: int) -> Iterator[Example]:
    """Sentences of 30 to 170 characters with one to three facts each, about names that nobody has."""
    chance = random.Random(seed)

    def name() -> str:
        return "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 3))).capitalize()

    for _ in range(count):
        parts, triples = [], []
        for _ in range(chance.choices((1, 2, 3), (5, 3, 1))[0]):
            relation, pattern = chance.choice(_RELATIONS)
            head, tail = f"{name()} {name()}", name()
            parts.append(pattern.format(h=head, t=tail))
            triples.append(Triple(head, relation, tail))
        text = "; ".join(parts) + "."
        if len(text) < 170:
            yield Example(text=text, triples=tuple(triples), language="en", source="made")


def make_tokenizer(folder: Path, vocabulary: int, texts: list[str]) -> Any:
    """A byte-level tokenizer with Llama 3's marks and about `vocabulary` tokens, of `texts` and of made-up words: a
    grammar's mask costs what it costs with a real one."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    chance = random.Random(0)
    made = (" ".join("".join(chance.choices(_SYLLABLES, k=4)) for _ in range(100)) for _ in range(vocabulary // 30))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*texts, *(made if vocabulary > 10_000 else ())], trainer)
    found = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=SPECIAL[0], eos_token=SPECIAL[1], pad_token=SPECIAL[1]
    )
    found.save_pretrained(folder)
    return found


def config_of(shape: Shape) -> Any:
    """The configuration of a Llama of that shape."""
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_value_heads,
        max_position_embeddings=8192,
        tie_word_embeddings=shape.tied,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        rope_parameters={"rope_type": "default", "rope_theta": 500_000.0},
    )


def make_base(folder: Path, shape: Shape, device: str) -> int:
    """A folder with a model in 4 bits (NF4, double quantisation), its layers made one at a time; the bytes of it."""
    import torch
    from bitsandbytes.functional import quantize_4bit
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig, GenerationConfig

    config = config_of(shape)
    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    with torch.device("meta"):
        names = {n: p.shape for n, p in AutoModelForCausalLM.from_config(config).named_parameters()}
    torch.manual_seed(0)
    shard: dict[str, Any] = {}
    where: dict[str, str] = {}
    written = shards = 0

    def write() -> None:
        nonlocal shard, shards, written
        shards += 1
        file = f"model-{shards:05}.safetensors"
        save_file(shard, folder / file, metadata={"format": "pt"})
        where.update(dict.fromkeys(shard, file))
        written += sum(each.numel() * each.element_size() for each in shard.values())
        shard = {}

    for name, size in names.items():
        if "norm" in name:
            shard[name] = torch.ones(size, dtype=dtype)
            continue
        weight = torch.randn(size, device=device, dtype=dtype) * 0.02
        if "proj" in name:
            packed, state = quantize_4bit(weight, blocksize=64, compress_statistics=True, quant_type="nf4")
            shard[name] = packed.cpu()
            shard |= {f"{name}.{key}": each.cpu() for key, each in state.as_dict(packed=True).items()}
        else:
            shard[name] = weight.cpu()
        if sum(each.numel() * each.element_size() for each in shard.values()) > SHARD_BYTES:
            write()
    write()
    index = {"metadata": {"total_size": written}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    quantized = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )
    config.quantization_config = quantized.to_dict()
    config.dtype = dtype
    config.architectures = ["LlamaForCausalLM"]
    config.save_pretrained(folder)
    GenerationConfig(bos_token_id=0, eos_token_id=1, pad_token_id=1).save_pretrained(folder)
    return written


def lora(shape: Shape) -> Any:
    """The adapter of the recipe: all linear projections, alpha half the rank, dropout .05."""
    from peft import LoraConfig

    return LoraConfig(
        r=shape.rank,
        lora_alpha=max(1, shape.rank // 2),
        lora_dropout=0.05,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def make_adapter(folder: Path, base: Path, shape: Shape) -> None:
    """An adapter for that model whose product is not zero."""
    import torch
    from peft import get_peft_model

    from kg_builder.language_models import Loading, load_model

    wrapped = get_peft_model(load_model(str(base), loading=Loading("4bit")), lora(shape))
    torch.manual_seed(1)
    for name, weight in wrapped.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.002)
    wrapped.save_pretrained(folder)
