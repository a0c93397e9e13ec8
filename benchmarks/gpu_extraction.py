"""Extraction and parity, for `gpu.py`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from gpu_models import sentences
from gpu_work import Found, Work, fresh, peak_gib

from finetune.examples import Example


def extract(work: Work) -> Iterator[Found]:
    """Answers of always the same length, token by token, in all the ways that there are. Random weights never end an
    answer by themselves; where a grammar is in force it is made not to, either, so that only time differs."""
    import torch

    from finetune.merge import merge_weights
    from kg_builder.language_models import Loading, load_adapter, load_model, load_tokenizer

    found: Found = {}
    tokenizer = load_tokenizer(str(work.base))
    texts = [each.text for each in sentences(work.shape.texts * 2, seed=2)][: work.shape.texts]
    fresh()
    model = load_adapter(load_model(str(work.base), loading=Loading("4bit")), str(work.adapter)).eval()
    found["one by one, generate of transformers, adapter on 4 bits"] = _alone(work, model, tokenizer, texts)
    yield found
    for size in work.shape.batches:
        found[f"batches of {size}, adapter on 4 bits"] = _together(work, model, tokenizer, texts, size, grammar=False)
        yield found
    del model
    fresh()
    dtype = "bf16" if torch.cuda.is_available() else "fp32"
    model, _ = merge_weights(load_model(str(work.base), loading=Loading("4bit")), str(work.adapter), dtype=dtype)
    model.eval()
    found[f"one by one, generate of transformers, merged {dtype}"] = _alone(work, model, tokenizer, texts)
    yield found
    for size in work.shape.batches:
        for grammar in (False, True):
            name = f"batches of {size}, merged {dtype}{', constrained' if grammar else ''}"
            found[name] = _together(work, model, tokenizer, texts, size, grammar=grammar)
            yield found
    first = found["one by one, generate of transformers, adapter on 4 bits"]["tokens_per_second"]
    size = work.shape.batches[-1]
    free, bound = (
        found[f"batches of {size}, merged {dtype}{more}"]["tokens_per_second"] for more in ("", ", constrained")
    )
    found["times as fast as one by one, constrained"] = round(bound / first, 1)
    found["cost of the constraint in per cent"] = round(100 * (free / bound - 1), 1)
    yield found


def _alone(work: Work, model: Any, tokenizer: Any, texts: list[str]) -> Found:
    import torch

    from kg_builder.chat_templates import render_chat
    from kg_builder.prompt import extraction_messages

    new = work.shape.new_tokens
    fresh()
    times = []
    with torch.inference_mode():
        for text in texts[: work.shape.alone + 1]:
            asked = render_chat(tokenizer, extraction_messages(text), ask=True)
            ids = tokenizer(asked, add_special_tokens=False, return_tensors="pt").to(model.device)
            begun = time.perf_counter()
            model.generate(**ids, min_new_tokens=new, max_new_tokens=new, do_sample=False, pad_token_id=1)
            times.append(time.perf_counter() - begun)
    seconds = sum(times[1:])  # the first one warms up
    return {"tokens_per_second": round(new * (len(times) - 1) / seconds, 2), "peak_gib": peak_gib()}


def _together(work: Work, model: Any, tokenizer: Any, texts: list[str], size: int, *, grammar: bool) -> Found:
    from kg_builder.extract.grammar import grammar_for
    from kg_builder.generating import generate
    from kg_builder.prompt import extraction_messages

    texts = texts[: 2 * size]  # two full batches
    grammars = [_endless(grammar_for(text)) for text in texts] if grammar else None
    fresh()

    def ask(number: int, new: int) -> int:
        made = generate(
            model,
            tokenizer,
            [extraction_messages(text) for text in texts[:number]],
            batch_size=size,
            max_new_tokens=new,
            temperature=1.0,  # else a random model writes one line again and again, which ends an answer
            grammars=grammars[:number] if grammars else None,
        )
        return sum(each.tokens for each in made)

    ask(min(size, len(texts)), 2)
    begun = time.perf_counter()
    tokens = ask(len(texts), work.shape.new_tokens)
    seconds = time.perf_counter() - begun
    return {
        "tokens_per_second": round(tokens / seconds, 1),
        "tokens_an_answer": round(tokens / len(texts), 1),
        "texts_per_second": round(len(texts) / seconds, 2),
        "peak_gib": peak_gib(),
    }


def _endless(grammar: str) -> str:
    """The same lines, but more of them than an answer has room for."""
    start = next(line for line in grammar.splitlines() if line.startswith("start:"))
    return grammar.replace(start, 'start: line ("\\n" line){32,63}')


def parity(work: Work) -> Iterator[Found]:
    """How far the paths are apart, on the logits along given answers: adapter on 4 bits, merged, in 4 bits again, and
    each text by itself against all in one padded batch."""
    import torch

    from finetune.merge import merge_weights
    from finetune.parity import compare, look
    from kg_builder.language_models import Loading, load_adapter, load_model, load_tokenizer

    examples = list(sentences(12, seed=3))[: 4 if work.shape_name == "tiny" else 8]
    tokenizer = load_tokenizer(str(work.base))
    said = [each.answer for each in examples]
    found: Found = {}
    dtype = "bf16" if torch.cuda.is_available() else "fp32"

    def seen(model: Any) -> Any:
        return look(model.eval(), tokenizer, examples, said=said, max_new_tokens=8, grammars=())

    fresh()
    model = load_adapter(load_model(str(work.base), loading=Loading("4bit")), str(work.adapter))
    reference = seen(model)
    found["weights in memory, adapter on 4 bits, gb"] = round(reference.stored / 1e9, 2)
    found["padded in a batch"] = _padded(model, tokenizer, examples, reference)
    yield found
    del model
    fresh()
    model, _ = merge_weights(load_model(str(work.base), loading=Loading("4bit")), str(work.adapter), dtype=dtype)
    merged = seen(model)
    found[f"merged {dtype}"] = _shown(compare("merged", reference, merged))
    yield found
    _quantize(model)
    found["merged, in 4 bits again"] = _shown(compare("again", reference, seen(model)))
    yield found


def _shown(difference: Any) -> Found:
    return {name: getattr(difference, name) for name in ("max_abs", "mean_abs", "kl", "kl_max", "top1", "tokens")}


def _padded(model: Any, tokenizer: Any, examples: list[Example], reference: Any) -> Found:
    import torch

    from finetune.parity import Seen, compare
    from kg_builder.chat_templates import render_chat

    rows = []
    for example in examples:
        text = render_chat(tokenizer, example.conversation, ask=False)
        rows.append(tokenizer(text, add_special_tokens=False)["input_ids"])
    longest = max(map(len, rows))
    where = next(model.parameters()).device
    ids = torch.tensor([[1] * (longest - len(row)) + row for row in rows], device=where)
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=where)
    with torch.inference_mode():
        places = (mask.cumsum(-1) - 1).clamp(min=0)
        logits = model(input_ids=ids, attention_mask=mask, position_ids=places).logits.float().cpu()
    kept = tuple(logits[n, -each.shape[0] - 1 : -1] for n, each in enumerate(reference.logits))
    return _shown(compare("padded", reference, Seen(kept, reference.answers, reference.triples)))


def _quantize(model: Any) -> None:
    """Each linear layer in 4 bits, in place, as loading does it."""
    import torch
    from bitsandbytes.nn import Linear4bit, Params4bit

    for name, layer in list(model.named_modules()):
        if not isinstance(layer, torch.nn.Linear) or "proj" not in name:
            continue
        made = Linear4bit(
            layer.in_features,
            layer.out_features,
            bias=False,
            compute_dtype=layer.weight.dtype,
            quant_type="nf4",
            device="meta",
        )
        where = layer.weight.device
        made.weight = Params4bit(
            layer.weight.data.cpu(), requires_grad=False, compress_statistics=True, quant_type="nf4"
        ).to(where)
        model.set_submodule(name, made.eval())
