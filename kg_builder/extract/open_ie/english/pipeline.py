"""The English pipeline: text to words with tags, lemmas, a UD v2 tree and entity types.

One small encoder as int8 ONNX does all of it (``kg_builder/models/en/MODEL_CARD.md``). Its activations are scaled by
what stands
in a batch, so that a batch never holds sentences of two texts: the result for a text depends on that text alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kg_builder.errors import ExtractionError
from kg_builder.extract.open_ie.english.columns import Columns, make_doc
from kg_builder.extract.open_ie.english.names import best_names, bio_transitions
from kg_builder.extract.open_ie.english.pieces import WordPieces
from kg_builder.extract.open_ie.lexicon import word_set
from kg_builder.extract.open_ie.runtime import MODELS, load_spacy, open_session
from kg_builder.extract.open_ie.trees import best_heads
from kg_builder.lemma import lemma_en
from kg_builder.sentences import split_sentences

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

__all__ = ["MODEL_FOLDER", "EnglishPipeline", "load_english"]

MODEL_FOLDER = MODELS / "en"
MODEL_FILES = ("model.onnx", "labels.npz", "config.json", "vocab.txt")
_MAX_WORDS = 100  # of one window: longer sentences are cut, at punctuation where there is some
_MAX_PIECES = 400  # of one window
_BATCH_PIECES = 300  # of one batch, padding counted
# Of arcs whose labels are scored at a time. Products of larger matrices are shared out to a thread for each core, which
# spin while they wait for work: with a process for each core, that doubles the time that everything takes.
_ROWS = 16
_HALF = re.compile("[\ud800-\udfff]")
_PREFIXES = word_set(
    "anti arch bi co counter cross de e ex extra hyper infra inter intra macro micro mid mini multi non over post pre "
    "pro proto psycho re semi socio sub super trans tri ultra un under uni"
)
_PLACE = ["IDX", "LENGTH"]  # of a token, as spaCy calls it


@dataclass(slots=True)
class _Window:
    """Consecutive words that are parsed together: a sentence, or a part of a very long one."""

    start: int
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
    sure: NDArray[np.float32]


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
        self._transitions = bio_transitions(self._ner)
        self._root_label = self._deprel.index("root")
        self._nlp = _tokenizer()

    def parse(self, text: str) -> Doc:
        """What `read` finds as a ``Doc``: tags, lemmas, tree, names (``ents``), and in ``user_data["kinds"]`` what each
        noun denotes."""
        return make_doc(self._nlp.vocab, self.read(text))

    def parse_words(self, words: list[str]) -> Doc:
        """One sentence that is cut into words already."""
        text = "".join(f"{word} " for word in words)
        starts = [0, *accumulate(len(word) + 1 for word in words)][: len(words)]
        return make_doc(self._nlp.vocab, self._columns(text, words, starts, self._cut(words, 0, len(words))))

    def read(self, text: str) -> Columns:
        """The words of a text with their tags, lemmas, arcs and names."""
        try:
            places = self._nlp.make_doc(text).to_array(_PLACE).tolist()
        except UnicodeEncodeError:  # half a character, which spaCy takes none of
            places = self._nlp.make_doc(_HALF.sub("\ufffd", text)).to_array(_PLACE).tolist()
        words = [text[start : start + length] for start, length in places]
        starts = [start for start, _ in places]
        return self._columns(text, words, starts, self._windows(text, starts, words))

    def _columns(self, text: str, words: list[str], starts: list[int], windows: list[_Window]) -> Columns:
        columns = Columns.unread(text, words, starts)
        for window, parse in self._parsed(windows):
            self._fill(window, parse, columns)
        columns.attach_spaces()
        return columns

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
        encode = self._pieces.encode
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
            pieces, shapes, firsts = [self._pieces.start], [0], []
            for k in range(start, stop):
                ids, shape = encode(words[k])
                at = len(pieces)
                if at + len(ids) >= _MAX_PIECES:
                    stop = k
                    break
                firsts.append(at)
                if len(ids) == 1:
                    pieces.append(ids[0])
                    shapes.append(shape)
                else:
                    pieces += ids
                    shapes += [shape] * len(ids)
            pieces.append(self._pieces.end)
            shapes.append(0)
            windows.append(_Window(start, pieces, shapes, firsts))
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
            scores = arc[b, :n, : n + 1]
            heads = best_heads(scores)
            labels = self._best_labels(np.maximum(dependent[b, :n] + head[b][heads], 0.0))
            labels[heads == 0] = self._root_label
            parses.append(
                _Parse(upos[b, :n], xpos[b, :n], kind[b, :n], ner[b, :n], heads, labels, _chances(scores, heads))
            )
        return parses

    def _best_labels(self, hidden: NDArray[np.float32]) -> NDArray[np.int64]:
        """The best label but the root's for each row of arcs."""
        scores = np.empty((len(hidden), len(self._bias)), dtype=np.float32)
        for at in range(0, len(hidden), _ROWS):
            np.matmul(hidden[at : at + _ROWS], self._weight, out=scores[at : at + _ROWS])
        scores += self._bias
        scores[:, self._root_label] = -1e9
        best: NDArray[np.int64] = scores.argmax(axis=1)
        return best

    def _fill(self, window: _Window, parse: _Parse, to: Columns) -> None:
        first = window.start
        last = first + len(window.first)
        to.upos[first:last] = upos = [self._upos[k] for k in parse.upos.tolist()]
        to.xpos[first:last] = [self._xpos[k] for k in parse.xpos.tolist()]
        to.kinds[first:last] = [self._kind[k] for k in parse.kind.tolist()]
        to.deps[first:last] = [self._deprel[k] for k in parse.labels.tolist()]
        to.heads[first:last] = [first + h - 1 if h else first + k for k, h in enumerate(parse.heads.tolist())]
        to.names[first:last] = [self._ner[k] for k in best_names(parse.ner, self._transitions)]
        to.sure[first:last] = parse.sure.tolist()
        to.lemmas[first:last] = map(lemma_en, to.words[first:last], upos)
        to.sentences.append(first)


def _chances(scores: NDArray[np.float32], heads: NDArray[np.int64]) -> NDArray[np.float32]:
    """How likely each word's arc is, by the scores of all arcs that it might have."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: NDArray[np.float32] = odds[np.arange(len(heads)), heads] / odds.sum(axis=1)
    return found


def _tokenizer() -> Language:
    """spaCy's English tokenizer, with hyphens split as the treebanks do ("15-year" is three words, "re-elected"
    one)."""
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
    find = compile_infix_regex(infixes).finditer
    tokenizer.infix_finditer = lambda word: (cut for cut in find(word) if not _after_prefix(word, cut))
    return nlp


def _after_prefix(word: str, cut: re.Match[str]) -> bool:
    """Whether a hyphen stands after a prefix: "re-elected" and "co-founder" are one word in the treebanks."""
    return cut.group() in "-‐–" and word[: cut.start()].lower() in _PREFIXES


@lru_cache(maxsize=1)
def load_english() -> EnglishPipeline:
    """The pipeline of the shipped model, loaded once."""
    return EnglishPipeline()
