"""What a Cypher statement gave, as a table, as CSV and JSON, and as nodes and edges to draw."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from kg_builder.store.records import QueryResult
from ui.graph import EdgeKey, edge_payload, node_payload
from ui.style import type_label

__all__ = ["to_csv", "to_drawing", "to_frame", "to_json"]

_SYSTEM_LABELS = ("Document", "Segment", "Extraction", "Name", "Entity")


def to_frame(result: QueryResult) -> pd.DataFrame:
    """The rows as a table; nodes, relationships, paths, lists and maps as text."""
    columns: dict[str, list[Any]] = {}
    for index, name in enumerate(_distinct(result.columns)):
        values = [_cell(row[index]) for row in result.rows]
        kinds = {type(value) for value in values if value is not None}
        mixed = len(kinds - {int, float}) > 1 or (len(kinds) > 1 and kinds != {int, float})
        columns[name] = [None if v is None else str(v) for v in values] if mixed else values
    return pd.DataFrame(columns)


def to_csv(result: QueryResult) -> str:
    """The rows as CSV with a header; what is not a single value is JSON in its cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(result.columns)
    for row in result.rows:
        writer.writerow(["" if v is None else v if isinstance(v, str | int | float) else _json(v) for v in row])
    return out.getvalue()


def to_json(result: QueryResult) -> str:
    """The rows as a JSON list of objects."""
    names = _distinct(result.columns)
    rows = [dict(zip(names, row, strict=True)) for row in result.rows]
    return json.dumps(rows, ensure_ascii=False, indent=2, default=str)


def to_drawing(result: QueryResult) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every node and relationship in the rows, as the graph component takes them.

    An entity's id is the graph's, a document's has ``document:`` in front, and an edge between two entities has the id
    by which its evidence is found.
    """
    found = [part for row in result.rows for value in row for part in _parts(value)]
    nodes = {str(part["_node"]): part for part in found if "_node" in part}
    drawn = {key: _node(key, part) for key, part in nodes.items()}
    edges: dict[str, dict[str, Any]] = {}
    for part in found:
        if "_relationship" not in part:
            continue
        source, target = drawn.get(str(part["_start"])), drawn.get(str(part["_end"]))
        if source is None or target is None:
            continue
        edge = _edge(part, source["id"], target["id"])
        edges[edge["id"]] = edge
    return list({node["id"]: node for node in drawn.values()}.values()), list(edges.values())


def _distinct(names: tuple[str, ...]) -> list[str]:
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping) and "_node" in value:
        return f"({_node_name(value)} : {_node_type(value)})"
    if isinstance(value, Mapping) and "_relationship" in value:
        return f"[{value.get('relation') or value['_type']}]"
    if isinstance(value, Mapping) and "_path" in value:
        return " ".join(str(_cell(part)) for part in value["_path"])
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _parts(value: Any) -> Iterator[Mapping[str, Any]]:
    """Nodes and relationships in a value, however deep."""
    if isinstance(value, Mapping):
        if "_node" in value or "_relationship" in value:
            yield value
        else:
            for inner in value.values():
                yield from _parts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _parts(inner)


def _node_type(node: Mapping[str, Any]) -> str:
    labels = [str(label) for label in node.get("_labels", ())]
    own = [label for label in labels if label not in _SYSTEM_LABELS]
    return str(node["type"]) if node.get("type") else (own or labels or ["?"])[0]


def _node_name(node: Mapping[str, Any]) -> str:
    for key in ("name", "title", "relation", "text", "uri", "key", "id"):
        if node.get(key):
            return str(node[key])
    return str(node["_node"])


def _node(key: str, node: Mapping[str, Any]) -> dict[str, Any]:
    labels, id_ = node.get("_labels", ()), node.get("id")
    known = ("Entity" in labels or "Document" in labels) and isinstance(id_, str)
    drawn = f"document:{id_}" if known and "Document" in labels else str(id_)
    mentions = node.get("mentions")
    kind = _node_type(node)
    return node_payload(
        drawn if known else f"node:{key}",
        _node_name(node),
        kind,
        mentions=mentions if isinstance(mentions, int) else 1,
        root=False,
        tip=[type_label(kind)],
    )


def _edge(relationship: Mapping[str, Any], source: str, target: str) -> dict[str, Any]:
    support, confidence = relationship.get("support"), relationship.get("confidence")
    relation = str(relationship.get("relation") or relationship["_type"])
    return edge_payload(
        str(EdgeKey(source, relation, target)),
        source,
        target,
        relation,
        support=support if isinstance(support, int) else 1,
        confidence=float(confidence) if isinstance(confidence, int | float) else 1.0,
    )
