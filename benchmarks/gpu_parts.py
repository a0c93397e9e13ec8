"""The parts of `gpu.py`. Each takes a `Work` and yields what it has measured so far, so that nothing is lost if it ends
early."""

from __future__ import annotations

import time
from collections.abc import Iterator

from gpu_extraction import extract, parity
from gpu_learning import learn
from gpu_models import make_adapter, make_base, make_tokenizer, sentences
from gpu_training import train_ours, train_trl
from gpu_work import Found, Work, device

from finetune.examples import write_examples


def make(work: Work) -> Iterator[Found]:
    """Model, tokenizer, adapter, sentences."""
    found: Found = {}
    shape = work.shape
    examples = list(sentences(200 if work.shape_name == "tiny" else 6000, seed=1))
    work.data.mkdir(parents=True, exist_ok=True)
    write_examples(work.data / "train.jsonl", examples)
    work.base.mkdir(exist_ok=True)
    begun = time.perf_counter()
    texts = [message["content"] for each in examples for message in each.conversation]
    tokenizer = make_tokenizer(work.base, shape.vocabulary, texts)
    found |= {"tokens": len(tokenizer), "tokenizer_seconds": round(time.perf_counter() - begun, 1)}
    begun = time.perf_counter()
    found["base_gb"] = round(make_base(work.base, shape, device()) / 1e9, 2)
    found["base_seconds"] = round(time.perf_counter() - begun, 1)
    yield found
    make_adapter(work.adapter, work.base, shape)
    yield found


PARTS = {
    "make": (make, 150),
    "train_trl": (train_trl, 330),
    "train_ours": (train_ours, 360),
    "extract": (extract, 360),
    "parity": (parity, 150),
    "learn": (learn, 400),
}
"""Name: what is run, and the most seconds it may take."""
