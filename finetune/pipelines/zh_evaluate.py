"""Predictions of a Chinese model in torch, and their figures against gold trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch

from finetune.pipelines import zh_data
from finetune.pipelines.zh_convert import Tree
from finetune.pipelines.zh_data import Sentence, Vocabulary
from finetune.pipelines.zh_model import ChineseModel, collate
from kg_builder.extract.open_ie.chinese.lexicon import dictionary_features
from kg_builder.extract.open_ie.trees import best_heads

__all__ = ["evaluate", "parse", "predict", "score", "segment"]


@torch.no_grad()  # type: ignore[untyped-decorator]
def segment(
    models: Sequence[ChineseModel], vocabulary: Vocabulary, lexicon: Mapping[str, int], symbols: list[str]
) -> list[int]:
    """The first unit of each word."""
    chars, bigrams = zh_data.encode_units(symbols, vocabulary)
    inputs = (
        torch.tensor([chars]),
        torch.tensor([bigrams]),
        torch.tensor([dictionary_features(symbols, lexicon)]),
        torch.tensor([len(chars)]),
    )
    logits = torch.stack([m.start(m.read_units(*inputs)).log_softmax(-1) for m in models]).mean(0)[0]
    starts = logits[:, 1] > logits[:, 0]
    starts[0] = True
    return [int(i) for i in starts.nonzero()[:, 0]]


@torch.no_grad()  # type: ignore[untyped-decorator]
def parse(models: Sequence[ChineseModel], vocabulary: Vocabulary, sentence: Sentence) -> tuple[Tree, float]:
    """The tree over given words, and the mean probability of its arcs."""
    batch = collate([sentence])
    tag_sum, arc_sum, layers = torch.zeros(()), torch.zeros(()), []
    for model in models:
        states = model.read_units(batch.chars, batch.bigrams, batch.features, batch.units)
        tags, arcs, label_heads, label_words = model.heads(*model.read_words(states, batch))
        tag_sum, arc_sum = tag_sum + tags[0].log_softmax(-1), arc_sum + arcs[0].log_softmax(-1)
        layers.append((label_heads[0], label_words[0]))
    scores = arc_sum / len(models)
    heads = best_heads(scores.numpy().astype(np.float32))
    at = torch.from_numpy(heads)
    labels = torch.stack(
        [m.label_scores(h[at], w).log_softmax(-1) for m, (h, w) in zip(models, layers, strict=True)]
    ).mean(0)
    sure = float(scores.gather(1, at[:, None]).exp().mean())
    return (
        zh_data.as_tree(
            sentence.forms,
            [vocabulary.tags[i] for i in tag_sum.argmax(-1)],
            [int(h) for h in heads],
            [vocabulary.labels[i] for i in labels.argmax(-1)],
        ),
        sure,
    )


def from_words(forms: Sequence[str], vocabulary: Vocabulary, lexicon: Mapping[str, int]) -> Sentence:
    """Words without a tree, ready for `parse`."""
    plain = zh_data.as_tree(forms, ["X X"] * len(forms), [0] * len(forms), [""] * len(forms))
    return zh_data.encode(plain, vocabulary, dict(lexicon))


def predict(
    models: Sequence[ChineseModel],
    vocabulary: Vocabulary,
    lexicon: Mapping[str, int],
    texts: Sequence[str],
    *,
    least: float = 0.8,
) -> list[Tree]:
    """Trees of raw texts, those left out in which the mean arc has less than `least` probability."""
    trees = []
    for text in texts:
        words = cut_words(models, vocabulary, lexicon, text)
        if words:
            tree, sure = parse(models, vocabulary, from_words(words, vocabulary, lexicon))
            if sure >= least:
                trees.append(tree)
    return trees


def cut_words(
    models: Sequence[ChineseModel], vocabulary: Vocabulary, lexicon: Mapping[str, int], text: str
) -> list[str]:
    """The words of a raw text without white space."""
    from kg_builder.extract.open_ie.chinese.units import split_units

    units = split_units(text)
    if not units:
        return []
    starts = [*segment(models, vocabulary, lexicon, [u.symbol for u in units]), len(units)]
    return [text[units[a].start : units[b - 1].end] for a, b in pairwise(starts)]


def evaluate(
    model: ChineseModel, vocabulary: Vocabulary, lexicon: Mapping[str, int], trees: Sequence[Tree]
) -> dict[str, float]:
    """Percentages: UPOS, UAS, LAS with gold words; segmentation, UPOS and LAS F1 from raw text."""
    model.eval()
    gold_words, raw = [], []
    for tree in trees:
        forms = [r.form for r in tree]
        gold_words.append(parse([model], vocabulary, from_words(forms, vocabulary, lexicon))[0])
        words = cut_words([model], vocabulary, lexicon, "".join(forms))
        raw.append(parse([model], vocabulary, from_words(words, vocabulary, lexicon))[0])
    figures = {f"gold_{k}": v for k, v in score(trees, gold_words).items() if k != "words"}
    return figures | {f"raw_{k}": v for k, v in score(trees, raw).items()}


def score(gold: Sequence[Tree], predicted: Sequence[Tree]) -> dict[str, float]:
    """F1 in percent over character spans, as in the CoNLL 2018 shared task: words, upos, uas, las (universal part)."""
    counts = dict.fromkeys(("gold", "predicted", "words", "upos", "uas", "las"), 0)
    for g, p in zip(gold, predicted, strict=True):
        spans, other = _spans(g), _spans(p)
        counts["gold"] += len(g)
        counts["predicted"] += len(p)
        place = {span: i for i, span in enumerate(other)}
        for row, span in zip(g, spans, strict=True):
            if span not in place:
                continue
            guess = p[place[span]]
            head = spans[row.head - 1] if row.head else None
            guessed = other[guess.head - 1] if guess.head else None
            counts["words"] += 1
            counts["upos"] += row.upos == guess.upos
            counts["uas"] += head == guessed
            counts["las"] += head == guessed and row.label.split(":")[0] == guess.label.split(":")[0]
    total = counts["gold"] + counts["predicted"]
    return {k: 200 * counts[k] / max(1, total) for k in ("words", "upos", "uas", "las")}


def _spans(tree: Tree) -> list[tuple[int, int]]:
    spans, at = [], 0
    for row in tree:
        spans.append((at, at + len(row.form)))
        at += len(row.form)
    return spans
