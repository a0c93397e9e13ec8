"""CoNLL04 without downloads: a CRF finds the entities, a logistic regression over pairs of them the relations."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from kg_builder.evaluate.triples import score_keys

Row = dict[str, Any]
Span = tuple[int, int, str]  # first word, word after the last, type
Fact = tuple[Span, str, Span]


def run_conll04(data: Path, seeds: Sequence[int]) -> tuple[dict[str, Any], list[Row]]:
    """What the data are, and the figures of one run for each seed."""
    from benchmarks.baseline_models import train_tagger

    folder = data / "triples/conll04"
    train, dev = (json.loads((folder / name).read_text("utf-8")) for name in ("train.json", "dev.json"))
    found = []
    for seed in seeds:
        tagger = train_tagger([(word_features(row["tokens"]), row["tags"]) for row in train], seed=seed)
        spans = [spans_of(tagger.tag(word_features(row["tokens"]))) for row in dev]
        facts = relations_of(train, dev, spans, seed)
        given = relations_of(train, dev, [spans_of(row["tags"]) for row in dev], seed)
        right = [facts_of(row) for row in dev]
        strict = score_keys(right, facts)
        found.append(
            {
                "entity F1": 100 * score_keys([spans_of(row["tags"]) for row in dev], spans).f1,
                "relation precision": 100 * strict.precision,
                "relation recall": 100 * strict.recall,
                "relation F1, strict": 100 * strict.f1,
                "relation F1, entities given": 100 * score_keys(right, given).f1,
            }
        )
    return {"train": len(train), "dev": len(dev), "model": "CRF, then logistic regression on pairs"}, found


def spans_of(tags: Sequence[str]) -> list[Span]:
    """The entities of BILOU tags."""
    found, start = [], 0
    for place, tag in enumerate(tags):
        if tag[0] in "BU":
            start = place
        if tag[0] in "LU":
            found.append((start, place + 1, tag[2:]))
    return found


def facts_of(row: Row) -> list[Fact]:
    """The relations of a sentence; heads and tails are numbered in the order of the entities."""
    spans = spans_of(row["tags"])
    return [(spans[each["head"]], each["type"], spans[each["tail"]]) for each in row["relations"]]


def word_features(words: Sequence[str]) -> list[list[str]]:
    """Features of each word: itself, its shape, its ends, and the same of its neighbours."""

    def shape(word: str) -> str:
        return re.sub(r"(.)\1+", r"\1", re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "0", word))))

    made = []
    for place, word in enumerate(words):
        features = ["bias", f"w={word}", f"l={word.lower()}", f"s={shape(word)}", f"first={place == 0}"]
        features += [f"e{n}={word[-n:].lower()}" for n in (1, 2, 3, 4)] + [
            f"b{n}={word[:n].lower()}" for n in (1, 2, 3, 4)
        ]
        for step in (-3, -2, -1, 1, 2, 3):
            other = words[place + step] if 0 <= place + step < len(words) else "<>"
            features += [f"{step}l={other.lower()}", f"{step}s={shape(other)}"]
            if abs(step) == 1:
                features += [f"{step}p={other.lower()}|{word.lower()}", f"{step}ps={shape(other)}|{shape(word)}"]
        made.append(features)
    return made


def relations_of(
    train: Sequence[Row], dev: Sequence[Row], spans: Sequence[Sequence[Span]], seed: int
) -> list[list[Fact]]:
    """The relations among the entities `spans` of each sentence of dev, by what pairs of train look like."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict

    kinds = {(head[2], relation, tail[2]) for row in train for head, relation, tail in facts_of(row)}
    types = {(head, tail) for head, _, tail in kinds}
    features, right, sentences = [], [], []
    for number, row in enumerate(train):
        found = {(head, tail): relation for head, relation, tail in facts_of(row)}
        for head, tail in pairs_of(spans_of(row["tags"])):
            if (head[2], tail[2]) in types:
                features.append(pair_features(row["tokens"], head, tail))
                right.append(found.get((head, tail), ""))
                sentences.append(number)
    vectors = TfidfVectorizer(analyzer=list, min_df=2, binary=True, use_idf=False, norm=None)
    known = vectors.fit_transform(features)
    model = LogisticRegression(C=0.3, max_iter=300, random_state=seed)
    chances = cross_val_predict(model, known, right, groups=sentences, cv=GroupKFold(5), method="predict_proba")
    labels = sorted(set(right))  # "" comes first: no relation
    least = max((n / 20 for n in range(2, 16)), key=lambda least: score_keys(*_kept(chances, labels, right, least)).f1)
    model.fit(known, right)
    said = []
    for row, some in zip(dev, spans, strict=True):
        candidates = [pair for pair in pairs_of(some) if (pair[0][2], pair[1][2]) in types]
        facts: list[Fact] = []
        if candidates:
            made = model.predict_proba(vectors.transform([pair_features(row["tokens"], *pair) for pair in candidates]))
            for (head, tail), chance in zip(candidates, made, strict=True):
                relation = labels[1 + int(chance[1:].argmax())]
                if 1 - chance[0] >= least and (head[2], relation, tail[2]) in kinds:
                    facts.append((head, str(relation), tail))
        said.append(facts)
    return said


def _kept(chances: Any, labels: Sequence[str], right: Sequence[str], least: float) -> tuple[Any, Any]:
    """Right and said relations of pairs, where a relation is said from a probability on."""
    said = [labels[1 + int(row[1:].argmax())] if 1 - row[0] >= least else "" for row in chances]
    return [[each] if each else [] for each in right], [[each] if each else [] for each in said]


def pairs_of(spans: Sequence[Span]) -> list[tuple[Span, Span]]:
    return [(a, b) for a in spans for b in spans if a != b]


def pair_features(words: Sequence[str], head: Span, tail: Span) -> list[str]:
    """What is between and around two entities; the direction and the types are in every feature."""
    first, second = sorted((head, tail))
    kind = f"{head[2]}{'>' if head == first else '<'}{tail[2]}"
    between = [word.lower() for word in words[first[1] : second[0]]]
    features = ["", f"gap={min(len(between), 12)}", f"all={' '.join(between[:6])}"]
    features += [f"w={word}" for word in between[:15]]
    features += [f"w2={x} {y}" for x, y in pairwise(between)]
    features += [
        f"near={len(between) < 4}",
        f"comma={between == [',']}",
        f"before={' '.join(words[max(0, first[0] - 1) : first[0]]).lower()}",
    ]
    features += [
        f"before2={' '.join(words[max(0, first[0] - 2) : first[0]]).lower()}",
        f"after={' '.join(words[second[1] : second[1] + 1]).lower()}",
    ]
    features += [f"h={' '.join(words[head[0] : head[1]]).lower()}", f"t={' '.join(words[tail[0] : tail[1]]).lower()}"]
    return [f"{kind}:{feature}" for feature in features]
