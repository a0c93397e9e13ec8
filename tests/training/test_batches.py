"""Batches: samples side by side are learnt as if each were alone, and the order of rows can be had again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import toy

from finetune.adapters import trainable
from finetune.batches import EpochSampler, flat_batch, keeps_samples_apart, padded_batch, takes_flat_batches
from finetune.encoding import Encoded, encode
from finetune.settings import Training
from kg_builder.language_models import Loading, load_model, load_tokenizer

CPU = Loading(quantize="none", dtype="fp32", device="cpu")


def encoded(models: Path, kind: str, count: int = 7) -> tuple[Any, list[Encoded]]:
    tokenizer = load_tokenizer(str(models / kind), trust_remote_code=True)
    made = [encode(each, tokenizer, max_tokens=512) for each in toy.triples(count)]
    samples = [Encoded(each.input_ids[40 + 9 * i :], each.answer_from - 40 - 9 * i) for i, each in enumerate(made)]
    return load_model(str(models / kind), loading=replace(CPU, trust_remote_code=True)), samples


def token_weighted(model: Any, samples: list[Encoded]) -> torch.Tensor:
    """The loss of each sample by itself, over the tokens of its answer, put together by tokens."""
    total, tokens = torch.tensor(0.0), 0
    for each in samples:
        logits = model(input_ids=torch.tensor([each.input_ids])).logits[0]
        answer = torch.tensor(each.input_ids[each.answer_from :])
        log_probabilities = torch.log_softmax(logits[each.answer_from - 1 : -1], -1)
        total = total - log_probabilities.gather(1, answer[:, None]).sum()
        tokens += len(answer)
    return total / tokens


@pytest.mark.parametrize("kind", ["llama", "qwen", "baichuan"])
def test_the_loss_of_a_pack_is_that_of_its_samples_one_by_one(models: Path, kind: str) -> None:
    model, samples = encoded(models, kind)
    assert model.config._attn_implementation == "sdpa"
    apart = token_weighted(model, samples)
    packed = model(**flat_batch(samples), use_cache=False).loss
    padded = model(**padded_batch(samples, pad=0), use_cache=False).loss
    assert float(packed.detach()) == pytest.approx(float(apart.detach()), abs=1e-5)
    assert float(padded.detach()) == pytest.approx(float(apart.detach()), abs=1e-5)
    packed.backward()
    gradient = model.lm_head.weight.grad.clone()
    model.zero_grad()
    apart.backward()
    assert torch.allclose(gradient, model.lm_head.weight.grad, atol=1e-6)


def test_a_pack_without_positions_of_its_own_would_be_told_apart(models: Path) -> None:
    """The test above can fail."""
    model, samples = encoded(models, "llama")
    batch = flat_batch(samples)
    running = batch | {"position_ids": torch.arange(batch["input_ids"].shape[1])[None]}
    with torch.no_grad():
        assert abs(float(model(**running, use_cache=False).loss) - float(token_weighted(model, samples))) > 1e-4


class Contaminating(torch.nn.Module):
    """A model of somebody's own code, which knows nothing of positions that begin anew."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self.device = model, model.device
        self.get_input_embeddings = model.get_input_embeddings

    def forward(self, input_ids: Any, position_ids: Any = None, logits_to_keep: Any = 0, **_: Any) -> Any:
        return self.model(input_ids=input_ids)


def test_models_that_mix_packed_samples_are_told(models: Path) -> None:
    model = load_model(str(models / "llama"), loading=CPU)
    assert takes_flat_batches(model)
    assert keeps_samples_apart(model)
    assert not keeps_samples_apart(Contaminating(model))


def test_the_order_of_rows_depends_on_seed_and_epoch_alone() -> None:
    def order(epoch: int, **options: Any) -> list[int]:
        sampler = EpochSampler(1000, seed=3, **options)
        sampler.epoch = epoch
        return list(sampler)

    assert sorted(order(0)) == list(range(1000))
    assert order(1) == order(1) != order(0)
    lengths = [(7 * i) % 101 + 1 for i in range(1000)]
    grouped = order(0, lengths=lengths, step=8)
    assert sorted(grouped) == list(range(1000))

    def waste(rows: list[int]) -> int:
        steps = [[lengths[row] for row in rows[i : i + 8]] for i in range(0, 1000, 8)]
        return sum(max(step) * len(step) - sum(step) for step in steps)

    assert waste(grouped) < waste(order(0)) / 5
    assert grouped != sorted(grouped, key=lengths.__getitem__)


@pytest.mark.parametrize("quantize", ["4bit", "none"])
def test_gradients_are_the_same_before_and_after_a_model_was_measured(models: Path, quantize: str) -> None:
    """bitsandbytes repacks 4-bit weights on some CPUs when a model is first used in evaluation: gradients were lost."""
    torch.manual_seed(0)
    _, samples = encoded(models, "llama")
    base = load_model(str(models / "llama"), loading=replace(CPU, quantize=quantize))  # type: ignore[arg-type]
    model = trainable(base, Training(method="lora", dropout=0.0))

    def gradients() -> list[torch.Tensor]:
        model.zero_grad()
        model.train()
        model(**flat_batch(samples), use_cache=False).loss.backward()
        return [each.grad.clone() for each in model.parameters() if each.requires_grad]

    before = gradients()
    assert any(float(each.abs().sum()) > 0 for each in before)
    model.eval()
    assert keeps_samples_apart(model)
    assert all(torch.equal(a, b) for a, b in zip(before, gradients(), strict=True))
