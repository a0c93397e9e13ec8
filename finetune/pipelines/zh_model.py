"""The Chinese network: characters to words, tags and trees. Shapes: B sentences, C units, W words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from finetune.pipelines.zh_data import VECTOR_SIZE, Sentence
from kg_builder.extract.open_ie.chinese.lexicon import LONGEST, TAGS

__all__ = ["Batch", "CharacterLM", "ChineseModel", "Sizes", "collate"]


@dataclass(frozen=True)
class Sizes:
    """Widths of the layers."""

    chars: int
    bigrams: int
    words: int
    tags: int
    labels: int
    char: int = 128
    bigram: int = 64
    hidden: int = 384
    pooled: int = 300
    word_hidden: int = 320
    arc: int = 256
    label: int = 96


@dataclass
class Batch:
    """Padded tensors; `units` and `lengths` are the true lengths."""

    chars: Tensor  # (B, C)
    bigrams: Tensor  # (B, C + 1)
    features: Tensor  # (B, C, 5)
    units: Tensor  # (B,)
    first: Tensor  # (B, W)
    last: Tensor
    words: Tensor
    word_tags: Tensor
    lengths: Tensor  # (B,)
    starts: Tensor  # (B, C): 1 where a word starts, -1 padding
    tags: Tensor  # (B, W), -1 padding
    heads: Tensor  # (B, W): 0 the root, else 1 + word, -1 padding
    labels: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """The same on another device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


def collate(sentences: Sequence[Sentence]) -> Batch:
    """Sentences as one padded batch."""

    def pad(rows: list[list[int]], value: int = 0) -> Tensor:
        return pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=value)

    starts = []
    for s in sentences:
        row = [0] * len(s.chars)
        for i in s.first:
            row[i] = 1
        starts.append(row)
    return Batch(
        pad([s.chars for s in sentences]),
        pad([s.bigrams for s in sentences]),
        pad_sequence([torch.tensor(s.features) for s in sentences], batch_first=True),
        torch.tensor([len(s.chars) for s in sentences]),
        pad([s.first for s in sentences]),
        pad([s.last for s in sentences]),
        pad([s.words for s in sentences]),
        pad([s.word_tags for s in sentences]),
        torch.tensor([len(s.heads) for s in sentences]),
        pad(starts, -1),
        pad([s.tags for s in sentences], -1),
        pad([s.heads for s in sentences], -1),
        pad([s.labels for s in sentences], -1),
    )


def run_lstm(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
    """The LSTM's outputs, no direction of which has read padding."""
    packed = pack_padded_sequence(inputs, lengths.cpu(), batch_first=True, enforce_sorted=False)
    out: Tensor = pad_packed_sequence(lstm(packed)[0], batch_first=True)[0]
    return out


class CharacterLM(nn.Module):
    """One direction of a character language model, the start of the parser's LSTM (after ELMo, Peters et al. 2018)."""

    def __init__(self, sizes: Sizes, char: nn.Embedding, bigram: nn.Embedding) -> None:
        super().__init__()
        self.char, self.bigram = char, bigram
        self.lstm = nn.LSTM(sizes.char + sizes.bigram, sizes.hidden, 2, batch_first=True, dropout=0.1)
        self.project = nn.Linear(sizes.hidden, sizes.char)
        self.bias = nn.Parameter(torch.zeros(sizes.chars))

    def forward(self, chars: Tensor, bigrams: Tensor) -> Tensor:
        """Logits (B, C, characters) of the unit that follows each unit."""
        states, _ = self.lstm(torch.cat([self.char(chars), self.bigram(bigrams)], -1))
        return self.project(states) @ self.char.weight.T + self.bias


class ChineseModel(nn.Module):
    """Two BiLSTM layers over units; words pooled from their first and last unit; one BiLSTM over words; biaffine heads
    (Dozat & Manning 2017)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.char = nn.Embedding(sizes.chars, sizes.char, padding_idx=0)
        self.bigram = nn.Embedding(sizes.bigrams, sizes.bigram, padding_idx=0)
        self.length = nn.ModuleList(nn.Embedding(LONGEST + 1, 8) for _ in range(3))
        self.tag_in = nn.Embedding(len(TAGS), 12)
        width = sizes.char + 2 * sizes.bigram + 3 * 8 + 2 * 12
        self.char_lstm = nn.LSTM(width, sizes.hidden, 2, batch_first=True, bidirectional=True, dropout=0.3)
        self.start = nn.Linear(2 * sizes.hidden, 2)
        self.pool = nn.Linear(4 * sizes.hidden, sizes.pooled)
        self.word = nn.Embedding(sizes.words, VECTOR_SIZE, padding_idx=0)
        self.word_lstm = nn.LSTM(
            sizes.pooled + VECTOR_SIZE + 12, sizes.word_hidden, batch_first=True, bidirectional=True
        )
        states = 2 * sizes.word_hidden
        self.tag = nn.Linear(states + sizes.pooled, sizes.tags)
        self.root = nn.Parameter(torch.zeros(states))
        self.arc_head, self.arc_word = nn.Linear(states, sizes.arc), nn.Linear(states, sizes.arc)
        self.label_head, self.label_word = nn.Linear(states, sizes.label), nn.Linear(states, sizes.label)
        self.arc = nn.Parameter(torch.zeros(sizes.arc + 1, sizes.arc))
        self.label = nn.Parameter(torch.zeros(sizes.labels, sizes.label + 1, sizes.label + 1))
        nn.init.xavier_uniform_(self.arc)
        self.drop = nn.Dropout(0.33)

    def start_from(self, forward: CharacterLM, backward: CharacterLM) -> None:
        """Take over embeddings and LSTM weights of the two language models; columns they never had start near zero."""
        sizes = self.sizes
        with torch.no_grad():
            self.char.weight.copy_(forward.char.weight)
            self.bigram.weight.copy_(forward.bigram.weight)
            for model, suffix, bigram_at in (
                (forward, "", sizes.char),
                (backward, "_reverse", sizes.char + sizes.bigram),
            ):
                for layer in (0, 1):
                    for name in ("weight_hh", "bias_ih", "bias_hh"):
                        source = getattr(model.lstm, f"{name}_l{layer}")
                        getattr(self.char_lstm, f"{name}_l{layer}{suffix}").copy_(source)
                source = model.lstm.weight_ih_l0
                target = getattr(self.char_lstm, f"weight_ih_l0{suffix}")
                target.mul_(0.3)
                target[:, : sizes.char] = source[:, : sizes.char]
                target[:, bigram_at : bigram_at + sizes.bigram] = source[:, sizes.char :]
                source = model.lstm.weight_ih_l1
                target = getattr(self.char_lstm, f"weight_ih_l1{suffix}")
                target.mul_(0.3)
                at = 0 if not suffix else sizes.hidden
                target[:, at : at + sizes.hidden] = source

    def read_units(self, chars: Tensor, bigrams: Tensor, features: Tensor, units: Tensor) -> Tensor:
        """States (B, C, 2 * hidden) of the units."""
        grams = self.bigram(bigrams)
        parts = [self.char(chars), grams[:, :-1], grams[:, 1:]]
        parts += [table(features[..., i]) for i, table in enumerate(self.length)]
        parts += [self.tag_in(features[..., 3]), self.tag_in(features[..., 4])]
        return run_lstm(self.char_lstm, self.drop(torch.cat(parts, -1)), units)

    def read_words(self, states: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Pooled words (B, W, pooled) and their states in the sentence (B, W, 2 * word_hidden)."""
        index = torch.arange(len(states), device=states.device)[:, None]
        pooled = torch.relu(
            self.pool(self.drop(torch.cat([states[index, batch.first], states[index, batch.last]], -1)))
        )
        words = batch.words
        if self.training:
            words = words.masked_fill(torch.rand(words.shape, device=words.device) < 0.15, 1)
        inputs = torch.cat([pooled, self.word(words), self.tag_in(batch.word_tags)], -1)
        return pooled, run_lstm(self.word_lstm, self.drop(inputs), batch.lengths)

    def heads(self, pooled: Tensor, words: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Tag logits, arc scores (B, W, 1 + W), and the label layers of heads (B, 1 + W, l) and of words (B, W, l)."""
        words = self.drop(words)
        tags = self.tag(torch.cat([words, self.drop(pooled)], -1))
        heads = torch.cat([self.root.expand(len(words), 1, -1), words], 1)
        arc_heads = self.drop(torch.relu(self.arc_head(heads)))
        arc_words = self.drop(torch.relu(self.arc_word(words)))
        arc_words = torch.cat([arc_words, torch.ones_like(arc_words[..., :1])], -1)
        arcs = arc_words @ self.arc @ arc_heads.transpose(1, 2)
        return tags, arcs, self.drop(torch.relu(self.label_head(heads))), self.drop(torch.relu(self.label_word(words)))

    def label_scores(self, head: Tensor, word: Tensor) -> Tensor:
        """Label logits (N, labels) of N pairs of head and word layers."""
        one = torch.ones_like(head[:, :1])
        head, word = torch.cat([head, one], -1), torch.cat([word, one], -1)
        mixed = torch.einsum("nw,lwh->nlh", word, self.label)
        return torch.einsum("nlh,nh->nl", mixed, head)

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The sum of the four losses, and each by name."""
        states = self.drop(self.read_units(batch.chars, batch.bigrams, batch.features, batch.units))
        pooled, words = self.read_words(states, batch)
        tags, arcs, label_heads, label_words = self.heads(pooled, words)
        width = arcs.shape[2]
        padded = torch.arange(width, device=arcs.device)[None, :] > batch.lengths[:, None]
        arcs = arcs.masked_fill(padded[:, None, :], -1e4)
        real = batch.heads >= 0
        at = real.nonzero()
        chosen_heads = label_heads[at[:, 0], batch.heads[real]]
        labels = self.label_scores(chosen_heads, label_words[real])
        cross = nn.functional.cross_entropy
        parts = {
            "start": cross(self.start(states).flatten(0, 1), batch.starts.flatten(), ignore_index=-1),
            "tag": cross(tags[real], batch.tags[real]),
            "arc": cross(arcs[real], batch.heads[real]),
            "label": cross(labels, batch.labels[real]),
        }
        total = 2 * parts["start"] + parts["tag"] + parts["arc"] + parts["label"]
        return total, {name: float(value.detach()) for name, value in parts.items()}
