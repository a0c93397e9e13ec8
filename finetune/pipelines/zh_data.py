"""Chinese training data: trees as units and words, raw text that may be shipped, vocabularies, word vectors."""

from __future__ import annotations

import collections
import lzma
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import numpy as np

from finetune.pipelines.zh_convert import Row, Tree, convert, read_trees
from kg_builder.extract.open_ie.chinese.lexicon import dictionary_features, load_lexicon, tag_id
from kg_builder.extract.open_ie.chinese.units import split_sentences, split_units

__all__ = ["Sentence", "Vocabulary", "build_lexicon", "encode", "load_dev", "load_raw", "load_train", "word_vectors"]

PAD, UNKNOWN, EDGE = 0, 1, 2
RAW_FOLDERS = ("zh_laws", "zh_court_cases")  # the only Chinese documents that shipped weights may have seen
VECTOR_SIZE = 100


@dataclass
class Sentence:
    """One tree in numbers. Unit arrays: `chars`, `bigrams`, `features`, `starts`; word arrays: the others."""

    forms: list[str]
    chars: list[int]
    bigrams: list[int]  # of (unit before, unit); one longer than chars, so that [i + 1] is (unit, unit after)
    features: list[tuple[int, ...]]
    first: list[int]  # of each word: its first unit
    last: list[int]
    words: list[int]
    word_tags: list[int]  # what the dictionary says of the whole word
    tags: list[int]
    heads: list[int]
    labels: list[int]


@dataclass
class Vocabulary:
    """What has a number of its own."""

    chars: list[str]
    bigrams: list[str]
    words: list[str]
    tags: list[str]  # "UPOS XPOS"
    labels: list[str]
    char_id: dict[str, int] = field(init=False)
    bigram_id: dict[str, int] = field(init=False)
    word_id: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.char_id = {c: i for i, c in enumerate(self.chars)}
        self.bigram_id = {b: i for i, b in enumerate(self.bigrams)}
        self.word_id = {w: i for i, w in enumerate(self.words)}


def load_train(data: Path) -> list[Tree]:
    """GSD 2016 in simplified characters with v2 labels; trees of which nothing is left in one piece are dropped."""
    from opencc import OpenCC

    trees = list(read_trees(data / "ud" / "zh_gsd_2016" / "train.conllu"))
    opencc = OpenCC("t2s")
    simplify = {form: opencc.convert(form) for form in {row.form for tree in trees for row in tree}}
    return [convert(tree, simplify) for tree in trees]


def load_dev(data: Path) -> list[Tree]:
    """GSDSimp dev: simplified characters, v2 labels, as published."""
    return list(read_trees(data / "ud" / "zh_gsdsimp" / "dev.conllu"))


def load_raw(data: Path) -> list[str]:
    """Sentences of the raw text that may touch shipped weights."""
    sentences: list[str] = []
    for folder in RAW_FOLDERS:
        for path in sorted((data / "documents" / folder).glob("*.md")):
            text = re.sub(r"<!--.*?-->|^#+ ", "", path.read_text(encoding="utf-8"), flags=re.M)
            sentences += [text[start:end] for start, end in split_sentences(text)]
    return [s for s in sentences if len(s) > 1]


def unit_symbols(text: str) -> list[str]:
    """The symbols of a text's units."""
    return [unit.symbol for unit in split_units(text)]


def build_vocabulary(trees: Sequence[Tree], raw: Sequence[str], *, words: list[str]) -> Vocabulary:
    """Characters seen twice, bigrams seen three times, the given words, and every tag and label of the trees."""
    chars: collections.Counter[str] = collections.Counter()
    bigrams: collections.Counter[str] = collections.Counter()
    for symbols in [*(unit_symbols(s) for s in raw), *([s for r in t for s in unit_symbols(r.form)] for t in trees)]:
        chars.update(symbols)
        bigrams.update(a + b for a, b in zip(["^", *symbols], [*symbols, "^"], strict=True))
    return Vocabulary(
        ["<pad>", "<unk>", "<s>", *sorted(c for c, n in chars.items() if n > 1)],
        ["<pad>", "<unk>", *sorted(b for b, n in bigrams.most_common(24_000) if n > 2)],
        ["<pad>", "<unk>", *words],
        sorted({f"{r.upos} {r.xpos}" for t in trees for r in t}),
        sorted({r.label for t in trees for r in t}),
    )


def encode_units(symbols: Sequence[str], vocabulary: Vocabulary) -> tuple[list[int], list[int]]:
    """Numbers of the characters, and of the bigrams around them (one more)."""
    chars = [vocabulary.char_id.get(s, UNKNOWN) for s in symbols]
    bigrams = [vocabulary.bigram_id.get(a + b, UNKNOWN) for a, b in zip(["^", *symbols], [*symbols, "^"], strict=True)]
    return chars, bigrams


def encode(tree: Tree, vocabulary: Vocabulary, lexicon: dict[str, int]) -> Sentence:
    """A tree in numbers. Units are cut within words, so that no unit crosses a word's border."""
    symbols: list[str] = []
    first: list[int] = []
    last: list[int] = []
    for row in tree:
        first.append(len(symbols))
        symbols += unit_symbols(row.form) or ["<unk>"]
        last.append(len(symbols) - 1)
    chars, bigrams = encode_units(symbols, vocabulary)
    tag_number = {t: i for i, t in enumerate(vocabulary.tags)}
    label_number = {label: i for i, label in enumerate(vocabulary.labels)}
    return Sentence(
        [r.form for r in tree],
        chars,
        bigrams,
        dictionary_features(symbols, lexicon),
        first,
        last,
        [vocabulary.word_id.get(r.form, UNKNOWN) for r in tree],
        [lexicon.get(r.form, 0) for r in tree],
        [tag_number.get(f"{r.upos} {r.xpos}", 0) for r in tree],
        [r.head for r in tree],
        [label_number.get(r.label, 0) for r in tree],
    )


def build_lexicon(source: Path, target: Path, *, least: int = 3) -> int:
    """Write the dictionary that is shipped, from jieba's ``dict.txt`` (MIT); gives the number of words.

    Kept: words of Chinese characters, up to six of them, seen at least `least` times by jieba's authors.
    """
    by_tag: dict[str, list[str]] = collections.defaultdict(list)
    for line in source.read_text(encoding="utf-8").splitlines():
        form, count, tag = line.split(" ")
        if int(count) >= least and len(form) <= 6 and re.fullmatch(r"[一-鿿]+", form):
            short = {"nrt": "nr", "nrfg": "nr", "zg": "z"}.get(tag, tag)
            by_tag[short if tag_id(short) else "x"].append(form)
    text = "\n".join(f"{tag}\t{' '.join(sorted(forms))}" for tag, forms in sorted(by_tag.items()))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(lzma.compress(text.encode("utf-8"), preset=9 | lzma.PRESET_EXTREME))
    return sum(map(len, by_tag.values()))


def word_vectors(
    sentences: Iterable[Sequence[str]], *, least: int = 3, limit: int = 12_000, window: int = 3
) -> tuple[list[str], np.ndarray]:
    """PPMI-SVD vectors (Levy & Goldberg 2014, with context distribution smoothing): words and rows of `VECTOR_SIZE`."""
    csr_matrix = import_module("scipy.sparse").csr_matrix
    svds = import_module("scipy.sparse.linalg").svds

    lines = [list(s) for s in sentences]
    counts = collections.Counter(w for s in lines for w in s)
    words = [w for w, n in counts.most_common(limit) if n >= least]
    number = {w: i for i, w in enumerate(words)}
    pairs: collections.Counter[tuple[int, int]] = collections.Counter()
    for line in lines:
        ids = [number.get(w, -1) for w in line]
        for i, a in enumerate(ids):
            for distance in range(1, window + 1):
                if i + distance < len(ids) and a >= 0 and ids[i + distance] >= 0:
                    pairs[a, ids[i + distance]] += 1 / distance  # type: ignore[assignment]
    total = sum(pairs.values()) * 2
    size = len(words)
    rows, columns, values = [], [], []
    sums = np.zeros(size)
    for (a, b), n in pairs.items():
        sums[a] += n
        sums[b] += n
    smooth = sums**0.75
    smooth /= smooth.sum()
    for (a, b), n in pairs.items():
        for x, y in ((a, b), (b, a)):
            value = math.log(n * total / (sums[x] * total * smooth[y])) if sums[x] and smooth[y] else 0.0
            if value > 0:
                rows.append(x), columns.append(y), values.append(value)  # type: ignore[func-returns-value]
    matrix = csr_matrix((values, (rows, columns)), shape=(size, size))
    dimensions = min(VECTOR_SIZE, size - 2)
    left, scale, _ = svds(matrix, k=dimensions, random_state=0)
    vectors = np.zeros((size, VECTOR_SIZE), dtype=np.float32)
    vectors[:, :dimensions] = left * np.sqrt(scale)
    vectors /= vectors.std() + 1e-9
    return words, vectors


def find_lexicon(model: Path) -> dict[str, int]:
    """The shipped dictionary of a model folder, as a plain dict."""
    return dict(load_lexicon(model / "lexicon.txt.xz"))


def as_tree(forms: Sequence[str], tags: Sequence[str], heads: Sequence[int], labels: Sequence[str]) -> Tree:
    """A tree from parallel columns; tags are "UPOS XPOS"."""
    rows = []
    for form, tag, head, label in zip(forms, tags, heads, labels, strict=True):
        upos, _, xpos = tag.partition(" ")
        rows.append(Row(form, upos, xpos, head, label))
    return rows


def longest_matches(text: str, lexicon: dict[str, int]) -> list[str]:
    """Words by longest match from the left: rough, for word vectors only."""
    words, i = [], 0
    units = unit_symbols(text)
    line = "".join(u if len(u) == 1 else "\0" for u in units)
    while i < len(units):
        size = next((k for k in range(min(6, len(units) - i), 1, -1) if line[i : i + k] in lexicon), 1)
        words.append(line[i : i + size] if size > 1 else units[i])
        i += size
    return words
