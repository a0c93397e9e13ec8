"""Figures of the shipped English pipeline: tags and trees on UD EWT's dev part, names on WikiANN's."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

from finetune.pipelines.conllu import load_conllu
from finetune.pipelines.en_data import Example, names
from finetune.pipelines.en_train import spans
from kg_builder.extract.open_ie.english.pipeline import EnglishPipeline, load_english

__all__ = ["evaluate_names", "evaluate_parser"]

log = logging.getLogger(__name__)


def evaluate_parser(
    data: Path, *, pipeline: EnglishPipeline | None = None, limit: int | None = None
) -> dict[str, float]:
    """Percentages on gold words, each sentence by itself: UPOS, XPOS, UAS, LAS with whole labels and with universal
    parts."""
    pipeline = pipeline or load_english()
    right = dict.fromkeys(("upos", "xpos", "lemma", "uas", "las", "las_universal"), 0)
    total = 0
    for sentence in load_conllu(data / "ud/en_ewt/dev.conllu")[:limit]:
        doc = pipeline.parse_words([w.form for w in sentence.words])
        for token, gold in zip(doc, sentence.words, strict=True):
            head = 0 if token.head.i == token.i else token.head.i + 1
            hit = head == gold.head
            total += 1
            right["upos"] += token.pos_ == gold.upos
            right["xpos"] += token.tag_ == gold.xpos
            right["lemma"] += token.lemma_.lower() == gold.lemma.lower()
            right["uas"] += hit
            right["las"] += hit and token.dep_.lower() == gold.deprel
            right["las_universal"] += hit and token.dep_.lower().partition(":")[0] == gold.label
    return {name: round(100 * value / max(1, total), 2) for name, value in right.items()}


def evaluate_names(
    data: Path, *, pipeline: EnglishPipeline | None = None, limit: int | None = 3000
) -> dict[str, float]:
    """Micro precision, recall and F1 of exact names with their types on WikiANN's dev sentences (no MISC there)."""
    pipeline = pipeline or load_english()
    right = found = gold = 0
    for example in map(_plain, names(data, "dev")[:limit]):
        doc = pipeline.parse_words(list(example.words))
        here = {(e.start, e.end, e.label_) for e in doc.ents if e.label_ != "MISC"}
        there = spans(list(example.ner))
        right, found, gold = right + len(here & there), found + len(here), gold + len(there)
    precision, recall = right / max(1, found), right / max(1, gold)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {"precision": round(100 * precision, 2), "recall": round(100 * recall, 2), "f1": round(100 * f1, 2)}


def _plain(example: Example) -> Example:
    """Words without inner space, which no tokenizer would give."""
    return dataclasses.replace(example, words=tuple(w.replace(" ", "") or "-" for w in example.words))
