"""The English pipeline: text to a spaCy ``Doc`` with tags, lemmas, a UD v2 tree and entity types.

One small encoder as int8 ONNX does all of it (``kg_builder/models/en/MODEL_CARD.md``). Its activations are scaled by
what stands
in a batch, so that a batch never holds sentences of two texts: the result for a text depends on that text alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kg_builder.errors import ExtractionError
from kg_builder.extract.open_ie.pieces import WordPieces
from kg_builder.extract.open_ie.runtime import load_spacy, open_session
from kg_builder.extract.open_ie.trees import best_heads
from kg_builder.lemma import lemma_en
from kg_builder.sentences import split_sentences

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

__all__ = ["MODEL_FOLDER", "EnglishPipeline", "load_english"]

MODEL_FOLDER = Path(__file__).parents[2] / "models" / "en"
MODEL_FILES = ("model.onnx", "labels.npz", "config.json", "vocab.txt")
_MAX_WORDS = 100  # of one window: longer sentences are cut, at punctuation where there is some
_MAX_PIECES = 400  # of one window
_BATCH_PIECES = 300  # of one batch, padding counted


@dataclass(slots=True)
class _Window:
    """Consecutive words that are parsed together: a sentence, or a part of a very long one."""

    start: int
    end: int
    pieces: list[int]
    shapes: list[int]
    first: list[int]


@dataclass(slots=True)
class _Parse:
    """What the model says of the words of one window."""

    upos: NDArray[np.int32]
    xpos: NDArray[np.int32]
    kind: NDArray[np.int32]
    ner: NDArray[np.float32]
    heads: NDArray[np.int64]
    labels: NDArray[np.int64]


@dataclass(slots=True)
class _Columns:
    """What a ``Doc`` is made from: one entry a word."""

    upos: list[str]
    xpos: list[str]
    kinds: list[str]
    names: list[str]
    heads: list[int]
    deps: list[str]
    starts: list[bool]


class EnglishPipeline:
    """Parses English texts. Make one per process and keep it: loading takes half a second."""

    def __init__(self, folder: Path = MODEL_FOLDER, *, threads: int = 1) -> None:
        """Loads the model in `folder`.

        Raises:
            ExtractionError: the model's files are missing or cannot be read.
        """
        import onnxruntime

        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
            scorer = np.load(folder / "labels.npz")
            self._session = open_session(folder / "model.onnx", threads=threads)
        except (OSError, ValueError, onnxruntime.capi.onnxruntime_pybind11_state.Fail) as exc:
            raise ExtractionError(
                f"expected the English model in {str(folder)!r}, but {exc}: install the package again"
            ) from exc
        heads = config["heads"]
        self._upos: list[str] = heads["upos"]
        self._xpos: list[str] = heads["xpos"]
        self._deprel: list[str] = heads["deprel"]
        self._ner: list[str] = heads["ner"]
        self._kind: list[str] = heads["kind"]
        self._weight = scorer["weight"].astype(np.float32)  # (hidden, labels)
        self._bias = scorer["bias"]
        self._pieces = WordPieces(vocabulary)
        self._transitions = _bio_transitions(self._ner)
        self._root_label = self._deprel.index("root")
        self._nlp = _tokenizer()

    def parse(self, text: str) -> Doc:
        """The text as a ``Doc``: tags, lemmas, tree, names (``ents``), and in ``user_data["kinds"]`` what each noun
        denotes."""
        bare = self._nlp.make_doc(text)
        words = [t.text for t in bare]
        return self._doc(words, [bool(t.whitespace_) for t in bare], self._windows(text, [t.idx for t in bare], words))

    def parse_words(self, words: list[str]) -> Doc:
        """One sentence that is cut into words already."""
        return self._doc(words, [True] * len(words), self._cut(words, 0, len(words)))

    def _doc(self, words: list[str], spaces: list[bool], windows: list[_Window]) -> Doc:
        load_spacy()
        from spacy.tokens import Doc

        count = len(words)
        columns = _Columns(
            upos=["SPACE"] * count,
            xpos=["_SP"] * count,
            kinds=[""] * count,
            names=["O"] * count,
            heads=list(range(count)),
            deps=["dep"] * count,
            starts=[False] * count,
        )
        for window, parse in self._parsed(windows):
            self._fill(window, parse, columns)
        _attach_spaces(columns)
        doc = Doc(
            self._nlp.vocab,
            words=words,
            spaces=spaces,
            pos=columns.upos,
            tags=columns.xpos,
            lemmas=[lemma_en(w, p) for w, p in zip(words, columns.upos, strict=True)],
            heads=columns.heads,
            deps=columns.deps,
            sent_starts=columns.starts,
            ents=columns.names,
        )
        doc.user_data["kinds"] = columns.kinds
        return doc

    def _windows(self, text: str, offsets: list[int], words: list[str]) -> list[_Window]:
        """Sentences in reading order, each cut down to what the model takes at a time."""
        windows: list[_Window] = []
        at = 0
        for _, stop in split_sentences(text):
            first = at
            while at < len(words) and offsets[at] < stop:
                at += 1
            windows.extend(self._cut(words, first, at))
        windows.extend(self._cut(words, at, len(words)))
        return windows

    def _cut(self, words: list[str], start: int, end: int) -> list[_Window]:
        windows: list[_Window] = []
        while start < end and words[start].isspace():
            start += 1
        while end > start and words[end - 1].isspace():
            end -= 1
        while start < end:
            stop = min(end, start + _MAX_WORDS)
            if stop < end:
                stop = next(
                    (k for k in range(stop, start + _MAX_WORDS // 2, -1) if words[k - 1] in ",;:.!?)—–\n"), stop
                )
            window = _Window(start, stop, [self._pieces.start], [0], [])
            for k in range(start, stop):
                ids, shape = self._pieces.encode(words[k])
                if len(window.pieces) + len(ids) >= _MAX_PIECES:
                    window.end = stop = k
                    break
                window.first.append(len(window.pieces))
                window.pieces.extend(ids)
                window.shapes.extend([shape] * len(ids))
            window.pieces.append(self._pieces.end)
            window.shapes.append(0)
            windows.append(window)
            start = stop
        return windows

    def _parsed(self, windows: list[_Window]) -> list[tuple[_Window, _Parse]]:
        """All windows of one text, shortest first to waste little padding; which ones meet depends on the text
        alone."""
        order = sorted(windows, key=lambda w: (len(w.pieces), w.start))
        results: list[tuple[_Window, _Parse]] = []
        batch: list[_Window] = []
        for window in order:
            if batch and len(window.pieces) * (len(batch) + 1) > _BATCH_PIECES:
                results.extend(zip(batch, self._run(batch), strict=True))
                batch = []
            batch.append(window)
        if batch:
            results.extend(zip(batch, self._run(batch), strict=True))
        return results

    def _run(self, batch: list[_Window]) -> list[_Parse]:
        rows, width = len(batch), max(len(w.pieces) for w in batch)
        longest = max(len(w.first) for w in batch)
        pieces = np.zeros((rows, width), dtype=np.int64)
        shapes = np.zeros((rows, width), dtype=np.int64)
        mask = np.zeros((rows, width), dtype=np.int64)
        first = np.zeros((rows, longest), dtype=np.int64)
        for b, w in enumerate(batch):
            n = len(w.pieces)
            pieces[b, :n], shapes[b, :n], mask[b, :n], first[b, : len(w.first)] = w.pieces, w.shapes, 1, w.first
        feed = {"pieces": pieces, "shapes": shapes, "mask": mask, "first": first}
        upos, xpos, kind, ner, arc, dependent, head = self._session.run(None, feed)
        parses = []
        for b, w in enumerate(batch):
            n = len(w.first)
            heads = best_heads(arc[b, :n, : n + 1])
            hidden = np.maximum(dependent[b, :n] + head[b][heads], 0.0)
            scores = hidden @ self._weight + self._bias
            scores[:, self._root_label] = -1e9
            labels = scores.argmax(axis=1)
            labels[heads == 0] = self._root_label
            parses.append(_Parse(upos[b, :n], xpos[b, :n], kind[b, :n], ner[b, :n], heads, labels))
        return parses

    def _fill(self, window: _Window, parse: _Parse, to: _Columns) -> None:
        first = window.start
        last = first + len(window.first)
        to.starts[first] = True
        to.upos[first:last] = [self._upos[k] for k in parse.upos.tolist()]
        to.xpos[first:last] = [self._xpos[k] for k in parse.xpos.tolist()]
        to.kinds[first:last] = [self._kind[k] for k in parse.kind.tolist()]
        to.deps[first:last] = [self._deprel[k] for k in parse.labels.tolist()]
        to.heads[first:last] = [first + h - 1 if h else first + k for k, h in enumerate(parse.heads.tolist())]
        to.names[first:last] = [self._ner[k] for k in _best_names(parse.ner, self._transitions)]


def _attach_spaces(to: _Columns) -> None:
    """Line breaks are words of spaCy's: they hang from the word before them, or open the text."""
    for i, pos in enumerate(to.upos):
        if pos == "SPACE":
            to.heads[i] = i - 1 if i else i
            to.starts[i] = not i


def _bio_transitions(tags: list[str]) -> NDArray[np.float32]:
    """``[from, to]``: 0 where the step may be, a large negative number where an I would follow another kind's name."""
    allowed = np.zeros((len(tags), len(tags)), dtype=np.float32)
    for j, to in enumerate(tags):
        if to.startswith("I-"):
            for i, before in enumerate(tags):
                if before[2:] != to[2:]:
                    allowed[i, j] = -1e4
    return allowed


def _best_names(scores: NDArray[np.float32], transitions: NDArray[np.float32]) -> list[int]:
    """The best lawful sequence of BIO tags; without any name at all, at no cost."""
    best = scores.argmax(axis=1)
    path: list[int] = best.tolist()
    if not best.any() or all(transitions[a, b] == 0 for a, b in zip([0, *path], path, strict=False)):
        return path
    total = scores[0] + transitions[0]
    back = []
    for row in scores[1:]:
        ways = total[:, None] + transitions
        back.append(ways.argmax(axis=0))
        total = ways.max(axis=0) + row
    last = int(total.argmax())
    found = [last]
    for step in reversed(back):
        last = int(step[last])
        found.append(last)
    return found[::-1]


def _tokenizer() -> Language:
    """spaCy's English tokenizer, with hyphens split as the treebanks do ("15-year" is three words)."""
    spacy = load_spacy()
    from spacy.util import compile_infix_regex

    nlp = spacy.blank("en")
    nlp.max_length = 10**9
    infixes = [
        *(nlp.Defaults.infixes or []),
        r"(?<=[0-9])[-–](?=[A-Za-z])",
        r"(?<=[A-Za-z])[-–](?=[0-9])",
        r"(?<=[0-9])[–/](?=[0-9])",
    ]
    tokenizer: Any = nlp.tokenizer
    tokenizer.infix_finditer = compile_infix_regex(infixes).finditer
    return nlp


@lru_cache(maxsize=1)
def load_english() -> EnglishPipeline:
    """The pipeline of the shipped model, loaded once."""
    return EnglishPipeline()
