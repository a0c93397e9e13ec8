"""Small models that are trained from nothing on a CPU: a reader of characters, and a tagger with a linear-chain CRF."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

# --- a bidirectional GRU over characters ----------------------------------------------------------------------------


class CharacterReader(nn.Module):
    """Characters and their distances to two marked places, read both ways, weighed by attention, into one label."""

    def __init__(self, characters: int, labels: int, *, width: int = 64, hidden: int = 96, farthest: int = 40) -> None:
        super().__init__()
        self.farthest = farthest
        self.characters = nn.Embedding(characters, width, padding_idx=0)
        self.distances = nn.Embedding(2 * farthest + 2, 8)
        self.reader = nn.GRU(width + 16, hidden, batch_first=True, bidirectional=True)
        self.attention = nn.Linear(2 * hidden, 1)
        self.dropout = nn.Dropout(0.4)
        self.label = nn.Linear(4 * hidden, labels)

    def forward(self, ids: Tensor, places: Tensor) -> Tensor:
        """``ids`` (batch, length), ``places`` (batch, 2) of the marks, or -1: logits (batch, labels)."""
        lengths = (ids > 0).sum(1).clamp(min=1)
        steps = torch.arange(ids.shape[1])[None, :, None]
        far = (steps - places[:, None, :]).clamp(-self.farthest, self.farthest) + self.farthest
        far = torch.where(places[:, None, :] < 0, 2 * self.farthest + 1, far)  # (batch, length, 2)
        read = torch.cat([self.dropout(self.characters(ids)), self.distances(far).flatten(2)], -1)
        packed = pack_padded_sequence(read, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.reader(packed)[0], batch_first=True)  # (batch, longest, 2 hidden)
        padding = (ids[:, : states.shape[1]] == 0)[..., None]
        weights = self.attention(torch.tanh(states)).masked_fill(padding, -1e4).softmax(1)
        pooled = torch.cat([(weights * states).sum(1), states.masked_fill(padding, -1e4).amax(1)], -1)
        return self.label(self.dropout(pooled))


def read_characters(
    train: Sequence[tuple[str, tuple[int, int], int]],
    test: Sequence[tuple[str, tuple[int, int]]],
    *,
    labels: int,
    seed: int,
    epochs: int = 10,
    longest: int = 120,
) -> list[int]:
    """Train on (text, places of the two marks, label) and give a label to each text of `test`."""
    torch.manual_seed(seed)
    chance = random.Random(seed)
    known: dict[str, int] = {}
    for text, _, _ in train:
        for character in text:
            known.setdefault(character, len(known) + 2)
    model = CharacterReader(len(known) + 2, labels)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)

    def batch(rows: Sequence[Any]) -> tuple[Tensor, Tensor]:
        ids = [torch.tensor([known.get(c, 1) for c in row[0][:longest]] or [1]) for row in rows]
        return pad_sequence(ids, batch_first=True), torch.tensor([row[1] for row in rows])

    rows = list(train)
    steps = epochs * (len(rows) // 32 + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)
    for _ in range(epochs):
        model.train()
        chance.shuffle(rows)
        for start in range(0, len(rows), 32):
            some = rows[start : start + 32]
            logits = model(*batch(some))
            loss = nn.functional.cross_entropy(logits, torch.tensor([row[2] for row in some]), label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        return [
            int(label)
            for start in range(0, len(test), 128)
            for label in model(*batch(test[start : start + 128])).argmax(-1)
        ]


# --- a tagger -------------------------------------------------------------------------------------------------------


class Tagger(nn.Module):
    """A linear-chain CRF (Lafferty et al. 2001) over hashed features of each word."""

    def __init__(self, tags: Sequence[str], *, buckets: int = 1 << 18) -> None:
        super().__init__()
        self.tags = list(tags)
        self.buckets = buckets
        self.weights = nn.EmbeddingBag(buckets, len(tags), mode="sum", sparse=True)
        nn.init.zeros_(self.weights.weight)
        self.between = nn.Parameter(torch.zeros(len(tags), len(tags)))
        allowed = torch.tensor([[_may_follow(a, b) for b in self.tags] for a in self.tags])
        self.register_buffer("barred", torch.where(allowed, 0.0, -1e4))
        self.register_buffer(
            "barred_first", torch.tensor([0.0 if _may_follow("O", tag) else -1e4 for tag in self.tags])
        )
        self.register_buffer("barred_last", torch.tensor([0.0 if _may_follow(tag, "O") else -1e4 for tag in self.tags]))

    def emissions(self, words: Sequence[Sequence[str]]) -> Tensor:
        """Scores of one sentence, (words, tags), from the features of each word."""
        ids = [[zlib.crc32(feature.encode()) % self.buckets for feature in features] for features in words]
        offsets = torch.tensor([0, *torch.tensor([len(each) for each in ids]).cumsum(0)[:-1].tolist()])
        return self.weights(torch.tensor([each for some in ids for each in some]), offsets)

    def loss(self, words: Sequence[Sequence[str]], tags: Sequence[str]) -> Tensor:
        """The negative log-likelihood of the right tags."""
        scores = self.emissions(words)
        right = torch.tensor([self.tags.index(tag) for tag in tags])
        between = self.between + self.barred
        path = scores[torch.arange(len(right)), right].sum() + between[right[:-1], right[1:]].sum()
        total = scores[0] + self.barred_first
        for each in scores[1:]:
            total = torch.logsumexp(total[:, None] + between, 0) + each
        return torch.logsumexp(total + self.barred_last, 0) - path

    @torch.no_grad()
    def tag(self, words: Sequence[Sequence[str]]) -> list[str]:
        """The best tags of a sentence (Viterbi)."""
        scores = self.emissions(words)
        between = self.between + self.barred
        total = scores[0] + self.barred_first
        back = []
        for each in scores[1:]:
            best, which = (total[:, None] + between).max(0)
            total = best + each
            back.append(which)
        last = int((total + self.barred_last).argmax())
        found = [last]
        for which in reversed(back):
            found.append(int(which[found[-1]]))
        return [self.tags[each] for each in reversed(found)]


def train_tagger(
    sentences: Sequence[tuple[Sequence[Sequence[str]], Sequence[str]]], *, seed: int, epochs: int = 8
) -> Tagger:
    """A tagger trained on (features of each word, tags) by AdaGrad: a feature's steps shrink with what it has seen."""
    torch.manual_seed(seed)
    tagger = Tagger(sorted({tag for _, tags in sentences for tag in tags}))
    optimizer = torch.optim.Adagrad(tagger.parameters(), lr=0.1)
    rows = [(words, tags) for words, tags in sentences if words]
    chance = random.Random(seed)
    for _ in range(epochs):
        chance.shuffle(rows)
        for start in range(0, len(rows), 8):
            some = rows[start : start + 8]
            loss = torch.stack([tagger.loss(words, tags) for words, tags in some]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return tagger


def _may_follow(one: str, other: str) -> bool:
    """Whether a BILOU tag may follow another."""
    inside = one[0] in "BI"
    if inside:
        return other[0] in "IL" and other[1:] == one[1:]
    return other[0] in "OBU"
