"""Fewer, fuller samples: tokenised examples put together in bins, and texts in runs of whole sentences.

Nothing is ever cut: an example goes into one bin as a whole, and a sentence into one sample.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finetune.corpus import UNLABELLED, LeftOut
from finetune.examples import Example
from kg_builder.errors import DataError
from kg_builder.language import detect_language
from kg_builder.sentences import split_sentences

__all__ = ["Bins", "pack", "pack_sentences", "packed"]

_SURE = 0.9
"""Up to this share of a sample, the sum of its sentences' lengths is taken for its length: at the seams it changes by a
few tokens at most, and measuring the whole again with each sentence would take most of the time."""


_AT_A_TIME = 1 << 16  # numbers of an array that are Python's at a time


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins of samples, each a list of places; in two arrays, since there may be millions: bin n has the places from
    ``starts[n]`` to ``starts[n + 1]``."""

    places: NDArray[np.int64]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> list[int]:
        found: list[int] = self.places[self.starts[number] : self.starts[number + 1]].tolist()
        return found

    def __iter__(self) -> Iterator[list[int]]:
        return map(self.__getitem__, range(len(self)))

    def filled(self, lengths: NDArray[np.int32]) -> NDArray[np.int64]:
        """The tokens in each bin."""
        return np.add.reduceat(lengths[self.places], self.starts[:-1], dtype=np.int64) if len(self) else self.places


def pack(lengths: Sequence[int] | NDArray[np.int32], max_tokens: int) -> Bins:
    """Bins of at most `max_tokens`, by best fit with the longest first.

    Each place is in one bin. Johnson et al. 1974 ("Worst-case performance bounds for simple one-dimensional packing
    algorithms") show that it takes at most 11/9 of the fewest bins that would do, and 4 more. The time is linear, since
    lengths are whole numbers up to `max_tokens`.

    Raises:
        DataError: a length is over `max_tokens`, or below 1.
    """
    given = np.asarray(lengths, dtype=np.int32)
    unfit = np.flatnonzero((given < 1) | (given > max_tokens))
    if len(unfit):
        raise DataError(
            f"expected samples of 1 to {max_tokens} tokens to pack, found one of {given[unfit[0]]} at {unfit[0]}: "
            "leave out those that are longer, or allow more tokens"
        )
    order = np.argsort(-given, kind="stable")
    bin_of = array("i")  # of each place, in that order
    with_room = [array("i") for _ in range(max_tokens + 1)]  # bins by the tokens they still take
    rooms = 0  # a bit for each room that some bin has, so that the tightest that will do is found at once
    bins = 0
    for start in range(0, len(order), _AT_A_TIME):
        for length in given[order[start : start + _AT_A_TIME]].tolist():
            fitting = rooms >> length
            if fitting:
                room = length + (fitting & -fitting).bit_length() - 1
                chosen = with_room[room].pop()
                if not with_room[room]:
                    rooms ^= 1 << room
            else:
                room, chosen, bins = max_tokens, bins, bins + 1
            bin_of.append(chosen)
            if room > length:
                with_room[room - length].append(chosen)
                rooms |= 1 << (room - length)
    numbers = np.frombuffer(bin_of, dtype=np.int32) if bin_of else np.empty(0, np.int32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=bins))])
    return Bins(order[np.argsort(numbers, kind="stable")], starts)


def pack_sentences(
    texts: Iterable[str], length: Callable[[str], int], *, max_tokens: int = 1024, left_out: Counter[str] | None = None
) -> Iterator[str]:
    """Samples of whole sentences of `texts` in their order, each as full as it gets within `max_tokens`.

    `length` measures a text, in tokens of the model that is to read it. Sentences of one text are joined as they stand
    there, texts by a blank line. A sentence over `max_tokens` is left out, and counted in `left_out` as ``too-long``.
    """
    sample, tokens = "", 0
    for text in texts:
        before = -1  # where the sentence before ends, in this text
        for start, end in split_sentences(text):
            piece = text[start:end]
            joint = text[before:start] if before >= 0 else "\n\n"
            before = end
            longer = tokens + length(joint + piece)
            if sample and longer > _SURE * max_tokens:
                longer = length(sample + joint + piece)
            if sample and longer <= max_tokens:
                sample, tokens = sample + joint + piece, longer
                continue
            if sample:
                yield sample
            sample, tokens = piece, length(piece)
            if tokens > max_tokens:
                if left_out is not None:
                    left_out["too-long"] += 1
                sample, tokens = "", 0
    if sample:
        yield sample


def packed(
    items: Iterable[Example | LeftOut], tokenizer: Any, *, max_tokens: int = 1024
) -> Iterator[Example | LeftOut]:
    """The unlabelled texts among `items` packed into samples of at most `max_tokens`; all others as they are."""
    others: list[Example | LeftOut] = []
    left_out: Counter[str] = Counter()

    def texts() -> Iterator[str]:
        for item in items:
            if isinstance(item, Example) and item.task == UNLABELLED:
                yield item.text
            else:
                others.append(item)

    def length(text: str) -> int:
        return len(tokenizer(text, add_special_tokens=False)["input_ids"])

    samples = pack_sentences(texts(), length, max_tokens=max_tokens, left_out=left_out)
    for number, sample in enumerate(samples, 1):
        yield Example(sample, language=detect_language(sample), task=UNLABELLED, source=f"packed:{number}")
        while others:
            yield others.pop(0)
    yield from others
    for _ in range(left_out["too-long"]):
        yield LeftOut("packed", 0, "too-long")
