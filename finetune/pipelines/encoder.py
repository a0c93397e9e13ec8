"""A small pretrained encoder with many heads: tags, a dependency parser and entity types, read off each word's start.

The parser follows Dozat and Manning, "Deep Biaffine Attention for Neural Dependency Parsing" (2017), for arcs. A label
is scored from both ends of its arc by one hidden layer, far cheaper than a biaffine form for each label.
Shapes: batch B, pieces S, words W (as many as in the longest sentence of the batch), width D.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["Heads", "Output", "Tagger", "WordEncoder"]


@dataclass(frozen=True, slots=True)
class Heads:
    """The label sets of each head."""

    upos: tuple[str, ...]
    xpos: tuple[str, ...]
    deprel: tuple[str, ...]
    ner: tuple[str, ...]  # BIO tags of names
    kind: tuple[str, ...]  # what a mention is, read at its head word


@dataclass(slots=True)
class Output:
    """Scores. ``arc[b, d, h]``: word d (from 0) under head h (0 is the root)."""

    upos: Tensor
    xpos: Tensor
    ner: Tensor
    kind: Tensor
    arc: Tensor
    dependent: Tensor  # (B, W, labels' hidden)
    head: Tensor  # (B, W + 1, labels' hidden)


class WordEncoder(nn.Module):
    """The first layers of a pretrained BERT, with a learnt embedding of each piece's shape (the vocabulary is
    uncased)."""

    def __init__(self, bert: nn.Module, *, layers: int, shapes: int) -> None:
        super().__init__()
        bert.encoder.layer = bert.encoder.layer[:layers]
        bert.pooler = None
        self.bert = bert
        width = bert.config.hidden_size
        self.shape = nn.Embedding(shapes, width)
        nn.init.zeros_(self.shape.weight)
        bert.embeddings.word_embeddings.weight.requires_grad = False

    def forward(self, pieces: Tensor, shapes: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (N, D) of the N real pieces, row by row, and where each place of the batch finds its own (B, S).

        For piece ids, shape ids (B, S) and a mask (B, S) that is 1 at real pieces. Whatever looks at one piece at a
        time looks at real ones only; attention alone sees the batch with its padding.
        """
        real = mask.reshape(-1).nonzero().squeeze(-1)
        places = (mask.reshape(-1).cumsum(0) - 1).clamp(min=0).view(mask.shape)
        emb = self.bert.embeddings
        x = emb.word_embeddings(pieces.reshape(-1)[real]) + self.shape(shapes.reshape(-1)[real])
        x = x + emb.position_embeddings(real % mask.shape[1]) + emb.token_type_embeddings.weight[0]
        x = emb.dropout(emb.LayerNorm(x))
        # Far enough below all others to count for nothing, and not so far that exp() gives numbers too small for a
        # processor's fast path (denormal ones), which took a tenth of the whole time.
        bias = (1.0 - mask.to(x.dtype))[:, None, None, :] * -40.0
        for layer in self.bert.encoder.layer:
            x = _bert_layer(layer, x, bias, real, places, heads=self.bert.config.num_attention_heads)
        return x, places


def _bert_layer(layer: nn.Module, x: Tensor, bias: Tensor, real: Tensor, places: Tensor, *, heads: int) -> Tensor:
    """One transformer layer on plain tensors: independent of the library's version, and exports to a plain graph."""
    attention = layer.attention.self
    b, s = places.shape
    d = x.shape[-1]

    def split(t: Tensor) -> Tensor:
        return t[places].view(b, s, heads, d // heads).transpose(1, 2)

    q, k, v = split(attention.query(x)), split(attention.key(x)), split(attention.value(x))
    if torch.onnx.is_in_onnx_export():
        weights = torch.softmax(q @ k.transpose(-1, -2) * (d // heads) ** -0.5 + bias, dim=-1)
        y = weights @ v
    else:
        dropout = attention.dropout.p if layer.training else 0.0
        y = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout)
    y = layer.attention.output(y.transpose(1, 2).reshape(b * s, d)[real], x)
    hidden: Tensor = layer.output(layer.intermediate(y), y)
    return hidden


class Tagger(nn.Module):
    """All heads over one encoder."""

    def __init__(
        self, encoder: WordEncoder, heads: Heads, *, arc_width: int = 256, label_width: int = 256, dropout: float = 0.33
    ) -> None:
        super().__init__()
        width = encoder.bert.config.hidden_size
        self.encoder = encoder
        self.heads = heads
        self.drop = nn.Dropout(dropout)
        self.tags = nn.Linear(width, len(heads.upos) + len(heads.xpos) + len(heads.ner) + len(heads.kind))
        self.arc_dependent = nn.Linear(width, arc_width)
        self.arc_head = nn.Linear(width, arc_width)
        self.arc = nn.Parameter(torch.zeros(arc_width + 1, arc_width))
        nn.init.normal_(self.arc, std=0.01)
        self.label_dependent = nn.Linear(width, label_width)
        self.label_head = nn.Linear(width, label_width)
        self.label = nn.Linear(label_width, len(heads.deprel))

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.arc.device

    def forward(self, pieces: Tensor, shapes: Tensor, mask: Tensor, first: Tensor) -> Output:
        """Scores for words whose first pieces stand at `first` (B, W); position 0 of each row is [CLS], taken as the
        root."""
        x, places = self.encoder(pieces, shapes, mask)
        root = torch.zeros_like(first[:, :1])
        nodes = self.drop(x[places.gather(1, torch.cat([root, first], dim=1))])
        words = nodes[:, 1:]
        counts = [len(self.heads.upos), len(self.heads.xpos), len(self.heads.ner), len(self.heads.kind)]
        upos, xpos, ner, kind = torch.split(self.tags(words), counts, dim=-1)
        gelu = nn.functional.gelu
        left = self.drop(gelu(self.arc_dependent(words)))
        right = self.drop(gelu(self.arc_head(nodes)))
        ones = torch.ones_like(left[..., :1])
        arc = torch.cat([left, ones], dim=-1) @ self.arc @ right.transpose(1, 2)
        return Output(upos, xpos, ner, kind, arc, self.label_dependent(words), self.label_head(nodes))

    def labels(self, dependent: Tensor, head: Tensor) -> Tensor:
        """Label scores for arcs given by their ends' vectors (..., label width)."""
        scores: Tensor = self.label(self.drop(torch.relu(dependent + head)))
        return scores
