"""What the confidence of Chinese statements is learnt from: the project's own gold, and what a reader judged.

Both are about statements as the graph has them. The judged ones are from laws and court cases, which are in the public
domain (``judged_zh.tsv``, by place).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from finetune.pipelines.confidence_data import Example, is_stated
from kg_builder.extract.open_ie.chinese import extraction as chinese
from kg_builder.extract.open_ie.english.evidence import Features
from kg_builder.types import Extraction

__all__ = ["chinese_examples", "explained_zh", "own_gold_zh"]

_REPOSITORY = Path(__file__).parents[2]


def explained_zh(text: str) -> list[tuple[Extraction, Features]]:
    """The statements of a Chinese text, each with the features by which it is judged."""
    seen: list[Features] = []

    def judge(features: Mapping[str, float], *, language: str = "zh") -> float:
        seen.append(dict(features))
        return 1 - 1 / (len(seen) + 1)  # the number by which the statement finds its features again

    names = vars(chinese)
    shipped = names["confidence"]
    names["confidence"] = judge
    try:
        found = chinese.extract_chinese(text)
    finally:
        names["confidence"] = shipped
    pairs = ((e, round(1 / (1 - e.confidence)) - 2) for e in found)
    return [(e, seen[k]) for e, k in pairs if 0 <= k < len(seen) and e.confidence == 1 - 1 / (k + 2)]


def chinese_examples(data: Path) -> Iterator[Example]:
    """Everything that may be learnt from."""
    yield from own_gold_zh()
    texts: dict[tuple[str, str], dict[tuple[int, int], bool]] = defaultdict(dict)
    for row in (Path(__file__).parent / "judged_zh.tsv").read_text(encoding="utf-8").splitlines():
        if not row.startswith("#"):
            where, number, head, tail, verdict = row.split("\t")
            texts[where, number][int(head), int(tail)] = verdict == "1"
    for (where, number), wanted in texts.items():
        text = _long_lines(data / "documents" / where)[int(number)][:400]
        for e, features in explained_zh(text):
            if (e.head.start, e.tail.start) in wanted:
                yield Example("judged", text, features, wanted[e.head.start, e.tail.start])


def own_gold_zh() -> Iterator[Example]:
    """The gold triples of the sample documents."""
    for line in (_REPOSITORY / "data/gold/zh.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for e, features in explained_zh(row["text"]):
            yield Example("gold", row["text"], features, any(is_stated(e, g) for g in row["triples"]))


@lru_cache(maxsize=64)
def _long_lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace").replace("\r", "")
    return [line for line in text.split("\n") if len(line) > 60]
