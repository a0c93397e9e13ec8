"""The driver's values as JSON-like ones."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """`value` in the types of JSON: nodes, relationships and paths as `QueryResult` says; times, points and bytes
    as text.
    """
    from neo4j.graph import Node, Path, Relationship

    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Node):
        return {"_node": value.element_id, "_labels": sorted(value.labels), **_properties(value)}
    if isinstance(value, Relationship):
        ends = {
            "_start": value.start_node.element_id if value.start_node else None,
            "_end": value.end_node.element_id if value.end_node else None,
        }
        return {"_relationship": value.element_id, "_type": value.type, **ends, **_properties(value)}
    if isinstance(value, Path):
        steps: list[Any] = [plain(value.start_node)] if value.nodes else []
        for relationship, node in zip(value.relationships, value.nodes[1:], strict=True):
            steps += [plain(relationship), plain(node)]
        return {"_path": steps}
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and not hasattr(value, "srid"):
        if hasattr(value, "iso_format"):  # a duration is a tuple to Python
            return value.iso_format()
        return [plain(each) for each in value]
    if hasattr(value, "iso_format"):
        return value.iso_format()
    return str(value)


def _properties(entity: Any) -> dict[str, Any]:
    return {key: plain(value) for key, value in sorted(entity.items())}
