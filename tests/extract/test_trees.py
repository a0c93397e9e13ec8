from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_builder.extract.open_ie.english.columns import Columns
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.trees import best_heads, is_tree

WORDS = [
    "Ann",
    "Bea",
    "1",
    "2019",
    "such",
    "as",
    "including",
    "of",
    "animals",
    "copies",
    "designed",
    "was",
    "that",
    "per",
    "cent",
    "four",
    ",",
    "and",
    "by",
    "Acme",
    "'s",
    "CEO",
    "is",
]
LABELS = [
    "nsubj",
    "nsubj:pass",
    "obj",
    "obl",
    "nmod",
    "nmod:poss",
    "nmod:desc",
    "appos",
    "conj",
    "flat",
    "compound",
    "case",
    "mark",
    "acl",
    "ccomp",
    "advcl",
    "cop",
    "aux",
    "aux:pass",
    "punct",
    "amod",
    "nummod",
    "det",
    "cc",
    "fixed",
    "root",
]
TAGS = [
    ("PROPN", "NNP"),
    ("NOUN", "NN"),
    ("NOUN", "NNS"),
    ("VERB", "VBN"),
    ("VERB", "VBZ"),
    ("NUM", "CD"),
    ("ADP", "IN"),
]


@pytest.mark.parametrize("seed", range(40))
def test_best_heads_equal_exhaustive_search(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    scores = rng.normal(size=(n, n + 1)).astype(np.float32)
    for word in range(n):
        scores[word, word + 1] = -1e9
    trees = [np.array(h) for h in itertools.product(range(n + 1), repeat=n)]
    best = max((t for t in trees if is_tree(t)), key=lambda t: scores[np.arange(n), t].sum())
    found = best_heads(scores)
    assert is_tree(found)
    assert scores[np.arange(n), found].sum() == pytest.approx(scores[np.arange(n), best].sum(), abs=1e-4)


def test_two_roots_and_cycles_are_no_trees() -> None:
    assert is_tree(np.array([0, 1, 2]))
    assert not is_tree(np.array([0, 0]))
    assert not is_tree(np.array([2, 1, 0]))


@st.composite
def parsed(draw: st.DrawFn) -> Columns:
    """Any words under any tree, as a parser might have it that is always wrong."""
    count = draw(st.integers(2, 12))
    order = draw(st.permutations(range(count)))
    heads = [0] * count
    for rank, word in enumerate(order):
        heads[word] = order[draw(st.integers(0, rank - 1))] if rank else word
    words = draw(st.lists(st.sampled_from(WORDS), min_size=count, max_size=count))
    starts = [sum(len(w) + 1 for w in words[:i]) for i in range(count)]
    columns = Columns.unread(" ".join(words), words, starts)
    tags = draw(st.lists(st.sampled_from(TAGS), min_size=count, max_size=count))
    columns.upos, columns.xpos = [upos for upos, _ in tags], [xpos for _, xpos in tags]
    columns.deps = draw(st.lists(st.sampled_from(LABELS), min_size=count, max_size=count))
    columns.heads, columns.sentences = heads, [0]
    return columns


@settings(max_examples=600, deadline=None)
@given(columns=parsed())
def test_a_mended_tree_is_still_a_tree(columns: Columns) -> None:
    tree = Tree(columns)
    for i in range(len(tree.word)):
        assert len(list(itertools.islice(tree.above(i), len(tree.word)))) < len(tree.word)
