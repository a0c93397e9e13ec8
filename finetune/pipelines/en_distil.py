"""A small English model taught by a larger one (distillation; Hinton, Vinyals and Dean 2015), on any text.

What the teacher gives as probabilities (tags, names, kinds, arcs, the labels of its best arcs) is what the student is
to give, by cross-entropy at temperature 1.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from finetune.pipelines.en_batches import Batch
from finetune.pipelines.en_data import Example
from finetune.pipelines.encoder import Output, Tagger

__all__ = ["raw_sentences", "taught_by"]

SHIPPABLE = ("en_gutenberg", "en_peps", "en_gov_fedramp")
"""Folders of raw text that shipped weights may learn from: novels in the public domain, PEPs, government documents."""


def taught_by(teacher: Tagger, student: Tagger, *, weight: float = 1.0) -> Callable[[Output, Batch], Tensor]:
    """The loss of `student`'s output against what `teacher` gives on the same batch, to be added to its own."""
    teacher.eval().requires_grad_(False)

    def loss(out: Output, batch: Batch) -> Tensor:
        with torch.no_grad():
            wanted = teacher(batch.pieces, batch.shapes, batch.mask, batch.first)
        words = batch.words.bool()
        total = torch.zeros((), device=out.arc.device)
        for name, share in (("upos", 0.5), ("xpos", 0.5), ("ner", 1.0), ("kind", 0.5)):
            total = total + share * _soft(getattr(out, name)[words], getattr(wanted, name)[words])
        real = torch.cat([torch.ones_like(batch.words[:, :1]), batch.words], dim=1).bool()[:, None, :]
        arc, wanted_arc = (each.arc.masked_fill(~real, -1e4) for each in (out, wanted))
        total = total + _soft(arc[words], wanted_arc[words])
        best = wanted_arc.argmax(-1)
        labels, wanted_labels = _labels(student, out, best), _labels(teacher, wanted, best)
        return weight * (total + _soft(labels[words], wanted_labels[words]))

    return loss


def _labels(model: Tagger, out: Output, arcs: Tensor) -> Tensor:
    """Label scores (B, W, labels) of the arcs (B, W) that words are given."""
    ends = torch.gather(out.head, 1, arcs.unsqueeze(-1).expand(-1, -1, out.head.shape[-1]))
    return model.labels(out.dependent, ends)


def _soft(scores: Tensor, wanted: Tensor) -> Tensor:
    """Mean cross-entropy (N, C) of scores against the distribution that other scores stand for."""
    return nn.functional.cross_entropy(scores.float(), wanted.float().softmax(-1))


def raw_sentences(data: Path, limit: int, *, seed: int = 1) -> list[Example]:
    """So many sentences of 4 to 60 words without annotations, drawn from raw text that may be shipped."""
    from kg_builder import load
    from kg_builder.extract.open_ie.english.pipeline import load_english

    pipeline = load_english()
    files = sorted(path for folder in SHIPPABLE for path in (data / "documents" / folder).rglob("*") if path.is_file())
    chance = random.Random(seed)
    chance.shuffle(files)
    found: list[Example] = []
    for path in files:
        if len(found) >= limit:
            break
        paragraphs = [p for p in load(path).text.split("\n\n") if len(p) < 5000]
        chance.shuffle(paragraphs)
        for paragraph in paragraphs[: max(40, 2 * limit // len(files))]:
            for sentence in pipeline.parse(" ".join(paragraph.split())).sents:
                if 4 <= len(sentence) <= 60:
                    found.append(Example(tuple(token.text for token in sentence)))
    chance.shuffle(found)
    return found[:limit]
