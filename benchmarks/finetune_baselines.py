"""Baselines on a CPU for what is fine-tuned: small models without downloads, on seeded splits of public data.

``python benchmarks/finetune_baselines.py people|news|semeval|conll04|all --data $KG_DATA [--out FILE]`` trains and
prints a table. Nothing is chosen on what is reported: regularisation by cross-validation within the training part.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from finetune.label_scores import LabelScores, macro_f1_of_directed, score_labels  # noqa: E402

Row = dict[str, Any]
SEEDS = (17, 18, 19, 20, 21)


# --- labels of texts, in general -------------------------------------------------------------------------------------


Blocks = Sequence[Sequence[str]]
"""Features of a row, in groups that weigh alike however many they are."""


def linear(
    train: Sequence[Blocks], right: Sequence[str], test: Sequence[Blocks], *, seed: int, balanced: bool = True
) -> list[str]:
    """A linear support vector machine over TF-IDF of each block of features; C, and with `balanced` whether rare labels
    weigh more, by three-fold cross-validation."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.svm import LinearSVC

    known, asked = [], []
    for block in range(len(train[0])):
        vectors = TfidfVectorizer(analyzer=list, min_df=2, sublinear_tf=True)
        known.append(vectors.fit_transform([row[block] for row in train]))
        asked.append(vectors.transform([row[block] for row in test]))
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    grid = {"C": [0.1, 0.3, 1.0, 3.0], "class_weight": [None, "balanced"] if balanced else [None]}
    search = GridSearchCV(LinearSVC(random_state=seed), grid, scoring="f1_macro", cv=folds)
    search.fit(hstack(known).tocsr(), right)
    return [str(label) for label in search.predict(hstack(asked).tocsr())]


def grams(text: str, sizes: Sequence[int], prefix: str = "") -> list[str]:
    """Character n-grams."""
    return [f"{prefix}{text[i : i + n]}" for n in sizes for i in range(len(text) - n + 1)]


def told(scores: LabelScores) -> Row:
    """The figures of a table's row, in per cent."""
    return {
        "accuracy": 100 * scores.accuracy,
        "macro F1": 100 * scores.macro_f1,
        "weighted F1": 100 * scores.weighted_f1,
    }


def averaged(rows: Sequence[Row]) -> Row:
    """Mean and standard deviation of each figure over runs."""
    return {name: (mean(row[name] for row in rows), pstdev(row[name] for row in rows)) for name in rows[0]}


# --- relations between two people ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """Two people and a sentence in which their names are masked."""

    head: str
    tail: str
    text: str  # names as Ａ and Ｂ, or Ｘ where the masks don't tell them apart
    label: str


MASK = re.compile("#{2,}")


def people(data: Path) -> list[Row]:
    folder = data / "relation_classification/people_relation_zh"
    names = {number: name for name, number in json.loads((folder / "rel_dict.json").read_text("utf-8")).items()}
    pairs = []
    for line in (folder / "train.txt").read_text("utf-8").splitlines():
        number, _, rest = line.partition(" ")
        head, tail, text = rest.split("$", 2)
        pairs.append(Pair(head, tail, masked(text, head, tail), names[int(number)]))
    rows = []
    for told_as, split in (("rows at random", by_row), ("no sentence on both sides", by_text)):
        for name, model in (("n-grams, SVM", people_linear), ("characters, BiGRU", people_gru)):
            started = time.perf_counter()
            found = []
            for seed in SEEDS if model is people_linear else SEEDS[:1]:
                train, dev = split(pairs, seed)
                said = model(train, dev, seed)
                found.append(told(score_labels([each.label for each in dev], said)))
                print(told_as, name, seed, found[-1], file=sys.stderr, flush=True)
            rows.append(
                {"split": told_as, "train": len(train), "dev": len(dev), "model": name, **averaged(found)}
                | {"runs": len(found), "seconds": (time.perf_counter() - started) / len(found)}
            )
    return rows


def masked(text: str, head: str, tail: str) -> str:
    """`text` with a mark for each masked name: a mask is as long as its name."""

    def mark(found: re.Match[str]) -> str:
        fits = [m for m, name in (("Ａ", head), ("Ｂ", tail)) if len(name) == len(found[0])]
        return fits[0] if len(fits) == 1 else "Ｘ"

    return MASK.sub(mark, text)


def by_row(pairs: Sequence[Pair], seed: int) -> tuple[list[Pair], list[Pair]]:
    """A fifth of the rows, drawn from each label, for dev."""
    chance = random.Random(seed)
    train, dev = [], []
    for label in sorted({pair.label for pair in pairs}):
        some = [pair for pair in pairs if pair.label == label]
        chance.shuffle(some)
        dev += some[: round(len(some) / 5)]
        train += some[round(len(some) / 5) :]
    return train, dev


def by_text(pairs: Sequence[Pair], seed: int) -> tuple[list[Pair], list[Pair]]:
    """A fifth of the sentences for dev; all rows of a sentence are on one side."""
    texts = sorted({MASK.sub("#", pair.text).translate(_UNMARKED) for pair in pairs})
    random.Random(seed).shuffle(texts)
    chosen = set(texts[: len(texts) // 5])
    dev = [pair for pair in pairs if MASK.sub("#", pair.text).translate(_UNMARKED) in chosen]
    inside = set(map(id, dev))
    return [pair for pair in pairs if id(pair) not in inside], dev


_UNMARKED = str.maketrans("ＡＢＸ", "###")


def people_features(pair: Pair) -> Blocks:
    """N-grams of the sentence, of what is between, before and after the marks, and of the two names."""
    text, marks = pair.text, [found.start() for found in re.finditer("[ＡＢＸ]", pair.text)]
    between: list[str] = []
    for a, b in pairwise(marks):
        between += grams(text[a + 1 : b][:12], (1, 2, 3), f"{text[a]}{text[b]}:")
        if b - a <= 7:
            between += [text[a : b + 1]] * 2
    around: list[str] = []
    for place in marks:
        before, after = text[max(0, place - 4) : place], text[place + 1 : place + 5]
        around += [f"l{text[place]}:{before[-n:]}" for n in range(1, len(before) + 1)]
        around += [f"r{text[place]}:{after[:n]}" for n in range(1, len(after) + 1)]
    surname = pair.head[:1] == pair.tail[:1]
    people = [f"surname:{surname}"] * 3 + [f"lengths:{len(pair.head)},{len(pair.tail)}"]
    people += [f"n:{c}" for c in pair.head + pair.tail] + [f"end:{pair.head[-1:]}", f"end:{pair.tail[-1:]}"]
    kin = [word for word in KIN_WORDS if word in text]
    people += [f"surname:{surname}:{word}" for word in kin] + [f"kin:{word}" for word in kin] * 2
    return grams(text, (1, 2, 3, 4)), between, around, people


KIN = "父母爸妈儿女夫妻婚兄弟姐妹哥嫂孙祖爷奶舅叔姑姨侄甥师徒恋爱情饰演即皇帝臣将"
KIN_WORDS = (*KIN, "弟子", "学生", "同学", "校友", "朋友", "好友", "合作", "搭档", "原名", "部下")


def people_linear(train: Sequence[Pair], dev: Sequence[Pair], seed: int) -> list[str]:
    features = [[people_features(pair) for pair in side] for side in (train, dev)]
    return linear(features[0], [pair.label for pair in train], features[1], seed=seed)


def people_gru(train: Sequence[Pair], dev: Sequence[Pair], seed: int) -> list[str]:
    from benchmarks.baseline_models import read_characters

    labels = sorted({pair.label for pair in train})

    def row(pair: Pair) -> tuple[str, tuple[int, int]]:
        whole = f"{pair.head}＆{pair.tail}：{pair.text}"
        offset = len(whole) - len(pair.text)
        marks = [offset + found.start() for found in re.finditer("[ＡＢＸ]", pair.text)]
        return whole, (marks[0] if marks else -1, marks[1] if len(marks) > 1 else -1)

    known = [(*row(pair), labels.index(pair.label)) for pair in train]
    said = read_characters(known, [row(pair) for pair in dev], labels=len(labels), seed=seed)
    return [labels[each] for each in said]


# --- topics of news --------------------------------------------------------------------------------------------------


def news(data: Path) -> list[Row]:
    with (data / "classification/ag_news/train_6600.csv").open(encoding="utf-8", newline="") as file:
        read = {f"{title} {description}": label for label, title, description in csv.reader(file)}
    found, sizes = [], (0, 0, 0)
    started = time.perf_counter()
    for seed in SEEDS:
        parts: tuple[list[tuple[str, str]], ...] = ([], [], [])
        chance = random.Random(seed)
        for label in sorted(set(read.values())):
            texts = [text for text, each in read.items() if each == label]
            chance.shuffle(texts)
            sixth = len(texts) // 6  # 2,000 : 500 : 500
            for part, some in zip(parts, (texts[2 * sixth :], texts[:sixth], texts[sixth : 2 * sixth]), strict=True):
                part.extend((text, label) for text in some)
        sizes = tuple(map(len, parts))  # type: ignore[assignment]
        features = [[(news_features(text),) for text, _ in part] for part in parts]
        right = [label for _, label in parts[0]]
        said = linear(features[0], right, features[1] + features[2], seed=seed, balanced=False)
        scores = [
            told(score_labels([label for _, label in part], some))
            for part, some in ((parts[1], said[: sizes[1]]), (parts[2], said[sizes[1] :]))
        ]
        found.append(
            {f"{where} {name}": row[name] for where, row in zip(("dev", "test"), scores, strict=True) for name in row}
        )
    return [
        {"train": sizes[0], "dev": sizes[1], "test": sizes[2], "model": "n-grams, SVM", **averaged(found)}
        | {"runs": len(found), "seconds": (time.perf_counter() - started) / len(found)}
    ]


def news_features(text: str) -> list[str]:
    words = re.findall(r"\w+", text.lower())
    pairs = [f"{a} {b}" for a, b in pairwise(words)]
    return words + pairs + [gram for word in words for gram in grams(f" {word} ", (3, 4), "c:")]


# --- SemEval-2010 task 8 ---------------------------------------------------------------------------------------------


def semeval(data: Path) -> list[Row]:
    folder = data / "relation_classification/semeval2010_task8"
    train, dev = (
        [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines() if line.strip()]
        for name in ("train.txt", "val.txt")
    )
    started = time.perf_counter()
    found = []
    for seed in SEEDS[:3]:
        features = [[semeval_features(row) for row in side] for side in (train, dev)]
        said = linear(features[0], [row["relation"] for row in train], features[1], seed=seed)
        right = [row["relation"] for row in dev]
        found.append({"official macro F1": 100 * macro_f1_of_directed(right, said)} | told(score_labels(right, said)))
    return [
        {"train": len(train), "dev": len(dev), "model": "words and pairs around the entities, SVM", **averaged(found)}
        | {"runs": len(found), "seconds": (time.perf_counter() - started) / len(found)}
    ]


def semeval_features(row: Row) -> Blocks:
    """The two entities, the words between them, and the rest, in the order of the text; the label has the direction."""
    words, (a, b), (c, d) = row["token"], row["h"]["pos"], row["t"]["pos"]
    one, two = words[b - 1], words[d - 1]
    between = words[b:c]
    entities = [f"1={one}", f"2={two}", f"12={one}|{two}"]
    for place, word in (("1", one), ("2", two)):
        entities += [f"{place}s{n}={word[-n:]}" for n in (2, 3, 4)] + [f"{place}p={word[:4]}", f"{place}t={stem(word)}"]
    linking = [f"gap={min(len(between), 10)}", f"all={' '.join(between[:5])}"]
    for some, mark in ((between, "w"), ([stem(word) for word in between], "t")):
        linking += [f"{mark}={word}" for word in some]
        linking += [f"{mark}2={x} {y}" for x, y in pairwise(some)]
        linking += [f"{mark}3={x} {y} {z}" for x, y, z in zip(some, some[1:], some[2:], strict=False)]
    linking += [f"1{word}={one}" for word in between[:1]] + [f"2{word}={two}" for word in between[-1:]]
    linking += [f"first={' '.join(between[:2])}", f"last={' '.join(between[-2:])}"]
    rest = [f"before={' '.join(words[max(0, a - n) : a])}" for n in (1, 2)] + [f"any={word}" for word in words]
    return entities, linking, rest + [f"after={' '.join(words[d : d + n])}" for n in (1, 2)]


def stem(word: str) -> str:
    """A word without the commonest English endings."""
    return re.sub(r"(?:ing|ed|es|s|ly)$", "", word) if len(word) > 4 else word


# --- CoNLL04 ---------------------------------------------------------------------------------------------------------


def conll04(data: Path) -> list[Row]:
    from benchmarks.baseline_conll04 import run_conll04

    started = time.perf_counter()
    facts, found = run_conll04(data, SEEDS[:3])
    return [facts | averaged(found) | {"runs": len(found), "seconds": (time.perf_counter() - started) / len(found)}]


# --- tables ----------------------------------------------------------------------------------------------------------

TASKS: dict[str, Callable[[Path], list[Row]]] = {"people": people, "news": news, "semeval": semeval, "conll04": conll04}


def render(rows: Sequence[Row]) -> str:
    def cell(value: Any) -> str:
        if isinstance(value, tuple):
            return f"{value[0]:.2f} ± {value[1]:.2f}"
        return f"{value:.1f}" if isinstance(value, float) else str(value)

    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    return "\n".join(lines + ["| " + " | ".join(map(cell, row.values())) + " |" for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=[*TASKS, "all"])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KG_DATA", "")))
    parser.add_argument("--out", type=Path, help="write the figures here as JSON")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    found = {}
    for name in TASKS if arguments.task == "all" else [arguments.task]:
        found[name] = TASKS[name](arguments.data)
        print(f"\n## {name}\n\n{render(found[name])}", flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
