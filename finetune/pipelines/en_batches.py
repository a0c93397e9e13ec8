"""Examples as padded tensors, sentences of like length together."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from finetune.pipelines.en_data import Example, augment
from finetune.pipelines.encoder import Heads
from kg_builder.extract.open_ie.english.pieces import WordPieces

__all__ = ["IGNORED", "Batch", "collate", "label_sets", "plan"]

IGNORED = -100
MAX_WORDS = 120


@dataclass(slots=True)
class Batch:
    """Inputs of shape (B, S) and (B, W), targets of shape (B, W), `IGNORED` where nothing is annotated."""

    pieces: Tensor
    shapes: Tensor
    mask: Tensor
    first: Tensor
    words: Tensor  # 1 at real words
    targets: dict[str, Tensor]
    misc: Tensor  # (B,): names of kind MISC are annotated

    def to(self, device: torch.device | str) -> Batch:
        """The same on another device."""
        moved = {f.name: getattr(self, f.name) for f in fields(self)}
        return Batch(
            **{
                name: {k: v.to(device) for k, v in value.items()} if isinstance(value, dict) else value.to(device)
                for name, value in moved.items()
            }
        )


def label_sets(trees: list[Example]) -> Heads:
    """The label sets that the treebanks use; relations seen fewer than five times give way to their universal part."""
    counts: dict[str, int] = {}
    for example in trees:
        for label in example.deprels:
            counts[label] = counts.get(label, 0) + 1
    deprels = {label if counts[label] >= 5 else label.partition(":")[0] for label in counts}
    return Heads(
        upos=tuple(sorted({t for e in trees for t in e.upos})),
        xpos=tuple(sorted({t for e in trees for t in e.xpos})),
        deprel=tuple(sorted(deprels)),
        ner=("O", *(f"{mark}-{kind}" for kind in ("LOC", "MISC", "ORG", "PER") for mark in "BI")),
        kind=tuple(sorted({k for e in trees for k in e.kinds if k})),
    )


def collate(examples: list[Example], heads: Heads, pieces: WordPieces) -> Batch:
    """One batch; words past `MAX_WORDS` are cut, with the arcs that lead there."""
    index = {name: {label: i for i, label in enumerate(getattr(heads, name))} for name in heads.__slots__}
    rows, shapes, firsts = [], [], []
    for example in examples:
        ids, marks, first = [pieces.start], [0], []
        for word in example.words[:MAX_WORDS]:
            encoded, shape = pieces.encode(word)
            first.append(len(ids))
            ids.extend(encoded)
            marks.extend([shape] * len(encoded))
        rows.append([*ids[:511], pieces.end])
        shapes.append([*marks[:511], 0])
        firsts.append([f for f in first if f < 511])
    width, longest = max(map(len, rows)), max(map(len, firsts))
    targets = {
        name: torch.full((len(rows), longest), IGNORED) for name in ("upos", "xpos", "ner", "kind", "head", "deprel")
    }
    for b, example in enumerate(examples):
        n = len(firsts[b])
        for name, labels in (
            ("upos", example.upos),
            ("xpos", example.xpos),
            ("ner", example.ner),
            ("kind", example.kinds),
        ):
            if labels:
                known = index[name]
                targets[name][b, :n] = torch.tensor([known.get(label, IGNORED) for label in labels[:n]])
        if example.heads:
            targets["head"][b, :n] = torch.tensor([h if h <= n else IGNORED for h in example.heads[:n]])
            known = index["deprel"]
            targets["deprel"][b, :n] = torch.tensor(
                [known.get(d, known[d.partition(":")[0]]) for d in example.deprels[:n]]
            )
            targets["deprel"][b][targets["head"][b] == IGNORED] = IGNORED
    return Batch(
        pieces=torch.tensor([r + [0] * (width - len(r)) for r in rows]),
        shapes=torch.tensor([s + [0] * (width - len(s)) for s in shapes]),
        mask=torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in rows]),
        first=torch.tensor([f + [0] * (longest - len(f)) for f in firsts]),
        words=torch.tensor([[1] * len(f) + [0] * (longest - len(f)) for f in firsts]),
        targets=targets,
        misc=torch.tensor([e.misc for e in examples]),
    )


def plan(examples: list[Example], *, budget: int, chance: random.Random | None) -> Iterator[list[Example]]:
    """Groups of at most `budget` words, padding counted; shuffled and augmented when `chance` is given."""
    order = [augment(e, chance) for e in examples] if chance else list(examples)
    noise = chance.random if chance else (lambda: 0.0)
    order.sort(key=lambda e: len(e.words) + 3 * noise())
    groups: list[list[Example]] = [[]]
    for example in order:
        longest = max([len(example.words), *(len(e.words) for e in groups[-1])])
        if groups[-1] and longest * (len(groups[-1]) + 1) > budget:
            groups.append([])
        groups[-1].append(example)
    if chance:
        chance.shuffle(groups)
    yield from (g for g in groups if g)
