"""Batches without padding: samples one after the other in a single row, each with positions of its own.

Attention never crosses from one sample into the next: where the positions begin anew, transformers' masks (eager, sdpa)
and flash attention's variable lengths both end a sample. Logits are made at the places from which an answer's token is
predicted and nowhere else, so that a long question costs no memory of vocabulary size.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Sampler

from finetune.encoding import IGNORED, Encoded
from finetune.packing import Bins

__all__ = ["EpochSampler", "Rows", "flat_batch", "keeps_samples_apart", "padded_batch", "takes_flat_batches"]

Batch = dict[str, torch.Tensor]
_MEGABATCH = 50  # steps within which samples are sorted by length
_AT_A_TIME = 1 << 16  # numbers of rows that are Python's at a time; all of them may be millions


def flat_batch(samples: Sequence[Encoded]) -> Batch:
    """The samples as one row: ``input_ids`` and ``position_ids`` (1, tokens), ``logits_to_keep`` (answer tokens), the
    places before each token of an answer, and ``shift_labels`` (1, answer tokens), those tokens."""
    ids: list[int] = []
    positions: list[int] = []
    places: list[int] = []
    targets: list[int] = []
    for sample in samples:
        start, first = len(ids), max(sample.answer_from, 1)
        ids.extend(sample.input_ids)
        positions.extend(range(len(sample.input_ids)))
        places.extend(range(start + first - 1, start + len(sample.input_ids) - 1))
        targets.extend(sample.input_ids[first:])
    wanted = torch.tensor([targets])
    return {
        "input_ids": torch.tensor([ids]),
        "position_ids": torch.tensor([positions]),
        "logits_to_keep": torch.tensor(places),
        "labels": wanted,  # a model computes a loss where it is given labels; which ones, the next line says
        "shift_labels": wanted,
    }


def padded_batch(samples: Sequence[Encoded], *, pad: int) -> Batch:
    """The samples as rows filled up on the right, (samples, longest), for models that take no flat batch."""
    longest = max(len(each.input_ids) for each in samples)

    def filled(values: list[int], filler: int) -> list[int]:
        return values + [filler] * (longest - len(values))

    return {
        "input_ids": torch.tensor([filled(each.input_ids, pad) for each in samples]),
        "attention_mask": torch.tensor([filled([1] * len(each.input_ids), 0) for each in samples]),
        "labels": torch.tensor([filled(each.labels, IGNORED) for each in samples]),
    }


def takes_flat_batches(model: Any) -> bool:
    """Whether a model can say which logits it is to make, and reads positions."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    return {"logits_to_keep", "position_ids"} <= set(inspect.signature(base.forward).parameters)


def keeps_samples_apart(model: Any) -> bool:
    """Whether what stands in one sample of a flat batch has no effect on the next: tried, with random tokens."""
    chance = torch.Generator().manual_seed(0)
    size = model.get_input_embeddings().weight.shape[0] if hasattr(model, "get_input_embeddings") else 100
    first, other, second = (torch.randint(0, size, (8,), generator=chance) for _ in range(3))
    positions = torch.arange(8).repeat(2)[None].to(model.device)
    was_training = model.training
    model.eval()
    found = []
    for before in (first, other):
        ids = torch.cat([before, second])[None].to(model.device)
        with torch.no_grad():
            found.append(model(input_ids=ids, position_ids=positions, use_cache=False).logits[0, 8:].float())
    model.train(was_training)
    return bool((found[0] - found[1]).abs().max() <= 1e-4 * found[0].abs().max())


@dataclass(frozen=True, slots=True)
class Rows:
    """Samples or packs of them, as a data set that torch reads: each item is the list of a row's samples.

    ``samples`` answers with the row of a number (a list, or a memory-mapped Arrow file of `finetune.encoding`).
    """

    samples: Any
    bins: Bins | None = None  # None: a sample each

    def __len__(self) -> int:
        return len(self.samples) if self.bins is None else len(self.bins)

    def __getitem__(self, number: int) -> list[Encoded]:
        places = [number] if self.bins is None else self.bins[number]
        return [self._sample(place) for place in places]

    def _sample(self, place: int) -> Encoded:
        found = self.samples[place]
        return found if isinstance(found, Encoded) else Encoded(list(found["input_ids"]), int(found["answer_from"]))


class EpochSampler(Sampler):  # type: ignore[misc]
    """All rows once, in an order that the seed and ``epoch`` alone decide, so that a run taken up again sees the same.

    `lengths` groups rows of like length into steps of `step` rows; None: no grouping. ``epoch`` is set from outside.
    """

    def __init__(self, rows: int, *, seed: int, lengths: Sequence[int] | None = None, step: int = 1) -> None:
        self.rows, self.seed, self.step, self.epoch = rows, seed, step, 0
        self.lengths = None if lengths is None else np.asarray(lengths)

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[int]:
        chance = np.random.default_rng([self.seed, self.epoch])
        order = np.arange(self.rows)
        chance.shuffle(order)
        if self.lengths is not None:
            self._group(order, self.lengths, chance)
        for start in range(0, self.rows, _AT_A_TIME):
            yield from order[start : start + _AT_A_TIME].tolist()

    def _group(self, order: NDArray[np.int64], lengths: NDArray[Any], chance: np.random.Generator) -> None:
        """Bring rows of like length together, within parts of the order."""
        for start in range(0, len(order), self.step * _MEGABATCH):
            part = order[start : start + self.step * _MEGABATCH]
            part[:] = part[np.argsort(-lengths[part], kind="stable")]
            whole = len(part) // self.step * self.step
            chance.shuffle(part[:whole].reshape(-1, self.step))  # the rows of a step stay together
