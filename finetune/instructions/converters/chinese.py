"""Chinese data sets: DuIE 2.0 (triples) and CLUENER (fine-grained entities)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune.instructions.converters.reading import converted, objects
from finetune.instructions.records import Annotated, Entity
from kg_builder.types import Triple

__all__ = ["read_cluener", "read_duie"]

_SLOTS = {"inWork": "作品", "inArea": "地区", "onDate": "日期", "period": "届次"}
_TYPES = {"Date": "日期", "Number": "数字", "Text": "文本"}
_CLUENER = {
    "address": "地址",
    "book": "书名",
    "company": "公司",
    "game": "游戏",
    "government": "政府",
    "movie": "电影",
    "name": "姓名",
    "organization": "组织机构",
    "position": "职位",
    "scene": "景点",
}


def read_duie(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """``{"text", "spo_list": [{"subject", "predicate", "object": {"@value", …}}]}`` lines. What an object says beside
    its value becomes a triple of its own: 饰演 with ``inWork`` gives 饰演 and 饰演的作品."""
    yield from converted(objects(path, counts), _duie, counts)


def _duie(row: dict[str, Any]) -> Iterator[Annotated]:
    triples, entities = [], []
    for each in row["spo_list"]:
        head, relation = each["subject"].strip(), each["predicate"]
        entities.append(Entity(head, each["subject_type"]))
        for slot, value in each["object"].items():
            tail = value.strip()
            if not tail and slot != "@value":
                continue
            triples.append(Triple(head, relation if slot == "@value" else f"{relation}的{_SLOTS[slot]}", tail))
            kind = each["object_type"][slot]
            entities.append(Entity(tail, _TYPES.get(kind, kind)))
    yield Annotated(
        row["text"].strip(),
        tuple(dict.fromkeys(entities)),
        tuple(dict.fromkeys(triples)),
        language="zh",
        source="duie2",
    )


def read_cluener(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """``{"text", "label": {type: {surface: [[first, last], …]}}}`` lines, the last offset included."""
    yield from converted(objects(path, counts), _cluener, counts)


def _cluener(row: dict[str, Any]) -> Iterator[Annotated]:
    text = row["text"]
    places = []
    for kind, surfaces in row["label"].items():
        for surface, spans in surfaces.items():
            for first, last in spans:
                if text[first : last + 1] != surface:
                    raise ValueError(f"expected {surface!r} at {first}, found {text[first : last + 1]!r}")
                places.append((first, surface, _CLUENER[kind]))
    entities = dict.fromkeys(Entity(surface, kind) for _, surface, kind in sorted(places))
    yield Annotated(text, tuple(entities), language="zh", source="cluener_zh")
