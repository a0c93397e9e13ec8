"""The words of the search box."""

from __future__ import annotations

__all__ = ["EN", "ZH"]

EN: dict[str, str] = {
    "search.label": "Search an entity",
    "search.other": "Search the entity at the path's other end",
    "search.placeholder": "A name, an alias, or part of one: Aster, 北京 …",
    "search.none": "No entity is called “{text}”, and none has that in its name or aliases.",
    "search.results": "{n} found",
    "search.start": "Or start with one of the most mentioned:",
}

ZH: dict[str, str] = {
    "search.label": "搜索实体",
    "search.other": "搜索路径另一端的实体",
    "search.placeholder": "名称、别名或其中一部分：北京、Aster …",
    "search.none": "没有名称或别名为“{text}”或包含它的实体。",
    "search.results": "找到 {n} 个",
    "search.start": "或者从提及最多的实体开始：",
}
