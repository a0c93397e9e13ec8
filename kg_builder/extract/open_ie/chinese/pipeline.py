"""The Chinese pipeline at run time: words, tags and trees from three int8 ONNX graphs, without torch.

One sentence's result may depend on the other sentences of the same text (int8 activations share one scale within a
batch), never on other texts: each call makes its own batches.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kg_builder.errors import ExtractionError
from kg_builder.extract.open_ie.chinese.lexicon import (
    dictionary_features,
    load_lexicon,
    load_names,
    named_spans,
    names_pattern,
)
from kg_builder.extract.open_ie.chinese.units import Unit, split_sentences, split_units
from kg_builder.extract.open_ie.runtime import MODELS, load_spacy, open_session
from kg_builder.extract.open_ie.trees import best_heads

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["MODEL", "ChinesePipeline", "Sentence", "load"]

MODEL = MODELS / "zh"
BATCH_UNITS = 256
_UNKNOWN = 1
_SURE, _DENIED = 6.0, -2.0  # log odds


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words of one sentence in parallel columns. Offsets are the whole text's; heads count from 1, 0 is the root.

    `word_odds` and `head_odds` are probabilities, as the model sees them, that a word is cut rightly and that its head
    is right; empty where a tree comes from elsewhere.
    """

    starts: list[int]
    ends: list[int]
    upos: list[str]
    xpos: list[str]
    heads: list[int]
    labels: list[str]
    word_odds: list[float] = field(default_factory=list)
    head_odds: list[float] = field(default_factory=list)


class ChinesePipeline:
    """Callable: text -> spaCy `Doc` with UD v2 labels. `parse` gives the same without spaCy, faster."""

    def __init__(self, folder: Path) -> None:
        self._lexicon = load_lexicon(folder / "lexicon.txt.xz")
        self._names = names_pattern(load_names(folder / "names.txt"))
        fields = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        self._chars, self._bigrams, self._words = (
            {s: i for i, s in enumerate(fields[k])} for k in ("chars", "bigrams", "words")
        )
        self._tags = [tuple(t.split(" ")) for t in fields["tags"]]
        self._labels: list[str] = fields["labels"]
        graphs = ("units", "words", "labels")
        self._units, self._heads, self._pairs = (open_session(folder / f"{name}.onnx") for name in graphs)
        self._vocab: Any = None

    def parse(self, text: str) -> list[Sentence]:
        """The sentences of a text, in order."""
        spans = [units for a, b in split_sentences(text) if (units := split_units(text, a, b))]
        result: list[Sentence | None] = [None] * len(spans)
        for batch in _batches([len(u) for u in spans]):
            for i, sentence in zip(batch, self._parse_batch(text, [spans[i] for i in batch]), strict=True):
                result[i] = sentence
        return [s for s in result if s is not None]

    def parse_words(self, text: str, *, words: Sequence[str] = ()) -> Sentence:
        """The tree of a text taken as one sentence, over the given `words` where there are any: for measuring."""
        units = split_units(text) if not words else _units_of(words)
        cuts = None if not words else _cuts_of(words)
        return self._parse_batch(text, [units], [cuts] if cuts else None)[0]

    def __call__(self, text: str) -> Doc:
        """A `Doc` whose text is `text`, with pos, tag, dep, head and sentence starts."""
        spacy = load_spacy()
        from spacy.tokens import Doc

        if self._vocab is None:
            self._vocab = spacy.blank("xx").vocab
        rows = list(_doc_rows(text, self.parse(text)))
        if not rows:
            return Doc(self._vocab)
        words, spaces, tags, pos, deps, heads = (list(column) for column in zip(*rows, strict=True))
        return Doc(self._vocab, words=words, spaces=spaces, tags=tags, pos=pos, deps=deps, heads=heads)

    def _parse_batch(
        self, text: str, sentences: Sequence[Sequence[Unit]], given: Sequence[list[tuple[int, int]]] | None = None
    ) -> list[Sentence]:
        symbols = [[u.symbol for u in units] for units in sentences]
        states, starts = self._read_units(symbols)
        for row, each in zip(starts, symbols, strict=True):
            self._keep_names(row, each)
        words = given or [_cut(units, row) for units, row in zip(sentences, starts, strict=True)]
        tags, arcs, head_layers, word_layers = self._read_words(text, sentences, words, states)
        heads = [best_heads(arcs[b, : len(w), : len(w) + 1]) for b, w in enumerate(words)]
        left = np.concatenate([head_layers[b, h] for b, h in enumerate(heads)])
        right = np.concatenate([word_layers[b, : len(w)] for b, w in enumerate(words)])
        labels = self._pairs.run(["label"], {"head": left, "word": right})[0].tolist()
        result, at = [], 0
        for b, (units, cuts) in enumerate(zip(sentences, words, strict=True)):
            n = len(cuts)
            pairs = [self._tags[i] for i in tags[b, :n].tolist()]
            result.append(
                Sentence(
                    [units[a].start for a, _ in cuts],
                    [units[z].end for _, z in cuts],
                    [p[0] for p in pairs],
                    [p[1] for p in pairs],
                    heads[b].tolist(),
                    [self._labels[i] for i in labels[at : at + n]],
                    _word_odds(starts[b], cuts),
                    _head_odds(arcs[b, :n, : n + 1], heads[b]),
                )
            )
            at += n
        return result

    def _keep_names(self, odds: NDArray[np.float32], symbols: Sequence[str]) -> None:
        """Set the log odds so that a name that is known is one word, unless the model is sure that it is not there."""
        for first, last in named_spans(symbols, self._names):
            ends = [i for i in (first, last + 1) if 0 < i < len(symbols)]
            if all(odds[i] > _DENIED for i in ends):
                odds[first + 1 : last + 1] = -_SURE
                odds[ends] = _SURE

    def _read_units(self, sentences: Sequence[Sequence[str]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """States (B, C, 2h) and the log odds (B, C) that a word starts."""
        size, longest = len(sentences), max(map(len, sentences))
        chars = np.zeros((size, longest), dtype=np.int64)
        bigrams = np.zeros((size, longest + 1), dtype=np.int64)
        features = np.zeros((size, longest, 5), dtype=np.int64)
        for b, symbols in enumerate(sentences):
            n = len(symbols)
            chars[b, :n] = [self._chars.get(s, _UNKNOWN) for s in symbols]
            pairs = zip(["^", *symbols], [*symbols, "^"], strict=True)
            bigrams[b, : n + 1] = [self._bigrams.get(x + y, _UNKNOWN) for x, y in pairs]
            features[b, :n] = dictionary_features(symbols, self._lexicon)
        units = np.array([len(s) for s in sentences], dtype=np.int32)
        states, starts = self._units.run(
            ["states", "starts"], {"chars": chars, "bigrams": bigrams, "features": features, "units": units}
        )
        return states, starts.reshape(size, longest)

    def _read_words(
        self,
        text: str,
        sentences: Sequence[Sequence[Unit]],
        words: Sequence[Sequence[tuple[int, int]]],
        states: NDArray[np.float32],
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        size, most, width = len(words), max(map(len, words)), states.shape[2]
        edges = np.zeros((size, most, 2 * width), dtype=np.float32)
        ids = np.zeros((size, most), dtype=np.int64)
        tags = np.zeros((size, most), dtype=np.int64)
        for b, (units, cuts) in enumerate(zip(sentences, words, strict=True)):
            n = len(cuts)
            edges[b, :n, :width] = states[b, [a for a, _ in cuts]]
            edges[b, :n, width:] = states[b, [z for _, z in cuts]]
            forms = [text[units[a].start : units[z].end] for a, z in cuts]
            ids[b, :n] = [self._words.get(f, _UNKNOWN) for f in forms]
            tags[b, :n] = [self._lexicon.get(f, 0) for f in forms]
        lengths = np.array([len(w) for w in words], dtype=np.int32)
        names = ["tags", "arcs", "label_heads", "label_words"]
        outputs = self._heads.run(names, {"edges": edges, "words": ids, "word_tags": tags, "lengths": lengths})
        return outputs[0], outputs[1], outputs[2], outputs[3]


@lru_cache(maxsize=1)
def load(folder: Path = MODEL) -> ChinesePipeline:
    """The pipeline of a model folder, loaded once in a process.

    Raises:
        ExtractionError: the folder holds no complete model.
    """
    missing = [
        n
        for n in ("units.onnx", "words.onnx", "labels.onnx", "vocabulary.json", "lexicon.txt.xz")
        if not (folder / n).exists()
    ]
    if missing:
        raise ExtractionError(
            f"expected the Chinese model in {str(folder)!r}, found no {', '.join(missing)}: install the package again"
        )
    return ChinesePipeline(folder)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of sentences of like length, together about `BATCH_UNITS` units with padding."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda k: (lengths[k], k)):
        if batch and (len(batch) + 1) * lengths[i] > BATCH_UNITS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _cut(units: Sequence[Unit], odds: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Words as (first unit, last unit). White space always parts words."""
    starts = [i for i, unit in enumerate(units) if i == 0 or unit.spaced or odds[i] > 0 or _asks(units, i)]
    return list(zip(starts, [s - 1 for s in starts[1:]] + [len(units) - 1], strict=True))


def _word_odds(odds: NDArray[np.float32], cuts: Sequence[tuple[int, int]]) -> list[float]:
    """For each word the least probability of the decisions to cut or not to cut that made it."""
    sure = 1 / (1 + np.exp(-np.abs(odds)))
    sure[0] = 1.0
    edges = [*(a for a, _ in cuts[1:]), None]
    found = (min(sure[a : z + 1].min(), 1.0 if e is None else sure[e]) for (a, z), e in zip(cuts, edges, strict=True))
    return [round(float(x), 3) for x in found]


def _head_odds(scores: NDArray[np.float32], heads: NDArray[np.int64]) -> list[float]:
    """The probability of each chosen head among all."""
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return [round(float(x), 3) for x in shares[np.arange(len(heads)), heads]]


def _units_of(words: Sequence[str]) -> list[Unit]:
    """The units of words that stand side by side, none of which crosses a word's border."""
    units, at = [], 0
    for word in words:
        units += [Unit(at + u.start, at + u.end, u.symbol, False) for u in split_units(word)]
        at += len(word)
    return units


def _cuts_of(words: Sequence[str]) -> list[tuple[int, int]]:
    cuts, at = [], 0
    for word in words:
        size = len(split_units(word))
        cuts.append((at, at + size - 1))
        at += size
    return cuts


def _asks(units: Sequence[Unit], i: int) -> bool:
    """吗 at the end of a question is a word of its own."""
    return units[i].symbol == "吗" and all(u.symbol in "?。！”" for u in units[i + 1 : i + 3])


def _doc_rows(text: str, sentences: Sequence[Sentence]) -> Iterator[tuple[str, bool, str, str, str, int]]:
    """(word, space after, tag, pos, dep, head) of every token; white space beyond one blank is a token of its own."""
    tokens: list[tuple[int, int, Sentence | None, int]] = []  # start, end, sentence, word in it
    spaced: list[bool] = []
    at = 0

    def add(start: int, end: int, sentence: Sentence | None, word: int) -> None:
        tokens.append((start, end, sentence, word))
        spaced.append(False)

    def fill(start: int) -> None:
        if start > at and text[at] == " " and tokens:
            spaced[-1] = True
            if start > at + 1:
                add(at + 1, start, None, 0)
        elif start > at:
            add(at, start, None, 0)

    number: dict[tuple[int, int], int] = {}  # (sentence's first offset, word) -> token
    for sentence in sentences:
        for word, start in enumerate(sentence.starts):
            fill(start)
            number[sentence.starts[0], word] = len(tokens)
            at = sentence.ends[word]
            add(start, at, sentence, word)
    fill(len(text))
    for i, (start, end, owner, word) in enumerate(tokens):
        if owner is None:
            beside = i - 1 if i else min(1, len(tokens) - 1)
            yield text[start:end], False, "_SP", "SPACE", "dep", beside
        else:
            head = owner.heads[word]
            to = number[owner.starts[0], head - 1] if head else i
            yield (
                text[start:end],
                spaced[i],
                owner.xpos[word],
                owner.upos[word],
                owner.labels[word] if head else "ROOT",
                to,
            )
